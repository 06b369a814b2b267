package router

import (
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// The reasons that the router itself gives for ending an offer or a hold.
const (
	reasonAccepted    = "accepted_elsewhere"
	reasonPresence    = "not_there"
	reasonTaken       = "assigned_by_person"
	reasonDisposed    = "disposed"
	reasonReplied     = "replied"
	reasonSilent      = "silent"
	reasonLateAbsent  = "absent_until_late"
	reasonRemoved     = "agent_removed"
	reasonHandOver    = "handed_over"
	reasonTransfer    = "transferred"
	reasonTakeNext    = "took_next"
	reasonReview      = "proposed"
	reasonClock       = "clock_was_set"
	reasonResumed     = "router_was_away"
	causeMissedOffers = "missed_offers"
	causeBack         = "back"
)

// revokeOffers ends the live offers of a contact, but for one.
func (t *turn) revokeOffers(c *Contact, but, reason string) {
	for _, id := range slices.Clone(c.Offers) {
		if id != but {
			o := t.Offers[id]
			t.emit(OfferEnded{Offer: id, Contact: c.ID, Agent: o.Agent, End: OfferRevoked, Reason: reason})
		}
	}
}

func (t *turn) offerOf(id string) (*Offer, error) {
	o := t.Offers[id]
	switch {
	case o == nil:
		return nil, refuse(RefusedTaken, "this offer has ended: a colleague was faster, or its time ran out")
	case o.Agent != t.actor:
		return nil, refuse(RefusedNotYours, "this offer was made to a colleague")
	}
	return o, nil
}

func (t *turn) accept(cmd Accept) error {
	o, err := t.offerOf(cmd.Offer)
	if err != nil {
		return err
	}
	c := t.Contacts[o.Contact]
	t.revokeOffers(c, o.ID, reasonAccepted)
	a := t.assignment(c, o.Agent, o.ID, t.actor, "", t.env.Rules.Work(c.ReplyChannel))
	a.Turn = t.turnFor(t.Agents[o.Agent], o.Why.Lane)
	t.emit(a)
	t.about(c)
	return nil
}

// turnFor is what an assignment of a lane adds to what its agent owes, by a rule
// that promises turns. Nobody pays more than they owe.
func (t *turn) turnFor(a *Agent, lane match.Lane) int64 {
	if r, promises := t.env.Rules.Matching().(interface{ TurnFor(lane match.Lane) int64 }); promises {
		return max(r.TurnFor(lane), -max(a.Credit, 0))
	}
	return 0
}

// about names the contact in the result.
func (t *turn) about(c *Contact) {
	t.result.Contact, t.result.Conversation = c.ID, c.Conversation
}

func (t *turn) decline(cmd Decline) error {
	o, err := t.offerOf(cmd.Offer)
	if err != nil {
		return err
	}
	c := t.Contacts[o.Contact]
	until := t.env.Now.Add(t.env.Rules.Offering(c.ReplyChannel).CoolDown)
	t.emit(OfferEnded{Offer: o.ID, Contact: c.ID, Agent: o.Agent, End: OfferDeclined, Reason: cmd.Reason, CoolUntil: until})
	t.about(c)
	return nil
}

func headOf(c *Contact) *match.Head {
	return &match.Head{Contact: c.ID, Due: c.Due, Start: c.Start, Need: c.need}
}

// assign gives a contact to an agent by a person's word: the holder transfers,
// a supervisor assigns, an agent takes what waits.
func (t *turn) assign(cmd *Assign) error {
	c, err := t.openContact(cmd.Contact)
	if err != nil {
		return err
	}
	a := t.Agents[cmd.Agent]
	switch {
	case a == nil || a.Removed:
		return refuse(RefusedNotFound, "there is no such agent")
	case c.Agent == a.ID:
		t.about(c)
		t.result.Known = true
		return nil
	case c.State == Sending:
		return refuse(RefusedBusy, "a reply is on its way: wait until it is delivered or has failed")
	}
	if err := t.mayAssign(c, a); err != nil {
		return err
	}
	work := t.env.Rules.Work(c.ReplyChannel)
	above := t.exceeds(c, a, work)
	if above != "" && !cmd.Override {
		return refuse(RefusedCapacity, "this would exceed %s: confirm to do it all the same", limitWords[above])
	}
	reason := cmd.Reason
	if c.Agent == t.actor && reason == "" {
		reason = reasonTransfer
	}
	t.revokeOffers(c, "", reasonTaken)
	t.clearProposal(c)
	e := t.assignment(c, a.ID, "", t.actor, reason, work)
	e.Remark, e.Override = cmd.Remark, above != ""
	t.emit(e)
	t.about(c)
	return nil
}

func (t *turn) mayAssign(c *Contact, to *Agent) error {
	if t.isSupervisor() {
		return nil
	}
	if !t.isPerson() {
		return refuse(RefusedNotAllowed, "only an agent can assign a contact")
	}
	if c.Agent == "" && to.ID == t.actor {
		if gate := match.Able(&c.Demand, &c.Traits, headOf(c).Age(t.env.Now), to.cand); gate != "" {
			return refuse(RefusedNotAllowed, "this contact needs what you don't have: %s", gate)
		}
		return nil
	}
	if c.Agent != t.actor {
		return refuse(RefusedNotYours, "only its holder or a supervisor can give this contact to somebody")
	}
	if !works(to.Presence) {
		return refuse(RefusedNotAllowed, "this colleague is %s: choose somebody who is there, or give it back", to.Presence)
	}
	return nil
}

// clearProposal takes a contact out of review, as a person works on it.
func (t *turn) clearProposal(c *Contact) {
	if c.Proposed != "" {
		t.clear(c, Moved{Queue: t.env.Rules.Timing().Queue, By: t.actor, Reason: "taken"}, c.Start)
	}
}

// clear takes a contact out of review: from then on it has the promise that a
// customer's message has, counted from that message's receipt, unless what was
// promised is due earlier.
func (t *turn) clear(c *Contact, e Moved, from time.Time) {
	e.Contact, e.Cleared, e.Promise = c.ID, true, PromiseFirst
	if v := t.Conversations[c.Conversation]; v != nil && v.Answered {
		e.Promise = PromiseNext
	}
	facts := factsOf(c)
	facts.Queue = e.Queue
	due, risk := t.env.Rules.Promise(e.Promise, facts, from)
	e.Due, e.AtRiskAt = earlier(c.Due, due), earlier(c.AtRiskAt, risk)
	e.Traits = t.env.Rules.Traits(e.Promise, facts)
	e.Entry, e.Policy = t.env.Rules.Entry(e.Promise, facts), t.env.Rules.Version()
	t.emit(e)
}

func (t *turn) pullBack(cmd *PullBack) error {
	c, err := t.openContact(cmd.Contact)
	if err != nil {
		return err
	}
	if err := t.mayHandle(c); err != nil {
		return err
	}
	switch c.State {
	case AssignedTo:
	case Sending:
		return refuse(RefusedBusy, "a reply is on its way: wait until it is delivered or has failed")
	case Waiting, Offered, EndedContact:
		return refuse(RefusedInvalid, "nobody holds this contact")
	}
	until := t.env.Now.Add(t.env.Rules.Offering(c.ReplyChannel).CoolDown)
	t.emit(Unassigned{Contact: c.ID, Agent: c.Agent, By: t.actor, Reason: cmd.Reason, Remark: cmd.Remark, CoolUntil: until})
	t.about(c)
	return nil
}

func (t *turn) moveTo(cmd *MoveTo) error {
	c, err := t.openContact(cmd.Contact)
	if err != nil {
		return err
	}
	if c.Proposed == "" || !t.isPerson() {
		if err := t.mayHandle(c); err != nil {
			return err
		}
	}
	queue := queueOr(cmd.Queue, t.env.Rules.Timing().Queue)
	e := Moved{Contact: c.ID, Queue: queue, By: t.actor, Reason: cmd.Reason, Remark: cmd.Remark}
	if cmd.Clear && c.Proposed != "" {
		t.clear(c, e, c.Start)
	} else {
		t.emit(e)
	}
	t.about(c)
	return nil
}

// dispose ends contacts by a person's reason. All are checked before any ends.
func (t *turn) dispose(cmd *Dispose) error {
	if !t.isPerson() {
		return refuse(RefusedNotAllowed, "only a named person ends a contact without a reply")
	}
	if !slices.Contains(contact.Dispositions(), cmd.Disposition) || cmd.Disposition == contact.Erased {
		return refuse(RefusedInvalid, "%q is no disposition: use spam, machine, duplicate or no_reply_needed", cmd.Disposition)
	}
	if len(cmd.Contacts) > disposeAtMost {
		return refuse(RefusedInvalid, "these are %d contacts: end at most %d at a time", len(cmd.Contacts), disposeAtMost)
	}
	for _, id := range cmd.Contacts {
		c, err := t.openContact(id)
		if err != nil {
			return err
		}
		if c.State == Sending {
			return refuse(RefusedBusy, "a reply is on its way: wait until it is delivered or has failed")
		}
		if c.Agent != "" && c.Agent != t.actor && !t.isSupervisor() {
			return refuse(RefusedNotYours, "a colleague holds this contact")
		}
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(cmd.Contacts))) {
		c := t.Contacts[id]
		t.revokeOffers(c, "", reasonDisposed)
		owed := c.Undelivered
		t.emit(ContactEnded{Contact: id, End: EndDisposed, Disposition: cmd.Disposition, By: t.actor, Remark: cmd.Remark})
		owes := t.owe(c, owed)
		for k, id := range c.Conversations() {
			if v := t.Conversations[id]; (k > 0 || !owes) && (v == nil || v.Contact == "") {
				t.emit(ConversationClosed{Conversation: id, State: ConversationResolved})
			}
		}
		t.about(c)
	}
	return nil
}

