package router

import (
	"time"

	"stagecoach/contact"
)

// Event is a fact in the log. The set is closed: a new kind is added to the
// table in codec.go, to Apply and to every fold, and the linter finds the
// switch that lacks it. Events hold ids, times, codes, numbers, keyed hashes
// and references, never words, names or addresses.
//
//sumtype:decl
type Event interface{ event() }

// Takeover is the first event of a router that has become the active one.
type Takeover struct {
	// Life is the random id of this run of the process.
	Life string `json:"life"`
}

// ClockStep records that the wall clock was set by more than five seconds.
type ClockStep struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// SourceRead is a bookmark: how far a source has been read, durably.
type SourceRead struct {
	Source   string    `json:"source"`
	Channel  string    `json:"channel"`
	Account  string    `json:"account"`
	Position string    `json:"position"`
	At       time.Time `json:"at"`
	Since    time.Time `json:"since"`
	Seen     uint64    `json:"seen"`
}

// AgentSet adds an agent or changes what they can do.
type AgentSet struct {
	Agent AgentProfile `json:"agent"`
}

// AgentRemoved takes an agent out; their contacts go back.
type AgentRemoved struct {
	Agent string `json:"agent"`
	By    string `json:"by"`
}

// PresenceChanged records whether an agent can be given work.
type PresenceChanged struct {
	Agent    string           `json:"agent"`
	Presence contact.Presence `json:"presence"`
	// Cause is a code: "self", "heartbeat", "missed_offers", "supervisor", "back".
	Cause string `json:"cause"`
	// ChatsUntil is when the live conversations of one who is not there go to
	// somebody else.
	ChatsUntil time.Time `json:"chats_until,omitzero"`
}

// Trimmed takes what ended before commit Before out of memory; the ledger has
// it. Index entries go with it.
type Trimmed struct {
	Before uint64 `json:"before"`
}

func (Takeover) event()        {}
func (ClockStep) event()       {}
func (SourceRead) event()      {}
func (AgentSet) event()        {}
func (AgentRemoved) event()    {}
func (PresenceChanged) event() {}
func (Trimmed) event()         {}
