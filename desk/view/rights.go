package view

import "time"

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
	// Held says why nothing may be erased now, "" if it may; HeldUntil is the last
	// day of that, "" for until it is lifted.
	Held      string `json:"held,omitempty"`
	HeldUntil string `json:"held_until,omitempty"`
	// Statutory is what a law has us keep when they are erased, or, once they are,
	// what is kept.
	Statutory []Kept `json:"statutory,omitempty"`
}

// Kept is how many messages and replies a law has us keep, and until which day.
type Kept struct {
	Name   string `json:"name"`
	Reason string `json:"reason,omitempty"`
	Until  string `json:"until"`
	N      uint64 `json:"n"`
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
	// Statutory is what a law has us keep: put away, out of use, and erased after
	// its last day.
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
	// Until is the last day, YYYY-MM-DD, "" for until it is lifted.
	Until string `json:"until,omitempty"`
}
