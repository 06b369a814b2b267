package match

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"stagecoach/contact"
)

// Waiting holds the contacts that wait for an agent, in groups of equal demand
// and promise, so that a decision looks at the first of the groups only: its cost
// doesn't grow with the number that waits.
type Waiting struct {
	groups map[string]*Group
	// list are the groups by number; one that empties stays until the policy is
	// another, as its like come again.
	list []*Group
	// layout counts how often they were numbered anew.
	layout int
	where  map[string]*item
	// dirty are the groups that a free agent might take something of whom nobody
	// has looked at for it.
	dirty []*Group
	// units tells what a contact takes of an agent's room, by the channel of its
	// reply, under a policy of this version.
	units  func(reply contact.Channel) int
	policy string
	// faces are what is known of the groups, by number; edges are when the first of
	// each can no longer be answered in time, guards when the first is owed a turn.
	faces         []face
	edges, guards moments
	// settled is up to when who is late stands among the late ones, in microseconds;
	// liveWork is the work of all others, too.
	settled, liveWork int64
	flows             flows
	m                 matching
	key               []byte
}

// Group is the waiting contacts of one demand and promise, the first due first.
type Group struct {
	Demand Demand
	Traits Traits
	num    int
	key    string
	units  int
	need   *Need
	flow   *flow
	// jobs are what crews need to know of it: one for all who are alike for it.
	jobs []*job
	// best is how long the fastest answer takes, early how long before it is due one
	// of it is held back no longer, in microseconds.
	best, early int64
	// live are those that can still be answered in time as far as best says, late
	// the others.
	live, late line
	dirty      bool
	// held is true when work was held back from somebody at the last look, again
	// when somebody in it has become possible during this one.
	held, again bool
}

// Head is a waiting contact as the rule sees it.
type Head struct {
	Contact string
	Due     time.Time
	Start   time.Time
	// Need is what those of its group need as time passes; without it Traits hold.
	Need *Need
	// Prefer is whom of those who know the customer it is kept for: who answered
	// them last, or where Named, an agent whom the policy names for them. "" is
	// nobody.
	Prefer string
	Named  bool
	// Cool holds who is passed over, and until when.
	Cool map[string]time.Time
}

type item struct {
	Head
	group *Group
	// due is Due in microseconds.
	due  int64
	late bool
	// gone is true once it waits no longer.
	gone bool
}

// NewWaiting gives an empty set.
func NewWaiting() *Waiting {
	return &Waiting{groups: map[string]*Group{}, where: map[string]*item{}, flows: flows{of: map[string]*flow{}}}
}

// appendKey names what of a promise makes a group of its own.
func (t *Traits) appendKey(b []byte) []byte {
	for _, n := range [...]int64{t.Value, int64(t.Target), int64(t.RelaxAfter), int64(t.Handling), int64(t.Hold), int64(t.Words), int64(one(t.Live))} {
		b = strconv.AppendInt(append(b, '|'), n, 36)
	}
	return b
}

// Use tells what a contact takes of an agent's room, by the channel of its reply,
// under the policy of a version. It costs O(groups) when the policy is another.
// Groups in which nobody waits are dropped then, as another policy makes others.
func (w *Waiting) Use(policy string, units func(reply contact.Channel) int) {
	w.units = units
	if policy == w.policy && w.policy != "" {
		return
	}
	w.policy = policy
	w.sweep()
	for _, g := range w.list {
		g.units = units(g.Demand.ReplyChannel)
		w.touch(g)
	}
	w.flows.changed++
	w.m.version++
}

// sweep drops the groups in which nobody waits, and numbers the others anew.
func (w *Waiting) sweep() {
	all := w.list
	w.list, w.faces, w.liveWork, w.edges, w.guards = nil, nil, 0, moments{}, moments{}
	w.dirty = w.dirty[:0]
	w.layout++
	for _, g := range all {
		if g.Len() == 0 {
			delete(w.groups, g.key)
			continue
		}
		w.number(g)
		w.note(g)
		if g.dirty {
			w.dirty = append(w.dirty, g)
		}
	}
}

// number gives a group the next number.
func (w *Waiting) number(g *Group) {
	g.num = len(w.list)
	w.list = append(w.list, g)
	w.faces = append(w.faces, face{hotUntil: math.MinInt64})
	w.edges.add()
	w.guards.add()
}

