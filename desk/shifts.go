package desk

import (
	"fmt"
	"strings"
	"time"

	"stagecoach/router"
)

// shiftExample shows how a shift is written.
const shiftExample = "a shift is written like mon-fri 09:00-17:00 or sat 22:00-06:00"

// ParseShifts reads shifts such as "mon-fri 09:00-17:00": a day or a span of
// days, and a span of the day. One that ends before it begins goes over midnight.
func ParseShifts(texts []string) ([]router.Shift, error) {
	out := []router.Shift{}
	for _, text := range texts {
		fields := strings.Fields(strings.ToLower(text))
		if len(fields) != 2 {
			return nil, fmt.Errorf("%q: %s", text, shiftExample)
		}
		days, ok := parseDays(fields[0])
		from, to, ok2 := parseSpan(fields[1])
		if !ok || !ok2 {
			return nil, fmt.Errorf("%q: %s", text, shiftExample)
		}
		for _, d := range days {
			out = append(out, router.Shift{Day: d, From: from, To: to})
		}
	}
	return out, nil
}

// parseDays reads "mon", "monday" or "fri-mon".
func parseDays(text string) ([]time.Weekday, bool) {
	first, last, several := strings.Cut(text, "-")
	if !several {
		last = first
	}
	from, to := weekday(first), weekday(last)
	if from < 0 || to < 0 {
		return nil, false
	}
	days := []time.Weekday{from}
	for d := from; d != to; {
		d = (d + 1) % 7
		days = append(days, d)
	}
	return days, true
}

// weekday is the day of a name of three letters or more, negative for none.
func weekday(name string) time.Weekday {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if len(name) >= 3 && strings.HasPrefix(strings.ToLower(d.String()), name) {
			return d
		}
	}
	return -1
}

// parseSpan reads "09:00-17:00" as minutes of the day.
func parseSpan(text string) (from, to int, ok bool) {
	begin, end, found := strings.Cut(text, "-")
	from, ok1 := parseMinute(begin)
	to, ok2 := parseMinute(end)
	if !found || !ok1 || !ok2 || from >= 24*60 {
		return 0, 0, false
	}
	if to <= from {
		to += 24 * 60
	}
	return from, to, true
}

func parseMinute(text string) (int, bool) {
	if text == "24:00" {
		return 24 * 60, true
	}
	at, err := time.Parse("15:04", text)
	return at.Hour()*60 + at.Minute(), err == nil
}

// shiftTexts writes shifts as ParseShifts reads them: days that follow each other
// with the same hours are one.
func shiftTexts(shifts []router.Shift) []string {
	out := make([]string, 0, len(shifts))
	for i := 0; i < len(shifts); {
		first := shifts[i]
		last := first
		for i++; i < len(shifts) && shifts[i] == (router.Shift{Day: (last.Day + 1) % 7, From: first.From, To: first.To}) && shifts[i].Day != first.Day; i++ {
			last = shifts[i]
		}
		days := dayText(first.Day)
		if last.Day != first.Day {
			days += "-" + dayText(last.Day)
		}
		to := first.To
		if to > 24*60 {
			to -= 24 * 60
		}
		out = append(out, fmt.Sprintf("%s %02d:%02d-%02d:%02d", days, first.From/60, first.From%60, to/60, to%60))
	}
	return out
}

func dayText(d time.Weekday) string { return strings.ToLower(d.String()[:3]) }
