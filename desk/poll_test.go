package desk_test

import (
	"testing"
	"time"
)

// poll waits for what nothing signals, such as the words of the search.
func poll(tb testing.TB, done func() bool) {
	tb.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(60 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			tb.Fatal("it did not happen in time")
		}
	}
}
