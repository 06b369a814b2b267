package router

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
)

// erasedStory is a customer who is erased while a contact waits, one is held with a
// reply that was queued, and a receipt is owed, and who writes again afterwards.
func erasedStory(r *rig) {
	r.agent("anna", contact.RoleAgent, 100)
	r.agent("lead", contact.RoleSupervisor, 0)
	r.rules = acknowledging(r.t, "first")
	c := r.receive(r.customer("m1", "alice"))
	r.reply(r.accept(c), c, contact.Answer, c.LastMessage())
	r.must("lead", Erase{Erasure: "e1", Customers: []string{c.Customer}})
	r.must(ActorRouter, EndErasure{Erasure: "e1", Removed: []Count{{Kind: "messages", N: 1}}})
	again := r.customer("m2", "alice")
	again.Threads = []string{"mid:m1"}
	r.receive(again)
	r.must(ActorRouter, ApplyRetention{Removed: []Count{{Kind: "messages", N: 3}}, Spared: []Count{{Kind: "notes", N: 1}}})
}

func TestErasedGolden(t *testing.T) {
	t.Parallel()
	if *update == "log-erased" {
		r := newRig(t)
		erasedStory(r)
		writeGolden(t, r, *update)
	}
}

// restrictedStory is a customer whose erasure is asked for while a hold stands: all is
// put away, read by somebody, the hold changed and lifted; and another's, of whom a law
// has us keep something until its day has come.
func restrictedStory(r *rig) {
	r.agent("lead", contact.RoleSupervisor, 0)
	c := r.receive(r.mail("m1", "alice"))
	r.must("lead", Erase{Erasure: "e1", Customers: []string{c.Customer}, Held: true, Until: "2026-12-31"})
	r.must(ActorRouter, EndErasure{Erasure: "e1", Removed: []Count{{Kind: "messages", N: 1}}, Kept: []Kept{{Until: "2026-12-31", N: 1, Hold: true}}})
	r.must("lead", ReadKept{Erasure: "e1", Remark: "reason.r1"})
	r.must("lead", HoldErasure{Erasure: "e1", Held: true, Remark: "reason.r2"})
	r.must(ActorRouter, EndErasure{Erasure: "e1", Kept: []Kept{{N: 1, Hold: true}}})
	r.must(ActorRouter, HoldErasure{Erasure: "e1", By: "lead"})
	r.must(ActorRouter, EndErasure{Erasure: "e1", Removed: []Count{{Kind: "kept", N: 1}}})
	d := r.receive(r.mail("m2", "bob"))
	r.must("lead", Erase{Erasure: "e2", Customers: []string{d.Customer}})
	r.must(ActorRouter, EndErasure{Erasure: "e2", Kept: []Kept{{Rule: "letters", Until: "2032-12-31", N: 1}}})
}

func TestRestrictedGolden(t *testing.T) {
	t.Parallel()
	if *update == "log-restricted" {
		r := newRig(t)
		restrictedStory(r)
		writeGolden(t, r, *update)
	}
}

// What is kept of who was restricted is known from the log alone: until when, and that
// nothing is once it has ended; and only a named supervisor has a say.
func TestRestricted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	restrictedStory(r)
	first, second := r.state.Erasures["e1"], r.state.Erasures["e2"]
	if first.Held || len(first.Kept) > 0 || !slices.Equal(first.Reasons, []string{"reason.r1", "reason.r2"}) {
		t.Errorf("the lifted one is %+v", first)
	}
	if len(second.Kept) != 1 || second.Kept[0] != (Kept{Rule: "letters", Until: "2032-12-31", N: 1}) {
		t.Errorf("the one kept by law is %+v", second)
	}
	r.agent("anna", contact.RoleAgent, 100)
	for _, actor := range []string{"anna", ActorControl} {
		r.refused(RefusedNotAllowed, actor, HoldErasure{Erasure: "e2", Held: true})
		r.refused(RefusedNotAllowed, actor, ReadKept{Erasure: "e2"})
	}
	r.refused(RefusedNotFound, "lead", HoldErasure{Erasure: "e1", Held: true})
	r.refused(RefusedNotFound, "lead", ReadKept{Erasure: "e1"})
	r.must("lead", HoldErasure{Erasure: "e2", Held: true, Until: "2033-01-01"})
	if !second.Holds("2033-01-01") || second.Holds("2033-01-02") {
		t.Errorf("held %+v", second)
	}
}

