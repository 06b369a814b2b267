package router

import (
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/router/match"
	"stagecoach/router/sla"
)

// Rules is what the core asks of the active policy. Every method is pure, never
// fails, and has an answer for everything.
type Rules interface {
	Promises
	Version() string
	// Matching gives the rule that matches contacts and agents.
	Matching() match.Rule
	// Offering tells how contacts of a channel are offered.
	Offering(ch contact.Channel) Offering
	// Work tells what a contact of a channel costs.
	Work(ch contact.Channel) Work
	// Timing gives the times that hold for everything.
	Timing() Timing
}

// Promises is what the core asks about promises.
type Promises interface {
	// Promise gives when a reply is due, and when the contact is at risk, for a
	// promise of this kind that starts then.
	Promise(kind PromiseKind, f PromiseFacts, start time.Time) (due, atRisk time.Time)
	// Resolution gives when the conversation's promise is due; zero for none.
	Resolution(f PromiseFacts, start time.Time) time.Time
	// Traits gives what a promise of this kind is about.
	Traits(kind PromiseKind, f PromiseFacts) match.Traits
	// Entry names the entry that a promise of this kind is made by.
	Entry(kind PromiseKind, f PromiseFacts) string
	// Ladder gives the steps for such a promise with these moments, in the order in
	// which they come.
	Ladder(kind PromiseKind, f PromiseFacts, m Moments) []sla.Rung
}

// PromiseFacts is what a promise may depend on.
type PromiseFacts struct {
	Channel contact.Channel
	Account string
	Class   string
	// Kind is question, complaint, praise or idea.
	Kind     string
	Queue    string
	Language string
	Tier     string
	// Value is what the customer is worth, in points.
	Value int64
}

// Offering tells how contacts are offered.
type Offering struct {
	// TimeOut is how long an offer stands; CoolDown how long the pair is passed
	// over after it was declined or missed.
	TimeOut  time.Duration
	CoolDown time.Duration
	// Parallel is to how many agents at once; at least 1.
	Parallel int
	// Urgent is to how many where an offer that runs out would break the promise.
	Urgent int
	// Auto assigns without asking.
	Auto bool
}

// Work tells what a contact costs an agent.
type Work struct {
	// Units is the share of an agent's capacity.
	Units int
	// Handling is how long an answer takes.
	Handling time.Duration
	// Silent is the least time that a silent holder has, 0 for Timing's.
	Silent time.Duration
	// Linger is how long a live conversation keeps its units after a reply, 0
	// where an answer is the end of the work.
	Linger time.Duration
}

// Timing is the times of design I6 and the limits of pledges.
type Timing struct {
	// SilentWarn and SilentPull are shares of the time from acceptance to the
	// due time after which a silent holder is warned, and loses the contact.
	SilentWarn, SilentPull float64
	// SilentFloor is the least time that a holder has, also for late work.
	SilentFloor time.Duration
	// MissesUntilAway is how many missed offers in a row set an agent away.
	MissesUntilAway int
	// AwayLeast is how long they stay so whatever they do; then the next thing that
	// they do makes them available again.
	AwayLeast time.Duration
	// Digest is the least time between two tellings of the last resort.
	Digest time.Duration
	// FollowUp says what becomes of a bad answer.
	FollowUp FollowUp
	// PledgeRow is how many pledges in a row an agent may make alone.
	PledgeRow int
	// Burst is how long after a message another one of the same sender on the
	// same account belongs to the same contact, thread or not.
	Burst time.Duration
	// SameMatter is how long after a message one of the same person on another
	// channel, of the same class, belongs to the same contact; 0 for never.
	SameMatter time.Duration
	// GiveUp is how long a reply is tried before a person must see to it.
	GiveUp time.Duration
	// ChatReturn is how long live conversations stay with an agent who is not
	// there.
	ChatReturn time.Duration
	// Heartbeat is how long an agent counts as there after the last sign.
	Heartbeat time.Duration
	// Limits are what every agent may hold beside their capacity; nil for none.
	Limits *match.Limits
	// LastResort names the owner of what nobody holds.
	LastResort string
	// Queue and ReviewQueue are where contacts stand when nothing else is said.
	Queue, ReviewQueue string
	// Acknowledge gives when a receipt is sent for what comes on a channel.
	Acknowledge func(ch contact.Channel) Acknowledging
	// PledgeUntil gives the latest due time of a pledge made now.
	PledgeUntil func(now time.Time) time.Time
	// ReplyBy chooses the channel of an answer, and says whether one to what was asked
	// in public is for the customer alone; nil where it goes where the message came from.
	ReplyBy func(f PromiseFacts, in customers.Asking) (way customers.Choice, private bool)
	// Secret lists phrases that never stand where anybody can read them.
	Secret []string
	// Sending bounds what nobody has asked for, Zone finds a customer's time zone; nil
	// for no bounds, and where none is known.
	Sending *customers.SendRules
	Zone    func(name string) *time.Location
	// Working gives when so much of the promise's working time is over, and
	// whether it is working time at from; nil where nobody asks.
	Working func(f PromiseFacts, from time.Time, d time.Duration) (until time.Time, open bool)
	// Between gives the working time from one moment to another, and whether the
	// clock of the resolution stands still while it waits for the customer; nil where
	// it never does.
	Between func(f PromiseFacts, from, until time.Time) (d time.Duration, pauses bool)
}

// Facts are live values that are not in the log; what is decided from them is.
type Facts struct {
	// DraftAt is when the draft of a contact was last saved, zero if never.
	DraftAt func(contact string) time.Time
	// Agent gives the id of an agent whom a policy names by their e-mail address.
	Agent func(address string) (id string, known bool)
}
