package policies_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"stagecoach/policies"
)

// TestReadmeExamplesLoad loads what the README shows of each file.
func TestReadmeExamplesLoad(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(version: 1\n.*?)```")
	loaded := 0
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		file, _, _ := strings.Cut(section, "\n")
		if file == "Conditions" {
			file = "classes.yaml"
		}
		if strings.HasPrefix(file, "tests/") { // what they say is read by package trial
			continue
		}
		for _, b := range block.FindAllStringSubmatch(section, -1) {
			loaded++
			if _, err := policies.LoadFiles("README.md", map[string][]byte{file: []byte(b[1])}); err != nil {
				t.Errorf("## %s:\n%s\n%v", file, b[1], err)
			}
		}
	}
	if loaded < 4 {
		t.Errorf("%d examples", loaded)
	}
}
