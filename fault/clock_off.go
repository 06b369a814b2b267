//go:build !stagecoach_clock

package fault

// movable is true in programs that are built for tests, with the tag stagecoach_clock:
// no other looks at ClockEnv.
const movable = false
