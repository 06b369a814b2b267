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
