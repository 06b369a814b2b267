package main

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/journal"
	"stagecoach/router"
)

// offering sends an advertisement to a customer who agreed, as it was written.
func (o *sendingOffice) offering(t *testing.T, id string) journal.OutboxItem {
	t.Helper()
	words, err := o.journal.Get(t.Context(), "reply."+theReply)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := o.journal.Put(t.Context(), journal.KindReply, id, words)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.engine.Do(t.Context(), router.Envelope{Actor: "anna", Command: router.StartOutbound{
		Channel: contact.Email, Account: "support", Identity: "alice", Begins: router.Beginning{Purpose: customers.Marketing, Allowed: customers.Consented},
		Reply: router.Reply{ID: id, Kind: contact.Outbound, Channel: contact.Email, Account: "support", Ref: ref},
	}}); err != nil {
		t.Fatal(err)
	}
	return journal.OutboxItem{Reply: id, Channel: string(contact.Email), Account: "support"}
}

// Who has taken their consent back before a message went does not get it; as long as
// nobody can tell, it waits; and an answer asks nobody.
func TestConsentIsLookedUpBeforeSending(t *testing.T) {
	t.Parallel()
	o := startSending(t)
	says, broken := customers.Consented, errors.New("the disk")
	o.consent = func(_ context.Context, b *router.Begins, ch contact.Channel) (customers.Allowed, error) {
		if b.Purpose != customers.Marketing || b.Whom == "" || ch != contact.Email {
			t.Errorf("asked about %+v by %s", b, ch)
		}
		return says, broken
	}
	item := o.offering(t, "0195-offer-1")
	if v := o.handle(t.Context(), item, 1, nil); v != journal.RetryAfter(earlyWait) || len(o.provider.Taken()) > 0 {
		t.Errorf("where nobody can tell the verdict is %+v", v)
	}
	if v := o.handle(t.Context(), o.item, 1, nil); v != journal.Done() {
		t.Errorf("a message without a purpose waits: %+v", v)
	}
	o.delivered(t, 1)
	became := func(item journal.OutboxItem) (r router.Reply) {
		t.Helper()
		if err := o.engine.View(t.Context(), func(s *router.State) { r = *s.Replies[item.Reply] }); err != nil {
			t.Fatal(err)
		}
		return r
	}
	broken = nil
	if v := o.handle(t.Context(), item, 1, nil); v != journal.Done() || became(item).State != router.ReplyIsDelivered {
		t.Errorf("what is allowed is %s, the verdict %+v", became(item).State, v)
	}
	says, item = customers.Objected, o.offering(t, "0195-offer-2")
	for range 2 {
		if v := o.handle(t.Context(), item, 1, nil); v != journal.Done() {
			t.Errorf("the verdict is %+v", v)
		}
	}
	if r := became(item); r.State != router.ReplyHasFailed || r.Reason != router.RefusedConsent || r.Attempt != 0 {
		t.Errorf("what they refuse is %s, %q, after %d attempts", r.State, r.Reason, r.Attempt)
	}
}

// A person's word counts whichever of their records it stands in, also one that was
// linked since.
func TestConsentOfThePerson(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	d, stop := startDaemon(t, cfg, Options{Dir: filepath.Join(t.TempDir(), "data"), Unsynced: true})
	defer stop()
	a := take(t, d, said("p1", contact.Phone, "+4930111111", "A. M.", "Where is my order 4711?"))
	b := take(t, d, said("v1", contact.Visit, "badge 17", "A. M.", "Do you have tents?"))
	whose := func(res router.Result) string {
		c, err := d.ledger.Contact(t.Context(), res.Contact)
		if err != nil {
			t.Fatal(err)
		}
		return c.Customer
	}
	begins := &router.Begins{Purpose: customers.Marketing, Whom: whose(a)}
	asks := func() customers.Allowed {
		got, err := d.consent(t.Context(), begins, contact.Email)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if _, err := d.directory.Update(t.Context(), whose(b), "page", func(rec *customers.Record) error {
		rec.Consents = []customers.Consent{{Purpose: customers.Marketing, Channel: contact.Email, Given: false, At: rec.ChangedAt}}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := asks(); got != customers.Unsaid {
		t.Errorf("of somebody else's word: %q", got)
	}
	res, err := d.engine.Do(t.Context(), router.Envelope{Actor: router.ActorControl, Command: router.Link{A: whose(a), B: whose(b), Evidence: customers.ByAgent, AsOf: b.Commit}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.ledger.WaitFor(t.Context(), res.Commit); err != nil {
		t.Fatal(err)
	}
	if got := asks(); got != customers.Objected {
		t.Errorf("of their own: %q", got)
	}
}
