package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"stagecoach/configs"
	"stagecoach/customers/crm"
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
	jobs, seen := make(chan askedFor, 1024), &busy{now: map[string]*askedFor{}}
	var workers sync.WaitGroup
	for range crmWorkers {
		workers.Go(func() {
			for j := range jobs {
				for more := true; more; j, more = seen.done(j.customer) {
					d.askAbout(ctx, j)
				}
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

func (d *Daemon) readForCRM(ctx context.Context, jobs chan<- askedFor, seen *busy) error {
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
		if d.crm.Load() == nil || !bytes.Contains(data, []byte(`"contact_opened"`)) && !bytes.Contains(data, []byte(`"customers_linked"`)) {
			return nil
		}
		for _, j := range toAskFor(data, time.Now().Add(-crmLate)) {
			if !seen.begin(j) {
				continue
			}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
}

// askedFor is a customer whom the CRM is asked about, and the commit that gave cause.
type askedFor struct {
	customer string
	n        uint64
}

// toAskFor gives the customers for whom a commit opens contacts, and who turn out to be
// somebody else, too, unless it is older.
func toAskFor(data []byte, since time.Time) []askedFor {
	c, err := router.DecodeCommit(data)
	if err != nil || c.At.Before(since) {
		return nil // the router and the ledger say so
	}
	var out []askedFor
	add := func(customer string) {
		if customer != "" {
			out = append(out, askedFor{customer, c.N})
		}
	}
	for _, e := range c.Entries {
		for _, ev := range e.Events {
			if o, ok := ev.(router.ContactOpened); ok {
				add(o.Contact.Customer)
			} else if l, ok := ev.(router.CustomersLinked); ok {
				add(l.A)
			}
		}
	}
	return out
}

// busy are the customers who are being asked about, and what gave cause meanwhile to ask
// once more.
type busy struct {
	mu  sync.Mutex
	now map[string]*askedFor
}

// begin reports whether a customer is to be asked about now; else it is noted for when
// the question that is on its way has come back.
func (b *busy) begin(j askedFor) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, asked := b.now[j.customer]; asked {
		b.now[j.customer] = &j
		return false
	}
	b.now[j.customer] = nil
	return true
}

// done gives what is to be asked once more, false for nothing.
func (b *busy) done(customer string) (askedFor, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if next := b.now[customer]; next != nil {
		b.now[customer] = nil
		return *next, true
	}
	delete(b.now, customer)
	return askedFor{}, false
}
