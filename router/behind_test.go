package router

import (
	"slices"
	"testing"
	"time"

	"stagecoach/contact"
)

// TestWhatComesInTheMomentOfAnActivation: a message that was classed by the set from
// before is classed anew, and one that the rules from before promised is promised anew.
func TestWhatComesInTheMomentOfAnActivation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("lead", contact.RoleSupervisor, 1)
	before, after := promising(t, "4h"), promising(t, "2h")
	r.tune(ActorRouter, before)
	r.tune("lead", after)
	m := r.mail("m1", "alice")
	m.Classed = before.Version()
	late := r.receive(m)
	r.rules = before // the commit is there, the weights aren't swapped yet
	early := r.receive(r.mail("m2", "bob"))
	if early.Due.Sub(early.Start) != 4*time.Hour {
		t.Fatalf("promised within %s", early.Due.Sub(early.Start))
	}
	r.must(ActorRouter, Tick{})
	r.rules = after
	r.must(ActorRouter, Tick{})
	if got := early.Due.Sub(early.Start); got != 2*time.Hour {
		t.Errorf("promised within %s in the end", got)
	}
	if left := r.state.Revision.Classes; !slices.Equal(left, []string{late.ID, early.ID}) {
		t.Fatalf("to be classed anew: %q", left)
	}
	r.must(ActorRouter, Reclassify{Policy: after.Version(), First: late.ID, Done: 2, Contacts: map[string]Reclassified{late.ID: {Class: "bill", Queue: "billing"}}})
	if late.Queue != "billing" || r.state.Revision != nil {
		t.Errorf("it stands in %s, left %+v", late.Queue, r.state.Revision)
	}
	m = r.mail("m3", "carol")
	m.Classed = after.Version()
	if r.receive(m); r.state.Revision != nil {
		t.Error("what was classed by the set that decides is classed anew")
	}
	r.check()
}

// TestAReplyInFlightKeepsItsPromise until it has failed: then the contact has the
// promise of the set that decides.
func TestAReplyInFlightKeepsItsPromise(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	r.agent("lead", contact.RoleSupervisor, 0)
	r.tune(ActorRouter, promising(t, "4h"))
	c := r.receive(r.mail("m1", "alice"))
	id := r.reply(r.accept(c), c, contact.Answer, c.LastMessage())
	r.tune("lead", promising(t, "2h"))
	r.must(ActorRouter, Tick{})
	r.must(ActorRouter, Reclassify{Policy: r.rules.Version(), First: c.ID, Done: 1})
	if c.Due.Sub(c.Start) != 4*time.Hour || r.state.Revision != nil {
		t.Fatalf("promised within %s while its reply is sent", c.Due.Sub(c.Start))
	}
	r.failSending(id)
	r.must(ActorRouter, Tick{})
	if c.Due.Sub(c.Start) != 2*time.Hour || c.EntryOf != r.rules.Version() {
		t.Errorf("promised within %s by %s once it has failed", c.Due.Sub(c.Start), c.EntryOf)
	}
	if r.state.Revision == nil || len(r.state.Revision.Classes) != 1 {
		t.Errorf("its class isn't found anew: %+v", r.state.Revision)
	}
	r.check()
}

// TestWhatAReplyInFlightLeavesIsClassedAnew: what came while a reply was being sent, as
// another policy set began to decide, is no contact of the set from before for ever.
func TestWhatAReplyInFlightLeavesIsClassedAnew(t *testing.T) {
	t.Parallel()
	for _, classed := range []bool{false, true} {
		r := newRig(t)
		r.agent("anna", contact.RoleAgent, 100)
		r.agent("lead", contact.RoleSupervisor, 0)
		r.tune(ActorRouter, promising(t, "4h"))
		c := r.receive(r.mail("m1", "alice"))
		id := r.reply(r.accept(c), c, contact.Answer, c.LastMessage())
		r.receive(r.mail("m2", "alice", "m1"))
		r.tune("lead", promising(t, "2h"))
		r.must(ActorRouter, Tick{})
		if classed { // all else is done by the time it arrives
			r.must(ActorRouter, Reclassify{Policy: r.rules.Version(), First: c.ID, Done: 1})
		}
		r.deliver(id)
		next := r.onlyOpen()
		if next.ID == c.ID || r.state.Revision == nil || !slices.Contains(r.state.Revision.Classes, next.ID) {
			t.Fatalf("classed before: %v; what is left isn't classed anew: %+v", classed, r.state.Revision)
		}
		r.check()
	}
}

// TestWhatLiesInReviewIsClassedAnew: what no rule of the new set proposes leaves it
// with a customer's promise; what one does stays, by that rule; what our own answers
// have proven a machine stays in any case.
func TestWhatLiesInReviewIsClassedAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("lead", contact.RoleSupervisor, 1)
	r.tune(ActorRouter, promising(t, "4h"))
	in := map[string]*Contact{}
	for _, name := range []string{"free", "kept", "duel"} {
		m := r.mail(name, name)
		m.Propose, m.Rule = contact.Spam, "old rule"
		if name == "duel" {
			m.Propose, m.Rule = contact.Machine, ruleDuel
		}
		in[name] = r.receive(m)
	}
	r.tune("lead", promising(t, "2h"))
	r.must(ActorRouter, Tick{})
	r.must(ActorRouter, Reclassify{Policy: r.rules.Version(), First: r.state.Revision.Classes[0], Done: 3, Contacts: map[string]Reclassified{
		in["free"].ID: {Class: "bill", Queue: "billing"},
		in["kept"].ID: {Class: "bill", Queue: "billing", Rule: "bills", Propose: contact.Machine, ProposeRule: "new rule"},
		in["duel"].ID: {Class: "bill", Queue: "billing"},
	}})
	if c := in["free"]; c.Proposed != "" || c.Queue != "billing" || c.Promise != PromiseFirst || c.Due.Sub(c.Start) != 2*time.Hour || c.Class != "bill" {
		t.Errorf("what nothing proposes is %q in %s, %s within %s", c.Proposed, c.Queue, c.Promise, c.Due.Sub(c.Start))
	}
	if c := in["kept"]; c.Proposed != contact.Machine || c.Queue != "review" || c.Rule != "new rule" || c.Promise != PromiseReview {
		t.Errorf("what a rule proposes is %q in %s by %s, %s", c.Proposed, c.Queue, c.Rule, c.Promise)
	}
	if c := in["duel"]; c.Proposed != contact.Machine || c.Queue != "review" || c.Rule != ruleDuel {
		t.Errorf("a machine is %q in %s by %s", c.Proposed, c.Queue, c.Rule)
	}
	r.check()
}
