package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"stagecoach/channels"
	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/crm"
	"stagecoach/customers/directory"
)

// askAbout asks the CRM about whoever a customer is, unless its last word still counts,
// and tells the router what has changed.
func (d *Daemon) askAbout(ctx context.Context, of askedFor) {
	asked := d.crm.Load()
	if asked == nil {
		return
	}
	rec, q := d.whomToAsk(ctx, of, asked)
	if rec == nil {
		return
	}
	customer := rec.ID
	if _, due := crm.Asked(rec, time.Now(), asked.cache); !due {
		return
	}
	a, err := asked.client.Ask(ctx, q)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		d.logger.DebugContext(ctx, "the CRM could not be asked", "customer", customer, "err", err)
	}
	answered := err == nil
	_, failed := d.directory.Update(ctx, customer, customers.FromCRM, func(rec *customers.Record) error {
		if !answered {
			crm.MarkStale(rec)
			return nil
		}
		a.Apply(rec, time.Now())
		return nil
	})
	if failed == nil {
		failed = d.customerChanged(ctx, customer)
	}
	if failed != nil && !errors.Is(failed, directory.ErrErased) && ctx.Err() == nil {
		d.logger.WarnContext(ctx, "what the CRM says of a customer could not be noted", "customer", customer, "err", failed)
	}
}

// whomToAsk gives of all the records of a person the one by which the CRM knows them
// best, and the question; nil where it can't be asked, or may not: whoever isn't to be
// scored under one of their addresses isn't under another.
func (d *Daemon) whomToAsk(ctx context.Context, of askedFor, asked *askedCRM) (*customers.Record, crm.Question) {
	base := d.recordOf(ctx, of.customer)
	if base == nil || d.ledger.WaitFor(ctx, of.n) != nil {
		return nil, crm.Question{}
	}
	p, _, err := d.ledger.Person(ctx, of.customer)
	if err != nil {
		return nil, crm.Question{}
	}
	others, err := peopleOf{d.directory}.Records(ctx, slices.DeleteFunc(p.Members, func(id string) bool { return id == base.ID }))
	if err != nil {
		return nil, crm.Question{}
	}
	var best *customers.Record
	var question crm.Question
	highest := -1
	for _, rec := range append([]*customers.Record{base}, others...) {
		if rec.Objection != nil || rec.Hold != nil {
			return nil, crm.Question{}
		}
		if q, rank := questionAbout(rec); asked.client.Asks(q) && rank > highest {
			best, question, highest = rec, q, rank
		}
	}
	return best, question
}

// recordOf gives a customer's record once it is there, nil if it doesn't come.
func (d *Daemon) recordOf(ctx context.Context, customer string) *customers.Record {
	for begun := time.Now(); time.Since(begun) < crmPatience && ctx.Err() == nil; rest(ctx, 50*time.Millisecond) {
		rec, err := d.directory.Get(ctx, customer)
		switch {
		case errors.Is(err, directory.ErrNotFound):
		case err != nil:
			return nil
		case len(rec.Identities) > 0 || rec.External != "":
			return rec
		}
	}
	return nil
}

// questionAbout gives by what the CRM is asked, and how sure it is to be theirs: the
// company's own id, or the address that is surest, e-mail first. What nobody has proven
// asks about nobody.
func questionAbout(rec *customers.Record) (q crm.Question, rank int) {
	rank = -1
	for _, i := range rec.Identities {
		if i.Address == "" || i.Unproven {
			continue
		}
		r := slices.Index([]contact.Channel{contact.Phone, contact.SMS, contact.Email}, i.Channel) + 1
		if i.Proven {
			r += 10
		}
		if r > rank {
			rank, q.Channel, q.Address = r, i.Channel, i.Address
		}
	}
	if rec.External != "" {
		q.External = rec.External
		rank = max(rank, 0) + 100
	}
	return q, rank
}

// tryCRM asks the CRM about nobody whom it could know.
func tryCRM(ctx context.Context, cfg *configs.CRM) triedAccount {
	where := hostOf(cfg.URL)
	if where == "" {
		where = hostOf(cfg.IDURL)
	}
	t := triedAccount{Channel: "crm", Account: where, Lines: []string{}, WouldOpen: -1}
	asked, err := newCRM(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Trouble, t.Reason = err.Error(), string(channels.Malformed)
		return t
	}
	defer asked.client.Close()
	for _, q := range []crm.Question{{Channel: contact.Email, Address: "stagecoach-check@example.invalid"}, {External: "stagecoach-check"}} {
		if !asked.client.Asks(q) {
			continue
		}
		begin := time.Now()
		a, err := asked.client.Ask(ctx, q)
		if err != nil {
			t.Trouble, t.Reason = err.Error(), string(channels.Unavailable)
			return t
		}
		what := "doesn't know the customer of this test, as it should be"
		if a.Found {
			what = "knows the customer of this test, whom there isn't: does it answer the same of everybody?"
		}
		t.Lines = append(t.Lines, fmt.Sprintf("answered in %d ms of the %s that it has, and %s", time.Since(begin).Milliseconds(), cfg.TimeLimit, what))
	}
	t.OK = true
	return t
}
