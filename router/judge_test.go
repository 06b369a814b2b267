package router

import (
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// eventsOf gives all events of a kind in the log.
func eventsOf[E Event](r *rig) []E {
	r.t.Helper()
	var out []E
	for _, data := range r.log {
		c, err := DecodeCommit(data)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, e := range c.Entries {
			for _, ev := range e.Events {
				if one, ok := ev.(E); ok {
					out = append(out, one)
				}
			}
		}
	}
	return out
}

// able adds an agent with skills who is there, or not.
func (r *rig) able(id string, there bool, p AgentProfile) {
	r.t.Helper()
	p.ID, p.Role = id, contact.RoleAgent
	r.must(ActorRouter, SetAgent{Agent: p})
	if there {
		r.must(id, SetPresence{Agent: id, Presence: contact.Available, Cause: "self"})
	}
}

// TestWhatNobodyCouldTakeIsToldOnce has a contact in a language that nobody
// speaks: it is recorded and told at once, and once; it goes on as any other
// contact that nobody takes; and somebody who comes and speaks it is offered it.
func TestWhatNobodyCouldTakeIsToldOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	m := r.mail("m0", "zoe")
	m.Demand.Languages = []string{"fr"}
	early := r.receive(m)
	if len(eventsOf[NobodyAble](r)) != 0 {
		t.Error("with no agents at all nothing is known of who could")
	}
	r.able("anna", true, AgentProfile{Languages: []string{"de"}})
	m = r.mail("m1", "alice")
	m.Demand.Languages = []string{"fr"}
	c := r.receive(m)
	if got := eventsOf[NobodyAble](r); len(got) != 2 || c.NobodyAble != match.GateLanguage || early.NobodyAble != match.GateLanguage || r.state.Impossible() != 2 {
		t.Fatalf("recorded %+v", got)
	}
	told := eventsOf[LastResortTold](r)
	if len(told) != 1 || told[0].Impossible != 1 {
		t.Fatalf("told %+v", told)
	}
	r.wait(r.rules.Timing().Digest)
	r.wait(r.rules.Timing().Digest)
	told = eventsOf[LastResortTold](r)
	if len(told) != 2 || told[1].Total != 1 || told[1].Contacts[0] != c.ID {
		t.Fatalf("then told %+v", told)
	}
	r.now = c.AtRiskAt
	r.wait(0)
	if told = eventsOf[LastResortTold](r); told[len(told)-1].Impossible != 0 || told[len(told)-1].Total != 2 {
		t.Errorf("at risk it was told %+v", told)
	}
	r.able("fred", true, AgentProfile{Languages: []string{"fr"}})
	if c.NobodyAble != "" || c.State != Offered || r.state.Impossible() != 0 || r.offerFor(c).Agent != "fred" {
		t.Errorf("with fred it is %s, lacks %q", c.State, c.NobodyAble)
	}
	r.must("fred", RemoveAgent{Agent: "fred"})
	if c.NobodyAble != match.GateLanguage {
		t.Error("without fred somebody could take it still")
	}
	r.check()
}

// TestAWishIsHeldAsLongAsItSays has somebody who meets a wish and is not there:
// the contact waits for them as long as the wish lasts, by a timer of its own.
// A wish that nobody who is known meets is not waited for.
func TestAWishIsHeldAsLongAsItSays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.able("anna", true, AgentProfile{})
	r.able("carl", false, AgentProfile{Skills: []match.Skill{{Name: "cars", Level: 3}}})
	want := func(id, skill string, level int) *Contact {
		m := r.mail(id, id)
		m.Demand.Wishes = []match.Wish{{Skill: match.Skill{Name: skill, Level: level}, For: 10 * time.Minute}}
		return r.receive(m)
	}
	waits, free, higher := want("m1", "cars", 3), want("m2", "boats", 1), want("m3", "cars", 4)
	if waits.State != Waiting || free.State != Offered || higher.State != Offered {
		t.Fatalf("they are %s, %s, %s", waits.State, free.State, higher.State)
	}
	r.accept(free)
	r.accept(higher)
	if at, ok := r.state.NextTimer(); !ok || at.After(waits.Start.Add(10*time.Minute)) {
		t.Errorf("it is looked at again at %v, %v", at, ok)
	}
	r.wait(10*time.Minute - time.Second)
	if waits.State != Waiting {
		t.Error("the wish was given up too early")
	}
	r.wait(time.Second)
	if waits.State != Offered || r.offerFor(waits).Agent != "anna" {
		t.Errorf("after its time it is %s", waits.State)
	}
	r.check()
}
