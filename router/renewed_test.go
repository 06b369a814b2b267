package router

import (
	"fmt"
	"testing"
	"time"

	"stagecoach/contact"
)

// A conversation that was resolved late is taken up again: it has the promise
// of a resolution anew, and missing that is recorded too.
func TestReopenedConversationHasItsResolutionAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	v := func() *Conversation { return r.state.Conversations[c.Conversation] }
	first := v().ResolveBy
	r.now = first
	r.must(ActorRouter, Tick{})
	if !v().ResolveMissed {
		t.Fatal("the first resolution is not missed")
	}
	r.must("anna", Assign{Contact: c.ID, Agent: "anna"})
	id := r.reply("anna", c, contact.Answer, c.LastMessage())
	r.deliver(id)
	r.now = r.now.Add(time.Hour)
	m := r.mail("m2", "alice", id)
	next := r.receive(m)
	want := r.rules.Resolution(factsOf(next), m.ReceivedAt)
	if next.Conversation != c.Conversation || v().ResolveMissed || !v().ResolveBy.Equal(want) {
		t.Fatalf("it is to be resolved by %v (missed %v), want %v", v().ResolveBy, v().ResolveMissed, want)
	}
	r.now = want
	r.must(ActorRouter, Tick{})
	if !v().ResolveMissed {
		t.Error("the second resolution is missed, and nothing says so")
	}
	r.check()
}

// The promise runs out while a conversation is resolved. A message then has a
// new one; a bounce shows that it never was resolved, and the old one counts.
func TestResolutionThatRanOutWhileResolved(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"message", "bounce", "out of memory"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.agent("anna", contact.RoleAgent, 100)
			c := r.receive(r.mail("m1", "alice"))
			r.accept(c)
			id := r.reply("anna", c, contact.Answer, c.LastMessage())
			r.deliver(id)
			facts := *r.state.Conversations[c.Conversation]
			if how == "out of memory" {
				r.fadeAll()
			}
			r.now = facts.ResolveBy.Add(time.Hour)
			r.must(ActorRouter, Tick{})
			m := r.mail("m2", "alice", id)
			if how == "bounce" {
				m.Bounce = &BounceFact{Permanent: true, Key: "mid:" + id}
			}
			m.AsOf = r.state.N
			m.Known = map[string]Found{
				"mid:" + id: {Kind: KeyReply, Reply: id, Conversation: facts.ID, Customer: facts.Customer, ConversationFacts: &facts},
				"id:alice":  {Kind: KeyIdentity, Customer: facts.Customer},
			}
			r.must(ActorIntake, *m)
			r.must(ActorRouter, Tick{})
			v := r.state.Conversations[facts.ID]
			if v == nil || v.Contact == "" {
				t.Fatalf("the conversation is %+v", v)
			}
			if want := how == "bounce"; v.ResolveMissed != want {
				t.Errorf("missed is %v, want %v", v.ResolveMissed, want)
			}
			if anew := v.ResolveBy.After(r.now); anew != (how != "bounce") {
				t.Errorf("it is to be resolved by %v at %v", v.ResolveBy, r.now)
			}
			r.check()
		})
	}
}

// Somebody writes thousands of messages on one matter: their contact stays one,
// and can be ended, brought back and merged within one commit each.
func TestContactOfThousandsOfMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleSupervisor, 100)
	const many = 6_000 / raceFactor
	storm := func(from, to int, thread string) *Contact {
		var c *Contact
		for i := from; i < to; i++ {
			m := r.mail(fmt.Sprintf("m%d", i), "alice")
			if thread != "" {
				m.Threads = []string{thread}
			}
			m.Ref = fmt.Sprintf("inbox.main.0.%d", 1_000_000+i)
			c = r.receive(m)
		}
		return c
	}
	c := storm(0, many, "")
	if r.state.Totals.Opened != 1 || len(c.Messages)+c.Earlier != many {
		t.Fatalf("%d contacts; the last lists %d and %d messages", r.state.Totals.Opened, len(c.Messages), c.Earlier)
	}
	r.must("anna", Dispose{Contacts: []string{c.ID}, Disposition: contact.Spam})
	r.must("anna", Reopen{Contact: c.ID})
	c = r.state.Contacts[c.ID]
	r.must("anna", Assign{Contact: c.ID, Agent: "anna"})
	id := r.reply("anna", c, contact.Answer, c.LastMessage())
	storm(many, 2*many, "mid:m1")
	r.deliver(id)
	next := r.onlyOpen()
	storm(2*many, 2*many+900, "mid:m1")
	dsn := r.mail("dsn", "mailer")
	dsn.Bounce = &BounceFact{Permanent: true, Key: "mid:" + id}
	r.must(ActorIntake, *dsn)
	if got := r.onlyOpen(); got.ID != c.ID || got.LastMessage() != next.LastMessage() {
		t.Errorf("after the bounce %s is open, with %d messages", got.ID, len(got.Messages))
	}
	for i, data := range r.log {
		if len(data) > maxEncoded {
			t.Fatalf("commit %d has %d bytes", i+1, len(data))
		}
	}
	r.check()
}
