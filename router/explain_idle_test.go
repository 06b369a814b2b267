package router

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// idleByEach counts why an agent gets nothing more by asking of each contact.
func (r *rig) idleByEach(a *Agent) map[string]int {
	out := map[string]int{}
	for _, c := range r.state.Contacts {
		if c.State != Waiting || c.Proposed != "" {
			continue
		}
		x := &explainer{State: r.state, rules: r.rules, now: r.now, c: c, units: r.rules.Work(c.ReplyChannel).Units}
		why := x.idle(a)
		out[told(&why)]++
	}
	return out
}

func told(why *IdleReason) string {
	g := &why.Gap
	return fmt.Sprint(why.Kind, g.Gate, g.Channel, g.Skill, g.Want, g.Languages)
}

// TestIdleIsWhatEachContactSays has the reasons of a whole office, counted by
// those who are alike, be the same as those of its contacts one by one, with the
// earliest moment of each reason.
func TestIdleIsWhatEachContactSays(t *testing.T) {
	t.Parallel()
	most := 0
	rapid.Check(t, func(rt *rapid.T) {
		tl := &timeline{rig: newRig(rt), rt: rt}
		tl.crowd()
		for range rapid.IntRange(0, 3).Draw(rt, "more") {
			tl.crowd()
		}
		for _, id := range slices.Sorted(maps.Keys(tl.state.Agents)) {
			a := tl.state.Agents[id]
			facts, ok := tl.state.Idle(id, tl.rules, tl.now)
			if !ok {
				rt.Fatalf("nothing is known of %s", id)
			}
			got, sum := map[string]int{}, 0
			for i := range facts.Reasons {
				why := &facts.Reasons[i]
				got[told(why)] += why.Count
				sum += why.Count
			}
			if want := tl.idleByEach(a); !maps.Equal(got, want) || sum != facts.Waiting {
				rt.Fatalf("%s gets nothing for %v of %d, each contact says %v", id, got, facts.Waiting, want)
			}
			most = max(most, facts.Waiting)
		}
	})
	if most < 10 {
		t.Errorf("never more than %d waited", most)
	}
}
