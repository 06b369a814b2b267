package replay

import "stagecoach/router"

// History gives what was read, in its order.
func (r *Reader) History() *History {
	h := r.h
	if h.Until.IsZero() || h.Until.After(r.at) && !r.over {
		h.Until = r.at
	}
	if !r.begun {
		r.begin()
	}
	if h.From.Before(r.first) { // the log begins later
		h.From = r.first
	}
	r.at = h.Until
	for _, a := range r.agents {
		r.catchUp(a)
	}
	for i, t := range h.Turns {
		t.Index = i
		if t.Place = len(t.Chain.Turns); t.Place == 0 {
			h.Chains = append(h.Chains, t.Chain)
		}
		t.Chain.Turns = append(t.Chain.Turns, t)
	}
	r.measure()
	return h
}

// measure says what counts, and counts what does not.
func (r *Reader) measure() {
	h := r.h
	h.settle()
	for _, t := range h.Turns {
		left := &h.Left
		switch {
		case t.Opened.Before(h.From):
			left.CarriedOver++
			continue
		case t.Facts.Promise == router.PromisePledge:
			left.Pledges++
			continue
		case t.Facts.Promise == router.PromiseFailed:
			left.Failed++
			continue
		}
		if t.Transferred {
			left.Transferred++
		}
		switch {
		case t.Reopened:
			left.Reopened++
		case t.End == router.EndMerged:
			left.Merged++
		case t.End == router.EndDisposed:
			left.Disposed++
		case t.End == "" && t.Facts.Proposed != "":
			left.Open++
		default:
			t.Measured = true
			if !h.due(t) {
				left.Open++
			}
		}
	}
}
