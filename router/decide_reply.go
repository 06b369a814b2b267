package router

import (
	"slices"

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
		if err := t.mayBegin(&cmd.Begins); err != nil {
			return err
		}
		if t.Conversations[r.Conversation] == nil {
			if cmd.Conversation == nil || cmd.Conversation.ID != r.Conversation {
				return refuse(RefusedNotFound, "there is no such conversation")
			}
			t.recall(cmd.Conversation)
		}
		if t.erased[t.Conversations[r.Conversation].Customer] {
			return refuse(RefusedEnded, "the customer of this conversation was erased")
		}
		if cmd.Begins.Purpose != "" {
			r.Begins = Begins{Purpose: cmd.Begins.Purpose, Zone: cmd.Begins.Zone, Also: cmd.Begins.Members, Whom: t.personOf(t.Conversations[r.Conversation].Customer, nil).ID}
		}
		t.emit(ReplyQueued{Reply: r, Keys: cmd.Keys, Participants: Joined(nil, cmd.Participants)})
		t.begins(t.Replies[r.ID], &cmd.Begins)
		t.result.Reply, t.result.Conversation = r.ID, r.Conversation
		return nil
	}
	if err := t.mayBegin(&cmd.Begins); err != nil {
		return err
	}
	c, err := t.replyable(cmd)
	if err != nil {
		return err
	}
	if r.Begins = (Begins{Purpose: cmd.Begins.Purpose, Zone: cmd.Begins.Zone, Also: cmd.Begins.Members}); r.Begins.Purpose != "" {
		r.Begins.Whom = c.PersonID()
	}
	r.Conversation = c.Conversation
	if c.Agent != t.actor {
		t.revokeOffers(c, "", reasonReplied)
		t.give(c, t.actor, t.actor, reasonReplied, t.env.Rules.Work(c.ReplyChannel))
	}
	t.clearProposal(c)
	t.emit(ReplyQueued{Reply: r, Keys: cmd.Keys, Participants: Joined(nil, cmd.Participants), Given: cmd.Delivered})
	if !cmd.Delivered {
		t.begins(t.Replies[r.ID], &cmd.Begins)
	}
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
	if err := t.mayBegin(&cmd.Begins); err != nil {
		return err
	}
	customer := t.customerOf(cmd.Identity, cmd.Channel, cmd.Known, cmd.Record)
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
	if r.Begins = (Begins{Purpose: cmd.Begins.Purpose, Zone: cmd.Begins.Zone, Also: cmd.Begins.Members}); r.Begins.Purpose != "" {
		r.Begins.Whom = t.personOf(customer, cmd.Known).ID
	}
	t.emit(ReplyQueued{Reply: r, Keys: cmd.Keys})
	t.begins(t.Replies[r.ID], &cmd.Begins)
	t.result.Reply, t.result.Conversation = r.ID, id
	return nil
}
