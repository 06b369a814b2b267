package router

import (
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// ContactOpened starts a contact with its promise and its last resort.
type ContactOpened struct {
	Contact Contact `json:"contact"`
	Policy  string  `json:"policy"`
	// Behind is true where another policy set was activated in the moment between
	// its class, or its promise, and its opening: both are found anew.
	Behind bool `json:"behind,omitempty"`
}

// MessageJoined adds a message to an open contact. Due is what is owed now.
type MessageJoined struct {
	Contact  string    `json:"contact"`
	Message  MsgRef    `json:"message"`
	Due      time.Time `json:"due"`
	AtRiskAt time.Time `json:"at_risk_at"`
	// Entry and Policy are what Due is made from, where it has changed.
	Entry  string `json:"entry,omitempty"`
	Policy string `json:"policy,omitempty"`
	// RecallAt is when it goes back by now if its holder is not there, zero for as before.
	RecallAt time.Time `json:"recall_at,omitzero"`
}

// OfferMade proposes a contact to an agent until Expires.
type OfferMade struct {
	Offer   string    `json:"offer"`
	Contact string    `json:"contact"`
	Agent   string    `json:"agent"`
	Units   int       `json:"units"`
	Expires time.Time `json:"expires"`
	// Why is what the decision was made of (I11).
	Why match.Explanation `json:"why"`
	// Policy is the version that decided.
	Policy string `json:"policy"`
}

// OfferEnd says how an offer ended without an assignment.
type OfferEnd string

// The ends of an offer.
const (
	OfferDeclined OfferEnd = "declined"
	OfferExpired  OfferEnd = "expired"
	OfferRevoked  OfferEnd = "revoked"
)

// OfferEnded records that an offer was declined, expired or was revoked. The
// pair cools down until CoolUntil.
type OfferEnded struct {
	Offer   string   `json:"offer"`
	Contact string   `json:"contact"`
	Agent   string   `json:"agent"`
	End     OfferEnd `json:"end"`
	// Reason is a code: "busy", "not_mine", "unreachable", "away", …
	Reason    string    `json:"reason,omitempty"`
	CoolUntil time.Time `json:"cool_until,omitzero"`
	// Missed counts against the agent's presence (expired only).
	Missed bool `json:"missed,omitempty"`
}

// Assigned gives a contact to an agent; Offer is "" when a person or the agent
// did so directly. Override is true when it exceeds the agent's capacity.
type Assigned struct {
	// Turn is what it adds to what the agent owes, in micro-turns.
	Turn int64 `json:"turn,omitempty"`
	// Day is the day on which it counts for the agent's daily cap, "" where it
	// doesn't: a live conversation that goes on was counted when it began.
	Day      string `json:"day,omitempty"`
	Contact  string `json:"contact"`
	Agent    string `json:"agent"`
	Offer    string `json:"offer,omitempty"`
	By       string `json:"by"`
	Units    int    `json:"units"`
	Reason   string `json:"reason,omitempty"`
	Remark   string `json:"remark,omitempty"`
	Override bool   `json:"override,omitempty"`
	// WarnAt and PullAt are when a silent holder is warned and loses it.
	WarnAt time.Time `json:"warn_at,omitzero"`
	PullAt time.Time `json:"pull_at,omitzero"`
	// RecallAt is when it goes back if its holder is not there.
	RecallAt time.Time `json:"recall_at,omitzero"`
}

// Unassigned takes a contact back to the waiting ones.
type Unassigned struct {
	Contact   string    `json:"contact"`
	Agent     string    `json:"agent"`
	By        string    `json:"by"`
	Reason    string    `json:"reason"`
	Remark    string    `json:"remark,omitempty"`
	CoolUntil time.Time `json:"cool_until,omitzero"`
}

// HolderWarned records that a silent holder was warned.
type HolderWarned struct {
	Contact string `json:"contact"`
	Agent   string `json:"agent"`
}

// HoldExtended puts the warning and the pulling back off, as the holder is at
// work on a draft.
type HoldExtended struct {
	Contact string    `json:"contact"`
	PullAt  time.Time `json:"pull_at"`
}

// Moved puts a contact into another queue, by a person or a rule.
type Moved struct {
	Contact string `json:"contact"`
	Queue   string `json:"queue"`
	By      string `json:"by"`
	Reason  string `json:"reason"`
	Remark  string `json:"remark,omitempty"`
	// Cleared is true when a person decided that what was proposed as spam or
	// machine is a customer's message after all. The contact then has the promise
	// of such a one, unless its own is due earlier.
	Cleared  bool         `json:"cleared,omitempty"`
	Promise  PromiseKind  `json:"promise,omitempty"`
	Due      time.Time    `json:"due,omitzero"`
	AtRiskAt time.Time    `json:"at_risk_at,omitzero"`
	Traits   match.Traits `json:"traits,omitzero"`
	Entry    string       `json:"entry,omitempty"`
	Policy   string       `json:"policy,omitempty"`
}

// ContactEnded records the only ways out of a contact (I4).
type ContactEnded struct {
	Contact string  `json:"contact"`
	End     EndKind `json:"end"`
	// Reply is the delivered reply, for EndReplied.
	Reply string `json:"reply,omitempty"`
	// Left is how many of its last messages the reply did not cover: they
	// belong to the next contact.
	Left int `json:"left,omitempty"`
	// Into is the contact that stays open, for EndMerged.
	Into string `json:"into,omitempty"`
	// Disposition, By and Remark are for EndDisposed: the code, the person and
	// the reference of what they wrote.
	Disposition contact.Disposition `json:"disposition,omitempty"`
	By          string              `json:"by"`
	Remark      string              `json:"remark,omitempty"`
}

// ContactReopened undoes an end, with the original clock. It carries the whole
// contact, which may have left memory.
type ContactReopened struct {
	Contact Contact `json:"contact"`
	// Cause is a code: "bounced", "failed", "not_spam".
	Cause string `json:"cause"`
	By    string `json:"by,omitempty"`
	// Was is how it had ended.
	Was         EndKind             `json:"was"`
	Disposition contact.Disposition `json:"disposition,omitempty"`
	// Kept is true when it had counted as answered in time.
	Kept bool `json:"kept,omitempty"`
}

// AtRisk records that the warning time before due has come.
type AtRisk struct {
	Contact string `json:"contact"`
}

// Breached records, once, that the due time was missed.
type Breached struct {
	Contact string `json:"contact"`
}

// NobodyAble records that nobody who is known, at work or not, could ever take a
// contact, however long it waits: it waits with its promise running, and the last
// resort is told.
type NobodyAble struct {
	Contact string `json:"contact"`
	// Lacks is what they lack; "" once somebody could take it after all.
	Lacks match.Gate `json:"lacks,omitempty"`
}

// MissForeseen records, once for a contact, that its promise will probably be
// missed although its time is not over.
type MissForeseen struct {
	Contact string `json:"contact"`
	// Chance is how probable that is, of a thousand.
	Chance int `json:"chance"`
}

// LastResortTold records that the people of last resort are being told of
// contacts at risk or breached that nobody has accepted, or that nobody could
// ever take.
type LastResortTold struct {
	Contacts []string `json:"contacts"`
	Breached int      `json:"breached"`
	// Impossible counts those neither at risk nor breached that nobody could ever
	// take; each is told of once.
	Impossible int `json:"impossible,omitempty"`
	// Total counts all of them, where Contacts is cut at 100.
	Total int `json:"total"`
}

func (ContactOpened) event()   {}
func (MessageJoined) event()   {}
func (OfferMade) event()       {}
func (OfferEnded) event()      {}
func (Assigned) event()        {}
func (Unassigned) event()      {}
func (HolderWarned) event()    {}
func (HoldExtended) event()    {}
func (Moved) event()           {}
func (ContactEnded) event()    {}
func (ContactReopened) event() {}
func (AtRisk) event()          {}
func (Breached) event()        {}
func (NobodyAble) event()      {}
func (LastResortTold) event()  {}
func (MissForeseen) event()    {}
