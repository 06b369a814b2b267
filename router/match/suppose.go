package match

import (
	"maps"
	"time"
)

// Turn is a contact whose turn comes, and why.
type Turn struct {
	Contact string
	Lane    Lane
}

// Until gives the turns that come before that of a waiting contact for an agent,
// were they free and as a says: those who wait and all other agents are taken as
// they are, but for those known, which would be kept for a as the customer's own
// agent. The contact's own cool-down bars nobody. More than most turns are
// not told.
//
// ok is false where the rule would never come to it; held is then true where it
// would hold the contact back so that somebody stays free for what comes live.
// All is afterwards as it was before. It costs O(turns × groups).
func (r Fair) Until(contact string, a *Agent, known []string, w *Waiting, p *Roster, now time.Time, most int) (before []Turn, ok, held bool) {
	own := w.where[contact]
	if own == nil {
		return nil, false, false
	}
	w.m.tune(r.Params, w)
	w.m.looks++
	m := &matching{Params: r.Params, version: w.m.version, urgent: w.m.urgent, looks: w.m.looks, w: w, r: p, supposed: true}
	m.turnTo(now)
	p.recount()
	a.crew = newCrew(a)
	a.place, a.seen, a.claimed = 0, a.Room, false
	defer p.suppose(a, now)()
	defer w.reckon(a)()
	for _, id := range known {
		if it := w.where[id]; it != nil {
			defer func(prefer string) { it.Prefer = prefer }(it.Prefer)
			it.Prefer = a.ID
		}
	}
	if cool := own.Cool; cool != nil {
		own.Cool = maps.Clone(cool)
		delete(own.Cool, a.ID)
		defer func() { own.Cool = cool }()
	}
	var taken []*item
	defer func() {
		for _, it := range taken {
			w.put(it)
		}
	}()
	for {
		best := pair{}
		m.bestOf(a, &best)
		switch {
		case best.agent == nil:
			return before, false, own.group.live.len() > 0 && !own.late && m.heldBack(own.group, a)
		case best.it == own || len(before) > most:
			return before, true, false
		}
		before = append(before, Turn{best.it.Contact, best.rank.lane()})
		w.take(best.it)
		taken = append(taken, best.it)
	}
}

// reckon has the needs that nobody meets at their first stage count an agent who may
// meet them, until that is undone.
func (w *Waiting) reckon(a *Agent) (undo func()) {
	was := map[*Need]int{}
	for _, g := range w.list {
		n := g.need
		if n.from == 0 || g.Len() == 0 {
			continue
		}
		for stage := range len(n.steps) + 1 {
			if n.Able(stage, a) != "" {
				continue
			}
			if _, seen := was[n]; !seen && (n.lacks != "" || stage < n.from) {
				was[n], n.from = n.from, stage
			}
			break
		}
	}
	return func() {
		for n, from := range was {
			n.from = from
		}
	}
}

// suppose counts an agent as free and as they are now, in the place of who the
// roster knows by their id, until that is undone.
func (r *Roster) suppose(a *Agent, now time.Time) (undo func()) {
	old, fs := r.agents[a.ID], &r.w.flows
	was := make([]flow, len(fs.list))
	for i, f := range fs.list {
		was[i] = *f
	}
	for _, f := range r.w.ableFor(a.crew) {
		f.ready += one(a.seen >= f.need)
	}
	if old != nil {
		for _, f := range r.w.ableFor(old.crew) {
			f.ready -= one(old.seen >= f.need)
		}
	}
	come := one(old == nil || old.absent)
	r.absent -= come
	same := come == 0 && old.crew.fits(a) && fs.version == r.version && fs.known == len(fs.list)
	if fs.learns(same, now) {
		r.weigh(a)
	}
	return func() {
		r.absent += come
		for i := range was {
			*fs.list[i] = was[i]
		}
	}
}
