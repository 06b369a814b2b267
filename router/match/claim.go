package match

import (
	"cmp"
	"slices"
	"time"
)

// Claim is a contact past its guard and the agent who owes it a turn.
type Claim struct {
	Group *Group
	Head  *Head
	Agent *Agent
	Units int
	// Fits is true where the agent has the room now. Where they haven't, they make
	// it: they take nothing else until it fits.
	Fits bool
}

// GuardAt is from when on a contact is owed a turn: guard promises after its
// start. It never changes, so nothing that comes later can pass it.
func GuardAt(h *Head, guard float64) time.Time {
	return h.Start.Add(time.Duration(guard * float64(h.Traits.Target)))
}

// Claims gives the turns that are owed now: contacts past their guard in the order
// of GuardAt, each with one of the agents who owe a turn, no agent twice.
//
// Who has the room comes first; where nobody has, a contact claims whoever got
// nothing for longest. That one stays the same until it fits, without any memory:
// nothing is given to them meanwhile, so their idle time goes on while that of
// all others begins anew, and what they hold ends one by one. Without it a stream
// of small contacts keeps a big one out for ever: the room that one leaves is
// taken by the next before there is enough for it.
//
// It costs O(groups × agents who owe a turn) at most, whatever number waits, but
// for contacts that were declined by all of these.
func Claims(w *Waiting, p *Pool, guard float64, now time.Time) []Claim {
	owing := owingTurns(p)
	if len(owing) == 0 {
		return nil
	}
	var late []Claim
	for _, g := range w.Groups() {
		late = appendLate(late, g, owing, p.units(g.Demand.ReplyChannel), guard, now)
	}
	slices.SortFunc(late, func(x, y Claim) int {
		return cmp.Or(GuardAt(x.Head, guard).Compare(GuardAt(y.Head, guard)), compareHeads(x.Head, y.Head))
	})
	out, taken := late[:0], make(map[string]bool, len(owing))
	for _, c := range late {
		for _, a := range owing {
			if taken[a.ID] {
				continue
			}
			able, fits := canMakeRoom(c.Group, c.Head, a, c.Units, now)
			if able && (c.Agent == nil || fits) {
				c.Agent, c.Fits = a, fits
			}
			if c.Fits {
				break
			}
		}
		if c.Agent == nil {
			continue
		}
		taken[c.Agent.ID] = true
		if out = append(out, c); len(taken) == len(owing) {
			break
		}
	}
	return out
}

// Claimed gives the ids of the agents who make room: they take nothing else.
func Claimed(claims []Claim) map[string]bool {
	var out map[string]bool
	for _, c := range claims {
		if !c.Fits {
			if out == nil {
				out = map[string]bool{}
			}
			out[c.Agent.ID] = true
		}
	}
	return out
}

// owingTurns are the agents who owe a turn, who got nothing for longest first. Who
// is full needs no claim: they are asked as soon as anything that they hold ends.
func owingTurns(p *Pool) []*Agent {
	var out []*Agent
	for _, a := range p.Free {
		if a.Credit >= Micro {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(x, y *Agent) int {
		return cmp.Or(x.IdleSince.Compare(y.IdleSince), cmp.Compare(x.ID, y.ID))
	})
	return out
}

// appendLate appends the contacts of a group that may claim somebody: as many as
// there are agents, as more could not be served.
func appendLate(late []Claim, g *Group, owing []*Agent, units int, guard float64, now time.Time) []Claim {
	found := 0
	g.First(func(h *Head) bool {
		if now.Before(GuardAt(h, guard)) {
			return false
		}
		possible := slices.ContainsFunc(owing, func(a *Agent) bool {
			able, _ := canMakeRoom(g, h, a, units, now)
			return able
		})
		if possible {
			late = append(late, Claim{Group: g, Head: h, Units: units})
			found++
		}
		return found < len(owing) && (possible || len(h.Cool) > 0)
	})
	return late
}

// canMakeRoom reports whether an agent can take a contact, now or once what they
// hold has ended; and whether now.
func canMakeRoom(g *Group, h *Head, a *Agent, units int, now time.Time) (able, fits bool) {
	if a.Capacity < units {
		return false, false
	}
	gate := FirstFailed(&g.Demand, h, units, a, now)
	return gate == "" || gate == GateCapacity, gate == ""
}
