package policies_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/policies"
)

// The schemas for editors and the list of keys are those of the program.
// go test ./policies -run Current -update writes them anew.
func TestSchemasAndReferenceAreCurrent(t *testing.T) {
	files, err := policies.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	reference, err := policies.Reference()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range policies.FileNames() {
		if files[strings.TrimSuffix(name, ".yaml")+".json"] == nil {
			t.Errorf("%s has no schema", name)
		}
	}
	want := map[string][]byte{"REFERENCE.md": []byte(reference)}
	for name, text := range files {
		want[filepath.Join("schema", name)] = text
	}
	for name, text := range want {
		if *update {
			if err := os.WriteFile(name, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil || string(got) != string(text) {
			t.Errorf("%s is not what the program says (%v): run go test ./policies -run Current -update", name, err)
		}
	}
}

// Each key of each file is described with an example, and nothing else is.
func TestEveryKeyIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	if missing := policies.MissingKeys(seen); len(missing) > 0 {
		t.Errorf("keys.txt has no words, or no example, for %s", strings.Join(missing, ", "))
	}
	for _, file := range []string{"classesFile", "customersFile", "slaFile", "routingFile", "escalationFile", "privacyFile", "teamFile"} {
		if !seen[file] {
			t.Errorf("keys.txt says nothing of %s as a whole", file)
		}
	}
}

// What init writes is clean, says which schema each file has, and its test holds.
func TestStarter(t *testing.T) {
	dir := t.TempDir()
	names, err := policies.Init(dir)
	if err != nil {
		t.Fatal(err)
	}
	if found := policies.Lint(dir); len(found) > 0 {
		t.Errorf("%s", lines(found))
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		_, schema, ok := strings.Cut(strings.SplitN(string(text), "\n", 2)[0], "$schema=")
		if filepath.Ext(name) != ".yaml" {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, filepath.Dir(name), schema)); !ok || err != nil {
			t.Errorf("%s: schema %q: %v", name, schema, err)
		}
	}
}
