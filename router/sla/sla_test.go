package sla_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/router/sla"
)

// zones have a one-hour change, a half-hour change, a change at midnight and
// none; Apia skipped a whole day in 2011.
var zones = []struct {
	name string
	from time.Time
}{
	{"UTC", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)},
	{"Europe/Berlin", time.Date(2026, 3, 26, 0, 0, 0, 0, time.UTC)},
	{"Europe/Berlin", time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)},
	{"America/New_York", time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)},
	{"America/New_York", time.Date(2026, 10, 29, 0, 0, 0, 0, time.UTC)},
	{"Australia/Lord_Howe", time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)},
	{"Australia/Lord_Howe", time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)},
	{"America/Havana", time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)},
	{"America/Havana", time.Date(2026, 10, 29, 0, 0, 0, 0, time.UTC)},
	{"Pacific/Apia", time.Date(2011, 12, 27, 0, 0, 0, 0, time.UTC)},
	{"Europe/Berlin", time.Date(2026, 12, 28, 0, 0, 0, 0, time.UTC)}, // the end of a year
	{"Asia/Tokyo", time.Date(2027, 12, 29, 0, 0, 0, 0, time.UTC)},
	{"Europe/London", time.Date(2028, 2, 25, 0, 0, 0, 0, time.UTC)}, // a leap day
	{"America/New_York", time.Date(2027, 2, 25, 0, 0, 0, 0, time.UTC)},
}

func load(t interface{ Fatalf(string, ...any) }, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatalf("load %s: %v", name, err)
	}
	return zone
}

// open is the model: a minute counts if the clock on the wall, as the standard
// library shows it, is within a span of that day.
func open(w sla.Week, t time.Time) bool {
	local := t.In(w.Zone)
	spans := spansOf(w, local)
	at := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
	for _, s := range spans {
		if at >= s.From && at < s.To {
			return true
		}
	}
	return false
}

// spansOf is the model of which hours a day has.
func spansOf(w sla.Week, local time.Time) []sla.Span {
	y, m, d := local.Date()
	today := sla.Date{Year: y, Month: m, Day: d}
	for _, e := range w.Exceptions {
		if e.Date == today {
			return e.Spans
		}
	}
	for _, c := range w.Closures {
		if s := today.String(); s >= c.From.String() && s <= c.To.String() {
			return nil
		}
	}
	if w.Holidays != nil && slices.Contains(w.Holidays(y), today) {
		return w.HolidaySpans
	}
	spans := w.Days[local.Weekday()]
	for _, h := range w.HalfDays {
		if h.Month != m || h.Day != d {
			continue
		}
		var early []sla.Span
		for _, s := range spans {
			if s.From < h.Until {
				early = append(early, sla.Span{From: s.From, To: min(s.To, h.Until)})
			}
		}
		return early
	}
	return spans
}

func drawSpans(t *rapid.T, label string) []sla.Span {
	var out []sla.Span
	at := 0
	for range rapid.IntRange(0, 3).Draw(t, label+" spans") {
		from := at + rapid.IntRange(0, 16).Draw(t, "gap")
		to := from + rapid.IntRange(1, 40).Draw(t, "length")
		if to > 96 {
			break
		}
		at = to
		out = append(out, sla.Span{From: time.Duration(from) * 15 * time.Minute, To: time.Duration(to) * 15 * time.Minute})
	}
	return out
}

