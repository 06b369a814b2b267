package router

import (
	"time"

	"stagecoach/contact"
)

// ReplyState says how far a reply has come.
type ReplyState string

// The states of a reply.
const (
	ReplyIsQueued    ReplyState = "queued"
	ReplyIsAttempted ReplyState = "attempted"
	ReplyIsDelivered ReplyState = "delivered"
	ReplyIsInDoubt   ReplyState = "in_doubt"
	ReplyHasFailed   ReplyState = "failed"
)

// Reply is a reply as the log knows it: where it is, not what it says.
type Reply struct {
	ID           string            `json:"id"`
	Kind         contact.ReplyKind `json:"kind"`
	Conversation string            `json:"conversation"`
	Contact      string            `json:"contact,omitempty"`
	Channel      contact.Channel   `json:"channel"`
	Account      string            `json:"account"`
	Agent        string            `json:"agent"`
	// Covers is the last message that the author had on screen.
	Covers string `json:"covers,omitempty"`
	// Ref is where its words and bytes lie.
	Ref string `json:"ref"`
	// PledgeDue is when more is owed, for a pledge.
	PledgeDue time.Time `json:"pledge_due,omitzero"`
	// Copies are the identities (keyed hashes) that get it beside those in To.
	Copies []string `json:"copies,omitempty"`
	// Of and Only are for a remainder: the reply that it is the rest of, and the
	// places, among To and then CC, of those who get it. Main is true when one of
	// them stands in To.
	Of   string `json:"of,omitempty"`
	Only []int  `json:"only,omitempty"`
	Main bool   `json:"main,omitempty"`
	// Part is what the provider said of its recipients in the last attempt, where
	// it did not take all.
	Part *Part `json:"part,omitempty"`

	// Begins is for what nobody has asked for.
	Begins Begins `json:"begins,omitzero"`

	State    ReplyState `json:"state"`
	QueuedAt time.Time  `json:"queued_at"`
	Attempt  int        `json:"attempt,omitempty"`
	Life     string     `json:"life,omitempty"`
	RetryAt  time.Time  `json:"retry_at,omitzero"`
	Reason   string     `json:"reason,omitempty"`
	Code     string     `json:"code,omitempty"`
	// SettledN is the commit that delivered or failed it.
	SettledN uint64 `json:"settled_n,omitempty"`
}

// Part says which recipients of a reply were refused while others were taken.
type Part struct {
	Refused  []int     `json:"refused,omitempty"`
	Deferred []int     `json:"deferred,omitempty"`
	Main     bool      `json:"main,omitempty"`
	RetryAt  time.Time `json:"retry_at,omitzero"`
	Reason   string    `json:"reason,omitempty"`
	Code     string    `json:"code,omitempty"`
}
