package fault

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	t.Parallel()
	started := time.Now()
	at := time.Date(2026, 3, 29, 0, 59, 50, 0, time.UTC)
	now := clock(at.Format(time.RFC3339), started)
	first := now()
	if d := first.Sub(at); d < 0 || d > time.Minute {
		t.Errorf("it begins at %v, want %v", first, at)
	}
	if second := now(); second.Before(first) {
		t.Errorf("it runs from %v to %v", first, second)
	}
	if real := clock("", started)(); time.Since(real) > time.Minute {
		t.Errorf("without a word it is %v", real)
	}
	defer func() {
		if recover() == nil {
			t.Error("nonsense passes for the real time")
		}
	}()
	clock("yesterday", started)
}

// What somebody's environment has in it moves the clock of no program but those that are
// built for tests.
func TestClockStands(t *testing.T) {
	t.Setenv(ClockEnv, "2030-01-01T00:00:00Z")
	if got := said(true); got != "2030-01-01T00:00:00Z" {
		t.Errorf("built for tests, it says %q", got)
	}
	if got := said(false); got != "" || movable {
		t.Errorf("in production it says %q, %v", got, movable)
	}
}
