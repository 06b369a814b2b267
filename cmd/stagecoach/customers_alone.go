package main

import (
	"context"
	"slices"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/policies"
	"stagecoach/router"
)

// apartRules is what says where somebody is answered; nil where nothing is sent.
type apartRules struct {
	policy  func() *policies.Set
	reaches func(contact.Channel) bool
}

// alone gives what is known of each part of a person by itself, by the ids of its
// members: where they want to be answered, and can be.
func (c *customerDesk) alone(ctx context.Context, parts []router.Person) (map[string]customers.Facts, error) {
	if c.rules == nil {
		return nil, nil //nolint:nilnil // the next start finds it
	}
	d, err := c.directory(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]customers.Facts{}
	for i := range parts {
		records, err := peopleOf{d}.Records(ctx, parts[i].Members)
		if err != nil {
			return nil, err
		}
		known := customers.KnownOf(records...)
		known.Want(c.rules.policy().Prefer())
		known.SetReach(slices.DeleteFunc(known.Reached(), func(ch contact.Channel) bool { return !c.rules.reaches(ch) }))
		for _, id := range parts[i].Members {
			out[id] = known.Facts
		}
	}
	return out, nil
}
