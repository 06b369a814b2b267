package policies

import (
	"slices"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/us"
)

// holidayTable has the holidays of a country: those of all of it, nil where they
// differ everywhere, and those of its regions with the national ones among them.
type holidayTable struct {
	national []*cal.Holiday
	regions  map[string][]*cal.Holiday
}

// holidayTables gives the tables by country, with what has become law since they
// were written. What isn't a holiday by law, such as Christmas Eve in Sweden, is
// passed over.
func holidayTables() map[string]holidayTable {
	tables := map[string]holidayTable{
		"AT": {national: at.Holidays},
		"BE": {national: be.Holidays},
		"CH": {regions: map[string][]*cal.Holiday{
			"AG": ch.HolidaysAG, "AI": ch.HolidaysAI, "AR": ch.HolidaysAR, "BE": ch.HolidaysBE,
			"BL": ch.HolidaysBL, "BS": ch.HolidaysBS, "FR": ch.HolidaysFR, "GE": ch.HolidaysGE,
			"GL": ch.HolidaysGL, "GR": ch.HolidaysGR, "JU": ch.HolidaysJU, "LU": ch.HolidaysLU,
			"NE": ch.HolidaysNE, "NW": ch.HolidaysNW, "OW": ch.HolidaysOW, "SG": ch.HolidaysSG,
			"SH": ch.HolidaysSH, "SO": ch.HolidaysSO, "SZ": ch.HolidaysSZ, "TG": ch.HolidaysTG,
			"TI": ch.HolidaysTI, "UR": ch.HolidaysUR, "VD": ch.HolidaysVD, "VS": ch.HolidaysVS,
			"ZG": ch.HolidaysZG, "ZH": ch.HolidaysZH,
		}},
		"CZ": {national: cz.Holidays},
		"DE": {national: de.Holidays, regions: map[string][]*cal.Holiday{
			"BB": de.HolidaysBB, "BE": de.HolidaysBE, "BW": de.HolidaysBW, "BY": de.HolidaysBY,
			"HB": de.HolidaysHB, "HE": de.HolidaysHE, "HH": de.HolidaysHH, "MV": de.HolidaysMV,
			"NI": de.HolidaysNI, "NW": de.HolidaysNW, "RP": de.HolidaysRP, "SH": de.HolidaysSH,
			"SL": de.HolidaysSL, "SN": de.HolidaysSN, "ST": de.HolidaysST, "TH": de.HolidaysTH,
		}},
		"DK": {national: dk.Holidays},
		"ES": {national: es.Holidays},
		"FR": {national: fr.Holidays},
		"GB": {national: gb.Holidays},
		"HR": {national: hr.Holidays},
		"IE": {national: ie.Holidays},
		"IT": {national: it.Holidays},
		"LT": {national: lt.Holidays},
		"LV": {national: lv.Holidays},
		"NL": {national: nl.Holidays},
		"NO": {national: no.Holidays},
		"PL": {national: pl.Holidays},
		"SE": {national: se.Holidays},
		"SI": {national: si.Holidays},
		"US": {national: us.Holidays},
	}
	tables["DE"].regions["MV"] = with(de.HolidaysMV, de.Frauentag.Clone(&cal.Holiday{StartYear: 2023}))
	tables["IT"] = holidayTable{national: with(it.Holidays, since(2026, "San Francesco d'Assisi", time.October, 4))}
	tables["PL"] = holidayTable{national: with(pl.Holidays, since(2025, "Wigilia Bożego Narodzenia", time.December, 24))}
	for country, t := range tables {
		t.national = lawful(t.national)
		for region, list := range t.regions {
			t.regions[region] = lawful(list)
		}
		tables[country] = t
	}
	return tables
}

func lawful(list []*cal.Holiday) []*cal.Holiday {
	var out []*cal.Holiday
	for _, h := range list {
		if h.Type != cal.ObservanceOther && h.Type != cal.ObservanceReligious {
			out = append(out, h)
		}
	}
	return out
}

// with gives a list and one more, leaving the list as it is.
func with(list []*cal.Holiday, more *cal.Holiday) []*cal.Holiday {
	return append(slices.Clone(list), more)
}

// since makes a holiday of a fixed day that there is from a year on.
func since(year int, name string, month time.Month, day int) *cal.Holiday {
	return &cal.Holiday{Name: name, Type: cal.ObservancePublic, StartYear: year, Month: month, Day: day, Func: cal.CalcDayOfMonth}
}
