//go:build chaos

package e2e

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
)

// unpacked gives a folder in which the snapshots of a backup's streams lie as they are,
// not compressed.
func unpacked(t *testing.T, backup string) string {
	t.Helper()
	dir := folder(t)
	list, err := os.ReadDir(backup)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.IsDir() {
			continue
		}
		f, err := os.Open(filepath.Join(backup, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		var from io.Reader = f
		if strings.HasSuffix(e.Name(), ".snapshot") {
			from = s2.NewReader(f)
		}
		data, err := io.ReadAll(from)
		_ = f.Close()
		if err != nil {
			t.Fatalf("%s: %v", e.Name(), err)
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestChaosBackup copies the data while people write, erases some of them, and restores the
// older copy: they are not in the newer one, and do not come back with the older.
func TestChaosBackup(t *testing.T) {
	s := newSquare(t)
	s.begin()
	s.open()
	people := populate(t, s)
	root := folder(t)
	older, newer := filepath.Join(root, "older"), filepath.Join(root, "newer")
	must := func(args ...string) string {
		t.Helper()
		code, out, errs := s.run(args...)
		if code != 0 {
			t.Fatalf("%v ended with %d:\n%s%s", args, code, out, errs)
		}
		return out
	}
	must("backup", older, "--data", s.dir)
	var erased, kept []string
	addresses := map[string]int{}
	for i, l := range s.lines {
		p := people[l]
		for _, a := range p.addresses {
			addresses[a]++
		}
		if i%2 == 1 {
			kept = append(kept, p.texts[0])
			continue
		}
		must("customers", "erase", p.customer, "--yes", "--data", s.dir)
		erased = append(erased, p.texts...)
		for _, a := range p.addresses {
			addresses[a]--
		}
	}
	for a, n := range addresses {
		if n == 0 { // nobody who stays has it
			erased = append(erased, a)
		}
	}
	must("backup", newer, "--data", s.dir)
	for _, trace := range traces(t, unpacked(t, newer), erased...) {
		t.Errorf("in a backup made after the erasure: %s", trace)
	}
	inOlder := unpacked(t, older)
	for _, text := range kept {
		if len(traces(t, inOlder, text)) == 0 {
			t.Errorf("%q is not found in the older backup: the search finds nothing", text)
		}
	}
	must("verify", "--data", s.dir)
	want := s.audit().Summary
	s.stop()

	restored := filepath.Join(root, "restored")
	if code, _, errs := s.run("restore", older, "--data", restored); code == 0 || !strings.Contains(errs, "--erased") {
		t.Errorf("a restore without a register ended with %d: %s", code, errs)
	}
	out := must("restore", older, "--data", restored, "--erased", filepath.Join(s.dir, "erasures.register"), "--json")
	var came struct {
		Erased int `json:"erased"`
	}
	if err := json.Unmarshal([]byte(out), &came); err != nil || came.Erased != (len(s.lines)+1)/2 {
		t.Errorf("restored %s", out)
	}
	for _, trace := range traces(t, restored, erased...) {
		t.Errorf("came back with an older backup: %s", trace)
	}
	for _, text := range kept {
		if len(traces(t, restored, text)) == 0 {
			t.Errorf("%q was lost by the restore", text)
		}
	}
	must("verify", restored)
	s.dir = restored
	s.begin()
	if got := s.audit().Summary; got.Contacts != want.Contacts || got.Disposed["erased"] != want.Disposed["erased"] {
		t.Errorf("restored %+v, had %+v", got, want)
	}
	for _, trace := range traces(t, restored, erased...) {
		t.Errorf("came back at the start: %s", trace)
	}
	s.stop()
	if err := damage(older); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := s.run("verify", older); code != 1 {
		t.Errorf("a damaged backup is verified with %d", code)
	}
	if code, _, errs := s.run("restore", older, "--data", filepath.Join(root, "again"), "--erased", "none"); code == 0 || !strings.Contains(errs, "damaged") {
		t.Errorf("a damaged backup was restored: %d %s", code, errs)
	}
}

// damage changes one byte of a backup's log.
func damage(backup string) error {
	f, err := os.OpenFile(filepath.Join(backup, "LOG_main.snapshot"), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var one [1]byte
	if _, err := f.ReadAt(one[:], 100); err != nil {
		return err
	}
	one[0] ^= 1
	_, err = f.WriteAt(one[:], 100)
	return err
}
