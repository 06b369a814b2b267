package ledger

import (
	"fmt"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// forwarded lets what is sent to a third person fail, before and after its
// contact has ended, and the customer take the matter up again.
func (s *story) forwarded() {
	c := s.receive(s.mail("f1", "judy"))
	s.take(c, "anna")
	forward := func(id string) {
		s.do("anna", router.Send{Reply: router.Reply{
			ID: id, Kind: contact.Forward, Conversation: c.Conversation, Channel: contact.Email, Account: "support", Ref: "reply." + id,
		}})
	}
	forward("fwd-1")
	s.send("fwd-1", router.Outcome{Permanent: true, Reason: "rejected", Code: "5.1.1"})
	r := s.reply(c, contact.Answer, c.LastMessage())
	s.deliver(r)
	failed := s.state.Conversations[c.Conversation].Contact
	s.do("anna", router.Dispose{Contacts: []string{failed}, Disposition: contact.NoReplyNeeded})
	s.wait(24 * time.Hour)
	again := s.mail("f2", "judy")
	again.Threads = []string{"mid:" + r}
	s.take(s.receive(again), "anna")
	forward("fwd-2")
	s.send("fwd-2", router.Outcome{Permanent: true, Reason: "rejected", Code: "5.1.1"})
}

// TestUndeliveredForwardIsInTheLedger: whoever looks at the contact sees that
// it also stands for what did not arrive.
func TestUndeliveredForwardIsInTheLedger(t *testing.T) {
	s := newStory(t)
	s.do(router.ActorRouter, router.Begin{Life: "life-1"})
	s.agent("anna")
	s.forwarded()
	l := s.folded()
	compare(t, s, l)
	rows, err := l.Contacts(t.Context(), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 {
		t.Fatalf("%d contacts, want that of the first message, that of the forward and that of the second", len(rows))
	}
	if u := rows[0].Undelivered; u == nil || u.Reply != "fwd-2" || u.Agent != "anna" || u.Code != "5.1.1" {
		t.Errorf("the newest contact stands for %+v", u)
	}
	if rows[0].Trouble != "" {
		t.Errorf("its reply is in trouble (%s), which was never sent", rows[0].Trouble)
	}
	if rows[1].Promise != router.PromiseFailed || rows[2].Undelivered != nil {
		t.Errorf("the second is under %s, the first stands for %+v", rows[1].Promise, rows[2].Undelivered)
	}
	entries, err := l.Timeline(t.Context(), rows[0].Conversation)
	if err != nil {
		t.Fatal(err)
	}
	renewed := 0
	for _, e := range entries {
		if e.Kind == "conversation_opened" && e.Detail.Renewed && !e.Until.IsZero() {
			renewed++
		}
	}
	if renewed != 1 {
		t.Errorf("%d entries say that the resolution is promised anew, want 1", renewed)
	}
}

// TestContactOfManyMessages: the ledger lists of a contact what the router does.
func TestContactOfManyMessages(t *testing.T) {
	s := newStory(t)
	s.do(router.ActorRouter, router.Begin{Life: "life-1"})
	c := s.receive(s.mail("m0", "carl"))
	for i := range 1_200 {
		s.do(router.ActorIntake, s.mail(fmt.Sprintf("m%d", i+1), "carl", "m0"))
	}
	l := s.folded()
	compare(t, s, l)
	row, err := l.Contact(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if row.Earlier == 0 || row.Earlier+len(row.Messages) != 1_201 {
		t.Errorf("it lists %d messages and says that %d are earlier", len(row.Messages), row.Earlier)
	}
	if a, err := l.Audit(t.Context(), nil); err != nil || !a.OK() {
		t.Errorf("gaps %+v, %v", a.Gaps, err)
	}
}
