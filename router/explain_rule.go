package router

import (
	"maps"
	"slices"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// aheadAtMost is up to how many contacts before one are counted.
const aheadAtMost = 50

// bench is the contact alone, with one agent who has room for it.
type bench struct {
	waiting *match.Waiting
	roster  *match.Roster
}

func (x *explainer) bench() *bench {
	b := &bench{waiting: match.NewWaiting()}
	b.waiting.Use("", func(reply contact.Channel) int { return x.rules.Work(reply).Units })
	b.roster = match.NewRoster(b.waiting)
	return b
}

// seat has an agent take part; the customer's own agent is there, where they are,
// without room.
func (x *explainer) seat(b *bench, a *match.Agent) {
	if own := x.Agents[x.own()]; own != nil && own.ID != a.ID && own.Presence == contact.Available {
		there := candidateOf(own)
		there.Room = 0
		b.roster.Put(there, true)
	}
	one := *candidateOf(&Agent{AgentProfile: AgentProfile{ID: a.ID}})
	one.Skills, one.Languages, one.Channels = a.Skills, a.Languages, a.Channels
	one.Room, one.Capacity, one.Credit, one.IdleSince = max(a.Room, x.units), a.Capacity, a.Credit, a.IdleSince
	b.roster.Put(&one, true)
}

// next asks the rule for the first pair.
func (x *explainer) next(b *bench) (pick match.Pick, ok bool) {
	b.waiting.TouchAll()
	x.rules.Matching().Match(b.waiting, b.roster, x.now, func(p *match.Pick) bool {
		pick, ok = match.Pick{Contact: p.Contact, Units: p.Units, Why: p.Why.Clone()}, true
		return false
	})
	return pick, ok
}

// candidateOf gives an agent as the rule sees them, apart from the roster's.
func candidateOf(a *Agent) *match.Agent {
	c := &match.Agent{ID: a.ID}
	a.fill(c)
	return c
}

// alone asks the rule what it would make of the contact and one agent, were
// there no others.
func (x *explainer) alone(a *match.Agent, h match.Head) (match.Explanation, bool) {
	b := x.bench()
	b.waiting.Add(&x.c.Demand, &x.c.Traits, &h)
	x.seat(b, a)
	pick, ok := x.next(b)
	return pick.Why, ok
}

// lane asks the rule why the turn of the contact would come, of an agent who may
// take it and owes a turn.
func (x *explainer) lane() match.Lane {
	like := &match.Agent{ID: "like", Room: x.units, Capacity: x.units, Credit: match.Micro}
	h := x.head()
	h.Prefer = ""
	mendSkills(&x.c.Demand, like)
	like.Languages = x.c.Demand.Languages
	why, _ := x.alone(like, h)
	return why.Lane
}

// ahead counts what an agent would take before the contact, were they as they are
// given: of all who wait, with everybody else as they are. It gives nil where the
// rule would not give it to them; kept is true where that is for the sake of what
// comes live.
func (x *explainer) ahead(a *match.Agent) (out *Ahead, kept bool) {
	fair, ok := x.rules.Matching().(match.Fair)
	if !ok {
		return nil, false
	}
	x.waiting.Use(x.rules.Version(), func(reply contact.Channel) int { return x.rules.Work(reply).Units })
	turns, ok, kept := fair.Until(x.c.ID, a, x.wouldOwn(a), x.waiting, x.roster, x.now, aheadAtMost)
	if !ok {
		return nil, kept
	}
	out = &Ahead{Agent: a.ID, Lanes: map[match.Lane]int{}}
	if len(turns) > aheadAtMost {
		out.More, turns = true, turns[:aheadAtMost]
	}
	for i := range turns {
		out.Lanes[turns[i].Lane]++
	}
	if out.Count = len(turns); out.Count > 0 {
		out.First = turns[0].Contact
	}
	return out, false
}

// wouldOwn gives the contacts that wait and would be kept for an agent, were they
// there with room for them.
func (x *explainer) wouldOwn(a *match.Agent) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(x.knowing[a.ID])) {
		c := x.Contacts[id]
		if _, had := c.Cool[a.ID]; had || match.Able(&c.Demand, &c.Traits, 0, a) != "" {
			continue
		}
		known := c.knownBy()
		first := slices.IndexFunc(known, func(k string) bool { return k == a.ID || k == c.own && x.hasRoom(k) })
		if first >= 0 && known[first] == a.ID {
			out = append(out, id)
		}
	}
	return out
}

