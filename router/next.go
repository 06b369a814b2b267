package router

import (
	"cmp"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// nexter is a rule that can say what an agent who asks for work gets.
type nexter interface {
	Next(w *match.Waiting, p *match.Roster, a *match.Agent, now time.Time) (contactID string, lane match.Lane)
}

// takeNext gives the actor what the rule would give them next: an offer of theirs
// first, then what waits.
func (t *turn) takeNext() error {
	a := t.Agents[t.actor]
	if a == nil || a.Removed {
		return refuse(RefusedNotAllowed, "only an agent can take a contact")
	}
	if id := t.bestOffer(a); id != "" {
		return t.accept(Accept{Offer: id})
	}
	rules := t.env.Rules
	t.waiting.Use(rules.Version(), func(reply contact.Channel) int { return rules.Work(reply).Units })
	rule, can := rules.Matching().(nexter)
	if !can {
		rule = match.Fair{Params: match.DefaultParams()}
	}
	cand := t.candidate(a)
	id, lane := rule.Next(t.waiting, t.roster, cand, t.env.Now)
	if id == "" {
		return t.nothingNext(a, cand)
	}
	c := t.Contacts[id]
	e := t.assignment(c, a.ID, "", t.actor, reasonTakeNext, rules.Work(c.ReplyChannel))
	e.Turn = t.turnFor(a, lane)
	t.emit(e)
	t.about(c)
	return nil
}

// nothingNext says why an agent who asks gets nothing.
func (t *turn) nothingNext(a *Agent, cand *match.Agent) error {
	switch {
	case cand.Capped:
		return refuse(RefusedCapacity, "you have taken as many contacts today as you may: %d", a.DailyCap)
	case t.isFull(a):
		return refuse(RefusedCapacity, "you hold as much as your capacity allows")
	case t.roster.Claimed(a.ID):
		return refuse(RefusedCapacity, "you are making room for somebody who has waited for very long: it comes to you as soon as what you hold leaves room")
	}
	return refuse(RefusedNothingNext, "nothing waits that you can take")
}

// bestOffer gives the agent's offer that the rule would give them first.
func (t *turn) bestOffer(a *Agent) string {
	// Of what was offered in one instant it is what the rule chose first: scores
	// change with each choice.
	var firsts []*Offer
	for id := range a.Offers {
		o := t.Offers[id]
		i := slices.IndexFunc(firsts, func(f *Offer) bool { return f.MadeAt.Equal(o.MadeAt) })
		switch {
		case i < 0:
			firsts = append(firsts, o)
		case o.After < firsts[i].After:
			firsts[i] = o
		}
	}
	if len(firsts) == 0 {
		return ""
	}
	return slices.MinFunc(firsts, t.compareOffers).ID
}

// compareOffers orders offers to one agent as the rule does: by their turn, those
// that can be answered in time by the score that they were offered for, all others by
// due time; then who waits for longer, then the lesser id.
func (t *turn) compareOffers(x, y *Offer) int {
	order := cmp.Compare(turnOf(&x.Why), turnOf(&y.Why))
	if x.Why.Lane == match.LaneSavable {
		order = cmp.Or(order, cmp.Compare(y.score(), x.score()))
	}
	c, d := t.Contacts[x.Contact], t.Contacts[y.Contact]
	if x.Why.Lane != match.LaneSavable {
		order = cmp.Or(order, c.Due.Compare(d.Due))
	}
	return cmp.Or(order, c.Start.Compare(d.Start), cmp.Compare(c.ID, d.ID))
}

// turnOf is the place of a lane in the order in which the rule serves them. What is
// on record without a lane comes last.
func turnOf(why *match.Explanation) int {
	lanes := []match.Lane{match.LaneGuard, "quiet", match.LaneSavable, match.LaneLost}
	lane := why.Lane
	if why.Quiet {
		lane = "quiet"
	}
	if i := slices.Index(lanes, lane); i >= 0 {
		return i
	}
	return len(lanes)
}

// score is what the contact scored for the agent whom it is offered to.
func (o *Offer) score() int64 {
	if o.Why.Winner.Agent == o.Agent {
		return o.Why.Winner.Score
	}
	for i := range o.Why.Next {
		if o.Why.Next[i].Agent == o.Agent {
			return o.Why.Next[i].Score
		}
	}
	return 0
}
