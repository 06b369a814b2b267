package email_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"stagecoach/channels/email"
	"stagecoach/contact"
)

func keyPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signing(how email.DKIM) email.Config {
	return email.Config{
		Account: "support", Address: support, DKIM: how,
		SMTP: email.SMTP{Endpoint: email.Endpoint{Host: "127.0.0.1", TLS: email.NoTLS}},
	}
}

func TestSignedRepliesVerify(t *testing.T) {
	rsaSigner := rsaKey(t, 2048)
	_, edSigner, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(file, []byte(keyPEM(t, rsaSigner)), 0o600); err != nil {
		t.Fatal(err)
	}
	pkix, err := x509.MarshalPKIXPublicKey(rsaSigner.Public())
	if err != nil {
		t.Fatal(err)
	}
	public, _ := edSigner.Public().(ed25519.PublicKey)
	for _, c := range []struct {
		how    email.DKIM
		record string
	}{
		{email.DKIM{Selector: "s1", KeyFile: file}, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(pkix)},
		{email.DKIM{Selector: "s1", Domain: "acme.test", Key: email.Secret(keyPEM(t, edSigner))}, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)},
	} {
		r := reply(replyID, "Grüße\n\nwith  spaces \n.\n.leading dot")
		r.HTML = "<p>Grüße</p>"
		r.CC = []contact.Address{{Address: "bob@cust.test", Name: "Bob"}}
		r.Attachments = []contact.Attachment{{Name: "ä.pdf", ContentType: "application/pdf", Size: 3, Data: []byte("pdf")}}
		raw, err := adapter(t, signing(c.how), nil).Compose(r)
		if err != nil {
			t.Fatal(err)
		}
		verify := func(raw []byte) error {
			asked := ""
			found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
				asked = name
				return []string{c.record}, nil
			}})
			if err != nil || len(found) != 1 || found[0].Domain != "acme.test" || asked != "s1._domainkey.acme.test" {
				t.Fatalf("%d signatures, asked %q, %v", len(found), asked, err)
			}
			return found[0].Err
		}
		if err := verify(raw); err != nil {
			t.Errorf("the signature is bad: %v\n%s", err, raw)
		}
		if err := verify(bytes.Replace(raw, []byte("Subject: Re: Your question"), []byte("Subject: Re: My question"), 1)); err == nil {
			t.Error("another subject has the same signature")
		}
		header, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		added := append(append(bytes.Clone(header), []byte("\r\nSubject: two\r\n\r\n")...), body...)
		if err := verify(added); err == nil {
			t.Error("a second subject leaves the signature good")
		}
		for line := range strings.Lines(string(header)) {
			if len(line) > 1000 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
	}
}

func TestKeysThatCannotSign(t *testing.T) {
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var locked crypto.Signer = elliptical
	for want, how := range map[string]email.DKIM{
		"want a private key in PEM form":   {Selector: "s1", Key: "no key at all"},
		"can't sign mail":                  {Selector: "s1", Key: email.Secret(keyPEM(t, locked))},
		"no such file":                     {Selector: "s1", KeyFile: "/nowhere/dkim.pem"},
		"dkim.selector is missing":         {Key: "x"},
		"want a private key of RSA or Ed2": {Selector: "s1", Key: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
	} {
		_, err := email.New(signing(how), slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
