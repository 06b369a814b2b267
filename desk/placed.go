package desk

import (
	"context"
	"errors"
	"fmt"

	"stagecoach/explain"
	"stagecoach/ledger"
	"stagecoach/router"
	"stagecoach/router/match"
)

// placed says in plain words why a conversation's contact is where it is: what
// it needs, why it was offered as it was, and who has it by whose decision.
func (s *Service) placed(ctx context.Context, c *conversationFacts, entries []ledger.Entry) []string {
	out := []string{}
	if !c.has {
		return out
	}
	if p := openedWords(&ledger.Entry{Code: string(c.contact.Promise), Detail: ledger.Detail{Proposed: string(c.contact.Proposed)}}); p != "" {
		out = append(out, p)
	}
	for _, sk := range c.contact.Demand.Skills {
		out = append(out, fmt.Sprintf("It needs %s (level %d).", sk.Name, sk.Level))
	}
	for i, l := range c.contact.Demand.Languages {
		if i == 0 {
			out = append(out, "It needs somebody who speaks "+languageName(l)+".")
		}
	}
	if len(c.contact.Demand.Wished) > 0 {
		out = append(out, "Who speaks "+languageName(c.contact.Demand.Wished[0])+" is asked first.")
	}
	var offer, place *ledger.Entry
	for i := range entries {
		e := &entries[i]
		if e.Contact != c.contact.ID {
			continue
		}
		switch e.Kind {
		case "offer_made":
			offer = e
		case "assigned", "unassigned":
			place = e
		}
	}
	if offer != nil {
		out = append(out, s.offeredWhy(offer))
	}
	if place != nil && (offer == nil || place.ID > offer.ID) {
		out = append(out, s.eventWords(ctx, place))
	}
	return out
}

// reasons says in full why a conversation's open contact is where it is: where it
// waits, live from the router, else what the last decision was made of. In short
// it is what placed says, or for what waits the gist of it.
func (s *Service) reasons(ctx context.Context, c *conversationFacts, short []string) (gist, full []string, err error) {
	full = []string{}
	if !c.has || c.contact.State == router.EndedContact {
		return short, full, nil
	}
	w, err := s.deps.Records.Why(ctx, c.contact.ID)
	if errors.Is(err, ledger.ErrNotFound) { // the ledger is a moment behind
		return short, full, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("asking why: %w", err)
	}
	story := &explain.Story{Log: w}
	teller, err := s.stand(ctx, story, explain.English)
	if err != nil {
		return nil, nil, err
	}
	if story.Standing != nil && story.Standing.State == router.Waiting {
		waits := teller.Waits(story.Standing)
		if c.contact.Proposed != "" {
			return short, waits.Lines, nil
		}
		return waits.Short, waits.Lines, nil
	}
	if won := explain.Decision(w); won != nil {
		full = append(full, teller.Offered(won)...)
	}
	return short, full, nil
}

// offeredWhy says why an offer went to this agent rather than to others.
func (s *Service) offeredWhy(e *ledger.Entry) string {
	said := "Offered to " + s.accounts.name(e.Agent)
	w := e.Detail.Why
	switch {
	case w == nil:
		return said + "."
	case w.Winner.Agent == e.Agent && w.Winner.Has(match.TermKnown):
		return said + ", who answered this customer last."
	case w.Winner.Agent == e.Agent && w.Winner.Has(match.TermNamed):
		return said + ", the customer's named agent."
	case len(w.Next) > 0 && w.Winner.Agent == e.Agent:
		return said + ", before " + s.accounts.name(w.Next[0].Agent) + ": " + s.teller(explain.English, e.At).Difference(&w.Winner, &w.Next[0])
	case len(w.Next) > 0:
		return said + ", who was among the best who could take it."
	case len(w.Failed) > 0:
		return said + ": nobody else could take it (" + failedWords(w.Failed) + ")."
	default:
		return said + ", the only one there."
	}
}
