package router

import (
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router/match"
)

// rulesFrom gives the rules of a policy set with these files.
func rulesFrom(t failer, files map[string]string) Rules {
	t.Helper()
	raw := make(map[string][]byte, len(files))
	for name, text := range files {
		raw[name] = []byte(text)
	}
	set, err := policies.LoadFiles("set", raw)
	if err != nil {
		t.Fatal(err)
	}
	return RulesOf(set)
}

func TestTraitsAreWhatThePolicySays(t *testing.T) {
	t.Parallel()
	rules := rulesFrom(t, map[string]string{
		"customers.yaml": "tiers: [{name: gold, value: 6}]",
		"classes.yaml":   "classes:\n  - {name: billing, when: contact.account == \"billing\", relax_after: 0.5}\n",
		"sla.yaml":       "default: {first: 4h, next: 1h}\npromises:\n  - {name: chat, when: contact.channel == \"webchat\", first: 2m, next: 1m}\n",
		"routing.yaml":   "defaults: {sticky_hold: 5m, handling_time: 10m}\nchannels:\n  - {name: webchat, live: true, first_words: 15s, quiet: 3m}\n",
	})
	for _, c := range []struct {
		kind PromiseKind
		f    PromiseFacts
		want match.Traits
	}{
		{
			PromiseFirst,
			PromiseFacts{Channel: contact.Email, Tier: "gold", Class: "billing"},
			match.Traits{Value: 6 * match.Micro, Target: 4 * time.Hour, RelaxAfter: 2 * time.Hour, Handling: 10 * time.Minute, Hold: 5 * time.Minute, Early: 144 * time.Minute},
		},
		{
			PromiseNext,
			PromiseFacts{Channel: contact.Email},
			match.Traits{Value: match.Micro, Target: time.Hour, Handling: 10 * time.Minute, Hold: 5 * time.Minute, Early: 36 * time.Minute},
		},
		{
			PromiseFirst,
			PromiseFacts{Channel: contact.WebChat},
			match.Traits{Value: match.Micro, Target: 2 * time.Minute, Handling: 10 * time.Minute, Live: true, Words: 15 * time.Second, Hold: 30 * time.Second},
		},
	} {
		if got := rules.Traits(c.kind, c.f); got != c.want {
			t.Errorf("%s %+v:\ngot  %+v\nwant %+v", c.kind, c.f, got, c.want)
		}
	}
	if w := rules.Work(contact.WebChat); w.Linger != 3*time.Minute {
		t.Errorf("a chat lingers for %v", w.Linger)
	}
	if w := rules.Work(contact.Email); w.Linger != 0 {
		t.Errorf("a mail lingers for %v", w.Linger)
	}
}

// TestValueServesFirst has one agent with room for one, and a gold customer who
// came after an ordinary one, both in time.
func TestValueServesFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = rulesFrom(t, map[string]string{"customers.yaml": "tiers: [{name: gold, value: 6}]"})
	plain := r.receive(r.mail("m1", "alice"))
	gold := r.mail("m2", "bob")
	gold.Tier = "gold"
	dear := r.receive(gold)
	r.agent("anna", contact.RoleAgent, 20)
	if dear.State != Offered || plain.State != Waiting {
		t.Errorf("gold is %s, the other %s", dear.State, plain.State)
	}
	if why := r.offerFor(dear).Why; why.Lane != match.LaneSavable || why.Behind != 1 {
		t.Errorf("because %+v", why)
	}
	r.check()
}
