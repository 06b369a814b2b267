package sla

import "time"

// Calendar counts working time. Every implementation keeps three promises:
// Between(t, Add(t, d)) is d, Add never stops in time that doesn't count unless
// d is zero, and both are monotonic in each argument.
type Calendar interface {
	// Add gives the first moment at which d of working time has passed since t.
	// For a negative d it gives the last moment from which -d of working time
	// remains until t. Add(t, 0) is t, also outside working time.
	Add(t time.Time, d time.Duration) time.Time
	// Between gives the working time from a to b, negative when b is before a.
	Between(a, b time.Time) time.Duration
}

// DayCounter is a calendar that knows working days, for limits such as "five
// working days".
type DayCounter interface {
	// AddDays gives the end of the n-th working day that ends after t.
	AddDays(t time.Time, n int) time.Time
}

// Always is the calendar that never closes.
type Always struct{}

var (
	_ Calendar   = Always{}
	_ DayCounter = Always{}
)

// Add implements Calendar.
func (Always) Add(t time.Time, d time.Duration) time.Time { return t.Add(d) }

// Between implements Calendar.
func (Always) Between(a, b time.Time) time.Duration { return b.Sub(a) }

// AddDays implements DayCounter: every 24 hours are a day.
func (Always) AddDays(t time.Time, n int) time.Time {
	return t.Add(time.Duration(n) * 24 * time.Hour)
}

// Open reports whether the minute after t is working time.
func Open(t time.Time, cal Calendar) bool { return cal.Between(t, t.Add(time.Minute)) > 0 }

// AddDays gives the end of the n-th working day after t. A calendar that
// doesn't know working days counts 24 hours as one.
func AddDays(t time.Time, n int, cal Calendar) time.Time {
	if days, ok := cal.(DayCounter); ok {
		return days.AddDays(t, n)
	}
	return Always{}.AddDays(t, n)
}
