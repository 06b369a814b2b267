package desk

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"stagecoach/contact"
	"stagecoach/explain"
	"stagecoach/ledger"
	"stagecoach/router"
)

// eventWords says in plain words what an entry of the ledger was, "" for what
// is of no interest to the reader of a conversation. What was owed by when is
// written by the page, in the office's time zone.
func (s *Service) eventWords(ctx context.Context, e *ledger.Entry) string {
	agent := s.accounts.name(e.Agent)
	switch e.Kind {
	case "offer_made":
		return "Offered to " + agent + "."
	case "offer_ended":
		return offerEndWords(agent, router.OfferEnd(e.Code), e.Reason)
	case "assigned":
		return s.assignedWords(e, agent) + s.saidWords(ctx, e)
	case "unassigned":
		return s.unassignedWords(e, agent) + s.saidWords(ctx, e)
	case "holder_warned":
		return agent + " was reminded: there has been no answer yet."
	case "moved":
		queue := cmp.Or(e.Detail.Queue, e.Code)
		if e.Detail.Cleared {
			return "Out of review: moved to the queue " + queue + "." + s.saidWords(ctx, e)
		}
		return "Moved to the queue " + queue + "." + s.saidWords(ctx, e)
	case "contact_ended":
		return s.endWords(e) + s.saidWords(ctx, e)
	case "contact_reopened":
		return reopenedWords(e.Reason)
	case "at_risk":
		return "At risk: the time promised is nearly over."
	case "miss_foreseen":
		return "Will probably be late: the time promised won't be enough."
	case "breached":
		return "Late: the time promised is over."
	case "conversation_opened":
		if e.Detail.Renewed && !e.Until.IsZero() {
			return "Taken up again: the time promised for resolving the matter starts anew."
		}
	case "resolution_breached":
		return "The time promised for resolving the matter is over."
	case "contacts_revised":
		if e.Detail.Queue != "" {
			return "The rules have changed: it stands in the queue " + e.Detail.Queue + " now."
		}
		return "The rules have changed, and with them the time promised."
	case "nobody_able":
		if e.Reason == "" {
			return "Somebody can take it now."
		}
		return "Nobody whom you have could ever take it. It waits, and its promise runs."
	case "escalated":
		return s.stepWords(ctx, e)
	case "escalation_told":
		if e.Reason == "no_way" {
			return "Nobody could be told of the step “" + e.Detail.Step + "”: there is no way to reach them."
		}
	case "last_resort_told":
		return strings.TrimSpace("The people of last resort were told: " + e.Reason)
	case "feedback_given", "idea_decided", "page_links_ended":
		return s.feedbackWords(ctx, e)
	case "contact_opened":
		return openedWords(e)
	case "acknowledgement_dropped":
		return receiptWords(e.Reason)
	case "attempt_failed":
		return "Sending failed: " + troubleWords(e.Reason, e.Code) + "."
	}
	return s.customerWords(ctx, e)
}

// customerWords does so for what an entry says of the customer, and of the way to them.
func (s *Service) customerWords(ctx context.Context, e *ledger.Entry) string {
	switch e.Kind {
	case "customer_changed":
		return s.customerChanged(e)
	case "reply_channel_chosen":
		return s.channelChosenWords(e)
	case "outbound_held", "outbound_released", "outbound_dropped":
		return s.begunWords(ctx, e)
	case "conversation_joined":
		return "They write about the same matter on several channels: it waits for one answer."
	case "conversation_parted":
		return "It turned out to be somebody else's: it stands for itself again."
	}
	return ""
}

