package router

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
	"stagecoach/customers"
)

// visit is a message of a visitor of the web chat.
func (r *rig) visit(id, visitor string, threads ...string) *Receive {
	m := r.mail(id, visitor, threads...)
	m.Source, m.Channel, m.Account = "webchat/shop", contact.WebChat, "shop"
	return m
}

// whose gives the customer of a message's sender, as the log has them.
func (r *rig) whose(m *Receive) string {
	r.t.Helper()
	e := r.state.Index[m.Identity]
	if e == nil {
		r.t.Fatalf("nobody is known by %s", m.Identity)
	}
	return e.Customer
}

// edges gives the links that hold, as the log tells them.
func (r *rig) edges() []Edge {
	r.t.Helper()
	var out []Edge
	for _, data := range r.log {
		c, err := DecodeCommit(data)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, entry := range c.Entries {
			for _, ev := range entry.Events {
				switch e := ev.(type) { //nolint:gochecksumtype // only links
				case CustomersLinked:
					out = append(out, Edge{Link: e.Link, A: e.A, B: e.B, Evidence: e.Evidence})
				case CustomersUnlinked:
					out = slices.DeleteFunc(out, func(one Edge) bool { return one.Link == e.Link })
				}
			}
		}
	}
	return out
}

// One person on two channels has one contact; unlinked, each has their own again, by
// the clock of what they wrote first.
func TestOnePersonOnTwoChannels(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	chat := r.visit("w1", "visitor")
	one := r.receive(chat)
	r.now = r.now.Add(10 * time.Minute)
	mail := r.mail("m1", "alice")
	mail.Hints = []Hint{{Customer: r.whose(chat), Evidence: customers.SignedWeb}}
	r.receive(mail)
	if r.state.Totals.Open != 1 || r.state.Totals.Opened != 1 || len(one.Messages) != 2 {
		t.Fatalf("open %d, opened %d, messages %v: want one contact with both", r.state.Totals.Open, r.state.Totals.Opened, one.Messages)
	}
	if v := r.state.Conversations[one.Messages[1].In]; v == nil || v.Contact != one.ID || v.With != one.Conversation || v.Channel != contact.Email {
		t.Errorf("the mail's conversation is %+v", v)
	}
	again := r.mail("m2", "alice", "m1")
	if c := r.receive(again); c != one || len(one.Messages) != 3 {
		t.Errorf("the answer to the mail went to %s", c.ID)
	}
	r.check()

	r.agent("anna", contact.RoleAgent, 100)
	r.must("anna", Unlink{Link: r.edges()[0].Link, Edges: r.edges(), AsOf: r.state.N})
	if r.state.Totals.Open != 2 || len(one.Messages) != 1 || len(one.Also) != 0 {
		t.Fatalf("after unlinking %d are open, the first with %d messages", r.state.Totals.Open, len(one.Messages))
	}
	other := r.state.Contacts[r.state.Index["mid:m1"].Contact]
	for _, c := range r.state.Contacts {
		if c.Customer == r.whose(mail) {
			other = c
		}
	}
	if len(other.Messages) != 2 || !other.Start.Equal(mail.ReceivedAt) || other.Channel != contact.Email || other.Person != "" {
		t.Errorf("the mail waits as %+v", other)
	}
	r.check()
}

// What nobody proves is proposed once, and not again after somebody has said no.
func TestDoubtIsProposed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	chat := r.visit("w1", "visitor")
	r.receive(chat)
	hints := []Hint{{Customer: r.whose(chat), Evidence: customers.SameName}}
	for _, id := range []string{"m1", "m2"} {
		m := r.mail(id, "alice")
		m.Hints = hints
		r.receive(m)
	}
	if got := r.count("link_proposed"); got != 1 || r.count("customers_linked") != 0 {
		t.Fatalf("%d proposals, %d links", got, r.count("customers_linked"))
	}
	a := r.state.Index["id:alice"].Customer
	r.must("anna", DeclineLink{Link: "p", A: a, B: r.whose(chat)})
	m := r.mail("m3", "alice")
	m.Hints = []Hint{{Customer: r.whose(chat), Evidence: customers.SignedWeb}}
	m.Known = map[string]Found{CustomerKey(a): {Customer: a, Not: []string{r.whose(chat)}}}
	r.receive(m)
	if r.count("customers_linked") != 0 || r.count("link_proposed") != 1 {
		t.Error("what a person has denied was linked or proposed again")
	}
	r.check()
}

