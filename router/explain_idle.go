package router

import (
	"cmp"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// Idle is why an agent has nothing more to do than they have: what waits, by the
// reason why none of it is offered to them.
type Idle struct {
	Agent    string           `json:"agent"`
	N        uint64           `json:"n"`
	At       time.Time        `json:"at"`
	Presence contact.Presence `json:"presence"`
	// Load is how many units of Capacity are taken.
	Load     int `json:"load"`
	Capacity int `json:"capacity"`
	// Holds and Offers count what they have in hand and what is offered to them.
	Holds  int `json:"holds"`
	Offers int `json:"offers"`
	// Since is since when they got nothing.
	Since time.Time `json:"since,omitzero"`
	// Waiting counts all who wait for an agent.
	Waiting int `json:"waiting"`
	// Reasons are why not, the most frequent first. Their counts add up to Waiting.
	Reasons []IdleReason `json:"reasons,omitempty"`
}

// IdleKind says why a waiting contact isn't offered to an agent.
type IdleKind string

// The kinds of reasons beside the gates.
const (
	// IdleGate is a gate that they don't pass.
	IdleGate IdleKind = "gate"
	// IdleKept is kept for the customer's own agent, IdleHeldBack so that somebody
	// stays free for live work.
	IdleKept     IdleKind = "kept"
	IdleHeldBack IdleKind = "held_back"
	// IdleFits is what they could take if they were there.
	IdleFits IdleKind = "fits"
)

// IdleReason is a reason and how many contacts it keeps from an agent.
type IdleReason struct {
	Kind  IdleKind `json:"kind"`
	Gap   Gap      `json:"gap,omitzero"`
	Count int      `json:"count"`
	// For is for whom the contacts are kept, where it is one agent.
	For string `json:"for,omitempty"`
	// Until is when the first of them is free by itself.
	Until time.Time `json:"until,omitzero"`
}

// headsAtMost is how many contacts of a group are looked at one by one; those
// behind count like the last.
const headsAtMost = 1_000

// Idle tells why an agent gets nothing more, false when there is no such agent. It
// changes nothing, and costs O(groups + contacts looked at).
func (s *State) Idle(agent string, r Rules, now time.Time) (*Idle, bool) {
	a := s.Agents[agent]
	if a == nil || a.Removed {
		return nil, false
	}
	out := &Idle{
		Agent: agent, N: s.N, At: now, Presence: a.Presence, Load: a.Load, Capacity: a.Capacity,
		Holds: len(a.Holds), Offers: len(a.Offers), Since: a.IdleSince, Waiting: s.waiting.Len(),
	}
	for _, g := range s.waiting.Groups() {
		s.idleGroup(out, g, a, r)
	}
	slices.SortStableFunc(out.Reasons, func(x, y IdleReason) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), compareGaps(&x.Gap, &y.Gap))
	})
	return out, true
}

// idleGroup counts why not for the contacts of one group. They ask for the same: a
// contact is looked at closely only where it is not like the one before it, or
// where it matters since when it waits.
func (s *State) idleGroup(out *Idle, g *match.Group, a *Agent, r Rules) {
	left, alike := g.Len(), 0
	var why IdleReason
	var last likeness
	fair, _ := r.Matching().(match.Fair)
	early := fair.HeldUntil(out.At, &g.Traits).Sub(out.At)
	g.First(func(h *match.Head) bool {
		if like := likenessOf(h, &g.Traits, a.ID, out.At, early); like != last || why.Kind == "" || !why.Until.IsZero() {
			c := s.Contacts[h.Contact]
			if c == nil {
				return true
			}
			out.add(why, alike)
			x := &explainer{State: s, rules: r, now: out.At, c: c, units: r.Work(c.ReplyChannel).Units}
			why, last, alike = x.idle(a), like, 0
		}
		alike++
		left--
		return g.Len()-left < headsAtMost
	})
	if why.Kind != "" {
		out.add(why, alike+left)
	}
}

// likeness is what two contacts of a group can differ in for an agent.
type likeness struct {
	own                   string
	stage                 int
	held, heldBack, named bool
	cooling               bool
}

// likenessOf looks at a contact of a group that is held back until early before it
// is due.
func likenessOf(h *match.Head, t *match.Traits, agent string, now time.Time, early time.Duration) likeness {
	age := now.Sub(h.Start)
	l := likeness{
		own: h.Prefer, named: h.Named, held: h.Prefer != "" && age < t.Hold,
		heldBack: h.Due.Add(early).After(now), cooling: h.Cool[agent].After(now),
	}
	if h.Need != nil {
		l.stage = h.Need.Stage(age)
	}
	return l
}

// idle tells why the contact isn't offered to an agent. What they can do counts
// before whether they are there: an absent agent is told what would suit them.
func (x *explainer) idle(a *Agent) IdleReason {
	gaps := x.gaps(a)
	present := !slices.ContainsFunc(gaps, func(g Gap) bool { return g.Gate == match.GatePresence })
	for _, g := range gaps {
		if g.lasting() || present {
			until := g.Until
			g.Until, g.Presence = time.Time{}, ""
			return IdleReason{Kind: IdleGate, Gap: g, Until: until}
		}
	}
	if !present {
		return IdleReason{Kind: IdleFits}
	}
	st := &Standing{Verdicts: []Verdict{{Agent: a.ID}}}
	x.held(st)
	switch {
	case st.HeldFor != "" && st.HeldFor != a.ID:
		return IdleReason{Kind: IdleKept, For: st.HeldFor, Until: st.HeldUntil}
	case !st.HeldBackUntil.IsZero():
		return IdleReason{Kind: IdleHeldBack, Until: st.HeldBackUntil}
	}
	return IdleReason{Kind: IdleFits}
}

// add counts a reason.
func (d *Idle) add(why IdleReason, n int) {
	if n == 0 {
		return
	}
	i := slices.IndexFunc(d.Reasons, func(r IdleReason) bool {
		return r.Kind == why.Kind && sameReason(&r.Gap, &why.Gap)
	})
	if i < 0 {
		why.Count = n
		d.Reasons = append(d.Reasons, why)
		return
	}
	r := &d.Reasons[i]
	r.Count += n
	if r.For != why.For {
		r.For = ""
	}
	if !why.Until.IsZero() && (r.Until.IsZero() || why.Until.Before(r.Until)) {
		r.Until = why.Until
	}
}

func sameReason(a, b *Gap) bool {
	return a.Gate == b.Gate && a.Channel == b.Channel && a.Skill == b.Skill && a.Want == b.Want && slices.Equal(a.Languages, b.Languages)
}
