package match

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"time"
)

// Waiting holds the contacts that wait for an agent, in groups of equal demand
// and promise, so that a decision looks at the first of the groups only: its cost
// doesn't grow with the number that waits.
type Waiting struct {
	groups  map[string]*Group
	where   map[string]*item
	flows   map[string]*flow
	known   *flows
	knownAt uint64
}

// Group is the waiting contacts of one demand, the first due first.
type Group struct {
	Demand Demand
	Traits Traits
	key    string
	items  line
}

// Head is a waiting contact as the rule sees it.
type Head struct {
	Contact string
	Due     time.Time
	Start   time.Time
	Traits  Traits
	// Need is what those of its group need as time passes; without it Traits hold.
	Need *Need
	// Prefer is the agent who answered this customer last, "" if none.
	Prefer string
	// Cool holds who is passed over, and until when.
	Cool map[string]time.Time
}

type item struct {
	Head
	group *Group
}

// NewWaiting gives an empty set.
func NewWaiting() *Waiting {
	return &Waiting{groups: map[string]*Group{}, where: map[string]*item{}, flows: map[string]*flow{}}
}

// key names what of a promise makes a group of its own.
func (t *Traits) key() string {
	var b []byte
	for _, n := range []int64{t.Value, int64(t.Target), int64(t.RelaxAfter), int64(t.Handling), int64(t.Hold)} {
		b = strconv.AppendInt(append(b, '|'), n, 36)
	}
	return string(b)
}

// Add puts a contact in, or in its new place when it is there already. It costs
// O(log n) at either end of its group, as mostly.
func (w *Waiting) Add(d Demand, h Head) {
	w.Remove(h.Contact)
	key := d.Key() + h.Traits.key()
	g := w.groups[key]
	if g == nil {
		g = &Group{Demand: d, Traits: h.Traits, key: key}
		w.groups[key] = g
	}
	it := &item{Head: h, group: g}
	g.items.put(it)
	w.where[h.Contact] = it
}

// Remove takes a contact out; it need not be there. It costs O(log n) at
// either end of its group, as mostly.
func (w *Waiting) Remove(contactID string) {
	it := w.where[contactID]
	if it == nil {
		return
	}
	g := it.group
	g.items.take(it)
	delete(w.where, contactID)
	if g.items.len() == 0 {
		delete(w.groups, g.key)
	}
}

// Len counts the waiting contacts.
func (w *Waiting) Len() int { return len(w.where) }

// Count counts the waiting contacts whose demand is one that fits. It costs
// O(groups).
func (w *Waiting) Count(fits func(d *Demand) bool) int {
	n := 0
	for _, g := range w.groups {
		if fits(&g.Demand) {
			n += g.items.len()
		}
	}
	return n
}

// Groups gives the groups, that with the first due head first; ties by contact
// id. It costs O(groups log groups).
func (w *Waiting) Groups() []*Group {
	out := make([]*Group, 0, len(w.groups))
	for _, g := range w.groups {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *Group) int { return compareHeads(&a.items.first().Head, &b.items.first().Head) })
	return out
}

// First calls try with the contacts of the group in order until it returns
// false.
func (g *Group) First(try func(h *Head) bool) {
	for _, it := range g.items.all() {
		if !try(&it.Head) {
			return
		}
	}
}

// From gives the contacts of the group in order, those left out that are due
// before a time. It costs O(log n).
func (g *Group) From(due time.Time) iter.Seq[*Head] {
	return func(yield func(*Head) bool) {
		for _, it := range g.items.from(due) {
			if !yield(&it.Head) {
				return
			}
		}
	}
}

// Len counts the contacts of the group.
func (g *Group) Len() int { return g.items.len() }

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
