package router

import (
	"cmp"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
)

// find looks a key up in the state and, for what has left it, in what the
// ledger knew.
func (t *turn) find(key string, known map[string]Found) (Found, bool) {
	if key == "" {
		return Found{}, false
	}
	if e := t.Index[key]; e != nil {
		return Found{
			Kind: e.Kind, Message: e.Message, Place: e.Place, Contact: e.Contact,
			Conversation: e.Conversation, Customer: e.Customer, Reply: e.Reply,
			ContactFacts: known[key].ContactFacts, ReplyFacts: known[key].ReplyFacts,
			ConversationFacts: known[key].ConversationFacts,
		}, true
	}
	f, ok := known[key]
	return f, ok
}

// receive decides what an item is: a message that joins or opens a contact,
// evidence, or quarantined; and never the same twice (I2).
func (t *turn) receive(c *Receive) error {
	if c.AsOf+1 < t.TrimmedTo {
		return refuse(RefusedStale, "the look-up is as of commit %d, needed is %d", c.AsOf, t.TrimmedTo-1)
	}
	if f, ok := t.find(c.ItemKey, c.Known); ok {
		if c.Released == "" || f.Message != c.Released {
			t.seenBefore(c, f)
			return nil
		}
		if c.Quarantine != "" {
			return refuse(RefusedInvalid, "this item still can't be read")
		}
	} else if c.Released != "" {
		return refuse(RefusedNotFound, "no such item is in quarantine")
	}
	switch {
	case c.Quarantine != "":
		id := t.newID()
		t.emit(Quarantined{Item: c.Item, ID: id, Reason: c.Quarantine})
		t.result.Message = id
	case c.Kind == KindOwnCopy:
		t.ownCopy(c)
	case c.Bounce != nil && t.bounce(c):
	case c.Kind == KindHistory:
		t.history(c)
	case c.Kind == KindFeedback:
		t.feedback(c)
	case c.Kind == KindChanged && t.changed(c):
	default:
		t.message(c)
	}
	if c.Released != "" {
		t.emit(QuarantineLeft{ID: c.Released, Source: c.Source, Message: t.result.Message})
	}
	return nil
}

// The kinds of items, as channels.InboundKind has them.
const (
	KindFresh   = "message"
	KindHistory = "history"
	KindOwnCopy = "own_copy"
	KindChanged = "changed"
	// KindFeedback is what a customer says of an answer on their own page.
	KindFeedback = "feedback"
)

// seenBefore handles an item that is known: a redelivery changes nothing; the
// same item in another place was counted there and is evidence.
func (t *turn) seenBefore(c *Receive, f Found) {
	t.result.Known = true
	t.result.Message, t.result.Contact, t.result.Conversation = f.Message, f.Contact, f.Conversation
	if f.Place == c.Place || c.Kind == KindHistory {
		return
	}
	t.evidence(c, EvidenceMoved, f)
}

func (t *turn) evidence(c *Receive, kind EvidenceKind, f Found) {
	id := t.newID()
	e := EvidenceReceived{
		Item: c.Item, Evidence: id, Kind: kind,
		Conversation: f.Conversation, Contact: f.Contact, Reply: f.Reply,
	}
	if c.Bounce != nil {
		e.Code = c.Bounce.Code
	}
	t.emit(e)
	t.result.Message, t.result.Contact, t.result.Conversation = id, f.Contact, f.Conversation
}

// ownCopy handles what was found among our own sent mail: a reply of ours, or
// one written elsewhere to an open contact, which is proposed as its answer.
func (t *turn) ownCopy(c *Receive) {
	for _, k := range c.Keys {
		if f, ok := t.find(k, c.Known); ok && f.Kind == KeyReply {
			t.evidence(c, EvidenceOwnCopy, f)
			return
		}
	}
	for _, k := range c.Threads {
		f, ok := t.find(k, c.Known)
		if !ok {
			continue
		}
		if v := t.Conversations[f.Conversation]; v != nil && v.Contact != "" {
			f.Contact = v.Contact
			t.evidence(c, EvidenceElsewhere, f)
			return
		}
		t.evidence(c, EvidenceOwnCopy, f)
		return
	}
	t.evidence(c, EvidenceOwnCopy, Found{})
}

