package match

import (
	"math"
	"time"
)

// Params are what a supervisor may tune of the rule. Weights are in natural
// logarithms.
type Params struct {
	// Steepness is k: how fast urgency grows as the due time comes nearer.
	Steepness float64
	// Spare is how much a scarce agent is kept for what only they can do.
	Spare float64
	// Spread is how much a full load counts against an agent.
	Spread float64
	// Known is what the customer's own agent is worth, Relaxed the price of one
	// who lacks a skill.
	Known, Relaxed float64
	// Wished is what a wished language is worth.
	Wished float64
	// KnownSpeed is how long the customer's own agent takes, as a factor.
	KnownSpeed float64
	// Concurrency is e: n contacts at once advance n^e as fast as one.
	Concurrency float64
	// Accept is the mean time from offer to acceptance.
	Accept time.Duration
	// BestCase is the part of the mean handling time below which none is done,
	// BestAccept the part of the mean time to acceptance.
	BestCase, BestAccept float64
	// Guard is after how many targets a turn is owed; Turn is the part of a turn
	// that each other assignment earns an agent, in micro-units.
	Guard float64
	Turn  int64
	// Early is the part of the target that must be left for work to be held
	// back, and Reserve how many agents are kept for what comes live: at most all
	// but one of those at work who can do it, and at least one.
	Early   float64
	Reserve int
	// Urgent is to how many agents a contact is offered at once when one offer
	// that runs out would break its promise.
	Urgent int
}

// DefaultParams are those that the figures of README.md are for.
func DefaultParams() Params {
	return Params{
		Steepness: 3, Spare: 0.3, Spread: 0.1, Known: math.Log(1.3), Relaxed: 1, Wished: 1, KnownSpeed: 0.9, Concurrency: 0.6,
		Accept: 6 * time.Second, BestCase: 1, BestAccept: 0.6, Guard: 2, Turn: 30_000, Early: 0.6, Reserve: 2, Urgent: 3,
	}
}

// Fair is generalised c-mu on what can still be kept, with a promised turn for
// what is late (van Mieghem 1995; Mandelbaum and Stolyar 2004; README.md has the
// formula and where it departs from them).
type Fair struct{ Params }

// matching is one look at who waits and who is free. It is kept with the waiting
// set, so that its buffers are used again.
type matching struct {
	Params
	// version numbers the parameters, and what contacts take of an agent.
	version int
	// urgent is the most that the urgency of anybody can be worth.
	urgent int64
	// looks counts the looks, looking is true during one.
	looks   uint64
	looking bool
	w       *Waiting
	r       *Roster
	now     time.Time
	sources sources
	// again is when what is held back may be given.
	again time.Time
	// calm is whether all who can still be answered in time have time enough,
	// known once it has been asked for.
	calm, calmKnown bool
	// supposed is true where it is only asked what would be.
	supposed bool
	// claimed are the agents who make room, before those of the last look; owing
	// and late are used to find them.
	claimed, before, owing []*Agent
	late                   []claim
	// pick and what it is made of are used for each.
	pick  Pick
	terms [maxTerms]Term
	next  [maxNext + 1]rival
	lines [maxNext + 1][maxTerms]Term
}

// Match implements Rule. Greedily the best pair first is the optimal assignment
// while agents become free one at a time. It looks only at what may have become
// possible since it last came to an end: all groups for the agents who are
// fresh, all free agents for the groups that are dirty. Of each of these sources
// the best pair stands in a heap. As pairs are made the others only get worse
// (less room, the next in line younger), so a pair that still stands when its
// turn comes is the best of all.
func (r Fair) Match(w *Waiting, p *Roster, now time.Time, offer func(p *Pick) bool) time.Time {
	m := &w.m
	m.begin(r.Params, w, p, now)
	m.claim()
	m.looking = true
	defer func() { m.looking = false }()
	for again := true; again; again = m.settled() {
		m.gather()
		if !m.give(offer) {
			return now
		}
	}
	return m.again
}

// give makes all pairs of the sources, the best first, false if offer wants no
// more.
func (m *matching) give(offer func(p *Pick) bool) bool {
	for len(m.sources) > 0 {
		s := &m.sources[0]
		if !m.stands(&s.best) {
			if !m.renew(s) {
				m.sources.drop()
			} else {
				m.sources.down(0)
			}
			continue
		}
		m.explain(&s.best)
		if !offer(&m.pick) {
			clear(m.sources)
			m.sources = m.sources[:0]
			return false
		}
		if m.renew(&m.sources[0]) {
			m.sources.down(0)
		} else {
			m.sources.drop()
		}
	}
	return true
}

