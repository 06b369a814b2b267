package register_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/customers/register"
)

// What was written down is there again, also after a line that a crash cut off.
func TestRegister(t *testing.T) {
	t.Parallel()
	dir, copies := t.TempDir(), t.TempDir()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	r, err := register.Open(dir, "main", copies)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"e1", "e2", "e1"} {
		if err := r.Begin(register.Entry{Erasure: id, Customers: []string{"c-" + id}, By: "anna", At: at}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.End("e1", at.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, register.Name)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"erasure":"e3","custo`); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()

	r, err = register.Open(dir, "main", copies)
	if err != nil {
		t.Fatal(err)
	}
	all := r.Entries()
	if len(all) != 2 || all[0].DoneAt.IsZero() || !all[1].DoneAt.IsZero() || all[1].Customers[0] != "c-e2" || !r.Newest().Equal(at.Add(time.Minute)) {
		t.Errorf("got %+v", all)
	}
	if err := r.End("e2", at.Add(2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	copied, err := register.Read(filepath.Join(copies, register.Name))
	if err != nil || len(copied.Entries()) != 2 || copied.Entries()[1].DoneAt.IsZero() {
		t.Errorf("the copy holds %+v, %v", copied, err)
	}
	if _, err := register.Open(dir, "other", ""); err == nil || !strings.Contains(err.Error(), `office "main"`) {
		t.Errorf("another office's register: %v", err)
	}
}

// A file that is something else is refused with its place.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for text, want := range map[string]string{
		"":     "is no register",
		"hi\n": ":1: this is no register",
		"{}\n": ":1: this is no register",
		`{"register":"stagecoach erasures","version":2}` + "\n":                                     "use a newer build",
		`{"register":"stagecoach erasures","version":1,"office":"main"}` + "\n" + `{"at":1}` + "\n": ":2: a line that can't be read",
		`{"register":"stagecoach erasures","version":1,"office":"main"}` + "\n" + `{}` + "\n":       ":2: a line that is neither",
	} {
		path := filepath.Join(dir, "r")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := register.Read(path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// Merging takes over what is lacking, and nothing twice.
func TestMerge(t *testing.T) {
	t.Parallel()
	old, err := register.Open(t.TempDir(), "main", "")
	if err != nil {
		t.Fatal(err)
	}
	newer, err := register.Open(t.TempDir(), "main", "")
	if err != nil {
		t.Fatal(err)
	}
	both := register.Entry{Erasure: "e1", Customers: []string{"c1"}, By: "a"}
	only := register.Entry{Erasure: "e2", Customers: []string{"c2"}, By: "a"}
	for r, entries := range map[*register.Register][]register.Entry{old: {both}, newer: {both, only}} {
		for _, e := range entries {
			if err := r.Begin(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n, err := old.Merge(newer); err != nil || n != 1 || len(old.Entries()) != 2 {
		t.Errorf("merged %d, %v: %+v", n, err, old.Entries())
	}
}

// An erasure whose line couldn't be copied is written down all the same, once, and so is
// its end.
func TestNotCopied(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	r, err := register.Open(dir, "main", filepath.Join(dir, "not", "there"))
	if err != nil {
		t.Fatal(err)
	}
	e := register.Entry{Erasure: "e1", Customers: []string{"c1"}, By: "anna", At: at}
	notCopied := func(err error) {
		t.Helper()
		if _, is := errors.AsType[*register.CopyError](err); !is {
			t.Errorf("got %v, want that it wasn't copied", err)
		}
	}
	notCopied(r.Begin(e))
	if err := r.Begin(e); err != nil {
		t.Errorf("it is written down once more: %v", err)
	}
	notCopied(r.End("e1", at.Add(time.Minute)))
	again, err := register.Open(dir, "main", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []*register.Register{r, again} {
		if all := one.Entries(); len(all) != 1 || all[0].DoneAt.IsZero() {
			t.Errorf("got %+v", all)
		}
	}
}

// A hold that stands on an erasure, and what became of it since, is there again, and is
// taken over from a newer register, however old the one is that takes it over.
func TestHolds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	open := func(dir string) *register.Register {
		r, err := register.Open(dir, "main", "")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r := open(dir)
	for _, id := range []string{"e1", "e2", "e3"} {
		must(r.Begin(register.Entry{Erasure: id, Customers: []string{"c-" + id}, By: "anna", At: at, Held: true, Until: "2031-12-31"}))
		must(r.End(id, at.Add(time.Second)))
	}
	old := t.TempDir()
	must(open(old).Begin(register.Entry{Erasure: "e1", Customers: []string{"c-e1"}, By: "anna", At: at, Held: true, Until: "2031-12-31"}))
	must(r.Hold("e1", false, "", "berta", at.Add(time.Hour)))
	must(r.Hold("e2", true, "", "berta", at.Add(time.Hour)))
	if err := r.Hold("e9", true, "", "berta", at); err == nil {
		t.Error("a hold on nothing is written down")
	}
	check := func(r *register.Register, done bool) {
		t.Helper()
		all := r.Entries()
		if len(all) != 3 || all[0].Held || !all[1].Held || all[1].Until != "" || all[1].HeldBy != "berta" || !all[2].Held || all[2].Until != "2031-12-31" {
			t.Errorf("got %+v", all)
		}
		for _, e := range all {
			if e.DoneAt.IsZero() == done {
				t.Errorf("%s is done at %s", e.Erasure, e.DoneAt)
			}
		}
		if !r.Newest().Equal(at.Add(time.Hour)) {
			t.Errorf("the newest is of %s", r.Newest())
		}
	}
	check(r, true)
	check(open(dir), true)
	mine := open(old)
	if added, err := mine.Merge(open(dir)); err != nil || added != 2 {
		t.Errorf("%d were added, %v", added, err)
	}
	check(mine, false)
	check(open(old), false)
	must(mine.End("e2", at.Add(2*time.Hour)))
	if e := open(old).Entries()[1]; e.DoneAt.IsZero() {
		t.Error("the end of one taken over is not written down")
	}
}

// Somebody is found again by the company's id, else by an address; where their id was
// known, whoever has another one is somebody else. What is restored knows it too.
func TestFindsWhoWasErased(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, err := register.Open(dir, "main", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []register.Entry{
		{Erasure: "e1", Customers: []string{"c1"}, Keys: []string{"number 1", "mail", "phone"}, Numbered: true},
		{Erasure: "e2", Customers: []string{"c2"}, Keys: []string{"chat"}},
	} {
		if err := r.Begin(e); err != nil {
			t.Fatal(err)
		}
	}
	again, err := register.Open(dir, "main", "")
	if err != nil {
		t.Fatal(err)
	}
	other, err := register.Open(t.TempDir(), "main", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Merge(again); err != nil {
		t.Fatal(err)
	}
	for _, reg := range []*register.Register{r, again, other} {
		for _, one := range []struct {
			external  string
			addresses []string
			want      string
		}{
			{"number 1", nil, "e1"},
			{"", []string{"phone"}, "e1"},
			{"number 2", []string{"phone"}, ""},
			{"number 2", []string{"phone", "chat"}, "e2"},
			{"", nil, ""},
			{"", []string{"other"}, ""},
		} {
			if e, found := reg.Find(one.external, one.addresses); found != (one.want != "") || e.Erasure != one.want {
				t.Errorf("%q %v is %q, want %q", one.external, one.addresses, e.Erasure, one.want)
			}
		}
		if got := reg.Of("phone"); len(got) != 1 || got[0] != "e1" {
			t.Errorf("of the phone: %v", got)
		}
	}
}
