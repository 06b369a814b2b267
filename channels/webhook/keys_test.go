package webhook

import (
	"strings"
	"testing"
	"time"
)

// The vectors are those that the libraries of Standard Webhooks are tested by
// (libraries/go/webhook_test.go and webhook_asymmetric_test.go there).
func TestSignAsTheStandardHasIt(t *testing.T) {
	for name, c := range map[string]struct{ secret, want string }{
		"hmac":    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
		"ed25519": {"whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=", "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="},
	} {
		t.Run(name, func(t *testing.T) {
			ring, err := newKeyring("secrets", []Secret{Secret(c.secret)}, true)
			if err != nil {
				t.Fatal(err)
			}
			id, body := "msg_p5jXN8AQM9LWM0D4loKWxJek", []byte(`{"test": 2432232314}`)
			stamp, got := ring.sign(id, time.Unix(1614265330, 0), body)
			if got != c.want || stamp != "1614265330" {
				t.Fatalf("signature is %s at %s", got, stamp)
			}
			other := "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
			for header, want := range map[string]bool{
				got: true, other + " v2,abc " + got: true, "  " + got + "  ": true,
				other: false, "": false, "v1": false, "v1,": false, "v1a,": false, "v1a,AAAA": false, strings.TrimPrefix(got, "v1"): false,
				strings.Replace(got, "v1", "v9", 1):     false,
				strings.Repeat(other+" ", 16) + got:     false, // too many to look at
				strings.Repeat(other+" ", 15) + got:     true,
				strings.ToLower(got):                    false,
				got[:len(got)-6]:                        false,
				strings.Replace(got, ",", ", ", 1):      false,
				"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJE==": false,
			} {
				if ring.verify(id, stamp, header, body) != want {
					t.Errorf("%q verifies: %v, want %v", header, !want, want)
				}
			}
			for _, changed := range []struct{ id, stamp, body string }{
				{id + "x", stamp, string(body)}, {id, "1614265331", string(body)}, {id, stamp, string(body) + " "}, {id, stamp, ""},
			} {
				if ring.verify(changed.id, changed.stamp, got, []byte(changed.body)) {
					t.Errorf("the signature also fits %+v", changed)
				}
			}
		})
	}
}

func TestSecretsChangeWithoutAGap(t *testing.T) {
	const before, after = Secret("whsec_b2xkLXNlY3JldC1vbGQtc2VjcmV0LW9sZA=="), Secret("whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldw==")
	ring := func(secrets ...Secret) keyring {
		r, err := newKeyring("secrets", secrets, true)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	body := []byte("{}")
	stamp, both := ring(after, before).sign("m", time.Unix(5, 0), body)
	if strings.Count(both, "v1,") != 2 || !ring(before).verify("m", stamp, both, body) || !ring(after).verify("m", stamp, both, body) {
		t.Errorf("signed by both keys: %s", both)
	}
	stamp, old := ring(before).sign("m", time.Unix(5, 0), body)
	if !ring(after, before).verify("m", stamp, old, body) || ring(after).verify("m", stamp, old, body) {
		t.Error("a ring with the old key must take the old signature, one without must not")
	}
}

func TestKeysThatAreNone(t *testing.T) {
	for _, s := range []Secret{
		"", "whsec_", "whsec_c2hvcnQ=", "correct horse battery staple", "whsec_!!!!", "whpk_AAAA", "whsk_AAAA",
		"whsec_" + Secret(strings.Repeat("QUFB", 30)),
	} {
		_, err := newKeyring("secrets", []Secret{s}, false)
		if err == nil {
			t.Errorf("%d bytes pass for a key", len(s))
			continue
		}
		if body := strings.TrimPrefix(string(s), "whsec_"); len(body) > 3 && strings.Contains(err.Error(), body) {
			t.Errorf("the error shows it: %v", err)
		}
	}
	if _, err := newKeyring("callback.secrets", []Secret{"whpk_" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="}, true); err == nil {
		t.Error("a public key passes for one that signs")
	}
}
