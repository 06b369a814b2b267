package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// A reply to somebody whose data are held stays, also where it quotes who is erased: the
// hold is on the other, and it is told.
func TestErasesNoQuotesThatAreHeld(t *testing.T) {
	t.Parallel()
	d, dir, token := retainOffice(t)
	_, a := d.called(t, token, "+49305555551", "where is the zanzibarparcel that I have paid for")
	c := &client{http: &http.Client{}, base: d.URL(), token: token}
	const number = "+49305555552"
	in := map[string]any{"channel": "phone", "name": "Caller", "address": number, "text": "zanzibarother", "answer": "zanzibarcomes tomorrow.\n\n> where is the zanzibarparcel that I have paid for"}
	if _, err := c.call(t.Context(), http.MethodPost, "/api/enter", in, nil); err != nil {
		t.Fatal(err)
	}
	b := d.customerOf(t, number)[0]
	ok(t, "", "customers", "link", a, b, "--reason", "they said so", "--data", dir)
	p, _, err := d.ledger.Person(t.Context(), a)
	if err != nil || len(p.Links) != 1 {
		t.Fatalf("the person is %+v, %v", p, err)
	}
	ok(t, "", "customers", "unlink", p.Links[0].ID, "--data", dir)
	ok(t, "", "customers", "hold", b, "--reason", "a lawsuit", "--data", dir)
	out := ok(t, "", "customers", "erase", a, "--yes", "--json", "--data", dir)
	got := oneJSON[erasedOut](t, out)
	if where := tracesIn(t, dir, "zanzibarcomes"); len(where) == 0 {
		t.Error("a reply to somebody whose data are held is gone")
	}
	if len(got.Erasure.Kept) != 1 || !strings.Contains(got.Erasure.Kept[0], "1 of our replies to customer "+b) {
		t.Errorf("what stays is told as %q", got.Erasure.Kept)
	}
}

// restrictedOf has somebody write from an address, and ask to be erased while held.
func (d *Daemon) restrictedOf(t *testing.T, token, channel, address, words string) *view.Erasure {
	t.Helper()
	c := &client{http: &http.Client{}, base: d.URL(), token: token}
	var done view.Done
	in := map[string]any{"channel": channel, "name": "Writer", "address": address, "text": words}
	if _, err := c.call(t.Context(), http.MethodPost, "/api/enter", in, &done); err != nil {
		t.Fatal(err)
	}
	if err := d.rights.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	row, err := d.ledger.Contact(t.Context(), done.Contact)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.rights.hold(t.Context(), router.ActorControl, row.Customer, view.Hold{Reason: "audit"}); err != nil {
		t.Fatal(err)
	}
	e, err := d.rights.erase(t.Context(), router.ActorControl, row.Customer)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "it to be restricted", func() bool { return d.stillKept(t, e.ID) > 0 })
	return e
}

// An address that two restricted people had names neither: a reading of what is kept of
// the one, on record, shows nothing of the other.
func TestNamesOneRestrictedPersonOnly(t *testing.T) {
	t.Parallel()
	d, dir, token := retainOffice(t)
	one := d.restrictedOf(t, token, "letter", "Zanzibarroad 1", "zanzibarone")
	two := d.restrictedOf(t, token, "visit", "Zanzibarroad 1", "zanzibartwo")
	if one.ID == two.ID || slices.Equal(one.Customers, two.Customers) {
		t.Fatalf("they are one person: %+v, %+v", one, two)
	}
	said := refused(t, 1, "more than one person who is restricted", "customers", "kept", "Zanzibarroad 1", "--reason", "court order", "--by", "berta@acme.test", "--data", dir).err
	if !strings.Contains(said, one.ID) || !strings.Contains(said, two.ID) {
		t.Errorf("it is not said how to name one: %s", said)
	}
	out := ok(t, "", "customers", "kept", two.ID, "--reason", "court order", "--by", "berta@acme.test", "--data", dir)
	if !strings.Contains(out, "zanzibartwo") || strings.Contains(out, "zanzibarone") {
		t.Errorf("what is kept of the second is %s", out)
	}
}

// A hold that comes once an erasure has begun is refused: the record that would say so
// goes with the rest.
func TestHoldsNobodyWhoIsBeingErased(t *testing.T) {
	t.Parallel()
	d, dir, token := retainOffice(t)
	_, customer := d.called(t, token, "+49305555551", "zanzibarlate")
	cmd := router.Erase{Erasure: "0123456789abcdef", Customers: []string{customer}} // begun, and not stirred to go on
	if _, err := d.engine.Do(t.Context(), router.Envelope{Actor: router.ActorControl, Command: cmd}); err != nil {
		t.Fatal(err)
	}
	refused(t, 1, "too late to hold", "customers", "hold", customer, "--reason", "a lawsuit", "--data", dir)
}

// An agent's name doesn't stand for a hold, nor what has no time for a gap in the print.
func TestHeldBySupervisors(t *testing.T) {
	t.Parallel()
	d, dir, token := retainOffice(t)
	_, customer := d.called(t, token, "+49305555553", "zanzibarheld")
	ok(t, "long enough for anybody\n", "agents", "add", "agent@acme.test", "--password-stdin", "--data", dir)
	refused(t, 1, "only a supervisor says", "customers", "hold", customer, "--reason", "a lawsuit", "--by", "agent@acme.test", "--data", dir)
	if rec, err := d.directory.Get(t.Context(), customer); err != nil || rec.Hold != nil {
		t.Errorf("held by %+v, %v", rec.Hold, err)
	}
	var out strings.Builder
	printKept(&out, &view.KeptWords{Pieces: []view.KeptPiece{{Kind: "reason", Text: "so"}}})
	if !strings.HasSuffix(out.String(), "\nreason\n  so\n") {
		t.Errorf("printed %q", out.String())
	}
}

// A number alone is not looked for in the chats where it is known whose number it is:
// every shop has a customer 7.
func TestVisitorsOfOtherShopsStay(t *testing.T) {
	t.Parallel()
	who := &identities{all: map[contact.Identity]bool{}}
	for _, address := range []string{"user:7", "user:boots/7", "user:8", "visitor:7"} {
		who.add(contact.WebChat, address)
	}
	who.add(contact.Email, "ada@cust.test")
	if got, want := who.visitors(), []string{"user:8", "user:boots/7", "visitor:7"}; !slices.Equal(got, want) {
		t.Errorf("visitors are %v, want %v", got, want)
	}
}

// deciding looks on as the router is told of an erasure.
type deciding struct {
	rightsRouter
	seen func()
}

func (d deciding) Do(ctx context.Context, e router.Envelope) (router.Result, error) {
	if _, ok := e.Command.(router.Erase); ok {
		d.seen()
	}
	return d.rightsRouter.Do(ctx, e)
}

// No hold comes between what is found of a person and the decision to erase them: it
// would go with the record.
func TestNoHoldComesBetween(t *testing.T) {
	t.Parallel()
	d, _, token := retainOffice(t)
	_, customer := d.called(t, token, "+49305555552", "zanzibarsoon")
	asked := false
	var r *rights
	r = newRights(d.opts.Dir, d.cfg.Office, d.policy.Load, d.journal, d.ledger, deciding{d.engine, func() {
		if asked = true; r.deciding.TryLock() {
			t.Error("a hold could be taken, and lost, while the erasure begins")
			r.deciding.Unlock()
		}
	}}, d.words, d.rights.register, d.logger)
	r.directory = d.rights.directory
	if _, err := r.erase(t.Context(), router.ActorControl, customer); err != nil || !asked {
		t.Errorf("asked %v, %v", asked, err)
	}
}
