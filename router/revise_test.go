package router

import (
	"fmt"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router/match"
)

// promising gives the rules that promise a first reply within so long.
func promising(t failer, first string, more ...string) Rules {
	t.Helper()
	files := map[string][]byte{"sla.yaml": []byte("version: 1\ndefault: {first: " + first + ", next: " + first + ", at_risk: 0.5}\n")}
	for _, text := range more {
		files["escalation.yaml"] = []byte(text)
	}
	set, err := policies.LoadFiles("promising", files)
	if err != nil {
		t.Fatal(err)
	}
	return RulesOf(set)
}

// tune makes other rules decide, as a supervisor does.
func (r *rig) tune(actor string, rules Rules, change ...func(*Activate)) {
	r.t.Helper()
	cmd := Activate{Version: rules.Version(), Set: "setting.policy-" + rules.Version(), Reason: PolicyByPerson}
	for _, c := range change {
		c(&cmd)
	}
	r.must(actor, cmd)
	r.rules = rules
}

// TestPromisesAreDecidedAnewInDueOrder: as another set is activated, each contact
// keeps its promise until its turn comes, those due first before the others; a
// crash in between loses and doubles none.
func TestPromisesAreDecidedAnewInDueOrder(t *testing.T) {
	t.Parallel()
	const many = reviseAtMost + 2*reviseTogether + 7
	r := newRig(t)
	r.agent("lead", contact.RoleSupervisor, 1)
	r.tune(ActorRouter, promising(t, "4h"))
	for i := range many {
		m := r.mail(fmt.Sprintf("m%d", i), fmt.Sprintf("c%d", i))
		m.ReceivedAt = r.now.Add(-time.Duration((i*7919)%many) * time.Second)
		r.receive(m)
	}
	was := map[string]time.Time{}
	for id, c := range r.state.Contacts {
		was[id] = c.Due
	}
	r.tune("lead", promising(t, "2h"))
	for id, c := range r.state.Contacts {
		if !c.Due.Equal(was[id]) {
			t.Fatalf("contact %s has lost its promise before its turn", id)
		}
	}
	anew := func() (n int, lastAnew, firstOld time.Time) {
		for id, c := range r.state.Contacts {
			switch {
			case c.Due.Equal(was[id].Add(-2 * time.Hour)):
				n++
				lastAnew = later(lastAnew, was[id])
			case !c.Due.Equal(was[id]):
				t.Fatalf("contact %s is due at %s, was %s", id, c.Due, was[id])
			case firstOld.IsZero() || was[id].Before(firstOld):
				firstOld = was[id]
			}
		}
		return n, lastAnew, firstOld
	}
	r.must(ActorRouter, Tick{})
	if n, lastAnew, firstOld := anew(); n != reviseAtMost || lastAnew.After(firstOld) {
		t.Errorf("%d promises are new after one commit, want %d; the last of them was due %s, the first of the others %s", n, reviseAtMost, lastAnew, firstOld)
	}
	r.check() // as does what restarts here
	again := NewState("main")
	for _, data := range r.log {
		Fold(again, data, nil)
	}
	r.state = again
	r.must(ActorRouter, Begin{Life: "life-2"})
	r.must(ActorRouter, Tick{})
	if n, _, _ := anew(); n != many || r.state.revising() {
		t.Errorf("%d of %d promises are new in the end, and more are to come: %v", n, many, r.state.revising())
	}
	if at, _ := r.state.Wake(r.rules); !at.After(r.now) {
		t.Error("the router goes on looking")
	}
	r.check()
}

// TestWhatAnActivationKeeps: a told promise is not lengthened unless somebody
// confirmed it, a miss stays one, an agent's own word stays too, and what is no
// longer at risk is not alarmed about.
func TestWhatAnActivationKeeps(t *testing.T) {
	t.Parallel()
	for _, confirmed := range []bool{false, true} {
		r := newRig(t)
		r.agent("lead", contact.RoleSupervisor, 1)
		r.tune(ActorRouter, promising(t, "1h", "version: 1\nacknowledgement: {send: first}\n"))
		late := r.mail("m0", "dave")
		late.ReceivedAt = r.now.Add(-2 * time.Hour)
		missed := r.receive(late)
		told := r.receive(r.customer("m1", "alice"))
		silent := r.receive(r.mail("m2", "bob"))
		r.receipts()
		r.now = silent.AtRiskAt
		r.must(ActorRouter, Tick{})
		if !silent.Risky || !told.Risky || !missed.Breached || told.Told.IsZero() {
			t.Fatalf("risky %v and %v, breached %v, told %s", silent.Risky, told.Risky, missed.Breached, told.Told)
		}
		wasTold, wasMissed := told.Due, missed.Due
		r.tune("lead", promising(t, "4h"), func(a *Activate) { a.Lengthen = confirmed })
		r.must(ActorRouter, Tick{})
		if !missed.Breached || !missed.Due.Equal(wasMissed) {
			t.Errorf("a miss became %s, it was %s", missed.Due, wasMissed)
		}
		if got, want := told.Due, wasTold; confirmed != got.After(want) {
			t.Errorf("confirmed %v: what the customer was told is due %s, was %s", confirmed, got, want)
		}
		if !silent.Due.Equal(silent.Start.Add(4*time.Hour)) || silent.Risky || r.state.Alarmed()[silent.ID] {
			t.Errorf("what nobody was told is due %s after its start, at risk %v", silent.Due.Sub(silent.Start), silent.Risky)
		}
		r.check()
	}
}

