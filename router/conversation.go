package router

import (
	"time"

	"stagecoach/contact"
)

// ConversationState says on whom a conversation waits.
type ConversationState string

// The states: open (a contact waits), with the customer (we asked), resolved.
const (
	ConversationOpen         ConversationState = "open"
	ConversationWithCustomer ConversationState = "with_customer"
	ConversationResolved     ConversationState = "resolved"
)

// Conversation is all messages with one customer on one matter.
type Conversation struct {
	ID       string            `json:"id"`
	Customer string            `json:"customer"`
	Channel  contact.Channel   `json:"channel"`
	Account  string            `json:"account"`
	State    ConversationState `json:"state"`
	OpenedAt time.Time         `json:"opened_at"`
	// ResolveBy is the promise for the resolution; zero when there is none.
	ResolveBy time.Time `json:"resolve_by,omitzero"`
	// ResolveFrom is since when its time runs, as if it had never stood still; zero
	// for OpenedAt. Left is how much of it is left while it stands still, since
	// PausedAt, as the customer was asked; 0 while it runs.
	ResolveFrom time.Time     `json:"resolve_from,omitzero"`
	Left        time.Duration `json:"left,omitempty"`
	PausedAt    time.Time     `json:"paused_at,omitzero"`
	// Steps are those of the ladder that this promise has taken, StepAt is when the
	// next one comes.
	Steps  []string  `json:"steps,omitempty"`
	StepAt time.Time `json:"step_at,omitzero"`
	// ResolveMissed is true once that was recorded as missed.
	ResolveMissed bool `json:"resolve_missed,omitempty"`
	// Contact is the open contact, "" when none is.
	Contact string `json:"contact,omitempty"`
	// LastAgent is who answered last.
	LastAgent string `json:"last_agent,omitempty"`
	// Pledges counts the pledges in a row.
	Pledges int `json:"pledges,omitempty"`
	// Answered is true once a person's reply was delivered: what comes then
	// has the promise for the next reply.
	Answered bool `json:"answered,omitempty"`
	// Participants are identities (keyed hashes) that take part beside the
	// customer's.
	Participants []string `json:"participants,omitempty"`
	// PageEpoch counts how often the links to the customer's page that had been sent
	// were made invalid.
	PageEpoch int `json:"page_epoch,omitempty"`
	// With is the conversation in whose contact what was said here waits for its
	// answer, or waited last: they are of one person. "" for none.
	With string `json:"with,omitempty"`
	// Touched is the last commit that spoke of it.
	Touched uint64 `json:"touched"`
}

// began is since when the time of its promise runs.
func (v *Conversation) began() time.Time {
	if v.ResolveFrom.IsZero() {
		return v.OpenedAt
	}
	return v.ResolveFrom
}

// Close gives the conversation its state once its contact has ended.
func (v *Conversation) Close(e *ConversationClosed, at time.Time) {
	if v.State = e.State; e.Left > 0 {
		v.Left, v.PausedAt = e.Left, at
	}
}

// MsgRef is a message as the log knows it.
type MsgRef struct {
	ID         string    `json:"id"`
	Ref        string    `json:"ref"`
	ReceivedAt time.Time `json:"received_at"`
	// In is the conversation in which it was said, "" for the contact's own.
	In string `json:"in,omitempty"`
}
