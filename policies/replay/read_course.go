package replay

import (
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// opened begins a turn.
func (r *Reader) opened(e *router.ContactOpened) {
	c := &e.Contact
	t := &turnState{Turn: &Turn{
		Contact: c.ID, Opened: r.at, Start: c.Start, Due: c.Due, Policy: e.Policy,
		Facts: Facts{
			Channel: c.Channel, Account: c.Account, Promise: c.Promise, Proposed: c.Proposed, Prefer: c.Prefer, Preferred: c.Preferred, Asked: c.Asked, Customer: c.Customer, Known: c.Known, Live: c.Traits.Live,
			Was: router.Reclassified{
				Class: c.Class, Kind: c.Kind, Rule: c.Rule, Queue: c.Queue, Language: c.Language, Tier: c.Tier, Demand: c.Demand,
			},
		},
	}}
	t.chain = r.chains[c.Conversation]
	if t.chain == nil {
		t.chain = &chainState{id: c.Conversation, Chain: &Chain{Customer: c.Customer}}
		r.chains[c.Conversation] = t.chain
	}
	t.Chain = t.chain.Chain
	for _, m := range c.Messages {
		one := Message{ID: m.ID, Ref: m.Ref, At: r.at, Received: m.ReceivedAt}
		for _, left := range t.chain.left {
			if left.ID == m.ID {
				one = left
				one.Late = true
			}
		}
		t.Messages = append(t.Messages, one)
	}
	t.chain.left, t.chain.last = nil, t
	r.turns[c.ID] = t
	if r.begun {
		r.h.Turns = append(r.h.Turns, t.Turn)
		r.contacts++
		if n := len(r.h.Policies); n > 0 && r.h.Policies[n-1].Version == e.Policy {
			r.h.Policies[n-1].Contacts++
		} else {
			r.h.Policies = append(r.h.Policies, Version{Version: e.Policy, Since: r.at, Contacts: 1})
		}
	}
}

// course reads what becomes of contacts.
func (r *Reader) course(e router.Event) {
	switch e := e.(type) { //nolint:gochecksumtype // only those that a replay needs
	case router.ReplyQueued:
		if t := r.turns[e.Reply.Contact]; t != nil && router.Covers(e.Reply.Kind) {
			r.replies[e.Reply.ID] = e.Reply
			t.Queued, t.Reply, t.PledgeDue = r.at, e.Reply.Kind, e.Reply.PledgeDue
			r.putDown(t)
		}
	case router.ReplyFailed: // whoever sent it has to see to it again
		if one, ok := r.replies[e.Reply]; ok && r.turns[one.Contact] != nil {
			r.takeUp(r.turns[one.Contact], one.Agent)
			delete(r.replies, e.Reply)
		}
	case router.ContactEnded:
		r.ended(&e)
	case router.ContactReopened:
		if t := r.turns[e.Contact.ID]; t != nil {
			t.Reopened = true
		}
	case router.Moved:
		if t := r.turns[e.Contact]; t != nil && e.Cleared {
			t.Cleared = r.at
			if !e.Due.IsZero() {
				t.Due = e.Due
			}
			t.Facts.Was.Queue = e.Queue
		}
	case router.Disengaged:
		if v := r.chains[e.Conversation]; v != nil && v.last != nil && e.Reason == "done" {
			v.last.Done = r.at
		}
	case router.ContactsRevised:
		for i := range e.Contacts {
			if t := r.turns[e.Contacts[i].Contact]; t != nil {
				t.Due = e.Contacts[i].Due
			}
		}
	}
}

func (r *Reader) ended(e *router.ContactEnded) {
	t := r.turns[e.Contact]
	if t == nil || t.End != "" { // what came back ends once more: the first end counts
		return
	}
	if t.holder != nil {
		t.Agent = t.holder.id
	}
	t.End, t.Ended, t.Disposition = e.End, r.at, e.Disposition
	if e.End == router.EndReplied {
		t.Agent = e.By
		t.Delivery = r.at.Sub(t.Queued)
	}
	delete(r.replies, e.Reply)
	r.putDown(t)
	t.holder = nil
	if n := len(t.Messages) - e.Left; e.Left > 0 && n >= 0 {
		t.chain.left = t.Messages[n:]
		t.Messages = t.Messages[:n:n]
	}
	if !r.begun {
		delete(r.turns, e.Contact)
		if e.Left == 0 {
			delete(r.chains, t.chain.id)
		}
	}
}

// work reads who is offered what, and who has it.
func (r *Reader) work(e router.Event) {
	switch e := e.(type) { //nolint:gochecksumtype // only those that a replay needs
	case router.OfferMade:
		r.offers[e.Offer] = offerState{agent: e.Agent, contact: e.Contact, at: r.at}
	case router.OfferEnded:
		o, ok := r.offers[e.Offer]
		delete(r.offers, e.Offer)
		if !ok || e.End == router.OfferRevoked {
			return
		}
		fate := Missed
		if e.End == router.OfferDeclined {
			fate = Declined
		}
		r.answered(o, fate)
	case router.Assigned:
		r.assigned(&e)
	case router.Unassigned:
		t := r.turns[e.Contact]
		if t == nil {
			return
		}
		if e.Reason == "silent" {
			t.Silent = append(t.Silent, e.Agent)
		}
		r.putDown(t)
		t.holder = nil
	}
}

func (r *Reader) answered(o offerState, fate Fate) {
	if r.begun {
		r.h.Answers = append(r.h.Answers, Answer{Agent: o.agent, Fate: fate, After: r.at.Sub(o.at)})
	}
}

func (r *Reader) assigned(e *router.Assigned) {
	t := r.turns[e.Contact]
	if o, ok := r.offers[e.Offer]; ok && e.Offer != "" {
		delete(r.offers, e.Offer)
		r.answered(o, Accepted)
	}
	if t == nil {
		return
	}
	if e.Offer == "" && e.By != e.Agent && e.By != router.ActorRouter && !t.accepted {
		t.Given, t.ByHand = r.at, e.Agent
	}
	t.accepted = t.accepted || e.Offer != "" || e.By == e.Agent
	if t.holder != nil && t.holder.id != e.Agent {
		t.Transferred = true
	}
	r.putDown(t)
	t.Taken = append(t.Taken, e.Agent)
	r.takeUp(t, e.Agent)
}

// takeUp puts a turn into an agent's hands. What an agent owes by a pledge waits for
// its time: it is in nobody's hands.
func (r *Reader) takeUp(t *turnState, agent string) {
	a := r.agent(agent)
	r.catchUp(a)
	if t.holder = a; t.Facts.Promise == router.PromisePledge {
		return
	}
	a.hands++
	if t.Facts.Live {
		a.live++
	}
	t.inHand, t.clock, t.AtOnce = true, *a.clockOf(t.Turn), [maxAtOnce]float64{}
}

// putDown takes it out again.
func (r *Reader) putDown(t *turnState) {
	if !t.inHand {
		return
	}
	a := t.holder
	r.catchUp(a)
	t.inHand = false
	a.hands--
	if t.Facts.Live {
		a.live--
	}
	for i, now := range a.clockOf(t.Turn) {
		t.AtOnce[i] = now - t.clock[i]
	}
}

// clockOf is by which the work on a turn is reckoned.
func (a *agentState) clockOf(t *Turn) *[maxAtOnce]float64 {
	if t.Facts.Live {
		return &a.liveClock
	}
	return &a.clock
}

// Took is for how long whoever ended it had it in hand, while at work.
func (t *Turn) Took() time.Duration {
	total := 0.0
	for _, s := range t.AtOnce {
		total += s
	}
	return time.Duration(total * float64(time.Second))
}

// disposedBy reports whether its holder ended it without a reply.
func (t *Turn) disposedBy() bool {
	return t.End == router.EndDisposed && t.Agent != "" && t.Disposition != contact.Erased
}
