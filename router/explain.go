package router

import (
	"maps"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// Standing is where a contact stands at a moment: who could take it, who fails at
// what, what comes before it, what will happen by itself, and which smallest
// change would serve it. It holds codes and numbers only; package explain has the
// words.
type Standing struct {
	Contact string    `json:"contact"`
	N       uint64    `json:"n"`
	At      time.Time `json:"at"`
	// State is what the contact waits for, Holder who has it.
	State  ContactState `json:"state"`
	Holder string       `json:"holder,omitempty"`
	// Proposed is what a rule takes it for: it then stands in review.
	Proposed contact.Disposition `json:"proposed,omitempty"`
	Rule     string              `json:"rule,omitempty"`
	Demand   match.Demand        `json:"demand"`
	Units    int                 `json:"units"`
	Start    time.Time           `json:"start"`
	Due      time.Time           `json:"due"`
	// LastResort is who is told when it is late and nobody holds it.
	LastResort string `json:"last_resort"`
	// Lane is what its claim is made of now, "" where the rule knows none.
	Lane match.Lane `json:"lane,omitempty"`
	// Waiting counts all who wait for an agent, this one included.
	Waiting int `json:"waiting"`
	// Failed counts the agents by the first need that they do not meet now.
	Failed map[match.Gate]int `json:"failed"`
	// Verdicts are all agents, in the order of their ids.
	Verdicts []Verdict `json:"verdicts"`
	// Impossible is true when no agent at all can do what it needs, present or not.
	Impossible bool `json:"impossible,omitempty"`
	// HeldFor is whom it is kept for until HeldUntil, HeldNamed is true where the
	// policy names them for the customer.
	HeldFor   string    `json:"held_for,omitempty"`
	HeldNamed bool      `json:"held_named,omitempty"`
	HeldUntil time.Time `json:"held_until,omitzero"`
	// HeldBackUntil is until when it may be kept back so that somebody stays free
	// for what comes live; zero if it isn't.
	HeldBackUntil time.Time `json:"held_back_until,omitzero"`
	// Offers are those that stand.
	Offers []OpenOffer `json:"offers,omitempty"`
	// Ahead is what comes before it, nil when that isn't why it waits.
	Ahead *Ahead `json:"ahead,omitempty"`
	// Coming is what will happen by itself, the next first.
	Coming []Coming `json:"coming,omitempty"`
	// Changes are the smallest that would serve it, the best first.
	Changes []Change `json:"changes,omitempty"`
}

// Verdict is what an agent lacks for a contact now, in the order of the gates;
// nothing means that they could take it.
type Verdict struct {
	Agent string `json:"agent"`
	Gaps  []Gap  `json:"gaps,omitempty"`
}

// OpenOffer is an offer that stands.
type OpenOffer struct {
	Agent   string    `json:"agent"`
	Expires time.Time `json:"expires"`
}

// Ahead is what an agent would take before a contact, were they free.
type Ahead struct {
	Agent string `json:"agent"`
	Count int    `json:"count"`
	// More is true when there are more than were counted.
	More bool `json:"more,omitempty"`
	// Lanes counts them by why their turn comes first; "" is the due time alone.
	Lanes map[match.Lane]int `json:"lanes"`
	// First is the contact that comes first of all.
	First string `json:"first,omitempty"`
}

// ComingKind says what will happen by itself.
type ComingKind string

// The kinds of what will happen by itself.
const (
	ComingOfferEnds ComingKind = "offer_ends"
	ComingHoldEnds  ComingKind = "hold_ends"
	ComingCoolEnds  ComingKind = "cool_down_ends"
	ComingGiven     ComingKind = "hold_back_ends"
	ComingRelaxed   ComingKind = "relaxed"
	ComingAtRisk    ComingKind = "at_risk"
	ComingDue       ComingKind = "due"
	ComingGuard     ComingKind = "guard_turn"
)

// Coming is something that will happen by itself.
type Coming struct {
	Kind  ComingKind `json:"kind"`
	At    time.Time  `json:"at"`
	Agent string     `json:"agent,omitempty"`
	// Agents counts those who could take it then and can't now.
	Agents int `json:"agents,omitempty"`
}

// Standing tells where an open contact stands now, false when there is none such.
// It changes nothing, and costs O(agents + groups).
func (s *State) Standing(id string, r Rules, now time.Time) (*Standing, bool) {
	c := s.Contacts[id]
	if c == nil || !c.Open() {
		return nil, false
	}
	st := &Standing{
		Contact: id, N: s.N, At: now, State: c.State, Holder: c.Agent, Proposed: c.Proposed, Rule: c.Rule,
		Demand: c.Demand, Units: r.Work(c.ReplyChannel).Units, Start: c.Start, Due: c.Due, LastResort: c.LastResort,
		Waiting: s.waiting.Len(), Failed: map[match.Gate]int{}, Verdicts: []Verdict{},
	}
	for _, o := range c.Offers {
		if offer := s.Offers[o]; offer != nil {
			st.Offers = append(st.Offers, OpenOffer{Agent: offer.Agent, Expires: offer.Expires})
		}
	}
	x := &explainer{State: s, rules: r, now: now, c: c, units: st.Units}
	x.judge(st)
	if c.State == Waiting && c.Proposed == "" {
		st.Lane = x.lane()
		x.held(st)
		x.before(st)
		st.Changes = x.changes(st)
	}
	st.Coming = x.coming(st)
	return st, true
}

// Prepare has a state that was folded from a log, and that nobody decides with,
// explain itself as one at work does: by the limits of these rules, and with who
// is able looked at.
func (s *State) Prepare(r Rules) {
	s.limit(r.Timing().Limits)
	s.waiting.Use(r.Version(), func(reply contact.Channel) int { return r.Work(reply).Units })
	s.lookAtNeeds()
}

// explainer looks at one contact.
type explainer struct {
	*State
	rules Rules
	now   time.Time
	c     *Contact
	units int
}

// judge holds the needs of the contact against every agent.
func (x *explainer) judge(st *Standing) {
	st.Impossible = true
	for _, id := range slices.Sorted(maps.Keys(x.Agents)) {
		a := x.Agents[id]
		if a.Removed {
			continue
		}
		v := Verdict{Agent: id, Gaps: x.gaps(a)}
		if len(v.Gaps) > 0 {
			st.Failed[v.Gaps[0].Gate]++
		}
		if !slices.ContainsFunc(v.Gaps, func(g Gap) bool { return g.lasting() }) {
			st.Impossible = false
		}
		st.Verdicts = append(st.Verdicts, v)
	}
	if steps := x.steps(); st.Impossible && len(steps) > 0 {
		st.Impossible = x.ableAt(steps[len(steps)-1]) == 0
	}
}

// steps are the times to come from which on less is insisted on.
func (x *explainer) steps() []time.Time {
	var out []time.Time
	for _, step := range match.NewNeed(x.c.Demand, &x.c.Traits).Steps() {
		if at := x.c.clock().Add(step); at.After(x.now) {
			out = append(out, at)
		}
	}
	return out
}

// ableAt counts who can't take it now for something that they can't do, and could
// do so at a time when less is insisted on: present or not, with full hands or not.
func (x *explainer) ableAt(at time.Time) int {
	h := x.head()
	n := 0
	for _, a := range x.Agents {
		if !a.Removed && a.cand != nil && !x.able(&h, a, x.now) && x.able(&h, a, at) {
			n++
		}
	}
	return n
}

// able reports whether an agent can do at a time what is insisted on then.
func (x *explainer) able(h *match.Head, a *Agent, at time.Time) bool {
	return match.Able(&x.c.Demand, &x.c.Traits, h.Age(at), a.cand) == ""
}

// held tells whether it is kept for somebody, or back for live work. Whoever
// passes every gate and gets no offer is spared by the rule: offers are made at
// once.
func (x *explainer) held(st *Standing) {
	t := &x.c.Traits
	until := x.c.clock().Add(t.Hold)
	if own := x.own(); own != "" && t.Hold > 0 && x.now.Before(until) {
		st.HeldFor, st.HeldNamed, st.HeldUntil = own, slices.Contains(x.c.Preferred, own), until
		return
	}
	fair, ok := x.rules.Matching().(match.Fair)
	if !ok || t.Live {
		return
	}
	end := fair.HeldUntil(x.c.Due, t)
	free := slices.ContainsFunc(st.Verdicts, func(v Verdict) bool { return len(v.Gaps) == 0 })
	if free && end.After(x.now) {
		st.HeldBackUntil = end
	}
}

// coming lists what will happen by itself.
func (x *explainer) coming(st *Standing) []Coming {
	var out []Coming
	add := func(kind ComingKind, at time.Time, agent string, agents int) {
		if at.After(x.now) {
			out = append(out, Coming{Kind: kind, At: at, Agent: agent, Agents: agents})
		}
	}
	for _, o := range st.Offers {
		add(ComingOfferEnds, o.Expires, o.Agent, 0)
	}
	if x.c.State == Waiting && x.c.Proposed == "" {
		add(ComingHoldEnds, st.HeldUntil, st.HeldFor, 0)
		add(ComingGiven, st.HeldBackUntil, "", 0)
		for _, v := range st.Verdicts {
			if len(v.Gaps) == 1 && v.Gaps[0].Gate == match.GateCooling {
				add(ComingCoolEnds, v.Gaps[0].Until, v.Agent, 1)
			}
		}
		before := 0
		for _, at := range x.steps() {
			if n := x.ableAt(at); n > before {
				add(ComingRelaxed, at, "", n-before)
				before = n
			}
		}
		if fair, ok := x.rules.Matching().(match.Fair); ok && !x.c.Due.After(x.now) {
			add(ComingGuard, match.GuardAt(x.c.clock(), x.c.Traits.Target, fair.Guard), "", 0)
		}
	}
	add(ComingAtRisk, x.c.AtRiskAt, "", 0)
	add(ComingDue, x.c.Due, "", 0)
	slices.SortStableFunc(out, func(a, b Coming) int { return a.At.Compare(b.At) })
	return out
}
