package match

import (
	"slices"
	"time"
)

// FirstFailed gives the first gate that the agent does not pass, "" if they
// pass all. Presence has been seen to by the roster.
func FirstFailed(d *Demand, t *Traits, h *Head, units int, a *Agent, now time.Time) Gate {
	if gate := Able(d, t, h.Age(now), a); gate != "" {
		return gate
	}
	return ready(d.ReplyChannel, h, units, a, now)
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
