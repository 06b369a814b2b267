package router

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router/match"
)

// wholeLadder has every action.
const wholeLadder = `version: 1
ladder:
  - {name: remind, share: 0.25, action: warn}
  - {name: again, share: 0.5, action: reoffer}
  - {name: others, at: at_risk, action: widen}
  - {name: seniors, before: 20m, action: queue, queue: seniors}
  - {name: boss, at: due, action: lead, to: boss@example.com, assign: true}
  - {name: gold, after: 10m, when: customer.tier == "gold", action: on_call, to: night}
  - {name: night, share: 2, action: on_call, to: night}
  - {name: owner, share: 3, action: lead}
`

// laddered gives rules with a promise of 100 minutes and this ladder.
func laddered(t failer, text string) Rules {
	t.Helper()
	set, err := policies.LoadFiles("laddered", map[string][]byte{
		"sla.yaml":        []byte("version: 1\ndefault: {first: 100m, next: 100m, at_risk: 0.75, resolution: 10h}\n"),
		"escalation.yaml": []byte(text),
	})
	if err != nil {
		t.Fatal(err)
	}
	return RulesOf(set)
}

// climbed lists the steps of the log: what, of whom, and what came of it.
func (r *rig) climbed() []string {
	r.t.Helper()
	var out []string
	for _, data := range r.log {
		c, err := DecodeCommit(data)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, e := range c.Entries {
			for _, ev := range e.Events {
				if one, ok := ev.(Escalated); ok {
					out = append(out, strings.TrimSuffix(one.Step+" "+string(one.Outcome), " "))
				}
			}
		}
	}
	return out
}

func (r *rig) steps(want ...string) {
	r.t.Helper()
	if got := r.climbed(); !slices.Equal(got, want) {
		r.t.Fatalf("steps %q, want %q", got, want)
	}
}

func (r *rig) knows(address, id string) {
	r.facts.Agent = func(a string) (string, bool) { return id, a == address }
}

// TestEveryStepOfTheLadder walks a contact that nobody answers up the whole ladder.
func TestEveryStepOfTheLadder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = laddered(t, wholeLadder)
	r.knows("boss@example.com", "boss")
	r.agent("anna", contact.RoleAgent, 100)
	r.agent("boss", contact.RoleSupervisor, 0)
	m := r.mail("m1", "alice")
	m.Demand = match.Demand{Wishes: []match.Wish{{Skill: match.Skill{Name: "cars", Level: 2}, For: 90 * time.Minute}}}
	r.must(ActorRouter, SetAgent{Agent: AgentProfile{ID: "bert", Role: contact.RoleAgent, Capacity: 100, Skills: []match.Skill{{Name: "cars", Level: 3}}}})
	r.must("bert", SetPresence{Agent: "bert", Presence: contact.Available, Cause: "self"})
	c := r.receive(m)
	start := r.now
	at := func(min int, want ...string) {
		t.Helper()
		r.now = start.Add(time.Duration(min)*time.Minute - time.Second)
		r.must(ActorRouter, Tick{})
		r.steps(want[:len(want)-1]...)
		r.now = r.now.Add(time.Second)
		r.must(ActorRouter, Tick{})
		r.steps(want...)
	}
	if by := r.accept(c); by != "bert" {
		t.Fatalf("accepted by %s", by)
	}
	c.PullAt = start.Add(24 * time.Hour) // it is the ladder that is tried here
	r.state.timeContact(c)
	at(25, "remind")
	if c.Agent != "bert" {
		t.Fatal("a reminder has taken it away")
	}
	at(50, "remind", "again")
	if c.Agent != "" || c.Cool["bert"].IsZero() {
		t.Fatalf("silent bert has it still: %q, passed over until %v", c.Agent, c.Cool)
	}
	r.must("bert", SetPresence{Agent: "bert", Presence: contact.Offline, Cause: "self"})
	at(75, "remind", "again", "others")
	if c.Demand.Wishes[0].For != 0 || c.State != Offered || r.offerFor(c).Agent != "anna" {
		t.Fatalf("it was widened to %+v and is %s", c.Demand, c.State)
	}
	at(80, "remind", "again", "others", "seniors")
	if c.Queue != "seniors" || c.Placed {
		t.Fatalf("it stands in %s, put there by a person: %v", c.Queue, c.Placed)
	}
	at(100, "remind", "again", "others", "seniors", "boss")
	if c.Agent != "boss" || len(c.Offers) != 0 || !c.Breached {
		t.Fatalf("the lead did not get it: %q", c.Agent)
	}
	c.PullAt = start.Add(24 * time.Hour)
	r.state.timeContact(c)
	at(200, "remind", "again", "others", "seniors", "boss", "night")
	at(300, "remind", "again", "others", "seniors", "boss", "night", "owner")
	if got, want := r.state.OwingIDs(), []string{c.ID + "/boss", c.ID + "/night", c.ID + "/owner"}; !slices.Equal(got, want) {
		t.Fatalf("still to be told: %q, want %q", got, want)
	}
	r.must(ActorRouter, Told{Tellings: []string{c.ID + "/boss", c.ID + "/night", "other/one"}, By: []string{"mail"}})
	r.must(ActorRouter, Told{Tellings: []string{c.ID + "/boss"}, By: []string{"mail"}})
	if got := r.state.OwingIDs(); len(got) != 1 {
		t.Fatalf("still to be told: %q", got)
	}
	r.wait(1000 * time.Hour)
	if n := len(r.climbed()); n != 7 || !c.StepAt.IsZero() {
		t.Fatalf("%d steps in the end, the next at %s", n, c.StepAt)
	}
	r.check()
}

