package router

import (
	"time"

	"stagecoach/contact"
	"stagecoach/router/heap"
)

// timerKind says what is to be looked at when a timer is due. A timer is only a
// reason to look: whether there is something to do is read off the state, so a
// timer that is too many does no harm.
type timerKind uint8

const (
	timerContact timerKind = iota + 1
	timerOffer
	timerConversation
	timerReply
	timerEngagement
	timerForecast
	timerAgent
)

// timer is small, as there are many. Its time is in seconds and nanoseconds.
type timer struct {
	sec  int64
	nsec int32
	kind timerKind
	id   string
}

func timerAt(at time.Time, kind timerKind, id string) timer {
	return timer{sec: at.Unix(), nsec: int32(at.Nanosecond()), kind: kind, id: id} //nolint:gosec // below a billion
}

func (t *timer) at() time.Time { return time.Unix(t.sec, int64(t.nsec)).UTC() }

// inTime has the timer first that is due first.
type inTime struct{}

// Before implements heap.Order.
func (inTime) Before(x, y *timer) bool {
	switch {
	case x.sec != y.sec:
		return x.sec < y.sec
	case x.nsec != y.nsec:
		return x.nsec < y.nsec
	case x.kind != y.kind:
		return x.kind < y.kind
	}
	return x.id < y.id
}

// Stands implements heap.Order.
func (inTime) Stands(*timer, int) {}

// timers are the router's own due times.
type timers struct{ heap heap.Heap[timer, inTime] }

func (h *timers) add(at time.Time, kind timerKind, id string) {
	if !at.IsZero() {
		h.heap.Push(timerAt(at, kind, id))
	}
}

// popDue takes the first timer that is due at now.
func (h *timers) popDue(now time.Time) (timer, bool) {
	if h.heap.Len() == 0 || h.heap.First().at().After(now) {
		return timer{}, false
	}
	return h.heap.Pop(), true
}

// NextTimer gives when the router must look again, and false when nothing is
// to come.
func (s *State) NextTimer() (time.Time, bool) {
	if s.timers.heap.Len() == 0 {
		return time.Time{}, false
	}
	return s.timers.heap.First().at(), true
}

// timeContact sets the next timer of an open contact: the earliest of what is
// still to come of it.
func (s *State) timeContact(c *Contact) {
	var next time.Time
	consider := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if !c.Risky {
		consider(c.AtRiskAt)
	}
	if !c.Breached {
		consider(c.Due)
	}
	if c.State != Sending {
		consider(c.StepAt)
	}
	if c.State == AssignedTo {
		if !c.Warned {
			consider(c.WarnAt)
		}
		consider(c.PullAt)
		consider(s.recallAt(c))
	}
	if c.State == Waiting {
		s.timeWaiting(c, consider)
	}
	if !next.Equal(c.timedAt) {
		c.timedAt = next
		s.timers.add(next, timerContact, c.ID)
	}
}

// timeWaiting considers when more agents may take a waiting contact.
func (s *State) timeWaiting(c *Contact, consider func(time.Time)) {
	if c.need != nil {
		for _, step := range c.need.Steps() {
			if at := c.clock().Add(step); at.After(s.At) {
				consider(at)
			}
		}
	}
	if hold := c.clock().Add(c.Traits.Hold); c.own != "" && hold.After(s.At) {
		consider(hold)
	}
	if free := c.Due.Add(-c.Traits.Early); c.Traits.Early > 0 && free.After(s.At) {
		consider(free)
	}
	for _, until := range c.Cool {
		if until.After(s.At) {
			consider(until)
		}
	}
}

// recallAt is when a contact goes to somebody else as its holder is not there,
// zero while they are: a live conversation soon, other work when it would be late.
func (s *State) recallAt(c *Contact) time.Time {
	a := s.Agents[c.Agent]
	switch {
	case a != nil && works(a.Presence):
		return time.Time{}
	case a != nil && c.Traits.Live && !a.ChatsUntil.IsZero():
		return a.ChatsUntil
	}
	return c.RecallAt
}

// timeReply sets when a queued reply is given up, if nobody takes it to send: an
// account may be gone for good.
func (s *State) timeReply(r *Reply) {
	switch {
	case r.Held():
		s.timers.add(r.Begins.Until, timerReply, r.ID)
	case r.State == ReplyIsQueued:
		s.timers.add(r.givenUp(), timerReply, r.ID)
	}
}

// givenUp is when a queued reply is given up. A receipt isn't tried for long: it
// is worth nothing once it comes late.
func (r *Reply) givenUp() time.Time {
	if r.Kind == contact.Acknowledgement {
		return r.QueuedAt.Add(receiptLife)
	}
	return later(later(r.QueuedAt, r.RetryAt), r.Begins.From).Add(giveUpAfter)
}

func (s *State) timeConversation(v *Conversation) {
	if v.State == ConversationResolved || v.Left > 0 {
		return
	}
	if !v.ResolveMissed {
		s.timers.add(v.ResolveBy, timerConversation, v.ID)
	}
	s.timers.add(v.StepAt, timerConversation, v.ID)
}
