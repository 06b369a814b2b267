package router

import (
	"slices"

	"stagecoach/contact"
)

// deliver records a delivery and what it does to the contact: it answers up to
// what its author had on screen; what came after becomes the next contact, and
// a pledge opens one at once.
func (t *turn) deliver(r *Reply, e ReplyDelivered) {
	part := r.Part
	if part != nil && e.Refused == 0 {
		e.Refused, e.RefusedAt = len(part.Refused), part.Refused
	}
	t.emit(e)
	if r.Kind != contact.Acknowledgement {
		t.remainder(r, part)
	}
	if r.Kind == contact.Outbound {
		t.speaksOn(r)
	}
	if v := t.Conversations[r.Conversation]; r.Kind == contact.Outbound && (v == nil || v.Contact == "") {
		t.emit(ConversationClosed{Conversation: r.Conversation, State: ConversationWithCustomer})
	}
	c := t.Contacts[r.Contact]
	if !Covers(r.Kind) || c == nil || !c.Open() {
		return
	}
	rest := after(c.Messages, r.Covers)
	next, owed := t.nextContact(c, r, rest), c.Undelivered
	behind := c.Unrevised || t.Revision != nil // it is of the class that its predecessor had
	t.emit(ContactEnded{Contact: c.ID, End: EndReplied, Reply: r.ID, Left: len(rest), By: r.Agent})
	if next != nil {
		t.emit(ContactOpened{Contact: *next, Policy: t.env.Rules.Version(), Behind: behind || t.behind("")})
		if a := t.Agents[r.Agent]; r.Kind == contact.Pledge && a != nil && !a.Removed {
			t.give(t.Contacts[next.ID], a.ID, a.ID, "pledge", t.env.Rules.Work(next.ReplyChannel))
		}
		return
	}
	if t.owe(c, owed) {
		return
	}
	t.engage(c, r.Agent)
	state := ConversationResolved
	if r.Kind == contact.Ask {
		state = ConversationWithCustomer
	}
	for _, id := range c.Conversations() {
		v := t.Conversations[id]
		if v == nil || v.Contact != "" {
			continue // another contact of it is open
		}
		closed := ConversationClosed{Conversation: id, State: state}
		if state == ConversationWithCustomer {
			closed.Left = t.leave(v, c)
		}
		t.emit(closed)
	}
}

// after gives the messages that a reply does not cover.
func after(messages []MsgRef, covers string) []MsgRef {
	for i, m := range messages {
		if m.ID == covers {
			return messages[i+1:]
		}
	}
	return messages
}

// nextContact makes the contact that remains after a reply, nil if nothing does.
func (t *turn) nextContact(c *Contact, r *Reply, rest []MsgRef) *Contact {
	if len(rest) == 0 && r.Kind != contact.Pledge {
		return nil
	}
	n := Contact{
		ID: t.newID(), Conversation: c.Conversation, Customer: c.Customer, Person: c.Person, Also: c.Also, Known: c.Known,
		Channel: c.Channel, Account: c.Account, ReplyChannel: c.ReplyChannel, ReplyBy: c.ReplyBy, Tried: c.Tried,
		Queue: c.Queue, Class: c.Class, Kind: c.Kind, Rule: c.Rule, Language: c.Language, Tier: c.Tier,
		Demand: c.Demand, Asked: c.Asked, LastResort: t.env.Rules.Timing().LastResort,
		Promise: PromiseNext, Messages: slices.Clone(rest), State: Waiting, Prefer: r.Agent,
		Preferred: c.Preferred, Undelivered: c.Undelivered,
	}
	if len(rest) > 0 {
		n.Start = rest[0].ReceivedAt
		n.Due, n.AtRiskAt = t.env.Rules.Promise(PromiseNext, factsOf(&n), n.Start)
	}
	if r.Kind == contact.Pledge {
		n.Promise = PromisePledge
		if len(rest) == 0 || r.PledgeDue.Before(n.Due) {
			n.Start = t.env.Now
			n.Due = r.PledgeDue
			n.AtRiskAt = n.Start.Add(n.Due.Sub(n.Start) * 3 / 4)
		}
	}
	n.Traits = t.env.Rules.Traits(n.Promise, factsOf(&n))
	t.promised(&n)
	return &n
}
