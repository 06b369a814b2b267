package trial_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/policies"
	"stagecoach/policies/trial"
)

var update = flag.Bool("update", false, "write the schema anew")

// The examples are clean, and do what their tests say.
func TestExamples(t *testing.T) {
	dirs, err := filepath.Glob("../examples/*/classes.yaml")
	if err != nil || len(dirs) != 3 {
		t.Fatalf("%d examples: %v", len(dirs), err)
	}
	for _, dir := range dirs {
		dir = filepath.Dir(dir)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			for _, f := range policies.Lint(dir) {
				t.Error(f.String())
			}
			set, err := policies.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			tests, err := trial.Read(os.DirFS(dir), dir, set.Limits().Zone)
			if err != nil || len(tests) < 5 {
				t.Fatalf("%d tests: %v", len(tests), err)
			}
			for i := range tests {
				if r := tests[i].Run(set); !r.OK {
					t.Errorf("%s: %+v", r.Name, r.Failures)
				}
			}
		})
	}
}

// What the README shows of a test can be read.
func TestReadmeShowsATest(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## tests/*.yaml\n")
	_, shown, _ := strings.Cut(section, "```yaml\n")
	shown, _, _ = strings.Cut(shown, "```")
	if tests, err := trial.Parse("README.md", []byte(shown), nil, time.UTC); err != nil || len(tests) != 1 {
		t.Errorf("%d tests in\n%s\n%v", len(tests), shown, err)
	}
}

// Each key of tests is described as well, and keys.txt describes nothing that there
// isn't.
func TestEveryKeyIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	if missing := policies.MissingKeys(seen, trial.File()); len(missing) > 0 {
		t.Errorf("keys.txt has no words, or no example, for %s", strings.Join(missing, ", "))
	}
	for _, key := range policies.DocumentedKeys() {
		if !seen[key] {
			t.Errorf("keys.txt describes %s, which there isn't", key)
		}
	}
}

// The schema of tests is that of the program. go test ./policies/trial -run
// Schema -update writes it anew.
func TestSchemaIsCurrent(t *testing.T) {
	text, err := trial.Schema()
	if err != nil {
		t.Fatal(err)
	}
	const name = "../schema/tests.json"
	if *update {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil || string(got) != string(text) {
		t.Errorf("%s is not what the program says (%v): run go test ./policies/trial -run Schema -update", name, err)
	}
}
