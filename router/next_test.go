package router

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
)

// asks adds an agent who is busy, and so is offered nothing.
func (r *rig) asks(id string, capacity int) {
	r.t.Helper()
	r.agent(id, contact.RoleAgent, capacity)
	r.must(id, SetPresence{Agent: id, Presence: contact.Busy})
}

// TestNextIsWhatTheRuleGives has a gold customer who came later than another, and
// is due later; and once the other's promise is about to be missed, that one.
func TestNextIsWhatTheRuleGives(t *testing.T) {
	t.Parallel()
	for late, want := range map[time.Duration]string{0: "gold", 7*time.Hour + 30*time.Minute: "plain"} {
		r := newRig(t)
		r.rules = rulesFrom(t, map[string]string{"customers.yaml": "tiers: [{name: gold, value: 6}]"})
		r.asks("anna", 20)
		got := map[string]string{}
		got[r.receive(r.mail("m1", "alice")).ID] = "plain"
		r.wait(late + time.Minute)
		m := r.mail("m2", "bob")
		m.Tier = "gold"
		got[r.receive(m).ID] = "gold"
		if res := r.must("anna", TakeNext{}); got[res.Contact] != want {
			t.Errorf("after %v she gets the %s customer, want the %s one", late, got[res.Contact], want)
		}
		r.refused(RefusedCapacity, "anna", TakeNext{})
		r.check()
	}
}

// TestNextLeavesWhatIsKeptForAColleague until the time that it is kept is over.
func TestNextLeavesWhatIsKeptForAColleague(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 20)
	r.accept(r.receive(r.mail("m0", "zoe"))) // anna is there and full
	r.asks("bert", 100)
	kept := r.receive(r.named("m1", "anna"))
	r.wait(time.Minute)
	later := r.receive(r.mail("m2", "bob"))
	for _, want := range []string{later.ID, ""} {
		res, _ := r.do("bert", TakeNext{})
		if res.Contact != want {
			t.Errorf("bert gets %q, want %q", res.Contact, want)
		}
	}
	r.refused(RefusedNothingNext, "bert", TakeNext{})
	r.wait(time.Minute)
	if res := r.must("bert", TakeNext{}); res.Contact != kept.ID {
		t.Errorf("then bert gets %q", res.Contact)
	}
	r.check()
}

// TestNextComesWithItsTurn has what an agent owes grow as by an offer.
func TestNextComesWithItsTurn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.asks("anna", 20)
	r.receive(r.mail("m1", "alice"))
	r.must("anna", TakeNext{})
	if got := r.state.Agents["anna"].Credit; got <= 0 {
		t.Errorf("anna owes %d micro-turns", got)
	}
}

// TestWhoAsksGetsWhatTheyWouldBeGiven draws who waits. One agent asks while busy;
// in the same house they are available, and take the best that they are offered.
func TestWhoAsksGetsWhatTheyWouldBeGiven(t *testing.T) {
	t.Parallel()
	rules := rulesFrom(t, map[string]string{
		"customers.yaml": "tiers: [{name: gold, value: 6}, {name: silver, value: 2}]",
		"sla.yaml":       "default: {first: 4h, next: 4h}\npromises:\n  - {name: chat, when: contact.channel == \"webchat\", first: 5m, next: 5m}\n",
	})
	rapid.Check(t, func(rt *rapid.T) {
		houses := []*rig{newRig(rt), newRig(rt)}
		waiting := rapid.IntRange(1, 12).Draw(rt, "waiting")
		capacity := rapid.SampledFrom([]int{20, 40, 100}).Draw(rt, "capacity")
		for _, r := range houses {
			r.rules = rules
			r.asks("anna", capacity)
		}
		for i := range waiting {
			pause := time.Duration(rapid.IntRange(0, 3000).Draw(rt, "pause")) * time.Second
			tier := rapid.SampledFrom([]string{"", "gold", "silver"}).Draw(rt, "tier")
			chat := rapid.Bool().Draw(rt, "chat")
			for _, r := range houses {
				r.wait(pause)
				m := r.mail(fmt.Sprint("m", i), fmt.Sprint("s", i))
				m.Tier = tier
				if chat {
					m.Channel, m.Source = contact.WebChat, "webchat/site/visitors"
				}
				r.receive(m)
			}
		}
		pick := func(r *rig) string {
			res, err := r.do("anna", TakeNext{})
			if err != nil {
				return err.Error()
			}
			return string(r.state.Contacts[res.Contact].Channel) + r.state.Contacts[res.Contact].Start.String() + r.state.Contacts[res.Contact].Tier
		}
		houses[1].must("anna", SetPresence{Agent: "anna", Presence: contact.Available})
		if asked, given := pick(houses[0]), pick(houses[1]); asked != given {
			rt.Fatalf("who asks gets %s, who is asked %s", asked, given)
		}
		houses[0].check()
	})
}
