package fault

import (
	"fmt"
	"os"
	"time"
)

// ClockEnv is the environment variable by which a test has the router's clock, and the
// desk's, begin at a moment of its choice: STAGECOACH_CLOCK=2026-03-29T00:59:50Z. Only a
// program that was built with -tags stagecoach_clock looks at it: a promise in production
// must not hang on what somebody's environment has in it.
const ClockEnv = "STAGECOACH_CLOCK"

//nolint:gochecknoglobals // read once from the environment; time.Now in production
var now = clock(said(movable), time.Now())

// Now is time.Now, unless a test has said when it is. It runs as fast either way.
func Now() time.Time { return now() }

// said is the moment that the environment names, "" where the clock can't be moved.
func said(movable bool) string {
	if !movable {
		return ""
	}
	return os.Getenv(ClockEnv)
}

// clock gives a clock that shows the moment begin as the process starts, and time.Now
// for "". A moment that can't be read must not pass for the real one.
func clock(begin string, started time.Time) func() time.Time {
	if begin == "" {
		return time.Now
	}
	at, err := time.Parse(time.RFC3339Nano, begin)
	if err != nil {
		panic(fmt.Sprintf("%s=%q is no moment: %v", ClockEnv, begin, err))
	}
	ahead := at.Sub(started)
	return func() time.Time { return time.Now().Add(ahead) }
}
