package router

import (
	"time"

	"stagecoach/contact"
)

// AcknowledgementOwed records that a customer gets an automatic receipt for the
// message that has opened a contact: the fact first, then the words. It never
// stops a clock (I5).
type AcknowledgementOwed struct {
	// Reply is the id that the receipt will have.
	Reply        string          `json:"reply"`
	Contact      string          `json:"contact"`
	Conversation string          `json:"conversation"`
	Customer     string          `json:"customer"`
	Message      MsgRef          `json:"message"`
	Channel      contact.Channel `json:"channel"`
	Account      string          `json:"account"`
	Language     string          `json:"language,omitempty"`
	// Due is the time to tell. Expected is when nine of ten such contacts have their
	// answer, as it was foreseen when this one came; zero while it isn't known.
	Due      time.Time `json:"due"`
	Expected time.Time `json:"expected,omitzero"`
	// Correspondents are the keyed hashes under which it counts.
	Correspondents []string `json:"correspondents,omitempty"`
}

// AcknowledgementDropped records that a receipt isn't sent, or not again, and
// why: a person was quicker, it is too late, or it can't be.
type AcknowledgementDropped struct {
	Reply        string `json:"reply"`
	Contact      string `json:"contact,omitempty"`
	Conversation string `json:"conversation,omitempty"`
	// Reason is a code: "answered", "late", "restarted", "in_doubt",
	// "words_missing", "words_unread", "no_sender", or a channel's.
	Reason string `json:"reason"`
}

func (AcknowledgementOwed) event()    {}
func (AcknowledgementDropped) event() {}

// Acknowledge queues the stored receipt that is owed under Reply.ID, or, with
// Drop, says why there will be none.
type Acknowledge struct {
	Reply Reply
	Keys  []string
	Drop  string
}

func (Acknowledge) command() {}

// Acknowledging says when an automatic receipt is sent.
type Acknowledging struct {
	// First is true for the message that begins a conversation, Later also for
	// one that opens another contact of it.
	First, Later bool
	// Every is the least time between two to one customer.
	Every time.Duration
	// Budget is how many automatic answers go to one correspondent in a day.
	Budget int
}

// latestReceipt is the age from which a message gets no receipt any more: what
// comes after an outage, or is opened afterwards, needs an answer, not that.
// receiptLife is how long one that is queued may wait for its provider.
const (
	latestReceipt = 4 * time.Hour
	receiptLife   = 2 * time.Hour
)

// The reasons why a receipt isn't sent that the router finds itself.
const (
	receiptAnswered  = "answered"
	receiptLate      = "late"
	receiptRestarted = "restarted"
)

// acknowledge decides whether the message that has opened a contact gets a
// receipt. begun is true when it began the conversation.
func (t *turn) acknowledge(c *Receive, open *Contact, m MsgRef, begun bool) {
	how := t.env.Rules.Timing().Acknowledge
	if how == nil {
		return
	}
	a := how(c.Channel)
	switch {
	case !a.First || !begun && !a.Later:
		return
	case c.Auto != contact.AutoNone, c.Unanswerable != "", open.Proposed != "", len(c.Correspondents) == 0:
		return
	case !c.Trust.Proven(), t.env.Now.Sub(c.ReceivedAt) > latestReceipt: // a forged sender is somebody else
		return
	}
	if last, ok := t.Acknowledged[open.Customer]; ok && t.env.Now.Sub(last) < a.Every {
		return
	}
	for _, key := range c.Correspondents {
		if d := t.Duels[key]; d != nil && recent(d.Answers, t.env.Now) >= a.Budget {
			return
		}
	}
	t.receipt = &AcknowledgementOwed{
		Contact: open.ID, Conversation: open.Conversation, Customer: open.Customer, Message: m,
		Channel: open.Channel, Account: open.Account, Language: open.Language, Due: open.Due, Correspondents: c.Correspondents,
	}
}

// oweReceipt records the receipt that is owed since this command, once offers are
// made: whoever nobody could be asked for waits longer.
func (t *turn) oweReceipt() {
	owed := t.receipt
	if owed == nil {
		return
	}
	owed.Reply, owed.Expected = t.newID(), t.expected(t.Contacts[owed.Contact])
	t.emit(*owed)
}

// expected gives when nine of ten contacts like this one have their answer; zero
// while too few were answered, or nobody is there who should be.
func (t *turn) expected(c *Contact) time.Time {
	working := t.env.Rules.Timing().Working
	if c == nil || working == nil {
		return time.Time{}
	}
	x, ok := t.Forecast.Told(c.ID, t.env.Now)
	if !ok {
		return time.Time{}
	}
	at, open := working(factsOf(c), t.env.Now, x.P90)
	if open && t.staff == 0 {
		return time.Time{}
	}
	return at.Truncate(time.Second)
}

