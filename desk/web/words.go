package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// left says how much time is left, in at most two units: "2 h 10 min", "12 min",
// "40 s", "3 min late". The script clock.js says the same.
func left(now, due time.Time) string {
	if due.IsZero() {
		return ""
	}
	d := due.Sub(now)
	late := d < 0
	if late {
		d = -d
	}
	s := span(d)
	if late {
		return s + " late"
	}
	return s
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 10*time.Hour:
		h, m := int(d/time.Hour), int(d%time.Hour/time.Minute)
		return fmt.Sprintf("%d h %02d min", h, m)
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	default:
		return strconv.Itoa(int(d/(24*time.Hour))) + " days"
	}
}

// mood is the class of a promise: ok, risk or late.
func mood(now time.Time, c view.Card) string {
	switch {
	case c.Breached || (!c.Due.IsZero() && c.Due.Before(now)):
		return "late"
	case c.AtRisk:
		return "risk"
	default:
		return "ok"
	}
}

// used is the share of the promise used, in percent between 0 and 100.
func used(now time.Time, c view.Card) int {
	u := c.UsedShare
	if c.Breached || (!c.Due.IsZero() && c.Due.Before(now)) {
		u = 1
	}
	if math.IsNaN(u) || u < 0 {
		u = 0
	}
	return int(math.Round(100 * min(u, 1)))
}

// clock gives a moment as people write it: the hour today, else the day too.
func (p Page) clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t, now := p.in(t), p.in(p.Now)
	switch {
	case t.Year() == now.Year() && t.YearDay() == now.YearDay():
		return t.Format("15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan 15:04")
	default:
		return t.Format("2 Jan 2006 15:04")
	}
}

// moment gives a moment in full, for titles and screen readers.
func (p Page) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return p.in(t).Format("Monday 2 January 2006, 15:04:05 MST")
}

// day names the day of a moment: "Today", "Yesterday", "Tuesday 18 November".
func (p Page) day(t time.Time) string {
	t, now := p.in(t), p.in(p.Now)
	switch days := daysBetween(t, now); {
	case days == 0:
		return "Today"
	case days == 1:
		return "Yesterday"
	case t.Year() == now.Year():
		return t.Format("Monday 2 January")
	default:
		return t.Format("Monday 2 January 2006")
	}
}

func daysBetween(a, b time.Time) int {
	ad := time.Date(a.Year(), a.Month(), a.Day(), 0, 0, 0, 0, time.UTC)
	bd := time.Date(b.Year(), b.Month(), b.Day(), 0, 0, 0, 0, time.UTC)
	return int(bd.Sub(ad) / (24 * time.Hour))
}

// iso is a moment for machines, "" when there is none.
func iso(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// ms is a moment for the scripts.
func ms(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

// who names a card's customer, with something to fall back on.
func who(c view.Card) string {
	return firstOf(c.CustomerName, c.Customer, "Unknown sender")
}

// about names a card's matter.
func about(c view.Card) string {
	if (c.Subject == "" || c.Channel == contact.WebChat) && c.Channel != contact.Email && c.Snippet != "" {
		return brief(c.Snippet, 60) // where nobody writes subjects: a chat's is the page it was begun on
	}
	return firstOf(c.Subject, "(no subject)")
}

// writes reports whether the one who looks can write to the customer.
func writes(c view.Conversation) bool { return c.Holder && c.Card.State != "ended" || c.WritesOn }

// besides gives what about has not said already of a card's words.
func besides(c view.Card) string {
	switch {
	case about(c) != c.Snippet:
		return c.Snippet
	case c.Channel == contact.WebChat:
		return c.Subject
	default:
		return ""
	}
}

func firstOf(s ...string) string {
	for _, v := range s {
		if strings.TrimSpace(v) != "" {
			return v
		}
	}
	return ""
}

// initials are one or two letters for a round picture.
func initials(name string) string {
	out := []rune{}
	for word := range strings.FieldsSeq(name) {
		for _, r := range word {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				out = append(out, unicode.ToUpper(r))
				break
			}
		}
	}
	switch len(out) {
	case 0:
		return "?"
	case 1:
		return string(out)
	default:
		return string([]rune{out[0], out[len(out)-1]})
	}
}

// hue gives one of eight quiet colours to a name, always the same one.
func hue(name string) string {
	var h uint32 = 2166136261
	for _, b := range []byte(name) {
		h = (h ^ uint32(b)) * 16777619
	}
	return "hue" + strconv.Itoa(int(h%8))
}

// size gives bytes in the unit that people read.
func size(n int64) string {
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1_000_000:
		return strconv.FormatInt((n+500)/1000, 10) + " kB"
	default:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	}
}

// count gives a number with its noun: "1 contact", "4 contacts".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// addresses writes a list of addresses for an input (RFC 5322 address list).
func addresses(as []contact.Address) string {
	out := make([]string, 0, len(as))
	for _, a := range as {
		out = append(out, mailbox(a))
	}
	return strings.Join(out, ", ")
}

func mailbox(a contact.Address) string {
	if a.Name == "" || a.Address == "" {
		return firstOf(a.Address, a.Name)
	}
	name := strings.NewReplacer("\r", " ", "\n", " ", `\`, `\\`, `"`, `\"`).Replace(a.Name)
	if strings.ContainsAny(a.Name, `,;:<>()[]@."\`) {
		name = `"` + name + `"`
	}
	return name + " <" + a.Address + ">"
}

// names writes a list of addresses for reading.
func names(as []contact.Address) string {
	out := make([]string, 0, len(as))
	for _, a := range as {
		out = append(out, a.String())
	}
	return strings.Join(out, ", ")
}
