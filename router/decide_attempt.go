package router

import (
	"time"

	"stagecoach/contact"
)

// attempt grants one life one attempt at sending, by compare-and-set.
func (t *turn) attempt(cmd Attempt) error {
	r := t.Replies[cmd.Reply]
	switch {
	case r == nil:
		return refuse(RefusedAttempt, "no reply with this id awaits sending")
	case r.State == ReplyIsAttempted && r.Life != cmd.Life:
		t.unsure(r, "attempted_by_another_life")
		t.result.Known, t.result.Reply = true, r.ID
		return nil
	case r.State != ReplyIsQueued:
		return refuse(RefusedAttempt, "this reply is %s", r.State)
	case r.RetryAt.After(t.env.Now): // a doubled item of the outbox must not hurry it
		return refuse(RefusedEarly, "this reply is tried again at %s", r.RetryAt.Format(time.RFC3339))
	}
	if r.Held() || t.heldBack(r) { // it comes to the outbox anew once it may go
		t.result.Known, t.result.Reply = true, r.ID
		return nil
	}
	if t.forbidden(r, cmd.Consent) {
		t.result.Known, t.result.Reply = true, r.ID
		return nil
	}
	if stale := t.staleReceipt(r); stale != "" {
		t.dropReceipt(r, stale)
		t.result.Known, t.result.Reply = true, r.ID
		return nil
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
		t.unsure(r, cmd.Reason)
	case cmd.Permanent || t.env.Now.Sub(later(r.QueuedAt, r.Begins.From)) > t.env.Rules.Timing().GiveUp:
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

// unsure records that nobody knows whether a reply was taken. A receipt isn't
// worth anybody's time: it is not sent again, and that is all.
func (t *turn) unsure(r *Reply, cause string) {
	if r.Kind == contact.Acknowledgement {
		t.dropReceipt(r, cause)
		return
	}
	t.emit(ReplyInDoubt{Reply: r.ID, Cause: cause})
}

// partly notes which recipients are refused before the reply is handed over to
// the others.
func (t *turn) partly(cmd *Partly) error {
	r := t.Replies[cmd.Reply]
	if r == nil || r.State != ReplyIsAttempted || r.Attempt != cmd.Attempt || r.Life != cmd.Life {
		return refuse(RefusedAttempt, "no attempt of this number is under way")
	}
	t.emit(RecipientsRefused{
		Reply: r.ID, Attempt: r.Attempt, Refused: cmd.Refused, Deferred: cmd.Deferred, Main: cmd.Main,
		RetryAt: t.env.Now.Add(cmd.RetryAfter), Reason: cmd.Reason, Code: cmd.Code,
	})
	t.result.Reply = r.ID
	return nil
}

// remainder queues a delivered reply anew for those who were refused for a time.
func (t *turn) remainder(r *Reply, part *Part) {
	if part == nil || len(part.Deferred) == 0 {
		return
	}
	rest := Reply{
		ID: t.newID(), Kind: contact.Remainder, Of: r.ID, Only: part.Deferred, Main: part.Main,
		Conversation: r.Conversation, Contact: r.Contact, Channel: r.Channel, Account: r.Account, Agent: r.Agent, Ref: r.Ref,
		RetryAt: part.RetryAt, Reason: part.Reason, Code: part.Code,
	}
	if r.Kind == contact.Remainder {
		rest.Of = r.Of
	}
	t.emit(ReplyQueued{Reply: rest})
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
