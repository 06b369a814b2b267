package email

import (
	"path/filepath"
	"strings"
	"testing"
)

// FuzzReading feeds any text and HTML: nothing may panic, and what the person is
// said to have written is never anything but lines of the mail.
func FuzzReading(f *testing.F) {
	files, err := filepath.Glob("testdata/quote/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if ext := filepath.Ext(file); ext == ".txt" || ext == ".html" {
			f.Add(readFile(f, file), ext == ".html", "Re: Order")
		}
	}
	f.Fuzz(func(t *testing.T, body string, htm bool, subject string) {
		u := understood{}
		u.Subject = subject
		text := body
		if htm {
			u.setBody("", body)
			text = u.Text
		} else {
			u.setBody(body, "")
		}
		all := bones(text)
		for line := range strings.SplitSeq(u.ReplyText, "\n") {
			if !strings.Contains(all, bones(line)) {
				t.Fatalf("%q is no line of the mail", line)
			}
		}
		if strings.TrimSpace(u.Text) != "" && strings.TrimSpace(u.ReplyText) == "" {
			t.Fatal("nothing is left of the mail")
		}
	})
}

func readFile(tb testing.TB, file string) string {
	tb.Helper()
	return strings.Split(readQuoteFile(tb, file), "\n==========\n")[0]
}

// Texts made to keep the search for quotes busy are read in time that grows with
// their length only.
func BenchmarkReadBody(b *testing.B) {
	for name, body := range map[string]string{
		"letter":       readFile(b, "testdata/quote/de-outlook-2003-original.txt"),
		"colons":       strings.Repeat("On Monday, 2 November 2026 at 10:00 the clerk said this:\n", 4000),
		"headers":      strings.Repeat("From: Jo\nSent: today\n", 10000),
		"quotes":       strings.Repeat("> one\ntwo\n", 20000),
		"attributions": strings.Repeat("On Mon, 2 Nov 2026\nat 10:00 Jo\n", 7000),
		"blank":        strings.Repeat("\n", 200000) + "On 2 Nov 2026 at 10:00 Jo <jo@x.test> wrote:\n> x",
		"dashes":       strings.Repeat("--\nx\n", 40000),
		"rules":        strings.Repeat("----------\n\n", 20000),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				u := understood{}
				u.Subject = "Re: Order"
				u.setBody(body, "")
			}
		})
	}
}
