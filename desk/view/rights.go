package view

import (
	"encoding/json"
	"time"
)

// CustomerData is what there is of a person, as it is shown before any of it is
// exported or erased.
type CustomerData struct {
	// Customers are the ids that the person has with us.
	Customers []string `json:"customers"`
	Name      string   `json:"name"`
	// Addresses are theirs, as "channel:address".
	Addresses []string  `json:"addresses"`
	Since     time.Time `json:"since,omitzero"`

	Conversations int `json:"conversations"`
	Contacts      int `json:"contacts"`
	Messages      int `json:"messages"`
	Replies       int `json:"replies"`
	Notes         int `json:"notes"`
	Remarks       int `json:"remarks"`
	Evidence      int `json:"evidence"`
	// Others counts messages of other people in the person's conversations: they
	// quote one another, and go too.
	Others int `json:"others"`
	// Open are the contacts that still await a reply.
	Open []OpenContact `json:"open"`
	// Same are customers of the same addresses who are not known to be the same
	// person.
	Same []string `json:"same"`
	// Held says why it is kept from being erased, "" if it isn't; HeldUntil is the last
	// day of that, "" for until it is lifted. HeldTold is what the customer is told.
	Held      string `json:"held,omitempty"`
	HeldUntil string `json:"held_until,omitempty"`
	HeldTold  string `json:"held_told,omitempty"`
	// Statutory is what a law has us keep when they are erased, or, once they are,
	// what is kept.
	Statutory []Kept `json:"statutory,omitempty"`
	// Restricted says that they were erased but for what must be kept; nil if not.
	Restricted *Restricted `json:"restricted,omitempty"`
}

// Restricted says that a person's words are out of use since their erasure was asked
// for, and are erased by themselves as soon as they need be kept no longer.
type Restricted struct {
	Erasure string    `json:"erasure"`
	Since   time.Time `json:"since"`
	// By is who asked for it: the id of an agent, "customer" or "control"; ByName says it
	// in words.
	By     string `json:"by"`
	ByName string `json:"by_name"`
	Kept   []Kept `json:"kept"`
}

// Kept is how many pieces of words a law or a hold has us keep, and until which day; ""
// is until the hold is lifted.
type Kept struct {
	Name   string `json:"name"`
	Reason string `json:"reason,omitempty"`
	Until  string `json:"until"`
	N      uint64 `json:"n"`
	// Hold is true where a hold keeps them; Told is then the reason that the customer
	// is told, "" for "a legal obligation".
	Hold bool   `json:"hold,omitempty"`
	Told string `json:"told,omitempty"`
}

// KeptWords are what is put away of a person, read for a reason.
type KeptWords struct {
	Restricted Restricted `json:"restricted"`
	// Records are what was known of them, as JSON, Pieces what was written.
	Records []json.RawMessage `json:"records"`
	Pieces  []KeptPiece       `json:"pieces"`
}

// KeptPiece is one message, reply, note or reason.
type KeptPiece struct {
	Ref  string `json:"ref"`
	Kind string `json:"kind"`
	// Rule and Until say which law keeps it, "" where the hold alone does.
	Rule    string    `json:"rule,omitempty"`
	Until   string    `json:"until,omitempty"`
	At      time.Time `json:"at,omitzero"`
	From    string    `json:"from,omitempty"`
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
	// Original is the item as it is kept, with its files.
	Original json.RawMessage `json:"original"`
}

// OpenContact is a contact that awaits its reply.
type OpenContact struct {
	ID      string    `json:"id"`
	Channel string    `json:"channel"`
	Queue   string    `json:"queue"`
	State   string    `json:"state"`
	Agent   string    `json:"agent,omitempty"`
	Due     time.Time `json:"due"`
}

// Erasure is how far an erasure is.
type Erasure struct {
	ID        string    `json:"id"`
	Customers []string  `json:"customers"`
	At        time.Time `json:"at"`
	// Ended is true once nothing is left. Done of Total pieces are gone.
	Ended bool `json:"ended"`
	Done  int  `json:"done"`
	Total int  `json:"total"`
	// Trouble says why it does not go on, "" if it does.
	Trouble string `json:"trouble,omitempty"`
	// Removed counts what was removed, by kind.
	Removed []Removed `json:"removed"`
	// Kept says in words what is not ours to remove, or stays on purpose.
	Kept []string `json:"kept"`
	// Restricted is true where something must be kept: it is out of use, and erased by
	// itself as soon as it need be kept no longer.
	Restricted bool `json:"restricted"`
	// By is who asked for it: the id of an agent, "customer" or "control"; ByName says it
	// in words.
	By     string `json:"by"`
	ByName string `json:"by_name"`
	// Statutory is what a law or a hold has us keep.
	Statutory []Kept `json:"statutory,omitempty"`
}

// Removed is how many were removed of one kind.
type Removed struct {
	Kind string `json:"kind"`
	N    uint64 `json:"n"`
}

// Hold keeps a person's data from being erased, until a day.
type Hold struct {
	// Reason says why, "" lifts it.
	Reason string `json:"reason"`
	// Told is the reason that the customer is told, "" for "a legal obligation".
	Told string `json:"told,omitempty"`
	// Until is the last day, YYYY-MM-DD, "" for until it is lifted.
	Until string `json:"until,omitempty"`
	// By names, on the control socket, the supervisor who decided it.
	By string `json:"by,omitempty"`
}
