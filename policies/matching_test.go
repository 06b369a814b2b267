package policies_test

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router/match"
)

// TestBuiltInSetIsWhatTheFiguresAreFor holds the two places together: what the
// built-in file says, and what the published figures were measured with.
func TestBuiltInSetIsWhatTheFiguresAreFor(t *testing.T) {
	t.Parallel()
	set, err := policies.Default()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := set.Matching(), match.DefaultParams(); !reflect.DeepEqual(got, want) {
		t.Errorf("routing.yaml says\n%+v, the rule's own are\n%+v", got, want)
	}
}

// TestEveryKnobReachesTheRule sets each to a value that no other has.
func TestEveryKnobReachesTheRule(t *testing.T) {
	t.Parallel()
	set := load(t, map[string]string{"routing.yaml": `version: 1
matching:
  steepness: 4
  own_agent: 2
  own_agent_time: 0.8
  lacks_skill: 1.5
  spare: 0.4
  spread: 0.2
  together: 0.7
  accept_time: 9s
  guard: 3
  guard_share: 0.2
  hold_back: {left: 0.7, reserve: 3}
defaults: {urgent: 5, first_words: 30s, silence_least: 1m}
channels:
  - {name: webchat, live: true, quiet: 4m, urgent: 2}
`})
	want := match.DefaultParams()
	want.Steepness, want.Known, want.KnownSpeed, want.Relaxed = 4, math.Log(2), 0.8, 1.5
	want.Spare, want.Spread, want.Concurrency, want.Accept = 0.4, 0.2, 0.7, 9*time.Second
	want.Guard, want.Turn, want.Early, want.Reserve, want.Urgent = 3, 200_000, 0.7, 3, 5
	if got := set.Matching(); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
	chat, mail := set.Offer(contact.WebChat), set.Offer(contact.Email)
	if !chat.Live || chat.Quiet != 4*time.Minute || chat.Urgent != 2 || chat.FirstWords != 30*time.Second || chat.SilenceLeast != time.Minute {
		t.Errorf("chat: %+v", chat)
	}
	if mail.Live || mail.Quiet != 0 || mail.Urgent != 5 {
		t.Errorf("mail: %+v", mail)
	}
}

// TestLeavingOutIsNotNought has one knob turned and the others as built in.
func TestLeavingOutIsNotNought(t *testing.T) {
	t.Parallel()
	set := load(t, map[string]string{"routing.yaml": "version: 1\nmatching:\n  spare: 0\n  hold_back: {reserve: 0}\nsilence: {least: 7m}\n"})
	want := match.DefaultParams()
	want.Spare, want.Reserve = 0, 0
	if got := set.Matching(); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
	if got := set.Offer(contact.Email).SilenceLeast; got != 7*time.Minute {
		t.Errorf("a silent holder of a mail has %v at least", got)
	}
}

func TestTiers(t *testing.T) {
	t.Parallel()
	set := load(t, map[string]string{"customers.yaml": `version: 1
tiers:
  - {name: gold, value: 6, when: contact.sender_domain == "partner.example" && contact.trust != "forged"}
  - {name: silver, value: 2.5}
`})
	for tier, value := range map[string]int64{"gold": 6_000_000, "silver": 2_500_000, "": 1_000_000, "unheard of": 1_000_000} {
		if got := set.TierValue(tier); got != value {
			t.Errorf("%q is worth %d, want %d", tier, got, value)
		}
	}
	if got := set.Classify(policies.ClassifyInput{Sender: "Ann@Partner.Example"}).Tier; got != "gold" {
		t.Errorf("the partner is %q", got)
	}
	for _, in := range []policies.ClassifyInput{{Sender: "ann@other.example"}, {Sender: "ann@partner.example", Trust: contact.TrustForged}} {
		if got := set.Classify(in).Tier; got != "" {
			t.Errorf("%+v is %q", in, got)
		}
	}
}

func TestRelaxingIsOfTheClass(t *testing.T) {
	t.Parallel()
	set := load(t, map[string]string{"classes.yaml": `version: 1
default: {relax_after: 0.25}
classes:
  - {name: legal, when: contact.account == "legal", relax_after: 0}
  - {name: refunds, class: money, when: contact.account == "refunds", relax_after: 0.5}
  - {name: bills, class: money, when: contact.account == "bills", relax_after: 0.5}
  - {name: other, when: contact.account == "other"}
`})
	for class, want := range map[string]float64{"legal": 0, "money": 0.5, "other": 0.25, "general": 0.25, "outreach": 0.25} {
		if got := set.RelaxAfter(class); got != want {
			t.Errorf("%s: after %v of the promise, want %v", class, got, want)
		}
	}
}

// TestNamedAgents has the first entry that fits decide, in the order written.
func TestNamedAgents(t *testing.T) {
	t.Parallel()
	set := load(t, map[string]string{"customers.yaml": `version: 1
agents:
  - {name: boss, when: contact.sender == "boss@acme.example", agents: [Lead@Home.Example]}
  - {name: acme, when: contact.sender.endsWith("@acme.example"), agents: [anna@home.example, ben@home.example]}
`})
	for sender, want := range map[string][]string{
		"Boss@Acme.Example": {"lead@home.example"}, "clerk@acme.example": {"anna@home.example", "ben@home.example"}, "anna@other.example": nil,
	} {
		if got := set.Classify(policies.ClassifyInput{Sender: sender}).Agents; !slices.Equal(got, want) {
			t.Errorf("%s is asked of %v, want %v", sender, got, want)
		}
	}
	got := set.UnknownAgents(func(agent string) bool { return agent != "ben@home.example" })
	if len(got) != 1 || got[0].Key != "agents[1].agents[1]" || got[0].Line != 4 {
		t.Errorf("warnings: %v", got)
	}
	if all := set.Warnings(); len(all) > 0 {
		t.Errorf("nobody knows who works here, and it warns: %v", all)
	}
}
