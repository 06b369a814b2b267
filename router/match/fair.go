package match

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Lane is why a contact's turn has come.
type Lane string

// The lanes, in the order in which they are served. A guard turn is owed to
// whoever has waited for several promises, whatever they are worth; savable
// contacts can still be answered in time; lost ones no longer.
const (
	LaneGuard   Lane = "guard"
	LaneSavable Lane = "savable"
	LaneLost    Lane = "lost"
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
	// back, and Reserve how many agents are kept for what comes live.
	Early   float64
	Reserve int
	// Urgent is to how many agents a contact is offered at once when one offer
	// that runs out would break its promise.
	Urgent int
}

// DefaultParams are those that the figures of README.md are for.
func DefaultParams() Params {
	return Params{
		Steepness: 3, Spare: 0.3, Spread: 0.1, Known: math.Log(1.3), Relaxed: 1, KnownSpeed: 0.9, Concurrency: 0.6,
		Accept: 6 * time.Second, BestCase: 1, BestAccept: 0.6, Guard: 2, Turn: 30_000, Early: 0.8, Reserve: 1, Urgent: 3,
	}
}

// Fair is generalised c-mu on what can still be kept, with a promised turn for
// what is late (van Mieghem 1995; Mandelbaum and Stolyar 2004; README.md has the
// formula and where it departs from them).
type Fair struct{ Params }

// TurnOf is what an assignment of a lane adds to what its agent owes, in
// micro-turns.
func TurnOf(lane Lane) int64 {
	switch lane {
	case LaneGuard:
		return -Micro
	case LaneSavable, LaneLost:
		return DefaultParams().Turn
	default:
		return 0
	}
}

// The terms of the score.
const (
	TermValue   = "value"
	TermEffort  = "effort"
	TermUrgency = "urgency"
	TermSpare   = "spare"
	TermLoad    = "load"
	TermKnown   = "last_agent_bonus"
	TermRelaxed = "skill_relaxed"
)

// pair is a contact and an agent who may take it.
type pair struct {
	group *Group
	head  *Head
	agent *Agent
	units int
	lane  Lane
	score int64
}

// Next implements Rule.
func (r Fair) Next(w *Waiting, p *Pool, now time.Time) (Pick, bool) {
	m := &matching{Fair: r, w: w, p: p, now: now, flows: w.scarcities(p)}
	best := m.guard()
	if best.agent == nil {
		best = m.savable()
	}
	if best.agent == nil {
		best = m.lost()
	}
	if best.agent == nil {
		return Pick{}, false
	}
	return m.pick(&best), true
}

// matching is one look at who waits and who is free.
type matching struct {
	Fair
	w     *Waiting
	p     *Pool
	now   time.Time
	flows *flows
}

// better keeps the better of two pairs: ties go to the one who waits for longer,
// then to the lesser id.
func (m *matching) better(best *pair, x pair) {
	if best.agent == nil || cmp.Or(
		cmp.Compare(x.score, best.score), best.head.Start.Compare(x.head.Start), cmp.Compare(best.head.Contact, x.head.Contact),
		best.agent.IdleSince.Compare(x.agent.IdleSince), cmp.Compare(best.agent.ID, x.agent.ID),
	) > 0 {
		*best = x
	}
}

// consider goes through the contacts of a group that are due from a time on, and
// calls with each agent who may take one. Behind the first whom everybody may
// take there is none better.
func (m *matching) consider(g *Group, due time.Time, try func(h *Head, a *Agent, units int)) {
	units := m.p.units(g.Demand.ReplyChannel)
	for h := range g.From(due) {
		special := len(h.Cool) > 0
		owner := m.reservedFor(h)
		for _, a := range m.p.Free {
			if owner != "" && owner != a.ID {
				continue
			}
			if FirstFailed(&g.Demand, h, units, a, m.now) == "" {
				try(h, a, units)
			}
		}
		if !special && owner == "" {
			return
		}
	}
}

// reservedFor gives the agent for whom a contact is kept a moment, "" if for none.
func (m *matching) reservedFor(h *Head) string {
	if h.Prefer == "" || h.Traits.Hold <= 0 || !m.now.Before(h.Start.Add(h.Traits.Hold)) || m.p.Present == nil || !m.p.Present(h.Prefer) {
		return ""
	}
	return h.Prefer
}

// guard gives the contact whose turn is owed: the first past its guard that an
// agent can take who owes a turn.
func (m *matching) guard() (best pair) {
	owing := false
	for _, a := range m.p.Free {
		owing = owing || a.Credit >= Micro
	}
	if !owing {
		return best
	}
	for g := range m.w.each() {
		h := &g.items.first().Head
		guard := h.Start.Add(time.Duration(m.Guard * float64(g.Traits.Target)))
		if m.now.Before(guard) {
			continue
		}
		m.consider(g, time.Time{}, func(h *Head, a *Agent, units int) {
			if a.Credit >= Micro {
				m.better(&best, pair{g, h, a, units, LaneGuard, -guard.UnixMicro()})
			}
		})
	}
	return best
}

// best case of a group: when the reply could be out at the earliest.
func (m *matching) bestCase(g *Group) time.Duration {
	if g.Traits.Live {
		return time.Duration(m.BestAccept*float64(m.Accept)) + g.Traits.Words
	}
	return m.Accept + time.Duration(m.BestCase*float64(g.Traits.Handling))
}

func (m *matching) savable() (best pair) {
	for g := range m.w.each() {
		m.consider(g, m.now.Add(m.bestCase(g)), func(h *Head, a *Agent, units int) {
			if m.heldBack(g, h, a, units) {
				return
			}
			m.better(&best, pair{g, h, a, units, LaneSavable, total(m.terms(g, h, a))})
		})
	}
	return best
}

