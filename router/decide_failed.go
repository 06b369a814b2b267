package router

import (
	"slices"
	"time"

	"stagecoach/contact"
)

// fail records that a reply will not arrive: its contact is open again with its
// original clock (I5). Another message of ours is seen to by the conversation's
// open contact, or by one of its own.
func (t *turn) fail(r *Reply, e ReplyFailed) {
	c := t.Contacts[r.Contact]
	if r.Main && c != nil && c.End == EndReplied { // it was answered but for those in To
		t.emit(e)
		t.bringBack(c, "bounced", r)
		return
	}
	if !Covers(r.Kind) {
		t.undelivered(r, e)
		return
	}
	t.emit(e)
	switch {
	case c == nil:
	case c.Open():
		t.backToAuthor(c)
		t.chooseAgain(c, r.Channel)
	case e.Bounced && c.End == EndReplied:
		t.bringBack(c, "bounced", r)
	}
}

// undelivered makes somebody see to a message of ours that did not arrive and
// was no reply to a contact. Where nobody holds the conversation's open contact,
// that is at risk from now on: the last resort is told.
func (t *turn) undelivered(r *Reply, e ReplyFailed) {
	open := t.openIn(r.Conversation)
	switch {
	case r.Kind == contact.Acknowledgement, r.Kind == contact.Notice, r.Kind == contact.Remainder && !r.Main:
		t.emit(e)
	case open == nil:
		t.emit(e)
		t.openFailed(r)
	case open.Promise == PromiseFailed: // it is seen to already
		t.emit(e)
	default:
		due, risk := t.env.Rules.Promise(PromiseNext, factsOf(open), t.env.Now)
		if open.Agent == "" {
			risk = t.env.Now
		}
		e.Contact, e.Agent = open.ID, r.Agent
		e.Due, e.AtRiskAt = earlier(open.Due, due), earlier(open.AtRiskAt, risk)
		t.emit(e)
	}
}

// openIn gives the open contact of a conversation, nil if it has none.
func (t *turn) openIn(conversation string) *Contact {
	v := t.Conversations[conversation]
	if v == nil {
		return nil
	}
	if c := t.Contacts[v.Contact]; c != nil && c.Open() {
		return c
	}
	return nil
}

// owe hands on what an ended contact stood for beside its messages, and reports
// whether there was anything.
func (t *turn) owe(c *Contact, owed *Undelivered) bool {
	if owed == nil {
		return false
	}
	r := Reply{
		ID: owed.Reply, Kind: contact.Forward, Agent: owed.Agent,
		Conversation: c.Conversation, Channel: c.Channel, Account: c.Account,
	}
	if t.openIn(c.Conversation) == nil {
		t.openFailed(&r)
	} else {
		t.undelivered(&r, ReplyFailed{Reply: owed.Reply, Reason: owed.Reason, Code: owed.Code})
	}
	return true
}

// backToAuthor leaves a contact whose reply has failed with its holder, who was
// not silent; if they were removed meanwhile, it waits.
func (t *turn) backToAuthor(c *Contact) {
	if c.State != AssignedTo {
		return
	}
	if a := t.Agents[c.Agent]; a == nil || a.Removed {
		t.emit(Unassigned{Contact: c.ID, Agent: c.Agent, By: ActorRouter, Reason: reasonRemoved})
		return
	}
	if pull := t.env.Now.Add(t.silentFloor(c)); c.PullAt.Before(pull) {
		t.emit(HoldExtended{Contact: c.ID, PullAt: pull})
	}
}

// bringBack reopens a contact that had ended. A contact of the conversation
// that is open meanwhile is merged into it, unless its reply is on the way or
// the two are too large.
func (t *turn) bringBack(c *Contact, cause string, r *Reply) {
	back := *c
	e := ContactReopened{Cause: cause, Was: c.End, Disposition: c.Disposition, Kept: c.End == EndReplied && !c.EndedAt.After(c.Due)}
	if t.isPerson() {
		e.By = t.actor
	}
	back.State, back.End, back.Disposition, back.EndedBy, back.EndedN = Waiting, "", "", "", 0
	back.EndedAt, back.Reply, back.Proposed = time.Time{}, "", ""
	back.Offers = nil
	back.Also = slices.DeleteFunc(slices.Clone(c.Also), func(id string) bool {
		v := t.Conversations[id]
		return v == nil || v.Contact != "" // it stands for itself by now
	})
	if r != nil {
		back.Prefer = r.Agent
	}
	v := t.Conversations[c.Conversation]
	var other *Contact
	if v != nil && v.Contact != "" && v.Contact != c.ID {
		other = t.Contacts[v.Contact]
	}
	if other != nil && (!other.Open() || other.State == Sending || !mergeable(&back, other)) {
		other = nil
	}
	if other != nil {
		back.Undelivered = other.Undelivered
	}
	e.Contact = back
	t.goOn(v, factsOf(&back), t.env.Now)
	t.emit(e)
	if r != nil {
		t.chooseAgain(t.Contacts[back.ID], r.Channel)
	}
	if other == nil {
		return
	}
	now := t.Contacts[back.ID]
	for _, m := range other.Messages {
		t.emit(MessageJoined{Contact: now.ID, Message: m, Due: earlier(now.Due, other.Due), AtRiskAt: earlier(now.AtRiskAt, other.AtRiskAt)})
	}
	holder := other.Agent
	t.revokeOffers(other, "", "merged")
	t.emit(ContactEnded{Contact: other.ID, End: EndMerged, Into: now.ID, By: t.actor})
	if holder != "" {
		t.give(now, holder, ActorRouter, "merged", t.env.Rules.Work(now.ReplyChannel))
	}
}

// mergeable reports whether a contact that comes back and the one that it takes
// in fit into a commit that is nearly closed: whoever has written thousands of
// messages keeps two contacts.
func mergeable(back, other *Contact) bool {
	const listed, joined = 140, 310 // bytes of a message
	return len(back.Messages)*listed+len(other.Messages)*joined <= maxEncoded-maxCommit-32<<10
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// openFailed opens a contact for a message of ours that did not arrive, so that
// somebody sees to it.
func (t *turn) openFailed(r *Reply) {
	v := t.Conversations[r.Conversation]
	if v == nil { // a log of an earlier build: somebody sees to it all the same
		v = &Conversation{ID: r.Conversation}
	} else if v.State == ConversationResolved {
		v = t.renew(v, PromiseFacts{Channel: r.Channel, Account: r.Account}, t.env.Now)
	}
	tm := t.env.Rules.Timing()
	n := Contact{
		ID: t.newID(), Conversation: v.ID, Customer: v.Customer, Channel: r.Channel, Account: r.Account,
		ReplyChannel: r.Channel, Queue: tm.Queue, LastResort: tm.LastResort,
		Promise: PromiseFailed, Start: t.env.Now, State: Waiting, Prefer: r.Agent, Messages: []MsgRef{},
	}
	n.Demand.Channel, n.Demand.ReplyChannel = n.Channel, n.ReplyChannel
	n.Due, n.AtRiskAt = t.env.Rules.Promise(PromiseNext, factsOf(&n), n.Start)
	n.Traits = t.env.Rules.Traits(n.Promise, factsOf(&n))
	t.promised(&n)
	t.goOn(t.Conversations[v.ID], factsOf(&n), t.env.Now)
	t.emit(ContactOpened{Contact: n, Policy: t.env.Rules.Version(), Behind: t.behind("")})
}
