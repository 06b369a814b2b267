package router

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"stagecoach/contact"
)

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
	case HoldErasure:
		return t.holdErasure(&c)
	case ReadKept:
		return t.readKept(&c)
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
