package main

import (
	"path/filepath"
	"testing"

	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk"
	"stagecoach/ledger"
	"stagecoach/router"
)

// Two who wait, and turn out to be one customer of the list, wait for one answer at once;
// whom two rows of it share is nobody's by it; and what somebody has undone stays so.
func TestListLinksWhatIsOpen(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	d, stop := startDaemon(t, cfg, Options{Dir: filepath.Join(t.TempDir(), "data"), Unsynced: true})
	defer stop()
	open := func(id string, ch contact.Channel, address string) ledger.Row {
		t.Helper()
		res := take(t, d, said(id, ch, address, "A. M.", "Where is my order 4711?"))
		c, err := d.ledger.Contact(t.Context(), res.Contact)
		if err != nil {
			t.Fatal(err)
		}
		until(t, "a record", func() bool {
			rec, err := d.directory.Get(t.Context(), c.Customer)
			return err == nil && len(rec.Identities) == 1
		})
		return c
	}
	call, text, shared := open("p1", contact.Phone, "+4930111111"), open("w1", contact.Visit, "badge 17"), open("p3", contact.Phone, "+4930333333")
	list := func(value float64) {
		t.Helper()
		row := func(external string, more ...customers.Identity) customers.Row {
			return customers.Row{External: external, Value: &value, Identities: append(more, customers.Identity{Channel: contact.Phone, Address: "+4930333333"})}
		}
		rows := []customers.Row{
			row("K-1", customers.Identity{Channel: contact.Phone, Address: "+4930111111"}, customers.Identity{Channel: contact.Visit, Address: "badge 17"}),
			row("K-2"), row("K-3"),
		}
		if got, err := d.directory.Import(t.Context(), rows, false); err != nil || len(got.Rejected) > 0 {
			t.Fatalf("imported %+v, %v", got, err)
		}
	}
	person := func(id string) *ledger.Person {
		t.Helper()
		p, _, err := d.ledger.Person(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	list(10)
	until(t, "one contact of the two", func() bool {
		a, err := d.ledger.Contact(t.Context(), call.ID)
		b, err2 := d.ledger.Contact(t.Context(), text.ID)
		return err == nil && err2 == nil && (a.End == router.EndMerged) != (b.End == router.EndMerged)
	})
	p := person(call.Customer)
	if len(p.Members) != 2 || len(p.Links) != 1 || p.Links[0].Evidence != customers.ByImport {
		t.Errorf("the person is %+v", p)
	}
	if q := person(shared.Customer); len(q.Members) > 1 {
		t.Errorf("a number of three rows makes one person of them: %+v", q)
	}
	res, err := d.listedLinks().desk.Unlink(t.Context(), desk.Word{Actor: router.ActorControl}, p.Links[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.ledger.WaitFor(t.Context(), res.Commit); err != nil {
		t.Fatal(err)
	}
	list(20)
	d.listedLinks().link(t.Context(), []string{call.Customer, text.Customer, shared.Customer})
	if q := person(call.Customer); len(q.Members) > 1 {
		t.Errorf("what somebody has undone was done again: %+v", q)
	}
}