func drawWeek(t *rapid.T) (sla.Week, time.Time) {
	zone := zones[rapid.IntRange(0, len(zones)-1).Draw(t, "zone")]
	w := sla.Week{Zone: load(t, zone.name)}
	for i := range w.Days {
		w.Days[i] = drawSpans(t, time.Weekday(i).String())
	}
	drawDate := func(label string) sla.Date {
		y, m, d := zone.from.AddDate(0, 0, rapid.IntRange(0, 6).Draw(t, label)).Date()
		return sla.Date{Year: y, Month: m, Day: d}
	}
	if rapid.Bool().Draw(t, "half day") {
		d := drawDate("half day")
		until := time.Duration(rapid.IntRange(1, 96).Draw(t, "until")) * 15 * time.Minute
		w.HalfDays = []sla.HalfDay{{Month: d.Month, Day: d.Day, Until: until}}
	}
	if rapid.Bool().Draw(t, "holiday") {
		d := drawDate("holiday")
		w.Holidays = func(year int) []sla.Date {
			if year != d.Year {
				return nil
			}
			return []sla.Date{d}
		}
		w.HolidaySpans = drawSpans(t, "holiday")
	}
	if rapid.Bool().Draw(t, "closure") {
		from, to := drawDate("from"), drawDate("to")
		if to.Sub(from) >= 0 {
			w.Closures = []sla.Closure{{From: from, To: to}}
		}
	}
	if rapid.Bool().Draw(t, "exception") {
		w.Exceptions = []sla.Exception{{Date: drawDate("exception"), Spans: drawSpans(t, "exception")}}
	}
	return w, zone.from
}

func TestWeeklyAgreesWithCountingMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		week, from := drawWeek(t)
		cal, err := sla.NewWeekly(week)
		if err != nil {
			t.Skip("closed all week")
		}
		minutes := rapid.IntRange(0, 8*24*60).Draw(t, "minutes")
		start := from.Add(time.Duration(rapid.IntRange(0, 3*24*60).Draw(t, "start")) * time.Minute)
		end := start.Add(time.Duration(minutes) * time.Minute)

		counted := time.Duration(0)
		first, last := time.Time{}, time.Time{}
		for at := start; at.Before(end); at = at.Add(time.Minute) {
			if open(week, at) {
				counted += time.Minute
				last = at.Add(time.Minute)
				if first.IsZero() {
					first = at
				}
			}
		}
		if got := cal.Between(start, end); got != counted {
			t.Fatalf("between %v and %v: got %v, counted %v", start, end, got, counted)
		}
		if got := cal.Between(end, start); got != -counted {
			t.Fatalf("backward: got %v, counted %v", got, -counted)
		}
		if counted == 0 {
			return
		}
		if got := cal.Add(start, counted); !got.Equal(last) {
			t.Fatalf("%v plus %v: got %v, counted to %v", start, counted, got, last)
		}
		if got := cal.Add(end, -counted); !got.Equal(first) {
			t.Fatalf("%v less %v: got %v, counted to %v", end, counted, got, first)
		}
	})
}

func TestCalendarPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		week, from := drawWeek(t)
		weekly, err := sla.NewWeekly(week)
		if err != nil {
			t.Skip("closed all week")
		}
		cal := sla.Calendar(weekly)
		if rapid.Bool().Draw(t, "always") {
			cal = sla.Always{}
		}
		start := from.Add(time.Duration(rapid.Int64Range(0, int64(14*24*time.Hour)).Draw(t, "start")))
		allowed := time.Duration(rapid.Int64Range(int64(time.Second), int64(60*time.Hour)).Draw(t, "allowed"))
		due := sla.Due(start, allowed, cal)
		if got := cal.Between(start, due); got != allowed {
			t.Fatalf("between start and due: got %v, want %v", got, allowed)
		}
		if later := sla.Due(start, allowed+1, cal); !later.After(due) {
			t.Fatalf("a longer promise is due at %v, not after %v", later, due)
		}
		share := rapid.Float64Range(0.01, 1).Draw(t, "share")
		risk := sla.AtRisk(start, due, share, cal)
		if risk.Before(start) || risk.After(due) {
			t.Fatalf("at risk %v is not between %v and %v", risk, start, due)
		}
		if used := sla.Used(start, due, risk, cal); used < share-1e-6 || used > share+1e-6 {
			t.Fatalf("at risk: used %v, want %v", used, share)
		}
		handling := time.Duration(rapid.Int64Range(0, int64(10*time.Hour)).Draw(t, "handling"))
		hold := sla.HoldUntil(due, handling, cal)
		if got := cal.Between(hold, due); got != handling {
			t.Fatalf("hold until %v leaves %v, want %v", hold, got, handling)
		}
	})
}