// message handles a customer's message.
func (t *turn) message(c *Receive) {
	if f, ok := t.copyOf(c); ok {
		t.evidence(c, EvidenceCopy, t.openOrOwn(f))
		return
	}
	if t.automatic(c) || t.approached(c) {
		return
	}
	echo := t.suspect(c)
	customer := t.customer(c)
	t.hint(c, customer, "")
	v, by, quoted := t.place(c)
	id := t.newID()
	m := MsgRef{ID: id, Ref: c.Ref, ReceivedAt: c.ReceivedAt}
	e := MessageReceived{
		Item: c.Item, Message: id, Customer: customer, Conversation: v.ID, Keys: c.Keys,
		Stranger: quoted != "", Quoted: quoted, Trust: c.Trust, JoinedBy: by, Participants: newcomers(v, c), Echo: echo,
	}
	if echo {
		e.Correspondents = c.Correspondents
	}
	open, elsewhere := t.openFor(c, v)
	if open != nil {
		e.Contact = open.ID
		t.emit(e)
		if elsewhere {
			t.emit(ConversationJoined{Conversation: v.ID, With: open.Conversation, Contact: open.ID, Cause: joinedByMatter})
		}
		if v.ID != open.Conversation {
			m.In = v.ID
		}
		t.join(open, m, c)
	} else {
		v = t.goOn(t.renew(v, itemFacts(c), c.ReceivedAt), itemFacts(c), c.ReceivedAt)
		next := t.contactFor(c, v, m)
		e.Contact = next.ID
		if next.Proposed == contact.Machine {
			e.Machine, e.Correspondents = true, c.Correspondents
		}
		t.emit(e)
		t.emit(ContactOpened{Contact: next, Policy: t.env.Rules.Version(), Behind: t.behind(c.Classed)})
		t.acknowledge(c, &next, m, by == "")
		t.goesOn(t.Contacts[next.ID])
	}
	t.result.Message, t.result.Contact, t.result.Conversation = id, e.Contact, v.ID
}

// join adds a message to the open contact. A promise counts from the first
// unanswered message; a contact that owes more by a pledge takes the earlier
// due time, and so does one whose customer goes on where we promise to be faster.
// What a person has written to us is no machine's any more.
func (t *turn) join(open *Contact, m MsgRef, c *Receive) {
	joined := MessageJoined{Contact: open.ID, Message: m, Due: open.Due, AtRiskAt: open.AtRiskAt}
	facts, kind := factsOf(open), PromiseNext
	if c.Channel != open.Channel && len(open.Messages) > 0 && open.Revisable() {
		facts.Channel, facts.Account, kind = c.Channel, c.Account, open.Promise
	}
	sooner := !open.Breached && (len(open.Messages) == 0 || facts.Channel != open.Channel)
	if due, risk := t.env.Rules.Promise(kind, facts, m.ReceivedAt); sooner && due.Before(open.Due) {
		joined.Due, joined.AtRiskAt, joined.RecallAt = due, earlier(risk, open.AtRiskAt), open.recallBy(due)
		joined.Entry, joined.Policy = t.env.Rules.Entry(kind, facts), t.env.Rules.Version()
	}
	t.emit(joined)
	if c.Channel != open.ReplyChannel && open.ReplyBy.Source == "" && open.State != Sending { // they have gone on elsewhere
		t.answerBy(open, &ReplyChannelChosen{Contact: open.ID, Channel: c.Channel, ReplyBy: ReplyBy{Public: c.Public}})
	}
	if open.Proposed != "" && c.Propose == "" && c.Auto == contact.AutoNone {
		t.clear(open, Moved{Queue: queueOr(c.Queue, t.env.Rules.Timing().Queue), By: ActorRouter, Reason: "wrote_again"}, m.ReceivedAt)
	}
}

func factsOf(c *Contact) PromiseFacts {
	return PromiseFacts{
		Channel: c.Channel, Account: c.Account, Class: c.Class, Kind: c.Kind,
		Queue: c.Queue, Language: c.Language, Tier: c.Tier, Value: c.worth(),
	}
}

// worth gives what its customer is worth, in points, 0 where nothing is known.
func (c *Contact) worth() int64 {
	if c.Known == nil {
		return 0
	}
	return c.Known.Points()
}

func itemFacts(c *Receive) PromiseFacts {
	return PromiseFacts{
		Channel: c.Channel, Account: c.Account, Class: c.Class, Kind: c.About,
		Queue: c.Queue, Language: c.Language, Tier: c.Tier, Value: c.Profile.Facts.Points(),
	}
}

