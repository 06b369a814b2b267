package sla

import (
	"math"
	"time"
)

// Promise is the time that is allowed, in working time of its calendar. A zero
// duration means that nothing is promised of that kind.
type Promise struct {
	// Name is the entry of the policy that it comes from.
	Name string
	// First is for the first reply to a conversation, Next for every later one,
	// Resolution for the conversation as a whole.
	First, Next, Resolution time.Duration
	// AtRiskShare is the share of the promise after which the contact is at
	// risk, over 0 and at most 1.
	AtRiskShare float64
	// Calendar is the name of the calendar that it is counted on.
	Calendar string
	// Pauses is true where the time for the resolution stands still while we wait
	// for the customer.
	Pauses bool
}

// Due gives the moment by which what was allowed has passed since start.
func Due(start time.Time, allowed time.Duration, cal Calendar) time.Time {
	return cal.Add(start, allowed)
}

// AtRisk gives the moment at which this share of the time from start to due has
// been used. It is never after due.
func AtRisk(start, due time.Time, share float64, cal Calendar) time.Time {
	if share >= 1 || !due.After(start) {
		return due
	}
	at := cal.Add(start, part(cal.Between(start, due), share))
	if at.After(due) {
		return due
	}
	return at
}

// Used gives the share of the time from start to due that has been used at
// now: 0 at start, 1 at due, more when it's late. Where no working time lies
// between start and due it is 0 before due and 1 from then on.
func Used(start, due, now time.Time, cal Calendar) float64 {
	total := cal.Between(start, due)
	if total <= 0 {
		if now.Before(due) {
			return 0
		}
		return 1
	}
	return float64(cal.Between(start, now)) / float64(total)
}

// HoldUntil gives the last moment until which work may stay where it is and
// still be done by due by somebody else: due less the handling time.
func HoldUntil(due time.Time, handling time.Duration, cal Calendar) time.Time {
	if handling <= 0 {
		return due
	}
	return cal.Add(due, -handling)
}

func part(d time.Duration, share float64) time.Duration {
	if share <= 0 {
		return 0
	}
	return time.Duration(math.Round(float64(d) * share))
}
