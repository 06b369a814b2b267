package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/desk"
	"stagecoach/journal"
	"stagecoach/router"
)

// take takes in what somebody wrote in our own form.
func take(tb testing.TB, d *Daemon, m contact.Message) router.Result {
	tb.Helper()
	raw, err := json.Marshal(m)
	if err != nil {
		tb.Fatal(err)
	}
	in := &channels.Inbound{
		Channel: m.Channel, Account: string(m.Channel), Source: string(m.Channel) + "/desk", ProviderID: m.MessageID, Position: m.MessageID,
		Kind: channels.Fresh, Format: "json", ReceivedAt: time.Now().UTC(), Raw: raw, Size: int64(len(raw)),
	}
	ref, _, err := d.journal.PutInbound(tb.Context(), in)
	if err != nil {
		tb.Fatal(err)
	}
	res, err := d.intake.Take(tb.Context(), router.ActorIntake, ref, in)
	if err != nil {
		tb.Fatal(err)
	}
	if err := d.ledger.WaitFor(tb.Context(), res.Commit); err != nil {
		tb.Fatal(err)
	}
	return res
}

func said(id string, ch contact.Channel, address, name, text string) contact.Message {
	return contact.Message{
		Channel: ch, Account: string(ch), From: contact.Address{Address: address, Name: name}, MessageID: id,
		Subject: "My order", Text: text, ReplyText: text, ReceivedAt: time.Now().UTC(),
	}
}

// Whoever is on the company's list is one customer on all channels of it, with what
// the list says of them; whose proof comes later is linked by it.
func TestOnePersonWhateverTheChannel(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	d, stop := startDaemon(t, cfg, Options{Dir: filepath.Join(t.TempDir(), "data"), Unsynced: true})
	defer stop()
	now := time.Now().UTC()
	row := &customers.Record{
		ID: "0190c0de-0000-7000-8000-000000000001", External: "K-1", Name: "Anna Meyer", Language: "de", Since: "2019-05-01",
		Identities: []customers.Identity{
			{Channel: contact.Phone, Address: "+4930123456", Source: customers.FromImport, At: now},
			{Channel: contact.Letter, Address: "Anna Meyer, Hauptstraße 1, Berlin", Source: customers.FromImport, At: now},
		},
		Values: []customers.Value{{Amount: 812, Source: "import", At: now}}, MadeAt: now, ChangedAt: now, By: "import", Version: 1,
	}
	if err := d.directory.PutAll(t.Context(), []*customers.Record{row}); err != nil {
		t.Fatal(err)
	}
	call := take(t, d, said("p1", contact.Phone, "0049 (30) 123-456", "Frau Meyer", "Where is my order 4711?"))
	letter := take(t, d, said("l1", contact.Letter, "Anna Meyer, Hauptstraße 1, Berlin", "Anna Meyer", "I have called, and wait."))
	if call.Contact != letter.Contact {
		t.Errorf("the call waits in %s, the letter in %s", call.Contact, letter.Contact)
	}
	c, err := d.ledger.Contact(t.Context(), call.Contact)
	if err != nil || c.Customer != row.ID || c.Known == nil || c.Known.Record != row.ID || c.Known.Since != "2019-05-01" {
		t.Fatalf("the contact is of %q, known %+v, %v", c.Customer, c.Known, err)
	}

	visit := said("v1", contact.Visit, "badge 17", "A. M.", "I am here about it.")
	visit.Vouched = []contact.Identity{{Channel: contact.Phone, Address: "+49 30 123456"}}
	if got := take(t, d, visit); got.Contact != call.Contact {
		t.Errorf("the visit waits in %s", got.Contact)
	}
	p, _, err := d.ledger.Person(t.Context(), row.ID)
	if err != nil || len(p.Members) != 2 || len(p.Links) != 1 || p.Links[0].Evidence != customers.SignedWeb || p.Links[0].By != router.ActorIntake {
		t.Fatalf("the person is %+v, %v", p, err)
	}
}

// A name alone links nobody: it is proposed.
func TestNameAloneLinksNobody(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	d, stop := startDaemon(t, cfg, Options{Dir: filepath.Join(t.TempDir(), "data"), Unsynced: true})
	defer stop()
	first := take(t, d, said("p1", contact.Phone, "+4930111111", "Anna Meyer", "Where is my order?"))
	c, err := d.ledger.Contact(t.Context(), first.Contact)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "a record", func() bool { _, err := d.directory.Get(t.Context(), c.Customer); return err == nil })
	second := take(t, d, said("l1", contact.Letter, "somewhere", "Meyer, Anna", "Where is it?"))
	if first.Contact == second.Contact {
		t.Error("two of one name share a contact")
	}
	list, err := d.ledger.Proposals(t.Context(), 10)
	if err != nil || len(list) != 1 || list[0].Evidence != customers.SameName {
		t.Errorf("proposed: %+v, %v", list, err)
	}
}

