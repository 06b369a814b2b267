package router

import (
	"time"

	"stagecoach/router/match"
)

// match makes every offer that can be made now: group by group, the first due
// first, until nobody is left who could take anything.
func (t *turn) match() {
	if !t.matchDue {
		return
	}
	t.matchDue = false
	blocked := map[string]bool{}
	begun := len(t.events)
	for len(t.free) > 0 {
		if len(t.events)-begun >= matchAtMost {
			t.matchDue = true // NextWake makes the router go on
			return
		}
		if !t.matchOnce(blocked) {
			break
		}
	}
	t.matchDue = false
}

// What one command may be decided to is bounded, as it goes to the log in one
// message: the rest is done by the Ticks that follow.
const (
	// matchAtMost is how many offers are made, each of 1 to 2 KB.
	matchAtMost = 64
	// tickAtMost is after how many events the timers rest, each of 100 to 300
	// bytes.
	tickAtMost = 400
	// disposeAtMost is how many contacts a person ends at once.
	disposeAtMost = 500
)

// matchOnce offers the first contact that can be offered, and remembers the
// groups in which nothing can be.
func (t *turn) matchOnce(blocked map[string]bool) bool {
	for _, g := range t.waiting.Groups() {
		key := g.Demand.Key()
		if blocked[key] {
			continue
		}
		work := t.env.Rules.Work(g.Demand.ReplyChannel)
		var head *match.Head
		var why match.Explanation
		g.First(func(h *match.Head) bool {
			ex, ok := match.Choose(&g.Demand, h, work.Units, t.pool(), t.env.Now)
			if ok {
				head, why = h, ex
				return false
			}
			return ex.Failed[match.GateCooling] > 0
		})
		if head == nil {
			blocked[key] = true
			continue
		}
		why.Behind = t.waiting.Len() - 1
		t.propose(t.Contacts[head.Contact], why, work)
		return true
	}
	return false
}

func (t *turn) pool() *match.Pool {
	p := &match.Pool{Absent: t.absent, Full: t.full, Free: make([]*match.Agent, 0, len(t.free))}
	for _, a := range t.free {
		p.Free = append(p.Free, asCandidate(a))
	}
	return p
}

func asCandidate(a *Agent) *match.Agent {
	return &match.Agent{
		ID: a.ID, Skills: a.Skills, Languages: a.Languages, Channels: a.Channels,
		Room: a.Capacity - a.Load, IdleSince: a.IdleSince,
	}
}

// propose offers a contact to the winner, and to the next where policy offers
// to several; or assigns it at once.
func (t *turn) propose(c *Contact, why match.Explanation, work Work) {
	o := t.env.Rules.Offering(c.ReplyChannel)
	if o.Auto {
		t.give(c, why.Winner.Agent, "", ActorRouter, "auto", work)
		return
	}
	to := []string{why.Winner.Agent}
	for _, n := range why.Next {
		if len(to) >= o.Parallel {
			break
		}
		to = append(to, n.Agent)
	}
	for _, agent := range to {
		t.emit(OfferMade{
			Offer: t.newID(), Contact: c.ID, Agent: agent, Units: work.Units,
			Expires: t.env.Now.Add(o.TimeOut), Why: why, Policy: t.env.Rules.Version(),
		})
	}
}

// give assigns a contact and says until when its holder may be silent.
func (t *turn) give(c *Contact, agent, offer, by, reason string, work Work) {
	t.emit(t.assignment(c, agent, offer, by, reason, work))
}

func (t *turn) assignment(c *Contact, agent, offer, by, reason string, work Work) Assigned {
	tm := t.env.Rules.Timing()
	now := t.env.Now
	left := max(c.Due.Sub(now), tm.SilentFloor)
	pull := max(time.Duration(float64(left)*tm.SilentPull), tm.SilentFloor)
	warn := min(time.Duration(float64(left)*tm.SilentWarn), pull)
	return Assigned{
		Contact: c.ID, Agent: agent, Offer: offer, By: by, Units: work.Units, Reason: reason,
		WarnAt: now.Add(warn), PullAt: now.Add(pull), RecallAt: c.Due.Add(-work.Handling),
	}
}
