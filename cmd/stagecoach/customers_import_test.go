package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stagecoach/customers"
)

// customerList writes a list of n customers with faults in some lines, and says which.
func customerList(t *testing.T, n, faults int) (path string, lines []int) {
	t.Helper()
	var b strings.Builder
	b.WriteString("external_id,name,emails,phones,value\n")
	for i := range n {
		mail, value := fmt.Sprintf("c%d@example.org", i), fmt.Sprintf("%d.5", i)
		if every := n / faults; i%every == every/2 && len(lines) < faults {
			lines = append(lines, i+2)
			switch len(lines) % 3 {
			case 0:
				mail = "nobody"
			case 1:
				value = "much"
			default:
				value += ",one,too,many"
			}
		}
		fmt.Fprintf(&b, "K-%d,Customer %d,%s,+4930%07d,%s\n", i, i, mail, i, value)
	}
	return writeFile(t, filepath.Join(t.TempDir(), "customers.csv"), b.String()), lines
}

func linesOf(rep importReport) (lines []int) {
	for _, f := range rep.Rejected {
		lines = append(lines, f.Line)
	}
	return lines
}

// TestImportOnACommandLine imports into a directory that isn't there, one that is
// stopped, and a running daemon: the faults that were planted are told, and no other.
func TestImportOnACommandLine(t *testing.T) {
	t.Parallel()
	const rows, faults = 3000, 30
	path, want := customerList(t, rows, faults)
	data := filepath.Join(t.TempDir(), "deep", "data")
	given := func(code int, more ...string) importReport {
		t.Helper()
		r := cli(t, "", append([]string{"customers", "import", path, "--json", "--data", data}, more...)...)
		if r.code != code {
			t.Fatalf("exit %d, want %d: %s", r.code, code, r.err)
		}
		return oneJSON[importReport](t, r.out)
	}
	check := func(rep importReport, loaded, unchanged int) {
		t.Helper()
		if rep.Rows != rows || rep.Loaded != loaded || rep.Unchanged != unchanged || !slices.Equal(linesOf(rep), want) {
			t.Errorf("%d rows, %d loaded, %d unchanged, rejected %v; want %v", rep.Rows, rep.Loaded, rep.Unchanged, linesOf(rep), want)
		}
	}
	check(given(1, "--dry-run"), rows-faults, 0)
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("a dry run made %s: %v", data, err)
	}
	if _, err := os.Stat(path + ".rejected.csv"); !os.IsNotExist(err) {
		t.Errorf("a dry run wrote a file: %v", err)
	}
	check(given(1), rows-faults, 0)
	check(given(1), 0, rows-faults)
	d, stop := serveAt(t, data)
	awaitControl(t, data)
	check(given(1), 0, rows-faults)
	mended, err := os.ReadFile(path + ".rejected.csv")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(",nobody,", ",somebody@example.org,", ",much", ",7", ",one,too,many", "").Replace(string(mended))
	path = writeFile(t, path+".rejected.csv", text)
	if rep := given(0); rep.Rows != faults || rep.Loaded != faults || rep.SharedCount == 0 || rep.File != "" {
		t.Errorf("mended: %+v", rep)
	}
	if n, err := d.directory.Count(t.Context()); n != rows || err != nil {
		t.Errorf("%d customers are there, %v", n, err)
	}
	shown := oneJSON[shownCustomer](t, ok(t, "", "customers", "show", "K-17", "--json", "--data", data))
	if shown.External != "K-17" || shown.Values[0].Amount != 17.5 || shown.Values[0].Source != customers.FromImport {
		t.Errorf("K-17 is %+v", shown.Record)
	}
	stop()
	if text := ok(t, "", "customers", "show", "+49 30 0000017", "--data", data); !strings.Contains(text, "Customer 17") || !strings.Contains(text, "import") {
		t.Errorf("shown by number: %s", text)
	}
	refused(t, 1, "several customers are known", "customers", "show", "customer", "--data", data)
	refused(t, 1, "no customer is known", "customers", "show", "K-99999", "--data", data)
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	list := writeFile(t, filepath.Join(dir, "list.csv"), "external_id,emial\nK-1,x\n")
	refused(t, 1, "no such file", "customers", "import", filepath.Join(dir, "none.csv"), "--data", data)
	refused(t, 1, "is no country", "customers", "import", list, "--country", "Germany", "--data", data)
	refused(t, 1, "where the data are", "customers", "import", writeFile(t, filepath.Join(dir, "ok.csv"), "external_id\nK-1\n"), "--server", "https://desk.example.org")
	r := cli(t, "", "customers", "import", list, "--json", "--data", data)
	if rep := oneJSON[importReport](t, r.out); r.code != 1 || len(rep.Rejected) != 1 || rep.Rejected[0].Line != 1 || rep.Rejected[0].Column != "emial" {
		t.Errorf("a wrong header: exit %d, %s", r.code, r.out)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("what could not be read made %s", data)
	}
	writeFile(t, filepath.Join(dir, "other", "file"), "x")
	refused(t, 1, "holds no data", "customers", "import", filepath.Join(dir, "ok.csv"), "--data", filepath.Join(dir, "other"))
}

// TestImportIsInterrupted: what was loaded stays, and the rest comes with the next run.
func TestImportIsInterrupted(t *testing.T) {
	t.Parallel()
	path, _ := customerList(t, 3000, 1)
	data := filepath.Join(t.TempDir(), "data")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs strings.Builder
	if code := run(ctx, []string{"customers", "import", path, "--data", data}, std{in: strings.NewReader(""), out: &out, err: &errs}); code != exitInterrupted {
		t.Errorf("exit %d: %s", code, errs.String())
	}
	r := cli(t, "", "customers", "import", path, "--json", "--data", data)
	if rep := oneJSON[importReport](t, r.out); rep.Loaded != 2999 {
		t.Errorf("the next run: %+v", rep)
	}
}

// TestImportOfTheExample: the example of the README is loaded as it is.
func TestImportOfTheExample(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	rep := oneJSON[importReport](t, ok(t, "", "customers", "import", filepath.Join("..", "..", "examples", "customers.csv"), "--json", "--data", data))
	if rep.Rows != 4 || rep.Loaded != 4 {
		t.Errorf("got %+v", rep)
	}
	info, err := os.Stat(filepath.Join(data, "directory.db"))
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("who may read the directory: %v, %v", info.Mode(), err)
	}
	err = filepath.WalkDir(filepath.Join("..", "..", "examples"), func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(path, ".rejected.") {
			t.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