// tune takes parameters, and forgets what was worked out with others.
func (m *matching) tune(params Params) {
	if m.Params == params && m.version > 0 {
		return
	}
	m.Params = params
	m.version++
	k := m.Steepness - 1
	m.urgent = micro(max(k*math.Log(maxUrgency), k*math.Log(minUrgency)))
}

// begin makes ready for a look at who waits.
func (m *matching) begin(params Params, w *Waiting, p *Roster, now time.Time) {
	m.tune(params)
	m.looks++
	m.w, m.r, m.now, m.again, m.calmKnown = w, p, now, time.Time{}, false
	p.recount()
	p.learn(now)
}

// gather makes the sources: who is fresh, and which groups are dirty.
func (m *matching) gather() {
	m.sources = m.sources[:0]
	for _, g := range m.w.dirty {
		g.held, g.again = false, false
	}
	fresh := m.r.fresh[:0]
	for _, a := range m.r.fresh {
		if a.place < 0 {
			a.fresh = false
			continue
		}
		fresh = append(fresh, a)
		m.add(source{agent: a})
	}
	clear(m.r.fresh[len(fresh):])
	m.r.fresh = fresh
	if len(fresh) == len(m.r.free) {
		return // all groups are looked at for all
	}
	for _, g := range m.w.dirty {
		m.add(source{group: g})
	}
}

func (m *matching) add(s source) {
	if m.renew(&s) {
		m.sources.push(&s)
	}
}

// settled takes note that nothing more can be given now: of the groups only
// those that work is held back in are looked at again of themselves. It reports
// whether a pair has made more possible, so that it is to be looked again at once.
func (m *matching) settled() (again bool) {
	for _, a := range m.r.fresh {
		a.fresh = false
	}
	clear(m.r.fresh)
	m.r.fresh = m.r.fresh[:0]
	held := m.w.dirty[:0]
	for _, g := range m.w.dirty {
		again = again || g.again
		if g.held = g.held && g.live.len() > 0; g.held || g.again {
			held = append(held, g)
		} else {
			g.dirty = false
		}
	}
	m.w.dirty = held
	return again
}

// stands reports whether a pair can be made as it was scored.
func (m *matching) stands(p *pair) bool {
	return !p.it.gone && p.agent.seen == p.room && p.agent.Credit == p.credit
}

// renew finds the best pair of a source, false if there is none.
func (m *matching) renew(s *source) bool {
	s.best = pair{}
	if s.agent != nil {
		m.bestOf(s.agent, &s.best)
	} else if s.group.Len() > 0 {
		for _, a := range m.r.free {
			if a.claimed {
				continue
			}
			if j := m.w.jobFor(a.crew, s.group); j != nil {
				m.look(&s.best, j, a)
			}
		}
	}
	return s.best.agent != nil
}

// bestOf finds the best pair of an agent.
func (m *matching) bestOf(a *Agent, best *pair) {
	if a.place >= 0 && !a.claimed {
		m.among(a, best)
	}
}

// among finds the best pair of an agent in all groups. They stand in the order of
// the most that one of them could be worth, so that few are looked at while
// somebody can still be answered in time.
func (m *matching) among(a *Agent, best *pair) {
	owes := a.Credit >= Micro
	for _, x := range m.sorted(a) {
		if best.rank == rankSavable && best.agent != nil && !owes && x.most < best.score && !m.quiet() {
			return
		}
		if g := x.job.group; g.Len() > 0 && (owes || !m.outdone(best, g, x.most)) {
			m.look(best, x.job, a)
		}
	}
}

// outdone reports whether none of a group can be better for an agent who owes
// nothing than the best so far. most is the most that one of it could be worth if
// nothing were more urgent.
func (m *matching) outdone(best *pair, g *Group, most int64) bool {
	switch {
	case best.agent == nil:
		return false
	case best.rank == rankQuiet:
		return g.late.len() == 0 || -g.late.first().Due.UnixMilli()*Micro < best.score
	case best.rank == rankSavable && (g.late.len() == 0 || !m.quiet()):
		return g.live.len() == 0 || most-m.urgent+m.urgencyOf(g) < best.score
	}
	return false
}

