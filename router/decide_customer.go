package router

import (
	"stagecoach/contact"
	"stagecoach/customers"
)

// ChangeCustomer tells what is known now of the customer of an open contact, and
// what the active policy set makes of the contact with it: Policy is that set's
// version, Class nil where that is not to be found anew.
type ChangeCustomer struct {
	Contact string
	Known   customers.Facts
	// ReplyChannel is where the answer is to go, "" for where it goes now.
	ReplyChannel contact.Channel
	Class        *Reclassified
	Policy       string
}

func (ChangeCustomer) command() {}

// changeCustomer notes it on the contact. One that has ended meanwhile is as it was.
func (t *turn) changeCustomer(cmd *ChangeCustomer) error {
	c := t.Contacts[cmd.Contact]
	if c == nil || !c.Open() {
		return refuse(RefusedEnded, "this contact has ended")
	}
	e := CustomerChanged{Contact: c.ID, Known: cmd.Known}
	if cmd.ReplyChannel != c.ReplyChannel && c.State != Sending {
		e.ReplyChannel = cmd.ReplyChannel
	}
	if k := cmd.Class; k != nil && c.Revisable() && c.Proposed == "" && cmd.Policy == t.env.Rules.Version() {
		class := *k
		class.Known = nil // that is said already
		class.Settle(c)
		if e.ReplyChannel != "" {
			class.Demand.ReplyChannel = e.ReplyChannel
		}
		like := *c
		if like.Known = &cmd.Known; class.Changes(c) || like.worth() != c.worth() {
			one := RevisionOf(t.env.Rules, &like, &class, false)
			e.Class, e.Due, e.AtRiskAt, e.Traits, e.Entry, e.StepAt = one.Class, one.Due, one.AtRiskAt, one.Traits, one.Entry, one.StepAt
			e.Policy = cmd.Policy
		}
	}
	if e.Class == nil && e.ReplyChannel == "" && c.Known != nil && *c.Known == cmd.Known {
		t.result.Known, t.result.Contact = true, c.ID
		return nil
	}
	if e.ReplyChannel != "" { // who was asked may not be able to answer there
		t.revokeOffers(c, "", "customer_changed")
	}
	t.emit(e)
	t.chooseAgain(c, "")
	t.result.Contact = c.ID
	return nil
}
