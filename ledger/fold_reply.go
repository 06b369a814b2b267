package ledger

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"stagecoach/contact"
	"stagecoach/router"
)

func (f *fold) replyQueued(ctx context.Context, e *router.ReplyQueued) error {
	known, err := f.reply(ctx, e.Reply.ID)
	if err != nil {
		return err
	}
	if known != nil {
		f.gap(GapTwice, "reply "+e.Reply.ID, "it was queued twice")
		return nil
	}
	v, err := f.knownConversation(ctx, e.Reply.Conversation, "reply_queued")
	if err != nil {
		return err
	}
	c, err := f.contact(ctx, e.Reply.Contact)
	if err != nil {
		return err
	}
	r := &replyRow{fresh: true, facts: e.Reply}
	r.facts.State, r.facts.QueuedAt = router.ReplyIsQueued, f.at
	if v != nil {
		v.facts.Participants = router.Joined(v.facts.Participants, e.Participants)
		v.facts.Touched = f.n
	}
	if c != nil && covers(r.facts.Kind) {
		c.facts.Reply, c.facts.State = r.facts.ID, router.Sending
		f.touchContact(c)
	}
	id := f.line(v, c, Entry{
		Kind: "reply_queued", Item: r.facts.ID, Ref: r.facts.Ref, Channel: r.facts.Channel, Agent: r.facts.Agent,
		Code: string(r.facts.Kind), Until: r.facts.PledgeDue,
		Detail: Detail{Covers: r.facts.Covers, Reply: r.facts.Of, DeferredAt: places(r.facts.Only)},
	})
	r.num = int64(id) //nolint:gosec // below 2^63
	f.mem.replies[r.facts.ID] = r
	f.touchReply(r)
	for _, key := range e.Keys {
		f.key(keyRow{key: key, kind: router.KeyReply, what: "reply", id: r.facts.ID})
	}
	return nil
}

// applySending folds what became of an attempt.
func (f *fold) applySending(ctx context.Context, ev router.Event) error {
	id, line := sendingEntry(ev)
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
	switch e := ev.(type) {
	case router.AttemptGranted:
		r.facts.State, r.facts.Attempt, r.facts.Life, r.facts.Part = router.ReplyIsAttempted, e.Attempt, e.Life, nil
	case router.RecipientsRefused:
		r.facts.Part = &router.Part{Refused: e.Refused, Deferred: e.Deferred, Main: e.Main, RetryAt: e.RetryAt, Reason: e.Reason, Code: e.Code}
	case router.AttemptFailed:
		r.facts.State, r.facts.Reason, r.facts.Code, r.facts.RetryAt = router.ReplyIsQueued, e.Reason, e.Code, e.RetryAt
		f.pos.Counts.Retried++
		f.trouble(c, r, e.Reason, e.Code)
	case router.ReplyInDoubt:
		r.facts.State, r.facts.Reason = router.ReplyIsInDoubt, e.Cause
		f.pos.Counts.InDoubt++
		f.trouble(c, r, "in_doubt", e.Cause)
	case router.ReplyDelivered:
		if err := f.delivered(ctx, v, c, r); err != nil {
			return err
		}
	case router.ReplyFailed:
		f.failed(v, c, r, &e)
		if err := f.undelivered(ctx, &e); err != nil {
			return err
		}
	default:
		return fmt.Errorf("event %T is not about sending", ev)
	}
	f.touchReply(r)
	f.line(v, c, line)
	return nil
}

func sendingEntry(ev router.Event) (reply string, e Entry) {
	switch ev := ev.(type) {
	case router.AttemptGranted:
		return ev.Reply, Entry{Kind: "attempt_granted", Item: ev.Reply, Detail: Detail{Attempt: ev.Attempt}}
	case router.AttemptFailed:
		return ev.Reply, Entry{
			Kind: "attempt_failed", Actor: ev.By, Item: ev.Reply, Reason: ev.Reason, Code: ev.Code, Until: ev.RetryAt,
			Detail: Detail{Attempt: ev.Attempt},
		}
	case router.RecipientsRefused:
		return ev.Reply, Entry{
			Kind: "recipients_refused", Item: ev.Reply, Reason: ev.Reason, Code: ev.Code, Until: ev.RetryAt,
			Detail: Detail{Attempt: ev.Attempt, Refused: len(ev.Refused), RefusedAt: places(ev.Refused), Deferred: len(ev.Deferred), DeferredAt: places(ev.Deferred)},
		}
	case router.ReplyInDoubt:
		return ev.Reply, Entry{Kind: "reply_in_doubt", Item: ev.Reply, Reason: ev.Cause}
	case router.ReplyDelivered:
		return ev.Reply, Entry{Kind: "reply_delivered", Actor: ev.By, Item: ev.Reply, Detail: Detail{Refused: ev.Refused, RefusedAt: places(ev.RefusedAt)}}
	case router.ReplyFailed:
		return ev.Reply, Entry{
			Kind: "reply_failed", Actor: ev.By, Item: ev.Reply, Reason: ev.Reason, Code: ev.Code,
			Detail: Detail{Bounced: ev.Bounced},
		}
	default:
		return "", Entry{}
	}
}

func places(list []int) string {
	out := make([]string, len(list))
	for i, at := range list {
		out[i] = strconv.Itoa(at)
	}
	return strings.Join(out, ",")
}

func (f *fold) delivered(ctx context.Context, v *conversationRow, c *contactRow, r *replyRow) error {
	r.facts.State, r.facts.Reason, r.facts.Code, r.facts.SettledN = router.ReplyIsDelivered, "", "", f.n
	f.trouble(c, r, "", "")
	if v != nil {
		v.facts.Touched = f.n
	}
	if r.facts.Kind == contact.Pledge {
		f.pos.Counts.Pledges++
	}
	if !covers(r.facts.Kind) && r.facts.Kind != contact.Outbound {
		return nil
	}
	if v != nil {
		v.facts.Answer(&r.facts)
	}
	if c == nil {
		return nil
	}
	for _, id := range c.facts.Also {
		also, err := f.conversation(ctx, id)
		if err != nil {
			return err
		}
		if also != nil {
			also.facts.Answer(&r.facts)
			also.facts.Touched = f.n
			f.touchConversation(also)
		}
	}
	return nil
}

func (f *fold) failed(v *conversationRow, c *contactRow, r *replyRow, e *router.ReplyFailed) {
	r.facts.State, r.facts.Reason, r.facts.Code, r.facts.SettledN = router.ReplyHasFailed, e.Reason, e.Code, f.n
	if v != nil {
		v.facts.Touched = f.n
	}
	f.pos.Counts.Failed++
	f.trouble(c, r, e.Reason, e.Code)
	if c != nil && c.facts.Open() && c.facts.Reply == r.facts.ID {
		c.facts.Reply = ""
		if c.facts.State == router.Sending {
			c.facts.State = router.AssignedTo
		}
		f.touchContact(c)
	}
}

// undelivered makes the open contact stand for another message of ours in its
// conversation.
func (f *fold) undelivered(ctx context.Context, e *router.ReplyFailed) error {
	c, err := f.contact(ctx, e.Contact)
	if c == nil || !c.facts.Open() {
		return err
	}
	c.facts.Owe(e)
	f.touchContact(c)
	return nil
}

// trouble notes on the contact why its last reply was not delivered.
func (f *fold) trouble(c *contactRow, r *replyRow, reason, code string) {
	if c == nil || !covers(r.facts.Kind) || (c.fate.Trouble == reason && c.fate.TroubleCode == code) {
		return
	}
	c.fate.Trouble, c.fate.TroubleCode = reason, code
	f.touchContact(c)
}
