package router

import (
	"slices"
	"time"

	"stagecoach/customers"
)

// Begins is what bounds a message of ours that nobody has asked for. An answer has
// none of it, and nothing holds it back.
type Begins struct {
	// Purpose is one of customers.Purposes, "" for an answer.
	Purpose string `json:"purpose,omitempty"`
	// Whom is the person whom it counts for.
	Whom string `json:"whom,omitempty"`
	// Also are the customers who were that person as it was written.
	Also []string `json:"also,omitempty"`
	// Zone is the customer's time zone, "" where it isn't known.
	Zone string `json:"zone,omitempty"`
	// At is when it was first handed over: then it counts.
	At time.Time `json:"at,omitzero"`
	// Until is until when it is held, Why a code for why: customers.HeldQuiet and so on;
	// zero and "" once it may go. From is when it was let go.
	Until time.Time `json:"until,omitzero"`
	Why   string    `json:"why,omitempty"`
	From  time.Time `json:"from,omitzero"`
	// Free is true where an agent has let it go whatever the hour.
	Free bool `json:"free,omitempty"`
}

// OutboundHeld records that a message of ours that nobody has asked for waits.
type OutboundHeld struct {
	Reply string    `json:"reply"`
	Until time.Time `json:"until"`
	Why   string    `json:"why"`
}

// OutboundReleased records that it may go: its time has come, or an agent says so.
type OutboundReleased struct {
	Reply string `json:"reply"`
	By    string `json:"by,omitempty"`
	// Remark is where the agent's reason lies.
	Remark string `json:"remark,omitempty"`
}

// OutboundDropped records that somebody has taken it back before it went.
type OutboundDropped struct {
	Reply  string `json:"reply"`
	By     string `json:"by"`
	Remark string `json:"remark,omitempty"`
}

// ReleaseHeld lets a held message go now; Remark is where the reason lies.
type ReleaseHeld struct{ Reply, Remark string }

// DropHeld takes a held message back.
type DropHeld struct{ Reply, Remark string }

func (OutboundHeld) event()     {}
func (OutboundReleased) event() {}
func (OutboundDropped) event()  {}
func (ReleaseHeld) command()    {}
func (DropHeld) command()       {}

// Beginning is what a command says of a message that nobody has asked for.
type Beginning struct {
	Purpose string
	Allowed customers.Allowed
	Zone    string
	// Members are the customers who are the same person.
	Members []string
	// Remark is where the reason lies for which it goes whatever the hour, "" for none.
	Remark string
}

// Held reports whether the reply waits until it may go.
func (r *Reply) Held() bool { return r.State == ReplyIsQueued && r.Begins.Why != "" }

// mayBegin refuses what the customer does not allow.
func (t *turn) mayBegin(b *Beginning) error {
	send := t.env.Rules.Timing().Sending
	switch {
	case b.Purpose == "":
	case !slices.Contains(customers.Purposes(), b.Purpose):
		return refuse(RefusedInvalid, "there is no purpose %q", b.Purpose)
	case b.Allowed == customers.Objected:
		return refuse(RefusedConsent, "the customer has refused messages of this kind (%s) on this channel", b.Purpose)
	case b.Allowed != customers.Consented && send != nil && send.Needs(b.Purpose):
		return refuse(RefusedConsent, "messages of this kind (%s) need the customer's consent, and none is on record for this channel", b.Purpose)
	}
	return nil
}

// RefusedConsent is what the customer does not allow, at once or any more.
const RefusedConsent = "no_consent"

// forbidden has a message fail that nobody has asked for, where the customer has taken
// back what allowed it while it waited, and reports whether they have. Its author sees
// that it did not go.
func (t *turn) forbidden(r *Reply, consent *customers.Allowed) bool {
	if r.Begins.Purpose == "" || consent == nil || t.mayBegin(&Beginning{Purpose: r.Begins.Purpose, Allowed: *consent}) == nil {
		return false
	}
	t.fail(r, ReplyFailed{Reply: r.ID, Reason: RefusedConsent})
	return true
}

// begins holds a message that was just queued and that nobody has asked for, where it
// may not go now.
func (t *turn) begins(r *Reply, b *Beginning) {
	if b.Purpose == "" {
		return
	}
	if b.Remark != "" {
		t.emit(OutboundReleased{Reply: r.ID, By: t.actor, Remark: b.Remark})
		return
	}
	if until, why := t.holds(r); why != "" {
		t.emit(OutboundHeld{Reply: r.ID, Until: until, Why: why})
	}
}

// holds says until when a message that nobody has asked for waits, as things stand.
func (t *turn) holds(r *Reply) (until time.Time, why string) {
	b, rules := &r.Begins, t.env.Rules.Timing()
	if b.Purpose == "" || b.Free || rules.Sending == nil {
		return time.Time{}, ""
	}
	var zone *time.Location
	if rules.Zone != nil {
		zone = rules.Zone(b.Zone)
	}
	var sent []time.Time
	if b.At.IsZero() { // it doesn't count yet
		sent = t.begun(r)
	}
	return rules.Sending.Hold(t.env.Now, zone, sent)
}

