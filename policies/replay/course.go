package replay

import (
	"time"

	"stagecoach/router"
)

// course says how it went over the time.
func (s *Simulation) course(r *Report, all []runs) {
	h := s.History
	n := min(48, max(6, r.Measured/25))
	span := h.Until.Sub(h.From) / time.Duration(n)
	if span <= 0 || r.Measured == 0 {
		return
	}
	type sum struct{ waits, answered, late float64 }
	sums := make([][3]sum, n)
	counts := make([]int, n)
	add := func(of int, outcomes []Outcome, until time.Time, each float64) {
		for i, t := range h.Turns {
			at := int(t.Opened.Sub(h.From) / span)
			o := &outcomes[i]
			kept, known := o.fate(until)
			if !t.Measured || !known || at < 0 || at >= n {
				continue
			}
			if of == 0 {
				counts[at]++
			}
			one := &sums[at][of]
			if !kept {
				one.late += each
			}
			if o.End == router.EndReplied {
				one.waits += each * o.Ended.Sub(o.Start).Seconds()
				one.answered += each
			}
		}
	}
	add(0, h.happened(), h.Until, 1)
	for k := range all {
		for _, run := range all[k].runs {
			add(k+1, run.Outcomes, h.Until.Add(grace), 1/float64(len(all[k].runs)))
		}
	}
	wait := func(x sum) float64 {
		if x.answered == 0 {
			return -1
		}
		return round(x.waits / x.answered)
	}
	for i := range sums {
		one := Span{
			At: h.From.Add(time.Duration(i) * span), Contacts: counts[i], Happened: wait(sums[i][0]), Active: wait(sums[i][1]), Candidate: -1,
			HappenedLate: round(sums[i][0].late), ActiveLate: round(sums[i][1].late), CandidateLate: -1,
		}
		if len(all) > 1 {
			one.Candidate, one.CandidateLate = wait(sums[i][2]), round(sums[i][2].late)
		}
		r.Course = append(r.Course, one)
	}
}
