package main

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stagecoach/desk/view"
)

const eraseList = "external_id,name,emails,phones\n" +
	"ZZ-1,Zanzibar One,zanzibarone@cust.test,+49305550001;+49305550009\n" +
	"ZZ-2,Other Two,two@cust.test,+49305550009\n" +
	"ZZ-3,Zanzibar Three,zanzibarthree@cust.test,\n"

// imported imports a list and gives what it says, with the lines of who was erased.
func imported(t *testing.T, dir, list string, more ...string) (importReport, []int) {
	t.Helper()
	path := writeFile(t, filepath.Join(t.TempDir(), "list.csv"), list)
	rep := oneJSON[importReport](t, ok(t, "", append([]string{"customers", "import", path, "--json", "--data", dir}, more...)...))
	lines := []int{}
	for _, e := range rep.Erased {
		if e.ErasedAt.IsZero() {
			t.Errorf("nothing is told of when line %d was erased", e.Line)
		}
		lines = append(lines, e.Line)
	}
	if len(rep.Rejected) > 0 || rep.Loaded+rep.Unchanged+len(lines) != rep.Rows && len(more) == 0 {
		t.Errorf("the sums don't add up: %+v", rep)
	}
	return rep, lines
}

// A list that names somebody again who was erased undoes no erasure: they are left out,
// and the company is told. Others who share an address with them are not.
func TestListThatNamesTheErased(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if rep, _ := imported(t, dir, eraseList); rep.Loaded != 3 {
		t.Fatalf("loaded: %+v", rep)
	}
	ok(t, "", "customers", "erase", "ZZ-1", "--yes", "--data", dir)
	for _, more := range [][]string{{"--dry-run"}, nil, nil} { // every night anew
		if rep, lines := imported(t, dir, eraseList, more...); rep.Loaded != 0 || rep.Unchanged != 2 || !slices.Equal(lines, []int{2}) || rep.Erased[0].Loaded {
			t.Errorf("the same list %v: %+v", more, rep)
		}
	}
	if where := tracesIn(t, dir, "zanzibarone"); len(where) > 0 {
		t.Errorf("they are back in %v", where)
	}
	refused(t, 1, "", "customers", "show", "ZZ-1", "--data", dir)
	// By their address alone they are known, and not by one of somebody with another number.
	rep, lines := imported(t, dir, "external_id,name,emails,phones\n,One,ZanzibarOne@cust.test,\nZZ-9,Nine,,+49305550001\n")
	if rep.Loaded != 1 || !slices.Equal(lines, []int{2}) {
		t.Errorf("by an address: %+v", rep)
	}
	told := ok(t, "", "customers", "import", writeFile(t, filepath.Join(t.TempDir(), "list.csv"), eraseList), "--data", dir)
	if !strings.Contains(told, "1 row is of people who were erased: left out.") || !strings.Contains(told, "line 2: erased on 20") || !strings.Contains(told, "--again") {
		t.Errorf("the command says %s", told)
	}
	if rep, lines := imported(t, dir, eraseList, "--again"); rep.Loaded != 1 || !slices.Equal(lines, []int{2}) || !rep.Erased[0].Loaded {
		t.Errorf("asked to load them again: %+v", rep)
	}
	if rep, lines := imported(t, dir, eraseList); rep.Unchanged != 3 || len(lines) > 0 {
		t.Errorf("once they are customers again: %+v", rep)
	}
}

// Who comes back by themselves is a customer like any other, and whoever is restricted is
// found by the company's own number, also if they never wrote.
func TestErasedWhoComeBack(t *testing.T) {
	t.Parallel()
	d, dir, token := retainOffice(t)
	imported(t, dir, eraseList)
	for _, number := range []string{"ZZ-1", "ZZ-3"} {
		ok(t, "", "customers", "hold", number, "--reason", "the case of "+number, "--data", dir)
		if out := ok(t, "", "customers", "erase", number, "--yes", "--data", dir); !strings.Contains(out, "Restricted") {
			t.Errorf("%s: %s", number, out)
		}
	}
	for _, name := range []string{"ZZ-1", "zanzibarone@cust.test", "ZZ-3", "zanzibarthree@cust.test"} {
		if out := ok(t, "", "customers", "kept", name, "--reason", "court order", "--by", "berta@acme.test", "--data", dir); !strings.Contains(out, "Zanzibar") {
			t.Errorf("what is kept of %s: %s", name, out)
		}
		if out := ok(t, "", "customers", "erase", name, "--yes", "--data", dir); !strings.Contains(out, "Restricted") {
			t.Errorf("%s once more: %s", name, out)
		}
	}
	if rep, lines := imported(t, dir, eraseList); rep.Loaded != 0 || !slices.Equal(lines, []int{2, 4}) {
		t.Errorf("restricted, and named by the list: %+v", rep)
	}
	c := &client{http: &http.Client{}, base: d.URL(), token: token}
	in := map[string]any{"channel": "phone", "name": "Zanzibar One", "address": "+49305550001", "text": "I am back"}
	var done view.Done
	if _, err := c.call(t.Context(), http.MethodPost, "/api/enter", in, &done); err != nil {
		t.Fatal(err)
	}
	until(t, "the caller has a record", func() bool {
		found, err := d.directory.Lookup(t.Context(), []string{d.keys.Identity("phone", "+49305550001")})
		return err == nil && len(found) == 1
	})
	if rep, lines := imported(t, dir, eraseList); rep.Loaded != 1 || !slices.Equal(lines, []int{4}) {
		t.Errorf("once they have called: %+v", rep)
	}
	if out := ok(t, "", "customers", "show", "ZZ-1", "--data", dir); !strings.Contains(out, "zanzibarone@cust.test") {
		t.Errorf("who came back is %s", out)
	}
	ok(t, "", "customers", "hold", "ZZ-3", "--lift", "--by", "berta@acme.test", "--data", dir)
	until(t, "nothing is kept any more", func() bool { return len(tracesIn(t, dir, "zanzibarthree")) == 0 })
	if _, lines := imported(t, dir, eraseList); !slices.Equal(lines, []int{4}) {
		t.Errorf("after the hold was lifted line 4 is not told: %v", lines)
	}
}
