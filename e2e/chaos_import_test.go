//go:build chaos

package e2e

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// imported is what `customers import --json` prints.
type imported struct {
	Rows      int `json:"rows"`
	Loaded    int `json:"loaded"`
	Unchanged int `json:"unchanged"`
	Rejected  []struct {
		Line int `json:"line"`
	} `json:"rejected"`
}

// importRows is how many rows TestChaosImport loads: STAGECOACH_IMPORT_ROWS, or few.
func importRows(t *testing.T) int {
	t.Helper()
	given := os.Getenv("STAGECOACH_IMPORT_ROWS")
	if given == "" {
		return 30_000
	}
	n, err := strconv.Atoi(given)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// listWithFaults writes a list with a fault in every thousandth row, and says where.
func listWithFaults(t *testing.T, path string, rows int) (lines []int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "external_id,name,emails,phones,handles,language,timezone,value,customer_since,preferred_channel,tags,attr.segment")
	for i := range rows {
		cells := []any{
			i, i, i, i, "mastodon:user" + strconv.Itoa(i) + "@social.example", "de", "Europe/Berlin", strconv.Itoa(i%500) + ".25", "2021-05-03", "email",
		}
		if i%1000 == 500 {
			spoiled := []any{"nobody", "klingonisch!", "Mars/Olympus", "much", "2021-13-01", "pigeon"}
			n := len(lines) % len(spoiled)
			cells[4+n] = spoiled[n]
			lines = append(lines, i+2)
		}
		fmt.Fprintf(w, "K-%d,Customer %d,c%d@example.org;also%[1]d@example.org,+49170%07[4]d,%[5]s,%[6]s,%[7]s,%[8]s,%[9]s,%[10]s,news;b2b,x\n", cells...)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestChaosImport kills an import again and again: the last run ends it, each customer is
// there once, and exactly the planted faults are told.
func TestChaosImport(t *testing.T) {
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	root, rows := folder(t), importRows(t)
	list, data := filepath.Join(root, "list.csv"), filepath.Join(root, "data")
	want := listWithFaults(t, list, rows)
	begin := func(out *bytes.Buffer) *exec.Cmd {
		cmd := exec.Command(bin, "customers", "import", list, "--json", "--data", data)
		cmd.Stdout, cmd.Stderr = out, os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	for kill := range int64(4) {
		var out bytes.Buffer
		cmd := begin(&out)
		bound := int64(rows) * (100 + 400*kill) // of about 1,700 bytes a customer
		for deadline := time.Now().Add(10 * time.Minute); bytesBelow(t, data) < bound && time.Now().Before(deadline); {
			time.Sleep(20 * time.Millisecond)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		t.Logf("killed at %d MiB", bytesBelow(t, data)>>20)
	}
	whole := func() (rep imported, took time.Duration) {
		var out bytes.Buffer
		begun := time.Now()
		cmd := begin(&out)
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
			t.Fatalf("exit %d: %v", cmd.ProcessState.ExitCode(), err)
		}
		if err := json.Unmarshal(out.Bytes(), &rep); err != nil {
			t.Fatal(err)
		}
		var lines []int
		for _, f := range rep.Rejected {
			lines = append(lines, f.Line)
		}
		if rep.Rows != rows || rep.Loaded+rep.Unchanged != rows-len(want) || !slices.Equal(lines, want) {
			t.Errorf("%d rows, %d loaded, %d unchanged, rejected %d; planted were %d", rep.Rows, rep.Loaded, rep.Unchanged, len(lines), len(want))
		}
		return rep, time.Since(begun)
	}
	rep, took := whole()
	t.Logf("after the kills %d were loaded, %d were there, in %s", rep.Loaded, rep.Unchanged, took)
	rep, took = whole()
	if rep.Loaded != 0 {
		t.Errorf("the same list again loads %d", rep.Loaded)
	}
	t.Logf("again in %s", took)
	once(t, filepath.Join(data, "directory.db"), rows-len(want))
	// What the streams hold is the same.
	if err := os.Remove(filepath.Join(data, "directory.db")); err != nil {
		t.Fatal(err)
	}
	whole()
	once(t, filepath.Join(data, "directory.db"), rows-len(want))
}

// once fails unless each customer is in the index once.
func once(t *testing.T, path string, want int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all, external int
	if err := db.QueryRow("SELECT (SELECT count(*) FROM customer), (SELECT count(DISTINCT id) FROM external)").Scan(&all, &external); err != nil {
		t.Fatal(err)
	}
	if all != want || external != want {
		t.Errorf("%d customers with %d ids are there, want %d", all, external, want)
	}
}

// bytesBelow gives the size of a folder.
func bytesBelow(t *testing.T, dir string) (n int64) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			if info, err := e.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil // files come and go
	})
	return n
}
