package policies_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"stagecoach/policies"
)

var update = flag.Bool("update", false, "write the expected errors anew")

// TestBadSets loads each directory of testdata/bad, which must fail with
// exactly the text of its file "errors".
func TestBadSets(t *testing.T) {
	dirs, err := filepath.Glob("testdata/bad/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no directories: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			set, err := policies.Load(dir)
			if err == nil {
				t.Fatalf("accepted as %s", set.Version)
			}
			got, file := err.Error()+"\n", filepath.Join(dir, "errors")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}
