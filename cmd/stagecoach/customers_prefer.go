package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/desk"
	"stagecoach/ledger"
)

// deskPeople is the customers' directory as the desk asks it.
type deskPeople struct {
	*directory.Directory

	ledger *ledger.Ledger
}

var _ desk.Directory = deskPeople{}

// Records implements desk.Directory.
func (p deskPeople) Records(ctx context.Context, customer string) ([]*customers.Record, error) {
	person, _, err := p.ledger.Person(ctx, customer)
	if err != nil {
		return nil, err
	}
	ids := append([]string{customer}, slices.DeleteFunc(slices.Clone(person.Members), func(id string) bool { return id == customer })...)
	return peopleOf{p.Directory}.Records(ctx, ids)
}

// Holder implements desk.Directory.
func (p deskPeople) Holder(ctx context.Context, identity string) (string, error) {
	found, err := p.Lookup(ctx, []string{identity})
	if err != nil {
		return "", err
	}
	return found[identity].Customer, nil
}

// Update implements desk.Directory.
func (p deskPeople) Update(ctx context.Context, id, by string, change func(*customers.Record) error) (*customers.Record, error) {
	rec, err := p.Directory.Update(ctx, id, by, change)
	if errors.Is(err, directory.ErrErased) {
		return nil, fmt.Errorf("%w: nothing is kept of this customer", desk.ErrErased)
	}
	return rec, err
}

// reaches reports whether an answer can go by a channel: an account of ours sends
// there, or somebody rings up.
func (l *links) reaches(ch contact.Channel) bool {
	if ch == contact.Phone {
		return true
	}
	return slices.ContainsFunc(l.Adapters(), func(a channels.Adapter) bool { return a.Channel == ch && a.Sender != nil && a.Composer != nil })
}

// habitKeeper gives what learns where customers answer.
func (d *Daemon) habitKeeper() *habitKeeper {
	return &habitKeeper{directory: d.directory, log: d.journal.Log(), ledger: d.ledger, logger: d.logger.With("component", "customers"), spoilt: &d.spoilt}
}