func (s *Service) customerChanged(e *ledger.Entry) string {
	text := s.teller(explain.English, s.now()).CustomerChanged(e)
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

func openedWords(e *ledger.Entry) string {
	switch router.PromiseKind(e.Code) {
	case router.PromisePledge:
		return "We owe a further answer."
	case router.PromiseReview:
		return "Put into review: " + proposedWords(e.Detail.Proposed) + "."
	case router.PromiseFailed:
		return "Our message did not arrive: somebody must see to it."
	case router.PromiseFirst, router.PromiseNext, router.PromiseResolution:
	}
	return ""
}

// proposedWords says what a rule takes a contact for.
func proposedWords(proposed string) string {
	switch contact.Disposition(proposed) {
	case contact.Spam:
		return "it looks like spam"
	case contact.Machine:
		return "it looks as if a machine wrote it"
	case contact.Duplicate:
		return "it looks like a duplicate"
	default:
		return "it looks as if it needs no reply"
	}
}

func offerEndWords(agent string, end router.OfferEnd, reason string) string {
	switch end {
	case router.OfferDeclined:
		return agent + " declined" + reasonWords(reason) + "."
	case router.OfferExpired:
		return agent + " did not take the offer in time."
	case router.OfferRevoked:
		return ""
	default:
		return ""
	}
}

func reasonWords(reason string) string {
	words := map[string]string{
		"busy": "busy", "language": "not their language", "skill": "not their subject",
		"conflict": "conflict of interest", "not_mine": "not theirs", "break": "on a break",
	}
	if w := words[reason]; w != "" {
		return " (" + w + ")"
	}
	return ""
}

func (s *Service) assignedWords(e *ledger.Entry, agent string) string {
	by := s.accounts.name(e.Actor)
	switch {
	case e.Item != "":
		return agent + " took it."
	case e.Reason == "took_next", e.Reason == "taken", e.Actor == e.Agent && e.Reason != "pledge":
		return agent + " took it."
	case e.Reason == "pledge":
		return "It stays with " + agent + "."
	case e.Actor == router.ActorRouter:
		return "Given to " + agent + "."
	case e.Detail.Override:
		return by + " gave it to " + agent + ", beyond their capacity."
	default:
		return by + " gave it to " + agent + "."
	}
}

func (s *Service) unassignedWords(e *ledger.Entry, agent string) string {
	switch e.Reason {
	case "silent":
		return "Taken back from " + agent + ": there was no answer in time."
	case "absent_until_late":
		return "Taken back from " + agent + ", who is not there."
	case "ladder":
		return "Taken back from " + agent + ", so that somebody else answers in time."
	case "agent_removed":
		return "Taken back: " + agent + " does not work here any more."
	case "handed_over":
		return agent + " handed it over."
	}
	if e.Actor == e.Agent {
		return agent + " gave it back."
	}
	return s.accounts.name(e.Actor) + " took it back from " + agent + "."
}

func (s *Service) endWords(e *ledger.Entry) string {
	switch router.EndKind(e.Code) {
	case router.EndReplied:
		return "Answered by " + s.accounts.name(e.Actor) + "."
	case router.EndMerged:
		return "Joined with another contact of this conversation."
	case router.EndDisposed:
		return s.accounts.name(e.Actor) + " closed it without a reply: " + dispositionWords(contact.Disposition(e.Reason)) + "."
	default:
		return "Ended."
	}
}

func dispositionWords(d contact.Disposition) string {
	switch d {
	case contact.Spam:
		return "spam"
	case contact.Machine:
		return "written by a machine"
	case contact.Duplicate:
		return "duplicate"
	case contact.NoReplyNeeded:
		return "no reply needed"
	case contact.Erased:
		return "erased"
	default:
		return string(d)
	}
}

func reopenedWords(cause string) string {
	switch {
	case cause == "bounced":
		return "Open again: the reply came back."
	case cause == "failed":
		return "Open again: the reply was not delivered."
	case strings.HasPrefix(cause, "not_"):
		return fmt.Sprintf("Open again: not %s after all.", dispositionWords(contact.Disposition(strings.TrimPrefix(cause, "not_"))))
	default:
		return "Open again."
	}
}

// saidWords adds what a person wrote as their reason.
func (s *Service) saidWords(ctx context.Context, e *ledger.Entry) string {
	if words := s.said(ctx, e.Remark); words != "" {
		return " “" + words + "”"
	}
	return ""
}

// languageName names a language for people.
func languageName(code string) string {
	names := map[string]string{
		"de": "German", "en": "English", "fr": "French", "es": "Spanish", "it": "Italian",
		"nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "tr": "Turkish", "ru": "Russian", "uk": "Ukrainian",
	}
	return cmp.Or(names[code], code)
}