// acknowledgement queues a receipt that is owed and now stored. One that isn't
// owed any more was queued before.
func (t *turn) acknowledgement(cmd *Acknowledge) error {
	if t.actor != ActorSender {
		return refuse(RefusedNotAllowed, "receipts are sent by policy")
	}
	owed := t.Owed[cmd.Reply.ID]
	if owed == nil {
		t.result.Known, t.result.Reply = true, cmd.Reply.ID
		return nil
	}
	t.result.Reply, t.result.Contact, t.result.Conversation = owed.Reply, owed.Contact, owed.Conversation
	reason := cmd.Drop
	if reason == "" {
		reason = t.receiptTooLate(owed.Contact, owed.Due, owed.Message.ReceivedAt.Add(latestReceipt))
	}
	if reason != "" {
		t.emit(AcknowledgementDropped{Reply: owed.Reply, Contact: owed.Contact, Conversation: owed.Conversation, Reason: reason})
		return nil
	}
	r := cmd.Reply
	r.Kind, r.Agent, r.Covers, r.PledgeDue = contact.Acknowledgement, "", "", time.Time{}
	r.Conversation, r.Contact, r.Channel, r.Account = owed.Conversation, owed.Contact, owed.Channel, owed.Account
	t.emit(ReplyQueued{Reply: r, Keys: cmd.Keys})
	return nil
}

// receiptTooLate gives why a receipt may not go now, "" where it may: what it
// announces has come, the time that it promises is over, or it is past its own
// limit.
func (t *turn) receiptTooLate(contactID string, due, limit time.Time) string {
	c := t.Contacts[contactID]
	switch {
	case c == nil, !c.Open(), c.State == Sending:
		return receiptAnswered
	case t.env.Now.After(limit), !due.IsZero() && t.env.Now.After(due):
		return receiptLate
	}
	return ""
}

// dropReceipt ends a receipt that was queued.
func (t *turn) dropReceipt(r *Reply, reason string) {
	t.emit(AcknowledgementDropped{Reply: r.ID, Contact: r.Contact, Conversation: r.Conversation, Reason: reason})
}

// staleReceipt gives why a queued receipt may not be attempted any more, ""
// where it may, and for any other reply.
func (t *turn) staleReceipt(r *Reply) string {
	if r.Kind != contact.Acknowledgement {
		return ""
	}
	due := time.Time{}
	if c := t.Contacts[r.Contact]; c != nil {
		due = c.Due
	}
	return t.receiptTooLate(r.Contact, due, r.givenUp())
}

// OwedAcknowledgements gives the receipts that are owed and not queued yet.
func (s *State) OwedAcknowledgements() map[string]*AcknowledgementOwed { return s.Owed }

func (s *State) applyAcknowledgementOwed(e *AcknowledgementOwed) {
	owed := *e
	s.Owed[e.Reply] = &owed
	if c := s.Contacts[e.Contact]; c != nil {
		c.Told = e.Due
	}
	s.Acknowledged[e.Customer] = s.At
	for _, key := range e.Correspondents {
		d := s.duel(key)
		d.Answers = counted(d.Answers, s.At)
	}
}

// applyAcknowledgementDropped ends a receipt, queued or not.
func (s *State) applyAcknowledgementDropped(e *AcknowledgementDropped) {
	if c := s.Contacts[e.Contact]; c != nil && s.Owed[e.Reply] != nil {
		c.Told = time.Time{} // it was never written
	}
	delete(s.Owed, e.Reply)
	if r := s.Replies[e.Reply]; r != nil {
		r.State, r.Reason, r.Code = ReplyHasFailed, e.Reason, ""
		s.settle(r)
		s.indexReply(r)
	}
}

// forgetAcknowledgements takes what is past out of memory.
func (s *State) forgetAcknowledgements() {
	for id, at := range s.Acknowledged {
		if s.At.Sub(at) > longestEvery {
			delete(s.Acknowledged, id)
		}
	}
	for key, d := range s.Duels {
		if recent(d.Answers, s.At)+recent(d.Echoes, s.At)+recent(d.Opened, s.At) == 0 {
			delete(s.Duels, key)
		}
	}
}

// longestEvery is how long it is remembered when a customer last got a receipt.
const longestEvery = 31 * 24 * time.Hour
