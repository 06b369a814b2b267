package desk

import (
	"testing"
	"time"
)

func TestBeatsAsThePolicyWaits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ within, want time.Duration }{
		{0, beatEvery},                             // nobody who has a presence
		{45 * time.Second, 15 * time.Second},       // as built in
		{time.Hour, beatEvery},                     // the page wants a word itself
		{8 * time.Second, 8 * time.Second / 3},     // a lost one does no harm
		{time.Millisecond, 100 * time.Millisecond}, // nor may it be a flood
	} {
		if got := beatFor(c.within); got != c.want {
			t.Errorf("within %s: every %s instead of %s", c.within, got, c.want)
		}
	}
}
