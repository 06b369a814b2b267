package ledger

import (
	"slices"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/router"
)

// visit is a message of a visitor of the web chat.
func (s *story) visit(id, visitor string) router.Receive {
	m := s.mail(id, visitor)
	m.Source, m.Channel, m.Account = "webchat/shop", contact.WebChat, "shop"
	return m
}

// known gives what the ledger knows of a message's keys, and of customers.
func (s *story) known(l *Ledger, m *router.Receive) {
	s.t.Helper()
	keys := []string{m.Identity}
	for _, h := range m.Hints {
		keys = append(keys, router.CustomerKey(h.Customer))
	}
	asOf, known, err := l.Known(s.t.Context(), keys)
	if err != nil {
		s.t.Fatal(err)
	}
	m.AsOf, m.Known = asOf, known
}

func (s *story) whose(identity string) string {
	s.t.Helper()
	return s.state.Index[identity].Customer
}

// One person on two channels, answered and taken apart: the ledger says what the
// router does, and both halves have all that was said.
func TestPersonInTheLedger(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.do(router.ActorRouter, router.Begin{Life: "life-1"})
	s.agent("anna")
	one := s.receive(s.visit("w1", "visitor"))
	s.now = s.now.Add(time.Minute)
	visitor := s.whose("identity:visitor")
	mail := s.mail("m1", "alice")
	mail.Hints = []router.Hint{{Customer: visitor, Evidence: customers.SignedWeb}}
	s.receive(mail)
	alice := s.whose("identity:alice")
	l := s.folded()
	compare(t, s, l)
	p, asOf, err := l.Person(t.Context(), alice)
	if err != nil || len(p.Members) != 2 || len(p.Links) != 1 || p.Links[0].Evidence != customers.SignedWeb || asOf != s.n {
		t.Fatalf("alice is %+v as of %d, %v", p, asOf, err)
	}
	joined := one.Messages[1].In
	old, err := l.Expired(t.Context(), ExpireMessages, s.now.Add(time.Hour), 0, 10)
	if err != nil || len(old) != 2 || !old[0].Open || !old[1].Open {
		t.Errorf("of both messages, which wait for one answer, there expire %+v, %v", old, err)
	}
	for _, id := range []string{one.Conversation, joined} {
		entries, err := l.Timeline(t.Context(), id)
		if err != nil || len(slices.DeleteFunc(entries, func(e Entry) bool { return e.Kind != "message_received" })) != 2 {
			t.Errorf("the timeline of %s hasn't both messages: %v", id, err)
		}
	}
	rep := router.Reply{ID: "r1", Kind: contact.Answer, Contact: one.ID, Channel: contact.WebChat, Account: "shop", Covers: one.LastMessage(), Ref: "reply.r1"}
	s.take(one, "anna")
	s.do("anna", router.Send{Reply: rep})
	attempt := s.do(router.ActorSender, router.Attempt{Reply: "r1", Life: "life-1"}).Attempt
	s.do(router.ActorSender, router.Outcome{Reply: "r1", Attempt: attempt, Life: "life-1", Delivered: true})

	l = s.folded()
	if old, err = l.Expired(t.Context(), ExpireMessages, s.now.Add(time.Hour), 0, 10); err != nil || len(old) != 2 || old[0].Open || old[1].Open {
		t.Errorf("once they are answered, there expire %+v, %v", old, err)
	}
	p, asOf, err = l.Person(t.Context(), visitor)
	if err != nil {
		t.Fatal(err)
	}
	parts, together, err := l.Apart(t.Context(), router.PartsOf(p.Members, nil))
	if err != nil || len(parts) != 1 || parts[0].ID != joined || len(together) != 1 || together[0].Conversation.ID != joined || len(together[0].Messages) != 1 {
		t.Fatalf("answered together: %+v, %+v, %v", parts, together, err)
	}
	s.do("anna", router.Unlink{Link: p.Links[0].ID, Edges: p.Edges(), Joined: parts, Together: together, AsOf: asOf})
	if s.state.Totals.Open != 1 {
		t.Errorf("%d are open: the mail was never answered by mail", s.state.Totals.Open)
	}
	l = s.folded()
	compare(t, s, l)
	again := s.mail("m2", "alice")
	again.Hints = []router.Hint{{Customer: visitor, Evidence: customers.SignedWeb}}
	s.known(l, &again)
	s.receive(again)
	l = s.folded()
	if p, _, err = l.Person(t.Context(), alice); err != nil || len(p.Members) != 1 || len(p.Past) != 1 || p.Past[0].State != LinkUndone || p.Past[0].EndedBy != "anna" {
		t.Errorf("what a person has undone was made again: %+v, %v", p, err)
	}
	a, err := l.Audit(t.Context(), nil)
	if err != nil || len(a.Gaps) > 0 {
		t.Errorf("gaps %+v, %v", a.Gaps, err)
	}
}

// A proposal waits until somebody has said so, and is gone once they are one.
func TestProposalsInTheLedger(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.do(router.ActorRouter, router.Begin{Life: "life-1"})
	s.agent("anna")
	s.receive(s.visit("w1", "visitor"))
	visitor := s.whose("identity:visitor")
	for _, id := range []string{"m1", "m2"} {
		m := s.mail(id, "alice")
		m.Hints = []router.Hint{{Customer: visitor, Evidence: customers.SameName}}
		s.known(s.folded(), &m)
		s.receive(m)
	}
	l := s.folded()
	list, err := l.Proposals(t.Context(), 10)
	if err != nil || len(list) != 1 || list[0].Evidence != customers.SameName {
		t.Fatalf("proposed: %+v, %v", list, err)
	}
	s.do("anna", router.Link{A: list[0].A, B: list[0].B, Evidence: customers.ByAgent, AsOf: s.n})
	l = s.folded()
	if list, err = l.Proposals(t.Context(), 10); err != nil || len(list) != 0 {
		t.Errorf("still proposed: %+v, %v", list, err)
	}
	if _, known, err := l.Known(t.Context(), []string{router.CustomerKey(visitor)}); err != nil || len(known[router.CustomerKey(visitor)].Members) != 2 {
		t.Errorf("known: %+v, %v", known, err)
	}
}
