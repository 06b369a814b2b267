package router

import (
	"testing"
	"time"
)

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
	r.check()
}