// TestClassesAreFoundAgain: what the rules make of the words changes queue, demand
// and promise, but not the queue that a person has chosen; an answer for another
// policy, or for what is done, is refused.
func TestClassesAreFoundAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("lead", contact.RoleSupervisor, 1)
	r.agent("anna", contact.RoleAgent, 100)
	r.tune(ActorRouter, promising(t, "4h"))
	a, b := r.receive(r.mail("m1", "alice")), r.receive(r.mail("m2", "bob"))
	r.must("lead", MoveTo{Contact: b.ID, Queue: "hers", Reason: "knows"})
	r.tune("lead", promising(t, "2h"))
	r.must(ActorRouter, Tick{})
	class := Reclassified{Class: "bill", Kind: "question", Queue: "billing", Demand: match.Demand{Skills: []match.Skill{{Name: "billing", Level: 2}}}}
	cmd := Reclassify{Policy: r.rules.Version(), First: r.state.Revision.Classes[0], Done: 2, Contacts: map[string]Reclassified{a.ID: class, b.ID: class}}
	wrong := cmd
	wrong.Policy = "another"
	r.refused(RefusedStale, ActorRouter, wrong)
	r.must(ActorRouter, cmd)
	r.refused(RefusedStale, ActorRouter, cmd)
	if a.Class != "bill" || a.Queue != "billing" || len(a.Demand.Skills) != 1 || a.Demand.Channel != contact.Email {
		t.Errorf("it is %s in %s with %+v", a.Class, a.Queue, a.Demand)
	}
	if b.Class != "bill" || b.Queue != "hers" {
		t.Errorf("what a person has moved is %s in %s", b.Class, b.Queue)
	}
	if r.state.Revision != nil {
		t.Errorf("left to do: %+v", r.state.Revision)
	}
	r.check()
}

// TestWhoActivates: where two must agree nobody approves their own draft; a
// rollback needs one, an agent may do nothing of it.
func TestWhoActivates(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, id := range []string{"lead", "second"} {
		r.agent(id, contact.RoleSupervisor, 1)
	}
	r.agent("anna", contact.RoleAgent, 100)
	r.must(ActorRouter, Activate{Version: "v1", Set: "setting.v1", Taken: "files1"})
	two := Activate{Version: "v2", Set: "setting.v2", Two: true, Reason: PolicyApproved}
	r.refused(RefusedNotAllowed, "lead", two)
	r.refused(RefusedNotAllowed, "anna", Activate{Version: "v2"})
	r.refused(RefusedNotAllowed, "anna", DraftPolicy{Version: "v2"})
	two.Draft = r.must("lead", DraftPolicy{Version: "v2", Set: "setting.v2", Remark: "setting.why"}).Draft
	r.refused(RefusedNotAllowed, "lead", two)
	r.must("second", two)
	got, _ := r.state.Activation()
	if r.state.Policy != "v2" || got.By != "second" || got.Author != "lead" || got.Remark != "setting.why" || len(r.state.Policies.Drafts) != 0 {
		t.Errorf("active is %s by %+v, drafts %v", r.state.Policy, got, r.state.Policies.Drafts)
	}
	r.must("lead", Activate{Version: "v1", Set: "setting.v1", Two: true, Reason: PolicyRolledBack})
	if len(r.state.Policies.History) != 3 || r.state.Policies.Taken != "files1" {
		t.Errorf("history %+v, taken %q", r.state.Policies.History, r.state.Policies.Taken)
	}
	r.must("lead", ShadowPolicy{Version: "v3", Set: "setting.v3"})
	d := r.must("lead", DraftPolicy{Version: "v4", Set: "setting.v4"}).Draft
	r.must("second", DropPolicy{Draft: d})
	r.refused(RefusedNotFound, "second", DropPolicy{Draft: d})
	r.check()
}