// begun gives when messages went to the customer in the last days that nobody had
// asked for.
func (t *turn) begun(r *Reply) []time.Time {
	all := append([]string{r.Begins.Whom}, r.Begins.Also...)
	for _, id := range slices.Clone(all) { // linked since
		all = append(all, t.personOf(id, nil).Members...)
	}
	slices.Sort(all)
	var out []time.Time
	for _, id := range slices.Compact(all) {
		out = append(out, t.Began[id]...)
	}
	return out
}

// heldBack holds what nobody has asked for as it is about to go, and reports whether
// it has.
func (t *turn) heldBack(r *Reply) bool {
	until, why := t.holds(r)
	if why == "" {
		return false
	}
	t.emit(OutboundHeld{Reply: r.ID, Until: until, Why: why})
	return true
}

// heldDue lets a held message go whose time has come, unless something else holds it
// by now.
func (t *turn) heldDue(r *Reply) {
	if r.Begins.Until.After(t.env.Now) {
		t.timers.add(r.Begins.Until, timerReply, r.ID)
		return
	}
	if !t.heldBack(r) {
		t.emit(OutboundReleased{Reply: r.ID})
	}
}

// heldReply gives a message that is held, for a person who says something about it.
func (t *turn) heldReply(id string) (*Reply, error) {
	r := t.Replies[id]
	switch {
	case r == nil:
		return nil, refuse(RefusedNotFound, "there is no such message")
	case !t.isPerson():
		return nil, refuse(RefusedNotAllowed, "only an agent decides this")
	case !r.Held():
		return nil, refuse(RefusedEnded, "this message is not held: it has gone, or was taken back")
	case r.Agent != t.actor && !t.isSupervisor():
		return nil, refuse(RefusedNotYours, "a colleague wrote this: they or a supervisor decide")
	}
	return r, nil
}

func (t *turn) releaseHeld(cmd ReleaseHeld) error {
	r, err := t.heldReply(cmd.Reply)
	if err != nil {
		return err
	}
	if cmd.Remark == "" {
		return refuse(RefusedInvalid, "say why it can't wait: the customer is not to be disturbed now")
	}
	t.emit(OutboundReleased{Reply: r.ID, By: t.actor, Remark: cmd.Remark})
	t.result.Reply, t.result.Conversation, t.result.Contact = r.ID, r.Conversation, r.Contact
	return nil
}

func (t *turn) dropHeld(cmd DropHeld) error {
	r, err := t.heldReply(cmd.Reply)
	if err != nil {
		return err
	}
	t.emit(OutboundDropped{Reply: r.ID, By: t.actor, Remark: cmd.Remark})
	t.result.Reply, t.result.Conversation, t.result.Contact = r.ID, r.Conversation, r.Contact
	if v := t.Conversations[r.Conversation]; v != nil && v.Contact == "" && v.State == ConversationWithCustomer && !v.Answered {
		t.emit(ConversationClosed{Conversation: v.ID, State: ConversationResolved})
	}
	return nil
}

// Hold takes over that the reply waits, Release that it doesn't any more.
func (r *Reply) Hold(e *OutboundHeld) { r.Begins.Until, r.Begins.Why = e.Until, e.Why }

// Release takes over that the reply may go.
func (r *Reply) Release(e *OutboundReleased, at time.Time) {
	r.Begins.Until, r.Begins.Why, r.Begins.From, r.Begins.Free = time.Time{}, "", at, r.Begins.Free || e.By != ""
	r.RetryAt = time.Time{}
}

func (s *State) applyHeld(e *OutboundHeld) {
	if r := s.Replies[e.Reply]; r != nil {
		r.Hold(e)
		s.timeReply(r)
	}
}

func (s *State) applyReleased(e *OutboundReleased) {
	if r := s.Replies[e.Reply]; r != nil {
		r.Release(e, s.At)
		s.timeReply(r)
	}
}

func (s *State) applyDropped(e *OutboundDropped) {
	r := s.Replies[e.Reply]
	if r == nil {
		return
	}
	r.State, r.Reason = ReplyHasFailed, ReasonTakenBack
	r.Begins.Until, r.Begins.Why = time.Time{}, ""
	s.settle(r)
	s.indexReply(r)
	if c := s.Contacts[r.Contact]; c != nil && c.Open() && c.Reply == r.ID {
		c.Reply = ""
		if c.State == Sending {
			c.State = AssignedTo
		}
		s.indexContact(c)
	}
}

// ReasonTakenBack is why a message failed that its author has taken back.
const ReasonTakenBack = "taken_back"

// countBegun notes that what nobody has asked for is handed over for the first time.
func (s *State) countBegun(r *Reply) {
	whom := r.Begins.Whom
	if r.Begins.Purpose == "" || !r.Begins.At.IsZero() || whom == "" {
		return
	}
	r.Begins.At = s.At
	if s.Began == nil {
		s.Began = map[string][]time.Time{}
	}
	s.Began[whom] = append(slices.DeleteFunc(slices.Clone(s.Began[whom]), s.longAgo), s.At)
}

// begunMemory is how long it is remembered what began.
const begunMemory = 8 * 24 * time.Hour

func (s *State) longAgo(at time.Time) bool { return s.At.Sub(at) > begunMemory }

// forgetBegun takes out of memory what began long ago.
func (s *State) forgetBegun() {
	for id, sent := range s.Began {
		if !slices.ContainsFunc(sent, func(at time.Time) bool { return !s.longAgo(at) }) {
			delete(s.Began, id)
		}
	}
}
