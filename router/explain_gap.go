package router

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// Gap is one thing that an agent lacks for a contact.
type Gap struct {
	Gate match.Gate `json:"gate"`
	// Presence is what they are instead of available.
	Presence contact.Presence `json:"presence,omitempty"`
	// Channel is one that they do not work on.
	Channel contact.Channel `json:"channel,omitempty"`
	// Languages are those of which they speak none.
	Languages []string `json:"languages,omitempty"`
	// Skill is what they lack: they have level Have and need Want.
	Skill string `json:"skill,omitempty"`
	Have  int    `json:"have,omitempty"`
	Want  int    `json:"want,omitempty"`
	// Until is when a cool-down ends, or a wish yields.
	Until time.Time `json:"until,omitzero"`
	// Units is how much room is missing.
	Units int `json:"units,omitempty"`
}

// lasting reports whether no time and no end of other work closes the gap.
func (g *Gap) lasting() bool {
	switch g.Gate {
	case match.GateChannel, match.GateLanguage, match.GateExcluded, match.GateSkill, match.GateWish:
		return true
	default:
		return false
	}
}

// cost orders the changes that close a gap, the smallest first: to ask somebody
// again who has just declined, a colleague's contact to be finished, somebody
// absent to come back, another setting, a channel to be allowed, a skill to be
// learnt, a language.
func (g *Gap) cost() int {
	order := []match.Gate{match.GateCooling, match.GateCapacity, match.GatePresence}
	if i := slices.Index(order, g.Gate); i >= 0 {
		return i
	}
	lasting := []match.Gate{match.GateChannel, match.GateWish, match.GateSkill, match.GateExcluded, match.GateLanguage}
	if i := slices.Index(lasting, g.Gate); i >= 0 {
		return len(order) + 1 + i
	}
	return len(order)
}

// amount is how large the change is among those of its kind.
func (g *Gap) amount() int {
	if g.Gate == match.GateSkill || g.Gate == match.GateWish {
		return g.Want - g.Have
	}
	return g.Units
}

// compareGaps orders by what closing them would cost.
func compareGaps(a, b *Gap) int {
	return cmp.Or(
		cmp.Compare(a.cost(), b.cost()), cmp.Compare(a.amount(), b.amount()),
		cmp.Compare(a.Skill, b.Skill), cmp.Compare(a.Presence, b.Presence),
	)
}

// head is the contact as the rule sees it, with a Cool of its own.
func (x *explainer) head() match.Head {
	c := x.c
	own := x.own()
	return match.Head{
		Contact: c.ID, Due: c.Due, Start: c.clock(), Need: c.need, Cool: maps.Clone(c.Cool),
		Prefer: own, Named: slices.Contains(c.Preferred, own),
	}
}

// own is for whom of those who know the customer it is kept, as the rule is told.
func (x *explainer) own() string {
	if x.c.State == Waiting {
		return x.c.own
	}
	return x.ownAgent(x.c)
}

// gaps lists all that an agent lacks: each is closed on a copy to see what lies
// behind it.
func (x *explainer) gaps(a *Agent) []Gap {
	gaps, _ := x.mended(a)
	return gaps
}

// mended gives, beside the gaps, the agent as they would have to be.
func (x *explainer) mended(a *Agent) ([]Gap, *match.Agent) {
	var gaps []Gap
	if a.Presence != contact.Available {
		gaps = append(gaps, Gap{Gate: match.GatePresence, Presence: a.Presence})
	}
	h, like := x.head(), candidateOf(a)
	x.fill(like, a, x.now)
	like.Skills, like.Languages = slices.Clone(like.Skills), slices.Clone(like.Languages)
	last := match.Gate("")
	for {
		gate := match.FirstFailed(&x.c.Demand, &x.c.Traits, &h, x.units, like, x.now)
		if gate == "" {
			return gaps, like
		}
		if gate == last { // it is not one that is mended so
			return append(gaps, Gap{Gate: gate}), nil
		}
		last = gate
		gaps = append(gaps, x.mend(gate, &h, like)...)
	}
}

