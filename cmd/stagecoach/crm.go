package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"stagecoach/channels"
	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/crm"
	"stagecoach/customers/directory"
	"stagecoach/router"
)

// askedCRM is a CRM, and how long its word counts.
type askedCRM struct {
	client *crm.Client
	cache  time.Duration
}

// newCRM gives a client for the CRM that is configured, nil for none.
func newCRM(cfg *configs.CRM, logger *slog.Logger) (*askedCRM, error) {
	if !cfg.Asked() {
		return nil, nil //nolint:nilnil // there is none
	}
	c := crm.Config{
		URL: cfg.URL, IDURL: cfg.IDURL, Token: cfg.Token.Reveal(), TimeLimit: cfg.TimeLimit, AtOnce: cfg.AtOnce, Fields: map[string]string{},
	}
	for _, f := range cfg.Fields {
		c.Fields[f.Name] = f.At
	}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading the CRM's authorities: %w", err)
		}
		c.Roots = x509.NewCertPool()
		c.Roots.AppendCertsFromPEM(pem)
	}
	return &askedCRM{client: crm.New(c, logger), cache: cfg.Cache}, nil
}

// askCRM takes the CRM up that is configured now, nil for none.
func (d *Daemon) askCRM(now *askedCRM) {
	if was := d.crm.Swap(now); was != nil {
		was.client.Close()
	}
}

// The bounds of asking.
const (
	crmMark  = "crm"
	crmNotes = 5_000
	// crmLate is how old a contact may be for its customer to be asked about.
	crmLate = time.Hour
	// crmPatience is how long a customer's record is waited for, which the keeper makes
	// beside.
	crmPatience = 20 * time.Second
	crmWorkers  = 16
)

// followCRM asks the CRM about customers whose contacts open, until ctx ends. Nobody
// waits for it: what it says is told to the router afterwards.
func (d *Daemon) followCRM(ctx context.Context) error {
	jobs, seen := make(chan string, 1024), &busy{now: map[string]bool{}}
	var workers sync.WaitGroup
	for range crmWorkers {
		workers.Go(func() {
			for customer := range jobs {
				d.askAbout(ctx, customer)
				seen.done(customer)
			}
		})
	}
	pause := time.Second
	for ctx.Err() == nil {
		if err := d.readForCRM(ctx, jobs, seen); ctx.Err() == nil {
			d.logger.WarnContext(ctx, "looking for customers to ask the CRM about was cut", "err", err, "pause", pause)
			rest(ctx, pause)
			pause = min(2*pause, time.Minute)
		}
	}
	close(jobs)
	workers.Wait()
	return nil
}

func (d *Daemon) readForCRM(ctx context.Context, jobs chan<- string, seen *busy) error {
	after, err := d.directory.Mark(ctx, crmMark)
	if err != nil {
		return err
	}
	noted := after
	return d.journal.Log().Follow(ctx, after, func(seq uint64, data []byte) error {
		if seq >= noted+crmNotes {
			if err := d.directory.SetMark(ctx, crmMark, seq-1); err != nil {
				return err
			}
			noted = seq
		}
		if d.crm.Load() == nil || !bytes.Contains(data, []byte(`"contact_opened"`)) {
			return nil
		}
		for _, customer := range opened(data, time.Now().Add(-crmLate)) {
			if !seen.begin(customer) {
				continue
			}
			select {
			case jobs <- customer:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
}

// opened gives the customers for whom a commit opens contacts, unless it is older.
func opened(data []byte, since time.Time) []string {
	c, err := router.DecodeCommit(data)
	if err != nil || c.At.Before(since) {
		return nil // the router and the ledger say so
	}
	var out []string
	for _, e := range c.Entries {
		for _, ev := range e.Events {
			if o, ok := ev.(router.ContactOpened); ok && o.Contact.Customer != "" {
				out = append(out, o.Contact.Customer)
			}
		}
	}
	return out
}

// busy are the customers who are being asked about.
type busy struct {
	mu  sync.Mutex
	now map[string]bool
}

func (b *busy) begin(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.now[id] {
		return false
	}
	b.now[id] = true
	return true
}

func (b *busy) done(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.now, id)
}

// askAbout asks the CRM about a customer, unless its last word still counts, and tells
// the router what has changed.
func (d *Daemon) askAbout(ctx context.Context, customer string) {
	asked := d.crm.Load()
	if asked == nil {
		return
	}
	rec := d.recordOf(ctx, customer)
	if rec == nil || rec.Objection != nil || rec.Hold != nil { // who isn't to be scored isn't asked about
		return
	}
	if _, due := crm.Asked(rec, time.Now(), asked.cache); !due {
		return
	}
	q := questionAbout(rec)
	if !asked.client.Asks(q) {
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

// questionAbout gives by what the CRM is asked: the company's own id, or the address
// that is surest to be theirs, e-mail first. What nobody has proven asks about nobody.
func questionAbout(rec *customers.Record) crm.Question {
	q := crm.Question{External: rec.External}
	best := -1
	for _, i := range rec.Identities {
		if i.Address == "" || i.Unproven {
			continue
		}
		rank := slices.Index([]contact.Channel{contact.Phone, contact.SMS, contact.Email}, i.Channel) + 1
		if i.Proven {
			rank += 10
		}
		if rank > best {
			best, q.Channel, q.Address = rank, i.Channel, i.Address
		}
	}
	return q
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
