package match

import "time"

// Next gives what the rule would give now to an agent who asks for work, and why
// its turn has come; "" if nothing. It is as Match scores it, for this one agent: whatever is kept for a
// colleague stays with them, and where something waits that the rule would give
// out, it comes before what it holds back. That they are not available, passed it
// over before or are past their shift is no bar to who asks. It costs O(groups).
//
// The agent is one of the roster, as the caller sees them at this moment.
func (r Fair) Next(w *Waiting, p *Roster, a *Agent, now time.Time) (contactID string, lane Lane) {
	known := p.agents[a.ID]
	if known == nil {
		return "", ""
	}
	m := &w.m
	m.begin(r.Params, w, p, now)
	m.claim()
	asks := *a
	asks.crew, asks.seen, asks.claimed = known.crew, known.seen, known.claimed
	if asks.claimed {
		return "", ""
	}
	for _, asks.asks = range [...]asking{asksAsFree, asksForAny} {
		var best pair
		if m.among(&asks, &best); best.agent != nil {
			return best.it.Contact, best.rank.lane()
		}
	}
	return "", ""
}

// Claimed reports whether an agent makes room for somebody past the guard, as of
// the last look.
func (r *Roster) Claimed(id string) bool {
	a := r.agents[id]
	return a != nil && a.claimed
}

// asking says how far an agent asks for work themselves.
type asking uint8

const (
	// asksNot is for who is asked.
	asksNot asking = iota
	// asksAsFree is for who takes what the rule gives out, asksForAny also what it
	// holds back.
	asksAsFree
	asksForAny
)
