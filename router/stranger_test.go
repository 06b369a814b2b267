package router

import (
	"fmt"
	"testing"

	"stagecoach/contact"
)

// forged is a mail that names a sender and fails the checks of their domain.
func (r *rig) forged(id, sender string, threads ...string) *Receive {
	m := r.mail(id, sender, threads...)
	m.Trust, m.Claimed, m.Identity = contact.TrustForged, m.Identity, "unproven:"+sender
	return m
}

func TestForgedSenderIsNotTheCustomer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c, id := answered(r)
	open := r.receive(r.mail("m2", "alice", id))
	m := r.forged("f1", "alice", id, "m1")
	m.Subject = "subject:alice:rechnung 20413"
	got := r.receive(m)
	if got.Conversation == c.Conversation || got.Customer == c.Customer || got.ID == open.ID {
		t.Fatalf("a forged sender joined: %+v", got)
	}
	again := r.forged("f2", "alice", "f1")
	if next := r.receive(again); next.Conversation != got.Conversation {
		t.Error("their own conversation doesn't go on")
	}
	r.check()
}

// One whose mail fails the checks on a detour is let in by the token, which only
// those know whom we wrote to.
func TestTokenLetsAnUnprovenSenderIn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	rep := Reply{ID: "r1", Kind: contact.Answer, Contact: c.ID, Channel: contact.Email, Account: "support", Covers: c.LastMessage()}
	r.must("anna", Send{Reply: rep, Keys: []string{"mid:r1", "token:1"}, Participants: []string{"id:alice"}})
	r.deliver("r1")
	for i, sender := range []string{"alice", "mallory"} {
		m := r.forged(fmt.Sprint("f", i), sender)
		m.Token, m.Threads = "token:1", []string{"token:1"}
		if got := r.receive(m); (got.Conversation == c.Conversation) != (sender == "alice") {
			t.Errorf("%s with the token: joined is %v", sender, sender != "alice")
		}
	}
	r.check()
}

func TestStrangerSaysWhatTheyQuoted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.receive(r.mail("m1", "alice"))
	m := r.mail("m2", "mallory")
	m.Token, m.Threads = "token:?", []string{"mid:m1"}
	r.receive(m)
	c, err := DecodeCommit(r.log[len(r.log)-1])
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range c.Entries[0].Events {
		if got, ok := ev.(MessageReceived); ok && (!got.Stranger || got.Quoted != a.Conversation) {
			t.Errorf("recorded as %+v", got)
		}
	}
	r.check()
}

func TestPeopleInCopyOfALaterMessageTakePart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.receive(r.mail("m1", "alice"))
	m := r.mail("m2", "alice", "m1")
	m.Participants = []string{"id:bob"}
	r.receive(m)
	if got := r.receive(r.mail("m3", "bob", "m2")); got.Conversation != c.Conversation {
		t.Error("somebody in copy who answers opened a conversation of their own")
	}
	r.check()
}

// Whoever got our mail passed on has its token, its number and its id, and is
// still a stranger; so is who names the customer in Reply-To.
func TestWhatIsPassedOnLetsNobodyIn(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(r *rig, m *Receive){
		"all of it":         func(*rig, *Receive) {},
		"and the subject":   func(_ *rig, m *Receive) { m.Subject = "subject:alice:rechnung 20413" },
		"and the customer":  func(_ *rig, m *Receive) { m.Participants = []string{"id:alice"} },
		"in reply-to alice": func(_ *rig, m *Receive) { m.Trust, m.Identity = contact.TrustClaimed, "unproven:alice" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			c, id := answered(r)
			m := r.mail("f1", "mallory", id, "m1")
			m.Token = "token:1"
			m.Threads = append(m.Threads, m.Token)
			change(r, m)
			got := r.receive(m)
			if got.Conversation == c.Conversation || got.Customer == c.Customer {
				t.Errorf("a stranger is in: %+v", got)
			}
			if again := r.receive(r.mail("f2", "mallory", id)); again.Conversation == c.Conversation {
				t.Error("a stranger is in by the second mail")
			}
			r.check()
		})
	}
}

// One whom nothing proves to be the customer, let in by the token, brings
// nobody else in.
func TestUnprovenSenderBringsNobodyIn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	rep := Reply{ID: "r1", Kind: contact.Answer, Contact: c.ID, Channel: contact.Email, Account: "support", Covers: c.LastMessage()}
	r.must("anna", Send{Reply: rep, Keys: []string{"mid:r1", "token:1"}, Participants: []string{"id:alice"}})
	r.deliver("r1")
	m := r.forged("f1", "alice")
	m.Token, m.Threads, m.Participants = "token:1", []string{"token:1"}, []string{"id:mallory"}
	if got := r.receive(m); got.Conversation != c.Conversation {
		t.Fatalf("the token let nobody in: %+v", got)
	}
	if got := r.receive(r.mail("f2", "mallory", "f1")); got.Conversation == c.Conversation {
		t.Error("whom they put in copy is in the customer's conversation")
	}
	r.check()
}
