package router

import (
	"slices"
	"time"

	"stagecoach/contact"
)

// ActorControl is whoever may open the data directory: they act as a supervisor.
const ActorControl = "control"

// reasonErased is why replies of erased customers aren't sent.
const reasonErased = "erased"

// Erasure is what the router knows of one.
type Erasure struct {
	Customers []string  `json:"customers"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
	// Ended is true once nothing is left of them outside the log.
	Ended bool `json:"ended,omitempty"`
	// Kept is what a law or a hold has us keep, put away.
	Kept []Kept `json:"kept,omitempty"`
	// Held is true while a hold stands on it, until its last day or, with none, until
	// it is lifted. HeldAt is when that was decided.
	Held   bool      `json:"held,omitempty"`
	Until  string    `json:"until,omitempty"`
	HeldAt time.Time `json:"held_at,omitzero"`
	// Reasons are where words about it lie: why a hold was made or lifted, and why
	// what is put away was read. They go with it.
	Reasons []string `json:"reasons,omitempty"`
}

// Holds reports whether a hold stands on a day, written like 2031-12-31. The last day
// is part of it.
func (e *Erasure) Holds(today string) bool { return e.Held && (e.Until == "" || e.Until >= today) }

// ErasureOf gives the erasure of a customer, "" where they weren't erased.
func (s *State) ErasureOf(customer string) string {
	if !s.Erased(customer) {
		return ""
	}
	for id, e := range s.Erasures {
		if slices.Contains(e.Customers, customer) {
			return id
		}
	}
	return ""
}

// Erased reports whether a customer was erased, or is being.
func (s *State) Erased(customer string) bool { return customer != "" && s.erased[customer] }

// applyCustomersErased forgets whom the customers' conversations are with.
func (s *State) applyCustomersErased(e *CustomersErased) {
	if s.Erasures == nil {
		s.Erasures = map[string]*Erasure{}
	}
	one := &Erasure{Customers: slices.Clone(e.Customers), By: e.By, At: s.At, Held: e.Held, Until: e.Until}
	if e.Held {
		one.HeldAt = s.At
	}
	s.Erasures[e.Erasure] = one
	for _, id := range e.Customers {
		s.erased[id] = true
	}
}

func (s *State) applyErasureEnded(e *ErasureEnded) {
	if one := s.Erasures[e.Erasure]; one != nil {
		one.Ended, one.Kept = true, e.Kept
	}
}

func (s *State) applyErasureHeld(e *ErasureHeld) {
	if one := s.Erasures[e.Erasure]; one != nil {
		one.Held, one.Until, one.HeldAt = e.Held, e.Until, s.At
		one.reason(e.Remark)
	}
}

func (s *State) applyKeptRead(e *KeptRead) {
	if one := s.Erasures[e.Erasure]; one != nil {
		one.reason(e.Remark)
	}
}

func (e *Erasure) reason(ref string) {
	if ref != "" {
		e.Reasons = append(e.Reasons, ref)
	}
}

// PendingErasures gives the ids of those that were begun and have not ended, in the
// order of their ids.
func (s *State) PendingErasures() []string {
	var out []string
	for id, one := range s.Erasures {
		if !one.Ended {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// mostErased is how many contacts one command ends: a commit has its size.
const mostErased = 100

// erase records that customers are erased, and ends what is open of theirs.
func (t *turn) erase(cmd *Erase) error {
	decided := t.actor
	if t.actor == ActorRouter && cmd.By != "" {
		decided = cmd.By
	} else if !t.isSupervisor() && t.actor != ActorControl && t.Erasures[cmd.Erasure] == nil {
		return refuse(RefusedNotAllowed, "only a supervisor erases a customer")
	}
	if cmd.Erasure == "" || len(cmd.Customers) == 0 {
		return refuse(RefusedInvalid, "say who is to be erased")
	}
	if t.Erasures[cmd.Erasure] == nil {
		t.emit(CustomersErased{Erasure: cmd.Erasure, Customers: cmd.Customers, By: decided, Held: cmd.Held, Until: cmd.Until})
	}
	by := t.Erasures[cmd.Erasure].By
	open := t.openToErase(cmd)
	for _, id := range open[:min(len(open), mostErased)] {
		t.eraseFrom(t.Contacts[id], by)
	}
	t.result.Left = max(0, len(open)-mostErased)
	if t.result.Left == 0 {
		t.cancelErased(by)
	}
	return nil
}

// openToErase gives the open contacts of an erasure, and those that stand for a
// conversation of it, in a fixed order.
func (t *turn) openToErase(cmd *Erase) []string {
	var open []string
	for _, customer := range t.Erasures[cmd.Erasure].Customers {
		open = append(open, t.byCustomer[customer]...)
		open = append(open, t.byCustomer[t.personID(customer)]...)
	}
	for id := range t.Conversations {
		if v := t.Conversations[id]; t.erased[v.Customer] && v.Contact != "" {
			open = append(open, v.Contact)
		}
	}
	open = append(open, cmd.Contacts...)
	slices.Sort(open)
	return slices.DeleteFunc(slices.Compact(open), func(id string) bool {
		c := t.Contacts[id]
		return c == nil || !c.Open() || !t.isErased(c) && !slices.ContainsFunc(c.Also, t.erasedConversation)
	})
}

// isErased reports whether a contact is of an erased customer, or in a conversation of
// theirs.
func (t *turn) isErased(c *Contact) bool {
	return t.erased[c.Customer] || t.erasedConversation(c.Conversation)
}

func (t *turn) erasedConversation(id string) bool {
	v := t.Conversations[id]
	return v != nil && t.erased[v.Customer]
}

// eraseFrom takes an open contact of a person apart, some of whose members are erased:
// what the others wrote waits on, in a contact of their own where this one is erased.
func (t *turn) eraseFrom(c *Contact, by string) {
	ends := t.isErased(c)
	for _, id := range slices.Clone(c.Also) {
		switch v := t.Conversations[id]; {
		case v == nil || t.erased[v.Customer] == ends:
		case ends:
			t.partFrom(c, v)
		default:
			t.forgetIn(c, v)
		}
	}
	if c.Open() && (ends || c.idle()) {
		t.endErased(c, by)
	}
}

// forgetIn takes an erased customer's conversation off somebody else's contact.
func (t *turn) forgetIn(c *Contact, v *Conversation) {
	ids := []string{}
	for _, m := range c.Messages {
		if m.In == v.ID {
			ids = append(ids, m.ID)
		}
	}
	t.emit(ConversationParted{Conversation: v.ID, With: c.Conversation, Contact: c.ID, Messages: ids})
	t.emit(ConversationClosed{Conversation: v.ID, State: ConversationResolved})
}

// endErased ends one contact, whatever state it is in. A reply on its way is not
// sent any more; where it is being handed over right now, nobody asks what came
// of it.
func (t *turn) endErased(c *Contact, by string) {
	t.revokeOffers(c, "", reasonErased)
	if r := t.Replies[c.Reply]; r != nil && r.SettledN == 0 {
		t.emit(ReplyFailed{Reply: r.ID, Reason: reasonErased, By: by})
	}
	t.emit(ContactEnded{Contact: c.ID, End: EndDisposed, Disposition: contact.Erased, By: by})
	if t.Engagements[c.Conversation] != nil {
		t.emit(Disengaged{Conversation: c.Conversation, Agent: t.Engagements[c.Conversation].Agent, Reason: reasonErased})
	}
	if v := t.Conversations[c.Conversation]; v == nil || v.Contact == "" {
		t.emit(ConversationClosed{Conversation: c.Conversation, State: ConversationResolved})
	}
}

// cancelErased takes back what is still to be sent to erased customers: replies and
// receipts that are owed.
func (t *turn) cancelErased(by string) {
	for _, id := range keysOf(t.unsent, t.inDoubt) {
		r := t.Replies[id]
		v := t.Conversations[r.Conversation]
		switch {
		case v == nil || !t.erased[v.Customer]:
		case r.Kind == contact.Acknowledgement:
			t.dropReceipt(r, reasonErased)
		default:
			t.emit(ReplyFailed{Reply: id, Reason: reasonErased, By: by})
		}
	}
	for _, id := range keysOf(t.Owed) {
		owed := t.Owed[id]
		if v := t.Conversations[owed.Conversation]; v != nil && t.erased[v.Customer] {
			t.emit(AcknowledgementDropped{Reply: owed.Reply, Contact: owed.Contact, Conversation: owed.Conversation, Reason: reasonErased})
		}
	}
	for _, id := range keysOf(t.Engagements) {
		if v := t.Conversations[id]; v != nil && t.erased[v.Customer] {
			t.emit(Disengaged{Conversation: id, Agent: t.Engagements[id].Agent, Reason: reasonErased})
		}
	}
}

func keysOf[V any](maps ...map[string]V) []string {
	var keys []string
	for _, m := range maps {
		for k := range m {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// restored puts what a backup still had to send in doubt: nobody knows whether it has
// been sent since, until the provider's own records say so or a person does. Receipts
// are not worth that.
func (t *turn) restored() {
	unsent := keysOf(t.unsent)
	for _, id := range unsent[:min(len(unsent), mostErased)] {
		t.unsure(t.Replies[id], causeRestored)
	}
	t.result.Left = max(0, len(unsent)-mostErased)
}

// causeRestored is why a reply of a backup is in doubt.
const causeRestored = "restored"

// endErasure records that an erasure is done.
func (t *turn) endErasure(cmd *EndErasure) error {
	one := t.Erasures[cmd.Erasure]
	if one == nil {
		return refuse(RefusedNotFound, "there is no such erasure")
	}
	if !one.Ended || !slices.Equal(one.Kept, cmd.Kept) {
		t.emit(ErasureEnded{Erasure: cmd.Erasure, Removed: cmd.Removed, Kept: cmd.Kept})
	}
	return nil
}

// holdErasure changes or lifts the hold on what is put away of an erasure.
func (t *turn) holdErasure(cmd *HoldErasure) error {
	by := t.actor
	switch one := t.Erasures[cmd.Erasure]; {
	case one == nil:
		return refuse(RefusedNotFound, "there is no such erasure")
	case t.actor == ActorRouter && cmd.By != "":
		by = cmd.By
	case !t.isSupervisor():
		return refuse(RefusedNotAllowed, "only a supervisor, by name, holds what is kept, or lifts that")
	}
	one := t.Erasures[cmd.Erasure]
	if one.Ended && len(one.Kept) == 0 {
		return refuse(RefusedNotFound, "nothing is kept any more: it has been erased")
	}
	if one.Held != cmd.Held || one.Until != cmd.Until {
		t.emit(ErasureHeld{Erasure: cmd.Erasure, Held: cmd.Held, Until: cmd.Until, By: by, Remark: cmd.Remark})
	}
	return nil
}

// readKept records that what is put away of an erasure is read.
func (t *turn) readKept(cmd *ReadKept) error {
	switch one := t.Erasures[cmd.Erasure]; {
	case one == nil || one.Ended && len(one.Kept) == 0:
		return refuse(RefusedNotFound, "nothing is kept")
	case !t.isSupervisor():
		return refuse(RefusedNotAllowed, "only a supervisor, by name, reads what is kept")
	}
	t.emit(KeptRead{Erasure: cmd.Erasure, By: t.actor, Remark: cmd.Remark})
	return nil
}

// ofErased reports whether what was found is an erased customer's: it leads nobody
// any further.
func (t *turn) ofErased(f Found) bool {
	if len(t.erased) == 0 {
		return false
	}
	if t.erased[f.Customer] {
		return true
	}
	v := t.facts(f)
	return v != nil && t.erased[v.Customer]
}
