package email_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stagecoach/channels/email"
)

// corpus gives the mails of testdata by name, but those that are about the very
// thing that a test changes.
func corpus(t *testing.T, but ...string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, pattern := range []string{"testdata/mail/*.eml", "testdata/kind/*/*.eml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".eml")
			if slices.Contains(but, name) {
				continue
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			out[file] = raw
		}
	}
	return out
}

func names(e email.Explanation) string {
	out := ""
	for _, file := range e.Attachments {
		out += file.Name + "|" + file.ContentType + "|"
	}
	return out
}

// Servers and mailboxes change line ends and put their own lines first; what a
// mail says stays the same.
func TestMailSaysTheSameAfterItsJourney(t *testing.T) {
	lf := func(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")) }
	mails := corpus(t, "odd-bare-cr", "odd-cr-cr-lf", "odd-lone-cr-in-the-body", "odd-no-header",
		"odd-no-header-with-a-colon", "odd-nothing", "odd-bom-first", "odd-utf-16-whole", "odd-blank-lines-first", "pack-yenc",
		"charset-utf-8-cut-in-a-letter", "from-missing", "from-missing-but-return-path", "from-empty-brackets", "from-empty-brackets-and-name", "mime-base64-cut")
	came := map[string]email.Explanation{}
	for i, file := range slices.Sorted(maps.Keys(mails)) {
		if i%raceFactor == 0 { // under the race detector some are enough
			came[file] = email.Explain(mails[file])
		}
	}
	trace := []byte("Return-Path: <x@y.test>\r\nDelivered-To: support@acme.test\r\nReceived: from a by b;\r\n\tMon, 2 Nov 2026 10:00:01 +0100\r\n")
	for kind, change := range map[string]func([]byte) []byte{
		"line feeds":       lf,
		"mbox":             func(raw []byte) []byte { return append([]byte("From x@y.test Mon Nov  2 10:00:00 2026\n"), lf(raw)...) },
		"empty line below": func(raw []byte) []byte { return append(bytes.Clone(raw), "\r\n\r\n"...) },
		"trace fields": func(raw []byte) []byte {
			if bytes.HasPrefix(raw, []byte("From ")) || bytes.HasPrefix(raw, []byte(">From ")) {
				return raw
			}
			return append(bytes.Clone(trace), raw...)
		},
	} {
		t.Run(kind, func(t *testing.T) {
			for file, before := range came {
				if kind == "trace fields" && strings.Contains(file, "kind/") {
					continue // a return path is what tells some of these
				}
				after := email.Explain(change(mails[file]))
				for what, pair := range map[string][2]string{
					"from": {before.FromEmail, after.FromEmail}, "name": {before.FromName, after.FromName},
					"subject": {before.Subject, after.Subject}, "text": {before.Text, after.Text}, "html": {before.HTMLText, after.HTMLText},
					"reply": {before.ReplyText, after.ReplyText}, "id": {before.MessageID, after.MessageID}, "files": {names(before), names(after)},
				} {
					if pair[0] != pair[1] {
						t.Errorf("%s: %s was %.300q, is %.300q", file, what, pair[0], pair[1])
					}
				}
			}
		})
	}
}

// A mail may end anywhere. What stands before is shown, and nothing else.
func TestMailsCutAnywhere(t *testing.T) {
	for file, raw := range corpus(t) {
		for cut := 1; cut < len(raw); cut += 1 + len(raw)*raceFactor/17 {
			e := email.Explain(raw[:cut])
			for _, w := range e.Warnings {
				if strings.Contains(w, "could not be parsed and is shown as it came (") {
					t.Errorf("%s cut at %d: %s", file, cut, w)
				}
			}
		}
	}
}

// words is what must be seen of a mail, whatever happened to what stands around
// it.
const words = "the words that the person wrote"

// Broken as mails get broken: a line lost, doubled or joined with the next; the
// person's words are always to be seen.
func TestWordsAreNeverLost(t *testing.T) {
	base := strings.Split(string(crlf("From: Kim <kim@cust.test>", "To: support@acme.test", "Subject: Question", "MIME-Version: 1.0", "Message-ID: <w@x>",
		`Content-Type: multipart/mixed; boundary="out"`, "", "This is a multi-part message in MIME format.", "--out",
		`Content-Type: multipart/alternative; boundary="in"`, "", "--in", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "",
		words, "", "--in", "Content-Type: text/html; charset=utf-8", "", "<p>"+words+"</p>", "--in--", "", "--out",
		`Content-Type: application/pdf; name="a.pdf"`, "Content-Transfer-Encoding: base64", "", "SGVsbG8=", "--out--", "")), "\r\n")
	seen := func(lines []string) bool {
		e := email.Explain([]byte(strings.Join(lines, "\r\n")))
		return strings.Contains(e.Text, words) || strings.Contains(e.HTMLText, words)
	}
	carries := func(i int) bool { return strings.Contains(base[i], words) }
	for i := range base {
		if !carries(i) && !seen(slices.Delete(slices.Clone(base), i, i+1)) {
			t.Errorf("without line %d, %q", i, base[i])
		}
		if !seen(slices.Insert(slices.Clone(base), i, base[i])) {
			t.Errorf("with line %d doubled, %q", i, base[i])
		}
		if !seen(slices.Insert(slices.Clone(base), i, "")) {
			t.Errorf("with an empty line before line %d, %q", i, base[i])
		}
		if !seen(slices.Insert(slices.Clone(base), i, "some rubbish")) {
			t.Errorf("with rubbish before line %d, %q", i, base[i])
		}
		if i+1 < len(base) {
			joined := slices.Clone(base)
			joined[i] += joined[i+1]
			if !seen(slices.Delete(joined, i+1, i+2)) {
				t.Errorf("with lines %d and %d joined, %q", i, i+1, joined[i])
			}
			swapped := slices.Clone(base)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			if !seen(swapped) {
				t.Errorf("with lines %d and %d swapped, %q", i, i+1, base[i])
			}
		}
		if !carries(i) && base[i] != "" {
			if cut := slices.Clone(base); !seen(slices.Replace(cut, i, i+1, base[i][:len(base[i])/2])) {
				t.Errorf("with half of line %d, %q", i, base[i])
			}
		}
	}
}
