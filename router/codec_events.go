package router

import (
	"encoding/json"
	"fmt"
)

func decodeAs[E Event](data json.RawMessage) (Event, error) {
	var e E
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("decoding event: %w", err)
	}
	return e, nil
}

// EventName gives the name under which the log holds an event.
func EventName(e Event) string { //nolint:funlen // a table
	switch e.(type) {
	case Takeover:
		return "takeover"
	case ClockStep:
		return "clock_step"
	case PolicyActivated:
		return "policy_activated"
	case PolicyDrafted:
		return "policy_drafted"
	case PolicyDropped:
		return "policy_dropped"
	case PolicyShadowed:
		return "policy_shadowed"
	case ContactsRevised:
		return "contacts_revised"
	case SourceRead:
		return "source_read"
	case CustomerKnown:
		return "customer_known"
	case CustomersLinked:
		return "customers_linked"
	case CustomersUnlinked:
		return "customers_unlinked"
	case LinkProposed:
		return "link_proposed"
	case LinkDeclined:
		return "link_declined"
	case CustomerChanged:
		return "customer_changed"
	case ConversationOpened:
		return "conversation_opened"
	case ConversationJoined:
		return "conversation_joined"
	case ConversationParted:
		return "conversation_parted"
	case MessageReceived:
		return "message_received"
	case EvidenceReceived:
		return "evidence_received"
	case Quarantined:
		return "quarantined"
	case QuarantineLeft:
		return "quarantine_left"
	case ContactOpened:
		return "contact_opened"
	case MessageJoined:
		return "message_joined"
	case OfferMade:
		return "offer_made"
	case OfferEnded:
		return "offer_ended"
	case Assigned:
		return "assigned"
	case Unassigned:
		return "unassigned"
	case HolderWarned:
		return "holder_warned"
	case HoldExtended:
		return "hold_extended"
	case Engaged:
		return "engaged"
	case Disengaged:
		return "disengaged"
	case Moved:
		return "moved"
	case ReplyQueued:
		return "reply_queued"
	case AttemptGranted:
		return "attempt_granted"
	case AttemptFailed:
		return "attempt_failed"
	case ReplyDelivered:
		return "reply_delivered"
	case RecipientsRefused:
		return "recipients_refused"
	case ReplyInDoubt:
		return "reply_in_doubt"
	case ReplyFailed:
		return "reply_failed"
	case ContactEnded:
		return "contact_ended"
	case ContactReopened:
		return "contact_reopened"
	case AtRisk:
		return "at_risk"
	case NobodyAble:
		return "nobody_able"
	case Breached:
		return "breached"
	case MissForeseen:
		return "miss_foreseen"
	case Escalated:
		return "escalated"
	case LadderPlanned:
		return "ladder_planned"
	case EscalationTold:
		return "escalation_told"
	case ResolutionBreached:
		return "resolution_breached"
	case LastResortTold:
		return "last_resort_told"
	case ConversationClosed:
		return "conversation_closed"
	case Noted:
		return "noted"
	case AgentSet:
		return "agent_set"
	case AgentRemoved:
		return "agent_removed"
	case PresenceChanged:
		return "presence_changed"
	case Trimmed:
		return "trimmed"
	case ReplyChannelChosen:
		return "reply_channel_chosen"
	case OutboundHeld:
		return "outbound_held"
	case OutboundReleased:
		return "outbound_released"
	case OutboundDropped:
		return "outbound_dropped"
	case AcknowledgementOwed:
		return "acknowledgement_owed"
	case AcknowledgementDropped:
		return "acknowledgement_dropped"
	case FeedbackGiven:
		return "feedback_given"
	case IdeaDecided:
		return "idea_decided"
	case PageLinksEnded:
		return "page_links_ended"
	case CustomersErased:
		return "customers_erased"
	case ErasureEnded:
		return "erasure_ended"
	case ErasureHeld:
		return "erasure_held"
	case KeptRead:
		return "kept_read"
	case RetentionApplied:
		return "retention_applied"
	}
	return ""
}

func decodeEvent(w wireEvent) (Event, error) {
	decode, ok := decoders[w.Type]
	if !ok {
		return nil, fmt.Errorf("event type %q is not known to this build", w.Type)
	}
	return decode(w.Data)
}

