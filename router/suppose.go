package router

import (
	"maps"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// Suppose asks the rule of other rules who would be asked for a contact, were it as
// it is given, "" for nobody: of the agents as they are now, were it the only one
// that waits. Nothing is changed by it. It costs O(agents).
func (s *State) Suppose(c *Contact, rules Rules, now time.Time) string {
	x := &explainer{State: s, rules: rules, now: now, c: c, units: rules.Work(c.ReplyChannel).Units}
	b := x.bench()
	h := match.Head{
		Contact: c.ID, Due: c.Due, Start: c.clock(), Need: match.NewNeed(c.Demand, &c.Traits), Prefer: s.ownAgent(c),
	}
	h.Named = slices.Contains(c.Preferred, h.Prefer)
	b.waiting.Add(&c.Demand, &c.Traits, &h)
	for _, id := range slices.Sorted(maps.Keys(s.Agents)) {
		a := s.Agents[id]
		if a.Removed || a.Presence != contact.Available {
			continue
		}
		like := candidateOf(a)
		s.fill(like, a, now)
		b.roster.Put(like, true)
	}
	pick, _ := x.next(b)
	return pick.Why.Winner.Agent
}

// Supposed gives a copy of a contact as a revision would make it.
func (c *Contact) Supposed(r *Revised, policy string, now time.Time) *Contact {
	like := *c
	like.need, like.own, like.timedAt = nil, "", time.Time{}
	like.Revise(r, policy, now)
	return &like
}
