package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/channels/email/emailfake"
)

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// All mistakes of both kinds of files come at once, each with its place.
func TestCheckTellsAllErrors(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "office.yaml"), "version: 1\npolices: x\npolicies: rules\nhttp:\n  listen: nonsense\n")
	writeFile(t, filepath.Join(dir, "rules", "sla.yaml"), "version: 1\nfoo: 3\n")
	r := cli(t, "", "check", "--config", file)
	for _, want := range []string{file + ":2:1: polices", file + ":5:11: http.listen", filepath.Join(dir, "rules", "sla.yaml") + ":2:1: foo"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in %s", want, r.out)
		}
	}
	if r.code != 1 || r.err != "" {
		t.Fatalf("exit %d, err %q", r.code, r.err)
	}
	r = cli(t, "", "check", "--config", file, "--json")
	got := oneJSON[checked](t, r.out)
	if r.code != 1 || got.OK || len(got.Errors) != 3 || got.Errors[0].Line != 2 || got.Errors[0].Column != 1 {
		t.Fatalf("%d %+v", r.code, got)
	}
}

func TestCheckOfWhatIsNotThere(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for _, args := range [][]string{{"check", "--config", none}, {"check", "--policies", none}} {
		if r := cli(t, "", args...); r.code != 1 || !strings.Contains(r.out, none) {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if out := ok(t, "", "check"); !strings.Contains(out, "ok") {
		t.Fatal(out)
	}
	if got := oneJSON[checked](t, ok(t, "", "check", "--json")); !got.OK {
		t.Fatalf("%+v", got)
	}
}

func TestCheckConnect(t *testing.T) {
	const address = "support@example.org"
	fake, err := emailfake.Start(emailfake.Config{Users: map[string]string{address: "right-secret"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fake.Close() })
	for i := range 3 {
		mail := fmt.Sprintf("From: c%d@example.net\r\nTo: %s\r\nSubject: s\r\nMessage-ID: <%d@example.net>\r\n\r\nhello\r\n", i, address, i)
		if err := fake.Put(address, "INBOX", []byte(mail), time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	ca := writeFile(t, filepath.Join(dir, "ca.pem"), string(fake.CertificatePEM()))
	config := func(secret string) string {
		return writeFile(t, filepath.Join(dir, "office.yaml"), fmt.Sprintf(`version: 1
channels:
  email:
    - name: support
      address: %s
      open_since: %s
      imap: {host: 127.0.0.1, port: %d, tls: tls, ca_file: %s, password_file: %s}
      smtp: {host: 127.0.0.1, port: %d, tls: tls, ca_file: %s, password_file: %[5]s}
`, address, time.Now().AddDate(0, 0, -2).Format(time.DateOnly), fake.IMAPSPort(), ca,
			writeFile(t, filepath.Join(dir, "secret"), secret), fake.SMTPSPort(), ca))
	}
	got := oneJSON[checked](t, ok(t, "", "check", "--config", config("right-secret"), "--connect", "--json"))
	if len(got.Channels) != 1 || !got.Channels[0].OK || got.Channels[0].WouldOpen != 3 {
		t.Fatalf("%+v", got.Channels)
	}
	if out := ok(t, "", "check", "--config", config("right-secret"), "--connect"); !strings.Contains(out, "would open 3 contacts") {
		t.Fatal(out)
	}
	r := cli(t, "", "check", "--config", config("wrong-secret"), "--connect")
	if r.code != 1 || !strings.Contains(r.out, "wrong user name or password") || strings.Contains(r.out, "wrong-secret") {
		t.Fatalf("%+v", r)
	}
	if err := fake.Close(); err != nil {
		t.Fatal(err)
	}
	got = oneJSON[checked](t, cli(t, "", "check", "--config", config("right-secret"), "--connect", "--json").out)
	if got.OK || got.Channels[0].OK || got.Channels[0].Reason != "unavailable" {
		t.Fatalf("%+v", got.Channels)
	}
}
