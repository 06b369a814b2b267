package router

import (
	"testing"
	"time"

	"stagecoach/contact"
)

func (r *rig) change(id, sender, replaced string, withdrawn bool) *Receive {
	m := r.mail(id, sender, replaced)
	m.Kind, m.Replaces, m.Withdrawn = KindChanged, "mid:"+replaced, withdrawn
	return m
}

// TestEditIsAnswered has a customer edit what is being answered: the answer that
// doesn't cover it ends nothing.
func TestEditIsAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	agent := r.accept(c)
	read := c.LastMessage()
	r.now = r.now.Add(time.Minute)
	r.must(ActorIntake, *r.change("m1-edit", "alice", "m1", false))
	r.deliver(r.reply(agent, c, contact.Answer, read))
	v := r.state.Conversations[c.Conversation]
	if rest := r.state.Contacts[v.Contact]; rest == nil || !rest.Open() || len(rest.Messages) != 1 {
		t.Errorf("of the conversation %+v is open: want the edit to wait for an answer", rest)
	}
	r.check()
}

// TestEditAfterTheAnswer opens a contact in the same conversation.
func TestEditAfterTheAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, _ := answered(r)
	next := r.receive(r.change("m1-edit", "alice", "m1", false))
	if next == nil || next.ID == first.ID || next.Conversation != first.Conversation {
		t.Errorf("the edit is in %+v, want a new contact of conversation %s", next, first.Conversation)
	}
	r.check()
}

// TestWithdrawnIsSeenAndEndsNothing keeps the contact of a message that its
// customer has taken back, and says so on it.
func TestWithdrawnIsSeenAndEndsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	due := c.Due
	got := r.must(ActorIntake, *r.change("m1-gone", "alice", "m1", true))
	now := r.state.Contacts[c.ID]
	if got.Contact != c.ID || !now.Open() || !now.Due.Equal(due) || r.evidence(EvidenceWithdrawn) != 1 {
		t.Errorf("on contact %q, open %v, due %v for %v, %d pieces of evidence", got.Contact, now.Open(), now.Due, due, r.evidence(EvidenceWithdrawn))
	}
	if again := r.must(ActorIntake, *r.change("m1-gone", "alice", "m1", true)); !again.Known || r.evidence(EvidenceWithdrawn) != 1 {
		t.Errorf("seen again: %+v", again)
	}
	if other := r.must(ActorIntake, *r.change("x-gone", "bob", "never-came", true)); other.Contact != "" || r.opened() != 1 {
		t.Errorf("what never came is taken back: %+v, %d contacts opened", other, r.opened())
	}
	r.check()
}
