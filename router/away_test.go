package router

import (
	"testing"
	"time"

	"stagecoach/contact"
)

// Nobody could answer while no router was there: nobody has missed anything.
func TestAnOutageIsNoMiss(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 60)
	for _, id := range []string{"m1", "m2", "m3"} {
		r.receive(r.mail(id, id))
	}
	if len(r.state.Offers) != 3 {
		t.Fatalf("%d offers", len(r.state.Offers))
	}
	r.now = r.now.Add(10 * time.Minute)
	r.must(ActorRouter, Begin{Life: "life-2"})
	if a := r.state.Agents["anna"]; a.Presence != contact.Available || a.Misses != 0 || len(a.Offers) != 3 {
		t.Errorf("anna is %s, missed %d, has %d offers", a.Presence, a.Misses, len(a.Offers))
	}
	r.wait(time.Minute) // these she has missed
	if a := r.state.Agents["anna"]; a.Presence != contact.Away {
		t.Errorf("anna is %s", a.Presence)
	}
	r.check()
}

// Whoever held a contact through an outage gets a moment to go on.
func TestAnOutageIsNoSilence(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 60)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	r.now = c.PullAt.Add(time.Hour)
	r.must(ActorRouter, Begin{Life: "life-2"})
	if c.Agent != "anna" {
		t.Fatal("the contact was taken from its holder")
	}
	r.now = c.PullAt
	r.must(ActorRouter, Tick{})
	if c.Agent != "" {
		t.Error("the contact stays with who is silent")
	}
	r.check()
}

// The clock was a year ahead and is set right: nothing waits for a year.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 60)
	right := r.now
	r.now = r.now.AddDate(1, 0, 0)
	late := r.receive(r.mail("m1", "alice"))
	r.must("anna", Decline{Offer: r.offerFor(late).ID})
	offered := r.receive(r.mail("m2", "bob"))
	r.now = late.Due
	r.must(ActorRouter, Tick{})
	if r.state.ToldAt.IsZero() {
		t.Fatal("the last resort was not told")
	}
	from := r.now
	r.now = right.Add(time.Hour)
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Available})
	r.must(ActorRouter, StepClock{From: from, To: r.now})
	for _, c := range []*Contact{late, offered} {
		if o := r.offerFor(c); o.Expires.Sub(r.now) > time.Minute {
			t.Errorf("an offer stands for %v", o.Expires.Sub(r.now))
		}
	}
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Away})
	r.wait(time.Second)
	if r.state.ToldAt.After(r.now) {
		t.Errorf("the last resort was told at %v, it is %v", r.state.ToldAt, r.now)
	}
	r.check()
}

// The reply of an agent who was removed meanwhile fails: the contact waits.
func TestReplyOfARemovedAgentFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 60)
	r.agent("lead", contact.RoleSupervisor, 60)
	r.must("lead", SetPresence{Agent: "lead", Presence: contact.Away})
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	id := r.reply("anna", c, contact.Answer, c.LastMessage())
	r.must("lead", RemoveAgent{Agent: "anna"})
	res := r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
	r.must(ActorSender, Outcome{Reply: id, Attempt: res.Attempt, Life: "life-1", Permanent: true, Reason: "rejected"})
	if c.State != Waiting || c.Agent != "" {
		t.Errorf("the contact is %s with %q", c.State, c.Agent)
	}
	r.check()
}

// A reply fails after a day: its author was not silent.
func TestAuthorOfAFailedReplyIsNotSilent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 60)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	id := r.reply("anna", c, contact.Answer, c.LastMessage())
	res := r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
	r.now = c.PullAt.Add(time.Hour)
	r.must(ActorSender, Outcome{Reply: id, Attempt: res.Attempt, Life: "life-1", Permanent: true, Reason: "rejected"})
	r.wait(time.Second)
	if c.Agent != "anna" {
		t.Errorf("the contact is %s with %q", c.State, c.Agent)
	}
	r.check()
}

// The account of a queued reply is gone for good: a person sees to it in the end.
func TestReplyThatNobodySends(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 60)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	id := r.reply("anna", c, contact.Answer, c.LastMessage())
	res := r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
	r.wait(24 * time.Hour)
	r.must(ActorSender, Outcome{Reply: id, Attempt: res.Attempt, Life: "life-1", Reason: "unavailable", RetryAfter: time.Minute})
	r.wait(25 * time.Hour)
	if c.State != Sending {
		t.Fatalf("it is %s", c.State)
	}
	r.wait(24 * time.Hour)
	if c.State == Sending || r.state.Replies[id].State != ReplyHasFailed {
		t.Errorf("after three days it is %s, its reply %s", c.State, r.state.Replies[id].State)
	}
	r.check()
}

func TestByHandIsGivenByHand(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 60)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	r.refused(RefusedInvalid, "anna", Send{Reply: Reply{ID: "r1", Kind: contact.Answer, Contact: c.ID, Channel: contact.Phone, Covers: c.LastMessage()}})
	r.check()
}

// The outbox has a reply twice: the second does not hurry it.
func TestAttemptBeforeItsTime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 60)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	id := r.reply("anna", c, contact.Answer, c.LastMessage())
	res := r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
	r.must(ActorSender, Outcome{Reply: id, Attempt: res.Attempt, Life: "life-1", Reason: "rate_limited", RetryAfter: time.Hour})
	r.refused(RefusedEarly, ActorSender, Attempt{Reply: id, Life: "life-1"})
	r.now = r.now.Add(time.Hour)
	r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
	r.check()
}