func (x *explainer) hasRoom(agent string) bool {
	a := x.Agents[agent]
	return a != nil && a.Load < a.Capacity
}

// before tells what comes before the contact for whoever is likely to take it:
// of those who lack nothing but room, the one with the fewest before it.
func (x *explainer) before(st *Standing) {
	const asked = 5
	tried := 0
	for i := range st.Verdicts {
		v := &st.Verdicts[i]
		if len(v.Gaps) != 1 || v.Gaps[0].Gate != match.GateCapacity {
			continue
		}
		if tried++; tried > asked {
			return
		}
		_, like := x.mended(x.Agents[v.Agent])
		if like == nil {
			continue
		}
		if a, _ := x.ahead(like); a != nil && (st.Ahead == nil || a.Count < st.Ahead.Count) {
			st.Ahead = a
		}
	}
}

// Change is the smallest thing of its kind that would let somebody take a contact.
type Change struct {
	// Gaps are what would have to be closed, for one agent: one, or where no one
	// change is enough, several. None means that a lead may give it to them by
	// hand, though the rule spares them.
	Gaps []Gap `json:"gaps"`
	// Agents are those for whom it would do, Count how many they are.
	Agents []string `json:"agents"`
	Count  int      `json:"count"`
	// Serves is true when the contact would be the next for one of them, else
	// Ahead says how many come before it at least, -1 where that isn't known.
	Serves bool `json:"serves"`
	Ahead  int  `json:"ahead"`
	// Kept is true when it would be kept back all the same, so that somebody stays
	// free for what comes live.
	Kept bool `json:"kept,omitempty"`
	// Finish is what one of them has in hand whose end would make room enough.
	Finish string `json:"finish,omitempty"`
}

// namedAtMost is how many agents a change names.
const namedAtMost = 20

// changes tries what each agent lacks as a change, and gives the three smallest:
// those that serve it at once before others, then by cost (see Gap.cost).
func (x *explainer) changes(st *Standing) []Change {
	fewest := 0
	var out []Change
	if st.HeldFor != "" || !st.HeldBackUntil.IsZero() {
		out = x.byHand(st)
	}
	for _, v := range st.Verdicts {
		if n := len(v.Gaps); n > 0 && (fewest == 0 || n < fewest) {
			fewest = n
		}
	}
	for _, v := range st.Verdicts {
		if len(v.Gaps) != fewest || fewest == 0 {
			continue
		}
		finish := x.finishFor(&v)
		i := slices.IndexFunc(out, func(c Change) bool {
			return slices.EqualFunc(c.Gaps, v.Gaps, sameGap) && (c.Finish == "") == (finish == "")
		})
		if i < 0 {
			i = len(out)
			out = append(out, Change{Gaps: v.Gaps, Ahead: -1, Finish: finish})
		}
		if out[i].Count++; len(out[i].Agents) < namedAtMost {
			out[i].Agents = append(out[i].Agents, v.Agent)
		}
	}
	slices.SortStableFunc(out, compareChanges)
	out = out[:min(len(out), 6)]
	for i := range out {
		x.tryChange(&out[i])
	}
	slices.SortStableFunc(out, func(a, b Change) int {
		if a.Serves != b.Serves {
			return 2*oneIf(b.Serves) - 1
		}
		return 0
	})
	return out[:min(len(out), 3)]
}

