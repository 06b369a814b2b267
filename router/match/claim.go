package match

import (
	"cmp"
	"slices"
	"time"
)

// claim is a contact past its guard and the agent who owes it a turn.
type claim struct {
	it    *item
	agent *Agent
	// fits is true where the agent has the room now. Where they haven't, they make
	// it: they take nothing else until it fits.
	fits bool
	// place is theirs among those who owe a turn.
	place int
}

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
			m.owing = append(m.owing, a)
		}
	}
}

// findLate finds the contacts past their guard that somebody could take who owes a
// turn: of each group as many as there are agents, as more could not be served.
func (m *matching) findLate() bool {
	m.late = m.late[:0]
	sorted := false
	for _, g := range m.w.list {
		if g.Len() == 0 || m.now.Before(m.guardAt(g, g.head())) {
			continue
		}
		if !sorted {
			sorted = true
			slices.SortFunc(m.owing, func(x, y *Agent) int {
				return cmp.Or(x.IdleSince.Compare(y.IdleSince), cmp.Compare(x.ID, y.ID))
			})
		}
		m.appendLate(g)
	}
	return len(m.late) > 0
}

func (m *matching) appendLate(g *Group) {
	found := 0
	for _, l := range [...]*line{&g.late, &g.live} {
		for _, it := range l.all() {
			if m.now.Before(m.guardAt(g, &it.Head)) {
				return
			}
			possible := slices.ContainsFunc(m.owing, func(a *Agent) bool {
				able, _ := m.canMakeRoom(it, a)
				return able
			})
			if possible {
				m.late = append(m.late, claim{it: it})
				found++
			}
			if found == len(m.owing) || !possible && len(it.Cool) == 0 {
				return
			}
		}
	}
}

func (m *matching) assignClaims() {
	slices.SortFunc(m.late, func(x, y claim) int {
		return cmp.Or(m.guardAt(x.it.group, &x.it.Head).Compare(m.guardAt(y.it.group, &y.it.Head)), compareHeads(&x.it.Head, &y.it.Head))
	})
	left := len(m.owing)
	for i := range m.late {
		c := &m.late[i]
		for k, a := range m.owing {
			if a == nil {
				continue
			}
			able, fits := m.canMakeRoom(c.it, a)
			if able && (c.agent == nil || fits) {
				c.agent, c.fits, c.place = a, fits, k
			}
			if c.fits {
				break
			}
		}
		if c.agent == nil {
			continue
		}
		m.owing[c.place] = nil
		if !c.fits {
			c.agent.claimed = true
			m.claimed = append(m.claimed, c.agent)
		}
		if left--; left == 0 {
			break
		}
	}
	clear(m.late)
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
