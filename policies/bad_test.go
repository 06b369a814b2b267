package policies_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"stagecoach/policies"
)

var update = flag.Bool("update", false, "write the expected errors anew")

// TestBadSets lints each directory of testdata/bad, which must find exactly what
// its file "expected-error" says, and an error among it.
func TestBadSets(t *testing.T) {
	dirs, err := filepath.Glob("testdata/bad/*")
	if err != nil || len(dirs) < 50 {
		t.Fatalf("%d directories: %v", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			set := readSet(t, dir)
			found := policies.LintFS(set, "")
			if !policies.Broken(found) {
				t.Errorf("no error in %s", lines(found))
			}
			got, file := lines(found), filepath.Join(dir, "expected-error")
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
			loads(t, set, found)
		})
	}
}

// loads holds that whatever Load refuses is among what lint finds, and nothing of
// it is left out.
func loads(t *testing.T, set fs.FS, found []policies.Finding) {
	t.Helper()
	_, err := policies.LoadFS(set, "")
	if err == nil {
		return
	}
	for _, one := range policies.FindingsOf("", err) {
		if !slices.Contains(found, one) {
			t.Errorf("lint doesn't say: %s", one.String())
		}
	}
}

func lines(found []policies.Finding) string {
	var b strings.Builder
	for i := range found {
		b.WriteString(found[i].String() + "\n")
	}
	return b.String()
}

// readSet reads a set whole. Where a file "padded" names another, that one is
// made larger by a comment than any file may be.
func readSet(t *testing.T, dir string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		out[name] = &fstest.MapFile{Data: text, Mode: 0o600}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if padded, ok := out["padded"]; ok {
		file := out[strings.TrimSpace(string(padded.Data))]
		file.Data = append(file.Data, []byte(strings.Repeat("# no end\n", 1<<17))...)
	}
	return out
}
