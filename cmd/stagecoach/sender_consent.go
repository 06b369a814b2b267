package main

import (
	"context"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/router"
)

// consentOf gives what a person has said of messages of a purpose on a channel.
type consentOf func(ctx context.Context, b *router.Begins, ch contact.Channel) (customers.Allowed, error)

// consents gives what the customer has said by now of a message that nobody has asked
// for: it may have waited for days. It is nil of an answer.
func (s *sender) consents(ctx context.Context, reply string) (*customers.Allowed, error) {
	if s.consent == nil {
		return nil, nil //nolint:nilnil // nobody looks
	}
	var b router.Begins
	var ch contact.Channel
	if err := s.engine.View(ctx, func(st *router.State) {
		if r := st.Replies[reply]; r != nil {
			b, ch = r.Begins, r.Channel
		}
	}); err != nil {
		return nil, err
	}
	if b.Purpose == "" {
		return nil, nil //nolint:nilnil // an answer is bounded by nothing
	}
	said, err := s.consent(ctx, &b, ch)
	return &said, err
}

// consent gives the last word of the person, whichever of their records has it.
func (d *Daemon) consent(ctx context.Context, b *router.Begins, ch contact.Channel) (customers.Allowed, error) {
	var said []customers.Consent
	seen := map[string]bool{}
	for _, id := range append([]string{b.Whom}, b.Also...) {
		if id == "" || seen[id] {
			continue
		}
		records, err := deskPeople{d.directory, d.ledger}.Records(ctx, id)
		if err != nil {
			return "", err
		}
		for _, rec := range records {
			if !seen[rec.ID] {
				said = append(said, rec.Consents...)
			}
			seen[rec.ID] = true
		}
		seen[id] = true
	}
	return customers.ConsentTo(said, ch, b.Purpose), nil
}
