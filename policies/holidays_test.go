package policies_test

import (
	"strings"
	"testing"
	"time"

	"stagecoach/policies"
	"stagecoach/router/sla"
)

// calendarOf loads a set with one calendar, open from 9 to 17 on all days, with
// these further lines.
func calendarOf(t *testing.T, lines string) sla.Calendar {
	t.Helper()
	text := `version: 1
calendars:
  - name: office
    zone: Europe/Berlin
    hours: [{days: [monday, tuesday, wednesday, thursday, friday, saturday, sunday], spans: ["09:00-17:00"]}]
` + lines
	set, err := policies.LoadFiles("test", map[string][]byte{"sla.yaml": []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return set.Calendar("office")
}

// closedDays gives the days of a year without working time, and those with less
// than usual marked by ½.
func closedDays(t *testing.T, cal sla.Calendar, year int) string {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for at := time.Date(year, 1, 1, 0, 0, 0, 0, berlin); at.Year() == year; at = at.AddDate(0, 0, 1) {
		switch open := cal.Between(at, at.AddDate(0, 0, 1)); {
		case open == 0:
			out = append(out, at.Format("0102"))
		case open < 8*time.Hour:
			out = append(out, at.Format("0102")+"½")
		}
	}
	return strings.Join(out, " ")
}

// TestHolidays has the days that the states' laws name.
func TestHolidays(t *testing.T) {
	for _, c := range []struct {
		lines string
		year  int
		want  string
	}{
		{"holidays: {country: DE}", 2026, "0101 0403 0406 0501 0514 0525 1003 1225 1226"},
		{"holidays: {country: DE, region: BY}", 2026, "0101 0106 0403 0406 0501 0514 0525 0604 1003 1101 1225 1226"},
		{"holidays: {country: DE, region: BY, also: [{name: Mariä Himmelfahrt, day: 08-15}]}", 2026, "0101 0106 0403 0406 0501 0514 0525 0604 0815 1003 1101 1225 1226"},
		{"holidays: {country: DE, region: NW, also: [{name: Rosenmontag, easter: -48}], except: [Allerheiligen]}", 2027, "0101 0208 0326 0329 0501 0506 0517 0527 1003 1225 1226"},
		{"holidays: {country: DE, region: SN}", 2026, "0101 0403 0406 0501 0514 0525 1003 1031 1118 1225 1226"},
		{"holidays: {country: DE, region: MV}", 2026, "0101 0308 0403 0406 0501 0514 0525 1003 1031 1225 1226"},
		{"holidays: {country: AT}", 2026, "0101 0106 0406 0501 0514 0525 0604 0815 1026 1101 1208 1225 1226"},
		{"holidays: {country: CH, region: ZH}", 2026, "0101 0403 0406 0501 0514 0525 0801 1225 1226"},
		{"holidays: {country: FR}", 2026, "0101 0406 0501 0508 0514 0525 0714 0815 1101 1111 1225"},
		{"holidays: {country: ES}", 2026, "0101 0106 0403 0501 0815 1012 1101 1206 1208 1225"},
		{"holidays: {country: IT}", 2026, "0101 0106 0406 0425 0501 0602 0815 1004 1101 1208 1225 1226"},
		{"holidays: {country: PL}", 2025, "0101 0106 0421 0501 0503 0619 0815 1101 1111 1224 1225 1226"},
		{"holidays: {country: DK}", 2026, "0101 0402 0403 0406 0514 0525 0605 1225 1226"},
		{"holidays: {country: NO}", 2026, "0101 0402 0403 0406 0501 0514 0517 0525 1225 1226"},
		{"holidays: {country: GB}", 2026, "0101 0403 0406 0504 0525 0831 1225 1226 1228"}, // and the Monday for the Saturday
		{"holidays: {country: US}", 2026, "0101 0119 0216 0525 0619 0703 0704 0907 1012 1111 1126 1225"},
		{"holidays: {country: DE, spans: [\"10:00-12:00\"]}", 2026, "0101½ 0403½ 0406½ 0501½ 0514½ 0525½ 1003½ 1225½ 1226½"},
		{"half_days: [{day: 12-24, until: \"12:00\"}, {day: 12-31, until: \"12:00\"}]", 2031, "1224½ 1231½"},
		{"half_days: [{day: 02-29, until: \"12:00\"}]", 2027, ""},
		{"half_days: [{day: 02-29, until: \"12:00\"}]", 2028, "0229½"},
		{"holidays: {country: PL, also: [{name: leap, day: 02-29}]}", 2025, "0101 0106 0421 0501 0503 0619 0815 1101 1111 1224 1225 1226"},
		{"half_days: [{day: 12-24, until: \"08:00\"}]", 2026, "1224"},
		{"closures: [{name: between the years, from: 2026-12-28, to: 2027-01-03}]", 2026, "1228 1229 1230 1231"},
		{"closures: [{name: between the years, from: 2026-12-28, to: 2027-01-03}]", 2027, "0101 0102 0103"},
		// The later of half days, holidays, closures and exceptions holds.
		{"half_days: [{day: 12-24, until: \"12:00\"}]\n    closures: [{from: 2026-12-24, to: 2026-12-24}]", 2026, "1224"},
		{"holidays: {country: DE}\n    exceptions: [{date: 2026-05-01, spans: [\"09:00-17:00\"]}]", 2026, "0101 0403 0406 0514 0525 1003 1225 1226"},
	} {
		if got := closedDays(t, calendarOf(t, "    "+c.lines+"\n"), c.year); got != c.want {
			t.Errorf("%s in %d:\n got %s\nwant %s", c.lines, c.year, got, c.want)
		}
	}
}

// TestDueOverChristmas goes over half days, holidays and the end of a year.
func TestDueOverChristmas(t *testing.T) {
	cal := calendarOf(t, `    half_days: [{day: 12-24, until: "12:00"}, {day: 12-31, until: "12:00"}]
    holidays: {country: DE, region: BY}
`)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(month time.Month, day, hour, year int) time.Time {
		return time.Date(year, month, day, hour, 0, 0, 0, berlin)
	}
	// One hour on the 23rd, three on the 24th, the 27th to 30th and three on the 31st.
	if got, want := sla.Due(at(12, 23, 16, 2026), 39*time.Hour, cal), at(12, 31, 12, 2026); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := sla.Due(at(12, 31, 11, 2026), 2*time.Hour, cal), at(1, 2, 10, 2027); !got.Equal(want) {
		t.Errorf("over the end of the year: got %v, want %v", got, want)
	}
	if got := cal.Between(at(12, 24, 10, 2026), at(12, 27, 10, 2026)); got != 3*time.Hour {
		t.Errorf("time left: got %v", got)
	}
}

func BenchmarkLoadHolidays(b *testing.B) {
	text := []byte("version: 1\ncalendars: [{name: office, zone: Europe/Berlin, hours: [{days: [monday], spans: [\"09:00-17:00\"]}], holidays: {country: DE, region: BY}}]\n")
	for b.Loop() {
		if _, err := policies.LoadFiles("test", map[string][]byte{"sla.yaml": text}); err != nil {
			b.Fatal(err)
		}
	}
}
