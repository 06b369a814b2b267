package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/desk"
	"stagecoach/router"
)

// listedLinks links whom the company's list has as one customer, as long as something of
// theirs is open: what waits on several channels about one matter is to be one contact at
// once, not only when they write again.
type listedLinks struct {
	desk      *customerDesk
	directory *directory.Directory
	logger    *slog.Logger
}

// listedRest is how long a look through many pauses after every hundred.
const listedRest = 5 * time.Millisecond

// link links the customers who have something open, each to whom the list names by an
// address of theirs, as it would have been had the list been there first: not by one that
// they only claim. It ends early with ctx.
func (l *listedLinks) link(ctx context.Context, open []string) {
	for n, customer := range open {
		if ctx.Err() != nil {
			return
		}
		if err := l.linkOne(ctx, customer); err != nil && ctx.Err() == nil {
			l.logger.WarnContext(ctx, "a customer could not be linked to whom the list names", "customer", customer, "err", err)
		}
		if n%100 == 99 {
			rest(ctx, listedRest) // who arrives now comes first
		}
	}
}

func (l *listedLinks) linkOne(ctx context.Context, customer string) error {
	rec, err := l.directory.Get(ctx, customer)
	if errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrErased) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, i := range rec.Identities {
		if i.Unproven {
			continue
		}
		other, err := l.namedBy(ctx, customer, l.directory.KeyOf(i))
		if err != nil {
			return err
		}
		if other == "" {
			continue
		}
		if err := l.make(ctx, customer, other); err != nil {
			return err
		}
	}
	return nil
}

// namedBy gives whom the list names by an address of a customer's, "" for nobody, for
// themselves, and where several share it.
func (l *listedLinks) namedBy(ctx context.Context, customer, key string) (string, error) {
	people := peopleOf{l.directory}
	owners, err := people.Owners(ctx, []string{key})
	if err != nil || len(owners[key]) < 2 {
		return "", err
	}
	persons, err := l.desk.ledger.PersonsOf(ctx, append(slices.Clone(owners[key]), customer))
	if err != nil {
		return "", err
	}
	person := func(id string) string {
		if p := persons[id]; p != "" {
			return p
		}
		return id
	}
	var others []string
	for _, id := range owners[key] {
		switch {
		case person(id) == person(customer):
		case len(others) > 0 && person(others[0]) != person(id): // of several, nobody knows who it is
			return "", nil
		default:
			others = append(others, id)
		}
	}
	records, err := people.Records(ctx, others)
	if err != nil {
		return "", err
	}
	for _, rec := range records {
		if l.listed(rec, key) {
			return rec.ID, nil
		}
	}
	return "", nil
}

// listed reports whether a record has an address from the company's list.
func (l *listedLinks) listed(rec *customers.Record, key string) bool {
	return slices.ContainsFunc(rec.Identities, func(i customers.Identity) bool {
		return i.Source == customers.FromImport && l.directory.KeyOf(i) == key
	})
}

func (l *listedLinks) make(ctx context.Context, a, b string) error {
	_, err := l.desk.decide(ctx, desk.Word{Actor: router.ActorRouter}, func() (router.Command, error) {
		conflict, err := l.desk.apart(ctx, a, b)
		if err != nil {
			return nil, err
		}
		asOf, known, err := l.desk.ledger.Known(ctx, []string{router.CustomerKey(a), router.CustomerKey(b)})
		return router.Link{A: a, B: b, Evidence: customers.ByImport, Conflict: conflict, AsOf: asOf, Known: known}, err
	})
	if _, refused := errors.AsType[*router.Refusal](err); refused { // somebody has called them two, or one of them is gone
		return nil
	}
	return err
}
