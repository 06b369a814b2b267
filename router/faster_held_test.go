package router

import (
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
)

// What an agent has who is not there goes to somebody else in time for the sooner promise,
// too: the customer sits in the chat now.
func TestChatAfterMailOfTheAbsent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	mail := r.mail("m1", "alice")
	one := r.receive(mail)
	r.accept(one)
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Away})
	chat := r.visit("w1", "visitor")
	chat.Hints = []Hint{{Customer: r.whose(mail), Evidence: customers.SignedWeb}}
	before := one.Due
	if r.receive(chat); !one.Due.Before(before) || one.State != AssignedTo {
		t.Fatalf("due %s, was %s; it is %s: nothing is tried by this test", one.Due, before, one.State)
	}
	r.now = one.Due
	if r.must(ActorRouter, Tick{}); one.State == AssignedTo {
		t.Errorf("the chat is due %s, and who is not there has it until %s", one.Due, one.RecallAt)
	}
	r.check()
}

// The same where the two were written before anybody knew that they are one person's.
func TestLinkedToWhatTheAbsentHas(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	mail := r.mail("m1", "alice")
	one := r.receive(mail)
	r.accept(one)
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Away})
	chat := r.visit("w1", "visitor")
	r.receive(chat)
	before := one.Due
	r.must(ActorControl, Link{A: r.whose(mail), B: r.whose(chat), Evidence: customers.ByAgent, AsOf: r.state.N})
	if !one.Due.Before(before) || one.State != AssignedTo || r.state.Totals.Open != 1 {
		t.Fatalf("due %s, was %s; it is %s, of %d: nothing is tried by this test", one.Due, before, one.State, r.state.Totals.Open)
	}
	r.now = one.Due
	if r.must(ActorRouter, Tick{}); one.State == AssignedTo {
		t.Errorf("it is due %s, and who is not there has it until %s", one.Due, one.RecallAt)
	}
	r.check()
}

// A promise that has been missed stays missed, whatever joins late.
func TestMissedStaysMissed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	mail := r.mail("m1", "alice")
	one := r.receive(mail)
	due := one.Due
	late := r.visit("w1", "visitor") // written now, and read late
	r.now = due.Add(time.Second)
	r.must(ActorRouter, Tick{})
	late.Hints = []Hint{{Customer: r.whose(mail), Evidence: customers.SignedWeb}}
	if r.receive(late); !one.Breached || !one.Due.Equal(due) {
		t.Errorf("missed %v, due %s, want %s", one.Breached, one.Due, due)
	}
	r.check()
}
