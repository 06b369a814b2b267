package strict_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"stagecoach/configs/strict"
)

type inner struct {
	Host string        `yaml:"host" required:"true"`
	Port int           `yaml:"port" range:"1..65535"`
	Mode string        `yaml:"mode" enum:"tls|starttls|none"`
	Wait time.Duration `yaml:"wait" range:"1s..1h"`
}

type target struct {
	Version int      `yaml:"version"`
	Share   float64  `yaml:"share" range:"0..1"`
	On      bool     `yaml:"on"`
	Words   []string `yaml:"words"`
	List    []inner  `yaml:"list"`
	One     *inner   `yaml:"one"`
}

func TestDecode(t *testing.T) {
	d := strict.Parse("f.yaml", []byte(`# a comment
version: 1
share: 0.5
on: true
words: [one, "two", 3]
list:
  - host: a   # another
    port: 993
    mode: tls
    wait: 1m30s
  - {host: b}
one:
  host: c
`))
	got := target{Share: 0.75}
	d.Decode(&got)
	if problems := d.Problems(); len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	if got.Version != 1 || got.Share != 0.5 || !got.On || strings.Join(got.Words, ",") != "one,two,3" {
		t.Errorf("got %+v", got)
	}
	if len(got.List) != 2 || got.List[0] != (inner{"a", 993, "tls", 90 * time.Second}) || got.List[1].Host != "b" || got.One.Host != "c" {
		t.Errorf("got %+v %+v", got.List, got.One)
	}
}

func TestProblemsAreFoundAllAtOnce(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", "verson: 1\n", "f.yaml:1:1: verson: unknown key (did you mean version?)"},
		{"unlike any", "zzzzzz: 1\n", "f.yaml:1:1: zzzzzz: unknown key (one of list, on, one, share, version, words)"},
		{"twice", "version: 1\non: true\nversion: 2\n", "f.yaml:3:1: version: given twice, first on line 1 (remove one)"},
		{"many", "version: x\non: 3\nlist:\n  - port: 0\n    mode: ssl\n    wait: 2 hours\n", `f.yaml:1:10: version: must be a whole number, not "x"
f.yaml:2:5: on: must be true or false, not "3"
f.yaml:4:5: list[0].host: is missing
f.yaml:4:11: list[0].port: must be at least 1
f.yaml:5:11: list[0].mode: "ssl" is not known here (one of tls, starttls, none)
f.yaml:6:11: list[0].wait: "2 hours": a duration is written like 45s, 5m, 4h, 30d or 1h30m`},
		{"kinds", "list: 3\none: []\nwords: {a: b}\nshare: [1]\n", `f.yaml:1:7: list: must be a list, not a number (begin each entry with "- ")
f.yaml:2:6: one: must hold keys, not a list (write its keys below it, indented)
f.yaml:3:8: words: must be a list, not keys (begin each entry with "- ")
f.yaml:4:8: share: must be a number, not a list`},
		{"bounds", "share: 2\none: {host: x, wait: 0s}\n", "f.yaml:1:8: share: must be at most 1\nf.yaml:2:22: one.wait: must be at least 1s"},
		{"alias", "one: &x\n  host: a\nlist:\n  - *x\n", `f.yaml:1:6: one: anchors, aliases, merges and tags are not supported (write the value out)
f.yaml:4:5: list[0]: anchors, aliases, merges and tags are not supported (write the value out)`},
		{"second document", "version: 1\n---\nversion: 2\n", "f.yaml:3:1: a second document in one file (remove the --- line)"},
		{"text for a bool", "words: [true]\n", "f.yaml:1:9: words[0]: must be a text, not true or false (put it in quotes)"},
		{"a list at the top", "- a\n", "f.yaml:1:1: must hold keys, not a list (write its keys below it, indented)"},
		{"not a number", "share: .nan\n", `f.yaml:1:8: share: must be a number, not ".nan"`},
		{"empty entry", "words:\n  - a\n  -\n", "f.yaml:2:3: words[1]: an empty entry (remove it)"},
	} {
		d := strict.Parse("f.yaml", []byte(c.text))
		d.Decode(&target{})
		if got := d.Problems().Error(); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestSyntaxErrorsHaveAPlace(t *testing.T) {
	for _, text := range []string{"a: [1, 2\n", "a: \"x\n", "a:\n\t- b\n", "a: b: c\n", "list:\n  - a\n - b\n"} {
		d := strict.Parse("f.yaml", []byte(text))
		d.Decode(&target{})
		problems := d.Problems()
		if len(problems) == 0 {
			t.Errorf("%q: accepted", text)
			continue
		}
		if problems[0].Line == 0 || strings.Contains(problems[0].Message, "\n") {
			t.Errorf("%q: got %q", text, problems[0].Error())
		}
	}
}

func TestEmptyFilesKeepTheDefaults(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "\ufeff", "version:\n", "null\n"} {
		d := strict.Parse("f.yaml", []byte(text))
		got := target{Version: 7}
		d.Decode(&got)
		if problems := d.Problems(); len(problems) > 0 || got.Version != 7 {
			t.Errorf("%q: got %+v, %v", text, got, problems)
		}
	}
}

func TestReportFindsThePlaceWithinAText(t *testing.T) {
	type when struct {
		When string `yaml:"when"`
	}
	for _, c := range []struct{ text, want string }{
		{"when: abcdef\n", "f.yaml:1:9: when: here"},
		{"when: \"abcdef\"\n", "f.yaml:1:10: when: here"},
		{"when: |\n  abcdef\n  x\n", "f.yaml:2:5: when: here"},
		{"# c\nwhen: >-\n    abcdef\n", "f.yaml:3:7: when: here"},
	} {
		d := strict.Parse("f.yaml", []byte(c.text))
		var got when
		d.Decode(&got)
		d.ReportWithin("when", 1, 3, "", "here")
		if got := d.Problems().Error(); got != c.want {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
}

func TestErrIsNilWithoutProblems(t *testing.T) {
	if err := (strict.Errors{}).Err(); err != nil {
		t.Errorf("got %v", err)
	}
	var all strict.Errors
	if err := (strict.Errors{{File: "f", Message: "m"}}).Err(); !errors.As(err, &all) || len(all) != 1 {
		t.Errorf("got %v", err)
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"45s": 45 * time.Second, "30d": 30 * 24 * time.Hour, "4h": 4 * time.Hour, "1d12h": 36 * time.Hour,
		"1.5h": 90 * time.Minute, "0": 0, "250ms": 250 * time.Millisecond, "5min": 5 * time.Minute,
	} {
		if got, err := strict.ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "5", "-5s", "5 s", "h", "5x", "1..5s", "99999999999d", "1e9s"} {
		if got, err := strict.ParseDuration(text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
	for d, want := range map[time.Duration]string{0: "0s", 36 * time.Hour: "1d12h", 45 * time.Second: "45s"} {
		if got := strict.FormatDuration(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, text := range []string{"version: 1\nlist:\n  - host: a\n", "one: &x {host: a}\nlist: [*x]\n", "<<: *a\n", "? [a]\n: b\n", "words: |\n  x\n", "list:\n- - - -\n", "!!str a: 1\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := strict.Parse("f.yaml", data)
		d.Decode(&target{})
		for _, p := range d.Problems() {
			if p.Message == "" || p.File != "f.yaml" {
				t.Errorf("problem without words: %+v", p)
			}
		}
	})
}
