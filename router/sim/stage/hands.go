package stage

import "math"

// Job is a piece of work. Work gives where the time is kept that it still takes, in
// seconds, were it the only one in hand.
type Job interface {
	comparable
	Work() *float64
}

// Hands are what somebody works on at a time: n jobs advance at the rate n^(e-1)
// each. Times are in seconds from anywhere.
type Hands[J Job] struct {
	// Efficiency is e: 0 has n jobs together take as long as one after the other,
	// 1 as long as the longest.
	Efficiency float64
	// Ahead, if given, says which jobs are done ahead of the others, which rest
	// meanwhile.
	Ahead func(j J) bool
	// Jobs are in hand, in the order in which they were taken.
	Jobs []J
	// Paused is true while whoever it is does nothing; CatchUp comes before it is
	// changed.
	Paused bool
	// Since is when the work was last brought up to date.
	Since float64
	// Busy is for how long anything was in hand, Last when last.
	Busy, Last float64
	// round numbers the looks at what is done next: an older one is void.
	round int
}

// CatchUp brings the work up to date.
func (h *Hands[J]) CatchUp(now float64) {
	if len(h.Jobs) > 0 && !h.Paused {
		n, ahead := h.going()
		rate := math.Pow(float64(n), h.Efficiency-1)
		for _, j := range h.Jobs {
			if !ahead || h.Ahead(j) {
				*j.Work() -= (now - h.Since) * rate
			}
		}
		h.Busy += now - h.Since
		h.Last = now
	}
	h.Since = now
}

// going gives how many jobs get on, and whether they are those ahead of others.
func (h *Hands[J]) going() (n int, ahead bool) {
	if h.Ahead != nil {
		for _, j := range h.Jobs {
			if h.Ahead(j) {
				n++
			}
		}
	}
	if n > 0 {
		return n, true
	}
	return len(h.Jobs), false
}

// Take puts a job into the hands, which are up to date.
func (h *Hands[J]) Take(j J) { h.Jobs = append(h.Jobs, j) }

// Drop takes a job out of the hands, which are up to date, and reports whether it
// was there.
func (h *Hands[J]) Drop(j J) bool {
	for i := range h.Jobs {
		if h.Jobs[i] == j {
			h.Jobs = append(h.Jobs[:i], h.Jobs[i+1:]...)
			return true
		}
	}
	return false
}

// First gives the job that is done first and how long it still takes, if nothing
// changes: still reports whether that is so. It reports false where nothing is being
// done.
func (h *Hands[J]) First() (first J, after float64, still func() bool, ok bool) {
	h.round++
	if len(h.Jobs) == 0 || h.Paused {
		return first, 0, nil, false
	}
	n, ahead := h.going()
	found := false
	for _, j := range h.Jobs {
		if (!ahead || h.Ahead(j)) && (!found || *j.Work() < *first.Work()) {
			first, found = j, true
		}
	}
	round := h.round
	after = max(0, *first.Work()) / math.Pow(float64(n), h.Efficiency-1)
	return first, after, func() bool { return h.round == round }, true
}
