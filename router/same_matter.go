package router

import (
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
)

// sameMatter finds the open contact in which a message waits that came on another
// channel, of the same person, about the same matter: of the same class, and within
// the time that the policy gives. One that is being answered takes no more.
func (t *turn) sameMatter(c *Receive, v *Conversation) *Contact {
	if c.Propose != "" || c.Auto != contact.AutoNone || c.Outreach != "" || manyPeoples(c.Unanswerable) || c.Kind == KindHistory {
		return nil
	}
	timing := t.env.Rules.Timing()
	within := func(ch contact.Channel, class string) time.Duration {
		switch {
		case ch == v.Channel:
			return timing.Burst
		case class == c.Class:
			return timing.SameMatter
		}
		return -1
	}
	return t.oldestNear(t.personOf(v.Customer, c.Known).ID, c.ReceivedAt, within, func(o *Contact) bool {
		return !t.erased[o.Customer] && t.near(o, c.ReceivedAt) && t.takesUp(c, v, o)
	})
}

// takesUp reports whether a message of a conversation goes on with a contact of the same
// person: about the same matter on another channel, or from another address of theirs
// right after.
func (t *turn) takesUp(c *Receive, v *Conversation, o *Contact) bool {
	if o.Channel != v.Channel {
		return o.Class == c.Class
	}
	return o.Customer != v.Customer && o.Account == v.Account && t.justNow(o, c.ReceivedAt)
}

// near reports whether something at that time may be of the contact's matter.
func (t *turn) near(o *Contact, at time.Time) bool {
	if o.State == Sending || o.Proposed != "" || len(o.Messages) == 0 || o.Undelivered != nil || o.Promise == PromisePledge {
		return false
	}
	d := at.Sub(o.Messages[len(o.Messages)-1].ReceivedAt)
	within := t.env.Rules.Timing().SameMatter
	return d <= within && -d <= within
}

// mergeInto ends a contact as merged into another, which stands for its messages.
func (t *turn) mergeInto(into, from *Contact, cause string) {
	holder, messages := from.Agent, slices.Clone(from.Messages)
	also := append([]string{from.Conversation}, from.Also...)
	due, risk := earlier(into.Due, from.Due), earlier(into.AtRiskAt, from.AtRiskAt)
	recall := into.recallBy(due)
	t.revokeOffers(from, "", "merged")
	t.emit(ContactEnded{Contact: from.ID, End: EndMerged, Into: into.ID, By: t.actor})
	for _, id := range also {
		t.emit(ConversationJoined{Conversation: id, With: into.Conversation, Contact: into.ID, Cause: cause})
	}
	for _, m := range messages {
		if m.In == "" {
			m.In = from.Conversation
		}
		t.emit(MessageJoined{Contact: into.ID, Message: m, Due: due, AtRiskAt: risk, RecallAt: recall})
	}
	if holder != "" && into.Agent == "" {
		t.revokeOffers(into, "", "merged")
		t.give(into, holder, ActorRouter, "merged", t.env.Rules.Work(into.ReplyChannel))
	}
}

// part lets the open contacts of a person stand for nobody else any more.
func (t *turn) part(p *Person) {
	for _, id := range slices.Clone(t.byCustomer[p.ID]) {
		c := t.Contacts[id]
		for _, other := range slices.Clone(c.Also) {
			if v := t.Conversations[other]; v != nil && !slices.Contains(p.Members, v.Customer) {
				t.partFrom(c, v)
			}
		}
		t.promiseAlone(c)
	}
}

// promiseAlone gives a contact that stands for one conversation again the promise of that
// one, where another's had it due earlier. What the customer was told stays.
func (t *turn) promiseAlone(c *Contact) {
	if !c.Revisable() || len(c.Also) > 0 {
		return
	}
	if one := RevisionOf(t.env.Rules, c, nil, false); one.Due.After(c.Due) {
		t.emit(ContactsRevised{Policy: t.env.Rules.Version(), Part: RevisePromises, Contacts: []Revised{one}})
	}
}

