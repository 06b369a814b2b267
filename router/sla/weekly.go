package sla

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"
)

const (
	secondsPerDay = 24 * 60 * 60
	day           = secondsPerDay * time.Second
)

// Span is a part of a day by the clock on the wall: From is in it, To isn't.
type Span struct {
	// From and To are whole seconds since midnight, To at most 24 hours.
	From, To time.Duration
}

// Week says when work is done: the spans of each weekday by the clock on the
// wall of a time zone, and the days that differ.
type Week struct {
	Zone *time.Location
	// Days holds the spans of each weekday, indexed by time.Weekday.
	Days [7][]Span
	// HalfDays, Holidays, Closures and Exceptions change single days. Where
	// several speak of one day, the later of these four holds.
	HalfDays []HalfDay
	// Holidays gives the holidays of a year, nil for none. It is asked once for
	// each year from FirstYear to LastYear.
	Holidays func(year int) []Date
	// HolidaySpans are the hours on a holiday, none where it is closed.
	HolidaySpans []Span
	Closures     []Closure
	Exceptions   []Exception
}

// Weekly is a calendar of working hours. A moment counts if the clock on the
// wall of its zone shows a time within a span of that day. So in the night in
// which an hour comes twice, a span over that hour counts it twice, and in the
// night in which an hour is left out, that hour counts for nothing.
type Weekly struct {
	zone *time.Location
	days [7][]Span
	// differ has the spans of the days, by number, that are not like their weekday.
	differ map[int64][]Span
}

var (
	_ Calendar   = (*Weekly)(nil)
	_ DayCounter = (*Weekly)(nil)
)

// ErrClosed says that a week has no working time at all, so that no promise
// could ever come due.
var ErrClosed = errors.New("calendar has no working time")

// NewWeekly makes a calendar. The spans of a day must be in order and apart.
func NewWeekly(w Week) (*Weekly, error) {
	c := &Weekly{zone: w.Zone}
	if c.zone == nil {
		c.zone = time.UTC
	}
	open := false
	for i, spans := range w.Days {
		if err := checkSpans(spans); err != nil {
			return nil, fmt.Errorf("hours of %s: %w", time.Weekday(i), err)
		}
		c.days[i] = slices.Clone(spans)
		open = open || len(spans) > 0
	}
	if !open {
		return nil, ErrClosed
	}
	differ, err := c.singleDays(w)
	if err != nil {
		return nil, err
	}
	c.differ = differ
	return c, nil
}

func checkSpans(spans []Span) error {
	end := time.Duration(0)
	for _, s := range spans {
		switch {
		case s.From < 0 || s.To > day || s.From%time.Second != 0 || s.To%time.Second != 0:
			return fmt.Errorf("span %s is not within a day", s)
		case s.To <= s.From:
			return fmt.Errorf("span %s ends before it begins", s)
		case s.From < end:
			return fmt.Errorf("span %s begins before the one before it ends", s)
		}
		end = s.To
	}
	return nil
}

// String writes the span as 09:00-17:30.
func (s Span) String() string { return wall(s.From) + "-" + wall(s.To) }

func wall(d time.Duration) string {
	if d%time.Minute != 0 {
		return fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
	}
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// Location gives the time zone whose clock on the wall counts.
func (c *Weekly) Location() *time.Location { return c.zone }

// Add implements Calendar.
func (c *Weekly) Add(t time.Time, d time.Duration) time.Time {
	switch {
	case d > 0:
		for at := t; ; {
			from, to := c.next(at)
			if length := to.Sub(from); length < d {
				d -= length
				at = to
				continue
			}
			return from.Add(d).In(t.Location())
		}
	case d < 0:
		for at := t; ; {
			from, to := c.previous(at)
			if length := to.Sub(from); length < -d {
				d += length
				at = from
				continue
			}
			return to.Add(d).In(t.Location())
		}
	default:
		return t
	}
}

// Between implements Calendar.
func (c *Weekly) Between(a, b time.Time) time.Duration {
	if b.Before(a) {
		return -c.Between(b, a)
	}
	var sum time.Duration
	for at := a; at.Before(b); {
		from, to := c.next(at)
		if !from.Before(b) {
			break
		}
		if to.After(b) {
			to = b
		}
		sum += to.Sub(from)
		at = to
	}
	return sum
}

// AddDays implements DayCounter: a working day is one with working time, and
// ends with its last span.
func (c *Weekly) AddDays(t time.Time, n int) time.Time {
	if n <= 0 {
		return t
	}
	at, end := t, t
	last, first := int64(0), true
	for {
		from, to := c.next(at)
		number, _ := wallClock(from.In(c.zone))
		if first || number != last {
			if n == 0 {
				return end.In(t.Location())
			}
			n--
		}
		last, first, end, at = number, false, to, to
	}
}

// next gives the first stretch of working time that ends after t, cut to begin
// at t. The stretch may go on without a gap where the next one begins.
func (c *Weekly) next(t time.Time) (from, to time.Time) {
	for at := t.In(c.zone); ; {
		number, second := wallClock(at)
		spans := c.spans(number)
		i := sort.Search(len(spans), func(i int) bool { return seconds(spans[i].To) > second })
		edge := int64(secondsPerDay)
		if i < len(spans) {
			edge = seconds(spans[i].From)
			if edge <= second {
				return at, before(at, at.Add(spans[i].To-wallTime(at, second)))
			}
		}
		at = before(at, at.Add(time.Duration(edge)*time.Second-wallTime(at, second)))
	}
}

// before gives to, but at most the end of the stretch of one offset from UTC
// in which at lies.
func before(at, to time.Time) time.Time {
	if _, end := at.ZoneBounds(); !end.IsZero() && end.Before(to) {
		return end.In(at.Location())
	}
	return to
}

// previous gives the last stretch of working time that begins before t, cut to
// end at t.
func (c *Weekly) previous(t time.Time) (from, to time.Time) {
	for at := t.In(c.zone); ; {
		// The moment just before decides to which offset and day at belongs.
		just := at.Add(-1)
		number, second := wallClock(just)
		midnight := just.Add(-wallTime(just, second))
		begin, _ := just.ZoneBounds()
		spans := c.spans(number)
		i := sort.Search(len(spans), func(i int) bool { return midnight.Add(spans[i].From).After(just) }) - 1
		edge := midnight
		if i >= 0 {
			edge = midnight.Add(spans[i].To)
			if edge.After(just) {
				return after(begin, midnight.Add(spans[i].From)), at
			}
		}
		at = after(begin, edge).In(c.zone)
	}
}

func after(begin, t time.Time) time.Time {
	if begin.After(t) {
		return begin
	}
	return t
}

// spans gives the working time of the day with this number.
func (c *Weekly) spans(number int64) []Span {
	if spans, ok := c.differ[number]; ok {
		return spans
	}
	return c.days[weekday(number)]
}

// wallClock gives the number of the day and the second of it on the wall.
func wallClock(t time.Time) (number, second int64) {
	_, offset := t.Zone()
	local := t.Unix() + int64(offset)
	number = floorDiv(local, secondsPerDay)
	return number, local - number*secondsPerDay
}

// wallTime is how long after midnight the clock on the wall shows t, whose
// second of the day is given.
func wallTime(t time.Time, second int64) time.Duration {
	return time.Duration(second)*time.Second + time.Duration(t.Nanosecond())
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
