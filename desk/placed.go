package desk

import (
	"context"
	"fmt"

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
	} else if offer == nil && place == nil && c.contact.State == router.Waiting && c.contact.Proposed == "" {
		out = append(out, "Nobody who could take it was free yet.")
	}
	return out
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
	case len(w.Next) > 0 && w.Winner.Has(match.TermLanguage):
		return said + ", who had been free for longest of those who speak the language."
	case len(w.Next) > 0:
		return said + ", who had been free for longest of those who could take it."
	case len(w.Failed) > 0:
		return said + ": nobody else could take it (" + failedWords(w.Failed) + ")."
	default:
		return said + ", the only one there."
	}
}
