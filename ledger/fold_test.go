package ledger

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// TestFoldIsTheRoutersFold runs a day through the router's core and through
// the ledger, and compares every object.
func TestFoldIsTheRoutersFold(t *testing.T) {
	s := day(t)
	l := s.folded()
	compare(t, s, l)
	a, err := l.Audit(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range a.Gaps {
		t.Errorf("gap %+v", g)
	}
	seen := map[string]bool{}
	for _, name := range kinds(t, l) {
		seen[name] = true
	}
	for _, want := range []string{
		"takeover", "conversation_opened", "message_received", "evidence_received", "quarantined", "contact_opened",
		"message_joined", "offer_made", "offer_ended", "assigned", "unassigned", "moved", "reply_queued", "attempt_granted",
		"attempt_failed", "reply_delivered", "reply_in_doubt", "reply_failed", "contact_ended", "contact_reopened", "at_risk",
		"breached", "last_resort_told", "conversation_closed", "noted", "agent_set", "agent_removed", "presence_changed",
	} {
		if !seen[want] {
			t.Errorf("the day has no %s: the comparison says nothing about it", want)
		}
	}
}

func kinds(t *testing.T, l *Ledger) []string {
	t.Helper()
	var out []string
	rows, err := l.facts.read.QueryContext(t.Context(), "SELECT DISTINCT kind FROM entry")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var k string
		if err := rows.Scan(&k); err != nil {
			t.Fatal(err)
		}
		out = append(out, k)
	}
	return out
}

