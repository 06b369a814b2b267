package match

import (
	"math"
	"time"

	"stagecoach/router/heap"
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
	// now is the moment of the look, at the same in microseconds.
	now     time.Time
	at      int64
	sources heap.Heap[source, bestFirst]
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
	late                   heap.Heap[claim, guardFirst]
	// nums are groups past their guard.
	nums []int32
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
	for m.sources.Len() > 0 {
		s := m.sources.First()
		if m.stands(&s.best) {
			m.explain(&s.best)
			if !offer(&m.pick) {
				m.sources.Clear()
				return false
			}
		}
		if m.renew(s) {
			m.sources.Fix(1)
		} else {
			m.sources.Pop()
		}
	}
	return true
}

// tune takes parameters, and forgets what was worked out with others.
func (m *matching) tune(params Params, w *Waiting) {
	if m.Params == params && m.version > 0 {
		return
	}
	m.Params = params
	m.version++
	k := m.Steepness - 1
	m.urgent = micro(max(k*math.Log(maxUrgency), k*math.Log(minUrgency)))
	w.retune()
}

// turnTo has the look be at a moment.
func (m *matching) turnTo(now time.Time) {
	m.now, m.at, m.again, m.calmKnown = now, now.UnixMicro(), time.Time{}, false
	m.w.settle(m.at)
}

// begin makes ready for a look at who waits.
func (m *matching) begin(params Params, w *Waiting, p *Roster, now time.Time) {
	m.tune(params, w)
	m.looks++
	m.w, m.r = w, p
	m.turnTo(now)
	p.recount()
	p.learn(now)
}

// gather makes the sources: who is fresh, and which groups are dirty.
func (m *matching) gather() {
	m.sources.Clear()
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
		m.sources.Push(s)
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
	m.w.settle(m.at) // an offer may have brought somebody back
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
// the most that one of them could be worth, so that few are looked into while
// somebody can still be answered in time.
func (m *matching) among(a *Agent, best *pair) {
	if a.Credit >= Micro && m.owed(a, best) {
		return
	}
	for _, x := range m.sorted(a.crew) {
		if best.rank == rankSavable && best.agent != nil && x.most < best.score && !m.quiet() {
			return
		}
		if f := &m.w.faces[x.num]; f.live|f.late != 0 && !m.outdone(best, f, &x) {
			m.look(best, m.w.list[x.num].jobs[x.job], a)
		}
	}
}

// owed finds the best pair of an agent who owes a turn among those past their
// guard, and reports whether there is one.
func (m *matching) owed(a *Agent, best *pair) bool {
	m.nums = m.w.guards.past(m.at, m.nums[:0])
	for _, num := range m.nums {
		if j := m.w.jobFor(a.crew, m.w.list[num]); j != nil {
			m.look(best, j, a)
		}
	}
	return best.agent != nil && best.rank == rankGuard
}

// outdone reports whether none of a group can be better than the best so far, where
// no turn is owed. x is the most that one of it could be worth if nothing were more
// urgent.
func (m *matching) outdone(best *pair, f *face, x *worth) bool {
	switch {
	case best.agent == nil:
		return false
	case best.rank == rankQuiet:
		return f.late == 0 || f.lateness < best.score
	case best.rank == rankSavable && (f.late == 0 || !m.quiet()):
		return f.live == 0 || x.most-m.urgent+m.urgencyOf(x.num) < best.score
	}
	return false
}

// look keeps the best pair of an agent and a group if it is better.
func (m *matching) look(best *pair, j *job, a *Agent) {
	g := j.group
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
