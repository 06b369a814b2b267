package sim

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// plan puts something on the agenda.
func (d *day) plan(at float64, act func() error) { d.Plan(epoch().Add(seconds(at)), act) }

// luck gives the randomness of one try of one contact: the same for every rule.
func (d *day) luck(contact, try int) *rand.Rand {
	return rand.New(rand.NewPCG(d.seed, uint64(contact)<<8|uint64(try)|1<<63)) //nolint:gosec // a simulation wants to be repeated
}

func sortedNames(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }
