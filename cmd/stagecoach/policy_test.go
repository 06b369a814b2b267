package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/policies"
)

// What init writes is clean, and is never written over.
func TestPolicyInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "policies")
	out := ok(t, "", "policy", "init", dir)
	for _, name := range policies.FileNames() {
		if !strings.Contains(out, filepath.Join(dir, name)) {
			t.Errorf("%s is not named in %s", name, out)
		}
	}
	if got := ok(t, "", "policy", "lint", dir, "--json"); got != "[]\n" {
		t.Errorf("lint: %s", got)
	}
	if got := ok(t, "", "policy", "lint", dir); got != "ok "+dir+"\n" {
		t.Errorf("lint: %s", got)
	}
	text, err := os.ReadFile(filepath.Join(dir, "classes.yaml"))
	if err != nil || !strings.Contains(string(text), "# ") {
		t.Errorf("no comments: %v\n%s", err, text)
	}
	writeFile(t, filepath.Join(dir, "sla.yaml"), "version: 1\n")
	refused(t, 1, "there already", "policy", "init", dir)
	if err := os.Remove(filepath.Join(dir, "classes.yaml")); err != nil {
		t.Fatal(err)
	}
	refused(t, 1, "there already", "policy", "init", dir)
	if _, err := os.Stat(filepath.Join(dir, "classes.yaml")); err == nil {
		t.Error("a part was written")
	}
}

// Lint says the place, the line, and what was meant.
func TestPolicyLint(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "classes.yaml")
	writeFile(t, file, "version: 1\nclasses:\n  - name: grüße\n    when: \"contact.chanel == 'email'\"\n")
	want := file + `:4:12: error: classes[0].when: contact.chanel is not known here
  4 |     when: "contact.chanel == 'email'"
    |            ^
  hint: did you mean contact.channel?
` + dir + `: 1 error, 0 warnings
`
	if r := cli(t, "", "policy", "lint", dir); r.code != 1 || r.out != want || r.err != "" {
		t.Errorf("exit %d\n%s\nwant\n%s\nerr: %s", r.code, r.out, want, r.err)
	}
	r := cli(t, "", "policy", "lint", "--json", dir)
	found := oneJSON[[]policies.Finding](t, r.out)
	one := policies.Finding{
		File: file, Line: 4, Column: 12, Severity: "error",
		Message: "classes[0].when: contact.chanel is not known here", Hint: "did you mean contact.channel?",
	}
	if r.code != 1 || len(found) != 1 || found[0] != one {
		t.Errorf("exit %d: %+v", r.code, found)
	}
	r = cli(t, "", "policy", "lint", "--json", filepath.Join(dir, "nowhere"))
	if found := oneJSON[[]policies.Finding](t, r.out); r.code != 1 || len(found) != 1 || !strings.Contains(found[0].Message, "no such directory") {
		t.Errorf("exit %d: %+v", r.code, found)
	}
	writeFile(t, file, "version: 1\n")
	writeFile(t, filepath.Join(dir, "privacy.yaml"), "version: 1\nfigures: off\n")
	if r := cli(t, "", "policy", "lint", dir); r.code != 0 || !strings.Contains(r.out, "warning:") || !strings.Contains(r.out, "0 errors, 1 warning\n") {
		t.Errorf("warnings are no errors: exit %d\n%s", r.code, r.out)
	}
}

// A long line is shown around its place.
func TestExcerpt(t *testing.T) {
	text, caret, ok := excerpt([]byte(strings.Repeat("é", 200)+"X"+strings.Repeat("y", 200)), 201)
	if at := strings.Index(text, "X"); !ok || len([]rune(text[:at])) != len(caret)-1 || !strings.HasPrefix(text, "…") || !strings.HasSuffix(text, "…") {
		t.Errorf("%q\n%q", text, caret)
	}
	if _, _, ok := excerpt(nil, 1); ok {
		t.Error("a line of nothing has a place")
	}
}
