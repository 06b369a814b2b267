package match_test

import (
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// TestChooseOrder has agents who differ in one thing each: language before last
// agent before idle time; and none of them is a bar.
func TestChooseOrder(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	speaker := &match.Agent{ID: "speaker", Languages: []string{"de"}, Room: 100, IdleSince: now}
	last := &match.Agent{ID: "last", Room: 100, IdleSince: now}
	idle := &match.Agent{ID: "idle", Room: 100, IdleSince: now.Add(-48 * time.Hour)}
	full := &match.Agent{ID: "full", Languages: []string{"de"}, Room: 10, IdleSince: now.Add(-72 * time.Hour)}
	d := &match.Demand{Channel: contact.Email, ReplyChannel: contact.Email, Wished: []string{"de"}}
	h := &match.Head{Contact: "c1", Prefer: "last"}
	for _, step := range []struct {
		free []*match.Agent
		want string
	}{
		{[]*match.Agent{idle, last, full, speaker}, "speaker"},
		{[]*match.Agent{idle, full, last}, "last"},
		{[]*match.Agent{full, idle}, "idle"},
	} {
		ex, ok := match.Choose(d, h, 20, &match.Pool{Free: step.free}, now)
		if !ok || ex.Winner.Agent != step.want || ex.Failed[match.GateCapacity] != len(step.free)-1-len(ex.Next) {
			t.Errorf("chose %+v, want %s", ex, step.want)
		}
	}
	d.Languages = []string{"de"}
	if ex, ok := match.Choose(d, h, 20, &match.Pool{Free: []*match.Agent{idle, last}}, now); ok || ex.Failed[match.GateLanguage] != 2 {
		t.Errorf("a needed language is no need: %+v", ex)
	}
}

// TestWishesAreAGroupOfTheirOwn keeps contacts with different wishes apart, as a
// decision looks at the demand of the group.
func TestWishesAreAGroupOfTheirOwn(t *testing.T) {
	t.Parallel()
	with := match.Demand{Channel: contact.Email, Wished: []string{"de"}}
	without := match.Demand{Channel: contact.Email}
	if with.Key() == without.Key() {
		t.Error("a wish makes no difference to the group")
	}
}
