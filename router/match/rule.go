package match

import (
	"time"

	"stagecoach/contact"
)

// Rule says which of the waiting contacts is served next, and by whom.
type Rule interface {
	// Next gives the best of all pairs that can be made now, false when none can.
	// It changes nothing: asked again it gives the same.
	Next(w *Waiting, p *Pool, now time.Time) (Pick, bool)
}

// Pick is a contact and the agent whom it is offered to, with the reasons.
type Pick struct {
	Contact string
	Units   int
	Why     Explanation
}

// DueFirst serves whoever is due first, and gives them the best of the agents
// who can take them.
type DueFirst struct{}

// Next implements Rule.
func (DueFirst) Next(w *Waiting, p *Pool, now time.Time) (Pick, bool) {
	for _, g := range w.Groups() {
		if pick, ok := FirstOf(g, p, now, func(h *Head, units int) (Explanation, bool) {
			return Choose(&g.Demand, h, units, p, now)
		}); ok {
			pick.Why.Behind = w.Len() - 1
			return pick, true
		}
	}
	return Pick{}, false
}

// FirstOf gives the first contact of a group that choose finds somebody for. It
// looks behind one only where that is passed over by some for itself alone.
func FirstOf(g *Group, p *Pool, now time.Time, choose func(h *Head, units int) (Explanation, bool)) (Pick, bool) {
	units, found, pick := p.units(g.Demand.ReplyChannel), false, Pick{}
	g.First(func(h *Head) bool {
		ex, ok := choose(h, units)
		if ok {
			pick, found = Pick{Contact: h.Contact, Units: units, Why: ex}, true
			return false
		}
		return ex.Failed[GateCooling] > 0
	})
	return pick, found
}

func (p *Pool) units(reply contact.Channel) int {
	if p.Units == nil {
		return 0
	}
	return p.Units(reply)
}
