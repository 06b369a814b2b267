package sim

import (
	"math"
	"slices"
)

// Course is how a day went for a rule, tier by tier: who waited, for how long, and
// how late the replies were. Times are in hours since the start of the window.
type Course struct {
	Scenario, Rule string
	Seeds          int
	// Contacts and Unanswered are over all seeds.
	Contacts, Unanswered int
	// Hours is the length of the window in which contacts arrive, Until how far
	// Waiting goes.
	Hours, Until float64
	// Tiers are in the order of the scenario.
	Tiers  []TierCourse
	Bursts []Burst
	Outage *Outage
}

// TierCourse is the course of one tier.
type TierCourse struct {
	Name string
	// InTime is the share replied by the due time.
	InTime float64
	// Waiting is how many had no reply, the mean of the seeds, at equal steps from
	// 0 to Until.
	Waiting []float64
	// Wait is the mean wait of those who were sent at a time of day.
	Wait []Spell
	// Late are the late replies, by when the contact was sent; of many every
	// LateEach-th.
	Late     []Spell
	LateEach int
}

// Spell is a time in seconds at a time of day in hours.
type Spell struct{ At, Time float64 }

const (
	// courseSteps is in how many steps those who wait are counted.
	courseSteps = 180
	// leastInSpell is how many contacts of a tier are in a spell on average, so that
	// its mean says something.
	leastInSpell = 60
	// mostDots is how many late replies of a course are drawn one by one.
	mostDots = 3000
)

// Course adds up what became of the contacts of several days.
func (s *Scenario) Course(days []Result) Course {
	c := Course{Scenario: s.Name, Seeds: len(days), Hours: s.Hours, Bursts: s.Bursts, Outage: s.Outage}
	for i := range days {
		c.Rule = days[i].Figures.Rule
		c.Contacts += days[i].Figures.Contacts
		c.Unanswered += days[i].Figures.Unanswered
	}
	c.Until = s.lasts(days)
	spells := min(40, max(6, c.Contacts/(leastInSpell*len(s.Tiers))))
	late := 0
	for tier := range s.Tiers {
		late += len(s.late(days, tier, 1))
	}
	each := 1 + late/mostDots
	for tier := range s.Tiers {
		t := TierCourse{Name: s.Tiers[tier].Name, Waiting: s.waiting(days, tier, c.Until)}
		t.Wait, t.LateEach = s.waits(days, tier, spells), each
		t.Late = s.late(days, tier, each)
		figures := make([]Figures, len(days))
		for i := range days {
			figures[i] = days[i].Figures
		}
		t.InTime = Mean(figures).Tiers[t.Name]
		c.Tiers = append(c.Tiers, t)
	}
	return c
}

// lasts gives until when a day is drawn: the end of the window, or when nearly
// everybody has a reply where that is later, at most half a window longer.
func (s *Scenario) lasts(days []Result) float64 {
	var replied []float64
	for i := range days {
		for k := range days[i].Outcomes {
			replied = append(replied, days[i].Outcomes[k].Replied/3600)
		}
	}
	slices.Sort(replied)
	return min(1.5*s.Hours, max(s.Hours, percentile(replied, 0.995)))
}

// waiting counts those of a tier who have no reply, at equal steps.
func (s *Scenario) waiting(days []Result, tier int, until float64) []float64 {
	out := make([]float64, courseSteps+2)
	step := until * 3600 / courseSteps
	place := func(at float64) int { return min(courseSteps+1, int(math.Ceil(at/step))) }
	for i := range days {
		for k := range days[i].Arrivals {
			a, o := &days[i].Arrivals[k], &days[i].Outcomes[k]
			if a.Tier != tier {
				continue
			}
			out[place(a.At)]++
			if o.Replied >= 0 {
				out[place(o.Replied)]--
			}
		}
	}
	n := 0.0
	for i := range out {
		n += out[i]
		out[i] = n / float64(max(len(days), 1))
	}
	return out[:courseSteps+1]
}

// waits gives a tier's mean wait by when the contacts were sent.
func (s *Scenario) waits(days []Result, tier, n int) []Spell {
	total, of := make([]float64, n), make([]float64, n)
	for i := range days {
		for k := range days[i].Arrivals {
			a, o := &days[i].Arrivals[k], &days[i].Outcomes[k]
			if at := int(a.At / s.Seconds() * float64(n)); a.Tier == tier && o.Replied >= 0 && at < n {
				total[at] += o.Replied - a.At
				of[at]++
			}
		}
	}
	var out []Spell
	for i := range n {
		if of[i] > 0 {
			out = append(out, Spell{At: (float64(i) + 0.5) * s.Hours / float64(n), Time: total[i] / of[i]})
		}
	}
	return out
}

// late gives every n-th of a tier's late replies.
func (s *Scenario) late(days []Result, tier, n int) []Spell {
	var out []Spell
	seen := 0
	for i := range days {
		for k := range days[i].Arrivals {
			a, o := &days[i].Arrivals[k], &days[i].Outcomes[k]
			if a.Tier != tier || o.Replied <= a.Due+1e-6 {
				continue
			}
			if seen++; seen%n == 0 {
				out = append(out, Spell{At: a.At / 3600, Time: o.Replied - a.Due})
			}
		}
	}
	return out
}
