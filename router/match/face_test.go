package match

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
)

// TestFacesAreTrue has contacts come, go and wait through time and back, under
// policies that change, and holds what is known of each group against who waits in
// it.
func TestFacesAreTrue(t *testing.T) {
	begin := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	units := func(contact.Channel) int { return 1 }
	rapid.Check(t, func(t *rapid.T) {
		w := NewWaiting()
		r, now := NewRoster(w), begin
		params := DefaultParams()
		for step := range rapid.IntRange(1, 80).Draw(t, "steps") {
			id := fmt.Sprint(rapid.IntRange(0, 15).Draw(t, "contact"))
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1, 2:
				target := time.Duration(rapid.IntRange(1, 3).Draw(t, "target")) * time.Hour
				start := now.Add(-time.Duration(rapid.IntRange(0, 8*3600).Draw(t, "age")) * time.Second)
				w.Add(&Demand{}, &Traits{Target: target, Handling: 8 * time.Minute, Live: target == time.Hour}, &Head{Contact: id, Start: start, Due: start.Add(target)})
			case 3:
				w.Remove(id)
			case 4:
				now = now.Add(time.Duration(rapid.IntRange(-3600, 7200).Draw(t, "later")) * time.Second)
				params.Guard = float64(rapid.IntRange(1, 3).Draw(t, "guard"))
			default:
				w.Use(fmt.Sprint("policy ", step/20), units)
			}
			w.m.begin(params, w, r, now)
			facesAreTrue(t, w, now)
		}
	})
}

func facesAreTrue(t *rapid.T, w *Waiting, now time.Time) {
	work, past := int64(0), map[int32]bool{}
	for _, num := range w.guards.past(now.UnixMicro(), nil) {
		past[num] = true
	}
	edge := int64(never)
	for num, g := range w.list {
		if f := w.faces[num]; g.num != num || int(f.live) != g.live.len() || int(f.late) != g.late.len() {
			t.Fatalf("group %d has number %d, and %d and %d instead of %d and %d", num, g.num, f.live, f.late, g.live.len(), g.late.len())
		}
		owed := false
		g.First(func(h *Head) bool {
			if late := h.Due.Add(-w.m.bestCase(&g.Traits)).Before(now); late != w.where[h.Contact].late {
				t.Fatalf("%s, due %v, counts as late: %v", h.Contact, h.Due, !late)
			} else if !late {
				work += g.Traits.Handling.Microseconds()
				edge = min(edge, h.Due.UnixMicro()-g.best)
			}
			owed = owed || !now.Before(w.m.guardAt(g, h))
			return true
		})
		if owed != past[int32(num)] {
			t.Fatalf("somebody of group %d is past the guard: %v", num, owed)
		}
	}
	if w.liveWork != work || w.edges.first().at != edge {
		t.Fatalf("the work is %d, not %d; it is late from %d, not %d", work, w.liveWork, edge, w.edges.first().at)
	}
}

// TestWhatIsEmptyIsDropped activates one policy after the other, each with other
// promises, and has agents learn: neither groups nor crews pile up.
func TestWhatIsEmptyIsDropped(t *testing.T) {
	w := NewWaiting()
	r := NewRoster(w)
	agent := &Agent{ID: "anna", Capacity: 1, Room: 1}
	for i := range 50 {
		w.Use(fmt.Sprint(i), func(contact.Channel) int { return 1 })
		agent.Skills = []Skill{{Name: fmt.Sprint("skill ", i), Level: 3}}
		r.Put(agent, true)
		w.Add(&Demand{}, &Traits{Target: time.Duration(i+1) * time.Hour}, &Head{Contact: "a"})
		if w.jobFor(agent.crew, w.where["a"].group) == nil {
			t.Fatal("anna could not serve it")
		}
	}
	if len(w.list) > 2 || len(w.groups) > 2 || len(r.crews) != 1 {
		t.Errorf("%d groups, %d by key and %d crews are left", len(w.list), len(w.groups), len(r.crews))
	}
}