// byHand is what a lead may do where the rule spares somebody who could take it.
func (x *explainer) byHand(st *Standing) []Change {
	give := Change{Gaps: []Gap{}, Serves: true}
	for _, v := range st.Verdicts {
		if len(v.Gaps) > 0 {
			continue
		}
		if give.Count++; len(give.Agents) < namedAtMost {
			give.Agents = append(give.Agents, v.Agent)
		}
	}
	if give.Count == 0 {
		return nil
	}
	return []Change{give}
}

// sameGap reports whether the same would close both: times and loads apart.
func sameGap(a, b Gap) bool {
	if a.Gate == match.GatePresence || a.Gate == match.GateCooling {
		return a.Gate == b.Gate
	}
	return compareGaps(&a, &b) == 0 && a.Have == b.Have && a.Channel == b.Channel && a.Gate == b.Gate
}

func compareChanges(a, b Change) int {
	if len(a.Gaps) == 0 || len(b.Gaps) == 0 {
		return len(a.Gaps) - len(b.Gaps)
	}
	for i := range min(len(a.Gaps), len(b.Gaps)) {
		// the largest part of a change lies at its end or at its beginning
		if c := compareGaps(worst(a.Gaps), worst(b.Gaps)); c != 0 {
			return c
		}
		if c := compareGaps(&a.Gaps[i], &b.Gaps[i]); c != 0 {
			return c
		}
	}
	return 0
}

// worst is the gap that costs most.
func worst(gaps []Gap) *Gap {
	most := &gaps[0]
	for i := range gaps {
		if compareGaps(&gaps[i], most) > 0 {
			most = &gaps[i]
		}
	}
	return most
}

// tryChange sees whether the change would serve the contact now, and of whom. Those
// of whom it would not are named only where there is nobody else.
func (x *explainer) tryChange(c *Change) {
	if len(c.Gaps) == 0 {
		return
	}
	const tried = 5
	first := c.Agents[:min(len(c.Agents), tried)]
	var served []string
	for _, id := range first {
		_, like := x.mended(x.Agents[id])
		if like == nil {
			continue
		}
		if c.Finish == "" {
			like.Capacity += lackOfRoom(c.Gaps)
		}
		a, kept := x.ahead(like)
		c.Kept = c.Kept || kept
		if a == nil {
			continue
		}
		if c.Ahead < 0 || a.Count < c.Ahead {
			c.Ahead = a.Count
		}
		if a.Count == 0 {
			served = append(served, id)
		}
	}
	if c.Serves = len(served) > 0; c.Serves && len(served) < len(first) {
		c.Agents, c.Count = served, len(served)
	}
	c.Kept = c.Kept && c.Ahead < 0
	if c.Finish != "" {
		c.Finish = x.finish(c.Agents[0], lackOfRoom(c.Gaps))
	}
}

// lackOfRoom is how many units are missing.
func lackOfRoom(gaps []Gap) int {
	for i := range gaps {
		if gaps[i].Gate == match.GateCapacity {
			return gaps[i].Units
		}
	}
	return 0
}

// finishFor gives what an agent who lacks room could finish to have enough.
func (x *explainer) finishFor(v *Verdict) string {
	if units := lackOfRoom(v.Gaps); units > 0 {
		return x.finish(v.Agent, units)
	}
	return ""
}

// finish gives the smallest contact in an agent's hands whose end makes room for
// so many units, the oldest first, "" if none does alone.
func (x *explainer) finish(agent string, units int) string {
	best := (*Contact)(nil)
	for id := range x.Agents[agent].Holds {
		c := x.Contacts[id]
		if c == nil || c.Units < units {
			continue
		}
		if best == nil || c.Units < best.Units || c.Units == best.Units && longerHeld(c, best) {
			best = c
		}
	}
	if best == nil {
		return ""
	}
	return best.ID
}

func longerHeld(a, b *Contact) bool {
	if c := a.AssignedAt.Compare(b.AssignedAt); c != 0 {
		return c < 0
	}
	return a.ID < b.ID
}

func oneIf(is bool) int {
	if is {
		return 1
	}
	return 0
}
