package strict_test

import (
	"strings"
	"testing"

	"stagecoach/configs/strict"
)

type place struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"`
}

type office struct {
	Version int    `yaml:"version"`
	Name    string `yaml:"name"`
	IMAP    place  `yaml:"imap"`
	SMTP    place  `yaml:"smtp"`
	Boxes   []struct {
		Name string `yaml:"name"`
		IMAP place  `yaml:"imap"`
	} `yaml:"boxes"`
	Text string `yaml:"text"`
}

// What is wrong with an indentation is said in words: it is the mistake that
// people make most.
func TestIndentationHasAHint(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"boxes:\n  - name: a\n    imap:\n      host: x\n     port: 1\n", "line 5 is indented by 5, those above it by 6 or 4"},
		{"name: a\n  imap: {host: x}\n", "line 2 is indented by 2, deeper than what it stands below: by 0 it would stand beside it"},
		{"boxes:\n  - name: a\n      imap: {host: x}\n", "line 3 is indented by 6"},
		{"boxes:\n  - name: a\n  imap: {host: x}\n", "line 3 stands beside the list's entries"},
		{"imap:\n\thost: x\n", "line 2 is indented by a tab: use spaces"},
		{"imap:\n  host: \"x\n", "close the quotation marks"},
		{"imap:\n  host:x\n", "put a space after the colon"},
		{"imap:\n  host:x\n  port: 1\n", "put a space after the colon"},
		{"boxes:\n  -name: a\n", "put a space after the \"-\""},
		{"imap:\nhost: x\n", "it belongs below imap: indent it deeper"},
		{"imap: {port: 1}\nsmtp:\nhost: x\n", "it belongs below smtp: indent it deeper"},
		{"host: x\n", "it belongs below imap or smtp"},
	} {
		d := strict.Parse("f.yaml", []byte(c.text))
		var o office
		d.Decode(&o)
		if got := d.Problems().Error(); !strings.Contains(got, c.want) {
			t.Errorf("%q gives %q, want %q", c.text, got, c.want)
		}
	}
}

// What is right is not found fault with, and nothing is too odd to be looked at.
func TestIndentationOfWhatIsRight(t *testing.T) {
	for _, text := range []string{
		"version: 1\nboxes:\n- name: a\n  imap:\n    host: x # here\n- name: b\ntext: |\n   any\n     thing: goes\n   - here\nname: z\n",
		"boxes:\n    -   name: a\n        imap:\n            host: x\n    # a remark\n\nname: >-\n  words\n\n  more\ntext: ''\n",
		"---\nname: a\n",
	} {
		d := strict.Parse("f.yaml", []byte(text))
		var o office
		d.Decode(&o)
		if got := d.Problems(); len(got) > 0 {
			t.Errorf("%q gives %q", text, got.Error())
		}
	}
	for _, text := range []string{"-", "- - -", "-\n -\n:", "\t", " :\n  -\n\t- a", "a:\n - b\n  c", "? a\n: b", "- \n  -   \n -", "{\n", "a: [\n b"} {
		d := strict.Parse("f.yaml", []byte(text))
		var o office
		d.Decode(&o)
	}
}
