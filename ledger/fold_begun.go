package ledger

import (
	"context"

	"stagecoach/router"
)

// replyChannelChosen writes down by which channel a contact is answered from now on.
func (f *fold) replyChannelChosen(ctx context.Context, e *router.ReplyChannelChosen) error {
	c, err := f.contact(ctx, e.Contact)
	if err != nil || c == nil {
		return err
	}
	v, err := f.conversation(ctx, c.facts.Conversation)
	if err != nil {
		return err
	}
	c.facts.AnswerBy(e)
	f.touchContact(c)
	f.line(v, c, Entry{
		Kind: "reply_channel_chosen", Actor: e.ReplyBy.By, Channel: e.Channel, Code: e.ReplyBy.Source, Reason: string(e.Failed), Until: e.ReplyBy.At,
	})
	return nil
}

// begun writes down what becomes of a message that nobody has asked for, before it
// goes.
func (f *fold) begun(ctx context.Context, ev router.Event) error {
	id, line := begunEntry(ev)
	r, err := f.reply(ctx, id)
	if err != nil {
		return err
	}
	if r == nil {
		f.gap(GapUnknown, "reply "+id, line.Kind+" names a reply that was never queued")
		return nil
	}
	c, err := f.contact(ctx, r.facts.Contact)
	if err != nil {
		return err
	}
	v, err := f.conversation(ctx, r.facts.Conversation)
	if err != nil {
		return err
	}
	switch e := ev.(type) { //nolint:gochecksumtype // only those three come here
	case router.OutboundHeld:
		r.facts.State = router.ReplyIsQueued
		r.facts.Hold(&e)
	case router.OutboundReleased:
		r.facts.Release(&e, f.at)
	case router.OutboundDropped:
		r.facts.State, r.facts.Reason, r.facts.SettledN = router.ReplyHasFailed, router.ReasonTakenBack, f.n
		if c != nil && c.facts.Open() && c.facts.Reply == id {
			c.facts.Reply = ""
			if c.facts.State == router.Sending {
				c.facts.State = router.AssignedTo
			}
			f.touchContact(c)
		}
	}
	f.touchReply(r)
	f.line(v, c, line)
	return nil
}

func begunEntry(ev router.Event) (reply string, e Entry) {
	switch ev := ev.(type) { //nolint:gochecksumtype // only those three come here
	case router.OutboundHeld:
		return ev.Reply, Entry{Kind: "outbound_held", Item: ev.Reply, Reason: ev.Why, Until: ev.Until}
	case router.OutboundReleased:
		return ev.Reply, Entry{Kind: "outbound_released", Actor: ev.By, Item: ev.Reply, Remark: ev.Remark}
	case router.OutboundDropped:
		return ev.Reply, Entry{Kind: "outbound_dropped", Actor: ev.By, Item: ev.Reply, Remark: ev.Remark, Reason: router.ReasonTakenBack}
	}
	return "", Entry{}
}
