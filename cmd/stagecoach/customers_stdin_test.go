package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImportFromAPipe: a list comes by standard input, and what is rejected goes where it
// is told to; into a folder that can't be written nothing is, and the way out is named.
func TestImportFromAPipe(t *testing.T) {
	t.Parallel()
	const list = "external_id,emails\nK-1,ada@example.org\nK-2,nobody\n"
	dir := t.TempDir()
	faults := filepath.Join(dir, "faults.csv")
	args := []string{"customers", "import", "-", "--data", filepath.Join(dir, "data")}
	r := cli(t, list, append(args, "--rejected", faults, "--json")...)
	rep := oneJSON[importReport](t, r.out)
	if r.code != 1 || rep.Loaded != 1 || len(rep.Rejected) != 1 || rep.Rejected[0].Line != 3 || rep.File != faults {
		t.Errorf("exit %d: %+v, %s", r.code, rep, r.err)
	}
	if data, err := os.ReadFile(faults); err != nil || !strings.Contains(string(data), "K-2,nobody") {
		t.Errorf("rejected: %q, %v", data, err)
	}
	r = cli(t, list, append(args, "--rejected", filepath.Join(dir, "nowhere", "faults.csv"))...)
	if r.code != 1 || !strings.Contains(r.err, "--rejected FILE names another place") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	for file, want := range map[string]string{"-": "stdin", "/dev/stdin": "stdin", "/proc/self/fd/0": "stdin", "list.csv": "list.csv"} {
		if got := rejectedBeside(file); got != want {
			t.Errorf("beside %s: %s", file, got)
		}
	}
}
