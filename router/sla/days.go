package sla

import (
	"fmt"
	"slices"
	"time"
)

// The years for which holidays and half days are known.
const (
	FirstYear = 2000
	LastYear  = 2099
)

// The bounds of what changes single days, so that a calendar always comes to
// working time again.
const (
	maxHalfDays    = 50
	maxClosureDays = 366
	maxClosures    = 1000
)

// Date is a day of the calendar, without a time zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// number counts days since 1 January 1970.
func (d Date) number() int64 {
	return floorDiv(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix(), secondsPerDay)
}

// String writes the day as 2026-12-24.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Sub gives how many days d is after e.
func (d Date) Sub(e Date) int { return int(d.number() - e.number()) }

// valid reports whether there is such a day.
func (d Date) valid() bool {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	return t.Month() == d.Month && t.Day() == d.Day
}

// Exception replaces the spans of one day; none means that it is closed.
type Exception struct {
	Date  Date
	Spans []Span
}

// HalfDay is a day of every year on which work ends early, as on Christmas Eve.
// It opens nothing: what is closed on that weekday stays closed.
type HalfDay struct {
	Month time.Month
	Day   int
	// Until is when work ends, since midnight.
	Until time.Duration
}

// Closure is a range of days, both included, that are closed.
type Closure struct {
	From, To Date
}

// singleDays gives the spans of all days that are not like their weekday.
func (c *Weekly) singleDays(w Week) (map[int64][]Span, error) {
	out := make(map[int64][]Span, len(w.Exceptions))
	if err := c.addHalfDays(out, w.HalfDays); err != nil {
		return nil, err
	}
	if err := checkSpans(w.HolidaySpans); err != nil {
		return nil, fmt.Errorf("hours of holidays: %w", err)
	}
	if w.Holidays != nil {
		hours := slices.Clone(w.HolidaySpans)
		for year := FirstYear; year <= LastYear; year++ {
			for _, d := range w.Holidays(year) {
				out[d.number()] = hours
			}
		}
	}
	if err := addClosures(out, w.Closures); err != nil {
		return nil, err
	}
	seen := make(map[int64]bool, len(w.Exceptions))
	for _, e := range w.Exceptions {
		n := e.Date.number()
		if seen[n] {
			return nil, fmt.Errorf("exception %s: given twice", e.Date)
		}
		if err := checkSpans(e.Spans); err != nil {
			return nil, fmt.Errorf("exception %s: %w", e.Date, err)
		}
		seen[n], out[n] = true, slices.Clone(e.Spans)
	}
	return out, nil
}

// addHalfDays cuts the spans of these days. 29 February comes in leap years.
func (c *Weekly) addHalfDays(out map[int64][]Span, half []HalfDay) error {
	if len(half) > maxHalfDays {
		return fmt.Errorf("%d half days are more than %d", len(half), maxHalfDays)
	}
	for _, h := range half {
		if h.Until <= 0 || h.Until > day || h.Until%time.Second != 0 {
			return fmt.Errorf("half day %02d-%02d: %s is not within a day", h.Month, h.Day, wall(h.Until))
		}
		if !(Date{Year: FirstYear, Month: h.Month, Day: h.Day}).valid() { // a leap year
			return fmt.Errorf("half day %02d-%02d: no such day", h.Month, h.Day)
		}
		for year := FirstYear; year <= LastYear; year++ {
			d := Date{Year: year, Month: h.Month, Day: h.Day}
			if !d.valid() {
				continue
			}
			n := d.number()
			out[n] = cut(c.days[weekday(n)], h.Until)
		}
	}
	return nil
}

func addClosures(out map[int64][]Span, closures []Closure) error {
	if len(closures) > maxClosures {
		return fmt.Errorf("%d closures are more than %d", len(closures), maxClosures)
	}
	for _, cl := range closures {
		from, to := cl.From.number(), cl.To.number()
		switch {
		case to < from:
			return fmt.Errorf("closure from %s to %s ends before it begins", cl.From, cl.To)
		case to-from >= maxClosureDays:
			return fmt.Errorf("closure from %s to %s is longer than %d days", cl.From, cl.To, maxClosureDays)
		}
		for n := from; n <= to; n++ {
			out[n] = nil
		}
	}
	return nil
}

// cut gives what of the spans lies before a time of the day.
func cut(spans []Span, until time.Duration) []Span {
	var out []Span
	for _, s := range spans {
		if s.From < until {
			out = append(out, Span{From: s.From, To: min(s.To, until)})
		}
	}
	return out
}

// weekday gives the day of the week of the day with this number.
func weekday(number int64) time.Weekday {
	// 1 January 1970 was a Thursday.
	return time.Weekday(((number+int64(time.Thursday))%7 + 7) % 7)
}
