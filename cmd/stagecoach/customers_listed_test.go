package main

import (
	"fmt"
	"path/filepath"
	"slices"
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
	for n := range 5 { // so that there is more open than there are rows
		open(fmt.Sprint("v", n), contact.Visit, fmt.Sprint("a stranger ", n))
	}
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
	exportedOnce(t, d, p.Members)
	var rows []string
	for _, external := range []string{"K-1", "K-2", "K-3"} {
		rec, err := d.directory.External(t.Context(), external)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, rec.ID)
	}
	looked, err := d.changes.openAmong(t.Context(), rows)
	for _, c := range []ledger.Row{call, text, shared} {
		if !slices.Contains(looked, c.Customer) {
			t.Errorf("looked at are %q, %v, not the customer of %s", looked, err, c.ID)
		}
	}
	if len(looked) > 5 { // and of the rows those who became one with who waits
		t.Errorf("looked at are %d customers of three rows", len(looked))
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

// exportedOnce fails unless what two conversations that wait for one answer say is in the
// export once, each in its own.
func exportedOnce(t *testing.T, d *Daemon, members []string) {
	t.Helper()
	given, err := d.rights.gather(t.Context(), members)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, v := range given.Conversations {
		for _, it := range v.Items {
			if seen[it.ID] || it.Channel != v.Channel {
				t.Errorf("%s of %s stands in a conversation by %s, there already: %v", it.ID, it.Channel, v.Channel, seen[it.ID])
			}
			seen[it.ID] = true
		}
	}
	if len(given.Conversations) != 2 || len(seen) != 2 {
		t.Errorf("%d conversations with %d messages, want 2 with one each", len(given.Conversations), len(seen))
	}
}

// BenchmarkListed looks for whom ten rows of a list link while 2,000 wait: among the rows,
// and among all that is open, as a start does.
func BenchmarkListed(b *testing.B) {
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	d, stop := startDaemon(b, cfg, Options{Dir: filepath.Join(b.TempDir(), "data"), Unsynced: true})
	defer stop()
	const open = 2_000
	var last router.Result
	for n := range open {
		last = take(b, d, said(fmt.Sprint("v", n), contact.Visit, fmt.Sprint("badge ", n), "A. M.", "Where is my order?"))
	}
	until(b, "records of all", func() bool {
		c, err := d.ledger.Contact(b.Context(), last.Contact)
		if err == nil {
			_, err = d.directory.Get(b.Context(), c.Customer)
		}
		return err == nil
	})
	var rows []customers.Row
	for n := range 10 {
		rows = append(rows, customers.Row{External: fmt.Sprint("K-", n), Identities: []customers.Identity{{Channel: contact.Visit, Address: fmt.Sprint("badge ", n)}}})
	}
	if got, err := d.directory.Import(b.Context(), rows, false); err != nil || len(got.Rejected) > 0 {
		b.Fatalf("imported %+v, %v", got, err)
	}
	var ids []string
	for _, row := range rows {
		rec, err := d.directory.External(b.Context(), row.External)
		if err != nil {
			b.Fatal(err)
		}
		ids = append(ids, rec.ID)
	}
	b.Run("rows", func(b *testing.B) {
		for b.Loop() {
			d.changes.linkListed(b.Context(), listedRows{ids: ids})
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(ids)), "µs/row")
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			d.changes.linkOpen(b.Context())
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/open, "µs/open")
	})
}