func (m *matching) lost() (best pair) {
	for g := range m.w.each() {
		if h := &g.items.first().Head; !h.Due.Before(m.now.Add(m.bestCase(g))) {
			continue
		}
		m.consider(g, time.Time{}, func(h *Head, a *Agent, units int) {
			if !h.Due.Before(m.now.Add(m.bestCase(g))) {
				return
			}
			target := g.Traits.Target.Seconds()
			late := math.Log(float64(max(g.Traits.Value, 1))/Micro*max(m.now.Sub(h.Start).Seconds(), 1)/target) - math.Log(m.effort(g, h, a))
			m.better(&best, pair{g, h, a, units, LaneLost, int64(math.Round(late * Micro))})
		})
	}
	return best
}

// heldBack reports whether work that can wait is not given to an agent who would
// be missed by what comes live.
func (m *matching) heldBack(g *Group, h *Head, a *Agent, units int) bool {
	if g.Traits.Live || h.Due.Sub(m.now) <= time.Duration(m.Early*float64(g.Traits.Target)) {
		return false
	}
	for _, f := range m.flows.live {
		if FirstFailed(&f.demand, &Head{}, 0, a, m.now) != "" {
			continue
		}
		need := m.p.units(f.demand.ReplyChannel)
		others := 0
		if a.Room-units >= need {
			others++
		}
		for _, b := range m.p.Free {
			if b != a && b.Room >= need && FirstFailed(&f.demand, &Head{}, need, b, m.now) == "" {
				others++
			}
		}
		if others < m.Reserve {
			return true
		}
	}
	return false
}

// effort is what a contact takes of an agent's time, in seconds.
func (m *matching) effort(g *Group, h *Head, a *Agent) float64 {
	e := max(g.Traits.Handling.Seconds(), 1) * Slowness(level(g, a))
	if h.Prefer == a.ID {
		e *= m.KnownSpeed
	}
	if units := m.p.units(g.Demand.ReplyChannel); units > 0 && a.Capacity > units {
		e *= math.Pow(float64(a.Capacity/units), -m.Concurrency)
	}
	return e
}

// Slowness is how much longer an agent of a level takes than one of level 5; 0 is
// who lacks the skill.
func Slowness(level int) float64 {
	if level <= 0 {
		return 1.6
	}
	return 1 + 0.12*float64(5-min(level, 5))
}

// level is an agent's least level of the skills that a group asks for.
func level(g *Group, a *Agent) int {
	least := 5
	for _, s := range g.Demand.Skills {
		least = min(least, a.Level(s.Name))
	}
	return least
}

// terms are the lines of a score.
func (m *matching) terms(g *Group, h *Head, a *Agent) []Term {
	target := g.Traits.Target.Seconds()
	reply := (m.Accept + g.Traits.Words).Seconds()
	if !g.Traits.Live {
		reply += g.Traits.Handling.Seconds() * Slowness(level(g, a))
	}
	x := (m.now.Sub(h.Start).Seconds() + m.Accept.Seconds()) / max(target-reply+m.Accept.Seconds(), 1)
	out := []Term{
		term(TermValue, math.Log(float64(max(g.Traits.Value, 1))/Micro/max(target, 1))),
		term(TermEffort, -math.Log(m.effort(g, h, a))),
		term(TermUrgency, (m.Steepness-1)*math.Log(min(max(x, 0.01), 1.2))),
		term(TermSpare, -m.Spare*m.flows.gap(g, a)),
		term(TermLoad, -m.Spread*float64(a.Capacity-a.Room)/float64(max(a.Capacity, 1))),
	}
	if h.Prefer == a.ID {
		out = append(out, term(TermKnown, m.Known))
	}
	if relaxed(h, m.now) && lacksOne(g, a) {
		out = append(out, term(TermRelaxed, -m.Relaxed))
	}
	return out
}

func lacksOne(g *Group, a *Agent) bool {
	return slices.ContainsFunc(g.Demand.Skills, func(s Skill) bool { return a.Level(s.Name) < s.Level })
}

func term(name string, v float64) Term { return Term{Name: name, Value: int64(math.Round(v * Micro))} }

func total(terms []Term) int64 {
	sum := int64(0)
	for _, t := range terms {
		sum += t.Value
	}
	return sum
}

// pick explains the best pair.
func (m *matching) pick(best *pair) Pick {
	g, h := best.group, best.head
	ex := Explanation{Lane: best.lane, Behind: m.w.Len() - 1, Failed: map[Gate]int{}}
	if m.p.Absent > 0 {
		ex.Failed[GatePresence] = m.p.Absent
	}
	if m.p.Full > 0 {
		ex.Failed[GateCapacity] = m.p.Full
	}
	for _, a := range m.p.Free {
		if gate := FirstFailed(&g.Demand, h, best.units, a, m.now); gate != "" {
			ex.Failed[gate]++
			continue
		}
		terms := m.terms(g, h, a)
		ex.Next = append(ex.Next, Candidate{Agent: a.ID, Terms: terms, Score: total(terms)})
	}
	slices.SortFunc(ex.Next, func(x, y Candidate) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.Agent, y.Agent))
	})
	i := slices.IndexFunc(ex.Next, func(c Candidate) bool { return c.Agent == best.agent.ID })
	ex.Winner = ex.Next[i]
	ex.Next = slices.Delete(ex.Next, i, i+1)
	ex.Next = ex.Next[:min(len(ex.Next), 5)]
	return Pick{Contact: h.Contact, Units: best.units, Why: ex}
}