// Two whom the company's own list has under two numbers are not linked.
func TestConflictIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	chat, mail := r.visit("w1", "visitor"), r.mail("m1", "alice")
	r.receive(chat)
	r.receive(mail)
	r.refused(RefusedConflict, "anna", Link{A: r.whose(chat), B: r.whose(mail), Evidence: customers.ByAgent, Conflict: ConflictExternal})
	r.refused(RefusedInvalid, "anna", Link{A: r.whose(chat), B: r.whose(mail), Evidence: customers.SameName})
	next := r.mail("m2", "alice")
	next.Hints = []Hint{{Customer: r.whose(chat), Evidence: customers.ByToken, Conflict: ConflictExternal}}
	r.receive(next)
	if r.count("customers_linked") != 0 || r.count("link_proposed") != 1 {
		t.Error("a proof against which something speaks is proposed, not made")
	}
	r.must("anna", Link{A: r.whose(chat), B: r.whose(mail), Evidence: customers.ByAgent})
	r.refused(RefusedStale, "anna", Unlink{Link: r.edges()[0].Link, Edges: r.edges(), AsOf: r.state.N - 1})
	r.check()
}

// What was answered together with somebody else's question has no answer of its own
// once it turns out that they are two.
func TestUnlinkedAfterAnAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	chat := r.visit("w1", "visitor")
	one := r.receive(chat)
	mail := r.mail("m1", "alice")
	mail.Hints = []Hint{{Customer: r.whose(chat), Evidence: customers.SignedWeb}}
	r.receive(mail)
	v := *r.state.Conversations[one.Messages[1].In]
	messages := []MsgRef{one.Messages[1]}
	sending := r.reply(r.accept(one), one, contact.Answer, one.LastMessage())
	r.deliver(sending)
	if r.state.Totals.Open != 0 || r.state.Conversations[v.ID].State != ConversationResolved || r.state.Conversations[v.ID].LastAgent != "anna" {
		t.Fatalf("after the answer: open %d, %+v", r.state.Totals.Open, r.state.Conversations[v.ID])
	}
	r.must("anna", Unlink{
		Link: r.edges()[0].Link, Edges: r.edges(), AsOf: r.state.N,
		Together: []AnsweredTogether{{Conversation: *r.state.Conversations[v.ID], Contact: *one, Messages: messages}},
	})
	if r.state.Totals.Open != 1 || r.state.Conversations[v.ID].Contact == "" {
		t.Errorf("nobody owes the second one an answer: %+v", r.state.Totals)
	}
	r.check()
}

// Unlinked while the one reply is on its way, the rest stays covered by it.
func TestUnlinkedWhileSending(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	chat := r.visit("w1", "visitor")
	one := r.receive(chat)
	mail := r.mail("m1", "alice")
	mail.Hints = []Hint{{Customer: r.whose(chat), Evidence: customers.SignedWeb}}
	r.receive(mail)
	sending := r.reply(r.accept(one), one, contact.Answer, one.LastMessage())
	r.must("anna", Unlink{Link: r.edges()[0].Link, Edges: r.edges(), AsOf: r.state.N})
	r.deliver(sending)
	if one.Open() || r.state.Totals.Open != 1 || r.state.Totals.Opened != 2 {
		t.Errorf("first open: %v, totals %+v", one.Open(), r.state.Totals)
	}
	r.check()
}

// Merging by hand what was open on both sides, and taking it apart, loses nothing.
func TestLinkMergesWhatIsOpen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	chat := r.visit("w1", "visitor")
	first := r.receive(chat)
	r.now = r.now.Add(time.Minute)
	mail := r.mail("m1", "alice")
	second := r.receive(mail)
	other := r.mail("m2", "alice")
	other.Class = "billing"
	other.ReceivedAt = r.now.Add(time.Hour)
	third := r.receive(other)
	r.agent("anna", contact.RoleAgent, 100)
	r.must("anna", Link{A: r.whose(chat), B: r.whose(mail), Evidence: customers.ByAgent})
	if second.End != EndMerged || !first.Open() || !third.Open() || len(first.Messages) != 2 {
		t.Fatalf("second %s, first %v, third %v", second.End, first.State, third.State)
	}
	r.check()
	r.must("anna", Unlink{Link: r.edges()[0].Link, Edges: r.edges(), AsOf: r.state.N})
	if r.state.Totals.Open != 3 || len(first.Messages) != 1 {
		t.Errorf("open %d", r.state.Totals.Open)
	}
	r.check()
}

