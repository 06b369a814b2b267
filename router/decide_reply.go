package router

import (
	"slices"
	"time"

	"stagecoach/contact"
)

// send queues a stored reply, or records one that a person has given by hand.
func (t *turn) send(cmd *Send) error {
	r := cmd.Reply
	if t.Replies[r.ID] != nil {
		t.result.Known, t.result.Reply = true, r.ID
		t.result.Contact, t.result.Conversation = t.Replies[r.ID].Contact, t.Replies[r.ID].Conversation
		return nil
	}
	if !t.isPerson() {
		return refuse(RefusedNotAllowed, "only a named person replies")
	}
	if r.Channel.ByHand() && !cmd.Delivered {
		return refuse(RefusedInvalid, "what is said by hand is recorded once it was said")
	}
	r.Agent = t.actor
	if !Covers(r.Kind) {
		if t.Conversations[r.Conversation] == nil {
			if cmd.Conversation == nil || cmd.Conversation.ID != r.Conversation {
				return refuse(RefusedNotFound, "there is no such conversation")
			}
			t.recall(cmd.Conversation)
		}
		t.emit(ReplyQueued{Reply: r, Keys: cmd.Keys, Participants: Joined(nil, cmd.Participants)})
		t.result.Reply, t.result.Conversation = r.ID, r.Conversation
		return nil
	}
	c, err := t.replyable(cmd)
	if err != nil {
		return err
	}
	r.Conversation = c.Conversation
	if c.Agent != t.actor {
		t.revokeOffers(c, "", reasonReplied)
		t.give(c, t.actor, "", t.actor, reasonReplied, t.env.Rules.Work(c.ReplyChannel))
	}
	t.clearProposal(c)
	t.emit(ReplyQueued{Reply: r, Keys: cmd.Keys, Participants: Joined(nil, cmd.Participants), Given: cmd.Delivered})
	if cmd.Delivered {
		t.deliver(t.Replies[r.ID], ReplyDelivered{Reply: r.ID, By: t.actor})
	}
	t.about(c)
	t.result.Reply = r.ID
	return nil
}

// replyable checks that the actor may reply to the contact with this.
func (t *turn) replyable(cmd *Send) (*Contact, error) {
	r := &cmd.Reply
	c, err := t.openContact(r.Contact)
	if err != nil {
		return nil, err
	}
	if c.State == Sending {
		return nil, refuse(RefusedBusy, "a reply is on its way already: wait until it is delivered or has failed")
	}
	if c.Agent != t.actor && !t.isSupervisor() && !t.offeredTo(c, t.actor) && !cmd.Delivered {
		return nil, t.mayHandle(c)
	}
	if r.Covers == "" && len(c.Messages) > 0 && c.Promise != PromisePledge {
		return nil, refuse(RefusedInvalid, "a reply must say up to which message it answers (covers)")
	}
	if r.Kind == contact.Pledge {
		return c, t.pledgeable(c, cmd)
	}
	return c, nil
}

func (t *turn) offeredTo(c *Contact, agent string) bool {
	return slices.ContainsFunc(c.Offers, func(id string) bool { return t.Offers[id].Agent == agent })
}

// pledgeable checks the limits of a promise to say more.
func (t *turn) pledgeable(c *Contact, cmd *Send) error {
	tm := t.env.Rules.Timing()
	due := cmd.Reply.PledgeDue
	if !due.After(t.env.Now) {
		return refuse(RefusedInvalid, "say by when you owe more: a time to come")
	}
	if cmd.Confirmed && t.isSupervisor() {
		return nil
	}
	if latest := tm.PledgeUntil(t.env.Now); due.After(latest) {
		return refuse(RefusedNotAllowed, "you can promise more until %s at the latest; beyond that a supervisor confirms", latest.Format("Mon 2 Jan 15:04"))
	}
	if v := t.Conversations[c.Conversation]; v != nil && tm.PledgeRow > 0 && v.Pledges >= tm.PledgeRow {
		return refuse(RefusedNotAllowed, "%d promises in a row have been made in this conversation: a supervisor must confirm another", v.Pledges)
	}
	return nil
}

// attempt grants one life one attempt at sending, by compare-and-set.
func (t *turn) attempt(cmd Attempt) error {
	r := t.Replies[cmd.Reply]
	switch {
	case r == nil:
		return refuse(RefusedAttempt, "no reply with this id awaits sending")
	case r.State == ReplyIsAttempted && r.Life != cmd.Life:
		t.emit(ReplyInDoubt{Reply: r.ID, Cause: "attempted_by_another_life"})
		t.result.Known, t.result.Reply = true, r.ID
		return nil
	case r.State != ReplyIsQueued:
		return refuse(RefusedAttempt, "this reply is %s", r.State)
	case r.RetryAt.After(t.env.Now): // a doubled item of the outbox must not hurry it
		return refuse(RefusedEarly, "this reply is tried again at %s", r.RetryAt.Format(time.RFC3339))
	}
	t.emit(AttemptGranted{Reply: r.ID, Attempt: r.Attempt + 1, Life: cmd.Life})
	t.result.Reply, t.result.Attempt = r.ID, r.Attempt
	return nil
}

