package policies

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rickar/cal/v2"

	"stagecoach/configs/strict"
	"stagecoach/router/sla"
)

// holidaysOf gives the holidays that an entry names as a function of the year,
// nil where it names none, and reports what is wrong with it.
func holidaysOf(d *strict.Doc, key string, e holidaysEntry) func(year int) []sla.Date {
	table, known := holidayTables()[e.Country]
	if !known {
		return nil // missing, or reported as an unknown word
	}
	list := table.national
	switch regional, ok := table.regions[e.Region]; {
	case e.Region == "" && list == nil:
		d.Report(key+".region", "one of "+strings.Join(sortedRegions(table), ", "), "is missing: the holidays of %s differ by region", e.Country)
		return nil
	case e.Region == "":
	case ok:
		list = regional
	case len(table.regions) == 0:
		d.Report(key+".region", "list its own days under exceptions", "the regions of %s are not known", e.Country)
		return nil
	default:
		hint := strict.DidYouMean(strings.ToUpper(e.Region), sortedRegions(table))
		if hint == "" {
			hint = "one of " + strings.Join(sortedRegions(table), ", ")
		}
		d.Report(key+".region", hint, "%q is not known in %s", e.Region, e.Country)
		return nil
	}
	checkExcept(d, key, e.Except, list)
	list = append(slices.Clone(list), alsoOf(d, key, e.Also)...)
	return func(year int) []sla.Date { return datesOf(list, e.Except, year) }
}

// checkExcept reports names that are not among the holidays.
func checkExcept(d *strict.Doc, key string, except []string, list []*cal.Holiday) {
	names := make([]string, len(list))
	for i, h := range list {
		names[i] = h.Name
	}
	for i, name := range except {
		if slices.Contains(names, name) {
			continue
		}
		hint := strict.DidYouMean(name, names)
		if hint == "" {
			hint = "they are " + strings.Join(names, ", ")
		}
		d.Report(key+".except["+strconv.Itoa(i)+"]", hint, "no holiday %q there", name)
	}
}

// alsoOf makes holidays of what people add to those of the law.
func alsoOf(d *strict.Doc, key string, also []alsoEntry) []*cal.Holiday {
	var out []*cal.Holiday
	for i, a := range also {
		h := &cal.Holiday{Name: a.Name, Month: a.Day.Month, Day: a.Day.Day, Func: onDay}
		at := key + ".also[" + strconv.Itoa(i) + "]"
		switch {
		case (a.Day.Day == 0 && !d.Has(at+".day")) == (a.Easter == nil):
			d.Report(at, "such as day: 08-15, or easter: -48 for the Monday before Ash Wednesday", "needs either day or easter")
			continue
		case a.Easter != nil:
			h.Offset, h.Func = *a.Easter, cal.CalcEasterOffset
		case a.Day.Day == 0:
			continue // could not be read, which has been reported
		}
		out = append(out, h)
	}
	return out
}

// onDay gives a day of every year, 29 February in leap years alone.
func onDay(h *cal.Holiday, year int) time.Time {
	if t := time.Date(year, h.Month, h.Day, 0, 0, 0, 0, cal.DefaultLoc); t.Add(6*time.Hour).Day() == h.Day {
		return t
	}
	return time.Time{}
}

// datesOf gives the days on which these holidays are observed in a year.
func datesOf(list []*cal.Holiday, except []string, year int) []sla.Date {
	var out []sla.Date
	for _, h := range list {
		if slices.Contains(except, h.Name) {
			continue
		}
		actual, observed := h.Calc(year)
		for _, at := range []time.Time{actual, observed} {
			if at.IsZero() {
				continue
			}
			// A day of the tables begins at midnight of the machine's zone, or where
			// there is none beside it; six hours later it is that day everywhere.
			y, m, day := at.Add(6 * time.Hour).Date()
			if one := (sla.Date{Year: y, Month: m, Day: day}); !slices.Contains(out, one) {
				out = append(out, one)
			}
		}
	}
	return out
}

func sortedRegions(t holidayTable) []string {
	out := make([]string, 0, len(t.regions))
	for name := range t.regions {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