// reopen undoes a disposal, with the original clock.
func (t *turn) reopen(cmd *Reopen) error {
	c := t.Contacts[cmd.Contact]
	if c == nil {
		c = cmd.Facts
	}
	switch {
	case c == nil:
		return refuse(RefusedNotFound, "there is no contact with this id")
	case c.Open():
		return refuse(RefusedInvalid, "this contact is open")
	case c.End != EndDisposed:
		return refuse(RefusedInvalid, "this contact ended by being %s: only a disposal can be undone", c.End)
	case t.erased[c.Customer]:
		return refuse(RefusedEnded, "the customer of this contact was erased: there is nothing to answer any more")
	case !t.isPerson():
		return refuse(RefusedNotAllowed, "only an agent can reopen a contact")
	}
	if t.Conversations[c.Conversation] == nil && cmd.Conversation != nil {
		t.recall(cmd.Conversation)
	}
	t.bringBack(c, "not_"+string(c.Disposition), nil)
	t.about(c)
	return nil
}

func (t *turn) note(cmd *Note) error {
	if !t.isPerson() {
		return refuse(RefusedNotAllowed, "only an agent can write a note")
	}
	if v := t.Conversations[cmd.Conversation]; v != nil && t.erased[v.Customer] {
		return refuse(RefusedEnded, "the customer of this conversation was erased")
	}
	t.emit(Noted{Conversation: cmd.Conversation, Contact: cmd.Contact, Note: cmd.Note, Ref: cmd.Ref, By: t.actor})
	t.result.Conversation, t.result.Contact = cmd.Conversation, cmd.Contact
	return nil
}
