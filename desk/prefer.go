package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// Prefer notes what the customer has said of where they want to be answered: with
// what is kept of them, and for the contact that is open.
func (s *Service) Prefer(ctx context.Context, who Who, commandID, conversation string, ch contact.Channel) (view.Done, error) {
	if !slices.Contains(contact.Channels(), ch) {
		return view.Done{}, invalid(fmt.Sprintf("There is no channel “%s”.", ch))
	}
	c, err := s.conversation(ctx, conversation)
	if err != nil {
		return view.Done{}, err
	}
	if s.deps.Directory != nil && c.Customer != "" {
		at := s.now().UTC().Truncate(time.Second)
		_, err := s.deps.Directory.Update(ctx, c.Customer, who.ID, func(r *customers.Record) error {
			r.Preferences = customers.Prefer(r.Preferences, customers.Preference{Channel: ch, Source: customers.PreferStated, At: at, By: who.ID})
			return nil
		})
		if err != nil {
			return view.Done{}, fmt.Errorf("keeping where a customer wants to be answered: %w", err)
		}
	}
	if !c.has || c.contact.State == router.EndedContact {
		return view.Done{Conversation: c.ID}, nil
	}
	return s.do(ctx, who, commandID, router.ChooseReply{Contact: c.contact.ID, Channel: ch, Source: customers.PreferStated})
}