//nolint:gochecknoglobals // the closed table of events
var decoders = map[string]func(json.RawMessage) (Event, error){
	"takeover":            decodeAs[Takeover],
	"clock_step":          decodeAs[ClockStep],
	"policy_activated":    decodeAs[PolicyActivated],
	"policy_drafted":      decodeAs[PolicyDrafted],
	"policy_dropped":      decodeAs[PolicyDropped],
	"policy_shadowed":     decodeAs[PolicyShadowed],
	"contacts_revised":    decodeAs[ContactsRevised],
	"source_read":         decodeAs[SourceRead],
	"customer_known":      decodeAs[CustomerKnown],
	"customers_linked":    decodeAs[CustomersLinked],
	"customers_unlinked":  decodeAs[CustomersUnlinked],
	"link_proposed":       decodeAs[LinkProposed],
	"link_declined":       decodeAs[LinkDeclined],
	"customer_changed":    decodeAs[CustomerChanged],
	"conversation_opened": decodeAs[ConversationOpened],
	"conversation_joined": decodeAs[ConversationJoined],
	"conversation_parted": decodeAs[ConversationParted],
	"message_received":    decodeAs[MessageReceived],
	"evidence_received":   decodeAs[EvidenceReceived],
	"quarantined":         decodeAs[Quarantined],
	"quarantine_left":     decodeAs[QuarantineLeft],
	"contact_opened":      decodeAs[ContactOpened],
	"message_joined":      decodeAs[MessageJoined],
	"offer_made":          decodeAs[OfferMade],
	"offer_ended":         decodeAs[OfferEnded],
	"assigned":            decodeAs[Assigned],
	"unassigned":          decodeAs[Unassigned],
	"holder_warned":       decodeAs[HolderWarned],
	"hold_extended":       decodeAs[HoldExtended],
	"engaged":             decodeAs[Engaged],
	"disengaged":          decodeAs[Disengaged],
	"moved":               decodeAs[Moved],
	"reply_queued":        decodeAs[ReplyQueued],
	"attempt_granted":     decodeAs[AttemptGranted],
	"attempt_failed":      decodeAs[AttemptFailed],
	"reply_delivered":     decodeAs[ReplyDelivered],
	"reply_in_doubt":      decodeAs[ReplyInDoubt],
	"reply_failed":        decodeAs[ReplyFailed],
	"contact_ended":       decodeAs[ContactEnded],
	"contact_reopened":    decodeAs[ContactReopened],
	"at_risk":             decodeAs[AtRisk],
	"breached":            decodeAs[Breached],
	"nobody_able":         decodeAs[NobodyAble],
	"miss_foreseen":       decodeAs[MissForeseen],
	"resolution_breached": decodeAs[ResolutionBreached],
	"last_resort_told":    decodeAs[LastResortTold],
	"conversation_closed": decodeAs[ConversationClosed],
	"noted":               decodeAs[Noted],
	"agent_set":           decodeAs[AgentSet],
	"agent_removed":       decodeAs[AgentRemoved],
	"presence_changed":    decodeAs[PresenceChanged],
	"trimmed":             decodeAs[Trimmed],

	"reply_channel_chosen":    decodeAs[ReplyChannelChosen],
	"outbound_held":           decodeAs[OutboundHeld],
	"outbound_released":       decodeAs[OutboundReleased],
	"outbound_dropped":        decodeAs[OutboundDropped],
	"escalated":               decodeAs[Escalated],
	"ladder_planned":          decodeAs[LadderPlanned],
	"escalation_told":         decodeAs[EscalationTold],
	"recipients_refused":      decodeAs[RecipientsRefused],
	"acknowledgement_owed":    decodeAs[AcknowledgementOwed],
	"acknowledgement_dropped": decodeAs[AcknowledgementDropped],

	"feedback_given":   decodeAs[FeedbackGiven],
	"idea_decided":     decodeAs[IdeaDecided],
	"page_links_ended": decodeAs[PageLinksEnded],

	"customers_erased":  decodeAs[CustomersErased],
	"erasure_ended":     decodeAs[ErasureEnded],
	"erasure_held":      decodeAs[ErasureHeld],
	"kept_read":         decodeAs[KeptRead],
	"retention_applied": decodeAs[RetentionApplied],
}
