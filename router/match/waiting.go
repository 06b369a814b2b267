package match

import (
	"cmp"
	"container/heap"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Waiting holds the contacts that wait for an agent, in groups of equal demand,
// so that a decision looks at the heads of the groups only: its cost doesn't
// grow with the number that waits.
type Waiting struct {
	groups map[string]*Group
	where  map[string]*item
}

// Group is the waiting contacts of one demand, the first due first.
type Group struct {
	Demand Demand
	key    string
	items  itemHeap
}

// Head is a waiting contact as the rule sees it.
type Head struct {
	Contact string
	Due     time.Time
	Start   time.Time
	// Prefer is the agent who answered this customer last, "" if none.
	Prefer string
	// Cool holds who is passed over, and until when.
	Cool map[string]time.Time
}

type item struct {
	Head
	group *Group
	at    int
}

// NewWaiting gives an empty set.
func NewWaiting() *Waiting {
	return &Waiting{groups: map[string]*Group{}, where: map[string]*item{}}
}

// Key gives the canonical name of a demand: equal demands have equal keys.
func (d Demand) Key() string {
	var b strings.Builder
	b.WriteString(string(d.Channel))
	b.WriteByte('>')
	b.WriteString(string(d.ReplyChannel))
	skills := slices.SortedFunc(slices.Values(d.Skills), func(x, y Skill) int { return cmp.Compare(x.Name, y.Name) })
	for _, s := range skills {
		b.WriteString("|s:" + s.Name + ":" + strconv.Itoa(s.Level))
	}
	for _, l := range slices.Sorted(slices.Values(d.Languages)) {
		b.WriteString("|l:" + l)
	}
	for _, l := range slices.Sorted(slices.Values(d.Wished)) {
		b.WriteString("|w:" + l)
	}
	return b.String()
}

// Add puts a contact in, or in its new place when it is there already. It costs
// O(log n).
func (w *Waiting) Add(d Demand, h Head) {
	w.Remove(h.Contact)
	key := d.Key()
	g := w.groups[key]
	if g == nil {
		g = &Group{Demand: d, key: key}
		w.groups[key] = g
	}
	it := &item{Head: h, group: g}
	heap.Push(&g.items, it)
	w.where[h.Contact] = it
}

// Remove takes a contact out; it need not be there. It costs O(log n).
func (w *Waiting) Remove(contactID string) {
	it := w.where[contactID]
	if it == nil {
		return
	}
	g := it.group
	heap.Remove(&g.items, it.at)
	delete(w.where, contactID)
	if len(g.items) == 0 {
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
			n += len(g.items)
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
	slices.SortFunc(out, func(a, b *Group) int { return compareHeads(&a.items[0].Head, &b.items[0].Head) })
	return out
}

// First calls try with the contacts of the group in order until it returns
// false. Contacts are only looked at, none is taken out. It costs O(k log n)
// for k looked at.
func (g *Group) First(try func(h *Head) bool) {
	var aside []*item
	for len(g.items) > 0 {
		it, ok := heap.Pop(&g.items).(*item)
		if !ok {
			break
		}
		aside = append(aside, it)
		if !try(&it.Head) {
			break
		}
	}
	for _, it := range aside {
		heap.Push(&g.items, it)
	}
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

//nolint:recvcheck // container/heap wants both kinds
type itemHeap []*item

func (h itemHeap) Len() int           { return len(h) }
func (h itemHeap) Less(i, j int) bool { return compareHeads(&h[i].Head, &h[j].Head) < 0 }
func (h itemHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push implements heap.Interface.
func (h *itemHeap) Push(x any) {
	it, ok := x.(*item)
	if !ok {
		return
	}
	it.at = len(*h)
	*h = append(*h, it)
}

// Pop implements heap.Interface.
func (h *itemHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
