package router

import (
	"slices"
	"time"
)

// Shift is a span of every week in which an agent works.
type Shift struct {
	Day time.Weekday `json:"day"`
	// From and To are minutes of that day by the clock on the wall of the policy's
	// zone. To is more than From, and more than 1440 for one over midnight.
	From int `json:"from"`
	To   int `json:"to"`
}

// maxShifts bounds what is worked through at each change.
const maxShifts = 50

// Valid reports whether the shift is a span of a day, over midnight at most to
// the same time of the next.
func (s Shift) Valid() bool {
	return s.Day >= time.Sunday && s.Day <= time.Saturday && s.From >= 0 && s.From < dayMinutes && s.To > s.From && s.To <= s.From+dayMinutes
}

const dayMinutes = 24 * 60

// span is a time without a break from one shift's begin to another's end.
type span struct{ from, until time.Time }

// What an agent's shift is at a moment. Draining is its last part, in which
// nothing new comes.
const (
	ShiftOn       = "on"
	ShiftDraining = "draining"
	ShiftOff      = "off"
)

// ShiftOf tells how it stands with an agent's shift, and when it ends; "" for who
// has none, or where they bind nobody.
func (s *State) ShiftOf(agent string, now time.Time) (shift string, ends time.Time) {
	a := s.Agents[agent]
	if a == nil || len(a.Shifts) == 0 || s.limits == nil || s.limits.Advisory {
		return "", time.Time{}
	}
	sp := nextSpan(a.Shifts, s.zone(), now)
	switch {
	case now.Before(sp.from):
		return ShiftOff, time.Time{}
	case !now.Before(sp.until.Add(-s.limits.Drain)):
		return ShiftDraining, sp.until
	}
	if sp.until.After(now.AddDate(1, 0, 0)) { // who always works has no end
		return ShiftOn, time.Time{}
	}
	return ShiftOn, sp.until
}

// longest is more than a week: who always works has a shift without an end.
const longest = 8

// shift gives the shift that an agent is in, or the next one.
func (s *State) shift(a *Agent, now time.Time) span {
	if a.span.until.After(now) {
		return a.span
	}
	a.span = nextSpan(a.Shifts, s.zone(), now)
	return a.span
}

// nextSpan gives the first span of the shifts that ends after now. Those that
// meet or overlap are one. It costs O(shifts log shifts).
func nextSpan(shifts []Shift, zone *time.Location, now time.Time) span {
	y, m, d := now.In(zone).Date()
	never := now.AddDate(100, 0, 0)
	var all []span
	for off := -2; off <= longest; off++ {
		weekday := time.Date(y, m, d+off, 12, 0, 0, 0, zone).Weekday()
		for _, sh := range shifts {
			if sh.Day != weekday {
				continue
			}
			one := span{time.Date(y, m, d+off, 0, sh.From, 0, 0, zone), time.Date(y, m, d+off, 0, sh.To, 0, 0, zone)}
			if one.until.After(one.from) {
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(x, y span) int { return x.from.Compare(y.from) })
	var joined []span
	for _, one := range all {
		if n := len(joined); n > 0 && !one.from.After(joined[n-1].until) {
			joined[n-1].until = later(joined[n-1].until, one.until)
		} else {
			joined = append(joined, one)
		}
	}
	for _, one := range joined {
		switch {
		case !one.until.After(now):
		case !one.from.After(now) && one.until.After(now.AddDate(0, 0, 7)):
			return span{one.from, never}
		default:
			return one
		}
	}
	return span{never, never}
}
