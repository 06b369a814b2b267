package router

import (
	"fmt"
	"testing"
	"time"

	"stagecoach/contact"
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

func TestBounceFoundByWhatItAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c, id := answered(r)
	due := c.Due
	m := r.mail("dsn", "mailer-daemon", id)
	m.Auto, m.Propose, m.Bounce = contact.AutoBounce, contact.Machine, &BounceFact{Permanent: true, Code: "5.1.1", Key: "mid:rewritten"}
	r.must(ActorIntake, *m)
	if back := r.state.Contacts[c.ID]; !back.Open() || !back.Due.Equal(due) || r.opened() != 1 {
		t.Errorf("open %v, due %v for %v, %d opened", back.Open(), back.Due, due, r.opened())
	}
	r.check()
}

func TestDelayChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c, id := answered(r)
	m := r.mail("dsn", "mailer-daemon")
	m.Auto, m.Bounce = contact.AutoBounce, &BounceFact{Code: "4.4.1", Key: "mid:" + id}
	r.must(ActorIntake, *m)
	if r.state.Contacts[c.ID].Open() || r.evidence(EvidenceDelay) != 1 || r.opened() != 1 {
		t.Errorf("open %v, %d delays", r.state.Contacts[c.ID].Open(), r.evidence(EvidenceDelay))
	}
	r.check()
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

// forged is a mail that names a sender and fails the checks of their domain.
func (r *rig) forged(id, sender string, threads ...string) *Receive {
	m := r.mail(id, sender, threads...)
	m.Trust, m.Claimed, m.Identity = contact.TrustForged, m.Identity, "unproven:"+sender
	return m
}

func TestForgedSenderIsNotTheCustomer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c, id := answered(r)
	open := r.receive(r.mail("m2", "alice", id))
	m := r.forged("f1", "alice", id, "m1")
	m.Subject = "subject:alice:rechnung 20413"
	got := r.receive(m)
	if got.Conversation == c.Conversation || got.Customer == c.Customer || got.ID == open.ID {
		t.Fatalf("a forged sender joined: %+v", got)
	}
	again := r.forged("f2", "alice", "f1")
	if next := r.receive(again); next.Conversation != got.Conversation {
		t.Error("their own conversation doesn't go on")
	}
	r.check()
}

// One whose mail fails the checks on a detour is let in by the token, which only
// those know whom we wrote to.
func TestTokenLetsAnUnprovenSenderIn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	rep := Reply{ID: "r1", Kind: contact.Answer, Contact: c.ID, Channel: contact.Email, Account: "support", Covers: c.LastMessage()}
	r.must("anna", Send{Reply: rep, Keys: []string{"mid:r1", "token:1"}, Participants: []string{"id:alice"}})
	r.deliver("r1")
	for i, sender := range []string{"alice", "mallory"} {
		m := r.forged(fmt.Sprint("f", i), sender)
		m.Token, m.Threads = "token:1", []string{"token:1"}
		if got := r.receive(m); (got.Conversation == c.Conversation) != (sender == "alice") {
			t.Errorf("%s with the token: joined is %v", sender, sender != "alice")
		}
	}
	r.check()
}

func TestStrangerSaysWhatTheyQuoted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.receive(r.mail("m1", "alice"))
	m := r.mail("m2", "mallory")
	m.Token, m.Threads = "token:?", []string{"mid:m1"}
	r.receive(m)
	c, err := DecodeCommit(r.log[len(r.log)-1])
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range c.Entries[0].Events {
		if got, ok := ev.(MessageReceived); ok && (!got.Stranger || got.Quoted != a.Conversation) {
			t.Errorf("recorded as %+v", got)
		}
	}
	r.check()
}

func TestPeopleInCopyOfALaterMessageTakePart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.receive(r.mail("m1", "alice"))
	m := r.mail("m2", "alice", "m1")
	m.Participants = []string{"id:bob"}
	r.receive(m)
	if got := r.receive(r.mail("m3", "bob", "m2")); got.Conversation != c.Conversation {
		t.Error("somebody in copy who answers opened a conversation of their own")
	}
	r.check()
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