func text(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func compare(t *testing.T, s *story, l *Ledger) {
	t.Helper()
	ctx := t.Context()
	if len(s.state.Contacts) == 0 {
		t.Fatal("nothing to compare")
	}
	for id, c := range s.state.Contacts {
		row, err := l.Contact(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := text(t, &row.Contact), text(t, c); got != want {
			t.Errorf("contact\n got %s\nwant %s", got, want)
		}
	}
	for id, v := range s.state.Conversations {
		got, err := l.ConversationFacts(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if text(t, got) != text(t, v) {
			t.Errorf("conversation\n got %s\nwant %s", text(t, got), text(t, v))
		}
	}
	for id, r := range s.state.Replies {
		got, err := l.ReplyFacts(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if text(t, got) != text(t, r) {
			t.Errorf("reply\n got %s\nwant %s", text(t, got), text(t, r))
		}
	}
	counts, err := l.Counts(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := text(t, counts.Contacts), text(t, s.state.Totals); got != want {
		t.Errorf("totals\n got %s\nwant %s", got, want)
	}
	sources, err := readSources(ctx, l.facts.read)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := text(t, sources), text(t, s.state.Sources); got != want {
		t.Errorf("sources\n got %s\nwant %s", got, want)
	}
	compareKeys(t, s, l)
}

func contactsOf(s *router.State, customer string) (n int) {
	members := []string{customer}
	if e := s.Persons[customer]; e != nil {
		members = e.Members
	}
	for _, c := range s.Contacts {
		if slices.Contains(members, c.Customer) {
			n++
		}
	}
	return n
}

func compareKeys(t *testing.T, s *story, l *Ledger) {
	t.Helper()
	keys := slices.Sorted(maps.Keys(s.state.Index))
	asOf, known, err := l.Known(t.Context(), append(keys, "no such key"))
	if err != nil {
		t.Fatal(err)
	}
	if asOf != s.n {
		t.Errorf("known as of %d, want %d", asOf, s.n)
	}
	maps.DeleteFunc(known, func(key string, _ router.Found) bool { return strings.HasPrefix(key, router.CustomerKey("")) }) // told besides
	if len(known) != len(keys) {
		t.Errorf("%d keys are known, want %d", len(known), len(keys))
	}
	compared := map[string]int{} // of what a thousand keys lead to, a few are compared whole
	whole := func(id string) bool {
		compared[id]++
		return id != "" && compared[id] <= 20
	}
	for _, k := range keys {
		want, f := s.state.Index[k], known[k]
		if f.Kind != want.Kind || f.Message != want.Message || f.Place != want.Place || f.Reply != want.Reply || f.Conversation != want.Conversation {
			t.Errorf("key %s: got %+v, want %+v", k, f, *want)
		}
		if had := contactsOf(s.state, want.Customer); want.Kind == router.KeyIdentity && f.Contacts != min(had, mostContacts) {
			t.Errorf("key %s: %d contacts, want %d", k, f.Contacts, had)
		}
		if want.Customer != "" && f.Customer != want.Customer {
			t.Errorf("key %s: customer %q, want %q", k, f.Customer, want.Customer)
		}
		if whole(f.Contact) && (f.ContactFacts == nil || text(t, f.ContactFacts) != text(t, s.state.Contacts[f.Contact])) {
			t.Errorf("key %s: facts of contact %s differ", k, f.Contact)
		}
		if whole(f.Conversation) && (f.ConversationFacts == nil || text(t, f.ConversationFacts) != text(t, s.state.Conversations[f.Conversation])) {
			t.Errorf("key %s: facts of conversation %s differ", k, f.Conversation)
		}
		if whole(f.Reply) && (f.ReplyFacts == nil || text(t, f.ReplyFacts) != text(t, s.state.Replies[f.Reply])) {
			t.Errorf("key %s: facts of reply %s differ", k, f.Reply)
		}
	}
}

// TestMessageKeysLeadToTheContactNow: what a reply did not cover has gone on.
func TestMessageKeysLeadToTheContactNow(t *testing.T) {
	s := newStory(t)
	s.do(router.ActorRouter, router.Begin{Life: "life-1"})
	s.agent("anna")
	c := s.receive(s.mail("m1", "carl"))
	s.do(router.ActorIntake, s.mail("m2", "carl", "m1"))
	s.take(c, "anna")
	s.deliver(s.reply(c, contact.Answer, c.Messages[0].ID))
	next := s.state.Conversations[c.Conversation].Contact
	if next == "" || next == c.ID {
		t.Fatal("no next contact")
	}
	_, known, err := s.folded().Known(t.Context(), []string{"mid:m1", "mid:m2"})
	if err != nil {
		t.Fatal(err)
	}
	if known["mid:m1"].Contact != c.ID || known["mid:m2"].Contact != next {
		t.Fatalf("m1 in %s, m2 in %s; want %s and %s", known["mid:m1"].Contact, known["mid:m2"].Contact, c.ID, next)
	}
}

func TestEveryEventHasItsFold(t *testing.T) {
	contactFacts := router.Contact{
		ID: "c1", Conversation: "v1", Customer: "k1", State: router.Waiting, LastResort: "lead",
		Promise: router.PromiseFirst, Due: time.Unix(9000, 0).UTC(), Messages: []router.MsgRef{{ID: "m1", Ref: "r1"}},
	}
	s := newStory(t)
	s.epoch = 1
	var received router.Event
	for _, ev := range []router.Event{
		router.Takeover{Life: "l"},
		router.ClockStep{From: s.now, To: s.now.Add(time.Hour)},
		router.PolicyActivated{Version: "v1"},
		router.PolicyDrafted{Draft: "d1", Version: "v2", By: "boss"},
		router.PolicyDropped{Draft: "d1", By: "boss"},
		router.PolicyShadowed{Version: "v2", By: "boss"},
		router.SourceRead{Source: "email/support/INBOX", Channel: "email", Account: "support", Position: "1:1", Seen: 3},
		router.AgentSet{Agent: router.AgentProfile{ID: "anna"}},
		router.PresenceChanged{Agent: "anna", Presence: contact.Available, Cause: "self"},
		router.CustomerKnown{Customer: "k1", Identity: "identity:k1"},
		router.ConversationOpened{Conversation: router.Conversation{ID: "v1", Customer: "k1"}},
		router.MessageReceived{Item: item("i1", s.now), Message: "m1", Customer: "k1", Conversation: "v1", Contact: "c1", Keys: []string{"t1"}},
		router.ContactOpened{Contact: contactFacts, Policy: "v1"},
		router.EvidenceReceived{Item: item("i2", s.now), Evidence: "e1", Kind: router.EvidenceElsewhere, Conversation: "v1", Contact: "c1"},
		router.Quarantined{Item: item("i3", s.now), ID: "q1", Reason: "unreadable"},
		router.MessageReceived{Item: item("i3", s.now), Message: "m2", Customer: "k1", Conversation: "v1", Contact: "c1"},
		router.MessageJoined{Contact: "c1", Message: router.MsgRef{ID: "m2", Ref: "r2"}, Due: contactFacts.Due},
		router.QuarantineLeft{ID: "q1", Message: "m2"},
		router.OfferMade{Offer: "o1", Contact: "c1", Agent: "anna", Expires: s.now.Add(time.Minute)},
		router.OfferEnded{Offer: "o1", Contact: "c1", Agent: "anna", End: router.OfferExpired, Missed: true, CoolUntil: s.now.Add(time.Hour)},
		router.Assigned{Contact: "c1", Agent: "anna", By: "anna", Units: 1, PullAt: s.now.Add(time.Hour)},
		router.HolderWarned{Contact: "c1", Agent: "anna"},
		router.HoldExtended{Contact: "c1", PullAt: s.now.Add(2 * time.Hour)},
		router.Unassigned{Contact: "c1", Agent: "anna", By: "boss", Reason: "silent"},
		router.Moved{Contact: "c1", Queue: "billing", By: "boss", Reason: "sorted"},
		router.AtRisk{Contact: "c1"},
		router.ContactsRevised{Policy: "v2", Part: router.ReviseClasses, Done: 1, Contacts: []router.Revised{{
			Contact: "c1", Due: contactFacts.Due.Add(time.Hour), Class: &router.Reclassified{Class: "bill", Queue: "billing"},
		}}},
		router.MissForeseen{Contact: "c1", Chance: 800},
		router.Breached{Contact: "c1"},
		router.LastResortTold{Contacts: []string{"c1"}, Breached: 1, Total: 1},
		router.ReplyQueued{Reply: router.Reply{ID: "y1", Kind: contact.Answer, Conversation: "v1", Contact: "c1", Agent: "anna", Ref: "reply.y1"}, Keys: []string{"t2"}},
		router.AttemptGranted{Reply: "y1", Attempt: 1, Life: "l"},
		router.AttemptFailed{Reply: "y1", Attempt: 1, Reason: "unavailable"},
		router.ReplyInDoubt{Reply: "y1", Cause: "crash"},
		router.ReplyDelivered{Reply: "y1"},
		router.ContactEnded{Contact: "c1", End: router.EndReplied, Reply: "y1", By: "anna"},
		router.ReplyFailed{Reply: "y1", Reason: "bounced", Bounced: true},
		router.ContactReopened{Contact: contactFacts, Cause: "bounced", Was: router.EndReplied},
		router.ContactEnded{Contact: "c1", End: router.EndDisposed, Disposition: contact.Duplicate, By: "anna"},
		router.ConversationClosed{Conversation: "v1", State: router.ConversationResolved},
		router.ResolutionBreached{Conversation: "v1"},
		router.Noted{Conversation: "v1", Contact: "c1", Note: "n1", Ref: "note.n1", By: "anna"},
		router.AgentRemoved{Agent: "anna", By: "boss"},
		router.Trimmed{Before: 3},
	} {
		if m, is := ev.(router.MessageReceived); is && m.Message == "m1" {
			received = ev // a commit holds what a message opens
			continue
		}
		if _, is := ev.(router.ContactOpened); is {
			s.tell("router", received, ev)
			continue
		}
		s.tell("router", ev)
	}
	l := s.folded()
	a, err := l.Audit(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !a.OK() {
		t.Fatalf("gaps: %+v", a.Gaps)
	}
	row, err := l.Contact(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}
	if row.Open() || row.Disposition != contact.Duplicate || row.Reopened != 1 || row.Offered != 1 || row.Missed != 1 {
		t.Errorf("contact is %+v", row)
	}
	if s := a.Sources[0]; s.Messages != 2 || s.Evidence != 1 || s.Quarantined != 0 {
		t.Errorf("source is %+v: an item that left quarantine counts once", s)
	}
	entries, err := l.Timeline(t.Context(), "v1")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 30 {
		t.Errorf("%d entries in the timeline, want 30", len(entries))
	}
	if e := entries[1]; e.Kind != "message_received" || e.Contact != "c1" {
		t.Errorf("the message's entry is %+v: its contact was opened after it", e)
	}
}

// TestFoldingInPiecesIsFoldingAtOnce reopens the file after every few commits.
func TestFoldingInPiecesIsFoldingAtOnce(t *testing.T) {
	s := day(t)
	whole := s.folded()
	dir := t.TempDir()
	pieces := newMemoryLog()
	for i, c := range s.log.commits {
		pieces.append(c)
		if i%9 != 0 && i != len(s.log.commits)-1 {
			continue
		}
		l := openAt(t, dir)
		if err := l.Catchup(context.Background(), pieces); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	l := openAt(t, dir)
	if got, want := dump(t, l), dump(t, whole); got != want {
		t.Errorf("rows differ:\n%s", difference(got, want))
	}
}
