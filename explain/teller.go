package explain

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Lang is a language in which is told.
type Lang string

// The languages.
const (
	English Lang = "en"
	German  Lang = "de"
)

// Languages lists them, the first is the one that counts where nothing is said.
func Languages() []Lang { return []Lang{English, German} }

// LangOf gives the language that a person's settings ask for: a language tag, a
// locale such as de_DE.UTF-8, or a header such as Accept-Language, whose first
// known language counts. English where none is known.
func LangOf(setting string) Lang {
	for one := range strings.SplitSeq(setting, ",") {
		tag := strings.ToLower(strings.TrimSpace(one))
		for _, l := range Languages() {
			rest, ok := strings.CutPrefix(tag, string(l))
			if ok && (rest == "" || strings.ContainsAny(rest[:1], "-_.;@")) {
				return l
			}
		}
	}
	return English
}

// Teller tells. Its zero value tells in English, in UTC, with ids for names.
type Teller struct {
	Lang Lang
	// Now is the moment at which is told.
	Now time.Time
	// Zone is the office's.
	Zone *time.Location
	// NameOf gives an agent's name, "" where it isn't known.
	NameOf func(id string) string
	// CustomerOf gives the name of a contact's customer, "" where it isn't known.
	CustomerOf func(contact string) string
	// Still is true when the router is stopped: what is told is of its last moment.
	Still bool
}

// say gives the text in the teller's language, with its arguments put in.
func (t *Teller) say(en, de string, args ...any) string {
	if t.Lang == German {
		en = de
	}
	return fmt.Sprintf(en, args...)
}

// count gives the text for one or for many; the number is its first argument.
func (t *Teller) count(n int, en1, en, de1, de string, args ...any) string {
	args = append([]any{n}, args...)
	if n == 1 {
		return t.say(en1, de1, args...)
	}
	return t.say(en, de, args...)
}

// name gives an agent's name.
func (t *Teller) name(id string) string {
	switch id {
	case "":
		return t.say("nobody", "niemand")
	case "router":
		return t.say("the router", "das System")
	case "intake":
		return t.say("intake", "die Annahme")
	case "sender":
		return t.say("the sender", "die Versandstelle")
	}
	if t.NameOf != nil {
		if n := t.NameOf(id); n != "" {
			return n
		}
	}
	return id
}

// customer gives the name of a contact's customer, "" where it isn't known.
func (t *Teller) customer(contact string) string {
	if t.CustomerOf == nil {
		return ""
	}
	return t.CustomerOf(contact)
}

// namesAtMost is how many names are told before the rest is counted.
const namesAtMost = 3

// names lists agents, the first few by name; of is how many they are.
func (t *Teller) names(ids []string, of int, last func(parts []string) string) string {
	var parts []string
	for _, id := range ids[:min(len(ids), namesAtMost)] {
		parts = append(parts, t.name(id))
	}
	if more := of - len(parts); more > 0 {
		parts = append(parts, t.count(more, "%d other", "%d others", "%d weitere Person", "%d weitere"))
	}
	return last(parts)
}

// and joins parts by commas and a word before the last.
func (t *Teller) and(parts []string) string { return join(parts, t.say(" and ", " und ")) }

func (t *Teller) or(parts []string) string { return join(parts, t.say(" or ", " oder ")) }

func join(parts []string, last string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + last + parts[len(parts)-1]
}

func (t *Teller) in(at time.Time) time.Time {
	if t.Zone == nil {
		return at.UTC()
	}
	return at.In(t.Zone)
}

// days is how many midnights lie between now and a time.
func (t *Teller) days(at time.Time) int {
	y, m, d := t.in(t.Now).Date()
	today := time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
	y, m, d = t.in(at).Date()
	return int(math.Round(time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Sub(today).Hours() / 24))
}

// minute gives the time of day, to the second in the minutes to come now: all
// times within one minute are told alike.
func (t *Teller) minute(at time.Time) string {
	if at.After(t.Now) && at.Truncate(time.Minute).Sub(t.Now) < time.Minute {
		return t.in(at).Format("15:04:05")
	}
	return t.in(at).Format("15:04")
}

// clock gives a time as it stands after since, until and by.
func (t *Teller) clock(at time.Time) string {
	hm := t.minute(at)
	switch t.days(at) {
	case 0:
		return t.say("%s", "%s Uhr", hm)
	case 1:
		return t.say("tomorrow %s", "morgen %s Uhr", hm)
	case -1:
		return t.say("yesterday %s", "gestern %s Uhr", hm)
	}
	return t.say("%[1]s %[2]s", "%[1]s, %[2]s Uhr", t.date(at), hm)
}

// at gives a time as it stands where something happens then.
func (t *Teller) at(at time.Time) string {
	hm := t.minute(at)
	switch t.days(at) {
	case 0:
		return t.say("at %s", "um %s Uhr", hm)
	case 1:
		return t.say("tomorrow at %s", "morgen um %s Uhr", hm)
	case -1:
		return t.say("yesterday at %s", "gestern um %s Uhr", hm)
	}
	return t.say("on %[1]s at %[2]s", "am %[1]s um %[2]s Uhr", t.date(at), hm)
}

// date names a day, with the year where it is another one.
func (t *Teller) date(at time.Time) string {
	at = t.in(at)
	if t.Lang == German {
		days := [...]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"}
		out := fmt.Sprintf("%s, %d.%d.", days[at.Weekday()], at.Day(), at.Month())
		if at.Year() != t.in(t.Now).Year() {
			out += fmt.Sprint(at.Year())
		}
		return out
	}
	if at.Year() != t.in(t.Now).Year() {
		return at.Format("Monday 2 January 2006")
	}
	return at.Format("Monday 2 January")
}

// span gives a length of time, rounded as people would.
func (t *Teller) span(d time.Duration) string {
	d = d.Abs()
	switch {
	case d < time.Minute:
		return t.count(int(d.Round(time.Second)/time.Second), "%d second", "%d seconds", "%d Sekunde", "%d Sekunden")
	case d < time.Hour-30*time.Second:
		return t.minutes(int(d.Round(time.Minute) / time.Minute))
	case d < 24*time.Hour-30*time.Second:
		d = d.Round(time.Minute)
		hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
		out := t.count(hours, "%d hour", "%d hours", "%d Stunde", "%d Stunden")
		if minutes > 0 && hours < 5 {
			out += " " + t.minutes(minutes)
		}
		return out
	}
	return t.count(int(d.Round(24*time.Hour)/(24*time.Hour)), "%d day", "%d days", "%d Tag", "%d Tage")
}

func (t *Teller) minutes(n int) string {
	return t.count(n, "%d minute", "%d minutes", "%d Minute", "%d Minuten")
}

// away gives how far a time is from now: "in 4 minutes", "4 minutes ago".
func (t *Teller) away(at time.Time) string {
	d := at.Sub(t.Now)
	if d.Abs() < 5*time.Second {
		return t.say("just now", "gerade eben")
	}
	span := t.span(d)
	if t.Lang == German && strings.HasSuffix(span, " Tage") { // the dative of the one word that has its own
		span += "n"
	}
	if d < 0 {
		return t.say("%s ago", "vor %s", span)
	}
	return t.say("in %s", "in %s", span)
}

// soon gives a time to come with how far it is.
func (t *Teller) soon(at time.Time) string {
	return t.say("%[1]s (%[2]s)", "%[1]s (%[2]s)", t.at(at), t.away(at))
}
