package router

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
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

// Env is what a decision is made with, beside the state.
type Env struct {
	Now   time.Time
	Rules Rules
	Facts Facts
}

// turn is one command being decided: every event is applied as soon as it is
// decided, so that the next step sees it. A refusal comes before the first
// event.
type turn struct {
	*State
	env    *Env
	actor  string
	ids    int
	events []Event
	result Result
	// opened are the contacts that this command has opened; receipt is what is owed
	// for one of them.
	opened  []string
	receipt *AcknowledgementOwed
	// touched are the contacts of which the ladder may come at other times now.
	touched []string
}

// Decide turns a command into events and applies them. It gives a *Refusal as
// error when the command is not to be done; the state is then as before. It is
// deterministic in the state (with its commit number), the envelope and env.
func Decide(s *State, env *Env, cmd *Envelope) (Entry, error) {
	if rec := s.Commands[cmd.ID]; rec != nil && cmd.ID != "" {
		res := rec.Result
		res.Known = true
		return Entry{Result: &res}, nil
	}
	s.limit(env.Rules.Timing().Limits)
	t := &turn{State: s, env: env, actor: cmd.Actor, ids: s.decided}
	err := t.decide(cmd.Command)
	if err == nil {
		t.returned(cmd.Command)
		t.settleAll()
	}
	s.decided = t.ids
	if err != nil {
		return Entry{}, err
	}
	t.result.Commit = s.N
	e := Entry{Kind: CommandName(cmd.Command), Actor: cmd.Actor, Events: t.events, Result: &t.result}
	if cmd.ID != "" && len(t.events) > 0 {
		e.Command = cmd.ID
		s.remember(&e)
	}
	return e, nil
}

func (t *turn) decide(cmd Command) error { //nolint:funlen // a table
	switch c := cmd.(type) {
	case Receive:
		return t.receive(&c)
	case Advance:
		t.emit(c.Read)
		return nil
	case Accept:
		return t.accept(c)
	case Decline:
		return t.decline(c)
	case TakeNext:
		return t.takeNext()
	case Assign:
		return t.assign(&c)
	case Disengage:
		return t.disengage(c)
	case PullBack:
		return t.pullBack(&c)
	case MoveTo:
		return t.moveTo(&c)
	case Send:
		return t.send(&c)
	case Attempt:
		return t.attempt(c)
	case Outcome:
		return t.outcome(&c)
	case Partly:
		return t.partly(&c)
	case Resolve:
		return t.resolve(&c)
	case Dispose:
		return t.dispose(&c)
	case Reopen:
		return t.reopen(&c)
	case Note:
		return t.note(&c)
	case StartOutbound:
		return t.startOutbound(&c)
	case ChooseReply:
		return t.chooseReply(&c)
	case ReleaseHeld:
		return t.releaseHeld(c)
	case DropHeld:
		return t.dropHeld(c)
	case SetAgent:
		return t.setAgent(&c)
	case RemoveAgent:
		return t.removeAgent(c)
	case SetPresence:
		return t.setPresence(&c)
	case Tick:
		t.tick()
		t.revise()
		return nil
	case Acknowledge:
		return t.acknowledgement(&c)
	case Trim:
		if c.Before > t.TrimmedTo {
			t.emit(Trimmed(c))
		}
		return nil
	case Activate:
		return t.activate(&c)
	case DraftPolicy:
		return t.draftPolicy(&c)
	case DropPolicy:
		return t.dropPolicy(c)
	case ShadowPolicy:
		return t.shadowPolicy(c)
	case Reclassify:
		return t.reclassify(&c)
	case Told:
		return t.told(&c)
	case Link:
		return t.link(&c)
	case Unlink:
		return t.unlink(&c)
	case DeclineLink:
		return t.declineLink(&c)
	case ChangeCustomer:
		return t.changeCustomer(&c)
	case Begin:
		t.begin(c)
		return nil
	case StepClock:
		t.stepClock(c)
		return nil
	case DecideIdea:
		return t.decideIdea(&c)
	case EndPageLinks:
		return t.endPageLinks(&c)
	case Restored:
		t.restored()
		return nil
	case Erase:
		return t.erase(&c)
	case EndErasure:
		return t.endErasure(&c)
	case ApplyRetention:
		t.emit(RetentionApplied{Policy: t.Policy, Removed: c.Removed, Spared: c.Spared})
		return nil
	}
	return fmt.Errorf("command %T is not known", cmd)
}

// settleAll does what every command may have made possible: offers, and telling
// the last resort.
func (t *turn) settleAll() {
	t.judge()
	t.match()
	t.foreseeOpened()
	t.planTouched()
	t.oweReceipt()
	t.tellLastResort()
}

// emit decides one event and applies it.
func (t *turn) emit(e Event) {
	if t.events == nil {
		t.events = make([]Event, 0, 4)
	}
	t.events = append(t.events, e)
	switch e := e.(type) { //nolint:gochecksumtype // only those that concern it
	case ContactOpened:
		t.opened = append(t.opened, e.Contact.ID)
	case ContactReopened:
		t.touched = append(t.touched, e.Contact.ID)
	case MessageJoined:
		t.touched = append(t.touched, e.Contact)
	case Moved:
		t.touched = append(t.touched, e.Contact)
	case ReplyFailed:
		if e.Contact != "" {
			t.touched = append(t.touched, e.Contact)
		}
	}
	t.Apply(e)
}

// newID gives the next id: a UUIDv7 (RFC 9562 section 5.7) with the commit's
// time whose random bits are a hash of where in the log it was given, so that a
// replay of the same command gives the same id.
func (t *turn) newID() string {
	t.ids++
	var buf [96]byte
	seed := append(append(append(append(buf[:0], t.Office...), '/'), t.Life...), '/')
	seed = append(strconv.AppendUint(seed, t.Epoch, 10), '/')
	seed = append(strconv.AppendUint(seed, t.N, 10), '/')
	sum := sha256.Sum256(strconv.AppendInt(seed, int64(t.ids), 10))
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(t.env.Now.UnixMilli(), 0)))
	var b [16]byte
	copy(b[:], ms[2:])
	copy(b[6:], sum[:10])
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	var id [36]byte
	at := 0
	for i, x := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			id[at] = '-'
			at++
		}
		at += hex.Encode(id[at:], []byte{x})
	}
	return string(id[:])
}

func refuse(code, format string, args ...any) error {
	return &Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
}

// isPerson reports whether the actor is an agent who is not removed.
func (t *turn) isPerson() bool {
	a := t.Agents[t.actor]
	return a != nil && !a.Removed
}

func (t *turn) isSupervisor() bool {
	return t.isPerson() && t.Agents[t.actor].Role == contact.RoleSupervisor
}

// openContact gives the contact, or says why nothing can be done with it.
func (t *turn) openContact(id string) (*Contact, error) {
	c := t.Contacts[id]
	switch {
	case c == nil:
		return nil, refuse(RefusedNotFound, "this contact is not open, or there is none with this id")
	case !c.Open():
		return nil, refuse(RefusedEnded, "this contact has ended: %s", c.End)
	}
	return c, nil
}

// mayHandle refuses unless the actor holds the contact or is a supervisor.
func (t *turn) mayHandle(c *Contact) error {
	if c.Agent == t.actor && t.isPerson() || t.isSupervisor() {
		return nil
	}
	if c.Agent == "" {
		return refuse(RefusedNotYours, "nobody holds this contact yet: accept it first")
	}
	return refuse(RefusedNotYours, "a colleague holds this contact")
}
