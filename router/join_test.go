package router

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/policies"
)

// answered gives a contact of alice's that anna has answered, and the reply.
func answered(r *rig) (*Contact, string) {
	r.t.Helper()
	r.agent("anna", contact.RoleAgent, 100)
	m := r.mail("m1", "alice")
	m.Keys = append(m.Keys, "subject:alice:rechnung 20413")
	c := r.receive(m)
	agent := r.accept(c)
	id := r.reply(agent, c, contact.Answer, c.LastMessage())
	r.deliver(id)
	r.now = r.now.Add(time.Hour)
	return c, id
}

// evidence gives how many pieces of a kind the log has.
func (r *rig) evidence(kind EvidenceKind) (n int) {
	r.t.Helper()
	for _, data := range r.log {
		c, err := DecodeCommit(data)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, e := range c.Entries {
			for _, ev := range e.Events {
				if got, ok := ev.(EvidenceReceived); ok && got.Kind == kind {
					n++
				}
			}
		}
	}
	return n
}

// opened gives the total of contacts ever opened.
func (r *rig) opened() uint64 { return r.state.Totals.Opened }

func TestWhatMachinesAnswerIsEvidence(t *testing.T) {
	t.Parallel()
	for auto, kind := range map[contact.AutoKind]EvidenceKind{
		contact.AutoReply: EvidenceAutoReply, contact.AutoReceipt: EvidenceReceipt,
		contact.AutoDelivered: EvidenceDelivered, contact.AutoCalendar: EvidenceCalendar,
	} {
		for _, sender := range []string{"alice", "somebody-who-reads-for-her"} {
			t.Run(string(auto)+" of "+sender, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				c, id := answered(r)
				m := r.mail("auto", sender, id)
				m.Auto, m.Propose = auto, contact.Machine
				r.must(ActorIntake, *m)
				if r.opened() != 1 || r.evidence(kind) != 1 || r.state.Contacts[c.ID].Open() {
					t.Errorf("%d contacts, %d pieces of evidence, first open %v", r.opened(), r.evidence(kind), r.state.Contacts[c.ID].Open())
				}
				r.check()
			})
		}
	}
}

func TestWhatMachinesSendOtherwiseIsReviewed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(m *Receive){
		"answers nothing":         func(m *Receive) { m.Auto = contact.AutoReply },
		"quotes a customer":       func(m *Receive) { m.Auto, m.Threads = contact.AutoReply, []string{"mid:m1"} },
		"bounce of nothing known": func(m *Receive) { m.Auto, m.Bounce = contact.AutoBounce, &BounceFact{Permanent: true, Key: "mid:?"} },
		"newsletter":              func(m *Receive) { m.Auto = contact.AutoList },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			answered(r)
			m := r.mail("auto", "robot")
			m.Propose = contact.Machine
			change(m)
			c := r.receive(m)
			if c == nil || c.Queue != r.rules.Timing().ReviewQueue || len(c.Offers) > 0 || c.Due.IsZero() {
				t.Errorf("it became %+v", c)
			}
			r.check()
		})
	}
}

// A system that holds our mail until somebody acts is seen by people, in the
// conversation that it holds up.
func TestChallengeIsSeenInItsConversation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c, id := answered(r)
	m := r.mail("challenge", "alice", id)
	m.Auto, m.Propose = contact.AutoChallenge, contact.Machine
	got := r.receive(m)
	if got == nil || got.Conversation != c.Conversation || got.Proposed != contact.Machine {
		t.Errorf("it became %+v", got)
	}
	r.check()
}

func TestReportsOnAReply(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sender string
		// answers is set where the report answers the reply; its id in Key is then
		// one that a server put in its place.
		answers bool
		report  BounceFact
		reopens bool
		delays  int
	}{
		"failed, found by what it answers": {"mailer-daemon", true, BounceFact{Permanent: true, Code: "5.1.1"}, true, 0},
		"failed, found by what it names":   {"mailer-daemon", false, BounceFact{Permanent: true, Code: "5.1.1"}, true, 0},
		"delayed":                          {"mailer-daemon", false, BounceFact{Code: "4.4.1"}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			first, id := answered(r)
			due := first.Due
			m := r.mail("dsn", c.sender)
			m.Auto, m.Propose, m.Bounce = contact.AutoBounce, contact.Machine, &c.report
			m.Bounce.Key = "mid:" + id
			if c.answers {
				m.Bounce.Key, m.Threads = "mid:rewritten", []string{"mid:" + id}
			}
			r.must(ActorIntake, *m)
			now := r.state.Contacts[first.ID]
			if now.Open() != c.reopens || c.reopens && !now.Due.Equal(due) || r.evidence(EvidenceDelay) != c.delays || r.opened() != 1 {
				t.Errorf("open %v, due %v for %v, %d delays, %d opened", now.Open(), now.Due, due, r.evidence(EvidenceDelay), r.opened())
			}
			r.check()
		})
	}
}

