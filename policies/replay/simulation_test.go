package replay

import (
	"bytes"
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"stagecoach/policies"
)

func simulated(t *testing.T, h *History, set *policies.Set, change func(s *Simulation)) *Report {
	t.Helper()
	s := &Simulation{History: h, Active: &Set{Set: set}, Seeds: 3, First: 1, Workers: 2}
	if change != nil {
		change(s)
	}
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(strings.Join(append(r.Words, r.Notes...), "\n"))
	return r
}

// TestFaithful lets a town happen whose truth is known, reads its log, and simulates
// what it says: that must come to what happened.
func TestFaithful(t *testing.T) {
	loads := []float64{60, 125}
	if raced {
		loads = loads[1:]
	}
	for _, each := range loads {
		w := smallTown()
		w.each = each
		set := madeSet(t, 4, "20m")
		h := w.log(t, set)
		r := simulated(t, h, set, func(s *Simulation) { s.Seeds = 5 })
		row := r.Fidelity.Rows[0]
		if row.Happened.SLA > 0.995 || row.Happened.SLA < 0.5 {
			t.Errorf("the town answers %.3f in time: that proves nothing", row.Happened.SLA)
		}
		if r.Fidelity.Error > 2 || !r.Trusted {
			t.Errorf("at %v a day the simulation is %.2f points off: %+v", each, r.Fidelity.Error, row)
		}
		if ratio := row.Simulated.Median / row.Happened.Median; ratio < 0.8 || ratio > 1.25 {
			t.Errorf("the median wait is %.0f s, simulated %.0f s", row.Happened.Median, row.Simulated.Median)
		}
		if r.Handling.Efficiency < 0.45 || r.Handling.Efficiency > 0.85 {
			t.Errorf("the agents' efficiency is 0.7, found was %.3f", r.Handling.Efficiency)
		}
	}
}

// TestSameSetSameOutcome compares the active set with itself: nothing is other.
func TestSameSetSameOutcome(t *testing.T) {
	w := smallTown()
	set := madeSet(t, 4, "20m")
	h := w.log(t, set)
	r := simulated(t, h, set, func(s *Simulation) { s.Candidate = &Set{Set: set} })
	if r.Moved != 0 || r.Total[0].SLA.Change != 0 || r.Total[0].Mean.Change != 0 || r.Verdict != VerdictSame {
		t.Errorf("the same set differs from itself: moved %v, %+v, %s", r.Moved, r.Total[0], r.Verdict)
	}
}

// TestValueMovesATier makes VIPs worth more, and promises them more: they wait less,
// and the others do not.
func TestValueMovesATier(t *testing.T) {
	w := smallTown()
	w.days, w.each = 1, 175
	active := madeSet(t, 1, "30m")
	h := w.log(t, active)
	tier := func(r *Report, name string) *Row {
		for i := range r.Tiers {
			if r.Tiers[i].Name == name {
				return &r.Tiers[i]
			}
		}
		t.Fatalf("there is no tier %q", name)
		return nil
	}
	dearer := simulated(t, h, active, func(s *Simulation) { s.Candidate = &Set{Set: madeSet(t, 8, "30m")} })
	if vip, rest := tier(dearer, "vip"), tier(dearer, ""); !vip.SLA.Sure || vip.SLA.Change <= 0 || vip.Mean.Change >= 0 || rest.SLA.Change > 0 {
		t.Errorf("VIPs are worth eight times as much: %+v, the others %+v", vip, rest)
	}
	sooner := simulated(t, h, active, func(s *Simulation) { s.Candidate = &Set{Set: madeSet(t, 1, "12m")} })
	if vip := tier(sooner, "vip"); vip.Median.Change >= 0 || vip.SLA.Change >= 0 {
		t.Errorf("VIPs are promised 12 minutes instead of 30: those in the middle wait less, and more are late by that: %+v", vip)
	}
}

