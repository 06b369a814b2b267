package router

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
)

// TestIdleTimeCannotBeGained has one agent who waits honestly and gets nothing,
// and one who began to wait at the same time and does whatever comes to mind:
// declines, looks away, logs out and in, closes the tab, takes and gives back.
// At no instant do they stand before the honest one, and what they owe to those
// past their guard is not less.
func TestIdleTimeCannotBeGained(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(rt)
		r.agent("lead", contact.RoleSupervisor, 0)
		r.agent("honest", contact.RoleAgent, 100, "fr")
		r.agent("gamer", contact.RoleAgent, 100, "de")
		honest, gamer := r.state.Agents["honest"], r.state.Agents["gamer"]
		gamer.Credit = 1_500_000
		for i := range rapid.IntRange(5, 40).Draw(rt, "steps") {
			r.now = r.now.Add(time.Duration(rapid.IntRange(0, 120).Draw(rt, "later")) * time.Second)
			before := gamer.IdleSince
			r.game(rt, i)
			if gamer.IdleSince.Before(before) || gamer.IdleSince.Before(honest.IdleSince) {
				rt.Fatalf("step %d: idle since %v, was %v; the honest one %v", i, gamer.IdleSince, before, honest.IdleSince)
			}
			if len(gamer.Holds) == 0 && gamer.Credit < 1_500_000 {
				rt.Fatalf("step %d: owes %d micro-turns and has answered nobody", i, gamer.Credit)
			}
		}
		r.must("lead", RemoveAgent{Agent: "gamer"}) // what they hold goes back
		if gamer.Credit < 1_500_000 {
			rt.Fatalf("in the end %d micro-turns are owed", gamer.Credit)
		}
	})
}

// game lets the gamer do one thing that answers nobody.
func (r *rig) game(rt *rapid.T, i int) {
	presences := []contact.Presence{contact.Available, contact.Available, contact.Busy, contact.Away, contact.Offline, contact.Unreachable}
	gamer := r.state.Agents["gamer"]
	switch rapid.IntRange(0, 8).Draw(rt, "what") {
	case 0, 1:
		m := r.mail(fmt.Sprintf("m%d", i), fmt.Sprintf("customer%d", i))
		m.Demand.Languages = []string{"de"}
		m.ReceivedAt = r.now.Add(-time.Duration(rapid.IntRange(0, 12).Draw(rt, "hours late")) * time.Hour)
		r.receive(m)
	case 2:
		for id := range gamer.Offers {
			r.must("gamer", Decline{Offer: id, Reason: "busy"})
			return
		}
	case 3:
		for id := range gamer.Offers {
			r.must("gamer", Accept{Offer: id})
			return
		}
	case 4:
		for id := range gamer.Holds {
			r.must("gamer", PullBack{Contact: id, Reason: "busy"})
			return
		}
	case 5:
		r.wait(time.Duration(rapid.IntRange(1, 10).Draw(rt, "minutes")) * time.Minute)
	case 6:
		r.must(ActorRouter, SetAgent{Agent: gamer.AgentProfile})
	default:
		r.must("gamer", SetPresence{Agent: "gamer", Presence: rapid.SampledFrom(presences).Draw(rt, "presence"), HandOver: rapid.Bool().Draw(rt, "hand over")})
	}
}

// TestBusyIsNoWaiting has two agents, of whom one was busy for an hour and the
// other got something a minute ago.
func TestBusyIsNoWaiting(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Busy})
	r.wait(time.Hour)
	r.agent("bert", contact.RoleAgent, 100)
	r.wait(time.Minute)
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Available})
	if got := r.offerFor(r.receive(r.mail("m1", "alice"))).Agent; got != "bert" {
		t.Errorf("offered to %s, who was busy", got)
	}
	r.check()
}

