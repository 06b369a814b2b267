package sim_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/router/match"
)

// TestNobodyStarves floods a few agents with contacts that are worth a thousand
// times as much, each arriving just when one of them is free, while they decline,
// miss offers, go and come back: whoever waits past the guard gets their turn
// within the bound, in the order of the guards, and everybody is answered. These
// are some sieges; TestChaosNobodyStarves draws others, and more of them.
func TestNobodyStarves(t *testing.T) {
	sieges := rapid.Custom(drawSiege)
	for seed := range 12 {
		w := sieges.Example(seed)
		if err := w.run(t.Context(), match.Fair{Params: w.params}); err != nil {
			t.Errorf("siege %d: %v", seed, err)
		}
	}
}

// TestPlantedStarvation breaks the rule in three ways that would leave somebody
// waiting: each must be found out, or the test above proves nothing.
func TestPlantedStarvation(t *testing.T) {
	plain := siege{
		params: match.DefaultParams(), agents: []besieged{{}}, victims: []victim{{value: 1, target: 10}},
		flood: 2, handling: 30, slots: 1,
	}
	if err := plain.run(t.Context(), match.Fair{Params: plain.params}); err != nil {
		t.Fatalf("the rule as it is: %v", err)
	}
	noGuard := plain
	noGuard.params.Guard = 1_000_000
	if err := noGuard.run(t.Context(), match.Fair{Params: noGuard.params}); !errors.Is(err, errStarved) {
		t.Errorf("without a guard lane: %v", err)
	}
	noTurns := plain
	noTurns.forgive = true
	if err := noTurns.run(t.Context(), match.Fair{Params: noTurns.params}); !errors.Is(err, errStarved) {
		t.Errorf("turns never credited: %v", err)
	}
	lateFirst := plain
	lateFirst.victims = []victim{{value: 1, target: 10}, {value: 1, target: 10, after: 5}}
	if err := lateFirst.run(t.Context(), backwards{match.Fair{Params: plain.params}}); !errors.Is(err, errPassed) && !errors.Is(err, errStarved) {
		t.Errorf("turns given to who came last: %v", err)
	}
}

// What a siege finds out.
var (
	errStarved = errors.New("waited longer than the bound")
	errPassed  = errors.New("was passed by a later guard")
)

// siege is a day made to starve somebody.
type siege struct {
	params  match.Params
	agents  []besieged
	victims []victim
	// flood is how many valuable contacts come whenever an agent is free.
	flood int
	// handling is the longest work on a contact, in seconds; slots how many an
	// agent has in hand at once.
	handling, slots int
	// declines are which offers, counted from the first, are declined, and misses
	// which run out; both only up to a number.
	declines, misses map[int]bool
	// forgive takes from the agents what they owe: a planted fault.
	forgive bool
}

// besieged is an agent; those who leave do so for a while, again and again.
type besieged struct {
	// skilled is who can take what needs the skill.
	skilled bool
	// leaves is every how many seconds they leave for half of it, 0 for never.
	leaves int
}

// victim is a contact that others are worth more than.
type victim struct {
	value, target, after int
	needsSkill           bool
}

func drawSiege(t *rapid.T) *siege {
	s := &siege{
		params: match.DefaultParams(),
		agents: []besieged{{skilled: true}},
		flood:  rapid.IntRange(1, 3).Draw(t, "flood"), handling: rapid.IntRange(5, 120).Draw(t, "handling"),
		slots:    rapid.IntRange(1, 3).Draw(t, "slots"),
		declines: map[int]bool{}, misses: map[int]bool{},
	}
	for range rapid.IntRange(0, 2).Draw(t, "colleagues") {
		a := besieged{skilled: rapid.Bool().Draw(t, "skilled")}
		if rapid.Bool().Draw(t, "comes and goes") {
			a.leaves = rapid.IntRange(60, 600).Draw(t, "leaves")
		}
		s.agents = append(s.agents, a)
	}
	for range rapid.IntRange(1, 4).Draw(t, "victims") {
		s.victims = append(s.victims, victim{
			value: rapid.IntRange(0, 999).Draw(t, "value"), target: rapid.IntRange(10, 600).Draw(t, "target"),
			after: rapid.IntRange(0, 300).Draw(t, "after"), needsSkill: rapid.Bool().Draw(t, "needs skill"),
		})
	}
	for range rapid.IntRange(0, 3).Draw(t, "declines") {
		s.declines[rapid.IntRange(0, 60).Draw(t, "declined")] = true
	}
	for range rapid.IntRange(0, 3).Draw(t, "misses") {
		s.misses[rapid.IntRange(0, 60).Draw(t, "missed")] = true
	}
	return s
}

// backwards gives turns to whoever came last: a planted fault.
type backwards struct{ match.Fair }

// Match implements match.Rule.
func (b backwards) Match(w *match.Waiting, r *match.Roster, now time.Time, offer func(*match.Pick) bool) time.Time {
	return b.Fair.Match(w, r, now, func(pick *match.Pick) bool {
		if pick.Why.Lane == match.LaneGuard {
			for _, g := range w.Groups() {
				g.First(func(h *match.Head) bool {
					if g.Traits.Value < 1000*match.Micro {
						pick.Contact = h.Contact
					}
					return true
				})
			}
		}
		return offer(pick)
	})
}