// outcome records what an attempt came to.
func (t *turn) outcome(cmd *Outcome) error {
	r := t.Replies[cmd.Reply]
	if r == nil || r.State != ReplyIsAttempted || r.Attempt != cmd.Attempt || r.Life != cmd.Life {
		t.result.Known = true
		return nil
	}
	switch {
	case cmd.Delivered:
		t.deliver(r, ReplyDelivered{Reply: r.ID, Refused: cmd.Refused, RefusedAt: cmd.RefusedAt})
	case cmd.InDoubt:
		t.emit(ReplyInDoubt{Reply: r.ID, Cause: cmd.Reason})
	case cmd.Permanent || t.env.Now.Sub(r.QueuedAt) > t.env.Rules.Timing().GiveUp:
		t.fail(r, ReplyFailed{Reply: r.ID, Reason: cmd.Reason, Code: cmd.Code})
	default:
		t.emit(AttemptFailed{
			Reply: r.ID, Attempt: r.Attempt, Reason: cmd.Reason, Code: cmd.Code,
			RetryAt: t.env.Now.Add(cmd.RetryAfter),
		})
	}
	t.result.Reply, t.result.Contact = r.ID, r.Contact
	return nil
}

// resolve settles a reply in doubt.
func (t *turn) resolve(cmd *Resolve) error {
	r := t.Replies[cmd.Reply]
	switch {
	case r == nil:
		return refuse(RefusedNotFound, "there is no such reply")
	case r.State != ReplyIsInDoubt:
		return refuse(RefusedInvalid, "this reply is %s, not in doubt", r.State)
	case t.actor != ActorSender && !t.isPerson():
		return refuse(RefusedNotAllowed, "only an agent settles this")
	}
	by := t.actor
	if by == ActorSender {
		by = ""
	}
	switch {
	case cmd.Delivered:
		t.deliver(r, ReplyDelivered{Reply: r.ID, By: by})
	case cmd.Again:
		t.emit(AttemptFailed{Reply: r.ID, Attempt: r.Attempt, Reason: "sent_again", RetryAt: t.env.Now, Again: true, By: by})
	default:
		t.fail(r, ReplyFailed{Reply: r.ID, Reason: "not_delivered", By: by})
	}
	t.result.Reply, t.result.Contact, t.result.Conversation = r.ID, r.Contact, r.Conversation
	return nil
}

// deliver records a delivery and what it does to the contact: it answers up to
// what its author had on screen; what came after becomes the next contact, and
// a pledge opens one at once.
func (t *turn) deliver(r *Reply, e ReplyDelivered) {
	t.emit(e)
	if r.Kind == contact.Outbound {
		t.emit(ConversationClosed{Conversation: r.Conversation, State: ConversationWithCustomer})
	}
	c := t.Contacts[r.Contact]
	if !Covers(r.Kind) || c == nil || !c.Open() {
		return
	}
	rest := after(c.Messages, r.Covers)
	next, owed := t.nextContact(c, r, rest), c.Undelivered
	t.emit(ContactEnded{Contact: c.ID, End: EndReplied, Reply: r.ID, Left: len(rest), By: r.Agent})
	if next != nil {
		t.emit(ContactOpened{Contact: *next, Policy: t.env.Rules.Version()})
		if a := t.Agents[r.Agent]; r.Kind == contact.Pledge && a != nil && !a.Removed {
			t.give(t.Contacts[next.ID], a.ID, "", a.ID, "pledge", t.env.Rules.Work(next.ReplyChannel))
		}
		return
	}
	if t.owe(c, owed) {
		return
	}
	if v := t.Conversations[c.Conversation]; v == nil || v.Contact != "" {
		return // another contact of it is open
	}
	state := ConversationResolved
	if r.Kind == contact.Ask {
		state = ConversationWithCustomer
	}
	t.emit(ConversationClosed{Conversation: c.Conversation, State: state})
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
		ID: t.newID(), Conversation: c.Conversation, Customer: c.Customer,
		Channel: c.Channel, Account: c.Account, ReplyChannel: c.ReplyChannel,
		Queue: c.Queue, Class: c.Class, Kind: c.Kind, Rule: c.Rule, Language: c.Language, Tier: c.Tier,
		Demand: c.Demand, LastResort: t.env.Rules.Timing().LastResort,
		Promise: PromiseNext, Messages: slices.Clone(rest), State: Waiting, Prefer: r.Agent,
		Undelivered: c.Undelivered,
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
	return &n
}

