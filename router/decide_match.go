package router

import (
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// match makes every offer that can be made now, the best pair first, until nobody
// is left who could take anything.
func (t *turn) match() {
	if !t.matchDue {
		return
	}
	t.matchDue = false
	rule := t.env.Rules.Matching()
	begun := len(t.events)
	for len(t.free) > 0 {
		if len(t.events)-begun >= matchAtMost {
			t.matchDue = true // NextWake makes the router go on
			return
		}
		pick, ok := rule.Next(t.waiting, t.pool(), t.env.Now)
		if !ok {
			break
		}
		c := t.Contacts[pick.Contact]
		t.propose(c, pick.Why, t.env.Rules.Work(c.ReplyChannel))
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

func (t *turn) pool() *match.Pool {
	p := &match.Pool{
		Absent: t.absent, Full: t.full, Free: make([]*match.Agent, 0, len(t.free)),
		Units: func(reply contact.Channel) int { return t.env.Rules.Work(reply).Units },
	}
	for _, a := range t.free {
		p.Free = append(p.Free, asCandidate(a))
	}
	p.Present = func(id string) bool { a := t.Agents[id]; return a != nil && a.Presence == contact.Available }
	if t.allAt != t.agentsAt || t.all == nil {
		t.all, t.allAt = nil, t.agentsAt
		for _, a := range t.Agents {
			if a.Presence == contact.Available {
				t.all = append(t.all, asCandidate(a))
			}
		}
	}
	p.All, p.Version = t.all, t.agentsAt
	return p
}

func asCandidate(a *Agent) *match.Agent {
	return &match.Agent{
		ID: a.ID, Skills: a.Skills, Languages: a.Languages, Channels: a.Channels,
		Room: a.Capacity - a.Load, Capacity: a.Capacity, Credit: a.Credit, IdleSince: a.IdleSince,
	}
}

// propose offers a contact to the winner, and to the next where policy offers
// to several; or assigns it at once.
func (t *turn) propose(c *Contact, why match.Explanation, work Work) {
	o := t.env.Rules.Offering(c.ReplyChannel)
	if o.Auto {
		t.give(c, why.Winner.Agent, ActorRouter, "auto", work)
		return
	}
	to, most := []string{why.Winner.Agent}, o.Parallel
	if c.Due.Sub(t.env.Now) < o.TimeOut+c.Traits.Reply() {
		most = max(most, o.Urgent)
	}
	for _, n := range why.Next {
		if len(to) >= most {
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
func (t *turn) give(c *Contact, agent, by, reason string, work Work) {
	t.emit(t.assignment(c, agent, "", by, reason, work))
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
