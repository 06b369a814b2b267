package router

import (
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// match makes every offer that can be made now, the best pair first, until nobody
// is left who could take anything.
func (t *turn) match() {
	if !t.matchDue && (t.lookAgain.IsZero() || t.lookAgain.After(t.env.Now)) {
		return
	}
	t.matchDue, t.lookAgain = false, time.Time{}
	if t.roster.Free() == 0 || t.waiting.Len() == 0 {
		return
	}
	rules := t.env.Rules
	t.waiting.Use(rules.Version(), func(reply contact.Channel) int { return rules.Work(reply).Units })
	begun, full := len(t.events), false
	again := rules.Matching().Match(t.waiting, t.roster, t.env.Now, func(p *match.Pick) bool {
		if len(t.events)-begun >= matchAtMost {
			full = true
			return false
		}
		c := t.Contacts[p.Contact]
		t.propose(c, p.Why.Clone(), rules.Work(c.ReplyChannel))
		return true
	})
	// What could not be done now is: NextWake makes the router go on.
	t.matchDue = full
	if !full {
		t.lookAgain = again
	}
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

// propose offers a contact to the winner, and to the next where policy offers
// to several; or assigns it at once.
func (t *turn) propose(c *Contact, why match.Explanation, work Work) {
	o := t.env.Rules.Offering(c.ReplyChannel)
	if o.Auto {
		a := t.assignment(c, why.Winner.Agent, "", ActorRouter, "auto", work)
		a.Turn = t.turnFor(t.Agents[why.Winner.Agent], why.Lane)
		t.emit(a)
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

// silentFloor is the least time that a silent holder has: where policy gives none,
// as long as the work takes, as nobody could answer what is late otherwise.
func (t *turn) silentFloor(c *Contact) time.Duration {
	if floor := t.env.Rules.Timing().SilentFloor; floor > 0 {
		return floor
	}
	return t.env.Rules.Work(c.ReplyChannel).Handling
}

func (t *turn) assignment(c *Contact, agent, offer, by, reason string, work Work) Assigned {
	tm := t.env.Rules.Timing()
	now := t.env.Now
	floor := t.silentFloor(c)
	if work.Silent > 0 {
		floor = work.Silent
	}
	left := max(c.Due.Sub(now), floor)
	pull := max(time.Duration(float64(left)*tm.SilentPull), floor)
	warn := min(time.Duration(float64(left)*tm.SilentWarn), pull)
	return Assigned{
		Day: t.dayFor(reason), Contact: c.ID, Agent: agent, Offer: offer, By: by, Units: work.Units, Reason: reason,
		WarnAt: now.Add(warn), PullAt: now.Add(pull), RecallAt: c.Due.Add(-work.Handling),
	}
}
