package email_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stagecoach/channels/email"
	"stagecoach/channels/email/rig"
)

// gnupg is a GnuPG with keys of its own.
type gnupg struct{ home string }

// newGnuPG makes an empty one. Its folder has a short name: sockets lie in it.
func newGnuPG(t *testing.T) *gnupg {
	t.Helper()
	rig.Need(t, "gpg", "gpgconf")
	home, err := os.MkdirTemp("", "gpg") //nolint:usetesting // sockets lie in it, whose names must be short
	if err != nil {
		t.Fatal(err)
	}
	g := &gnupg{home}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	return g
}

func (g *gnupg) run(t *testing.T, in string, args ...string) []byte {
	t.Helper()
	all := append([]string{"--homedir", g.home, "--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)
	cmd := exec.CommandContext(t.Context(), "gpg", all...)
	cmd.Stdin = strings.NewReader(in)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("gpg %s: %v\n%s", strings.Join(args, " "), err, &said)
	}
	return out.Bytes()
}

// key makes a key that signs, at a time of the past if one is given.
func (g *gnupg) key(t *testing.T, name, kind, expires, at string) {
	t.Helper()
	args := []string{"--quick-gen-key", name, kind, "sign", expires}
	if at != "" {
		args = append([]string{"--faked-system-time", at}, args...)
	}
	g.run(t, "", args...)
}

// vouched gives whose keys are known: those of these names.
func (g *gnupg) vouched(t *testing.T, armour bool, names ...string) *email.Vouched {
	t.Helper()
	args := append([]string{"--export"}, names...)
	if armour {
		args = append([]string{"-a"}, args...)
	}
	file := filepath.Join(t.TempDir(), "keys.asc")
	if err := os.WriteFile(file, g.run(t, "", args...), 0o600); err != nil {
		t.Fatal(err)
	}
	v, bad := email.LoadVouched(email.Signatures{PGPKeys: []string{file}})
	if len(bad) > 0 {
		t.Fatalf("%v", bad)
	}
	return v
}

// pgpWays are ways to sign a text in a mail with PGP.
func pgpWays(t *testing.T, g *gnupg, user string, more ...string) map[string]string {
	t.Helper()
	sign := func(text string, args ...string) string {
		return string(g.run(t, text, append(append([]string{"-u", user, "-a"}, more...), args...)...))
	}
	// What is signed has all that is easily lost: spaces at the end of lines, a
	// hyphen and "From " at the beginning, letters of eight bits, empty lines.
	words := "\nGr\xfc\xdfe  \n- a list\n-- \nFrom here\t\n\nKim\n\n"
	latin := "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n"
	part := latin + "\n" + words
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	detached := func(signature string) string {
		return "Content-Type: multipart/signed; micalg=pgp-sha256; protocol=\"application/pgp-signature\"; boundary=b\n\n--b\n" + part +
			"\n--b\nContent-Type: application/pgp-signature; name=signature.asc\n\n" + signature + "\n--b--\n"
	}
	out := map[string]string{
		"detached":            detached(sign(crlf(part), "--detach-sign")),
		"detached, as text":   detached(sign(crlf(part), "--detach-sign", "--textmode")),
		"detached, bare ends": detached(sign(part, "--detach-sign", "--textmode")),
		"clear":               latin + "\n" + sign(words, "--clear-sign"),
	}
	for _, way := range []string{"none", "bzip2"} {
		out["packed by "+way] = latin + "\n" + sign(words, "--sign", "--compress-algo", way)
	}
	out["packed as text"] = "Content-Type: application/pgp; format=text; x-action=sign\n\n" + sign(words, "--sign", "--textmode", "--compress-algo", "zlib")
	return out
}

func pgpMail(body string) []byte {
	return []byte(strings.ReplaceAll("From: Kim <kim@cust.test>\nSubject: s\nMessage-ID: <1@b.test>\nMIME-Version: 1.0\n"+body, "\n", "\r\n"))
}

func wantWarning(t *testing.T, e email.Explanation, wants ...string) {
	t.Helper()
	all := strings.Join(e.Warnings, "\n")
	for _, want := range wants {
		if !strings.Contains(all, want) {
			t.Errorf("warnings %q, want %q", e.Warnings, want)
		}
	}
}

func TestSignaturesOfGnuPG(t *testing.T) {
	g := newGnuPG(t)
	for _, kind := range []string{"rsa2048", "ed25519", "nistp256", "dsa2048"} {
		g.key(t, kind+" <kim@cust.test>", kind, "never", "")
		v := g.vouched(t, kind != "ed25519", kind)
		for way, body := range pgpWays(t, g, kind) {
			t.Run(kind+" "+way, func(t *testing.T) {
				e := email.ExplainBy(pgpMail(body), v)
				wantWarning(t, e, "Signed by "+kind+" <kim@cust.test> (PGP): the signature fits the mail, and the key is known here (")
				if len(e.Warnings) != 1 || !strings.Contains(e.Text, "- a list") || strings.Contains(e.Text, "BEGIN PGP") {
					t.Errorf("warnings %q, text %q", e.Warnings, e.Text)
				}
				wantWarning(t, email.Explain(pgpMail(body)), "not verified", "is not known here")
			})
		}
	}
}

func TestWordsOnSignaturesOfGnuPG(t *testing.T) {
	g := newGnuPG(t)
	g.key(t, "good <kim@cust.test>", "ed25519", "never", "20240101T000000")
	g.key(t, "old <kim@cust.test>", "ed25519", "1y", "20200101T000000")
	g.key(t, "other <else@other.test>", "ed25519", "never", "")
	g.key(t, "gone <kim@cust.test>", "ed25519", "never", "20230101T000000")
	late := string(g.run(t, "The words.\n", "-u", "gone", "--clear-sign"))
	rev := revocation(t, g, "gone")
	g.run(t, rev, "--import")
	g.run(t, "", "--quick-add-key", fingerprint(t, g, "good"), "ed25519", "sign", "never")

	v := g.vouched(t, true)
	// A key that ends is given a longer life to sign, and then its first one again.
	g.run(t, "", "--faked-system-time", "20201001T000000", "--quick-set-expire", fingerprint(t, g, "old"), "5y")
	outlived := string(g.run(t, "The words.\n", "-u", "old", "--faked-system-time", "20220601T000000", "--clear-sign"))
	sign := func(args ...string) string { return string(g.run(t, "The words.\n", append(args, "--clear-sign")...)) }
	plain := sign("-u", "good")
	for name, c := range map[string]struct {
		body  string
		wants []string
	}{
		"by a subkey":           {"\n" + plain, []string{"Signed by good <kim@cust.test> (PGP)", "is known here"}},
		"changed":               {"\n" + strings.Replace(plain, "The words.", "The forged words.", 1), []string{"The signature (PGP) of good <kim@cust.test> does NOT fit"}},
		"of somebody else":      {"\n" + sign("-u", "other"), []string{"other <else@other.test>", "does not name the sender's address"}},
		"before the key's end":  {"\n" + sign("-u", "old", "--faked-system-time", "20200601T000000"), []string{"Signed by old <kim@cust.test> (PGP): the signature fits the mail, and the key is known here ("}},
		"after the key's end":   {"\n" + outlived, []string{"the key had expired on 2020-12-31, before it signed this"}},
		"of a revoked key":      {"\n" + late, []string{"the key was revoked on"}},
		"with SHA-1":            {"\n" + sign("-u", fingerprint(t, g, "good")+"!", "--digest-algo", "SHA1", "--allow-weak-digest-algos"), []string{"It is weak (SHA-1)"}},
		"with more around":      {"\nBefore.\n" + plain + "After.\n", []string{"Only a part of the mail is signed"}},
		"of long ago":           {"Date: Sat, 21 Nov 2026 10:00:00 +0000\n\n" + sign("-u", "good", "--faked-system-time", "20250601T000000"), []string{"It was made on 2025-06-01, long before the mail came"}},
		"from the future":       {"Date: Sat, 21 Nov 2024 10:00:00 +0000\n\n" + sign("-u", "good", "--faked-system-time", "20250601T000000"), []string{"after the mail came"}},
		"by two":                {"\n" + sign("-u", "good", "-u", "other"), []string{"Signed by good", "Signed by other"}},
		"with a condition":      {"\n" + sign("-u", "good", "--sig-notation", "!law@cust.test=x"), []string{"a condition that is not known here"}},
		"encrypted and unknown": {"\n" + string(g.run(t, "The words.", "-a", "--symmetric", "--passphrase", "x")), []string{"encrypted with PGP"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantWarning(t, email.ExplainBy(pgpMail(c.body), v), c.wants...)
		})
	}
}

func fingerprint(t *testing.T, g *gnupg, user string) string {
	t.Helper()
	for line := range strings.Lines(string(g.run(t, "", "--with-colons", "--list-keys", user))) {
		if f := strings.Split(line, ":"); f[0] == "fpr" {
			return f[9]
		}
	}
	t.Fatalf("no key %s", user)
	return ""
}

// revocation gives the certificate that GnuPG puts aside for each key.
func revocation(t *testing.T, g *gnupg, user string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(g.home, "openpgp-revocs.d", fingerprint(t, g, user)+".rev"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(data), ":-----BEGIN")
	return "-----BEGIN" + block
}

// The key that comes with a mail tells only that it fits itself.
func TestKeyThatComesWithTheMail(t *testing.T) {
	g := newGnuPG(t)
	g.key(t, "Kim <kim@cust.test>", "ed25519", "never", "")
	body := string(g.run(t, "The words.\n", "--clear-sign"))
	key := g.run(t, "", "--export")
	autocrypt := "Autocrypt: addr=kim@cust.test; prefer-encrypt=mutual; keydata=\n " + strings.Join(slices.Collect(func(yield func(string) bool) {
		for rest := base64.StdEncoding.EncodeToString(key); rest != "" && yield(rest[:min(70, len(rest))]); rest = rest[min(70, len(rest)):] {
		}
	}), "\n ") + "\n"
	attached := "Content-Type: multipart/mixed; boundary=m\n\n--m\n\n" + body + "\n--m\nContent-Type: application/pgp-keys; name=key.asc\n\n" + string(g.run(t, "", "-a", "--export")) + "\n--m--\n"
	for name, raw := range map[string]string{"in the header": autocrypt + "\n" + body, "as a file": attached} {
		t.Run(name, func(t *testing.T) {
			wantWarning(t, email.Explain(pgpMail(raw)), "Signed in the name of Kim <kim@cust.test> (PGP): the signature fits the key that came with this mail, which nobody has vouched for")
			wantWarning(t, email.Explain(pgpMail(strings.Replace(raw, "The words", "The forged words", 1))), "does NOT fit the key that came with this mail")
			wantWarning(t, email.ExplainBy(pgpMail(raw), g.vouched(t, false)), "the key is known here")
		})
	}
}
