package router

import (
	"time"
)

// ReplyQueued records a reply that is stored and shall be sent.
type ReplyQueued struct {
	Reply Reply `json:"reply"`
	// Keys are the keyed hashes by which answers to it are found.
	Keys []string `json:"keys,omitempty"`
	// Participants are the identities (keyed hashes) that it goes to: they take
	// part in the conversation from now on.
	Participants []string `json:"participants,omitempty"`
	// Given is true when a person has delivered it: nothing is to be sent.
	Given bool `json:"given,omitempty"`
}

// AttemptGranted allows one life one attempt at sending.
type AttemptGranted struct {
	Reply   string `json:"reply"`
	Attempt int    `json:"attempt"`
	Life    string `json:"life"`
}

// AttemptFailed records a failure that is tried again at RetryAt.
type AttemptFailed struct {
	Reply   string    `json:"reply"`
	Attempt int       `json:"attempt"`
	Reason  string    `json:"reason"`
	Code    string    `json:"code,omitempty"`
	RetryAt time.Time `json:"retry_at"`
	// Again is true when it goes to OUTBOX anew, because a person or proof
	// decided that a reply in doubt had not arrived.
	Again bool `json:"again,omitempty"`
	// By is that person.
	By string `json:"by,omitempty"`
}

// ReplyDelivered records that the provider took the reply, or that a person
// confirmed it (By).
type ReplyDelivered struct {
	Reply string `json:"reply"`
	By    string `json:"by,omitempty"`
	// Refused counts recipients that were refused while others were accepted;
	// RefusedAt are their places among To and then CC.
	Refused   int   `json:"refused,omitempty"`
	RefusedAt []int `json:"refused_at,omitempty"`
}

// RecipientsRefused records, before the mail itself is handed over, that the
// provider takes the reply for some of its recipients and not for others: should
// it be taken, those who were refused for a time get it by another attempt, and
// nobody gets it twice. Places are those among To and then CC.
type RecipientsRefused struct {
	Reply   string `json:"reply"`
	Attempt int    `json:"attempt"`
	// Refused are refused for good, Deferred until RetryAt; Main is true when one
	// of the latter stands in To.
	Refused  []int     `json:"refused,omitempty"`
	Deferred []int     `json:"deferred,omitempty"`
	Main     bool      `json:"main,omitempty"`
	RetryAt  time.Time `json:"retry_at,omitzero"`
	Reason   string    `json:"reason,omitempty"`
	Code     string    `json:"code,omitempty"`
}

// ReplyInDoubt records that nobody knows whether the provider took it.
type ReplyInDoubt struct {
	Reply string `json:"reply"`
	Cause string `json:"cause"`
}

// ReplyFailed records that it was not delivered and will not be tried again by
// itself. Bounced is true when the provider had taken it first.
type ReplyFailed struct {
	Reply   string `json:"reply"`
	Reason  string `json:"reason"`
	Code    string `json:"code,omitempty"`
	Bounced bool   `json:"bounced,omitempty"`
	By      string `json:"by,omitempty"`
	// Contact is the open contact that stands for it from now on, for a message
	// of Agent's that is no reply to a contact; Due is what is owed there now.
	Contact  string    `json:"contact,omitempty"`
	Agent    string    `json:"agent,omitempty"`
	Due      time.Time `json:"due,omitzero"`
	AtRiskAt time.Time `json:"at_risk_at,omitzero"`
}

func (ReplyQueued) event()       {}
func (AttemptGranted) event()    {}
func (AttemptFailed) event()     {}
func (ReplyDelivered) event()    {}
func (RecipientsRefused) event() {}
func (ReplyInDoubt) event()      {}
func (ReplyFailed) event()       {}
