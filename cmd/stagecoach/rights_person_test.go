package main

import (
	"net/http"
	"slices"
	"testing"

	"stagecoach/desk/view"
	"stagecoach/router"
)

// called has somebody write down a call that awaits an answer, and gives its contact and
// customer.
func (d *Daemon) called(t *testing.T, token, number, text string) (contactID, customer string) {
	t.Helper()
	c := &client{http: &http.Client{}, base: d.URL(), token: token}
	var done view.Done
	in := map[string]any{"channel": "phone", "name": "Caller", "address": number, "text": text}
	if _, err := c.call(t.Context(), http.MethodPost, "/api/enter", in, &done); err != nil {
		t.Fatal(err)
	}
	ids, err := d.rights.resolve(t.Context(), number)
	if err != nil || len(ids) == 0 {
		t.Fatalf("%s is %v, %v", number, ids, err)
	}
	row, err := d.ledger.Contact(t.Context(), done.Contact)
	if err != nil {
		t.Fatal(err)
	}
	return done.Contact, row.Customer
}

// Whoever is erased is erased with all whom they are linked to.
func TestErasesTheWholePerson(t *testing.T) {
	t.Parallel()
	d, dir, token := retainOffice(t)
	first, a := d.called(t, token, "+49305555551", "zanzibarone")
	second, b := d.called(t, token, "+49305555552", "zanzibartwo")
	third, c := d.called(t, token, "+49305555553", "zanzibarthree")
	for _, pair := range [][2]string{{a, b}, {b, c}} {
		ok(t, "", "customers", "link", pair[0], pair[1], "--reason", "they said so", "--data", dir)
	}
	out := ok(t, "", "customers", "erase", "+49305555553", "--yes", "--json", "--data", dir)
	got := oneJSON[erasedOut](t, out)
	all := slices.Sorted(slices.Values([]string{a, b, c}))
	if !slices.Equal(got.Data.Customers, all) || !slices.Equal(got.Erasure.Customers, all) || len(got.Data.Open) == 0 || !got.Erasure.Ended {
		t.Errorf("erased %+v, want %v", got, all)
	}
	for _, id := range []string{first, second, third} {
		if row, err := d.ledger.Contact(t.Context(), id); err != nil || row.Open() {
			t.Errorf("contact %s is open still, %v", id, err)
		}
	}
	for _, number := range []string{"+49305555551", "+49305555552", "+49305555553"} {
		refused(t, 1, "no customer", "customers", "erase", number, "--yes", "--data", dir)
	}
}

// Who was linked and is no more is somebody else: what they wait for stays, with its
// words.
func TestErasesOneOfTwoWhoAreNotLinked(t *testing.T) {
	t.Parallel()
	d, dir, token := retainOffice(t)
	first, a := d.called(t, token, "+49305555551", "zanzibarone")
	second, b := d.called(t, token, "+49305555552", "zanzibartwo")
	ok(t, "", "customers", "link", a, b, "--reason", "they said so", "--data", dir)
	p, _, err := d.ledger.Person(t.Context(), a)
	if err != nil || len(p.Links) != 1 {
		t.Fatalf("the person is %+v, %v", p, err)
	}
	ok(t, "", "customers", "unlink", p.Links[0].ID, "--data", dir)
	out := ok(t, "", "customers", "erase", a, "--yes", "--json", "--data", dir)
	if got := oneJSON[erasedOut](t, out); !slices.Equal(got.Erasure.Customers, []string{a}) {
		t.Errorf("erased %v, want %s alone", got.Erasure.Customers, a)
	}
	gone, err := d.ledger.Contact(t.Context(), first)
	if err != nil || gone.Open() || gone.Disposition != "erased" {
		t.Errorf("the contact of who was erased is %+v, %v", gone, err)
	}
	if left, err := d.ledger.Contact(t.Context(), second); err != nil || !left.Open() {
		t.Errorf("the contact of the other has ended: %+v, %v", left, err)
	}
	waits := false
	if err := d.engine.View(t.Context(), func(s *router.State) { waits = s.Contacts[second] != nil }); err != nil || !waits {
		t.Errorf("the contact of the other is not with the router: %v", err)
	}
	if n := d.wordsLeft(t, "+49305555552"); n == 0 {
		t.Error("the words of the other are gone")
	}
}

// What was quoted of somebody in an answer to another, while they were taken for one
// person, goes with them; other answers to that one stay.
func TestErasesQuotes(t *testing.T) {
	t.Parallel()
	d, dir, token := retainOffice(t)
	_, a := d.called(t, token, "+49305555551", "where is the zanzibarparcel that I have paid for")
	c := &client{http: &http.Client{}, base: d.URL(), token: token}
	const number = "+49305555552"
	for _, answer := range []string{"zanzibarstays with you.", "zanzibarcomes tomorrow.\n\nThey wrote:\n> where is the zanzibarparcel that I have paid for"} {
		in := map[string]any{"channel": "phone", "name": "Caller", "address": number, "text": "zanzibarother", "answer": answer}
		if _, err := c.call(t.Context(), http.MethodPost, "/api/enter", in, nil); err != nil {
			t.Fatal(err)
		}
	}
	b := d.customerOf(t, number)[0]
	ok(t, "", "customers", "link", a, b, "--reason", "they said so", "--data", dir)
	p, _, err := d.ledger.Person(t.Context(), a)
	if err != nil || len(p.Links) != 1 {
		t.Fatalf("the person is %+v, %v", p, err)
	}
	ok(t, "", "customers", "unlink", p.Links[0].ID, "--data", dir)
	ok(t, "", "customers", "erase", a, "--yes", "--json", "--data", dir)
	for word, left := range map[string]bool{"zanzibarparcel": false, "zanzibarcomes": false, "zanzibarstays": true, "zanzibarother": true} {
		if where := tracesIn(t, dir, word); (len(where) > 0) != left {
			t.Errorf("%s is in %v", word, where)
		}
	}
}