// TestStepsThatHaveNothingToDo are on record with the reason.
func TestStepsThatHaveNothingToDo(t *testing.T) {
	t.Parallel()
	const text = `version: 1
ladder:
  - {name: again, share: 0.2, action: reoffer}
  - {name: wider, share: 0.3, action: widen}
  - {name: there, share: 0.4, action: queue, queue: general}
  - {name: boss, share: 0.5, action: lead, to: boss@example.com, assign: true}
  - {name: whoever, share: 0.6, action: lead, to: nobody@example.com}
`
	r := newRig(t)
	r.rules = laddered(t, text)
	r.knows("boss@example.com", "boss")
	r.agent("boss", contact.RoleSupervisor, 0)
	r.must("boss", SetPresence{Agent: "boss", Presence: contact.Away, Cause: "self"})
	r.receive(r.mail("m1", "alice"))
	r.wait(2 * time.Hour)
	r.steps("again nobody_has_it", "wider nothing_left", "there there_already", "boss not_there", "whoever unknown_person")
	spam := r.mail("m2", "mallory")
	spam.Propose = contact.Spam
	c := r.receive(spam)
	r.now = c.Due.Add(48 * time.Hour)
	r.must(ActorRouter, Tick{})
	if got := r.climbed()[5:]; !slices.Equal(got, []string{"again in_review", "wider in_review", "there in_review", "boss in_review", "whoever unknown_person"}) || c.Queue != "review" {
		t.Fatalf("in review: %q, queue %s", got, c.Queue)
	}
	r.check()
}

// TestAHolderAtWorkKeepsIt: who is writing, or has just taken it, isn't silent.
func TestAHolderAtWorkKeepsIt(t *testing.T) {
	t.Parallel()
	const text = "version: 1\nladder:\n  - {name: again, share: 0.2, action: reoffer}\n  - {name: end, at: due, action: lead}\n"
	for outcome, prepare := range map[StepOutcome]func(r *rig, c *Contact){
		StepAtWork:    func(r *rig, _ *Contact) { r.facts.DraftAt = func(string) time.Time { return r.now.Add(-time.Minute) } },
		StepJustTaken: func(r *rig, c *Contact) { c.AssignedAt = r.now.Add(19 * time.Minute) },
		"":            func(*rig, *Contact) {},
	} {
		r := newRig(t)
		r.rules = laddered(t, text)
		r.agent("anna", contact.RoleAgent, 100)
		c := r.receive(r.mail("m1", "alice"))
		r.accept(c)
		prepare(r, c)
		r.now = r.now.Add(20 * time.Minute)
		r.must(ActorRouter, Tick{})
		r.steps(strings.TrimSpace("again " + string(outcome)))
		if kept := c.Agent == "anna"; kept != (outcome != "") {
			t.Errorf("%q: she has it still: %v", outcome, kept)
		}
	}
}

// TestTheLadderOfAnOldQuestionIsNotBegunAnew: a new promise has a ladder of its own,
// a renewed one goes on where it was, and what is sent waits.
func TestTheLadderOfAnOldQuestionIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	const text = "version: 1\nladder:\n  - {name: half, share: 0.5, action: warn}\n  - {name: end, at: due, action: lead}\n"
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	r.agent("lead", contact.RoleSupervisor, 0)
	r.tune(ActorRouter, laddered(t, text))
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	c.PullAt = c.Due.Add(24 * time.Hour)
	r.wait(50 * time.Minute)
	r.steps("half")
	r.receive(r.mail("m2", "alice", "m1"))
	r.wait(time.Minute)
	r.steps("half") // another message of the same question
	r.tune("lead", laddered(t, strings.Replace(text, "0.5", "0.6", 1)+"# edited\n"))
	r.wait(14 * time.Minute)
	r.steps("half") // it was taken, by another set
	r.tune("lead", laddered(t, "version: 1\nladder:\n  - {name: quarter, share: 0.25, action: warn}\n  - {name: end, at: due, action: lead}\n"))
	r.wait(time.Second)
	r.wait(0)
	r.steps("half", "quarter") // of the new set, and its time is over
	id := r.reply("anna", c, contact.Answer, c.LastMessage())
	r.now = c.Due.Add(time.Hour)
	r.must(ActorRouter, Tick{})
	r.steps("half", "quarter")
	r.failSending(id)
	r.wait(0)
	r.steps("half", "quarter", "end")
	r.deliver(r.reply("anna", c, contact.Answer, c.LastMessage()))
	next := r.receive(r.mail("m3", "alice", "m1"))
	r.now = next.Due.Add(time.Second)
	r.must(ActorRouter, Tick{})
	r.steps("half", "quarter", "end", "quarter", "end")
	r.check()
}