// An erased customer has nothing open, nothing is sent to them, and what they
// write afterwards is a new customer's, even as an answer to what was.
func TestErase(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	r.agent("lead", contact.RoleSupervisor, 0)
	c := r.receive(r.mail("m1", "alice"))
	id := r.reply(r.accept(c), c, contact.Answer, c.LastMessage())
	r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
	bob := r.receive(r.mail("m2", "bob"))
	r.refused(RefusedNotAllowed, "anna", Erase{Erasure: "e1", Customers: []string{c.Customer}})
	r.refused(RefusedInvalid, "lead", Erase{Erasure: "e1"})
	r.must("lead", Erase{Erasure: "e1", Customers: []string{c.Customer}})

	if got := r.state.Contacts[c.ID]; got.Open() || got.Disposition != contact.Erased || got.EndedBy != "lead" {
		t.Errorf("the contact is %s, %q, by %q", got.State, got.Disposition, got.EndedBy)
	}
	if got := r.state.Replies[id].State; got != ReplyHasFailed {
		t.Errorf("the reply is %s", got)
	}
	if res := r.must(ActorSender, Outcome{Reply: id, Attempt: 1, Life: "life-1", Delivered: true}); !res.Known {
		t.Error("an outcome after the erasure changed something")
	}
	if !r.state.Contacts[bob.ID].Open() {
		t.Error("another customer's contact was ended")
	}
	r.refused(RefusedEnded, "lead", Reopen{Contact: c.ID})
	if got := r.state.PendingErasures(); !slices.Equal(got, []string{"e1"}) {
		t.Errorf("pending are %v", got)
	}
	r.must(ActorRouter, EndErasure{Erasure: "e1"})
	if got := r.state.PendingErasures(); len(got) != 0 {
		t.Errorf("pending are %v", got)
	}

	again := r.receive(r.mail("m3", "alice", "m1"))
	if again.Customer == c.Customer || again.Conversation == c.Conversation {
		t.Error("an erased customer's message was led to what is erased")
	}
	dsn := r.mail("dsn", "mailer")
	dsn.Bounce = &BounceFact{Permanent: true, Code: "5.1.1", Key: "mid:" + id}
	r.must(ActorIntake, *dsn)
	if r.state.Contacts[c.ID].Open() {
		t.Error("a bounce opened an erased customer's contact")
	}
}

// Many open contacts are ended by several commands, whoever gives the later ones.
func TestEraseInSteps(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("lead", contact.RoleSupervisor, 0)
	var customer string
	for i := range 2*mostErased + 10 {
		r.now = r.now.Add(time.Hour)
		customer = r.receive(r.mail(fmt.Sprint("m", i), "alice")).Customer
	}
	cmd := Erase{Erasure: "e1", Customers: []string{customer}}
	left, rounds := r.must(ActorControl, cmd).Left, 1
	for ; left > 0 && rounds < 10; rounds++ {
		left = r.must(ActorRouter, cmd).Left
	}
	if open := r.state.OpenOf(customer); len(open) > 0 || rounds != 3 {
		t.Errorf("%d contacts are open after %d commands", len(open), rounds)
	}
	if !r.state.Totals.AddsUp() || r.state.Totals.Disposed[contact.Erased] != 2*mostErased+10 {
		t.Errorf("the totals are %+v", r.state.Totals)
	}
}

// What a backup had still to send is in doubt once it is restored, also what was to be
// tried again later: nothing is sent twice unseen.
func TestRestored(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	for i := range 3 {
		c := r.receive(r.mail(fmt.Sprint("m", i), fmt.Sprint("alice", i)))
		id := r.reply(r.accept(c), c, contact.Answer, c.LastMessage())
		if i > 0 {
			r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
		}
		if i > 1 {
			r.must(ActorSender, Outcome{Reply: id, Attempt: 1, Life: "life-1", Reason: "unavailable", RetryAfter: time.Hour})
		}
	}
	if left := r.must(ActorRouter, Restored{}).Left; left != 0 || len(r.state.InDoubt()) != 3 || len(r.state.Unsent()) != 0 {
		t.Errorf("%d are in doubt, %d unsent, %d left", len(r.state.InDoubt()), len(r.state.Unsent()), left)
	}
}

