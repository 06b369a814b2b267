package replay

import (
	"time"

	"stagecoach/router"
)

// stretch adds up what became of those who came in a part of the time: what happened, the
// active set, the other.
type stretch struct {
	contacts              int
	waits, answered, late [3]float64
}

func (s *stretch) wait(of int) float64 {
	if s.answered[of] == 0 {
		return -1
	}
	return round(s.waits[of] / s.answered[of])
}

// course says how it went over the time.
func (s *Simulation) course(r *Report, all []runs) {
	h := s.History
	n := min(48, max(6, r.Measured/25))
	part := h.Until.Sub(h.From) / time.Duration(n)
	if part <= 0 || r.Measured == 0 {
		return
	}
	sums := make([]stretch, n)
	h.addCourse(sums, part, 0, h.happened(), h.Until, 1)
	for k := range all {
		for _, run := range all[k].runs {
			h.addCourse(sums, part, k+1, run.Outcomes, h.Until.Add(grace), 1/float64(len(all[k].runs)))
		}
	}
	for i := range sums {
		one := &sums[i]
		span := Span{
			At: h.From.Add(time.Duration(i) * part), Contacts: one.contacts, Happened: one.wait(0), Active: one.wait(1), Candidate: -1,
			HappenedLate: round(one.late[0]), ActiveLate: round(one.late[1]), CandidateLate: -1,
		}
		if len(all) > 1 {
			span.Candidate, span.CandidateLate = one.wait(2), round(one.late[2])
		}
		r.Course = append(r.Course, span)
	}
}

// addCourse adds outcomes to the parts of the time in which their contacts came. Of what
// happened only what is settled counts.
func (h *History) addCourse(sums []stretch, part time.Duration, of int, outcomes []Outcome, until time.Time, each float64) {
	for i, t := range h.Turns {
		o, at := &outcomes[i], int(t.Opened.Sub(h.From)/part)
		kept, known := o.fate(until)
		if !t.Measured || !known || at < 0 || at >= len(sums) || of == 0 && !h.due(t) {
			continue
		}
		one := &sums[at]
		if of == 0 {
			one.contacts++
		}
		if !kept {
			one.late[of] += each
		}
		if o.End == router.EndReplied {
			one.waits[of] += each * o.Ended.Sub(o.Start).Seconds()
			one.answered[of] += each
		}
	}
}