// TestTheResolutionHasALadder: its steps come by the conversation's promise, which
// stands still while the customer is asked.
func TestTheResolutionHasALadder(t *testing.T) {
	t.Parallel()
	const text = `version: 1
ladder:
  - {name: half, for: [resolution], share: 0.5, action: warn}
  - {name: whole, for: [resolution], at: due, action: lead}
`
	r := newRig(t)
	r.rules = laddered(t, text)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	begun := r.now
	r.now = r.now.Add(time.Hour)
	r.deliver(r.reply(r.accept(c), c, contact.Ask, c.LastMessage()))
	v := r.state.Conversations[c.Conversation]
	if v.Left != 9*time.Hour {
		t.Fatalf("left %s as the customer was asked", v.Left)
	}
	r.wait(30 * time.Hour)
	if r.steps(); r.state.Conversations[v.ID].ResolveMissed {
		t.Fatal("the promise ran while the customer was to answer")
	}
	c = r.receive(r.mail("m2", "alice", "m1"))
	v = r.state.Conversations[c.Conversation]
	if want := begun.Add(40 * time.Hour); !v.ResolveBy.Equal(want) || !v.StepAt.Equal(want.Add(-5*time.Hour)) {
		t.Fatalf("resolved by %s, want %s; half at %s", v.ResolveBy, want, v.StepAt)
	}
	r.now = v.StepAt
	r.must(ActorRouter, Tick{})
	r.steps("half")
	r.now = v.ResolveBy
	r.must(ActorRouter, Tick{})
	r.steps("half", "whole")
	if !r.state.Conversations[v.ID].ResolveMissed {
		t.Error("it was missed")
	}
	r.check()
}

// TestTheResolutionsStepWaitsForTheReply: a step that comes while a reply is being sent
// is taken once that has failed, without a restart.
func TestTheResolutionsStepWaitsForTheReply(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = laddered(t, "version: 1\nladder:\n  - {name: whole, for: [resolution], at: due, action: lead}\n")
	r.agent("anna", contact.RoleAgent, 100)
	m := r.mail("m1", "alice")
	m.ReceivedAt = r.now.Add(-10*time.Hour + time.Minute)
	c := r.receive(m)
	r.accept(c)
	id := r.reply(c.Agent, c, contact.Answer, c.LastMessage())
	r.wait(2 * time.Minute)
	r.steps()
	r.failSending(id)
	r.wait(0)
	r.steps("whole")
	r.check()
}

// TestStepsAreTakenOnceWhateverIsKilled: a router that is killed at any commit and
// begins again takes each step of each contact exactly once, in its order.
func TestStepsAreTakenOnceWhateverIsKilled(t *testing.T) {
	t.Parallel()
	rules := laddered(t, wholeLadder)
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(rt)
		r.rules = rules
		r.knows("boss@example.com", "boss")
		r.agent("anna", contact.RoleAgent, 40)
		r.agent("boss", contact.RoleSupervisor, 100)
		many := rapid.IntRange(1, 5).Draw(rt, "contacts")
		for i := range many {
			m := r.mail(fmt.Sprintf("m%d", i), fmt.Sprintf("c%d", i))
			m.ReceivedAt = r.now.Add(-time.Duration(rapid.IntRange(0, 90).Draw(rt, "age")) * time.Minute)
			if rapid.Bool().Draw(rt, "gold") {
				m.Tier = "gold"
			}
			r.receive(m)
		}
		for i := range rapid.IntRange(5, 60).Draw(rt, "moves") {
			switch rapid.IntRange(0, 3).Draw(rt, "move") {
			case 0: // killed: what was committed is all there is
				again := NewState("main")
				for _, data := range r.log {
					Fold(again, data, nil)
				}
				r.state = again
				r.must(ActorRouter, Begin{Life: fmt.Sprintf("life-%d", i+2)})
			default:
				r.wait(time.Duration(rapid.IntRange(1, 40).Draw(rt, "minutes")) * time.Minute)
			}
		}
		r.wait(400 * time.Minute)
		r.wait(0)
		inOrder(rt, r)
		r.check()
	})
}

// inOrder fails unless each contact has taken each step that is for it once.
func inOrder(t failer, r *rig) {
	t.Helper()
	taken := map[string][]string{}
	for _, data := range r.log {
		c, err := DecodeCommit(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Entries {
			for _, ev := range e.Events {
				if one, ok := ev.(Escalated); ok {
					taken[one.Contact] = append(taken[one.Contact], one.Step)
				}
			}
		}
	}
	for id, c := range r.state.Contacts {
		want := []string{"remind", "again", "others", "seniors", "boss", "night", "owner"}
		if c.Tier == "gold" {
			want = slices.Insert(want, 5, "gold")
		}
		if !slices.Equal(taken[id], want) || !slices.Equal(c.Steps, want) {
			t.Fatalf("contact of tier %q took %q, remembers %q", c.Tier, taken[id], c.Steps)
		}
	}
}
