package router

import (
	"testing"
	"time"

	"stagecoach/contact"
)

func TestSilenceMovesTheContact(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	r.now = c.WarnAt
	r.must(ActorRouter, Tick{})
	if !c.Warned {
		t.Fatal("the silent holder was not warned")
	}
	r.agent("bert", contact.RoleAgent, 100)
	r.now = c.PullAt
	r.must(ActorRouter, Tick{})
	if o := r.offerFor(c); o.Agent != "bert" {
		t.Fatalf("pulled back and offered to %s", o.Agent)
	}
	r.check()
}

func TestWhoeverWritesKeepsTheContact(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	r.now = c.PullAt
	r.facts.DraftAt = func(string) time.Time { return r.now.Add(-time.Minute) }
	r.must(ActorRouter, Tick{})
	if c.Agent != "anna" || !c.PullAt.After(r.now) {
		t.Fatalf("held by %q until %v at %v", c.Agent, c.PullAt, r.now)
	}
	r.facts.DraftAt = func(string) time.Time { return r.now.Add(-time.Hour) }
	r.now = c.PullAt
	r.must(ActorRouter, Tick{})
	if c.Agent != "" {
		t.Error("who has stopped writing keeps the contact for ever")
	}
	r.check()
}

func TestMissedOffersSetAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	for range 3 {
		if len(c.Offers) == 0 {
			r.wait(31 * time.Second)
		}
		r.wait(46 * time.Second)
	}
	if got := r.state.Agents["anna"].Presence; got != contact.Away {
		t.Fatalf("after three missed offers anna is %s", got)
	}
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Available})
	r.wait(31 * time.Second)
	if c.State != Offered {
		t.Errorf("back again, the contact is %s", c.State)
	}
	r.check()
}

func TestDeclineCoolsDownAndComesBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.must("anna", Decline{Offer: r.offerFor(c).ID, Reason: "busy"})
	if c.State != Waiting {
		t.Fatalf("declined by the only one, it is %s", c.State)
	}
	r.wait(29 * time.Second)
	if c.State != Waiting {
		t.Fatal("offered again within the cool-down")
	}
	r.wait(2 * time.Second)
	if c.State != Offered {
		t.Fatal("the cool-down has become a bar")
	}
	r.check()
}

func TestUnreachableGivesOffersBackAtOnceAndHoldsWhenLate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	held := r.receive(r.mail("m1", "alice"))
	r.accept(held)
	offered := r.receive(r.mail("m2", "bob"))
	r.must(ActorRouter, SetPresence{Agent: "anna", Presence: contact.Unreachable, Cause: "heartbeat"})
	if offered.State != Waiting || held.State != AssignedTo {
		t.Fatalf("offered is %s, held is %s", offered.State, held.State)
	}
	r.now = held.RecallAt
	r.must(ActorRouter, Tick{})
	if held.State != Waiting {
		t.Fatalf("at its last moment, the contact is %s", held.State)
	}
	r.check()
}
