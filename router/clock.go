package router

import "time"

// The limits of design section 3: a difference over maxDrift is a step; a step
// forward is followed only after it has held for stepHold.
const (
	maxDrift = 5 * time.Second
	stepHold = time.Minute
	// slew is the share of elapsed time by which the clock is drawn to the wall.
	slew = 20
)

// clock is the router's time: it follows the monotonic clock, drawn gently to
// the wall clock, and never goes back but by a recorded step.
type clock struct {
	base  time.Time // the wall at the last reading, with its monotonic part
	at    time.Time // our time at that reading
	ahead time.Time // since when the wall has been far ahead, by the monotonic clock
}

// newClock starts at the wall's time, or at last where that is a little later.
func newClock(wall, last time.Time) *clock {
	at := wall.Round(0).UTC()
	if last.After(at) && last.Sub(at) <= maxDrift {
		at = last
	}
	return &clock{base: wall, at: at}
}

// now gives our time at this reading of the wall clock.
func (c *clock) now(wall time.Time) time.Time {
	elapsed := max(wall.Sub(c.base), 0) // by the monotonic clock
	at := c.at.Add(elapsed)
	if diff := wall.Round(0).Sub(at); diff.Abs() <= maxDrift {
		limit := elapsed / slew
		at = at.Add(min(max(diff, -limit), limit))
	}
	c.base, c.at = wall, at
	return at.Truncate(time.Microsecond)
}

// step reports a wall clock that was set: backward at once, forward after it
// has held for a minute. Our time is then the wall's.
func (c *clock) step(wall time.Time) (from, to time.Time, stepped bool) {
	from = c.now(wall)
	to = wall.Round(0).UTC()
	diff := to.Sub(from)
	switch {
	case diff.Abs() <= maxDrift:
		c.ahead = time.Time{}
		return from, to, false
	case diff > 0 && c.ahead.IsZero():
		c.ahead = wall
		return from, to, false
	case diff > 0 && wall.Sub(c.ahead) < stepHold:
		return from, to, false
	}
	c.ahead = time.Time{}
	c.at = to
	return from, to, true
}
