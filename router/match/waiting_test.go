package match_test

import (
	"testing"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// TestCountGoesByDemand counts who waits with a demand, through adding,
// changing and taking out.
func TestCountGoesByDemand(t *testing.T) {
	w := match.NewWaiting()
	german, plain := match.Demand{Languages: []string{"de"}}, match.Demand{}
	w.Add(&german, &match.Traits{}, &match.Head{Contact: "a"})
	w.Add(&german, &match.Traits{}, &match.Head{Contact: "b"})
	w.Add(&plain, &match.Traits{}, &match.Head{Contact: "c"})
	free := func(d *match.Demand) bool { return len(d.Languages) == 0 }
	all := func(*match.Demand) bool { return true }
	if w.Count(free) != 1 || w.Count(all) != 3 {
		t.Errorf("%d without a language, %d in all", w.Count(free), w.Count(all))
	}
	w.Add(&plain, &match.Traits{}, &match.Head{Contact: "b"})
	w.Remove("c")
	w.Remove("a")
	if w.Count(free) != 1 || w.Count(all) != 1 {
		t.Errorf("then %d without a language, %d in all", w.Count(free), w.Count(all))
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
