package desk

import (
	"cmp"
	"context"

	"stagecoach/ledger"
	"stagecoach/router"
	"stagecoach/router/sla"
)

// stepWords says what a step of the ladder did, or why nothing.
func (s *Service) stepWords(_ context.Context, e *ledger.Entry) string {
	text := "Step “" + e.Detail.Step + "”: " + s.actionWords(e)
	if why := outcomeWords(router.StepOutcome(e.Detail.Outcome)); why != "" {
		return text + ", but " + why + "."
	}
	return text + "."
}

func (s *Service) actionWords(e *ledger.Entry) string {
	agent := s.accounts.name(e.Agent)
	switch e.Code {
	case sla.ActionWarn:
		if e.Agent == "" {
			return "it waits and nobody has it"
		}
		return agent + " was reminded"
	case sla.ActionReoffer:
		return "it is offered again, to others first"
	case sla.ActionWiden:
		return "less is asked of who takes it"
	case sla.ActionQueue:
		return "it goes to the queue " + e.Detail.Queue
	case sla.ActionLead:
		if e.Agent == "" {
			return cmp.Or(e.Detail.LastResort, "the last resort") + " are told"
		}
		return agent + " is told"
	default:
		return cmp.Or(e.Detail.LastResort, "whoever is on call") + " is called"
	}
}

// outcomeWords says why a step has done nothing, "" where it has.
func outcomeWords(o router.StepOutcome) string {
	switch o {
	case router.StepInReview:
		return "it lies in review"
	case router.StepNobodyHas:
		return "nobody has it"
	case router.StepAtWork:
		return "an answer is being written"
	case router.StepJustTaken:
		return "it has only just been taken"
	case router.StepNothingIs:
		return "there is nothing left to do without"
	case router.StepThere:
		return "it is there already"
	case router.StepNotThere:
		return "they are not there to take it"
	case router.StepUnknown:
		return "nobody has an account by the name that the policy gives"
	case router.StepHeld:
		return "somebody has it: it holds for whoever comes next"
	case router.StepNoContact:
		return "no contact is open"
	case router.StepHasAlready:
		return "they have it already"
	}
	return ""
}
