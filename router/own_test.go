package router

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router/match"
)

// named is a mail of a customer who has named agents.
func (r *rig) named(id string, agents ...string) *Receive {
	m := r.mail(id, "customer of "+id)
	m.Preferred = agents
	return m
}

// TestNamedAgentsByRank has a customer of bert, else of anna; carl is idle for
// longest and would have everything otherwise.
func TestNamedAgentsByRank(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("carl", contact.RoleAgent, 100)
	r.wait(time.Minute)
	r.agent("anna", contact.RoleAgent, 20)
	r.agent("bert", contact.RoleAgent, 20)
	for i, want := range []string{"bert", "anna"} {
		c := r.receive(r.named("m"+string(rune('0'+i)), "bert", "anna"))
		if got := r.accept(c); got != want {
			t.Fatalf("contact %d went to %s, want %s", i, got, want)
		}
	}
	third := r.receive(r.named("m2", "bert", "anna")) // both are full
	if third.State != Waiting {
		t.Fatalf("the third is %s: it is not kept for them", third.State)
	}
	r.must("anna", Dispose{Contacts: []string{r.anyHeld("anna")}, Disposition: contact.Duplicate})
	if third.State != Offered || r.offerFor(third).Agent != "anna" {
		t.Errorf("anna has room, the contact is %s", third.State)
	}
	r.check()
}

// TestNobodyIsWaitedForInVain has a contact kept for anna, who is full, goes, or
// can't do it: it is carl's when the time is over, or at once.
func TestNobodyIsWaitedForInVain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mail func(m *Receive)
		then func(r *rig)
		kept bool
	}{
		"until the time is over": {func(*Receive) {}, func(r *rig) { r.wait(2 * time.Minute) }, true},
		"until she goes": {func(*Receive) {}, func(r *rig) {
			r.must("anna", SetPresence{Agent: "anna", Presence: contact.Away})
		}, true},
		"not where she lacks the language": {func(m *Receive) { m.Demand.Languages = []string{"de"} }, func(*rig) {}, false},
		"not where she lacks the skill": {
			func(m *Receive) { m.Demand.Skills = []match.Skill{{Name: "billing", Level: 1}} }, func(*rig) {}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.must(ActorRouter, SetAgent{Agent: AgentProfile{ID: "carl", Capacity: 100, Languages: []string{"de"}, Skills: []match.Skill{{Name: "billing", Level: 3}}}})
			r.must("carl", SetPresence{Agent: "carl", Presence: contact.Available})
			r.agent("anna", contact.RoleAgent, 20)
			r.accept(r.receive(r.named("m0", "anna")))
			m := r.mail("m1", "alice")
			m.LastAgent = "anna"
			c.mail(m)
			got := r.receive(m)
			if kept := got.State == Waiting; kept != c.kept {
				t.Fatalf("at first it is %s", got.State)
			}
			c.then(r)
			if got.State != Offered || r.offerFor(got).Agent != "carl" {
				t.Errorf("then it is %s", got.State)
			}
			r.check()
		})
	}
}

// TestSkillsOfTheOwnAgentMayChange lets the one who knows the customer learn what
// it takes.
func TestSkillsOfTheOwnAgentMayChange(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	m := r.named("m1", "anna")
	m.Demand.Skills = []match.Skill{{Name: "billing", Level: 2}}
	c := r.receive(m)
	if c.State != Waiting || c.own != "" {
		t.Fatalf("it is %s, kept for %q", c.State, c.own)
	}
	r.must(ActorRouter, SetAgent{Agent: AgentProfile{ID: "anna", Capacity: 100, Skills: []match.Skill{{Name: "billing", Level: 3}}}})
	if c.State != Offered {
		t.Errorf("then it is %s", c.State)
	}
	r.check()
}

// TestClosedHoursAreNoAge has a promise of 8 hours made on Friday evening, due
// on Monday evening: it is not past its guard on Saturday, nor more urgent on
// Monday morning than what comes in then.
func TestClosedHoursAreNoAge(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = rulesFrom(t, map[string]string{"sla.yaml": `default: {first: 8h, calendar: office}
calendars:
  - name: office
    zone: UTC
    hours:
      - {days: [monday, tuesday, wednesday, thursday, friday], spans: ["09:00-17:00"]}
`})
	friday := time.Date(2026, 3, 6, 17, 0, 0, 0, time.UTC)
	r.now = friday
	early := r.receive(r.mail("m1", "alice"))
	monday := time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC)
	if !early.Due.Equal(monday.Add(8*time.Hour)) || !early.clock().Equal(monday) {
		t.Errorf("due %v, by the clock since %v", early.Due, early.clock())
	}
	r.now = monday
	r.agent("anna", contact.RoleAgent, 20)
	if why := r.offerFor(early).Why; why.Lane != match.LaneSavable {
		t.Errorf("on Monday morning it is served as %s", why.Lane)
	}
	r.check()
}

