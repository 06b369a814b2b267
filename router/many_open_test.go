package router

import (
	"fmt"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
)

// flood has one sender open n contacts: each of another account, so that none is taken
// for what they forgot in the one before.
func (r *rig) flood(n int, of func(id, sender string, threads ...string) *Receive, sender string) {
	r.t.Helper()
	for i := range n {
		m := of(fmt.Sprint(sender, i), sender)
		m.Account = fmt.Sprint("a", i)
		r.receive(m)
	}
}

// Of two who have thousands open each, as much is joined as one commit takes; the rest
// stays as it is, and nothing is refused or lost.
func TestLinkOfManyOpen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const each = 1500 / raceFactor
	r.flood(each, r.mail, "alice")
	r.flood(each, r.visit, "visitor")
	before := r.state.Totals
	a, b := r.state.Index["id:alice"].Customer, r.state.Index["id:visitor"].Customer
	r.log = r.log[:0]
	r.must(ActorControl, Link{A: a, B: b, Evidence: customers.ByAgent, AsOf: r.state.N})
	r.fits()
	after := r.state.Totals
	if joined := before.Open - after.Open; joined < 50 || before.Opened != after.Opened+after.Merged-before.Merged && before.Opened != after.Opened {
		t.Errorf("%d were joined: %+v, %+v", joined, before, after)
	}
	messages := 0
	for _, id := range r.state.OpenOf(min(a, b)) {
		messages += len(r.state.Contacts[id].Messages)
	}
	if messages != 2*each {
		t.Errorf("%d messages wait, want %d", messages, 2*each)
	}
	if problems := invariants(r.state); len(problems) > 0 {
		t.Errorf("invariants broken: %v", problems)
	}
}

// One question in the chat joins the mail of its matter, however many are open.
func TestLinkFindsTheMatterAmongMany(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.flood(200, r.mail, "alice")
	bill := r.mail("bill", "alice")
	bill.Class, bill.Account = "billing", "bills"
	mail := r.receive(bill)
	r.flood(200, r.mail, "alice2")
	r.now = r.now.Add(time.Hour)
	ask := r.visit("chat", "visitor")
	ask.Class = "billing"
	chat := r.receive(ask)
	r.must(ActorControl, Link{A: r.whose(bill), B: r.whose(ask), Evidence: customers.ByAgent, AsOf: r.state.N})
	if chat.Open() || len(mail.Messages) != 2 || r.state.Conversations[mail.Messages[1].In].Channel != contact.WebChat {
		t.Errorf("the chat is %s %q %v, the mail has %q %v %+v", chat.State, chat.Class, chat.Start, mail.Class, mail.Start, mail.Messages)
	}
	r.check()
}

// BenchmarkLinkOpen links a sender with n open to a visitor with one, and takes the link
// back.
func BenchmarkLinkOpen(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := newRig(b)
			r.flood(n, r.mail, "alice")
			r.receive(r.visit("w1", "visitor"))
			a, c := r.state.Index["id:alice"].Customer, r.state.Index["id:visitor"].Customer
			for b.Loop() {
				link := r.must(ActorControl, Link{A: a, B: c, Evidence: customers.ByAgent, AsOf: r.state.N}).Link
				r.must(ActorControl, Unlink{Link: link, Edges: []Edge{{Link: link, A: a, B: c}}, AsOf: r.state.N})
				r.log = r.log[:0]
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/open")
		})
	}
}

// Of one person who turn out to be two, each is answered where they can be reached
// themselves, in the decision that takes them apart: nobody's answer goes to the other.
func TestUnlinkedAreAnsweredApart(t *testing.T) {
	t.Parallel()
	both := customers.Facts{Prefer: contact.Email, PreferSource: customers.PreferImport, Reach: "email,webchat"}
	mailed := customers.Facts{Prefer: contact.Email, PreferSource: customers.PreferImport, Reach: "email"}
	for name, own := range map[string]struct {
		facts customers.Facts
		want  contact.Channel
	}{
		"reached by the chat":   {customers.Facts{Reach: "webchat"}, contact.WebChat},
		"reached by mail, too":  {both, contact.Email},
		"of whom nobody knows":  {customers.Facts{}, contact.WebChat},
		"wanted, not reachable": {customers.Facts{Prefer: contact.Email, PreferSource: customers.PreferStated, Reach: "webchat"}, contact.WebChat},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.agent("anna", contact.RoleAgent, 100)
			chat := r.visit("w1", "visitor")
			asked := r.receive(chat)
			mail := r.mail("m1", "alice")
			mail.Class = "billing" // another matter: two contacts
			mailed2 := r.receive(mail)
			r.must("anna", Link{A: r.whose(chat), B: r.whose(mail), Evidence: customers.ByAgent, AsOf: r.state.N})
			for _, c := range []*Contact{asked, mailed2} {
				r.must(ActorRouter, ChangeCustomer{Contact: c.ID, Known: both})
			}
			if asked.ReplyChannel != contact.Email {
				t.Fatalf("linked, the question in the chat is answered by %s", asked.ReplyChannel)
			}
			r.must("anna", Unlink{Link: r.edges()[0].Link, Edges: r.edges(), AsOf: r.state.N, Alone: map[string]customers.Facts{r.whose(chat): own.facts, r.whose(mail): mailed}})
			if asked.ReplyChannel != own.want || asked.Demand.ReplyChannel != own.want || mailed2.ReplyChannel != contact.Email {
				t.Errorf("apart, the chat is answered by %s, want %s, the mail by %s", asked.ReplyChannel, own.want, mailed2.ReplyChannel)
			}
			r.check()
		})
	}
}

