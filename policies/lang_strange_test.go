package policies_test

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"stagecoach/policies"
)

// TestLanguageOfStrangeLines holds the floors on lines of kinds that the others have
// few of: no accents, slang, typing errors, addresses, one or two words. The fresh
// ones were written after everything was settled, and measured once.
func TestLanguageOfStrangeLines(t *testing.T) {
	for _, set := range []struct {
		dir                string
		lines, right, most int
	}{{"strange", 399, 384, 4}, {"fresh", 80, 78, 1}} {
		lines, right, unknown := 0, 0, 0
		for _, language := range []string{"de", "en", "es", "fr"} {
			text, err := os.ReadFile("testdata/lang/" + set.dir + "/" + language + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				if line = strings.TrimSpace(line); utf8.RuneCountInString(line) < 10 {
					continue
				}
				lines++
				switch policies.DetectLanguage(line) {
				case language:
					right++
				case "":
					unknown++
				}
			}
		}
		wrong := lines - right - unknown
		t.Logf("%s: %d lines, %d right, %d unknown, %d wrong", set.dir, lines, right, unknown, wrong)
		if lines != set.lines || right < set.right || wrong > set.most {
			t.Errorf("%s: of %d lines %d right, %d unknown, %d wrong", set.dir, lines, right, unknown, wrong)
		}
	}
}
