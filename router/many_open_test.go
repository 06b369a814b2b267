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
