package sim

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"stagecoach/router/match"
)

// Figures are the measures of one rule on one scenario, means over the seeds
// where nothing else is said. Shares are from 0 to 1.
type Figures struct {
	Scenario string `json:"scenario"`
	Rule     string `json:"rule"`
	Seeds    int    `json:"seeds"`
	Contacts int    `json:"contacts"`
	// SLA is the share replied by the due time, Value the same weighted by tier
	// value, Tiers by name.
	SLA   float64            `json:"sla"`
	Value float64            `json:"value"`
	Tiers map[string]float64 `json:"tiers"`
	// MeanWait and P95Wait are from arrival to the first reply, in seconds.
	MeanWait float64 `json:"mean_wait_s"`
	P95Wait  float64 `json:"p95_wait_s"`
	// MaxLate is the longest lateness over all seeds.
	MaxLate float64 `json:"max_late_s"`
	// Gini and Occupancy are the spread and the mean of the agents' busy share.
	Gini      float64 `json:"gini"`
	Occupancy float64 `json:"occupancy"`
	// Skilled is the share served by somebody with the class's level, Level the
	// mean of the levels used.
	Skilled float64 `json:"-"`
	Level   float64 `json:"-"`
	// Unanswered counts contacts without a reply, over all seeds.
	Unanswered int `json:"unanswered"`
	// DecisionsPerSecond is assignments per second of wall time, the whole
	// simulation included.
	DecisionsPerSecond float64 `json:"decisions_per_s"`
}

// Runner runs rules on the days of a scenario.
type Runner struct {
	*Scenario
	// Tuning are the parameters of our rule, nil for those that are shipped.
	Tuning *match.Params
	// Clock tells the wall time, for DecisionsPerSecond, which is 0 without.
	Clock func() time.Time
	// Note, if given, is called after each day.
	Note func()
}

// Run measures a rule on one day of contacts.
func (s *Runner) Run(ctx context.Context, rule string, arrivals []Arrival, seed uint64) (Figures, error) {
	r, ok := s.newRule(rule)
	if !ok {
		return Figures{}, fmt.Errorf("there is no rule %q", rule)
	}
	wall := s.Clock
	if wall == nil {
		wall = func() time.Time { return time.Time{} }
	}
	begun := wall()
	d, err := newDay(s.Scenario, r, arrivals, seed)
	if err != nil {
		return Figures{}, err
	}
	if err := d.run(ctx); err != nil {
		return Figures{}, err
	}
	f := d.figures()
	f.Rule = rule
	if took := wall().Sub(begun); took > 0 {
		f.DecisionsPerSecond = float64(d.assigned) / took.Seconds()
	}
	if s.Note != nil {
		s.Note()
	}
	return f, nil
}

// Measure runs a rule on the days of several seeds and gives the means.
func (s *Runner) Measure(ctx context.Context, rule string, first uint64, seeds int) (Figures, error) {
	sum := Figures{Scenario: s.Name, Rule: rule, Seeds: seeds, Tiers: map[string]float64{}}
	part := 1 / float64(max(seeds, 1))
	for i := range seeds {
		seed := first + uint64(i)
		f, err := s.Run(ctx, rule, s.Draw(seed), seed)
		if err != nil {
			return Figures{}, err
		}
		sum.add(&f, part)
	}
	return sum, nil
}

// add counts a day in, as a part of the whole.
func (f *Figures) add(day *Figures, part float64) {
	f.Contacts += day.Contacts
	f.SLA += day.SLA * part
	f.Value += day.Value * part
	for name, share := range day.Tiers {
		f.Tiers[name] += share * part
	}
	f.MeanWait += day.MeanWait * part
	f.P95Wait += day.P95Wait * part
	f.MaxLate = max(f.MaxLate, day.MaxLate)
	f.Gini += day.Gini * part
	f.Skilled += day.Skilled * part
	f.Level += day.Level * part
	f.Occupancy += day.Occupancy * part
	f.Unanswered += day.Unanswered
	f.DecisionsPerSecond += day.DecisionsPerSecond * part
}

func (d *day) figures() Figures {
	f := Figures{Scenario: d.Name, Seeds: 1, Contacts: len(d.arrivals), Tiers: map[string]float64{}}
	var waits []float64
	worth, of := 0.0, map[string]float64{}
	for i := range d.arrivals {
		a := &d.arrivals[i]
		tier, out := &d.Tiers[a.Tier], d.out[a.ID]
		worth += tier.Value
		of[tier.Name]++
		if out.Replied < 0 {
			f.Unanswered++
			continue
		}
		waits = append(waits, out.Replied-a.At)
		f.Level += float64(out.Level)
		if out.Level >= d.Classes[a.Class].MinProf {
			f.Skilled++
		}
		f.MaxLate = max(f.MaxLate, out.Replied-a.Due)
		if out.Replied <= a.Due+1e-6 {
			f.SLA++
			f.Value += tier.Value
			f.Tiers[tier.Name]++
		}
	}
	f.SLA /= float64(max(len(d.arrivals), 1))
	f.Value /= max(worth, 1e-9)
	for name, n := range of {
		f.Tiers[name] /= n
	}
	f.Level /= float64(max(len(waits), 1))
	f.Skilled /= float64(max(len(waits), 1))
	slices.Sort(waits)
	if len(waits) > 0 {
		f.MeanWait = sum(waits) / float64(len(waits))
		f.P95Wait = waits[min(len(waits)-1, int(math.Ceil(0.95*float64(len(waits))))-1)]
	}
	return f
}
