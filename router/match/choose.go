package match

import (
	"cmp"
	"slices"
	"time"

	"stagecoach/contact"
)

// Agent is an agent as the rule sees them.
type Agent struct {
	ID        string
	Skills    []Skill
	Languages []string
	// Channels limits what they answer; empty means all.
	Channels []contact.Channel
	// Room is the capacity that is left, in units.
	Room int
	// Capacity is the whole of it.
	Capacity int
	// Credit is what they owe to those who wait past their guard, in micro-turns.
	Credit int64
	// IdleSince is since when they got nothing.
	IdleSince time.Time
}

// Pool is who could take work now: the available agents with room, and how many
// others there are, for the explanation.
type Pool struct {
	Free []*Agent
	// Absent counts agents who are not available, Full those without any room.
	Absent int
	Full   int
	// All are all agents at work, with or without room; Present tells whether one
	// is. Version changes whenever All does.
	All     []*Agent
	Present func(agent string) bool
	Version uint64
	Zero    time.Time
	// Units tells what a contact takes of an agent's room, by the channel of its
	// reply.
	Units func(reply contact.Channel) int
}

// The names of the terms.
const (
	// TermLanguage is there when the agent speaks a wished language.
	TermLanguage = "language"
	// TermLastAgent is there when they answered this customer last.
	TermLastAgent = "last_agent"
	// TermIdle is the time since they got anything, in seconds.
	TermIdle = "idle_seconds"
	// TermUnmet is the price of what they lack and the contact no longer needs.
	TermUnmet = "unmet"
)

// Micro is one, in micro-units.
const Micro = 1_000_000

// What the terms are worth, in micro-units: what is lacked comes before a wished
// language, that before the last agent, and that before any idle time, which
// counts up to eleven days.
const (
	unmetTerm     = -40_000_000 * Micro
	languageTerm  = 20_000_000 * Micro
	lastAgentTerm = 10_000_000 * Micro
	maxIdle       = 1_000_000 * time.Second
)

// Choose gives the best agent for one contact of a demand that takes units, and
// why. ok is false when nobody passes every gate; the explanation then has the
// counts per gate. It costs O(free agents).
func Choose(d *Demand, h *Head, units int, pool *Pool, now time.Time) (Explanation, bool) {
	failed := map[Gate]int{}
	if pool.Absent > 0 {
		failed[GatePresence] = pool.Absent
	}
	if pool.Full > 0 {
		failed[GateCapacity] = pool.Full
	}
	var passed []Candidate
	for _, a := range pool.Free {
		if gate := FirstFailed(d, h, units, a, now); gate != "" {
			failed[gate]++
			continue
		}
		passed = append(passed, score(d, h, a, now))
	}
	ex := Explanation{Failed: failed}
	if len(passed) == 0 {
		return ex, false
	}
	slices.SortFunc(passed, func(x, y Candidate) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.Agent, y.Agent))
	})
	ex.Winner = passed[0]
	// A copy: an open offer keeps its reasons, and not all who could have had it.
	ex.Next = append(make([]Candidate, 0, 5), passed[1:min(len(passed), 6)]...)
	return ex, true
}

// FirstFailed gives the first gate that the agent does not pass, "" if they
// pass all. Presence has been seen to by the pool.
func FirstFailed(d *Demand, h *Head, units int, a *Agent, now time.Time) Gate {
	if gate := Able(d, &h.Traits, h.Age(now), a); gate != "" {
		return gate
	}
	return Ready(h, units, a, now)
}

// Ready gives the first gate that the agent does not pass at this moment.
func Ready(h *Head, units int, a *Agent, now time.Time) Gate {
	switch {
	case h.Cool[a.ID].After(now):
		return GateCooling
	case a.Room < units:
		return GateCapacity
	}
	return ""
}

// relaxed reports whether a contact has waited so long that skills are wishes.
func relaxed(h *Head, now time.Time) bool {
	return over(h.Traits.RelaxAfter, h.Age(now))
}

// Level gives the agent's level of a skill, 0 when they lack it.
func (a *Agent) Level(skill string) int {
	for _, s := range a.Skills {
		if s.Name == skill {
			return s.Level
		}
	}
	return 0
}

// Has reports whether a term of this name made part of the score.
func (c *Candidate) Has(term string) bool {
	return slices.ContainsFunc(c.Terms, func(t Term) bool { return t.Name == term })
}

func score(d *Demand, h *Head, a *Agent, now time.Time) Candidate {
	idle := min(max(now.Sub(a.IdleSince), 0), maxIdle)
	c := Candidate{Agent: a.ID, Terms: []Term{{Name: TermIdle, Value: idle.Microseconds()}}}
	c.Score = idle.Microseconds()
	if n := Unmet(d, a); n > 0 {
		c.Terms = append(c.Terms, Term{Name: TermUnmet, Value: int64(n) * unmetTerm})
		c.Score += int64(n) * unmetTerm
	}
	if speaksOne(a, d.Wished) {
		c.Terms = append(c.Terms, Term{Name: TermLanguage, Value: languageTerm})
		c.Score += languageTerm
	}
	if h.Prefer == a.ID {
		c.Terms = append(c.Terms, Term{Name: TermLastAgent, Value: lastAgentTerm})
		c.Score += lastAgentTerm
	}
	return c
}
