package email

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The corpus under testdata/quote has at least so many cases, of which at least
// so many in a hundred must be right.
const (
	leastCases = 375
	leastRight = 99
)

// quoteCase is a file of the corpus; testdata/quote/README.md has the format.
type quoteCase struct {
	raw, reply, forwarded string
}

func readQuoteCase(t *testing.T, file string) quoteCase {
	t.Helper()
	parts := strings.Split(readQuoteFile(t, file), "\n==========\n")
	if len(parts) < 2 || len(parts) > 3 {
		t.Fatalf("%s has %d parts, want two or three with ten = between them", file, len(parts))
	}
	c := quoteCase{reply: parts[1]}
	if len(parts) == 3 {
		c.forwarded = parts[2]
	}
	body, subject := parts[0], "Re: Order 4711"
	if rest, ok := strings.CutPrefix(body, "#subject: "); ok {
		subject, body, _ = strings.Cut(rest, "\n")
	}
	kind := "plain"
	switch filepath.Ext(file) {
	case ".eml":
		c.raw = body
		return c
	case ".html":
		kind = "html"
	}
	c.raw = fmt.Sprintf("From: Cleo Customer <cleo@customer.test>\nTo: support@acme.test\nSubject: %s\nMessage-ID: <1@customer.test>\n"+
		"MIME-Version: 1.0\nContent-Type: text/%s; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s", subject, kind, body)
	return c
}

func readQuoteFile(tb testing.TB, file string) string {
	tb.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

var blankLines = regexp.MustCompile(`\n\s*\n\s*`)

// plainly leaves out what doesn't matter to a reader: spaces at the ends of
// lines, and how many empty lines there are between others.
func plainly(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\u00a0")
	}
	return strings.TrimSpace(blankLines.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
}

// check says what is wrong with how a case is understood, "" if nothing is.
func (c *quoteCase) check() string {
	u := understand([]byte(c.raw), seals{})
	want, got := plainly(c.reply), plainly(u.ReplyText)
	if want == "*" {
		want = plainly(u.Text)
	}
	if got != want {
		return fmt.Sprintf("got:\n%s\n--- want:\n%s\n--- warnings: %v", got, want, u.Warnings)
	}
	forwarded := ""
	if f := u.Forwarded; f != nil {
		forwarded = strings.TrimSpace(fmt.Sprintf("from: %s\ndate: %s\nsubject: %s", f.From, f.Date, f.Subject))
	}
	if want := strings.TrimSpace(c.forwarded); forwarded != want {
		return fmt.Sprintf("forwarded is:\n%s\n--- want:\n%s", forwarded, want)
	}
	return ""
}

func TestReplyText(t *testing.T) {
	files, err := filepath.Glob("testdata/quote/*.*")
	if err != nil {
		t.Fatal(err)
	}
	cases, wrong := 0, []string{}
	for _, file := range files {
		if filepath.Ext(file) == ".md" {
			continue
		}
		cases++
		c := readQuoteCase(t, file)
		if problem := c.check(); problem != "" {
			wrong = append(wrong, filepath.Base(file))
			t.Logf("%s: %s", filepath.Base(file), problem)
			if strings.HasPrefix(filepath.Base(file), "friend-") {
				t.Errorf("%s: words of a person's own are cut", filepath.Base(file))
			}
		}
	}
	right := cases - len(wrong)
	t.Logf("%d of %d right (%.1f %%)", right, cases, 100*float64(right)/float64(max(cases, 1)))
	if cases < leastCases {
		t.Errorf("the corpus has %d cases, want %d at least", cases, leastCases)
	}
	if right*100 < cases*leastRight {
		t.Errorf("%d of %d are wrong, more than %d in a hundred: %s", len(wrong), cases, 100-leastRight, strings.Join(wrong, " "))
	}
}
