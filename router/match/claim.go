package match

import (
	"cmp"
	"slices"
	"time"
)

// claim is the next contact of a group that is past its guard.
type claim struct {
	it *item
	// at is when its guard was over.
	at time.Time
	// place is where it stands among all of the group, found how many of the group
	// before it somebody could take who owes a turn.
	place, found int
}

// guardFirst has the claim whose guard was over first come first.
type guardFirst struct{}

// Before implements heap.Order.
func (guardFirst) Before(x, y *claim) bool {
	return cmp.Or(x.at.Compare(y.at), compareItems(x.it, y.it)) < 0
}

// Stands implements heap.Order.
func (guardFirst) Stands(*claim, int) {}

// GuardAt is from when on a contact is owed a turn: so many targets after the
// start of its promise. It never changes, so nothing that comes later can pass it.
func GuardAt(start time.Time, target time.Duration, guard float64) time.Time {
	return start.Add(time.Duration(guard * float64(target)))
}

// claim has agents who owe a turn make room. Contacts past their guard, in the
// order of GuardAt, have each one of the agents who owe a turn, no agent twice.
//
// Who has the room comes first; where nobody has, a contact claims whoever got
// nothing for longest. That one stays the same until it fits, without any memory:
// nothing is given to them meanwhile, so their idle time goes on while that of
// all others begins anew, and what they hold ends one by one. Without it a stream
// of small contacts keeps a big one out for ever: the room that one leaves is
// taken by the next before there is enough for it.
//
// It costs O(groups × agents who owe a turn) at most, whatever number waits, but
// for contacts that were declined by all of these; and O(free agents + groups)
// where nobody is past their guard.
func (m *matching) claim() {
	m.claimed, m.before = m.before[:0], m.claimed
	for _, a := range m.before {
		a.claimed = false
	}
	if m.findOwing(); len(m.owing) > 0 && m.findLate() {
		m.assignClaims()
	}
	for _, a := range m.before {
		if !a.claimed && a.place >= 0 {
			m.r.freshen(a)
		}
	}
}

// findOwing finds the free agents who owe a turn, who got nothing for longest
// first. Who is full needs no claim: they are asked as soon as anything that they
// hold ends.
func (m *matching) findOwing() {
	m.owing = m.owing[:0]
	for _, a := range m.r.free {
		if a.Credit >= Micro {
			a.given = false
			m.owing = append(m.owing, a)
		}
	}
}

// findLate finds the groups with somebody past their guard, and reports whether
// there are any.
func (m *matching) findLate() bool {
	m.late.Clear()
	m.nums = m.w.guards.past(m.at, m.nums[:0])
	for _, num := range m.nums {
		m.pushLate(m.w.list[num], claim{})
	}
	return m.late.Len() > 0
}

// pushLate has the next of a group come in its turn, if they are past their guard.
func (m *matching) pushLate(g *Group, c claim) {
	late := g.late.all()
	switch live := g.live.all(); {
	case c.place < len(late):
		c.it = late[c.place]
	case c.place < len(late)+len(live):
		c.it = live[c.place-len(late)]
	default:
		return
	}
	if c.at = m.guardAt(g, &c.it.Head); !m.now.Before(c.at) {
		c.place++
		m.late.Push(c)
	}
}

// assignClaims gives each contact past its guard, the first due to be served first,
// one of those who owe a turn. Of each group no more are looked at than there are of
// these, as more could not be served.
func (m *matching) assignClaims() {
	slices.SortFunc(m.owing, func(x, y *Agent) int {
		return cmp.Or(x.IdleSince.Compare(y.IdleSince), cmp.Compare(x.ID, y.ID))
	})
	for left := len(m.owing); left > 0 && m.late.Len() > 0; {
		c := m.late.Pop()
		possible, taken := m.claimOne(c.it)
		if taken {
			left--
		}
		if possible {
			c.found++
		}
		// Where nobody is left for it there is none for the next either.
		if c.found < len(m.owing) && (taken || len(c.it.Cool) > 0) {
			m.pushLate(c.it.group, c)
		}
	}
	m.late.Clear()
}

// claimOne gives a contact one of those who owe a turn and are not given: the first
// who has the room, else the first who can make it. It reports whether any of them
// could take it, given or not, and whether one was given.
func (m *matching) claimOne(it *item) (possible, taken bool) {
	place, fits := -1, false
	for k, a := range m.owing {
		able, now := m.canMakeRoom(it, a)
		possible = possible || able
		if able && !a.given && (place < 0 || now) {
			place, fits = k, now
			if now {
				break
			}
		}
	}
	if place < 0 {
		return possible, false
	}
	a := m.owing[place]
	a.given = true
	if !fits {
		a.claimed = true
		m.claimed = append(m.claimed, a)
	}
	return true, true
}

// canMakeRoom reports whether an agent can take a contact, now or once what they
// hold has ended; and whether now.
func (m *matching) canMakeRoom(it *item, a *Agent) (able, fits bool) {
	j := m.w.jobFor(a.crew, it.group)
	if j == nil || j.stage > it.group.stage(&it.Head, m.now) {
		return false, false
	}
	switch Ready(&it.Head, it.group.units, a, m.now) {
	case "":
		return true, true
	case GateCapacity, GateHeadroom:
		return a.fitsEmptied(it.group.Demand.ReplyChannel, it.group.units), false
	default:
		return false, false
	}
}

func (m *matching) guardAt(g *Group, h *Head) time.Time {
	return GuardAt(h.Start, g.Traits.Target, m.Guard)
}
