package ledger

import (
	"context"

	"stagecoach/router"
)

// acknowledgement writes down that a receipt is owed, or is not sent after all.
// It changes nothing that is counted.
func (f *fold) acknowledgement(ctx context.Context, ev router.Event) error {
	switch e := ev.(type) { //nolint:gochecksumtype // only those two come here
	case router.AcknowledgementOwed:
		c, err := f.contact(ctx, e.Contact)
		if err != nil || c == nil {
			return err
		}
		v, err := f.conversation(ctx, e.Conversation)
		if err != nil {
			return err
		}
		c.facts.Told = e.Due
		f.touchContact(c)
		f.line(v, c, Entry{Kind: "acknowledgement_owed", Item: e.Reply, Until: e.Due})
	case router.AcknowledgementDropped:
		return f.receiptDropped(ctx, &e)
	}
	return nil
}

// receiptDropped ends a receipt, queued or not.
func (f *fold) receiptDropped(ctx context.Context, e *router.AcknowledgementDropped) error {
	r, err := f.reply(ctx, e.Reply)
	if err != nil {
		return err
	}
	if r != nil {
		r.facts.State, r.facts.Reason, r.facts.Code, r.facts.SettledN = router.ReplyHasFailed, e.Reason, "", f.n
		f.touchReply(r)
	}
	c, err := f.contact(ctx, e.Contact)
	if err != nil {
		return err
	}
	v, err := f.conversation(ctx, e.Conversation)
	if err != nil {
		return err
	}
	f.line(v, c, Entry{Kind: "acknowledgement_dropped", Item: e.Reply, Reason: e.Reason})
	return nil
}