// fail records that a reply will not arrive: its contact is open again with its
// original clock (I5). Another message of ours is seen to by the conversation's
// open contact, or by one of its own.
func (t *turn) fail(r *Reply, e ReplyFailed) {
	if !Covers(r.Kind) {
		t.undelivered(r, e)
		return
	}
	t.emit(e)
	c := t.Contacts[r.Contact]
	switch {
	case c == nil:
	case c.Open():
		t.backToAuthor(c)
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
	case r.Kind == contact.Acknowledgement:
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
		Conversation: c.Conversation, Channel: c.ReplyChannel, Account: c.Account,
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
	if pull := t.env.Now.Add(t.env.Rules.Timing().SilentFloor); c.PullAt.Before(pull) {
		t.emit(HoldExtended{Contact: c.ID, PullAt: pull})
	}
}

// bringBack reopens a contact that had ended. A contact of the conversation
// that is open meanwhile is merged into it, unless its reply is on the way.
func (t *turn) bringBack(c *Contact, cause string, r *Reply) {
	back := *c
	e := ContactReopened{Cause: cause, Was: c.End, Disposition: c.Disposition, Kept: c.End == EndReplied && !c.EndedAt.After(c.Due)}
	if t.isPerson() {
		e.By = t.actor
	}
	back.State, back.End, back.Disposition, back.EndedBy, back.EndedN = Waiting, "", "", "", 0
	back.EndedAt, back.Reply, back.Proposed = time.Time{}, "", ""
	back.Offers = nil
	if r != nil {
		back.Prefer = r.Agent
	}
	v := t.Conversations[c.Conversation]
	var other *Contact
	if v != nil && v.Contact != "" && v.Contact != c.ID {
		other = t.Contacts[v.Contact]
	}
	if other != nil && (!other.Open() || other.State == Sending) {
		other = nil
	}
	if other != nil {
		back.Undelivered = other.Undelivered
	}
	e.Contact = back
	t.emit(e)
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
		t.give(now, holder, "", ActorRouter, "merged", t.env.Rules.Work(now.ReplyChannel))
	}
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
	t.emit(ContactOpened{Contact: n, Policy: t.env.Rules.Version()})
}

// bounce handles a delivery report. It gives false when it speaks of nothing of
// ours; it is then a message like any other.
func (t *turn) bounce(c *Receive) bool {
	f, ok := t.reported(c)
	if !ok {
		return false
	}
	kind := EvidenceBounce
	if !c.Bounce.Permanent {
		kind = EvidenceDelay
	}
	t.evidence(c, kind, t.openOrOwn(f))
	if !c.Bounce.Permanent {
		return true
	}
	r := t.Replies[f.Reply]
	if r == nil {
		r = f.ReplyFacts
	}
	if r == nil || r.State == ReplyHasFailed {
		return true
	}
	if f.ConversationFacts != nil {
		t.recall(f.ConversationFacts)
	}
	if Covers(r.Kind) && t.Contacts[r.Contact] == nil && f.ContactFacts != nil {
		t.emit(ReplyFailed{Reply: r.ID, Reason: "bounced", Code: c.Bounce.Code, Bounced: true})
		if f.ContactFacts.End == EndReplied {
			t.bringBack(f.ContactFacts, "bounced", r)
		}
		return true
	}
	t.fail(r, ReplyFailed{Reply: r.ID, Reason: "bounced", Code: c.Bounce.Code, Bounced: true})
	return true
}

// startOutbound opens a conversation of ours with a first message.
func (t *turn) startOutbound(cmd *StartOutbound) error {
	if rep := t.Replies[cmd.Reply.ID]; rep != nil {
		t.result.Known, t.result.Reply, t.result.Conversation = true, rep.ID, rep.Conversation
		return nil
	}
	if !t.isPerson() {
		return refuse(RefusedNotAllowed, "only an agent starts a conversation")
	}
	if cmd.AsOf+1 < t.TrimmedTo { // whom it goes to may be known all the same
		return refuse(RefusedStale, "the records are being brought up to date: try again in a moment")
	}
	customer := t.customerOf(cmd.Identity, cmd.Channel, cmd.Known)
	id := cmd.Reply.Conversation
	if id == "" {
		id = t.newID()
	}
	t.emit(ConversationOpened{Conversation: Conversation{
		ID: id, Customer: customer, Channel: cmd.Channel, Account: cmd.Account,
		State: ConversationWithCustomer, OpenedAt: t.env.Now, Participants: Joined(nil, cmd.Participants), LastAgent: t.actor,
	}})
	r := cmd.Reply
	r.Conversation, r.Agent, r.Kind = id, t.actor, contact.Outbound
	t.emit(ReplyQueued{Reply: r, Keys: cmd.Keys})
	t.result.Reply, t.result.Conversation = r.ID, id
	return nil
}
