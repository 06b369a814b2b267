package match

import "time"

// quietLeast is the least time that anybody has in a quiet moment.
const quietLeast = 15 * time.Minute

// quiet reports whether those who can still be answered in time have more left
// than it takes all who are at work to serve them, and a quarter of an hour: then
// it costs nothing to see to the lost first, who would else wait until nobody
// else does. It is the same for all pairs of an instant.
func (m *matching) quiet() bool {
	if !m.calmKnown {
		m.calm, m.calmKnown = m.isCalm(), true
	}
	return m.calm
}

func (m *matching) isCalm() bool {
	edge := m.w.edges.first().at
	if edge == never {
		return true
	}
	least := time.Duration(edge-m.at) * time.Microsecond
	present := len(m.r.agents) - m.r.absent
	work := float64(m.w.liveWork) * float64(time.Microsecond)
	return least > quietLeast && float64(least-quietLeast) > work/float64(max(present, 1))
}

// guarded reports whether the agent owes a turn to the first of a group.
func (m *matching) guarded(g *Group, a *Agent) bool {
	return a.Credit >= Micro && g.late.len() > 0 && !m.now.Before(m.guardAt(g, &g.late.first().Head))
}

// first gives the first of a line that the agent may take. Behind the first whom
// everybody may take there is none better.
func (m *matching) first(l *line, j *job, a *Agent) *item {
	for _, it := range l.all() {
		if j.stage > 0 && j.group.stage(&it.Head, m.now) < j.stage {
			return nil
		}
		owner := m.reservedFor(it)
		if owner != "" && owner != a.ID {
			continue
		}
		if Ready(&it.Head, j.group.units, a, m.now) == "" {
			return it
		}
		if len(it.Cool) == 0 && owner == "" {
			return nil
		}
	}
	return nil
}

// reservedFor gives the agent for whom a contact is kept a moment, "" if for none.
func (m *matching) reservedFor(it *item) string {
	if it.Prefer == "" || it.group.Traits.Hold <= 0 || !m.now.Before(it.Start.Add(it.group.Traits.Hold)) || !m.r.Present(it.Prefer) {
		return ""
	}
	return it.Prefer
}

// HeldUntil is until when work that is due then may be held back: no longer than
// the slowest agent can still answer it in time.
func (p *Params) HeldUntil(due time.Time, t *Traits) time.Time {
	return due.Add(-p.early(t))
}

// early is how long before it is due work is held back no longer.
func (p *Params) early(t *Traits) time.Duration {
	slowest := p.Accept + time.Duration(Slowness(0)*float64(t.Handling))
	return max(time.Duration(p.Early*float64(t.Target)), slowest)
}

// heldBack reports whether work that can wait is not given to an agent who would
// be missed by what comes live. Who could take nothing live as it is isn't missed.
func (m *matching) heldBack(g *Group, a *Agent) bool {
	if g.Traits.Live || a.asks == asksForAny || a.aside(g.Demand.ReplyChannel, g.units) {
		return false
	}
	if m.at >= g.live.first().due-g.early {
		return false
	}
	for _, f := range m.w.liveFor(a.crew) {
		if a.Room >= f.need && a.Room-g.units < f.need && f.ready-one(a.seen >= f.need) < f.reserve(m.Reserve) {
			if m.supposed {
				return true
			}
			g.held = true
			m.w.soil(g)
			if until := m.HeldUntil(g.live.first().Due, &g.Traits); m.again.IsZero() || until.Before(m.again) {
				m.again = until
			}
			return true
		}
	}
	return false
}