// What the machines of one person's two addresses send lies in two heaps: taken apart,
// each has their own.
func TestHeapsOfOnePerson(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	robot := func(id, sender string) *Receive {
		m := r.mail(id, sender)
		m.Propose, m.Correspondents = contact.Machine, []string{"domain"}
		return m
	}
	a, b := robot("a", "alice"), robot("b", "bob")
	r.receive(a)
	r.receive(b)
	r.must(ActorControl, Link{A: r.whose(a), B: r.whose(b), Evidence: customers.ByAgent, AsOf: r.state.N})
	for i := range 2 * machineContacts {
		r.now = r.now.Add(10 * time.Minute)
		r.receive(robot(fmt.Sprint("a", i), "alice"))
	}
	r.now = r.now.Add(10 * time.Minute)
	c := r.receive(robot("last", "bob"))
	if c.Customer != r.whose(b) {
		t.Errorf("bob's went into the heap of %s", c.Customer)
	}
	if of := r.state.Contacts[r.must(ActorIntake, *robot("more", "bob")).Contact]; of.Customer != r.whose(b) {
		t.Errorf("bob's next went into the heap of %s", of.Customer)
	}
	r.check()
}

// A proposal is made once, whatever fades and however late the ledger is; what a person
// has denied is neither proposed nor made by itself.
func TestProposedOnceUntilTheLedgerKnows(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	one, two, mail := r.visit("w1", "one"), r.visit("w2", "two"), r.mail("m0", "alice")
	r.receive(one)
	r.receive(two)
	r.receive(mail)
	alice, who1, who2 := r.whose(mail), r.whose(one), r.whose(two)
	n := 0
	write := func(e customers.Evidence, of string) {
		n++
		m := r.mail(fmt.Sprint("m", n), "alice")
		m.Hints = []Hint{{Customer: of, Evidence: e}}
		m.Known = map[string]Found{m.Identity: {Kind: KeyIdentity, Customer: alice}}
		m.AsOf = r.state.TrimmedTo
		r.receive(m)
	}
	proposed := func(want int, when string) {
		t.Helper()
		if got := r.count("link_proposed"); got != want || r.count("customers_linked") != 0 {
			t.Fatalf("%s: %d proposals, want %d, and %d links", when, got, want, r.count("customers_linked"))
		}
	}
	write(customers.SameName, who1)
	first := r.state.N
	write(customers.SameName, who2)
	proposed(2, "each of two")
	r.must(ActorRouter, Trim{Before: first + 1})
	write(customers.SameName, who2)
	proposed(2, "the first has left memory, the second has not")
	r.must("anna", DeclineLink{Link: "p2", A: alice, B: who2})
	write(customers.SameName, who2)
	proposed(2, "denied, and the ledger doesn't know yet")
	write(customers.SignedWeb, who2)
	proposed(2, "denied, and proof comes")
	r.check()
	r.must("anna", Link{A: alice, B: who2, Evidence: customers.ByAgent, AsOf: r.state.N})
	if r.count("customers_linked") != 1 {
		t.Error("a person can't change their mind")
	}
	r.must("anna", Unlink{Link: r.edges()[0].Link, Edges: r.edges(), AsOf: r.state.N})
	write(customers.SignedWeb, who2)
	if r.count("customers_linked") != 1 {
		t.Error("what a person has just undone was made again")
	}
	r.check()
	r.must(ActorRouter, Trim{Before: r.state.N + 1})
	if len(r.state.Proposals)+len(r.state.Denied) != 0 {
		t.Errorf("still in memory: %v, %v", r.state.Proposals, r.state.Denied)
	}
}