// renew promises the resolution anew where a conversation that was resolved, or
// that we started and that had no such promise, is taken up. One that is open,
// or that waits for the customer, keeps the promise that it has.
func (t *turn) renew(v *Conversation, f PromiseFacts, start time.Time) *Conversation {
	if v.State != ConversationResolved && (v.State != ConversationWithCustomer || !v.ResolveBy.IsZero()) {
		return v
	}
	by := t.env.Rules.Resolution(f, start)
	if by.Equal(v.ResolveBy) {
		return v
	}
	next := *v
	next.ResolveBy, next.ResolveFrom, next.ResolveMissed = by, start, false
	next.Left, next.PausedAt, next.Steps = 0, time.Time{}, nil
	next.StepAt = t.plannedResolution(&next, f)
	t.emit(ConversationOpened{Conversation: next, Back: true, Renewed: true})
	return t.Conversations[v.ID]
}

func queueOr(queue, otherwise string) string {
	if queue == "" {
		return otherwise
	}
	return queue
}

// customer finds or makes the sender's customer.
func (t *turn) customer(c *Receive) string {
	n := len(t.events)
	id := t.customerOf(c.Identity, c.Channel, c.Known, c.Profile.Record)
	if c.Profile.Proves && len(t.events) == n && !t.erased[id] { // known before: met anew, as whom they are
		t.emit(CustomerKnown{Customer: id, Channel: c.Channel, Identity: c.Identity})
	}
	return id
}

// customerOf finds whose identity it is: whom the log knows by it, else whose record
// has it, else somebody new.
func (t *turn) customerOf(identity string, ch contact.Channel, known map[string]Found, record string) string {
	if f, ok := t.find(identity, known); ok && f.Customer != "" && !t.erased[f.Customer] {
		return f.Customer
	}
	id := record
	if id == "" || t.erased[id] {
		id = t.newID()
	}
	t.emit(CustomerKnown{Customer: id, Channel: ch, Identity: identity})
	return id
}

// history records an older message, without a promise.
func (t *turn) history(c *Receive) {
	if f, ok := t.copyOf(c); ok {
		t.result.Known, t.result.Message = true, f.Message
		return
	}
	customer := t.customer(c)
	v, by, _ := t.thread(c)
	if v == nil {
		v = t.newConversation(c, customer)
	}
	id := t.newID()
	t.emit(MessageReceived{Item: c.Item, Message: id, Customer: customer, Conversation: v.ID, Keys: c.Keys, Trust: c.Trust, JoinedBy: by, Participants: newcomers(v, c)})
	t.result.Message, t.result.Conversation = id, v.ID
}

// contactFor makes the contact that a message opens, with its promise.
func (t *turn) contactFor(c *Receive, v *Conversation, m MsgRef) Contact {
	tm := t.env.Rules.Timing()
	n := Contact{
		ID: t.newID(), Conversation: v.ID, Customer: v.Customer, Person: t.ofPerson(v.Customer, c.Known),
		Channel: c.Channel, Account: c.Account, ReplyChannel: c.Channel,
		Class: c.Class, Kind: c.About, Rule: c.Rule, Language: c.Language, Tier: c.Tier, Demand: c.Demand, Asked: c.Asked,
		Proposed: c.Propose, Queue: queueOr(c.Queue, tm.Queue), LastResort: tm.LastResort,
		Promise: PromiseFirst, Start: c.ReceivedAt, Messages: []MsgRef{m},
		State: Waiting, Prefer: cmp.Or(v.LastAgent, c.LastAgent), Preferred: c.Preferred,
	}
	if f := c.Profile.Facts; f != (customers.Facts{}) {
		n.Known = &f
	}
	n.Demand.Channel, n.Demand.ReplyChannel = n.Channel, n.ReplyChannel
	t.wantsReply(&n, c.Public)
	if v.Answered {
		n.Promise = PromiseNext
	}
	if n.Proposed != "" {
		n.Promise, n.Queue = PromiseReview, queueOr(tm.ReviewQueue, "review")
	}
	n.Due, n.AtRiskAt = t.env.Rules.Promise(n.Promise, factsOf(&n), n.Start)
	n.Traits = t.env.Rules.Traits(n.Promise, factsOf(&n))
	t.promised(&n)
	return n
}
