package desk

import (
	"context"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/ledger"
	"stagecoach/router"
)

// evidenceItem is what concerns a message or a reply. A reply that was found
// outside the desk is proposed as the answer until somebody has confirmed it.
func (s *Service) evidenceItem(ctx context.Context, e *ledger.Entry, confirmed map[string]bool) view.Item {
	kind := router.EvidenceKind(e.Code)
	at := e.Until
	if at.IsZero() {
		at = e.At
	}
	item := view.Item{Kind: view.ItemEvidence, ID: e.Ref, At: at, Channel: e.Channel, Detail: evidenceWords(kind, e.Detail.Code)}
	switch kind {
	case router.EvidenceElsewhere, router.EvidenceAutoReply, router.EvidenceBounce, router.EvidenceCopyFailed, router.EvidenceDelay,
		router.EvidenceCalendar, router.EvidenceFeedback:
	default:
		return item
	}
	m, err := s.deps.Messages.Message(ctx, e.Ref)
	if err != nil {
		item.Missing = s.gone(ctx, e.Ref, err)
		return item
	}
	item.Author, item.Address, item.To, item.CC = called(m.From), m.From.Address, m.To, m.CC
	item.Subject = m.Subject
	inMail(&item, m)
	if kind == router.EvidenceElsewhere && !confirmed[elsewhereID(e.Ref)] && !confirmed[dismissedID(e.Ref)] {
		item.Kind = view.ItemProposed
	}
	return item
}

// elsewhereID is the id of the reply that confirms what was written elsewhere.
func elsewhereID(ref string) string { return derivedID("elsewhere", ref) }

func evidenceWords(kind router.EvidenceKind, code string) string {
	switch kind {
	case router.EvidenceCopy:
		return "The same message came to another of our addresses too."
	case router.EvidenceMoved:
		return "The same message was seen again in another place."
	case router.EvidenceBounce:
		if code != "" {
			return "A reply came back (" + code + ")."
		}
		return "A reply came back."
	case router.EvidenceCopyFailed:
		return "The customer has the reply, but a copy of it came back: it did not reach somebody in Cc."
	case router.EvidenceDelay:
		return "A reply is delayed: their server keeps trying, nothing has failed yet."
	case router.EvidenceDelivered:
		return "Their server says that the reply has arrived."
	case router.EvidenceCalendar:
		return "A calendar answered our invitation."
	case router.EvidenceWithdrawn:
		return "The customer has taken a message back. Its words are kept here, and the promise holds."
	case router.EvidenceApproached:
		return "Another post of this author was found. Nobody is approached twice in 90 days."
	case router.EvidenceFeedback:
		return "The customer said this on their own page."
	case router.EvidenceReceipt:
		return "The reply was read."
	case router.EvidenceOwnCopy:
		return "Our copy was found in the folder of sent mail."
	case router.EvidenceElsewhere:
		return "Somebody answered outside the desk."
	case router.EvidenceAutoReply:
		return "An automatic answer came."
	default:
		return string(kind)
	}
}

// strangerWords says whom the agent should not take for somebody else, "" when
// there is nothing to say.
func (st *story) strangerWords() string {
	switch {
	case st.stranger != "" && st.trust.Proven():
		return "This person isn't part of the conversation they answered, so this stands apart from it. Tell nothing of that one before you know who this is."
	case st.stranger != "":
		return "Nothing proves that this is from whom it names, so it was not put into the conversation it answers. Tell nothing of that one before you know who this is."
	case st.trust == contact.TrustForged:
		return "The sender is probably forged: the mail failed the checks of the domain it names. It stands apart from that customer's contacts."
	default:
		return ""
	}
}
