package sim

import (
	"maps"
	"slices"
	"testing"
	"time"
)

// others are scenarios that nothing was tuned on.
func others(t *testing.T) map[string]*Scenario {
	t.Helper()
	files := shared(t)
	load := func(file, name string, change func(s *Scenario)) *Scenario {
		s := *files["testdata/"+file]
		s.Name = name
		s.Agents = slices.Clone(s.Agents)
		change(&s)
		return &s
	}
	return map[string]*Scenario{
		"overload-140": load("03-overload-115.json", "overload-140", func(s *Scenario) { s.Load = 1.4 }),
		"calm-50":      load("01-balanced-85.json", "calm-50", func(s *Scenario) { s.Load = 0.5 }),
		"tiny-team": load("06-blended-chat-email.json", "tiny-team", func(s *Scenario) {
			for i := range s.Agents {
				s.Agents[i].Count = max(1, s.Agents[i].Count/5)
			}
		}),
		"bursts": load("05-rare-language.json", "bursts", func(s *Scenario) {
			s.Load = 0.7
			s.Bursts = []Burst{{StartH: 2, DurH: 0.5, Mult: 4, Class: "*"}, {StartH: 5, DurH: 1, Mult: 3, Class: "*"}}
		}),
		"outage": load("01-balanced-85.json", "outage", func(s *Scenario) {
			s.Outage = &Outage{StartH: 3, DurH: 2, Channels: []string{"email", "chat"}}
		}),
	}
}

// TestWaits measures what is said of waits on the small days.
func TestWaits(t *testing.T) {
	measureWaits(t, map[string]*Scenario{"tiny-team": others(t)["tiny-team"], "blended": shared(t)["testdata/06-blended-chat-email.json"]})
}

// measureWaits fails unless about nine of ten waits are within the 90th
// percentile, of every channel and tier at least eight, and most misses are
// foreseen.
func measureWaits(t *testing.T, all map[string]*Scenario) {
	t.Helper()
	for _, file := range slices.Sorted(maps.Keys(all)) {
		s := all[file]
		f, err := (&Runner{Scenario: s}).Measure(t.Context(), Stagecoach, 11, 1)
		if err != nil {
			t.Fatal(err)
		}
		w := &f.Waits
		t.Logf("%-20s within p50 %.3f, p90 %.3f; missed %4d, precision %.3f, recall %.3f, %s ahead", s.Name,
			w.All.Median(), w.All.Coverage(), w.Missed, f.Precision, f.Recall, (w.Ahead / time.Duration(max(w.Foreseen, 1))).Round(time.Second))
		if f.P90Coverage < 0.85 || f.P90Coverage > 0.95 {
			t.Errorf("%s: %.3f of the waits are within the 90th percentile", s.Name, f.P90Coverage)
		}
		for _, key := range slices.Sorted(maps.Keys(w.By)) {
			x, n := w.By[key], time.Duration(max(w.By[key].Contacts, 1))
			t.Logf("    %-14s %5d within p50 %.3f, p90 %.3f; mean wait %s, told %s and %s", key, x.Contacts, x.Median(), x.Coverage(),
				(x.Wait / n).Round(time.Second), (x.Told50 / n).Round(time.Second), (x.Told90 / n).Round(time.Second))
			if x.Contacts > 200 && (x.Coverage() < 0.8 || x.Coverage() > 0.96) {
				t.Errorf("%s: %s: %.3f are within the 90th percentile", s.Name, key, x.Coverage())
			}
		}
		precision, recall := leastForeseen(s)
		if w.Missed > 30 && (f.Precision < precision || f.Recall < recall) {
			t.Errorf("%s: misses foreseen: precision %.3f, recall %.3f", s.Name, f.Precision, f.Recall)
		}
	}
}

// leastForeseen is the least share of those foreseen that are missed, and of misses
// that must be foreseen: fewer where half of them come in together, and late
// already.
func leastForeseen(s *Scenario) (precision, recall float64) {
	if s.Outage != nil {
		return 0.5, 0.5
	}
	return 0.6, 0.8
}
