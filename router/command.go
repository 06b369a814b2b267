package router

import (
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
)

// Command is a wish to change the state. The router decides it to events or
// refuses it in words; nothing else changes the state. The set is closed.
//
//sumtype:decl
type Command interface{ command() }

// Envelope is a command with who wants it. ID makes it idempotent: the same id
// again gives the first answer, for 24 hours.
type Envelope struct {
	ID string
	// Actor is an agent's id, or "router", "intake", "sender".
	Actor   string
	Command Command
}

// The actors that are not people.
const (
	ActorRouter = "router"
	ActorIntake = "intake"
	ActorSender = "sender"
)

// Result is the answer to a command, after its commit is durable.
type Result struct {
	// Commit is the commit that a page must wait for before it shows the
	// effect.
	Commit uint64 `json:"commit"`
	// Contact, Conversation, Message, Reply and Offer name what it was about,
	// as far as there is one.
	Contact      string `json:"contact,omitempty"`
	Conversation string `json:"conversation,omitempty"`
	Message      string `json:"message,omitempty"`
	Reply        string `json:"reply,omitempty"`
	Offer        string `json:"offer,omitempty"`
	// Link is the link, or the proposal of one, and Person whom it is about.
	Link   string `json:"link,omitempty"`
	Person string `json:"person,omitempty"`
	// Draft is the policy draft that was made.
	Draft string `json:"draft,omitempty"`
	// Left is how many contacts an erasure has still to end.
	Left int `json:"left,omitempty"`
	// Known is true when nothing was done because it was done before.
	Known bool `json:"known,omitempty"`
	// Attempt is the granted attempt's number.
	Attempt int `json:"attempt,omitempty"`
}

// Refusal is a command that was not done, in words for the person who wanted
// it. Code is stable for programs.
//
//nolint:errname // people and programs know it by this name
type Refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error implements error.
func (r *Refusal) Error() string { return r.Message }

// The codes of refusals.
const (
	RefusedNotFound    = "not_found"
	RefusedNotYours    = "not_yours"
	RefusedTaken       = "taken"
	RefusedEnded       = "ended"
	RefusedNotAllowed  = "not_allowed"
	RefusedInvalid     = "invalid"
	RefusedBusy        = "busy"
	RefusedCapacity    = "capacity"
	RefusedNewer       = "newer_message"
	RefusedNothingNext = "nothing_waiting"
	RefusedAttempt     = "attempt_refused"
	RefusedEarly       = "too_early"
	RefusedStale       = "stale_lookup"
)

// Advance is a bookmark of a source.
type Advance struct{ Read SourceRead }

// Accept takes an offer.
type Accept struct{ Offer string }

// Decline refuses an offer, with a reason code.
type Decline struct {
	Offer  string
	Reason string
}

// TakeNext assigns the contact that the actor should do next.
type TakeNext struct{}

// Assign gives a contact to an agent, by a supervisor, or by its holder
// (transfer), or to oneself. Override allows to exceed the capacity.
type Assign struct {
	Contact  string
	Agent    string
	Reason   string
	Remark   string // reference to what was written
	Override bool
}

// PullBack takes a contact from its holder to the waiting ones.
type PullBack struct {
	Contact string
	Reason  string
	Remark  string
}

// MoveTo puts a contact into another queue.
type MoveTo struct {
	Contact string
	Queue   string
	Reason  string
	Remark  string
	// Clear takes it out of review: it is a customer's message after all.
	Clear bool
}

// Send queues a stored reply.
type Send struct {
	Reply Reply
	Keys  []string
	// Participants are the identities (keyed hashes) that it goes to.
	Participants []string
	// Delivered is true for a reply that a person gave by hand (telephone,
	// letter, visit) or elsewhere (our own copy found in Sent) and confirms.
	Delivered bool
	// Confirmed is a supervisor's word for a pledge beyond the limits.
	Confirmed bool
	// Begins is for an answer to what was not addressed to us: nobody has asked for it.
	Begins Beginning
	// Conversation is the conversation's facts from the ledger, for what is
	// forwarded from one that has left memory.
	Conversation *Conversation
}