// What a filter takes for spam is a customer's, where it answers in a
// conversation that the customer takes part in.
func TestAnswerInAConversationIsNoSpam(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c, id := answered(r)
	m := r.mail("m2", "alice", id)
	m.Propose, m.Queue, m.UsualQueue = contact.Spam, "review", "billing"
	next := r.receive(m)
	if next.Conversation != c.Conversation || next.Proposed != "" || next.Queue != "billing" {
		t.Errorf("it became %+v", next)
	}
	r.check()
}

func TestSpamHidesInNobodysContact(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.receive(r.mail("m1", "alice"))
	m := r.mail("m2", "alice")
	m.Propose = contact.Spam
	if got := r.receive(m); got.ID == c.ID || got.Proposed != contact.Spam {
		t.Errorf("it became %+v", got)
	}
	r.check()
}

func TestOrderOfThreads(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.receive(r.mail("m1", "alice"))
	r.now = r.now.Add(time.Hour)
	second := r.receive(r.mail("m2", "alice"))
	m := r.mail("m3", "alice", "m2", "m1")
	if got := r.receive(m); got.Conversation != second.Conversation || first.Conversation == second.Conversation {
		t.Errorf("the last reference leads to %s, want %s", got.Conversation, second.Conversation)
	}
	r.check()
}

func TestSubjectLeadsBackASender(t *testing.T) {
	t.Parallel()
	const key = "subject:alice:rechnung 20413"
	for name, c := range map[string]struct {
		sender, account string
		after           time.Duration
		joins           bool
	}{
		"soon":             {"alice", "support", time.Hour, true},
		"within two weeks": {"alice", "support", 13 * 24 * time.Hour, true},
		"too late":         {"alice", "support", 15 * 24 * time.Hour, false},
		"other account":    {"alice", "sales", time.Hour, false},
		"somebody else":    {"mallory", "support", time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			old, _ := answered(r)
			r.now = r.now.Add(c.after)
			m := r.mail("m2", c.sender)
			m.Subject, m.Account = key, c.account
			if got := r.receive(m); (got.Conversation == old.Conversation) != c.joins {
				t.Errorf("joins %v, want %v", !c.joins, c.joins)
			}
			r.check()
		})
	}
}

func TestCopiesThatServersChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account  string
		nameless bool
		copy     bool
	}{
		"other id at another address": {"sales", false, true},
		"no id at the same address":   {"support", true, true},
		"written twice":               {"support", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			first := r.mail("m1", "alice")
			first.Copies = []string{"copy:1"}
			first.Keys = append(first.Keys, first.Copies...)
			got := r.receive(first)
			second := r.mail("m2", "alice")
			second.Copies, second.Account, second.Nameless = first.Copies, c.account, c.nameless
			second.Keys = append(second.Keys, second.Copies...)
			r.must(ActorIntake, *second)
			if is := len(got.Messages) == 1; is != c.copy || r.opened() != 1 {
				t.Errorf("copy is %v, want %v; %d contacts", is, c.copy, r.opened())
			}
			r.check()
		})
	}
}

// An answer after months finds its conversation, and is a contact of its own
// with a promise from its own receipt.
func TestAnswerAfterMonths(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	old, id := answered(r)
	r.now = r.now.Add(200 * 24 * time.Hour)
	got := r.receive(r.mail("m2", "alice", id))
	if got.Conversation != old.Conversation || got.ID == old.ID || !got.Start.Equal(r.now) || !got.Due.After(r.now) {
		t.Errorf("it became %+v", got)
	}
	r.check()
}

// Mail of a form that names no author all comes from one address: two of them
// are two people's.
func TestMailOfAFormIsNoBurst(t *testing.T) {
	t.Parallel()
	for code, joins := range map[string]bool{"takes_none": false, "ours": false, "machine": false, "": true, "asked": true} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			first := r.receive(r.mail("m1", "form"))
			r.now = r.now.Add(time.Second)
			m := r.mail("m2", "form")
			m.Unanswerable = code
			if got := r.receive(m); (got.ID == first.ID) != joins {
				t.Errorf("joined is %v, want %v", !joins, joins)
			}
			r.check()
		})
	}
}

