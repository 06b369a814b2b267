package match_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// hall is a large office at work: everybody is busy, and many wait.
type hall struct {
	waiting *match.Waiting
	roster  *match.Roster
	rule    match.Fair
	agents  []*match.Agent
	luck    *rand.Rand
	now     time.Time
	come    int
}

const (
	hallUnits    = 20
	hallCapacity = 60
)

// newHall fills an office of so many agents, who have three of fifty skills each,
// and three languages among them.
func newHall(agents, waiting int) *hall {
	w := match.NewWaiting()
	h := &hall{
		waiting: w, roster: match.NewRoster(w), rule: match.Fair{Params: match.DefaultParams()},
		luck: rand.New(rand.NewPCG(1, 2)), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	}
	w.Use("bench", func(contact.Channel) int { return hallUnits })
	for i := range agents {
		a := &match.Agent{ID: fmt.Sprintf("agent-%05d", i), Capacity: hallCapacity, Room: 0, IdleSince: h.now.Add(-time.Duration(i) * time.Second)}
		for range 3 {
			a.Skills = append(a.Skills, match.Skill{Name: skillName(h.luck.IntN(50)), Level: 1 + h.luck.IntN(5)})
		}
		a.Languages = []string{language(h.luck.IntN(10)), language(h.luck.IntN(10))}
		h.agents = append(h.agents, a)
		h.roster.Put(a, true)
	}
	for range waiting {
		h.arrive()
	}
	h.free(h.agents[0])
	h.roster.Put(h.agents[0], true)
	return h
}

func skillName(n int) string { return fmt.Sprintf("skill-%02d", n) }

func language(n int) string {
	switch {
	case n < 6:
		return "de"
	case n < 9:
		return "en"
	}
	return "fr"
}

// arrive lets a contact come that began to wait at some time of the last hours.
func (h *hall) arrive() {
	h.come++
	tier := h.luck.IntN(3)
	target := []time.Duration{time.Hour, 2 * time.Hour, 4 * time.Hour}[tier]
	d := match.Demand{
		Skills:    []match.Skill{{Name: skillName(h.luck.IntN(50)), Level: 2}},
		Languages: []string{language(h.luck.IntN(10))}, Channel: contact.Email, ReplyChannel: contact.Email,
	}
	start := h.now.Add(-time.Duration(h.luck.IntN(5*3600)) * time.Second)
	t := match.Traits{Value: []int64{6, 3, 1}[tier] * match.Micro, Target: target, RelaxAfter: target / 2, Handling: 8 * time.Minute}
	h.waiting.Saw(&d, &t)
	h.waiting.Add(&d, &t, &match.Head{Contact: fmt.Sprintf("contact-%08d", h.come), Start: start, Due: start.Add(target)})
}

func (h *hall) free(a *match.Agent) {
	a.Room += hallUnits
	h.roster.Put(a, true)
}

// decide frees an agent, who gets the best of those who wait.
func (h *hall) decide() bool {
	h.now = h.now.Add(10 * time.Millisecond)
	a := h.agents[h.luck.IntN(len(h.agents))]
	h.free(a)
	got := false
	h.rule.Match(h.waiting, h.roster, h.now, func(p *match.Pick) bool {
		h.waiting.Remove(p.Contact)
		winner := h.roster.Find(p.Why.Winner.Agent)
		winner.Room -= p.Units
		winner.IdleSince = h.now
		winner.Credit += match.TurnOf(p.Why.Lane)
		h.roster.Put(winner, true)
		got = true
		return true
	})
	return got
}

// BenchmarkDecide has 10,000 agents serve those who wait, of whom one comes for
// each that is served. The time must not grow with the number that waits: the
// ratio is the median of five runs in turn.
func BenchmarkDecide(b *testing.B) {
	few, many := newHall(10_000, 10_000), newHall(10_000, 1_000_000)
	run := func(h *hall) float64 {
		const n = 20_000
		took := time.Duration(0)
		for range n / 1000 {
			begun := time.Now()
			for range 1000 {
				if !h.decide() {
					b.Fatal("nobody was served")
				}
			}
			took += time.Since(begun)
			for range 1000 {
				h.arrive()
			}
		}
		return took.Seconds() / n
	}
	run(few)
	run(many)
	for b.Loop() {
		var ratios, times []float64
		for range 5 {
			x, y := run(few), run(many)
			ratios, times = append(ratios, y/x), append(times, y)
		}
		slices.Sort(ratios)
		slices.Sort(times)
		b.ReportMetric(1/times[2], "decisions/s")
		b.ReportMetric(ratios[2], "times_10k")
	}
}
