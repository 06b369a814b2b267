package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMailExplain(t *testing.T) {
	mail := "From: Erika <erika@example.org>\r\nTo: support@example.com\r\nSubject: Hallo\r\nMessage-ID: <a@b>\r\n\r\nGuten Tag\r\n"
	out := ok(t, mail, "mail", "explain", "--json")
	got := oneJSON[map[string]json.RawMessage](t, out)
	want := strings.Fields("attachments auto_reply bounce cc from_email from_name html_text in_reply_to mailing_list " +
		"message_id references reply_text reply_to subject text to warnings")
	if keys := slices.Sorted(maps.Keys(got)); !slices.Equal(keys, want) {
		t.Fatalf("keys %q", keys)
	}
	if string(got["from_email"]) != `"erika@example.org"` || string(got["cc"]) != "[]" || string(got["in_reply_to"]) != `""` {
		t.Fatal(out)
	}
	file := filepath.Join(t.TempDir(), "a.eml")
	if err := os.WriteFile(file, []byte(mail), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := ok(t, "", "mail", "explain", file); !strings.Contains(out, "Erika <erika@example.org>") || !strings.Contains(out, "Guten Tag") {
		t.Fatal(out)
	}
}

// Any input has an answer, and none steers the terminal.
func TestMailExplainAnything(t *testing.T) {
	for _, in := range []string{
		"", "\x00\xff\xfe", "hello", "From: \x1b]0;x\a\nSubject: \x1b[2J\n\n\x1b[2J\u202etext",
		"Content-Type: multipart/mixed\n\nno boundary", strings.Repeat("A: b\n", 5000),
	} {
		oneJSON[map[string]json.RawMessage](t, ok(t, in, "mail", "explain", "--json"))
		if out := ok(t, in, "mail", "explain"); strings.ContainsAny(out, "\x1b\a\u202e") {
			t.Errorf("%q steers the terminal", out)
		}
	}
}

// What isn't one mail is said in words.
func TestMailExplainOfWhatIsNoMail(t *testing.T) {
	one := "From kim@cust.test Mon Nov  2 10:00:00 2026\nFrom: kim@cust.test\nSubject: first\n\nFrom here on it is text.\n\nFrom what I hear in 2026\nnothing: comes.\n"
	two := one + "\nFrom ben@cust.test Mon Nov  2 11:00:00 2026\nFrom: ben@cust.test\nSubject: second\n\nThe second mail.\n"
	for in, want := range map[string]string{
		"": "nothing in it", " \n\n": "nothing in it", "\x1f\x8b\x08\x00": "zcat", "PK\x03\x04": "zip", "\xd0\xcf\x11\xe0": ".eml",
		two: "a mailbox (mbox) of 2 mails",
	} {
		out := ok(t, in, "mail", "explain", "--json")
		if !strings.Contains(out, want) || strings.Contains(out, "The second mail") {
			t.Errorf("%q gives %s, want %q", in, out, want)
		}
	}
	if out := ok(t, one, "mail", "explain"); strings.Contains(out, "mbox") || !strings.Contains(out, "nothing: comes.") {
		t.Errorf("one mail of a mailbox is told as %s", out)
	}
	dir := t.TempDir()
	for name, want := range map[string]string{dir: "is a folder: name one mail", filepath.Join(dir, "none.eml"): "there is no file"} {
		refused(t, 1, want, "mail", "explain", "--json", name)
	}
}