func TestSameAddress(t *testing.T) {
	t.Parallel()
	k := NewKeys([]byte("0123456789abcdef0123456789abcdef"), []byte("0123456789abcdef0123456789abcdef"))
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Alice@Cust.test", "alice@cust.test", true},
		{"j.doe@gmail.com", "JDoe@googlemail.com", true},
		{"jdoe+shop@gmail.com", "j.d.o.e@gmail.com", true},
		{"jane+x@outlook.com", "jane@outlook.com", true},
		{"jane@bücher.test", "jane@xn--bcher-kva.test", true},
		{"alice+shop@cust.test", "alice@cust.test", false},
		{"j.doe@outlook.com", "jdoe@outlook.com", false},
		{"jdoe@gmail.com", "jdoe@outlook.com", false},
		{"+@gmail.com", "@gmail.com", false},
		{"alice@cust.test", "alice@cust.test.evil.test", false},
	} {
		for _, key := range []func(string, string) string{k.Identity, k.Unproven} {
			if got := key("email", c.a) == key("email", c.b); got != c.same {
				t.Errorf("%s and %s are one: %v", c.a, c.b, got)
			}
		}
	}
	if k.Identity("email", "a@gmail.com") == k.Unproven("email", "a@gmail.com") {
		t.Error("who is unproven has the key of who is proven")
	}
}

func TestBareSubject(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]string{
		"Re: AW: Rechnung 20413": "rechnung 20413", "rechnung 20413": "rechnung 20413",
		"Automatic reply: Re: The chair is broken": "the chair is broken",
		"[EXTERN] Re[2]: Order 4711":               "order 4711",
		"Re: Hallo":                                "", "Frage": "", "": "", "Re:": "", "Help me": "", "RE: Antwort: WG:": "",
	} {
		if got, _ := bareSubject(subject); got != want {
			t.Errorf("%q becomes %q, want %q", subject, got, want)
		}
	}
}

func TestNumbersThatNameAMatter(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]bool{
		"Rechnung 20413": true, "Order #2034": true, "Case 4711": true, "Angebot 2026": false, "Messe 2025 und 2026": false,
		"Termin am 12.05.2026": false, "Frage": false, "Bestellung 2026-88123": true,
	} {
		if got := numbered(subject); got != want {
			t.Errorf("%q: %v, want %v", subject, got, want)
		}
	}
}

// Neither we nor who only names somebody in Reply-To becomes one of those who
// take part.
func TestWhoTakesPartByAMail(t *testing.T) {
	t.Parallel()
	set, err := policies.Default()
	if err != nil {
		t.Fatal(err)
	}
	m := &contact.Message{
		MessageID: "1@evil.test", From: contact.Address{Address: "mallory@evil.test"}, ReplyTo: []contact.Address{{Address: "VIP@bank.test"}},
		To:   []contact.Address{{Address: "support@acme.test"}, {Address: "Sales@acme.test"}, {Address: "support+sc-abcdefghij234567klmnopqrst@acme.test"}},
		CC:   []contact.Address{{Address: "bob@cust.test"}},
		Auth: contact.Authentication{Trust: contact.TrustClaimed},
	}
	keys := NewKeys([]byte("0123456789abcdef0123456789abcdef"), []byte("0123456789abcdef0123456789abcdef"))
	i := NewIntake(IntakeConfig{
		Keys:   keys,
		Parse:  func(string, *channels.Inbound) (*contact.Message, error) { return m, nil },
		Policy: func() *policies.Set { return set },
		Ours: func(_ contact.Channel, address string) bool {
			return slices.Contains([]string{"support@acme.test", "sales@acme.test"}, strings.ToLower(address))
		},
		Account: func(contact.Channel, string) AccountFacts { return AccountFacts{} },
	}, nil, nil, slog.New(slog.DiscardHandler))
	c := i.read("ref", &channels.Inbound{Channel: contact.Email, Account: "support", ProviderID: "1"}).cmd
	if c.Identity != keys.Unproven("email", "vip@bank.test") || c.Claimed != keys.Identity("email", "vip@bank.test") {
		t.Errorf("whom it names is taken for %q", c.Identity)
	}
	want := []string{keys.Identity("email", "mallory@evil.test"), keys.Identity("email", "bob@cust.test")}
	if !slices.Equal(c.Participants, want) {
		t.Errorf("%d take part, want %d", len(c.Participants), len(want))
	}
}