// guarded gives a rig in which anna has accepted a turn that she owed.
func guarded(t *testing.T) (*rig, *Contact) {
	t.Helper()
	r := newRig(t)
	r.rules = rulesFrom(t, map[string]string{"routing.yaml": "matching: {guard_share: 1, guard: 1}\n"})
	r.agent("anna", contact.RoleAgent, 20)
	r.accept(r.receive(r.mail("m0", "carol")))
	r.must("anna", Dispose{Contacts: []string{r.anyHeld("anna")}, Disposition: contact.Duplicate})
	if got := r.state.Agents["anna"].Credit; got != 1_000_000 {
		t.Fatalf("after one turn for another anna owes %d", got)
	}
	late := r.mail("m1", "alice")
	late.ReceivedAt = r.now.Add(-12 * time.Hour)
	c := r.receive(late)
	r.accept(c)
	if got := r.state.Agents["anna"].Credit; got != 0 || c.Turn != -1_000_000 {
		t.Fatalf("after the turn she owes %d, the contact says %d", got, c.Turn)
	}
	return r, c
}

func (r *rig) anyHeld(agent string) string {
	for id := range r.state.Agents[agent].Holds {
		return id
	}
	return ""
}

// TestTurnGivenBackIsOwedStill has a turn for one past their guard accepted and
// given away in whatever way; only an answer pays it.
func TestTurnGivenBackIsOwedStill(t *testing.T) {
	t.Parallel()
	for name, giveAway := range map[string]func(r *rig, c *Contact){
		"given back": func(r *rig, c *Contact) { r.must("anna", PullBack{Contact: c.ID, Reason: "busy"}) },
		"handed to a colleague": func(r *rig, c *Contact) {
			r.agent("bert", contact.RoleAgent, 100)
			r.must("anna", Assign{Contact: c.ID, Agent: "bert"})
		},
		"gone": func(r *rig, c *Contact) {
			r.must("anna", SetPresence{Agent: "anna", Presence: contact.Offline, HandOver: true})
		},
		"silent": func(r *rig, c *Contact) { r.now = c.PullAt; r.must(ActorRouter, Tick{}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, c := guarded(t)
			giveAway(r, c)
			if got := r.state.Agents["anna"].Credit; got != 1_000_000 || c.Turn != 0 {
				t.Errorf("anna owes %d, the contact says %d", got, c.Turn)
			}
			r.check()
		})
	}
	t.Run("answered", func(t *testing.T) {
		t.Parallel()
		r, c := guarded(t)
		r.deliver(r.reply("anna", c, contact.Answer, c.LastMessage()))
		if got := r.state.Agents["anna"].Credit; got != 0 {
			t.Errorf("anna owes %d", got)
		}
		r.check()
	})
}

// TestWhoWasSetAwayIsBackAtTheNextSign has an agent who missed offers.
func TestWhoWasSetAwayIsBackAtTheNextSign(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	mine := r.receive(r.mail("m0", "zoe"))
	r.accept(mine)
	anna := r.state.Agents["anna"]
	missed := func() {
		for i := 0; anna.Presence == contact.Available && i < 20; i++ {
			r.receive(r.mail(fmt.Sprintf("m%d-%d", r.cmds, i), fmt.Sprintf("c%d-%d", r.cmds, i)))
			r.wait(time.Minute)
		}
		if anna.Presence != contact.Away || anna.SetAway.IsZero() {
			t.Fatalf("anna is %s", anna.Presence)
		}
	}
	missed()
	r.must("anna", Note{Conversation: mine.Conversation, Contact: mine.ID, Note: "n", Ref: "note.n"})
	if anna.Presence != contact.Available || len(anna.Offers) == 0 {
		t.Errorf("after a note anna is %s with %d offers", anna.Presence, len(anna.Offers))
	}
	missed()
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Offline}) // said so: that holds
	r.must("anna", Note{Conversation: mine.Conversation, Contact: mine.ID, Note: "n2", Ref: "note.n2"})
	if anna.Presence != contact.Offline {
		t.Errorf("anna is %s although she went", anna.Presence)
	}
	r.check()
}