// Add puts a contact in, or in its new place when it is there already. It costs
// O(log n) at either end of its group, as mostly.
func (w *Waiting) Add(d *Demand, t *Traits, h *Head) {
	w.Remove(h.Contact)
	g := w.group(d, t)
	if h.Need != nil {
		g.need = h.Need
	}
	it := &item{Head: *h, group: g, due: h.Due.UnixMicro()}
	it.late = w.settled != never && it.due-g.best < w.settled
	w.put(it)
	w.where[h.Contact] = it
	w.touch(g)
}

// group gives the group of a demand and promise, made if need be.
func (w *Waiting) group(d *Demand, t *Traits) *Group {
	w.key = t.appendKey(d.appendKey(w.key[:0]))
	if g := w.groups[string(w.key)]; g != nil {
		return g
	}
	g := &Group{Demand: *d, Traits: *t, key: string(w.key), need: NewNeed(*d, t)}
	if w.units != nil {
		g.units = w.units(d.ReplyChannel)
	}
	g.flow = w.flows.find(d, t)
	g.tune(&w.m.Params)
	w.groups[g.key] = g
	w.number(g)
	return g
}

// TouchAll has the next match look at everybody who waits.
func (w *Waiting) TouchAll() {
	for _, g := range w.list {
		w.touch(g)
	}
}

// touch has the next match look at a group, and one that goes on look again.
func (w *Waiting) touch(g *Group) {
	g.again = w.m.looking
	w.soil(g)
}

func (w *Waiting) soil(g *Group) {
	if !g.dirty {
		g.dirty = true
		w.dirty = append(w.dirty, g)
	}
}

// Remove takes a contact out; it need not be there. It costs O(log n) at
// either end of its group, as mostly.
func (w *Waiting) Remove(contactID string) {
	it := w.where[contactID]
	if it == nil {
		return
	}
	w.take(it)
	it.gone = true
	delete(w.where, contactID)
}

// put has an item stand in its line, take out of it.
func (w *Waiting) put(it *item) {
	it.line().put(it)
	w.note(it.group)
}

func (w *Waiting) take(it *item) {
	it.line().take(it)
	w.note(it.group)
}

// line is the one of its group's that an item stands in.
func (it *item) line() *line {
	if it.late {
		return &it.group.late
	}
	return &it.group.live
}

// Saw counts a contact that has come, so that the rule knows what it needs
// agents for.
func (w *Waiting) Saw(d *Demand, t *Traits) { w.flows.find(d, t).work += t.Handling.Seconds() }

// Len counts the waiting contacts.
func (w *Waiting) Len() int { return len(w.where) }

// Count counts the waiting contacts whose demand is one that fits. It costs
// O(groups).
func (w *Waiting) Count(fits func(d *Demand) bool) int {
	n := 0
	for _, g := range w.list {
		if g.Len() > 0 && fits(&g.Demand) {
			n += g.Len()
		}
	}
	return n
}

// Groups gives the groups in which somebody waits, that with the first due head
// first; ties by contact id. It costs O(groups log groups).
func (w *Waiting) Groups() []*Group {
	var out []*Group
	for _, g := range w.list {
		if g.Len() > 0 {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b *Group) int { return compareHeads(a.head(), b.head()) })
	return out
}

// head is the first due of a group that isn't empty.
func (g *Group) head() *Head {
	if g.late.len() > 0 && (g.live.len() == 0 || compareHeads(&g.late.first().Head, &g.live.first().Head) < 0) {
		return &g.late.first().Head
	}
	return &g.live.first().Head
}

// First calls try with the contacts of the group in order until it returns
// false.
func (g *Group) First(try func(h *Head) bool) {
	for _, l := range [...]*line{&g.late, &g.live} {
		for _, it := range l.all() {
			if !try(&it.Head) {
				return
			}
		}
	}
}

// Len counts the contacts of the group.
func (g *Group) Len() int { return g.live.len() + g.late.len() }

// Units is what one of them takes of an agent's room.
func (g *Group) Units() int { return g.units }

// Gate gives the first gate that an agent does not pass for one of the group, ""
// if they may take it now.
func (g *Group) Gate(h *Head, a *Agent, now time.Time) Gate {
	if gate := g.need.Able(g.stage(h, now), a); gate != "" {
		return gate
	}
	return Ready(h, g.units, a, now)
}

// stage is how many of the group's steps a contact has passed: at each of them
// more agents may take it.
func (g *Group) stage(h *Head, now time.Time) int {
	return g.need.Stage(max(now.Sub(h.Start), 0))
}

// compareHeads orders by due time, then by age, then by id.
func compareHeads(a, b *Head) int {
	if c := a.Due.Compare(b.Due); c != 0 {
		return c
	}
	if c := a.Start.Compare(b.Start); c != 0 {
		return c
	}
	return cmp.Compare(a.Contact, b.Contact)
}
