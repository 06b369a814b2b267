package main

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"stagecoach/customers"
	"stagecoach/router"
)

// customerRefresh tells the router of customers whose records have changed, whoever
// changed them, as long as something of theirs is open.
type customerRefresh struct {
	engine *router.Engine
	known  func(ctx context.Context, customer string, was *customers.Facts) customers.Known
	// persons gives whom those are part of who are of somebody else.
	persons func(ctx context.Context, customers []string) (map[string]string, error)
	// tell tells the router what is known now of one customer.
	tell   func(ctx context.Context, customer string) error
	logger *slog.Logger

	// link links customers who have something open to whom the list names, sharing gives
	// who has an address that the list has of one of those records.
	link    func(ctx context.Context, open []string)
	sharing func(ctx context.Context, records []string) ([]string, error)
	// reached waits until the ledger has a commit.
	reached func(ctx context.Context, n uint64) error

	mu      sync.Mutex
	changed []string
	// listed are the records of rows that came since their links were looked for.
	listed listedRows
	// after is the commit up to which the ledger must know who is whom.
	after uint64
	wake  chan struct{}
}

func newCustomerRefresh() *customerRefresh { return &customerRefresh{wake: make(chan struct{}, 1)} }

// refreshBatch is how many are looked for in the router's state at a time.
const refreshBatch = 1_000

// from takes in whose records were changed by somebody. That the router has met them, or
// what was learnt from their answers, counts from their next contact on.
func (r *customerRefresh) from(ids []string, by string) {
	if by == router.ActorRouter {
		return
	}
	if by == customers.FromImport {
		r.mu.Lock()
		r.listed.add(ids)
		r.mu.Unlock()
	}
	r.note(ids)
}

// linked takes in whose person was changed by a commit.
func (r *customerRefresh) linked(ids []string, n uint64) {
	r.mu.Lock()
	r.after = max(r.after, n)
	r.mu.Unlock()
	r.note(ids)
}

// note takes in whose records were changed. It never blocks.
func (r *customerRefresh) note(ids []string) {
	r.mu.Lock()
	r.changed = append(r.changed, ids...)
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run tells the router until ctx ends: first of what was changed while it was stopped.
func (r *customerRefresh) Run(ctx context.Context) error {
	r.sweep(ctx)
	r.linkListed(ctx, listedRows{many: true})
	for ctx.Err() == nil {
		ids, after := r.next()
		if after > 0 {
			_ = r.reached(ctx, after) // it ends, or catches up later: then they are told what is known by now
		}
		if len(ids) == 0 {
			if rows := r.takeListed(); rows.any() {
				r.linkListed(ctx, rows)
				continue
			}
			select {
			case <-ctx.Done():
			case <-r.wake:
			}
			continue
		}
		r.refresh(ctx, ids)
	}
	return nil
}

func (r *customerRefresh) next() (ids []string, after uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.changed), refreshBatch)
	ids, after, r.after = r.changed[:n:n], r.after, 0
	if r.changed = r.changed[n:]; len(r.changed) == 0 {
		r.changed = nil
	}
	return ids, after
}

// refresh tells of those among them of whom something is open.
func (r *customerRefresh) refresh(ctx context.Context, ids []string) {
	open, err := r.haveOpen(ctx, ids)
	if err != nil {
		return // it is ending
	}
	for _, id := range open {
		if err := r.tell(ctx, id); err != nil && ctx.Err() == nil {
			r.logger.WarnContext(ctx, "the router was not told of a customer's record", "customer", id, "err", err)
		}
	}
}

// haveOpen gives those of customers of whom something is open, whatever the address.
func (r *customerRefresh) haveOpen(ctx context.Context, ids []string) ([]string, error) {
	persons, err := r.persons(ctx, ids)
	if err != nil {
		return nil, err
	}
	var open []string
	if err := r.engine.View(ctx, func(s *router.State) {
		for _, id := range ids {
			if len(s.OpenFor(id))+len(s.OpenOf(persons[id])) > 0 {
				open = append(open, id)
			}
		}
	}); err != nil {
		return nil, err // it is ending, and may be looking still
	}
	slices.Sort(open)
	return slices.Compact(open), nil
}

// sweep looks at everything that is open: what is known of its customer may have been
// changed while nobody was here.
func (r *customerRefresh) sweep(ctx context.Context) {
	type one struct {
		customer string
		known    *customers.Facts
	}
	var open []one
	if err := r.engine.View(ctx, func(s *router.State) {
		for _, c := range s.Contacts {
			if c.Open() {
				open = append(open, one{c.Customer, c.Known})
			}
		}
	}); err != nil {
		return
	}
	for n, c := range open {
		if ctx.Err() != nil {
			return
		}
		if now := r.known(ctx, c.customer, c.known); !sameGiven(&now.Facts, c.known) {
			r.note([]string{c.customer})
		}
		if n%100 == 99 {
			rest(ctx, 5*time.Millisecond) // who arrives now comes first
		}
	}
}

// sameGiven reports whether what sources say of a customer is as it was; what a policy
// makes of it is left out.
func sameGiven(now, was *customers.Facts) bool {
	var before customers.Facts
	if was != nil {
		before = *was
	}
	after := *now
	for _, f := range []*customers.Facts{&before, &after} {
		f.Value, f.ValueSource, f.ValueAt, f.Stale, f.Terms, f.TierRule = 0, "", time.Time{}, false, customers.Terms{}, ""
		f.Record, f.Version = "", 0 // who is met has a record from then on, which says nothing new
	}
	return before == after
}