// TestMoreAgentsDoNotHurt adds and removes agents.
func TestMoreAgentsDoNotHurt(t *testing.T) {
	w := smallTown()
	w.each = 112
	set := madeSet(t, 4, "20m")
	h := w.log(t, set)
	staffed := func(n int) *Report {
		return simulated(t, h, set, func(s *Simulation) { s.Staffing, s.Seeds = []Change{{Number: n, What: "common"}}, 5 })
	}
	if more := staffed(2); more.Total[0].SLA.Change < 0.02 || more.Total[0].Mean.Change >= 0 || more.Verdict != VerdictBetter {
		t.Errorf("two more agents: %+v", more.Total[0])
	}
	if fewer := staffed(-2); fewer.Total[0].SLA.Change > -0.05 || fewer.Verdict != VerdictWorse {
		t.Errorf("two agents fewer: %+v", fewer.Total[0])
	}
}

// TestBestSkillIsFound plants a lack: one agent alone can do what a quarter of all needs.
func TestBestSkillIsFound(t *testing.T) {
	w := smallTown()
	w.rare, w.each = 0.35, 60
	set := madeSet(t, 4, "20m")
	r := simulated(t, w.log(t, set), set, func(s *Simulation) { s.Best = true })
	if b := r.Best; b == nil || b.Skill != "rare" || b.Agent == "agent-00" || b.SLA.Change <= 0.01 || b.Level != 2 {
		t.Errorf("only agent-00 can do what is rare, and the best skill is %+v", r.Best)
	}
	w.rare, w.each = 0, 12
	r = simulated(t, w.log(t, set), set, func(s *Simulation) { s.Best = true })
	if b := r.Best; b == nil || b.Skill != "" {
		t.Errorf("everybody can do everything, and %+v would help", r.Best)
	}
}

// TestRefuses spoils what the log says of handling times: what was simulated is no more
// what happened, and nothing is recommended.
func TestRefuses(t *testing.T) {
	w := smallTown()
	set := madeSet(t, 4, "20m")
	h := w.log(t, set)
	for _, turn := range h.Turns {
		for i := range turn.AtOnce {
			turn.AtOnce[i] *= 3
		}
	}
	r := simulated(t, h, set, func(s *Simulation) {
		s.Candidate = &Set{Set: madeSet(t, 8, "30m")}
		s.Best = true
	})
	if r.Trusted || r.Fidelity.Error <= 5 || r.Verdict != VerdictNotTrusted || r.Best != nil || !strings.Contains(r.Words[0], "Nothing is recommended") {
		t.Errorf("answers took a third of what the log says, and it is trusted: %.1f points off, %s: %s", r.Fidelity.Error, r.Verdict, r.Words[0])
	}
	few := &History{From: h.From, Until: h.Until, Staff: h.Staff}
	if r := simulated(t, few, set, nil); r.Trusted || !strings.Contains(r.Refused, "no contact") {
		t.Errorf("nothing was measured, and it is trusted: %q", r.Refused)
	}
}

// TestSameSeedSameBytes gives the same report, however many work on it.
func TestSameSeedSameBytes(t *testing.T) {
	w := smallTown()
	w.days, w.rare = 1, 0.1
	set := madeSet(t, 4, "20m")
	h := w.log(t, set)
	report := func(workers, procs int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		data, err := json.Marshal(simulated(t, h, set, func(s *Simulation) {
			s.Candidate, s.Best, s.Workers = &Set{Set: madeSet(t, 8, "15m")}, true, workers
		}))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	first := report(1, 1)
	for _, workers := range []int{1, 4} {
		if again := report(workers, 4); !bytes.Equal(first, again) {
			t.Errorf("%d workers give another report:\n%s\n%s", workers, first, again)
		}
	}
	other, err := json.Marshal(simulated(t, h, set, func(s *Simulation) { s.Candidate, s.First = &Set{Set: madeSet(t, 8, "15m")}, 50 }))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(other, []byte("null")) {
		t.Errorf("a list is null: %s", other)
	}
}