// TestHeldBackIsGivenOutInTime has one agent, who is kept for chats while most of
// a mail's promise is left. Nothing else happens: the mail comes by itself.
func TestHeldBackIsGivenOutInTime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = rulesFrom(t, map[string]string{"routing.yaml": `channels:
  - {name: email, units: 100}
  - {name: webchat, units: 100, live: true}
`})
	chat := r.mail("c1", "zoe")
	chat.Channel, chat.Source = contact.WebChat, "webchat/site"
	seen := r.receive(chat)
	r.agent("anna", contact.RoleAgent, 100)
	r.accept(seen)
	r.must("anna", Dispose{Contacts: []string{seen.ID}, Disposition: contact.Duplicate})
	mail := r.receive(r.mail("m1", "alice"))
	if mail.State != Waiting {
		t.Fatalf("it is %s although anna is the only one for chats", mail.State)
	}
	for at, ok := r.state.NextTimer(); mail.State == Waiting; at, ok = r.state.NextTimer() {
		if !ok || at.After(mail.Due.Add(-mail.Traits.Early)) {
			t.Fatalf("the router looks again at %v, it should by %v", at, mail.Due.Add(-mail.Traits.Early))
		}
		r.now = at
		r.must(ActorRouter, Tick{})
	}
	if mail.State != Offered {
		t.Errorf("then it is %s", mail.State)
	}
	r.check()
}

// TestChatsOfWhoIsGoneComeBackSoon holds a chat and a mail, and loses the line.
func TestChatsOfWhoIsGoneComeBackSoon(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	mail := r.receive(r.mail("m1", "alice"))
	r.accept(mail)
	m := r.mail("c1", "zoe")
	m.Channel, m.Source = contact.WebChat, "webchat/site"
	chat := r.receive(m)
	r.accept(chat)
	r.must(ActorRouter, SetPresence{Agent: "anna", Presence: contact.Unreachable, Cause: "heartbeat"})
	if chat.Agent != "anna" || mail.Agent != "anna" {
		t.Fatalf("at once the chat is with %q, the mail with %q", chat.Agent, mail.Agent)
	}
	r.wait(59 * time.Second)
	if chat.Agent != "anna" {
		t.Error("the chat went before its time")
	}
	r.wait(time.Second)
	if chat.Agent != "" || mail.Agent != "anna" {
		t.Errorf("after a minute the chat is with %q, the mail with %q", chat.Agent, mail.Agent)
	}
	r.check()
}

// TestPolicyNamesAgents goes the whole way: from the file to whom it is kept for.
func TestPolicyNamesAgents(t *testing.T) {
	t.Parallel()
	set, err := policies.LoadFiles("set", map[string][]byte{"customers.yaml": []byte(
		"agents:\n  - {name: acme, when: contact.sender.endsWith(\"@acme.example\"), agents: [gone@home.example, anna@home.example, bert@home.example]}\n")})
	if err != nil {
		t.Fatal(err)
	}
	i := NewIntake(IntakeConfig{
		Keys: NewKeys(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)),
		Parse: func(ref string, _ *channels.Inbound) (*contact.Message, error) {
			return &contact.Message{From: contact.Address{Address: ref + "@acme.example"}, Text: "Hello", ReceivedAt: time.Now()}, nil
		},
		Policy:  func() *policies.Set { return set },
		Agent:   func(address string) (string, bool) { id, _, _ := strings.Cut(address, "@"); return id, id != "gone" },
		Account: func(contact.Channel, string) AccountFacts { return AccountFacts{} },
	}, nil, nil, slog.New(slog.DiscardHandler))
	r := newRig(t)
	r.rules = RulesOf(set)
	r.agent("carl", contact.RoleAgent, 100)
	r.wait(time.Hour)
	r.agent("bert", contact.RoleAgent, 100)
	r.agent("anna", contact.RoleAgent, 20)
	for n, want := range []string{"anna", "bert"} {
		m := i.read(fmt.Sprint("m", n), &channels.Inbound{
			Channel: contact.Email, Account: "support", Source: "email/support/INBOX", ProviderID: fmt.Sprint(n), Position: fmt.Sprint(n), ReceivedAt: r.now,
		})
		i.complete(t.Context(), m, people{}, nil)
		c := r.receive(m.cmd)
		if !slices.Equal(c.Preferred, []string{"anna", "bert"}) {
			t.Fatalf("named are %v", c.Preferred)
		}
		if got := r.offerFor(c).Why.Winner; got.Agent != want || !got.Has(match.TermNamed) || got.Has(match.TermKnown) {
			t.Errorf("contact %d: %+v, want %s", n, got, want)
		}
		r.accept(c)
	}
	r.check()
}
