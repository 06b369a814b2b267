package sim

import (
	"math"
	"slices"
)

// Figures are the measures of one rule on one scenario, means over the seeds
// where nothing else is said. Shares are from 0 to 1; a share of no contacts is 1.
type Figures struct {
	Scenario string `json:"scenario"`
	Rule     string `json:"rule"`
	Seeds    int    `json:"seeds"`
	// Contacts counts those of all seeds together.
	Contacts int `json:"contacts"`
	// SLA is the share replied by the due time, Value the same weighted by tier
	// value, Tiers by name.
	SLA   float64            `json:"sla"`
	Value float64            `json:"value"`
	Tiers map[string]float64 `json:"tiers"`
	// MeanWait and P95Wait are from arrival to the first reply, in seconds, of
	// those who got one.
	MeanWait float64 `json:"mean_wait_s"`
	P95Wait  float64 `json:"p95_wait_s"`
	// MaxLate is the longest lateness of a reply over all seeds, in seconds; 0 if
	// none was late.
	MaxLate float64 `json:"max_late_s"`
	// Gini and Occupancy are the spread and the mean of the agents' busy share:
	// the time with anything in hand by the time from the start of the shift to its
	// end, at most that of the window, or to the end of the last work where that is
	// later.
	Gini      float64 `json:"gini"`
	Occupancy float64 `json:"occupancy"`
	// Skilled is the share served by somebody with the class's level, Level the
	// mean of the levels used.
	Skilled float64 `json:"-"`
	Level   float64 `json:"-"`
	// Unanswered counts contacts without a reply, over all seeds together.
	Unanswered int `json:"unanswered"`
	// DecisionsPerSecond is assignments per second of wall time that one core took
	// for a day, the whole simulation included. It is the only figure that differs
	// from run to run.
	DecisionsPerSecond float64 `json:"decisions_per_s"`
	// P90Coverage is the share of waits that were within the 90th percentile of
	// what was expected; Precision the share of misses foreseen that came true, and
	// Recall the share of misses that were foreseen.
	P90Coverage float64 `json:"p90_coverage"`
	Precision   float64 `json:"forecast_precision"`
	Recall      float64 `json:"forecast_recall"`
	// Waits is the same by tier and channel.
	Waits Forecasts `json:"-"`

	// of counts the contacts of each tier.
	of map[string]int
}

// Mean gives the figures of several days as one, each day with the same weight;
// a day without the contacts that a figure is about has none in it.
func Mean(days []Figures) Figures {
	f := Figures{Seeds: len(days), Tiers: map[string]float64{}}
	for i := range days {
		f.Scenario, f.Rule = days[i].Scenario, days[i].Rule
		f.Contacts += days[i].Contacts
		f.Waits.add(&days[i].Waits)
		f.Unanswered += days[i].Unanswered
		f.MaxLate = max(f.MaxLate, days[i].MaxLate)
		for name := range days[i].Tiers {
			f.Tiers[name] = 1
		}
	}
	waits := f.Waits
	f.measure(&waits)
	always := func(*Figures) bool { return true }
	came := func(d *Figures) bool { return d.Contacts > 0 }
	answered := func(d *Figures) bool { return d.Contacts > d.Unanswered }
	over := func(counts func(d *Figures) bool, of func(d *Figures) float64, none float64) float64 {
		total, n := 0.0, 0
		for i := range days {
			if counts(&days[i]) {
				total += of(&days[i])
				n++
			}
		}
		if n == 0 {
			return none
		}
		return total / float64(n)
	}
	f.SLA = over(came, func(d *Figures) float64 { return d.SLA }, 1)
	f.Value = over(came, func(d *Figures) float64 { return d.Value }, 1)
	for name := range f.Tiers {
		f.Tiers[name] = rounded(over(func(d *Figures) bool { return d.of[name] > 0 }, func(d *Figures) float64 { return d.Tiers[name] }, 1), 6)
	}
	f.MeanWait = over(answered, func(d *Figures) float64 { return d.MeanWait }, 0)
	f.P95Wait = over(answered, func(d *Figures) float64 { return d.P95Wait }, 0)
	f.Skilled = over(answered, func(d *Figures) float64 { return d.Skilled }, 0)
	f.Level = over(answered, func(d *Figures) float64 { return d.Level }, 0)
	f.Gini = over(always, func(d *Figures) float64 { return d.Gini }, 0)
	f.Occupancy = over(always, func(d *Figures) float64 { return d.Occupancy }, 0)
	f.DecisionsPerSecond = over(always, func(d *Figures) float64 { return d.DecisionsPerSecond }, 0)
	f.round()
	return f
}

// round leaves as many digits as mean anything, so that the last bit of a
// machine's arithmetic doesn't show.
func (f *Figures) round() {
	for _, share := range []*float64{&f.SLA, &f.Value, &f.Gini, &f.Occupancy, &f.Skilled, &f.Level} {
		*share = rounded(*share, 6)
	}
	for _, time := range []*float64{&f.MeanWait, &f.P95Wait, &f.MaxLate} {
		*time = rounded(*time, 3)
	}
	f.DecisionsPerSecond = rounded(f.DecisionsPerSecond, 0)
}

func rounded(v float64, digits int) float64 {
	unit := math.Pow10(digits)
	return math.Round(v*unit) / unit
}

// figures measures a day that is over.
func (d *day) figures() Figures {
	f := Figures{Scenario: d.Name, Seeds: 1, Contacts: len(d.arrivals), Tiers: map[string]float64{}, of: map[string]int{}}
	var waits []float64
	worth := 0.0
	for i := range d.arrivals {
		a := &d.arrivals[i]
		tier, out := &d.Tiers[a.Tier], d.out[i]
		worth += tier.Value
		f.of[tier.Name]++
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
	f.SLA, f.Value = share(f.SLA, float64(len(d.arrivals))), share(f.Value, worth)
	for i := range d.Tiers {
		name := d.Tiers[i].Name
		f.Tiers[name] = share(f.Tiers[name], float64(f.of[name]))
	}
	f.Level /= float64(max(len(waits), 1))
	f.Skilled /= float64(max(len(waits), 1))
	slices.Sort(waits)
	f.MeanWait, f.P95Wait = sum(waits)/float64(max(len(waits), 1)), percentile(waits, 0.95)
	busy := make([]float64, len(d.staff))
	for i, w := range d.staff {
		busy[i] = d.busyShare(w)
	}
	f.Occupancy, f.Gini = sum(busy)/float64(max(len(busy), 1)), gini(busy)
	return f
}

// share is a part of a whole, 1 of nothing.
func share(part, whole float64) float64 {
	if whole <= 0 {
		return 1
	}
	return part / whole
}

// percentile gives the value that a share of those sorted is at most (nearest
// rank), 0 of none.
func percentile(sorted []float64, part float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, max(0, int(math.Ceil(part*float64(len(sorted))))-1))]
}

// gini is the Gini coefficient: the mean difference of two of the values by twice
// their mean, 0 where all are equal (Gini 1912; in the form over sorted values).
func gini(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	total, ranked := 0.0, 0.0
	for i, v := range values {
		total += v
		ranked += float64(i+1) * v
	}
	n := float64(len(values))
	if total <= 0 {
		return 0
	}
	return max(0, 2*ranked/(n*total)-(n+1)/n)
}