// look keeps the best pair of an agent and a group if it is better.
func (m *matching) look(best *pair, j *job, a *Agent) {
	g := j.group
	g.settle(m.now, m.bestCase(&g.Traits))
	p := pair{agent: a, job: j, rank: rankSavable}
	switch {
	case m.guarded(g, a):
		if it := m.first(&g.late, j, a); it != nil && !m.now.Before(m.guardAt(g, &it.Head)) {
			p.it, p.rank, p.score = it, rankGuard, -m.guardAt(g, &it.Head).UnixMicro()
		}
	case best.agent != nil && best.rank == rankGuard:
		return
	case g.late.len() > 0 && m.quiet():
		if p.it = m.first(&g.late, j, a); p.it != nil {
			p.rank, p.score = rankQuiet, m.lateness(j, p.it, a)
		}
	}
	if p.it == nil && best.agent != nil && best.rank == rankQuiet {
		return
	}
	switch {
	case p.it != nil:
	case g.live.len() > 0 && !m.heldBack(g, a):
		if p.it = m.first(&g.live, j, a); p.it != nil {
			p.score = m.score(j, p.it, a)
		}
	}
	if p.it == nil && g.late.len() > 0 && (best.agent == nil || best.rank == rankLost) {
		if p.it = m.first(&g.late, j, a); p.it != nil {
			p.rank, p.score = rankLost, m.lateness(j, p.it, a)
		}
	}
	if p.it == nil {
		return
	}
	p.room, p.credit = a.seen, a.Credit
	if best.agent == nil || p.before(best) {
		*best = p
	}
}

// quietLeast is the least time that anybody has in a quiet moment.
const quietLeast = 15 * time.Minute

// quiet reports whether those who can still be answered in time have more left
// than it takes all who are at work to serve them, and a quarter of an hour: then
// it costs nothing to see to the lost first, who would else wait until nobody
// else does. It costs O(groups), once for all pairs of an instant.
func (m *matching) quiet() bool {
	if m.calmKnown {
		return m.calm
	}
	m.calm, m.calmKnown = false, true
	least, work := time.Duration(math.MaxInt64), 0.0
	for _, g := range m.w.list {
		if g.live.len() == 0 {
			continue
		}
		best := m.bestCase(&g.Traits)
		g.settle(m.now, best)
		if g.live.len() == 0 {
			continue
		}
		if least = min(least, g.live.first().Due.Sub(m.now)-best); least <= quietLeast {
			return false
		}
		work += float64(g.live.len()) * float64(g.Traits.Handling)
	}
	present := len(m.r.agents) - m.r.absent
	m.calm = float64(least-quietLeast) > work/float64(max(present, 1))
	return m.calm
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

// bestCase is how long the fastest answer takes.
func (m *matching) bestCase(t *Traits) time.Duration {
	if t.Live {
		return time.Duration(m.BestAccept*float64(m.Accept)) + t.Words
	}
	return m.Accept + time.Duration(m.BestCase*float64(t.Handling))
}

// HeldUntil is until when work that is due then may be held back: no longer than
// the slowest agent can still answer it in time.
func (p *Params) HeldUntil(due time.Time, t *Traits) time.Time {
	slowest := p.Accept + time.Duration(Slowness(0)*float64(t.Handling))
	return due.Add(-max(time.Duration(p.Early*float64(t.Target)), slowest))
}

// heldBack reports whether work that can wait is not given to an agent who would
// be missed by what comes live. Who could take nothing live as it is isn't missed.
func (m *matching) heldBack(g *Group, a *Agent) bool {
	if g.Traits.Live || a.asks == asksForAny || a.aside(g.Demand.ReplyChannel, g.units) {
		return false
	}
	until := m.HeldUntil(g.live.first().Due, &g.Traits)
	if !m.now.Before(until) {
		return false
	}
	for _, f := range m.w.ableFor(a.crew) {
		if f.live && a.Room >= f.need && a.Room-g.units < f.need && f.ready-one(a.seen >= f.need) < f.reserve(m.Reserve) {
			if m.supposed {
				return true
			}
			g.held = true
			m.w.soil(g)
			if m.again.IsZero() || until.Before(m.again) {
				m.again = until
			}
			return true
		}
	}
	return false
}
