package desk

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// Prefer notes what the customer has said of where they want to be answered: with
// what is kept of them, and for the contact that is open.
func (s *Service) Prefer(ctx context.Context, who Who, commandID, conversation string, ch contact.Channel, address string) (view.Done, error) {
	if !slices.Contains(contact.Channels(), ch) {
		return view.Done{}, invalid(fmt.Sprintf("There is no channel “%s”.", ch))
	}
	c, err := s.conversation(ctx, conversation)
	if err != nil {
		return view.Done{}, err
	}
	if address, err = s.preferAt(ctx, who, c, ch, address); err != nil {
		return view.Done{}, err
	}
	if s.deps.Directory != nil && c.Customer != "" {
		at := s.now().UTC().Truncate(time.Second)
		_, err := s.deps.Directory.Update(ctx, c.Customer, who.ID, func(r *customers.Record) error {
			if address != "" {
				r.Identities = append(r.Identities, customers.Identity{Channel: ch, Address: address, Source: "agent", At: at})
			}
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

// preferAt gives the address that is new with a preference, "" where one is known
// already.
func (s *Service) preferAt(ctx context.Context, who Who, c *conversationFacts, ch contact.Channel, address string) (string, error) {
	address = strings.TrimSpace(address)
	if ch == contact.Email && address != "" {
		if a, err := mail.ParseAddress(address); err != nil || !strings.Contains(a.Address, ".") {
			return "", invalid(fmt.Sprintf("“%s” is no e-mail address.", address))
		}
	}
	if s.ours(address) {
		return "", invalid("That is an address of ours.")
	}
	entries, err := s.deps.Ledger.Timeline(ctx, c.ID)
	if err != nil {
		return "", fmt.Errorf("reading where a customer can be reached: %w", err)
	}
	st := s.tell(ctx, who, entries)
	known := false
	for _, w := range s.ways(ctx, who, c, st, st.last) {
		if w.Channel == ch && (address == "" || strings.EqualFold(w.Address, address)) {
			known = true
		}
	}
	switch {
	case known:
		return "", nil
	case address == "":
		return "", invalid("To answer by " + channelWords(ch) + " an address is needed, and no address is known: ask the customer for it.")
	case ch != contact.Email && ch != contact.Phone && ch != contact.SMS:
		return "", invalid("The customer must write by " + channelWords(ch) + " first: addresses there can't be typed.")
	}
	return address, nil
}
