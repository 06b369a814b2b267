package router

import (
	"testing"
	"time"

	"stagecoach/contact"
)

// TestOutreachEdited has authors edit posts that were not addressed to us: of one that
// waits the edit is answered with it; once that is answered nothing is opened any
// more, nor by the edit of a post that was passed over.
func TestOutreachEdited(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	found := func(m *Receive) *Receive {
		m.Outreach = "outreach:alice"
		m.Keys = append(m.Keys, m.Outreach)
		return m
	}
	first := r.receive(found(r.mail("tag1", "alice")))
	r.must(ActorIntake, *found(r.mail("tag2", "alice")))
	if got := r.must(ActorIntake, *found(r.change("tag1-edit", "alice", "tag1", false))); got.Contact != first.ID || len(r.state.Contacts[first.ID].Messages) != 2 {
		t.Errorf("the edit of a post that waits: %+v", got)
	}
	if got := r.must(ActorIntake, *found(r.change("tag2-edit", "alice", "tag2", false))); r.evidence(EvidenceApproached) != 2 {
		t.Errorf("the edit of a post that was passed over: %+v", got)
	}
	agent := r.accept(r.state.Contacts[first.ID])
	r.deliver(r.reply(agent, first, contact.Answer, r.state.Contacts[first.ID].LastMessage()))
	if got := r.must(ActorIntake, *found(r.change("tag1-again", "alice", "tag1", false))); r.evidence(EvidenceApproached) != 3 || r.opened() != 1 {
		t.Errorf("an edit behind the answer: %+v, %d opened", got, r.opened())
	}
	r.check()
}

// TestOutreach approaches an author once in 90 days, apart from what they ask us.
func TestOutreach(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	found := func(id string) *Receive {
		m := r.mail(id, "alice")
		m.Outreach = "outreach:alice"
		m.Keys = append(m.Keys, m.Outreach)
		return m
	}
	asked := r.receive(r.mail("m1", "alice"))
	first := r.receive(found("tag1"))
	if first == nil || first.Conversation == asked.Conversation {
		t.Fatalf("what wasn't addressed to us is in %+v, with what was", first)
	}
	r.now = r.now.Add(24 * time.Hour)
	if got := r.must(ActorIntake, *found("tag2")); got.Contact != first.ID || r.evidence(EvidenceApproached) != 1 || r.opened() != 2 {
		t.Errorf("a second post: %+v, %d opened", got, r.opened())
	}
	r.now = r.now.Add(outreachPause)
	if later := r.receive(found("tag3")); later == nil || later.ID == first.ID || r.opened() != 3 {
		t.Errorf("after the pause: %+v, %d opened", later, r.opened())
	}
	r.now = r.now.Add(24 * time.Hour)
	if got := r.must(ActorIntake, *found("tag4")); r.evidence(EvidenceApproached) != 2 || r.opened() != 3 {
		t.Errorf("a day after the second approach: %+v, %d opened", got, r.opened())
	}
	r.check()
}
