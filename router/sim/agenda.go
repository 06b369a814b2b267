package sim

import (
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

// inTime has the entry first that happens first.
type inTime struct{}

// Before implements heap.Order.
func (inTime) Before(x, y *entry) bool {
	if c := x.at.Compare(y.at); c != 0 {
		return c < 0
	}
	return x.n < y.n
}

// Stands implements heap.Order.
func (inTime) Stands(*entry, int) {}

// plan puts something on the agenda.
func (d *day) plan(at float64, act func() error) {
	d.planned++
	d.agenda.Push(entry{at: epoch().Add(seconds(at)), n: d.planned, act: act})
}

// luck gives the randomness of one try of one contact: the same for every rule.
func (d *day) luck(contact, try int) *rand.Rand {
	return rand.New(rand.NewPCG(d.seed, uint64(contact)<<8|uint64(try)|1<<63)) //nolint:gosec // a simulation wants to be repeated
}

func sortedNames(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }
