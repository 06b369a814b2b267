package router

import (
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// sleepUntil lets time pass as the engine does: the core is woken only when it
// asked for it.
func (r *rig) sleepUntil(at time.Time) {
	r.t.Helper()
	for wake, ok := r.state.Wake(r.rules); ok && !wake.After(at); wake, ok = r.state.Wake(r.rules) {
		if wake.After(r.now) {
			r.now = wake
		}
		r.must(ActorRouter, Tick{})
	}
	r.now = at
}

// TestKeptForWhoComesBackFull keeps a contact for anna, who came back with full
// hands after it had come: bert has it when the time for that is over.
func TestKeptForWhoComesBackFull(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 20)
	r.accept(r.receive(r.mail("m0", "zoe")))
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Away})
	r.agent("bert", contact.RoleAgent, 20)
	held := r.receive(r.mail("m1", "yves"))
	r.accept(held)
	c := r.receive(r.named("m2", "anna"))
	r.now = r.now.Add(30 * time.Second)
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Available})
	r.now = r.now.Add(30 * time.Second)
	r.must("bert", Dispose{Contacts: []string{held.ID}, Disposition: contact.Duplicate})
	if c.State != Waiting {
		t.Fatalf("it is %s, not kept", c.State)
	}
	r.sleepUntil(c.Start.Add(c.Traits.Hold + time.Second))
	if c.State != Offered || r.offerFor(c).Agent != "bert" {
		t.Errorf("bert is free and it is %s", c.State)
	}
	r.check()
}

// TestWhoDeclinesIsNotWaitedFor gives what the customer's own agent has declined
// to somebody else at once, by rank where several are named.
func TestWhoDeclinesIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("carl", contact.RoleAgent, 100)
	r.wait(time.Minute)
	r.agent("anna", contact.RoleAgent, 100)
	r.agent("bert", contact.RoleAgent, 100)
	c := r.receive(r.named("m1", "anna", "bert"))
	for _, want := range []string{"anna", "bert", "carl"} {
		if c.State != Offered || r.offerFor(c).Agent != want {
			t.Fatalf("it is %s, it should be %s's turn", c.State, want)
		}
		r.must(want, Decline{Offer: r.offerFor(c).ID, Reason: "busy"})
	}
	r.check()
}

// TestNextByRankGetsItInTheSameInstant has two who begin at nine, and two contacts
// for the first of them, who has room for one: the other is the second's at once.
func TestNextByRankGetsItInTheSameInstant(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.limit(match.Limits{Zone: time.UTC})
	r.now = time.Date(2026, 3, 2, 8, 59, 30, 0, time.UTC) // a Monday
	shift := []Shift{{Day: time.Monday, From: 9 * 60, To: 17 * 60}}
	r.able("anna", true, AgentProfile{Capacity: 20, Shifts: shift})
	r.able("bert", true, AgentProfile{Capacity: 20, Shifts: shift})
	first := r.receive(r.named("m1", "anna", "bert"))
	second := r.receive(r.named("m2", "anna", "bert"))
	r.sleepUntil(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	if first.State != Offered || second.State != Offered {
		t.Errorf("at nine the first is %s, the second %s", first.State, second.State)
	}
	r.check()
}

// TestRoomIsMadeForNobodyInVain ends the contact for which an agent makes room:
// they are given other work at once.
func TestRoomIsMadeForNobodyInVain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = rulesFrom(t, map[string]string{"routing.yaml": `channels:
  - {name: email, units: 20}
  - {name: letter, units: 100}
`})
	r.able("anna", false, AgentProfile{Capacity: 100})
	r.agent("lead", contact.RoleSupervisor, 100)
	r.must("lead", SetPresence{Agent: "lead", Presence: contact.Away})
	m := r.mail("big", "alice")
	m.Channel, m.Source = contact.Letter, "letter/desk"
	big := r.receive(m)
	r.sleepUntil(match.GuardAt(big.Start, big.Traits.Target, 2).Add(-time.Minute))
	small := r.receive(r.mail("m1", "bob"))
	r.must("lead", Assign{Contact: small.ID, Agent: "anna"})
	r.state.Agents["anna"].Credit = match.Micro
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Available})
	r.sleepUntil(r.now.Add(2 * time.Minute))
	next := r.receive(r.mail("m2", "carol"))
	if big.State != Waiting || next.State != Waiting {
		t.Fatalf("the letter is %s, the mail %s: no room is made", big.State, next.State)
	}
	r.must("lead", Dispose{Contacts: []string{big.ID}, Disposition: contact.Duplicate})
	r.sleepUntil(r.now.Add(time.Second))
	if next.State != Offered {
		t.Errorf("nobody needs the room and the mail is %s", next.State)
	}
}

// TestHoldingBackBreaksNoPromise has a promise so short that work held back for
// chats would be late.
func TestHoldingBackBreaksNoPromise(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = rulesFrom(t, map[string]string{
		"routing.yaml": "channels:\n  - {name: email, units: 100}\n  - {name: webchat, units: 100, live: true}\n",
		"sla.yaml":     "default: {first: 15m, next: 15m}\n",
	})
	r.agent("anna", contact.RoleAgent, 100)
	chat := r.chat("c1", "zoe")
	r.accept(chat)
	r.must("anna", Dispose{Contacts: []string{chat.ID}, Disposition: contact.Duplicate})
	mail := r.receive(r.mail("m1", "alice"))
	if mail.State != Offered {
		t.Errorf("it is %s: an agent who takes %v would be late with it", mail.State, r.rules.Work(contact.Email).Handling)
	}
	r.check()
}

// TestWhoAlwaysWorksHasNoEnd works around the clock every day: in no week is
// there an end of a shift before which nothing comes.
func TestWhoAlwaysWorksHasNoEnd(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	var always []Shift
	for day := time.Sunday; day <= time.Saturday; day++ {
		always = append(always, Shift{Day: day, From: 0, To: dayMinutes})
	}
	r := newRig(t)
	r.limit(match.Limits{Zone: zone, Drain: time.Hour})
	r.able("anna", true, AgentProfile{Capacity: 100, Shifts: always})
	begin := r.now
	for n := range 24 * 16 {
		r.sleepUntil(begin.Add(time.Duration(n) * time.Hour))
		id := r.now.Format(time.RFC3339)
		c := r.receive(r.mail(id, id))
		if c.State != Offered {
			t.Fatalf("after %v it is %s", r.now.Sub(begin), c.State)
		}
		r.accept(c)
		r.must("anna", Dispose{Contacts: []string{c.ID}, Disposition: contact.Duplicate})
	}
	weekend := []Shift{{Day: time.Saturday, From: 0, To: dayMinutes}, {Day: time.Sunday, From: 0, To: dayMinutes}}
	monday := time.Date(2026, 3, 2, 1, 0, 0, 0, zone)
	if sp := nextSpan(weekend, zone, monday); !sp.from.Equal(monday.AddDate(0, 0, 5).Add(-time.Hour)) || !sp.until.Equal(sp.from.AddDate(0, 0, 2)) {
		t.Errorf("on Monday the next weekend is %v to %v", sp.from, sp.until)
	}
}

// TestCapEndsOnADayWithoutMidnight has the clocks go forward at midnight.
func TestCapEndsOnADayWithoutMidnight(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Santiago")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	r.limit(match.Limits{Zone: zone})
	r.now = time.Date(2026, 9, 5, 23, 50, 0, 0, zone).UTC()
	r.able("anna", true, AgentProfile{Capacity: 100, DailyCap: 1})
	r.accept(r.receive(r.mail("m1", "alice")))
	c := r.receive(r.mail("m2", "bob"))
	if c.State != Waiting {
		t.Fatalf("the second of one is %s", c.State)
	}
	r.sleepUntil(r.now.Add(9 * time.Minute))
	if c.State != Waiting {
		t.Error("a cap ended before midnight")
	}
	r.sleepUntil(r.now.Add(70 * time.Second))
	if c.State != Offered {
		t.Errorf("on the next day it is %s", c.State)
	}
	r.check()
}

// TestChatsOfWhoMissesOffersStayAMoment sets an agent away: their chats stay as
// long as with anybody who isn't there.
func TestChatsOfWhoMissesOffersStayAMoment(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = rulesFrom(t, map[string]string{"sla.yaml": "default: {first: 5m, next: 5m}\n"})
	r.agent("anna", contact.RoleAgent, 100)
	chat := r.chat("c1", "zoe")
	r.accept(chat)
	for _, id := range []string{"m1", "m2", "m3"} {
		r.receive(r.mail(id, id))
	}
	for r.state.Agents["anna"].Presence == contact.Available {
		r.sleepUntil(r.now.Add(time.Second))
	}
	if r.wait(time.Second); chat.Agent != "anna" {
		t.Fatal("the chat went at once")
	}
	if r.sleepUntil(r.now.Add(time.Minute)); chat.Agent != "" {
		t.Error("the chat stays with somebody who isn't there")
	}
	r.check()
}

// TestNothingGoesOnByAClockThatWasAhead sets the clock right by a year: what an
// agent has in hand ends as it would have.
func TestNothingGoesOnByAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = lingering{r.rules}
	r.agent("anna", contact.RoleAgent, 100)
	right := r.now
	r.now = right.AddDate(1, 0, 0)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	r.deliver(r.reply("anna", c, contact.Answer, c.LastMessage()))
	m := r.mail("m2", "bob")
	m.ReceivedAt = right
	held := r.receive(m)
	r.accept(held)
	from := r.now
	r.now = right.Add(time.Minute)
	r.must(ActorRouter, StepClock{From: from, To: r.now})
	if at := r.state.Engagements[c.Conversation].Until; at.After(r.now.Add(3 * time.Minute)) {
		t.Errorf("a conversation goes on until %v", at)
	}
	if held.PullAt.After(r.now.Add(time.Hour)) || held.WarnAt.After(held.PullAt) {
		t.Errorf("a silent holder is warned at %v and has it until %v", held.WarnAt, held.PullAt)
	}
	r.sleepUntil(r.now.Add(time.Hour))
	if len(r.state.Engagements) > 0 || held.Agent != "" {
		t.Errorf("an hour later %d go on, %q has the other", len(r.state.Engagements), held.Agent)
	}
	r.check()
}

// TestSetAwayByAClockThatWasAhead comes back with the next thing that they do.
func TestSetAwayByAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 60)
	right := r.now
	r.now = right.AddDate(1, 0, 0)
	for _, id := range []string{"m1", "m2", "m3"} {
		r.receive(r.mail(id, id))
	}
	r.wait(time.Minute)
	from := r.now
	r.now = right.Add(time.Minute)
	r.must(ActorRouter, StepClock{From: from, To: r.now})
	r.must("anna", Note{Conversation: "v", Note: "n", Ref: "note.n"})
	if a := r.state.Agents["anna"]; a.Presence != contact.Available {
		t.Errorf("anna is %s", a.Presence)
	}
	r.check()
}

// TestLateWorkCanBeDoneUnderAnyPolicy accepts a late contact where the policy
// gives a silent holder no time at all.
func TestLateWorkCanBeDoneUnderAnyPolicy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = rulesFrom(t, map[string]string{"routing.yaml": "silence: {warn: 0.5, pull_back: 0.8, least: 0s}\n"})
	c := r.receive(r.mail("m1", "alice"))
	r.now = c.Due.Add(time.Hour)
	r.agent("anna", contact.RoleAgent, 100)
	r.accept(c)
	if r.wait(time.Minute); c.Agent != "anna" {
		t.Fatal("it was taken back before anybody could answer")
	}
	if r.sleepUntil(r.now.Add(time.Hour)); c.Agent != "" {
		t.Error("a silent holder keeps it")
	}
	r.check()
}

// TestClearedHasThePromiseOfItsKind takes a first message out of review: what the
// rule reckons with is the promise that it has then.
func TestClearedHasThePromiseOfItsKind(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = rulesFrom(t, map[string]string{"sla.yaml": "default: {first: 1h, next: 8h}\nreview: {first: 24h}\n"})
	r.agent("anna", contact.RoleAgent, 100)
	m := r.mail("m1", "alice")
	m.Propose = contact.Spam
	c := r.receive(m)
	r.must("anna", MoveTo{Contact: c.ID, Clear: true, Reason: "no_spam"})
	if c.Traits.Target != time.Hour || !c.clock().Equal(c.Start) {
		t.Errorf("its promise allows %v, by the clock since %v", c.Traits.Target, c.clock())
	}
	r.check()
}
