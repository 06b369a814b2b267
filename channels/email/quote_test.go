package email

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each file under testdata/quote is a text, a line of ten "=", and the reply
// text that it must give.
func TestReplyText(t *testing.T) {
	files, err := filepath.Glob("testdata/quote/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d cases (%v), want 20 at least", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, want, found := strings.Cut(string(data), "\n==========\n")
			if !found {
				t.Fatal("the case has no line of ten =")
			}
			if got := replyText(text); strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}
