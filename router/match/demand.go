// Package match decides which agent a contact is offered to: what the contact
// demands, who could meet it, which of them comes first, and why. It is pure:
// no clock, no randomness, no I/O; time comes in as a value.
//
// The rule of this build: hard needs first (channel, skills with levels,
// language, capacity), then whoever speaks a wished language, then the customer's
// last agent, then whoever has been
// idle for longest; contacts by due time, the first due first. The seam (Pool,
// Waiting, Explanation) is made for the scored rule that replaces it.
package match

import (
	"time"

	"stagecoach/contact"
)

// Skill is what an agent can do, and how well.
type Skill struct {
	Name string `json:"name" yaml:"name"`
	// Level is 1 to 5.
	Level int `json:"level" yaml:"level"`
}

// Wish is a skill that is needed for a while, and then only preferred.
type Wish struct {
	Skill
	// For is how long it is needed, from the start of the promise; 0 means that it
	// is preferred from the first moment.
	For time.Duration `json:"for,omitempty"`
}

// Demand is what a contact needs of its agent: every one of Skills, one of each
// set of Any, none of Not, one of Languages, and each of Wishes for as long as it
// says. What is needed for a while only is preferred afterwards.
type Demand struct {
	// Skills are all needed, until Traits.RelaxAfter.
	Skills []Skill `json:"skills,omitempty"`
	// Any are sets of skills: one skill of each set is needed, until
	// Traits.RelaxAfter.
	Any [][]Skill `json:"any,omitempty"`
	// Not are skills that exclude whoever has them, however long it waits.
	Not []string `json:"not,omitempty"`
	// Wishes are skills that are needed for a while.
	Wishes []Wish `json:"wishes,omitempty"`
	// Languages are BCP 47 primary subtags; one of them is enough. Empty means
	// any.
	Languages []string `json:"languages,omitempty"`
	// LanguageFor is how long the language is needed, 0 for always.
	LanguageFor time.Duration `json:"language_for,omitempty"`
	// Wished are languages of which one is preferred, not needed.
	Wished []string `json:"wished,omitempty"`
	// Channel is that of arrival, ReplyChannel that of the reply: an agent must
	// be able to work on both.
	Channel      contact.Channel `json:"channel"`
	ReplyChannel contact.Channel `json:"reply_channel"`
}

// Traits are what a promise is about, beside the demand: what the policy said
// when it was made.
type Traits struct {
	// Value is what keeping the promise is worth, in micro-units: 1,000,000 is an
	// ordinary customer's.
	Value int64 `json:"value,omitempty"`
	// Target is how long the promise allows, in the working time of its calendar.
	Target time.Duration `json:"target,omitempty"`
	// RelaxAfter is after which time Skills and Any are wishes, 0 for never.
	RelaxAfter time.Duration `json:"relax_after,omitempty"`
	// Handling is how long an agent of the highest level takes.
	Handling time.Duration `json:"handling,omitempty"`
	// Live is true where the first words go out at once and the work follows, as
	// in a chat.
	Live bool `json:"live,omitempty"`
	// Words is how long the first words of a live answer take.
	Words time.Duration `json:"words,omitempty"`
	// Hold is how long it is kept for the customer's own agent.
	Hold time.Duration `json:"hold,omitempty"`
	// Early is how long before it is due it may be kept waiting for the sake of
	// what comes live, 0 where that is not done.
	Early time.Duration `json:"early,omitempty"`
}

// Reply is how long an agent of the highest level takes from accepting to the
// first reply.
func (t *Traits) Reply() time.Duration {
	if t.Live {
		return t.Words
	}
	return t.Handling
}

// Term is one line of a score. Value is in micro-units.
type Term struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// Candidate is an agent who passed every gate, with the terms of their score.
type Candidate struct {
	Agent string `json:"agent"`
	Terms []Term `json:"terms"`
	Score int64  `json:"score"`
}

// Gate names the first need that an agent did not meet.
type Gate string

// The gates, in the order in which they are tried.
const (
	GatePresence   Gate = "presence"
	GateChannel    Gate = "channel"
	GateLanguage   Gate = "language"
	GateExcluded   Gate = "excluded"
	GateSkill      Gate = "skill"
	GateWish       Gate = "wish"
	GateCooling    Gate = "cooling_down"
	GateShift      Gate = "shift"
	GateDraining   Gate = "draining"
	GateDailyCap   Gate = "daily_cap"
	GateChannelMax Gate = "channel_max"
	GateCapacity   Gate = "capacity"
	GateHeadroom   Gate = "headroom"
	// GateReserved is for a contact that is kept a moment for its own agent.
	GateReserved Gate = "reserved"
	// GateClaimed is for an agent who makes room for whoever waits for longest.
	GateClaimed Gate = "making_room"
)

// Explanation is what a decision was made of (I11): the winner, the five next,
// and for the rest how many failed at which gate.
type Explanation struct {
	// Lane says why its turn has come.
	Lane Lane `json:"lane,omitempty"`
	// Quiet is true for one that is lost and comes first, as all who can still be
	// answered in time have time enough.
	Quiet  bool         `json:"quiet,omitempty"`
	Winner Candidate    `json:"winner"`
	Next   []Candidate  `json:"next,omitempty"`
	Failed map[Gate]int `json:"failed,omitempty"`
	// Behind counts the contacts that waited when this one was served.
	Behind int `json:"behind"`
}
