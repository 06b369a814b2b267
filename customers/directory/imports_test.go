package directory_test

import (
	"fmt"
	"slices"
	"testing"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/directory"
)

func row(line int, external string, addresses ...string) customers.Row {
	r := customers.Row{Line: line, External: external}
	for _, a := range addresses {
		r.Identities = append(r.Identities, customers.Identity{Channel: contact.Email, Address: a})
	}
	return r
}

func imports(t *testing.T, d *directory.Directory, dry bool, rows ...customers.Row) string {
	t.Helper()
	got, err := d.Import(t.Context(), rows, dry)
	ok(t, err)
	text := fmt.Sprint(got.Loaded, " ", got.Unchanged)
	for _, r := range got.Rejected {
		text += fmt.Sprintf(" no:%d", rows[r.At].Line)
	}
	for _, s := range got.Shared {
		text += fmt.Sprintf(" shared:%d", rows[s.At].Line)
	}
	return text
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestImport(t *testing.T) {
	d, s, _ := open(t)
	list := []customers.Row{row(2, "K-1", "a@x.org"), row(3, "K-2", "b@x.org", "both@x.org"), row(4, "K-3", "both@x.org"), row(5, "", "only@x.org")}
	want(t, "dry", imports(t, d, true, list...), "4 0")
	if n, err := d.Count(t.Context()); n != 0 || err != nil {
		t.Fatalf("dry, %d were made, %v", n, err)
	}
	want(t, "first", imports(t, d, false, list...), "4 0")
	want(t, "again", imports(t, d, false, list...), "0 4")
	want(t, "again, dry", imports(t, d, true, list...), "0 4")
	if n, err := d.SharedAddresses(t.Context()); n != 1 || err != nil {
		t.Errorf("%d addresses are shared, %v", n, err)
	}
	if rec, err := d.External(t.Context(), "K-2"); err != nil || rec.Version != 1 || rec.By != customers.FromImport || len(rec.Identities) != 2 {
		t.Errorf("K-2 is %+v, %v", rec, err)
	}
	list[0].Identities[0].Address = "new@x.org"
	want(t, "changed", imports(t, d, false, list...), "1 3")
	want(t, "the old address", whose(t, d, s, "a@x.org"), "")
}

// TestImportOfWhoWrote: who wrote before the list came is found by their address, and
// nobody else takes them over.
func TestImportOfWhoWrote(t *testing.T) {
	d, s, _ := open(t)
	wrote := mail("wrote@x.org")
	wrote.Source, wrote.Proven = customers.FromMessage, true
	add(t, d, "met", "", "as they wrote it", wrote)
	add(t, d, "met-2", "", "another", mail("other@x.org"))
	want(t, "K-1", imports(t, d, false, row(2, "K-1", "Wrote@X.org", "more@x.org"), row(3, "K-2", "wrote@x.org")), "2 0")
	rec, err := d.External(t.Context(), "K-1")
	ok(t, err)
	if rec.ID != "met" || len(rec.Identities) != 2 || !rec.Identities[0].Proven {
		t.Errorf("K-1 is %+v", rec)
	}
	if second, err := d.External(t.Context(), "K-2"); err != nil || second.ID == "met" {
		t.Errorf("K-2 is %+v, %v", second, err)
	}
	want(t, "shared with who is named already", imports(t, d, false, row(2, "K-4", "more@x.org")), "1 0 shared:2")
	want(t, "without an id, of several", imports(t, d, false, row(2, "", "more@x.org", "other@x.org")), "0 0 no:2")
	want(t, "without an id, of one", imports(t, d, false, row(2, "", "other@x.org", "alsoother@x.org")), "1 0")
	want(t, "whose it is", whose(t, d, s, "alsoother@x.org"), "met-2")
	want(t, "an address that the customer wrote from stays", imports(t, d, false, row(2, "K-1", "elsewhere@x.org")), "1 0")
	if rec, err = d.Get(t.Context(), "met"); err != nil || len(rec.Identities) != 2 || rec.Identities[1].Address != "elsewhere@x.org" {
		t.Errorf("they are %+v, %v", rec, err)
	}
}

func TestImportKeepsWhatPeopleSaid(t *testing.T) {
	d, _, _ := open(t)
	value := 12.5
	r := row(2, "K-1", "a@x.org")
	r.Name, r.Language, r.Value, r.Prefer, r.Tags = "Listed", "de", &value, contact.Email, []string{"b2b"}
	r.Attributes = []customers.Attribute{{Name: "segment", Value: "a"}}
	want(t, "first", imports(t, d, false, r), "1 0")
	rec, err := d.External(t.Context(), "K-1")
	ok(t, err)
	_, err = d.Update(t.Context(), rec.ID, "agent", func(rec *customers.Record) error {
		rec.Language = "en"
		for n := range rec.Fields {
			if rec.Fields[n].Field == "language" {
				rec.Fields[n].Source = customers.FromCustomer
			}
		}
		return nil
	})
	ok(t, err)
	want(t, "again", imports(t, d, false, r), "0 1")
	more := 13.0
	r.Name, r.Value, r.Prefer, r.Tags, r.Attributes[0].Value = "Renamed", &more, contact.Phone, []string{"vip"}, "b"
	want(t, "changed", imports(t, d, false, r), "1 0")
	rec, err = d.Get(t.Context(), rec.ID)
	ok(t, err)
	if rec.Language != "en" || rec.Name != "Renamed" || rec.Values[0].Amount != 13 || rec.Preferences[0].Channel != contact.Phone ||
		!slices.Equal(rec.Tags, []string{"vip"}) || rec.Attributes[0].Value != "b" || len(rec.Values)+len(rec.Preferences)+len(rec.Attributes) != 3 {
		t.Errorf("got %+v", rec)
	}
}

func TestImportOfTheErased(t *testing.T) {
	d, _, _ := open(t)
	want(t, "first", imports(t, d, false, row(2, "K-1", "a@x.org")), "1 0")
	rec, err := d.External(t.Context(), "K-1")
	ok(t, err)
	ok(t, d.Erase(t.Context(), rec.ID))
	want(t, "again", imports(t, d, false, row(2, "K-1", "a@x.org")), "1 0")
	if again, err := d.External(t.Context(), "K-1"); err != nil || again.ID == rec.ID {
		t.Errorf("who was erased is back: %+v, %v", again, err)
	}
}
