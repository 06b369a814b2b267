//go:build chaos

package sim

import (
	"runtime"
	"testing"

	"golang.org/x/sync/errgroup"
)

// TestChaosErlang holds long simulations to the recursion, which
// TestQueueIsErlangs holds to Erlang's formula.
func TestChaosErlang(t *testing.T) {
	for _, s := range loads() {
		s.follow(t, Stagecoach, 3, 26_000)
	}
}

// TestChaosCalibration runs all rules that the reference simulator has figures of.
func TestChaosCalibration(t *testing.T) { calibrate(t, RoundRobin, FIFO, Strict, EDF, GCMU) }

// published are the least shares, in time and by value, that README.md of
// router/match has for our rule on ten seeds.
func published() map[string][2]float64 {
	return map[string][2]float64{
		"balanced-85": {0.961, 0.959}, "overload-115": {0.910, 0.906}, "rare-language": {0.948, 0.946}, "blended-chat-email": {0.927, 0.918},
	}
}

// TestChaosTables measures what
//
//	stagecoach simulate --scenario router/sim/testdata/01-balanced-85.json … --rule all --seeds 10
//
// prints, with fewer seeds for the peers, and holds our rule to the published figures
// and above each of the peers'.
func TestChaosTables(t *testing.T) {
	for _, s := range shared(t) {
		figures := map[string]Figures{}
		days := make([][]Figures, len(Rules()))
		group, ctx := errgroup.WithContext(t.Context())
		group.SetLimit(runtime.GOMAXPROCS(0))
		for k, rule := range Rules() {
			days[k] = make([]Figures, 10)
			if rule != Stagecoach {
				days[k] = days[k][:2]
			}
			for i := range days[k] {
				group.Go(func() error {
					seed := uint64(i) + 1
					f, err := (&Runner{Scenario: s}).Run(ctx, rule, s.Draw(seed), seed)
					days[k][i] = f
					return err
				})
			}
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		for k, rule := range Rules() {
			f := Mean(days[k])
			figures[rule] = f
			t.Logf("%-20s %-13s sla %5.2f value %5.2f mean %5.0f p95 %6.0f late %4.1f h gini %.3f busy %4.1f unanswered %d",
				s.Name, rule, 100*f.SLA, 100*f.Value, f.MeanWait, f.P95Wait, f.MaxLate/3600, f.Gini, 100*f.Occupancy, f.Unanswered)
		}
		ours, least := figures[Stagecoach], published()[s.Name]
		if ours.SLA < least[0] || ours.Value < least[1] || ours.Unanswered > 0 {
			t.Errorf("%s: %.2f %% in time, %.2f %% by value, %d unanswered; published are %.1f and %.1f",
				s.Name, 100*ours.SLA, 100*ours.Value, ours.Unanswered, 100*least[0], 100*least[1])
		}
		for _, rule := range Peers() {
			if f := figures[rule]; f.SLA >= ours.SLA || f.Value >= ours.Value {
				t.Errorf("%s: %s is as good: %.2f and %.2f %%", s.Name, rule, 100*f.SLA, 100*f.Value)
			}
		}
	}
}