// partFrom takes a conversation off a contact; what waits in it waits in a contact
// of its own, by the clock of its first message.
func (t *turn) partFrom(c *Contact, v *Conversation) {
	var messages []MsgRef
	var ids []string
	for _, m := range c.Messages {
		if m.In == v.ID {
			m.In = ""
			messages, ids = append(messages, m), append(ids, m.ID)
		}
	}
	t.emit(ConversationParted{Conversation: v.ID, With: c.Conversation, Contact: c.ID, Messages: ids})
	if len(messages) > 0 {
		t.openApart(v, c, messages)
	}
	if c.idle() {
		t.revokeOffers(c, "", "merged")
		t.emit(ContactEnded{Contact: c.ID, End: EndMerged, Into: v.Contact, By: t.actor})
	}
}

// idle reports whether nothing waits in the contact, and nothing was said that it sees to.
func (c *Contact) idle() bool {
	return len(c.Messages) == 0 && c.State != Sending && c.Promise != PromisePledge && c.Undelivered == nil
}

// openApart opens a contact in a conversation for messages that waited elsewhere.
func (t *turn) openApart(v *Conversation, of *Contact, messages []MsgRef) {
	tm := t.env.Rules.Timing()
	n := Contact{
		ID: t.newID(), Conversation: v.ID, Customer: v.Customer, Channel: v.Channel, Account: v.Account, ReplyChannel: v.Channel,
		Queue: of.Queue, Class: of.Class, Kind: of.Kind, Rule: of.Rule, Language: of.Language, Demand: of.Demand, Asked: of.Asked,
		LastResort: tm.LastResort, Promise: PromiseFirst, Messages: messages, State: Waiting, Start: messages[0].ReceivedAt,
		Prefer: v.LastAgent,
	}
	n.Person = t.ofPerson(v.Customer, nil)
	if t.Persons[v.Customer] == nil && v.Customer != of.PersonID() && t.erased[of.Customer] { // the link holds on
		n.Person = of.PersonID()
	}
	if v.Answered {
		n.Promise = PromiseNext
	}
	n.Demand.Channel, n.Demand.ReplyChannel = n.Channel, n.ReplyChannel
	n.Due, n.AtRiskAt = t.env.Rules.Promise(n.Promise, factsOf(&n), n.Start)
	n.Traits = t.env.Rules.Traits(n.Promise, factsOf(&n))
	t.promised(&n)
	t.emit(ContactOpened{Contact: n, Policy: t.env.Rules.Version(), Behind: t.behind("")})
}

// answerApart opens a contact for what was answered together with somebody else's
// messages, where the answer went to them alone.
func (t *turn) answerApart(j *AnsweredTogether) {
	v := t.recall(&j.Conversation)
	if v.Contact != "" || len(j.Messages) == 0 {
		return
	}
	messages := slices.Clone(j.Messages)
	for i := range messages {
		messages[i].In = ""
	}
	t.openApart(t.Conversations[v.ID], &j.Contact, messages)
}

// answerAlone finds by which channel what is open of a part is answered, now that the
// others' addresses are not theirs: an answer must not go to somebody else. What a person
// has chosen stays where it is still possible; all else that is known is told later.
func (t *turn) answerAlone(p *Person, alone map[string]customers.Facts) {
	for _, id := range slices.Clone(t.byCustomer[p.ID]) {
		c := t.Contacts[id]
		own := alone[c.Customer]
		theirs := c.ReplyChannel == c.Channel || slices.Contains(own.Reached(), c.ReplyChannel)
		if c.State == Sending || theirs && (c.ReplyBy.By != "" || c.ReplyBy.Source == "") {
			continue
		}
		next, known := *c, customers.Facts{}
		if c.Known != nil {
			known = *c.Known
		}
		known.Prefer, known.PreferSource, known.PreferAt, known.Reach = own.Prefer, own.PreferSource, own.PreferAt, own.Reach
		next.Known = &known
		if !theirs {
			next.ReplyChannel = next.Channel
		}
		if t.answeredBy(&next); next.ReplyChannel != c.ReplyChannel {
			t.answerBy(c, &ReplyChannelChosen{Contact: c.ID, Channel: next.ReplyChannel, ReplyBy: next.ReplyBy})
		}
	}
}