// mend closes the gaps at a gate and tells which they were.
func (x *explainer) mend(gate match.Gate, h *match.Head, a *match.Agent) []Gap {
	d := &x.c.Demand
	switch gate {
	case match.GateChannel:
		missing := d.Channel
		if missing == "" || slices.Contains(a.Channels, missing) {
			missing = d.ReplyChannel
		}
		a.Channels = nil
		return []Gap{{Gate: gate, Channel: missing}}
	case match.GateLanguage:
		a.Languages = append(a.Languages, d.Languages[:min(1, len(d.Languages))]...)
		return []Gap{{Gate: gate, Languages: slices.Clone(d.Languages)}}
	case match.GateExcluded:
		return mendExcluded(d, a)
	case match.GateSkill:
		return mendSkills(d, a)
	case match.GateWish:
		return x.mendWishes(a)
	case match.GateCooling:
		until := h.Cool[a.ID]
		delete(h.Cool, a.ID)
		return []Gap{{Gate: gate, Until: until}}
	case match.GateCapacity:
		missing := x.units - a.Room
		a.Room, a.Capacity = x.units, max(a.Capacity, x.units)
		return []Gap{{Gate: gate, Units: missing}}
	case match.GateShift, match.GateDraining, match.GateDailyCap, match.GateChannelMax, match.GateHeadroom:
		return mendLimit(gate, a)
	case match.GatePresence, match.GateReserved, match.GateClaimed:
	}
	return nil
}

// mendLimit takes away what limits an agent beside their room.
func mendLimit(gate match.Gate, a *match.Agent) []Gap {
	gap := Gap{Gate: gate}
	switch gate {
	case match.GateShift:
		gap.Until = a.From
		a.From, a.DrainAt, a.Until = time.Time{}, time.Time{}, time.Time{}
	case match.GateDraining:
		a.From, a.DrainAt, a.Until = time.Time{}, time.Time{}, time.Time{}
	case match.GateDailyCap:
		a.Capped = false
	default:
		a.Limits, a.Held = nil, nil
	}
	return []Gap{gap}
}

func mendSkills(d *match.Demand, a *match.Agent) []Gap {
	var out []Gap
	learn := func(want match.Skill) {
		if have := a.Level(want.Name); have < want.Level {
			out = append(out, Gap{Gate: match.GateSkill, Skill: want.Name, Have: have, Want: want.Level})
			raise(a, want)
		}
	}
	for _, want := range d.Skills {
		learn(want)
	}
	for _, set := range d.Any {
		if len(set) == 0 || slices.ContainsFunc(set, func(s match.Skill) bool { return a.Level(s.Name) >= s.Level }) {
			continue
		}
		learn(slices.MinFunc(set, func(p, q match.Skill) int {
			return (p.Level - a.Level(p.Name)) - (q.Level - a.Level(q.Name))
		}))
	}
	return out
}

// raise gives an agent a skill at a level.
func raise(a *match.Agent, want match.Skill) {
	a.Skills = slices.DeleteFunc(a.Skills, func(s match.Skill) bool { return s.Name == want.Name })
	a.Skills = append(a.Skills, want)
}

func mendExcluded(d *match.Demand, a *match.Agent) []Gap {
	var out []Gap
	for _, name := range d.Not {
		if a.Level(name) > 0 {
			out = append(out, Gap{Gate: match.GateExcluded, Skill: name, Have: a.Level(name)})
			a.Skills = slices.DeleteFunc(a.Skills, func(s match.Skill) bool { return s.Name == name })
		}
	}
	return out
}

func (x *explainer) mendWishes(a *match.Agent) []Gap {
	var out []Gap
	for i := range x.c.Demand.Wishes {
		w := &x.c.Demand.Wishes[i]
		until := x.c.clock().Add(w.For)
		if have := a.Level(w.Name); have < w.Level && until.After(x.now) {
			out = append(out, Gap{Gate: match.GateWish, Skill: w.Name, Have: have, Want: w.Level, Until: until})
			raise(a, w.Skill)
		}
	}
	return out
}
