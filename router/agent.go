package router

import (
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// AgentProfile is what an agent can do. Names and addresses are content.
type AgentProfile struct {
	ID        string        `json:"id"`
	Role      contact.Role  `json:"role"`
	Skills    []match.Skill `json:"skills"`
	Languages []string      `json:"languages"`
	// Channels limits what they answer; empty means all.
	Channels []contact.Channel `json:"channels,omitempty"`
	// Capacity is in units; 0 means the policy's default.
	Capacity int `json:"capacity"`
	// Most is how many contacts of a channel they hold at a time, where that is
	// other than the policy's number.
	Most []ChannelMost `json:"most,omitempty"`
	// DailyCap is how many contacts they take in a day, 0 for any number.
	DailyCap int `json:"daily_cap,omitempty"`
	// Shifts are when they work; empty means whenever they are available.
	Shifts []Shift `json:"shifts,omitempty"`
}

// Agent is an agent as the router knows them.
type Agent struct {
	AgentProfile
	Presence contact.Presence `json:"presence"`
	// Load is the sum of the units of what they hold and are offered, and of the
	// live conversations that go on.
	Load int `json:"load"`
	// Holds and Offers are the contacts held and the offers open.
	Holds  map[string]bool `json:"holds,omitempty"`
	Offers map[string]bool `json:"offers,omitempty"`
	// IdleSince orders those with equal claims: who got nothing for longest. It
	// moves to now with each assignment, each missed or declined offer and each
	// return from whatever took them away, so that it can't be gained by ignoring,
	// by being busy or by logging in again.
	IdleSince time.Time `json:"idle_since"`
	// Misses counts offers that ran out in a row.
	Misses int `json:"misses,omitempty"`
	// SetAway is when they were set away for missing offers, zero if they were not:
	// their next sign makes them available again.
	SetAway time.Time `json:"set_away,omitzero"`
	// ChatsUntil is until when live conversations stay with one who is not there,
	// zero where nothing was said of it.
	ChatsUntil time.Time `json:"chats_until,omitzero"`
	// Removed is true once they were taken out.
	Removed bool `json:"removed,omitempty"`

	// Credit is what they owe to those past their guard, in micro-turns.
	Credit int64 `json:"credit,omitempty"`

	// Day is the last on which they took a contact, as 2006-01-02 in the policy's
	// zone, and Taken how many they took then.
	Day   string `json:"day,omitempty"`
	Taken int    `json:"taken,omitempty"`

	// cand is what the rule sees of them, nil once they were taken out.
	cand *match.Agent
	// full is true when they have no room.
	full bool
	// staffs is true while they count as being there.
	staffs bool
	// held is what they hold by channel; span is the shift that they are in or
	// the next one; timedAt is the timer that stands for them in the heap.
	held    []match.Held
	span    span
	timedAt time.Time
}
