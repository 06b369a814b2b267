package sim

import (
	"container/heap"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// entry is something that happens at a time; n orders those of one instant.
type entry struct {
	at  time.Time
	n   int
	act func() error
}

// agenda is what is to happen, first things first.
//
//nolint:recvcheck // container/heap wants both kinds
type agenda []*entry

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if c := a[i].at.Compare(a[j].at); c != 0 {
		return c < 0
	}
	return a[i].n < a[j].n
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push implements heap.Interface.
func (a *agenda) Push(x any) {
	if e, ok := x.(*entry); ok {
		*a = append(*a, e)
	}
}

// Pop implements heap.Interface.
func (a *agenda) Pop() any {
	old := *a
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*a = old[:len(old)-1]
	return last
}

// plan puts something on the agenda.
func (d *day) plan(at float64, act func() error) {
	d.planned++
	heap.Push(&d.agenda, &entry{at: epoch().Add(seconds(at)), n: d.planned, act: act})
}

// luck gives the randomness of one try of one contact: the same for every rule.
func (d *day) luck(contact, try int) *rand.Rand {
	return rand.New(rand.NewPCG(d.seed, uint64(contact)<<8|uint64(try)|1<<63)) //nolint:gosec // a simulation wants to be repeated
}

func sortedNames(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }
