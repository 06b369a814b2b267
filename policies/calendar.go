package policies

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // so that a zone is found on a machine without zone files

	"stagecoach/configs/strict"
	"stagecoach/router/sla"
)

// maxSingleDays is how many half days a calendar may have.
const maxSingleDays = 50

// AlwaysCalendar is the name of the calendar that never closes.
const AlwaysCalendar = "always"

// span is a part of a day written as 09:00-17:30.
type span struct{ sla.Span }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *span) UnmarshalText(text []byte) error {
	from, to, ok := strings.Cut(string(text), "-")
	a, errA := clock(from)
	b, errB := clock(to)
	if !ok || errA != nil || errB != nil {
		return fmt.Errorf("%q: hours are written like 09:00-17:30", text)
	}
	if b <= a {
		return fmt.Errorf("%q: ends before it begins; split it at 24:00", text)
	}
	s.From, s.To = a, b
	return nil
}

// clock reads 09:00, and 24:00 for the end of a day.
func clock(s string) (time.Duration, error) {
	h, m, ok := strings.Cut(strings.TrimSpace(s), ":")
	hours, err := strconv.Atoi(h)
	minutes, err2 := strconv.Atoi(m)
	at := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if !ok || err != nil || err2 != nil || len(m) != 2 || hours < 0 || minutes < 0 || minutes > 59 || at > 24*time.Hour {
		return 0, fmt.Errorf("%q is not a time of day", s)
	}
	return at, nil
}

// date is a day written as 2026-12-24.
type date struct{ sla.Date }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("%q: a date is written like 2026-12-24", text)
	}
	d.Year, d.Month, d.Day = t.Date()
	return nil
}

// yearDay is a day of every year written as 12-24.
type yearDay struct {
	Month time.Month
	Day   int
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *yearDay) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, "2000-"+string(text)) // a leap year
	if err != nil {
		return fmt.Errorf("%q: a day of every year is written like 12-24", text)
	}
	_, d.Month, d.Day = t.Date()
	return nil
}

// timeOfDay is written as 12:00.
type timeOfDay struct{ time.Duration }

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *timeOfDay) UnmarshalText(text []byte) error {
	at, err := clock(string(text))
	if err != nil || at == 0 {
		return fmt.Errorf("%q: a time of day is written like 12:00", text)
	}
	t.Duration = at
	return nil
}

func weekdays() map[string]time.Weekday {
	days := make(map[string]time.Weekday, 7)
	for d := time.Sunday; d <= time.Saturday; d++ {
		days[strings.ToLower(d.String())] = d
	}
	return days
}

// buildCalendars makes the calendars of sla.yaml and reports what is wrong.
func buildCalendars(d *strict.Doc, entries []calendarEntry) map[string]sla.Calendar {
	out := map[string]sla.Calendar{AlwaysCalendar: sla.Always{}}
	for i, e := range entries {
		key := fmt.Sprintf("calendars[%d]", i)
		if _, twice := out[e.Name]; twice {
			d.Report(key+".name", "", "calendar %q is there already", e.Name)
			continue
		}
		if c := buildCalendar(d, key, e); c != nil {
			out[e.Name] = c
		} else {
			out[e.Name] = sla.Always{} // so that its promises aren't reported too
		}
	}
	return out
}

func buildCalendar(d *strict.Doc, key string, e calendarEntry) sla.Calendar {
	zone, err := time.LoadLocation(e.Zone)
	if err != nil || e.Zone == "" || e.Zone == "Local" {
		if e.Zone != "" {
			d.Report(key+".zone", "such as Europe/Berlin", "time zone %q is not known", e.Zone)
		}
		return nil
	}
	week := sla.Week{Zone: zone}
	names := weekdays()
	for j, h := range e.Hours {
		for k, name := range h.Days {
			day, ok := names[name]
			if !ok {
				continue // reported as an unknown word
			}
			if len(week.Days[day]) > 0 {
				d.Report(fmt.Sprintf("%s.hours[%d].days[%d]", key, j, k), "put all its spans into one entry", "the hours of %s are there already", name)
				continue
			}
			week.Days[day] = spansOf(h.Spans)
		}
	}
	singleDays(d, key, e, &week)
	c, err := sla.NewWeekly(week)
	if err != nil && len(e.Hours) == 0 && !d.Has(key+".hours") {
		return nil // reported as missing
	}
	if err != nil {
		d.Report(key+".hours", "", "%v", err)
		return nil
	}
	return c
}

// singleDays takes what an entry says of half days, holidays, closures and
// exceptions, and reports what is wrong with one of them.
func singleDays(d *strict.Doc, key string, e calendarEntry, week *sla.Week) {
	if len(e.HalfDays) > maxSingleDays {
		d.Report(key+".half_days", "give the weekday shorter hours", "more than %d", maxSingleDays)
		return
	}
	for _, h := range e.HalfDays {
		if h.Until.Duration > 0 && h.Day.Day > 0 { // else it could not be read, which has been reported
			week.HalfDays = append(week.HalfDays, sla.HalfDay{Month: h.Day.Month, Day: h.Day.Day, Until: h.Until.Duration})
		}
	}
	week.Holidays, week.HolidaySpans = holidaysOf(d, key+".holidays", e.Holidays), spansOf(e.Holidays.Spans)
	for i, c := range e.Closures {
		if c.From.Day == 0 || c.To.Day == 0 {
			continue
		}
		if days := c.To.Sub(c.From.Date); days < 0 || days > 365 {
			d.Report(fmt.Sprintf("%s.closures[%d].to", key, i), "", "%s is not within a year after %s", c.To.Date, c.From.Date)
			continue
		}
		week.Closures = append(week.Closures, sla.Closure{From: c.From.Date, To: c.To.Date})
	}
	seen := map[sla.Date]bool{}
	for i, x := range e.Exceptions {
		switch {
		case x.Date.Day == 0:
		case seen[x.Date.Date]:
			d.Report(fmt.Sprintf("%s.exceptions[%d].date", key, i), "put all its spans into one entry", "the hours of %s are there already", x.Date.Date)
		default:
			seen[x.Date.Date] = true
			week.Exceptions = append(week.Exceptions, sla.Exception{Date: x.Date.Date, Spans: spansOf(x.Spans)})
		}
	}
}

func spansOf(in []span) []sla.Span {
	out := make([]sla.Span, 0, len(in))
	for _, s := range in {
		if s.To > 0 { // else it could not be read, which has been reported
			out = append(out, s.Span)
		}
	}
	return out
}
