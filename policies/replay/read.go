package replay

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// Bounds says which part of a log is wanted.
type Bounds struct {
	From, Until time.Time
	// End is when the log ends, if that is known. What claims to be later was written by
	// a clock that was set back since, and counts as of the moment before it.
	End time.Time
	// Most is how many contacts are read at most, 0 for MaxContacts.
	Most int
}

// MaxContacts is how many contacts are simulated at most.
const MaxContacts = 250_000

// ErrTooMany is returned where a part of a log holds more contacts than are read.
var ErrTooMany = errors.New("too many contacts")

// Reader makes a history of commits, which come in the order of the log, from its
// beginning. One goroutine owns it.
type Reader struct {
	Bounds
	h *History
	// turns are the contacts in memory by id, open or ended within the bounds;
	// chains are their conversations.
	turns  map[string]*turnState
	chains map[string]*chainState
	agents map[string]*agentState
	offers map[string]offerState
	// replies are those on their way that end a contact.
	replies  map[string]router.Reply
	policy   string
	contacts int
	// begun is true once the bounds have begun.
	begun bool
	// first is when the log begins.
	first time.Time
	// over is true once they have ended.
	over  bool
	at    time.Time
	entry *router.Entry
}

type chainState struct {
	*Chain
	// last is its newest turn, left what that one's reply did not cover.
	id   string
	last *turnState
	left []Message
}

// turnState is a turn while it is being read.
type turnState struct {
	*Turn
	chain  *chainState
	holder *agentState
	// clock is the holder's when they took it.
	clock [maxAtOnce]float64
	// accepted is true once somebody has taken it by an offer or by themselves,
	// inHand while it is being worked on.
	accepted, inHand bool
}

// agentState is an agent while the log is read.
type agentState struct {
	id       string
	profile  *router.AgentProfile
	presence contact.Presence
	cause    string
	removed  bool
	// hands counts what they work on, live how much of it is live.
	hands, live int
	// clock is for how long they were at work with so many in hand of the rest, and
	// nothing live; liveClock with so many live ones; up to since.
	clock, liveClock [maxAtOnce]float64
	since            time.Time
	// away is when they were set away for missing offers.
	away time.Time
}

type offerState struct {
	agent, contact string
	at             time.Time
}

// NewReader makes a reader of a part of a log.
func NewReader(b Bounds) *Reader {
	if b.Most <= 0 {
		b.Most = MaxContacts
	}
	return &Reader{
		Bounds: b, h: &History{From: b.From, Until: b.Until, Present: map[string]time.Duration{}, Busy: map[string]time.Duration{}},
		turns: map[string]*turnState{}, chains: map[string]*chainState{}, agents: map[string]*agentState{},
		offers: map[string]offerState{}, replies: map[string]router.Reply{},
	}
}

// Ended reports whether all that is wanted was read.
func (r *Reader) Ended() bool { return r.over }

// Read reads one commit as the log holds it. One that can't be read is counted and
// passed over, as every reader of the log does; one of a newer build is an error.
func (r *Reader) Read(data []byte) error {
	if r.old(data) {
		return nil
	}
	c, err := Decode(data)
	switch {
	case errors.Is(err, errNewer):
		return err
	case err != nil:
		r.h.Left.Unreadable++
		return nil //nolint:nilerr // counted, and told
	}
	return r.Commit(c)
}

// carried is for how long before the bounds contacts may have been open that are still
// seen.
const carried = 30 * 24 * time.Hour

// old reports whether a commit is from long before the bounds and says nothing of agents
// or policies: most of a long log is.
func (r *Reader) old(data []byte) bool {
	const key = `"at":"`
	if r.begun || r.From.IsZero() {
		return false
	}
	from := bytes.Index(data[:min(len(data), 200)], []byte(key))
	if from < 0 {
		return false
	}
	from += len(key)
	to := bytes.IndexByte(data[from:], '"')
	if to < 0 {
		return false
	}
	at, err := time.Parse(time.RFC3339Nano, string(data[from:from+to]))
	if err != nil || !at.Before(r.From.Add(-carried)) {
		return false
	}
	for _, kind := range []string{`"agent_set"`, `"agent_removed"`, `"presence_changed"`, `"policy_activated"`} {
		if bytes.Contains(data, []byte(kind)) {
			return false
		}
	}
	return true
}

// Commit reads one commit.
func (r *Reader) Commit(c *router.Commit) error {
	at := c.At
	if !r.End.IsZero() && at.After(r.End) {
		if at = r.at; at.IsZero() {
			at = r.From
		}
	}
	if !r.Until.IsZero() && at.After(r.Until) {
		r.over = true
		return nil
	}
	r.at = at
	if r.first.IsZero() {
		r.first = at
	}
	if !r.begun && r.inside() {
		r.begin()
	}
	for i := range c.Entries {
		r.entry = &c.Entries[i]
		for _, e := range r.entry.Events {
			r.event(e)
		}
	}
	if r.contacts > r.Most {
		return fmt.Errorf("%w: there are more than %d since %s: choose a shorter time with --since and --until", ErrTooMany, r.Most, r.From.Format(time.RFC3339))
	}
	return nil
}

