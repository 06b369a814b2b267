package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"stagecoach/router"
)

// customerChanged tells the router what is known now of a customer, for whatever of
// theirs is open: tier and promise are found anew.
func (d *Daemon) customerChanged(ctx context.Context, customer string) error {
	var open []router.Contact
	person, _, err := d.ledger.Person(ctx, customer)
	if err != nil {
		return err
	}
	if err := d.engine.View(ctx, func(s *router.State) {
		all := append(slices.Clone(s.OpenFor(customer)), s.OpenOf(person.ID)...)
		slices.Sort(all)
		for _, id := range slices.Compact(all) {
			if c := s.Contacts[id]; c != nil && c.Open() {
				open = append(open, router.Contact{ID: id, Customer: c.Customer, Known: c.Known, Asked: c.Asked, Messages: c.Messages[:min(len(c.Messages), 1)]})
			}
		}
	}); err != nil {
		return fmt.Errorf("looking for open contacts: %w", err)
	}
	for i := range open {
		cmd, ok := d.knownNow(ctx, &open[i])
		if !ok {
			continue
		}
		if _, err := d.engine.Do(ctx, router.Envelope{Actor: router.ActorRouter, Command: cmd}); err != nil {
			if _, refused := errors.AsType[*router.Refusal](err); refused { // it has ended meanwhile
				continue
			}
			return fmt.Errorf("telling the router of a customer: %w", err)
		}
	}
	return nil
}

// knownNow gives what the router is told of an open contact; what it is about is found
// anew while its message is there.
func (d *Daemon) knownNow(ctx context.Context, c *router.Contact) (router.ChangeCustomer, bool) {
	set := d.policy.Load()
	if len(c.Messages) == 0 {
		return router.ChangeCustomer{}, false
	}
	in, err := d.words.Original(ctx, c.Messages[0].Ref)
	if err != nil {
		return router.ChangeCustomer{}, false // erased, or it can't be read: it stays what it is
	}
	found, err := d.intake.Classify(ctx, set, c, c.Messages[0].Ref, in)
	if err != nil {
		return router.ChangeCustomer{}, false
	}
	cmd := router.ChangeCustomer{Contact: c.ID, Class: &found, Policy: set.Version}
	if found.Known != nil {
		cmd.Known = *found.Known
	}
	return cmd, true
}
