package desk

import (
	"context"

	"stagecoach/contact"
	"stagecoach/ledger"
	"stagecoach/router"
)

// feedbackWords says what a customer said on their page, and what became of it.
func (s *Service) feedbackWords(ctx context.Context, e *ledger.Entry) string {
	switch e.Kind {
	case "idea_decided":
		return ideaWords(router.IdeaState(e.Code)) + s.saidWords(ctx, e)
	case "page_links_ended":
		if e.Actor == router.ActorCustomer {
			return "The customer made the links to their page invalid that had been sent."
		}
		return s.actorWords(e.Actor) + " made the links to the customer's page invalid that had been sent."
	}
	whose := "the answer"
	if e.Agent != "" {
		whose = "the answer of " + s.accounts.name(e.Agent)
	}
	switch contact.Rating(e.Code) {
	case contact.RatedGood:
		return "The customer found " + whose + " good."
	case contact.RatedBad:
		return "The customer found " + whose + " not good."
	}
	return "The customer has sent an idea."
}

func ideaWords(state router.IdeaState) string {
	switch state {
	case router.IdeaPlanned:
		return "The idea is planned."
	case router.IdeaDone:
		return "The idea was carried out."
	case router.IdeaDeclined:
		return "The idea was declined."
	case router.IdeaOpen:
	}
	return "The idea is open again."
}