// event reads one event.
func (r *Reader) event(e router.Event) {
	switch e := e.(type) { //nolint:gochecksumtype // only those that a replay needs
	case router.AgentSet:
		p := e.Agent
		a := r.agent(p.ID)
		a.profile, a.removed = &p, false
		r.staff(StaffEvent{Agent: p.ID, Profile: &p})
	case router.AgentRemoved:
		r.catchUp(r.agent(e.Agent))
		a := r.agent(e.Agent)
		a.removed, a.presence = true, contact.Offline
		r.staff(StaffEvent{Agent: e.Agent, Removed: true})
	case router.PresenceChanged:
		r.presence(&e)
	case router.PolicyActivated:
		r.policy = e.Version
		r.version()
	case router.ContactOpened:
		r.opened(&e)
	case router.MessageJoined:
		if t := r.turns[e.Contact]; t != nil {
			t.Messages = append(t.Messages, Message{ID: e.Message.ID, Ref: e.Message.Ref, At: r.at, Received: e.Message.ReceivedAt})
			t.Due = e.Due
		}
	case router.OfferMade, router.OfferEnded, router.Assigned, router.Unassigned:
		r.work(e)
	case router.ReplyQueued, router.ReplyFailed, router.ContactEnded, router.ContactReopened, router.Moved, router.Disengaged, router.ContactsRevised:
		r.course(e)
	}
}

func (r *Reader) inside() bool { return !r.at.Before(r.From) }

func (r *Reader) agent(id string) *agentState {
	a := r.agents[id]
	if a == nil {
		a = &agentState{id: id, presence: contact.Offline, since: r.at}
		r.agents[id] = a
	}
	return a
}

// staff notes what became known of an agent. Of what was before, the last counts.
func (r *Reader) staff(e StaffEvent) {
	if e.At = r.at; r.begun {
		r.h.Staff = append(r.h.Staff, e)
	}
}

func works(p contact.Presence) bool { return p == contact.Available || p == contact.Busy }

// catchUp brings an agent's clocks up to date.
func (r *Reader) catchUp(a *agentState) {
	if d := r.at.Sub(a.since); works(a.presence) && d > 0 {
		switch {
		case a.live > 0:
			a.liveClock[min(a.live, maxAtOnce)-1] += d.Seconds()
		case a.hands > 0:
			a.clock[min(a.hands, maxAtOnce)-1] += d.Seconds()
		}
		if inside := r.at.Sub(later(a.since, r.From)); inside > 0 {
			r.h.Present[a.id] += inside
			if a.hands > 0 {
				r.h.Busy[a.id] += inside
			}
		}
	}
	a.since = r.at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// The causes of presence that the core decides itself.
const (
	causeMissed = "missed_offers"
	causeBack   = "back"
)

// presence notes where an agent is. Being set away for missing offers is the core's
// doing, and so comes by itself again: only for how long is noted.
func (r *Reader) presence(e *router.PresenceChanged) {
	a := r.agent(e.Agent)
	r.catchUp(a)
	a.presence, a.cause = e.Presence, e.Cause
	if e.Presence == contact.Away && e.Cause == causeMissed {
		a.away = r.at
		return
	}
	if back := !a.away.IsZero() && works(e.Presence); back {
		if r.inside() {
			r.h.Absences = append(r.h.Absences, r.at.Sub(a.away))
		}
		a.away = time.Time{}
	}
	if e.Cause == causeBack {
		return
	}
	one := StaffEvent{Agent: e.Agent, Presence: e.Presence, Cause: e.Cause}
	for _, other := range r.entry.Events {
		if u, ok := other.(router.Unassigned); ok && u.Agent == e.Agent && u.Reason == "handed_over" {
			one.HandOver = true
		}
	}
	r.staff(one)
}

// version notes under which policy set contacts are opened.
func (r *Reader) version() {
	if !r.begun || r.policy == "" {
		return
	}
	if n := len(r.h.Policies); n == 0 || r.h.Policies[n-1].Version != r.policy {
		r.h.Policies = append(r.h.Policies, Version{Version: r.policy, Since: r.at})
	}
}

// begin puts in front what is known as the bounds begin: who is there, and what is
// open.
func (r *Reader) begin() {
	r.begun = true
	at := later(r.From, r.first)
	for _, id := range slices.Sorted(maps.Keys(r.agents)) {
		a := r.agents[id]
		e := StaffEvent{At: at, Agent: id, Profile: a.profile, Presence: a.presence, Cause: a.cause}
		if !a.away.IsZero() {
			e.Presence, e.Cause = contact.Available, causeBack
		}
		if a.profile != nil && !a.removed {
			r.h.Staff = append(r.h.Staff, e)
		}
	}
	for _, t := range r.turns {
		r.h.Turns = append(r.h.Turns, t.Turn)
	}
	slices.SortFunc(r.h.Turns, func(x, y *Turn) int {
		return cmp.Or(x.Opened.Compare(y.Opened), cmp.Compare(x.Contact, y.Contact))
	})
	r.version()
}
