package replay

import (
	"math"
	"slices"
	"time"

	"stagecoach/router"
)

// Figures are what became of some contacts.
type Figures struct {
	// Contacts counts those of which it is known whether they were answered in time.
	Contacts int
	// InTime and Late count promises kept and missed.
	InTime, Late int
	// Answered counts those with a reply; the waits are theirs, in seconds.
	Answered          int
	Mean, Median, P95 float64
}

// SLA is the share answered in time, 1 of none.
func (f *Figures) SLA() float64 {
	if f.Contacts == 0 {
		return 1
	}
	return float64(f.InTime) / float64(f.Contacts)
}

// happened is what really became of the turns, as outcomes.
func (h *History) happened() []Outcome {
	out := make([]Outcome, len(h.Turns))
	for i, t := range h.Turns {
		out[i] = Outcome{Came: true, End: t.End, Ended: t.Ended, Start: t.Start, Due: t.Due, Agent: t.Agent, Queue: t.Facts.Was.Queue}
	}
	return out
}

// fate says whether a promise was kept, and false where nobody knows at that time.
func (o *Outcome) fate(until time.Time) (kept, known bool) {
	switch {
	case !o.Came:
		return false, false
	case o.End == router.EndReplied:
		return !o.Ended.After(o.Due), true
	case o.End == "":
		return false, o.Due.Before(until)
	}
	return false, false
}

// tally adds up some outcomes.
type tally struct {
	Figures
	waits []float64
}

func (t *tally) add(o *Outcome, kept bool) {
	t.Contacts++
	if kept {
		t.InTime++
	} else {
		t.Late++
	}
	if o.End == router.EndReplied {
		t.waits = append(t.waits, o.Ended.Sub(o.Start).Seconds())
	}
}

// figures gives what was added up. It uses the tally up.
func (t *tally) figures() Figures {
	slices.Sort(t.waits)
	t.Answered = len(t.waits)
	total := 0.0
	for _, w := range t.waits {
		total += w
	}
	if t.Answered > 0 {
		t.Mean, t.Median, t.P95 = total/float64(t.Answered), percentile(t.waits, 0.5), percentile(t.waits, 0.95)
	}
	return t.Figures
}

// percentile gives the value that a share of those sorted is at most (nearest rank).
func percentile(sorted []float64, share float64) float64 {
	return sorted[min(len(sorted)-1, max(0, int(math.Ceil(share*float64(len(sorted))))-1))]
}

// dimension is by what contacts are told apart.
type dimension int

// The dimensions.
const (
	inAll dimension = iota
	byTier
	byClass
	byChannel
	byPromise
	byAgent
	dimensions
)

// of names the group that a turn is in.
func (d dimension) of(t *Turn, o *Outcome) string {
	switch d {
	case byTier:
		return t.Facts.Was.Tier
	case byClass:
		return t.Facts.Was.Class
	case byChannel:
		return string(t.Facts.Channel)
	case byPromise:
		return string(t.Facts.Promise)
	case byAgent:
		return o.Agent
	case inAll, dimensions:
	}
	return ""
}

// measured are the figures of one run, by dimension and group.
type measured [dimensions]map[string]Figures

// due reports whether it is known what became of a turn, whatever that was: it was due by
// the end of the history, or came so long before it that nearly all of its like are
// answered. Of what came later only the quick ones are, which would flatter.
func (h *History) due(t *Turn) bool {
	return !t.Due.After(h.Until) || t.End != "" && !t.Opened.After(h.settled)
}

// settle finds since when what came is not settled: the end less the 99th percentile of
// how long replies took.
func (h *History) settle() {
	var took []float64
	for _, t := range h.Turns {
		if t.End == router.EndReplied {
			took = append(took, t.Ended.Sub(t.Opened).Seconds())
		}
	}
	if slices.Sort(took); len(took) > 0 {
		h.settled = h.Until.Add(-secondsOf(percentile(took, 0.99)))
	}
}

// measure adds up those outcomes that count and are known. Only, if given, says of which.
func (h *History) measure(outcomes []Outcome, only func(t *Turn) bool, until time.Time) measured {
	var sums [dimensions]map[string]*tally
	for d := range sums {
		sums[d] = map[string]*tally{}
	}
	for i, t := range h.Turns {
		o := &outcomes[i]
		kept, known := o.fate(until)
		if !t.Measured || !known || only != nil && !only(t) {
			continue
		}
		for d := range dimensions {
			key := d.of(t, o)
			if sums[d][key] == nil {
				sums[d][key] = &tally{}
			}
			sums[d][key].add(o, kept)
		}
	}
	var out measured
	for d := range sums {
		out[d] = make(map[string]Figures, len(sums[d]))
		for key, s := range sums[d] {
			out[d][key] = s.figures()
		}
	}
	return out
}
