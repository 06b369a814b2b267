package email

import (
	"strings"
	"time"
)

// maxEvents bounds the events of one calendar that are shown.
const maxEvents = 20

// property is one line of a calendar (RFC 5545 section 3.1).
type property struct {
	name, value string
	params      map[string]string
}

// readCalendar tells in words what is in a calendar: what, when, where, who. ""
// if nothing is.
func readCalendar(text string) string {
	var events []string
	var event []property
	inside, method := "", ""
	for _, p := range calendarLines(text) {
		switch {
		case p.name == "METHOD":
			method = strings.ToUpper(p.value)
		case p.name == "BEGIN" && inside == "" && isEvent(p.value):
			inside, event = strings.ToUpper(p.value), nil
		case p.name == "END" && strings.EqualFold(p.value, inside) && inside != "":
			if words := describeEvent(method, inside, event); len(events) < maxEvents && words != "" {
				events = append(events, words)
			}
			inside = ""
		case p.name == "BEGIN" && inside != "": // an alarm, whose description isn't the event's
			event = append(event, property{name: "SKIP"})
		case p.name == "END" && inside != "":
			event = append(event, property{name: "GO ON"})
		case inside != "":
			event = append(event, p)
		}
	}
	return strings.Join(events, "\n\n")
}

func isEvent(kind string) bool {
	return strings.EqualFold(kind, "VEVENT") || strings.EqualFold(kind, "VTODO") || strings.EqualFold(kind, "VFREEBUSY")
}

// calendarLines unfolds and cuts the lines.
func calendarLines(text string) []property {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\n ", ""), "\n\t", "")
	var out []property
	for line := range strings.Lines(text) {
		if len(out) > 20_000 {
			break
		}
		line = strings.TrimRight(line, "\r\n")
		quoted := false
		colon := strings.IndexFunc(line, func(r rune) bool {
			if r == '"' {
				quoted = !quoted
			}
			return r == ':' && !quoted
		})
		if colon < 1 {
			continue
		}
		name, params := parseParams(line[:colon])
		out = append(out, property{strings.ToUpper(name), line[colon+1:], params})
	}
	return out
}

// calendarText undoes the escapes of RFC 5545 section 3.3.11.
func calendarText(s string) string {
	return strings.TrimSpace(strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(s))
}

func describeEvent(method, kind string, event []property) string {
	got, skipped := map[string]property{}, 0
	var answers []string
	for _, p := range event {
		switch p.name {
		case "SKIP":
			skipped++
		case "GO ON":
			skipped--
		case "ATTENDEE":
			if said := strings.ToLower(p.params["partstat"]); skipped == 0 && method == "REPLY" && said != "" {
				answers = append(answers, whoTakesPart(p)+": "+strings.ReplaceAll(said, "-", " "))
			}
		default:
			if _, found := got[p.name]; !found && skipped == 0 {
				got[p.name] = p
			}
		}
	}
	var out []string
	say := func(what, words string) {
		if words != "" {
			out = append(out, what+": "+words)
		}
	}
	say(eventTitle(method, kind, got["STATUS"].value), orDefault(oneLine(calendarText(got["SUMMARY"].value)), "(no title)"))
	say("When", eventTime(got))
	say("Repeats", strings.ToLower(got["RRULE"].value))
	say("Where", oneLine(calendarText(got["LOCATION"].value)))
	if organiser, found := got["ORGANIZER"]; found { //nolint:misspell // as RFC 5545 has it
		say("Organiser", whoTakesPart(organiser))
	}
	say("Answer", strings.Join(answers, "; "))
	say("Remark", calendarText(got["COMMENT"].value))
	if about := calendarText(got["DESCRIPTION"].value); about != "" {
		out = append(out, "", about)
	}
	if len(out) == 1 && got["SUMMARY"].value == "" {
		return ""
	}
	return strings.Join(out, "\n")
}

func eventTitle(method, kind, status string) string {
	switch {
	case method == "CANCEL", strings.EqualFold(status, "CANCELLED"):
		return "Cancelled"
	case method == "REPLY":
		return "Answer to an invitation"
	case method == "COUNTER":
		return "Another time is proposed"
	case method == "REQUEST":
		return "Invitation"
	case kind == "VTODO":
		return "Task"
	default:
		return "Event"
	}
}

// whoTakesPart gives who an organiser or attendee is.
func whoTakesPart(p property) string {
	address := cleanAddress(p.value)
	name := cleanName(p.params["cn"])
	switch {
	case name == "" || name == address:
		return orDefault(address, oneLine(p.value))
	case address == "":
		return name
	default:
		return name + " <" + address + ">"
	}
}

// eventTime gives begin and end as they were written, with the time zone.
func eventTime(got map[string]property) string {
	begin, found := got["DTSTART"]
	if !found {
		begin, found = got["DUE"]
	}
	if !found {
		return ""
	}
	from, zone := calendarTime(begin)
	to, _ := calendarTime(got["DTEND"])
	switch {
	case len(from) == 16 && len(to) == 16 && from[:10] == to[:10]:
		to = to[11:]
	case len(to) == 10 && len(from) == 10: // the end of whole days isn't one of them
		if last, err := time.Parse(time.DateOnly, to); err == nil {
			to = last.AddDate(0, 0, -1).Format(time.DateOnly)
		}
	}
	out := from
	if to != "" && to != from {
		out += " – " + to
	}
	if to == "" && got["DURATION"].value != "" {
		out += ", lasting " + strings.ToLower(strings.TrimPrefix(got["DURATION"].value, "P"))
	}
	if zone != "" {
		out += " (" + zone + ")"
	}
	return out
}

// calendarTime reads 20261123T100000Z, or a day.
func calendarTime(p property) (at, zone string) {
	value := strings.TrimSpace(p.value)
	zone = p.params["tzid"]
	if bare, utc := strings.CutSuffix(value, "Z"); utc {
		value, zone = bare, "UTC"
	}
	if t, err := time.Parse("20060102T150405", value); err == nil {
		return t.Format("2006-01-02 15:04"), zone
	}
	if t, err := time.Parse("20060102", value); err == nil {
		return t.Format(time.DateOnly), zone
	}
	return oneLine(value), zone
}