// Of one person with two addresses, one is erased alone, as a restored backup may know
// a link that was undone since: what the other wrote waits on, whoever began it.
func TestEraseOneOfAPerson(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		for _, sending := range []bool{true, false} {
			r := newRig(t)
			r.agent("anna", contact.RoleAgent, 100)
			chat := r.visit("w1", "visitor")
			one := r.receive(chat)
			mail := r.mail("m1", "alice")
			mail.Hints = []Hint{{Customer: r.whose(chat), Evidence: customers.SignedWeb}}
			r.receive(mail)
			if len(one.Messages) != 2 {
				t.Fatal("they don't wait together")
			}
			if sending {
				r.reply(r.accept(one), one, contact.Answer, one.LastMessage())
			}
			stays, goes := r.whose(chat), r.whose(mail)
			message := one.Messages[0].ID
			if first {
				stays, goes, message = goes, stays, one.Messages[1].ID
			}
			r.must(ActorControl, Erase{Erasure: "e1", Customers: []string{goes}})
			left := map[string][]string{}
			for _, c := range r.state.Contacts {
				if c.Open() {
					for _, m := range c.Messages {
						left[c.Customer] = append(left[c.Customer], m.ID)
					}
					if len(c.Also) > 0 {
						t.Errorf("%s still stands for %v", c.ID, c.Also)
					}
				}
			}
			if len(left) != 1 || !slices.Equal(left[stays], []string{message}) {
				t.Errorf("first erased: %v, sending: %v: there wait %v, want %s of %s", first, sending, left, message, stays)
			}
			if again := r.must(ActorControl, Erase{Erasure: "e1", Customers: []string{goes}}); again.Left != 0 || r.state.Totals.Open != 1 {
				t.Errorf("once more: %+v, %d open", again, r.state.Totals.Open)
			}
			r.check()
		}
	}
}

// While an erasure is at work, nobody becomes one person with whom is erased, and what
// comes doesn't wait with what is about to end.
func TestNobodyIsLedToWhomIsErased(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 0)
	r.now = r.now.Add(time.Hour)
	chat, mail := r.visit("w1", "visitor"), r.mail("m1", "alice")
	r.receive(chat)
	stranger := r.receive(r.mail("s1", "bob"))
	r.must(ActorControl, Erase{Erasure: "e1", Customers: []string{r.whose(chat)}})
	mail.Hints = []Hint{{Customer: r.whose(chat), Evidence: customers.SignedWeb}}
	r.receive(mail)
	if n := r.count("customers_linked"); n != 0 {
		t.Error("somebody who writes was linked to an erased customer")
	}
	r.refused(RefusedEnded, "anna", Link{A: r.whose(chat), B: stranger.Customer, Evidence: customers.ByAgent})
	r.check()
}

// A message of a person doesn't join what is another member's and about to be erased.
func TestErasureTakesNoMore(t *testing.T) {
	t.Parallel()
	for _, visits := range []bool{true, false} {
		r := newRig(t)
		r.agent("anna", contact.RoleAgent, 0)
		goes := r.mail("x0", "bob")
		r.receive(goes)
		other := r.visit("w0", "visitor")
		other.Class = "another matter"
		r.receive(other)
		r.must("anna", Link{A: r.whose(goes), B: r.whose(other), Evidence: customers.ByAgent})
		for i := range 2 * mostErased { // more than one command ends
			r.now = r.now.Add(time.Hour)
			r.receive(r.mail(fmt.Sprint("x", i+1), "bob"))
		}
		cmd := Erase{Erasure: "e1", Customers: []string{r.whose(goes)}}
		if left := r.must(ActorControl, cmd).Left; left == 0 {
			t.Fatal("one command has ended all")
		}
		next := r.visit("w1", "visitor")
		if !visits {
			next = r.mail("m1", "carol")
			next.Known = map[string]Found{}
			next.Hints = nil
			next.Identity = other.Identity
		}
		c := r.receive(next)
		if c.Customer != r.whose(other) {
			t.Errorf("visits %v: it waits in a contact of whom is erased", visits)
		}
		for r.must(ActorRouter, cmd).Left > 0 {
		}
		if !c.Open() {
			t.Errorf("visits %v: it ended with what was erased", visits)
		}
		r.check()
	}
}
