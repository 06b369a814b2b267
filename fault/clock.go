package fault

import (
	"fmt"
	"os"
	"time"
)

// ClockEnv is the environment variable by which a test has the router's clock, and the
// desk's, begin at a moment of its choice: STAGECOACH_CLOCK=2026-03-29T00:59:50Z.
const ClockEnv = "STAGECOACH_CLOCK"

//nolint:gochecknoglobals // read once from the environment; time.Now in production
var now = clock(os.Getenv(ClockEnv), time.Now())

// Now is time.Now, unless a test has said when it is. It runs as fast either way.
func Now() time.Time { return now() }

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
