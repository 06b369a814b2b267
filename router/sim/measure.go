package sim

import (
	"context"
	"fmt"
	"time"

	"stagecoach/router/match"
)

// Runner runs rules on the days of a scenario. It may be used by several
// goroutines at once.
type Runner struct {
	*Scenario
	// Tuning are the parameters of our rule, nil for those that are shipped.
	Tuning *match.Params
	// Clock tells the wall time, for DecisionsPerSecond, which is 0 without.
	Clock func() time.Time
	// Note, if given, is called after each day.
	Note func()
}

// Result is what became of one day.
type Result struct {
	Figures Figures
	// Arrivals are the contacts, Outcomes what became of them, in the same order.
	Arrivals []Arrival
	Outcomes []Outcome
}

// Day runs a rule on one day of contacts. The seed decides how offers are
// answered.
func (s *Runner) Day(ctx context.Context, rule string, arrivals []Arrival, seed uint64) (Result, error) {
	r, ok := s.newRule(rule)
	if !ok {
		return Result{}, fmt.Errorf("there is no rule %q", rule)
	}
	wall := s.Clock
	if wall == nil {
		wall = func() time.Time { return time.Time{} }
	}
	begun := wall()
	d, err := newDay(s.Scenario, r, arrivals, seed)
	if err != nil {
		return Result{}, fmt.Errorf("preparing %q: %w", s.Name, err)
	}
	if err := d.run(ctx); err != nil {
		return Result{}, fmt.Errorf("simulating %q by %s: %w", s.Name, rule, err)
	}
	took := wall().Sub(begun)
	d.finish()
	f := d.figures()
	f.measure(&d.waits.Forecasts)
	f.Rule = rule
	if took > 0 {
		f.DecisionsPerSecond = float64(d.assigned) / took.Seconds()
	}
	if s.Note != nil {
		s.Note()
	}
	return Result{Figures: f, Arrivals: arrivals, Outcomes: d.out}, nil
}

// Run is Day where the figures are enough.
func (s *Runner) Run(ctx context.Context, rule string, arrivals []Arrival, seed uint64) (Figures, error) {
	r, err := s.Day(ctx, rule, arrivals, seed)
	return r.Figures, err
}

// Measure runs a rule on the days of several seeds, one after the other, and
// gives the means.
func (s *Runner) Measure(ctx context.Context, rule string, first uint64, seeds int) (Figures, error) {
	days := make([]Figures, 0, seeds)
	for i := range seeds {
		seed := first + uint64(i)
		f, err := s.Run(ctx, rule, s.Draw(seed), seed)
		if err != nil {
			return Figures{}, err
		}
		days = append(days, f)
	}
	return Mean(days), nil
}
