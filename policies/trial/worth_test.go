package trial_test

import (
	"math"
	"strconv"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
)

// richSet makes as much of a customer as a policy can.
func richSet(t *testing.T) *policies.Set {
	t.Helper()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	set, err := policies.LoadFS(fstest.MapFS{
		"customers.yaml": file("version: 1\ntiers:\n  - {name: rich, value: 100, when: customer.value >= 900}\n  - {name: poor, value: 0.1, when: customer.known}\n"),
		"sla.yaml":       file("version: 1\ndefault: {first: 10m, next: 10m}\npromises: []\n"),
		"routing.yaml":   file("version: 1\ncapacity: 100\nheadroom: 0\ndefaults: {units: 100, handling_time: 1m}\n"),
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// amounts are what an import may say of somebody, however absurd.
func amounts() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.SampledFrom([]float64{1e12, -1e12, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 999.9999}),
		rapid.Float64(),
	)
}

func worth(amount float64, at time.Time) customers.Known {
	return customers.KnownOf(&customers.Record{ID: "c", Values: []customers.Value{{Amount: amount, Source: customers.FromImport, At: at}}})
}

// desk is an office of one: an agent who answers one contact after the other, a minute each.
type desk struct {
	t     *rapid.T
	set   *policies.Set
	state *router.State
	now   time.Time
	n     int
	begun map[string]bool
	holds string
}

func (d *desk) do(actor string, cmd router.Command) *router.Entry {
	e, err := d.state.Step(&router.Env{Now: d.now, Rules: router.RulesOf(d.set)}, &router.Envelope{Actor: actor, Command: cmd})
	if err != nil {
		d.t.Fatalf("%s: %v", router.CommandName(cmd), err)
	}
	for _, ev := range e.Events {
		switch ev := any(ev).(type) {
		case router.OfferMade:
			d.do(ev.Agent, router.Accept{Offer: ev.Offer})
		case router.Assigned:
			d.begun[ev.Contact], d.holds = true, ev.Contact
		}
	}
	return &e
}

func (d *desk) arrives(k customers.Known) *router.Contact {
	d.n++
	id := strconv.Itoa(d.n)
	cmd := router.Receive{
		Item: router.Item{Source: "import", Channel: contact.Email, Account: "mail", Ref: id, ItemKey: "i" + id, MessageKey: "m" + id, Place: id, ReceivedAt: d.now},
		Kind: router.KindFresh, Identity: "p" + id,
	}
	got := d.set.Classify(policies.ClassifyInput{Channel: contact.Email, Text: "hello", At: d.now, Customer: k})
	router.Classified(&cmd, &got)
	cmd.Profile.Facts = got.Known
	return d.state.Contacts[d.do(router.ActorIntake, cmd).Result.Contact]
}

// minute lets a minute pass: what is held is done, and the next is taken.
func (d *desk) minute() {
	d.now = d.now.Add(time.Minute)
	if held := d.holds; held != "" {
		d.holds = ""
		d.do("anna", router.Dispose{Contacts: []string{held}, Disposition: contact.NoReplyNeeded})
	}
	d.do(router.ActorRouter, router.Tick{})
}

// TestNobodyStarvesBehindValue has more customers come than can be served, worth
// whatever an import says, and one of whom nothing is known: what anybody is worth
// stays within the tiers, and the one has their turn within the bound.
func TestNobodyStarvesBehindValue(t *testing.T) {
	set := richSet(t)
	bound, ok := match.BoundOf(&match.Stake{
		Target: 10 * time.Minute, Guard: set.Matching().Guard, Turn: set.Matching().Turn, Credits: []int64{0}, Between: time.Minute, AtOnce: 1,
	})
	if !ok {
		t.Fatal("there is no bound")
	}
	served := 0
	rapid.Check(t, func(t *rapid.T) {
		d := &desk{t: t, set: set, state: router.NewState("main"), now: time.Date(2026, 5, 12, 8, 0, 0, 0, time.UTC), begun: map[string]bool{}}
		d.do(router.ActorRouter, router.Begin{Life: "one"})
		d.do(router.ActorRouter, router.SetAgent{Agent: router.AgentProfile{ID: "anna", Role: contact.RoleAgent, Capacity: 100}})
		d.do("anna", router.SetPresence{Agent: "anna", Presence: contact.Available, Cause: "self"})
		drawn := rapid.SliceOfN(amounts(), 1, 20).Draw(t, "amounts")
		all := []customers.Known{worth(1e12, d.now)} // and always one who is rich
		for _, a := range drawn {
			all = append(all, worth(a, d.now))
		}
		for range 30 {
			d.arrives(all[0])
		}
		unknown := d.arrives(customers.Known{})
		began := d.now
		for i := 0; !d.begun[unknown.ID]; i++ {
			for _, who := range []customers.Known{all[0], all[i%len(all)]} {
				c := d.arrives(who)
				if v := c.Traits.Value; v < match.Micro/10 || v > 100*match.Micro {
					t.Fatalf("a promise to somebody is worth %d", v)
				}
				if p := c.Known; p != nil && (p.Value < 0 || p.Points() > customers.MostPoints) {
					t.Fatalf("somebody is worth %d", p.Value)
				}
			}
			d.minute()
			if waited := d.now.Sub(began); waited > bound.Wait {
				t.Fatalf("who isn't known has waited for %s, more than %s", waited, bound.Wait)
			}
		}
		if d.now.Sub(began) > 10*time.Minute { // value did make a difference
			served++
		}
	})
	if served == 0 {
		t.Error("nobody had to wait for a guard turn: this shows nothing")
	}
}