// What becomes known of a customer counts for what is open already, also what was noted
// while nobody was here.
func TestOpenContactsLearn(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	dir := filepath.Join(t.TempDir(), "data")
	d, stop := startDaemon(t, cfg, Options{Dir: dir, Unsynced: true})
	res := take(t, d, said("p1", contact.Phone, "+4930111111", "Anna Meyer", "Where is my order?"))
	c, err := d.ledger.Contact(t.Context(), res.Contact)
	if err != nil {
		t.Fatal(err)
	}
	worth := func(d *Daemon, amount float64, since string) {
		t.Helper()
		_, err := d.directory.Update(t.Context(), c.Customer, "import", func(rec *customers.Record) error {
			rec.Since, rec.Values = since, []customers.Value{{Amount: amount, Source: "import", At: time.Now().UTC()}}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	known := func(d *Daemon, since string) {
		t.Helper()
		until(t, "the contact knows its customer since "+since, func() bool {
			c, err := d.ledger.Contact(t.Context(), res.Contact)
			return err == nil && c.Known != nil && c.Known.Since == since
		})
	}
	until(t, "a record", func() bool { _, err := d.directory.Get(t.Context(), c.Customer); return err == nil })
	worth(d, 500, "2020-01-01")
	known(d, "2020-01-01")
	stop()

	j, err := journal.Open(t.Context(), journal.Config{Dir: dir, Office: cfg.Office, Replicas: cfg.NATS.Replicas, Unsynced: true}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	still := &Daemon{}
	if still.directory, err = openDirectory(t.Context(), j, dir, d.keys, nil); err != nil {
		t.Fatal(err)
	}
	worth(still, 600, "2021-01-01")
	if err := errors.Join(still.directory.Close(), j.Close()); err != nil {
		t.Fatal(err)
	}
	d, stop = startDaemon(t, cfg, Options{Dir: dir, Unsynced: true})
	defer stop()
	known(d, "2021-01-01")
}

// A sweep finds what was changed while nobody told of it.
func TestSweepFindsWhatWasChanged(t *testing.T) {
	t.Parallel()
	was := customers.Facts{Record: "a", Version: 1, Since: "2020-01-01", Value: 5, TierRule: "gold"}
	now := was
	now.Record, now.Version, now.Value, now.TierRule = "b", 3, 7, ""
	if !sameGiven(&now, &was) {
		t.Error("what a policy makes of it is no change")
	}
	if now.Since = "2021-01-01"; sameGiven(&now, &was) {
		t.Error("another day is a change")
	}
	if sameGiven(&was, nil) || !sameGiven(&customers.Facts{Record: "a"}, nil) {
		t.Error("what becomes known of nobody is a change, that they have a record is none")
	}
}

// Whoever turns out to be on the list is known by it for what they wrote before, and
// not any more once that was a mistake.
func TestLinkTellsWhatIsOpen(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	d, stop := startDaemon(t, cfg, Options{Dir: filepath.Join(t.TempDir(), "data"), Unsynced: true})
	defer stop()
	now := time.Now().UTC()
	row := &customers.Record{
		ID: "0190c0de-0000-7000-8000-000000000002", External: "K-2", Name: "Anna Meyer", Since: "2019-05-01", MadeAt: now, ChangedAt: now, By: "import",
		Identities: []customers.Identity{{Channel: contact.Phone, Address: "+4930123456", Source: customers.FromImport, At: now}},
	}
	if err := d.directory.PutAll(t.Context(), []*customers.Record{row}); err != nil {
		t.Fatal(err)
	}
	res := take(t, d, said("v1", contact.Visit, "badge 17", "A. M.", "I am here about my order."))
	c, err := d.ledger.Contact(t.Context(), res.Contact)
	if err != nil {
		t.Fatal(err)
	}
	since := func(want string) func() bool {
		return func() bool {
			c, err := d.ledger.Contact(t.Context(), res.Contact)
			return err == nil && (c.Known != nil && c.Known.Since == want || c.Known == nil && want == "")
		}
	}
	desks := &customerDesk{ledger: d.ledger, router: d.engine, directory: func(context.Context) (*directory.Directory, error) { return d.directory, nil }}
	linked, err := desks.Link(t.Context(), desk.Word{Actor: router.ActorControl}, c.Customer, "K-2")
	if err != nil {
		t.Fatal(err)
	}
	until(t, "what is open knows the list", since("2019-05-01"))
	if err := d.ledger.WaitFor(t.Context(), linked.Commit); err != nil {
		t.Fatal(err)
	}
	if _, err := desks.Unlink(t.Context(), desk.Word{Actor: router.ActorControl}, linked.Link); err != nil {
		t.Fatal(err)
	}
	until(t, "what is open knows it no more", since(""))
}