// Attempt asks to be allowed one attempt at sending.
type Attempt struct {
	Reply string
	Life  string
	// Consent is what the customer has said by now of a message that nobody has asked
	// for, nil where nobody has looked.
	Consent *customers.Allowed
}

// Outcome tells what an attempt came to.
type Outcome struct {
	Reply   string
	Attempt int
	Life    string
	// Delivered, InDoubt, or a failure.
	Delivered bool
	// Refused counts recipients that were refused while others were accepted;
	// RefusedAt are their places among To and then CC.
	Refused    int
	RefusedAt  []int
	InDoubt    bool
	Permanent  bool
	Reason     string
	Code       string
	RetryAfter time.Duration
}

// Partly tells, before a reply is handed over, which recipients the provider
// has refused while it takes others; RetryAfter is for the deferred.
type Partly struct {
	Reply             string
	Attempt           int
	Life              string
	Refused, Deferred []int
	// Main is true when one of the deferred stands in To.
	Main       bool
	Reason     string
	Code       string
	RetryAfter time.Duration
}

// Resolve settles a reply in doubt: by the Resolver (actor "sender") or by a
// person. Again sends it once more; only a person may.
type Resolve struct {
	Reply     string
	Delivered bool
	Again     bool
}

// Dispose ends contacts without a reply, by a person, with a code.
type Dispose struct {
	Contacts    []string
	Disposition contact.Disposition
	Remark      string
}

// Reopen undoes a disposal.
type Reopen struct {
	Contact string
	Facts   *Contact // from the ledger, when it has left memory
	// Conversation is the contact's, from the ledger.
	Conversation *Conversation
}

// Note stores a remark for colleagues.
type Note struct {
	Conversation string
	Contact      string
	Note         string
	Ref          string
}

// StartOutbound opens a conversation of ours with a first message.
type StartOutbound struct {
	Identity string
	// Record is the customer whose record has that address, "" where none or several
	// have it.
	Record       string
	Participants []string
	Channel      contact.Channel
	Account      string
	Reply        Reply
	Keys         []string
	// Begins says what for, and what the customer allows.
	Begins Beginning
	AsOf   uint64
	Known  map[string]Found
}

// SetAgent adds or changes an agent.
type SetAgent struct{ Agent AgentProfile }

// RemoveAgent takes an agent out.
type RemoveAgent struct{ Agent string }

// SetPresence changes an agent's presence.
type SetPresence struct {
	Agent    string
	Presence contact.Presence
	Cause    string
	// HandOver also gives back what they hold.
	HandOver bool
}

// Tick lets the router act on what is due now.
type Tick struct{}

// Trim takes what the ledger has passed out of memory.
type Trim struct{ Before uint64 }

// Begin is a router's first command after takeover.
type Begin struct{ Life string }

// StepClock records that the wall clock was set.
type StepClock struct{ From, To time.Time }

func (StepClock) command()     {}
func (Receive) command()       {}
func (Advance) command()       {}
func (Accept) command()        {}
func (Decline) command()       {}
func (TakeNext) command()      {}
func (Assign) command()        {}
func (PullBack) command()      {}
func (MoveTo) command()        {}
func (Send) command()          {}
func (Attempt) command()       {}
func (Outcome) command()       {}
func (Partly) command()        {}
func (Resolve) command()       {}
func (Dispose) command()       {}
func (Reopen) command()        {}
func (Note) command()          {}
func (StartOutbound) command() {}
func (SetAgent) command()      {}
func (RemoveAgent) command()   {}
func (SetPresence) command()   {}
func (Tick) command()          {}
func (Trim) command()          {}
func (Begin) command()         {}
