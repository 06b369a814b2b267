package replay

import (
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/policies"
	"stagecoach/router"
)

// History is what a part of the log says: the contacts that came, who was there,
// and how they worked. It holds no words and no names.
type History struct {
	// From and Until bound it. Contacts that came in between are measured.
	From, Until time.Time
	// Turns are the contacts in the order in which they were opened; those that
	// were open at From come first and are not measured.
	Turns []*Turn
	// Chains are the conversations that they belong to.
	Chains []*Chain
	// Staff is what became known of agents, in order; what happened before From
	// stands at From.
	Staff []StaffEvent
	// Answers are the offers that an agent answered, or missed.
	Answers []Answer
	// Absences are for how long agents were away after they had missed offers.
	Absences []time.Duration
	// Policies are the versions that decided from From on, and how many contacts
	// were opened under each, in order.
	Policies []Version
	// Present and Busy are how long each agent was at work between From and Until,
	// and for how long of that with something in hand.
	Present, Busy map[string]time.Duration
	// Left counts what is not simulated.
	Left Left
	// settled is since when what came need not be answered.
	settled time.Time
}

// Version is a policy set that decided, since when, and for how many contacts.
type Version struct {
	Version  string    `json:"version"`
	Since    time.Time `json:"since"`
	Contacts int       `json:"contacts"`
}

// Left counts what happened and is not simulated, or not measured.
type Left struct {
	// CarriedOver were open at From: they are simulated, not measured.
	CarriedOver int `json:"carried_over"`
	// Pledges are answers that agents owed: they are given when they were.
	Pledges int `json:"pledges"`
	// Failed are contacts about what we sent and did not arrive: not simulated.
	Failed int `json:"failed_outbound"`
	// Reopened came back after their reply had not arrived, Merged went into
	// another: simulated, not measured.
	Reopened int `json:"reopened"`
	Merged   int `json:"merged"`
	// Disposed ended without a reply, by a person: so they do again.
	Disposed int `json:"disposed"`
	// Transferred were given to a colleague by hand: whoever takes them keeps them.
	Transferred int `json:"transferred"`
	// Open came too late to be due at Until, and so late that their like need not be
	// answered.
	Open int `json:"open"`
	// Unreadable counts commits of the log that could not be read.
	Unreadable int `json:"unreadable"`
}

// Chain is a conversation.
type Chain struct {
	// Customer is whose it is, Turns are its contacts in order.
	Customer string
	Turns    []*Turn
}

// Message is one of a turn's.
type Message struct {
	// ID is its own, Ref where its words lie.
	ID, Ref string
	// At is when it came in, Received when the provider had it.
	At, Received time.Time
	// Late is true where the reply to the turn before did not cover it.
	Late bool
}

// Turn is a contact: what came, and what became of it.
type Turn struct {
	// Index is its place in History.Turns, Place that in its chain.
	Index, Place int
	Chain        *Chain
	Contact      string
	Messages     []Message
	// Opened is when it came in, Start from when it counts.
	Opened, Start time.Time
	// Facts are those of the contact as it was opened.
	Facts  Facts
	Policy string

	// End, Ended, Agent, Due are how it ended: when, by whom, and what was owed
	// then; End is "" while it is open.
	End         router.EndKind
	Ended       time.Time
	Agent       string
	Due         time.Time
	Disposition contact.Disposition
	// Reply is the kind of reply that ended it, PledgeDue what that promised.
	Reply     contact.ReplyKind
	PledgeDue time.Time
	// Queued is when the reply was sent, Delivery how long it was on its way.
	Queued   time.Time
	Delivery time.Duration
	// AtOnce is for how long whoever ended it had it in hand, in seconds at work:
	// as the only one, as one of two, and so on. What is live is done ahead of the
	// rest, which does not get on meanwhile.
	AtOnce [maxAtOnce]float64
	// Cleared is when a person took it out of review; Given when one gave it to
	// ByHand although nobody had accepted it.
	Cleared, Given time.Time
	ByHand         string
	// Done is when its agent said that the live conversation was over.
	Done time.Time
	// Silent is how often its holder did nothing until it was taken back, Taken how
	// often it was taken by those that took it.
	Silent, Taken []string
	// Measured is true where it counts.
	Measured bool
	// Reopened and Transferred are true where that happened.
	Reopened, Transferred bool
}

// Facts are what a message needs, as it was found when it came.
type Facts struct {
	Channel   contact.Channel
	Account   string
	Promise   router.PromiseKind
	Proposed  contact.Disposition
	Prefer    string
	Was       router.Reclassified
	Preferred []string
	// Asked is what the policy was told beside the message.
	Asked router.Asked
	// Customer is whose it is, Known what was known of them, nil for nothing.
	Customer string
	Known    *customers.Facts
	// Live is true where the customer sits there waiting.
	Live bool
}

// maxAtOnce is up to how many contacts in hand are told apart.
const maxAtOnce = 8

// Waited is how long the customer waited for the reply, and false where there was
// none.
func (t *Turn) Waited() (time.Duration, bool) {
	return t.Ended.Sub(t.Start), t.End == router.EndReplied
}

// StaffEvent is something that became known of an agent.
type StaffEvent struct {
	At    time.Time
	Agent string
	// Profile is what they can do, nil for no change.
	Profile *router.AgentProfile
	// Presence is theirs from now on, "" for no change.
	Presence contact.Presence
	Cause    string
	// HandOver is true where they gave back what they held.
	HandOver bool
	// Removed is true where they were taken out.
	Removed bool
}

// Fate is what became of an offer that was not revoked.
type Fate int

// The fates of an offer.
const (
	Accepted Fate = iota
	Declined
	Missed
)

// Answer is an offer that was answered, or ran out.
type Answer struct {
	Agent string
	Fate  Fate
	After time.Duration
}

// Set names a policy set to simulate, and what it makes of contacts.
type Set struct {
	*policies.Set
	// Classes gives what it makes of a turn, nil for what is recorded.
	Classes func(t *Turn) router.Reclassified
}