func (r *rig) count(event string) int {
	r.t.Helper()
	n := 0
	for _, data := range r.log {
		var c struct {
			Entries []struct {
				Events []struct{ Type string } `json:"events"`
			} `json:"entries"`
		}
		if err := json.Unmarshal(data, &c); err != nil {
			r.t.Fatal(err)
		}
		for _, e := range c.Entries {
			for _, one := range e.Events {
				if one.Type == event {
					n++
				}
			}
		}
	}
	return n
}

// Whatever is linked and unlinked, what is open of a person is found by their id,
// every message waits in one place, and with no link left all are who they were.
func TestLinksAreReversible(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(rt)
		r.agent("anna", contact.RoleAgent, 20)
		var sent []*Receive
		for i := range rapid.IntRange(2, 12).Draw(rt, "steps") {
			r.now = r.now.Add(time.Minute)
			id := string(rune('a' + i))
			switch edges := r.edges(); rapid.IntRange(0, 4).Draw(rt, "step") {
			case 0, 1:
				m := r.mail(id, rapid.SampledFrom([]string{"alice", "bob"}).Draw(rt, "sender"))
				if rapid.Bool().Draw(rt, "chat") {
					m = r.visit(id, rapid.SampledFrom([]string{"v1", "v2"}).Draw(rt, "visitor"))
				}
				if len(sent) > 0 && rapid.Bool().Draw(rt, "proof") {
					m.Hints = []Hint{{Customer: r.whose(rapid.SampledFrom(sent).Draw(rt, "same")), Evidence: customers.SignedWeb}}
				}
				r.must(ActorIntake, *m)
				sent = append(sent, m)
			case 2:
				if len(sent) > 1 {
					a, b := rapid.SampledFrom(sent).Draw(rt, "a"), rapid.SampledFrom(sent).Draw(rt, "b")
					_, _ = r.do("anna", Link{A: r.whose(a), B: r.whose(b), Evidence: customers.ByAgent})
				}
			case 3:
				if len(edges) > 0 {
					r.must("anna", Unlink{Link: rapid.SampledFrom(edges).Draw(rt, "link").Link, Edges: edges, AsOf: r.state.N})
				}
			case 4:
				for id := range r.state.Offers {
					c := r.state.Contacts[r.state.Offers[id].Contact]
					r.must("anna", Accept{Offer: id})
					r.deliver(r.reply("anna", c, contact.Answer, c.LastMessage()))
					break
				}
			}
			r.check()
		}
		for edges := r.edges(); len(edges) > 0; edges = r.edges() {
			r.must("anna", Unlink{Link: edges[0].Link, Edges: edges, AsOf: r.state.N})
		}
		for _, c := range r.state.Contacts {
			if c.Open() && (c.Person != "" || len(c.Also) > 0) {
				rt.Fatalf("contact %s is still one of %q, with %v", c.ID, c.Person, c.Also)
			}
		}
		r.check()
	})
}

// What comes from another address of the same person right after joins the contact, in a
// conversation of its own: unlinked, it is nobody else's.
func TestTwoAddressesOnOneChannel(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	home := r.mail("m1", "alice")
	one := r.receive(home)
	r.now = r.now.Add(10 * time.Second)
	work := r.mail("m2", "alice.work")
	work.Hints = []Hint{{Customer: r.whose(home), Evidence: customers.SignedWeb}}
	r.receive(work)
	more := r.mail("m3", "alice.work")
	r.receive(more)
	if r.state.Totals.Open != 1 || len(one.Messages) != 3 || len(one.Also) != 1 {
		t.Fatalf("open %d, there wait %v with %v", r.state.Totals.Open, one.Messages, one.Also)
	}
	r.must("anna", Unlink{Link: r.edges()[0].Link, Edges: r.edges(), AsOf: r.state.N})
	waits := map[string]int{}
	for _, c := range r.state.Contacts {
		if c.Open() {
			waits[c.Customer] += len(c.Messages)
		}
	}
	if waits[r.whose(home)] != 1 || waits[r.whose(work)] != 2 {
		t.Errorf("after unlinking there wait %v", waits)
	}
	r.check()
}
