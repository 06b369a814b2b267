package router

import (
	"strings"
	"time"

	"stagecoach/contact"
)

// openFor finds the open contact that a message of a conversation joins, nil for none;
// elsewhere is true where it is another conversation's, of the same person.
func (t *turn) openFor(c *Receive, v *Conversation) (open *Contact, elsewhere bool) {
	if open = t.Contacts[v.Contact]; open != nil && open.Open() {
		return open, false
	}
	open = t.sameMatter(c, v)
	return open, open != nil
}

// place finds the message's conversation, and says by what, or opens one. What a
// filter takes for spam is none's that somebody wrote in a conversation of ours;
// a machine's mail hides in nobody's contact.
func (t *turn) place(c *Receive) (v *Conversation, by, quoted string) {
	if v, by, quoted = t.thread(c); v != nil {
		if c.Propose == contact.Spam || c.Auto == contact.AutoList {
			c.Propose, c.Queue, c.Rule = "", c.UsualQueue, c.UsualRule
		}
		return v, by, quoted
	}
	customer := t.customer(c)
	if c.Outreach != "" {
		return t.newConversation(c, customer), "", quoted
	}
	if c.Propose == "" && !c.Auto.Answers() && quoted == "" {
		if v = t.bySubject(c); v != nil {
			return v, joinedBySubject, quoted
		}
	}
	if c.Propose == "" && !c.Auto.Answers() && !manyPeoples(c.Unanswerable) {
		if v = t.burst(c, customer); v != nil {
			return v, joinedByBurst, quoted
		}
	}
	if v = t.heap(c, customer); v != nil {
		return v, joinedByHeap, quoted
	}
	return t.newConversation(c, customer), "", quoted
}

// openOrOwn points a find at the conversation's open contact, if there is one.
func (t *turn) openOrOwn(f Found) Found {
	if v := t.Conversations[f.Conversation]; v != nil && v.Contact != "" {
		f.Contact = v.Contact
	}
	return f
}

// manyPeoples reports whether a sender's address is one under which many people's
// mail comes: a form's, or one of our own.
func manyPeoples(unanswerable string) bool {
	return unanswerable == "ours" || unanswerable == "takes_none" || unanswerable == "machine"
}

// burst finds the open contact of a sender who wrote a moment ago on the same
// account and has no answer yet: one person, one matter, until a person says
// otherwise.
func (t *turn) burst(c *Receive, customer string) *Conversation {
	var best *Contact
	var in *Conversation
	window := t.env.Rules.Timing().Burst
	person := t.personOf(customer, c.Known).ID
	for o := range t.openNear(person, c.ReceivedAt, func(contact.Channel, string) time.Duration { return window }) {
		v := t.ownIn(o, customer, c.Channel, c.Account)
		if v == nil || t.erased[o.Customer] || !t.justNow(o, c.ReceivedAt) {
			continue
		}
		if best == nil || o.Start.Before(best.Start) || o.Start.Equal(best.Start) && strings.Compare(o.ID, best.ID) < 0 {
			best, in = o, v
		}
	}
	return in
}

// ownIn gives the sender's own conversation on an account among those that a contact
// stands for, nil for none: another member's of the same person is not theirs, should
// it turn out that they are two.
func (t *turn) ownIn(o *Contact, customer string, ch contact.Channel, account string) *Conversation {
	for _, id := range o.Conversations() {
		if v := t.Conversations[id]; v != nil && v.Customer == customer && v.Channel == ch && v.Account == account {
			return v
		}
	}
	return nil
}

// justNow reports whether something at that time goes on with what was just written to
// a contact.
func (t *turn) justNow(o *Contact, at time.Time) bool {
	if o.State == Sending || len(o.Messages) == 0 {
		return false
	}
	window := t.env.Rules.Timing().Burst
	d := at.Sub(o.Messages[len(o.Messages)-1].ReceivedAt)
	return d <= window && d >= -window
}

func (t *turn) newConversation(c *Receive, customer string) *Conversation {
	v := Conversation{
		ID: t.newID(), Customer: customer, Channel: c.Channel, Account: c.Account,
		State: ConversationOpen, OpenedAt: c.ReceivedAt, Participants: Joined(nil, c.Participants),
		ResolveBy: t.env.Rules.Resolution(itemFacts(c), c.ReceivedAt),
	}
	if c.Kind == KindHistory {
		v.State, v.ResolveBy = ConversationResolved, time.Time{}
	}
	v.StepAt = t.plannedResolution(&v, itemFacts(c))
	t.emit(ConversationOpened{Conversation: v})
	return t.Conversations[v.ID]
}