func TestHoursOfAnOffice(t *testing.T) {
	berlin := load(t, "Europe/Berlin")
	hours := []sla.Span{{From: 9 * time.Hour, To: 12 * time.Hour}, {From: 13 * time.Hour, To: 17 * time.Hour}}
	week := sla.Week{
		Zone:       berlin,
		Days:       [7][]sla.Span{1: hours, 2: hours, 3: hours, 4: hours, 5: hours[:1]},
		Exceptions: []sla.Exception{{Date: sla.Date{Year: 2026, Month: 12, Day: 24}, Spans: hours[:1]}, {Date: sla.Date{Year: 2026, Month: 12, Day: 25}}},
	}
	cal, err := sla.NewWeekly(week)
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		from    string
		allowed time.Duration
		want    string
	}{
		{"2026-11-23 10:00", time.Hour, "2026-11-23 11:00"},
		{"2026-11-23 11:30", time.Hour, "2026-11-23 13:30"},
		{"2026-11-23 11:30", 30 * time.Minute, "2026-11-23 12:00"},
		{"2026-11-23 20:00", time.Hour, "2026-11-24 10:00"},
		{"2026-11-27 11:30", time.Hour, "2026-11-30 09:30"},
		{"2026-12-23 16:00", 8 * time.Hour, "2026-12-28 14:00"},
		{"2026-11-23 20:00", 0, "2026-11-23 20:00"},
		{"2026-11-30 09:30", -time.Hour, "2026-11-27 11:30"},
		{"2026-12-28 09:00", -time.Hour, "2026-12-24 11:00"},
	} {
		if got := cal.Add(at(c.from), c.allowed); !got.Equal(at(c.want)) {
			t.Errorf("%s plus %v: got %v, want %s", c.from, c.allowed, got, c.want)
		}
	}
	for _, c := range []struct {
		from string
		days int
		want string
	}{
		{"2026-11-23 10:00", 1, "2026-11-23 17:00"},
		{"2026-11-23 18:00", 1, "2026-11-24 17:00"},
		{"2026-11-26 10:00", 3, "2026-11-30 17:00"},
		{"2026-12-23 16:00", 3, "2026-12-28 17:00"},
		{"2026-11-23 10:00", 0, "2026-11-23 10:00"},
	} {
		if got := sla.AddDays(at(c.from), c.days, cal); !got.Equal(at(c.want)) {
			t.Errorf("%s plus %d days: got %v, want %s", c.from, c.days, got, c.want)
		}
	}
}

func TestBadWeeksAreRefused(t *testing.T) {
	for name, spans := range map[string][]sla.Span{
		"closed":      nil,
		"backward":    {{From: 10 * time.Hour, To: 9 * time.Hour}},
		"empty":       {{From: 10 * time.Hour, To: 10 * time.Hour}},
		"overlapping": {{From: 9 * time.Hour, To: 12 * time.Hour}, {From: 11 * time.Hour, To: 13 * time.Hour}},
		"beyond":      {{From: 9 * time.Hour, To: 25 * time.Hour}},
		"fraction":    {{From: 9*time.Hour + 1, To: 10 * time.Hour}},
	} {
		if _, err := sla.NewWeekly(sla.Week{Days: [7][]sla.Span{1: spans}}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	twice := sla.Week{
		Days:       [7][]sla.Span{1: {{From: 9 * time.Hour, To: 12 * time.Hour}}},
		Exceptions: []sla.Exception{{Date: sla.Date{Year: 2026, Month: 1, Day: 1}}, {Date: sla.Date{Year: 2026, Month: 1, Day: 1}}},
	}
	if _, err := sla.NewWeekly(twice); err == nil {
		t.Error("an exception given twice: accepted")
	}
	date := func(y int, m time.Month, d int) sla.Date { return sla.Date{Year: y, Month: m, Day: d} }
	for name, w := range map[string]sla.Week{
		"a half day that there isn't":   {HalfDays: []sla.HalfDay{{Month: 2, Day: 30, Until: 12 * time.Hour}}},
		"a half day that ends too late": {HalfDays: []sla.HalfDay{{Month: 2, Day: 3, Until: 25 * time.Hour}}},
		"too many half days":            {HalfDays: make([]sla.HalfDay, 51)},
		"a closure backward":            {Closures: []sla.Closure{{From: date(2026, 2, 2), To: date(2026, 2, 1)}}},
		"a closure of years":            {Closures: []sla.Closure{{From: date(2026, 2, 2), To: date(2028, 2, 1)}}},
		"hours of holidays backward":    {HolidaySpans: []sla.Span{{From: 9 * time.Hour, To: 8 * time.Hour}}},
	} {
		w.Days[1] = []sla.Span{{From: 9 * time.Hour, To: 12 * time.Hour}}
		if _, err := sla.NewWeekly(w); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestMomentsOfSteps(t *testing.T) {
	hours := []sla.Span{{From: 8 * time.Hour, To: 16 * time.Hour}}
	open, err := sla.NewWeekly(sla.Week{Zone: time.UTC, Days: [7][]sla.Span{1: hours, 2: hours, 3: hours, 4: hours, 5: hours}})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC) // a Monday
	for _, c := range []struct {
		step          sla.Step
		always, hours time.Duration
	}{
		{sla.Step{AtRisk: true}, time.Hour, time.Hour},
		{sla.Step{Share: 0.25}, time.Hour, time.Hour},
		{sla.Step{Share: 0.75}, 3 * time.Hour, 19 * time.Hour},
		{sla.Step{Share: 1}, 4 * time.Hour, 20 * time.Hour},
		{sla.Step{Share: 2}, 8 * time.Hour, 24 * time.Hour},
		{sla.Step{Timed: true}, 4 * time.Hour, 20 * time.Hour},
		{sla.Step{Timed: true, Offset: -3 * time.Hour}, time.Hour, time.Hour},
		{sla.Step{Timed: true, Offset: 7 * time.Hour}, 11 * time.Hour, 43 * time.Hour},
	} {
		for _, on := range []struct {
			cal  sla.Calendar
			want time.Duration
		}{{sla.Always{}, c.always}, {open, c.hours}} {
			due := on.cal.Add(start, 4*time.Hour)
			if got := c.step.At(start, due, start.Add(time.Hour), on.cal); !got.Equal(start.Add(on.want)) {
				t.Errorf("%+v on %T: got %v, want start plus %v", c.step, on.cal, got, on.want)
			}
		}
	}
	rungs := []sla.Rung{{At: start.Add(2), Step: sla.Step{Name: "c"}}, {At: start, Step: sla.Step{Name: "a"}}, {At: start, Step: sla.Step{Name: "b"}}}
	if sla.SortRungs(rungs); rungs[0].Name+rungs[1].Name+rungs[2].Name != "abc" {
		t.Errorf("sorted: %+v", rungs)
	}
}

func BenchmarkAddFiveWorkingDays(b *testing.B) {
	hours := []sla.Span{{From: 9 * time.Hour, To: 12 * time.Hour}, {From: 13 * time.Hour, To: 17 * time.Hour}}
	cal, err := sla.NewWeekly(sla.Week{Zone: load(b, "Europe/Berlin"), Days: [7][]sla.Span{1: hours, 2: hours, 3: hours, 4: hours, 5: hours}})
	if err != nil {
		b.Fatal(err)
	}
	start := time.Date(2026, 3, 26, 11, 0, 0, 0, time.UTC)
	for b.Loop() {
		start = cal.Add(start, 35*time.Hour).AddDate(0, 0, -7)
	}
}
