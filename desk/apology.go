package desk

import (
	"context"
	"fmt"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/policies"
	"stagecoach/router"
)

// apology gives the draft of an apology for who holds a contact of which the promise
// was missed, "" once they have begun to write or thrown it away.
func (s *Service) apology(who Who, c *conversationFacts, out *view.Conversation) string {
	if s.deps.Apology == nil || !c.has || !out.Holder || !c.contact.Breached || out.Draft != nil || s.drafts.has(thrownAway(c.contact.ID)) {
		return ""
	}
	if c.contact.Promise == router.PromiseReview || c.contact.Promise == router.PromiseFailed || c.contact.State != router.AssignedTo {
		return ""
	}
	f := policies.Facts{
		Channel: c.contact.Channel, Account: c.contact.Account, Language: c.contact.Language, Class: c.contact.Class,
		Kind: c.contact.Kind, Queue: c.contact.Queue, Tier: c.contact.Tier,
	}
	return s.deps.Apology(c.contact.Language, f, policies.Sorry{Due: c.contact.Due, Customer: out.Card.CustomerName, Agent: s.accounts.name(who.ID)})
}

// thrownAway is under what it is kept that a contact's apology was thrown away. It
// goes with the contact's draft.
func thrownAway(id string) string { return id + noApology }

const noApology = "-apology"

// DropApology throws the draft of an apology away: it isn't offered again for this
// contact.
func (s *Service) DropApology(ctx context.Context, who Who, id string) error {
	holder := ""
	if err := s.deps.Router.View(ctx, func(st *router.State) {
		if c := st.Contacts[id]; c != nil && c.Open() {
			holder = c.Agent
		}
	}); err != nil {
		return fmt.Errorf("looking up a contact: %w", err)
	}
	if holder != who.ID {
		return problem(403, router.RefusedNotYours, "You do not hold this contact.")
	}
	return s.drafts.save(ctx, thrownAway(id), contact.Draft{Contact: id, Agent: who.ID, At: s.now().UTC()})
}
