package router

import (
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
)

// Who has written a mail and then sits in the chat is answered there, as soon as a chat is
// promised, also once more is known of them; the two taken apart, each has its own again.
func TestChatAfterMail(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	mail := r.mail("m1", "alice")
	one := r.receive(mail)
	slow := one.Due
	r.now = r.now.Add(10 * time.Minute)
	chat := r.visit("w1", "visitor")
	chat.Hints = []Hint{{Customer: r.whose(mail), Evidence: customers.SignedWeb}}
	r.receive(chat)
	want, _ := r.rules.Promise(PromiseFirst, PromiseFacts{Channel: contact.WebChat, Account: "shop"}, chat.ReceivedAt)
	waits := func(when string) {
		t.Helper()
		if r.state.Totals.Open != 1 || !one.Due.Equal(want) || one.ReplyChannel != contact.WebChat {
			t.Errorf("%s: %d open, due %s, want %s; answered by %s", when, r.state.Totals.Open, one.Due, want, one.ReplyChannel)
		}
		r.check()
	}
	if !want.Before(slow) {
		t.Fatalf("a chat is promised %s, a mail %s: nothing is tried by this test", want, slow)
	}
	waits("in the chat")
	known := customers.Facts{Value: 900_000_000, ValueSource: customers.FromCRM, Reach: "email,webchat"}
	r.must(ActorRouter, ChangeCustomer{Contact: one.ID, Known: known, Class: &Reclassified{Queue: one.Queue, Tier: "gold"}, Policy: r.rules.Version()})
	waits("more is known")
	r.agent("anna", contact.RoleAgent, 100)
	r.must("anna", Unlink{Link: r.edges()[0].Link, Edges: r.edges(), AsOf: r.state.N})
	if r.state.Totals.Open != 2 || !one.Due.Equal(slow) || one.ReplyChannel != contact.Email {
		t.Errorf("apart: %d open, the mail is due %s, want %s; answered by %s", r.state.Totals.Open, one.Due, slow, one.ReplyChannel)
	}
	for _, c := range r.state.Contacts {
		if c != one && c.Open() && (!c.Due.Equal(want) || c.ReplyChannel != contact.WebChat) {
			t.Errorf("apart, the chat is due %s, want %s; answered by %s", c.Due, want, c.ReplyChannel)
		}
	}
	r.check()
}

// A mail after the chat promises nothing sooner, and a promise that has been missed stays
// missed.
func TestMailAfterChat(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	chat := r.visit("w1", "visitor")
	one := r.receive(chat)
	due := one.Due
	r.now = r.now.Add(time.Minute)
	mail := r.mail("m1", "alice")
	mail.Hints = []Hint{{Customer: r.whose(chat), Evidence: customers.SignedWeb}}
	r.receive(mail)
	if !one.Due.Equal(due) || one.ReplyChannel != contact.Email {
		t.Errorf("due %s, want %s; answered by %s", one.Due, due, one.ReplyChannel)
	}
	r.check()
}
