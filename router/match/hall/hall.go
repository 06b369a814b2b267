// Package hall fills an office with agents and with contacts that wait, for
// measuring how fast decisions are.
package hall

import (
	"fmt"
	"math/rand/v2"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// Hall is a large office at work: everybody is busy, and many wait.
type Hall struct {
	waiting *match.Waiting
	roster  *match.Roster
	rule    match.Fair
	agents  []*match.Agent
	luck    *rand.Rand
	now     time.Time
	come    int
}

const (
	units    = 20
	capacity = 60
)

// New fills an office of so many agents, who have three of fifty skills each,
// and three languages among them. Each has been served once.
func New(agents, waiting int) *Hall {
	w := match.NewWaiting()
	h := &Hall{
		waiting: w, roster: match.NewRoster(w), rule: match.Fair{Params: match.DefaultParams()},
		luck: rand.New(rand.NewPCG(1, 2)), //nolint:gosec // wants to be repeated
		now:  time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	}
	w.Use("bench", func(contact.Channel) int { return units })
	for i := range agents {
		a := &match.Agent{ID: fmt.Sprintf("agent-%05d", i), Capacity: capacity, Room: 0, IdleSince: h.now.Add(-time.Duration(i) * time.Second)}
		for range 3 {
			a.Skills = append(a.Skills, match.Skill{Name: skillName(h.luck.IntN(50)), Level: 1 + h.luck.IntN(5)})
		}
		a.Languages = []string{language(h.luck.IntN(10)), language(h.luck.IntN(10))}
		h.agents = append(h.agents, a)
		h.roster.Put(a, true)
	}
	for range waiting {
		h.Arrive()
	}
	for _, a := range h.agents {
		if h.serve(a) {
			h.Arrive()
		}
	}
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

// Arrive lets a contact come that began to wait at some time of the last hours.
func (h *Hall) Arrive() {
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

func (h *Hall) free(a *match.Agent) {
	a.Room += units
	h.roster.Put(a, true)
}

// Decide frees an agent, who gets the best of those who wait. It reports whether
// somebody was served.
func (h *Hall) Decide() bool {
	return h.serve(h.agents[h.luck.IntN(len(h.agents))])
}

func (h *Hall) serve(a *match.Agent) bool {
	h.now = h.now.Add(10 * time.Millisecond)
	h.free(a)
	got := false
	h.rule.Match(h.waiting, h.roster, h.now, func(p *match.Pick) bool {
		h.waiting.Remove(p.Contact)
		winner := h.roster.Find(p.Why.Winner.Agent)
		winner.Room -= p.Units
		winner.IdleSince = h.now
		winner.Credit += h.rule.TurnFor(p.Why.Lane)
		h.roster.Put(winner, true)
		got = true
		return true
	})
	return got
}
