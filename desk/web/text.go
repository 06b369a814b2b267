package web

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"stagecoach/desk/view"
)

// piece is a part of a text: a link when Href is set, marked when Mark is.
type piece struct {
	Text string
	Href string
	Mark bool
}

// link finds web addresses in plain text; what follows a sentence is cut off.
var link = regexp.MustCompile(`https?://[^\s<>"'\x{00AB}\x{00BB}]+`)

// linked cuts a text at its web addresses. Only http and https become links.
func linked(s string) []piece {
	out, at := []piece{}, 0
	for _, m := range link.FindAllStringIndex(s, -1) {
		end := m[0] + len(strings.TrimRight(s[m[0]:m[1]], ".,;:!?)]}"))
		if m[0] > at {
			out = append(out, piece{Text: s[at:m[0]]})
		}
		out = append(out, piece{Text: s[m[0]:end], Href: s[m[0]:end]})
		at = end
	}
	if at < len(s) {
		out = append(out, piece{Text: s[at:]})
	}
	return out
}

// found cuts a snippet of the search at its « and ».
func found(s string) []piece {
	out := []piece{}
	for s != "" {
		before, rest, ok := strings.Cut(s, "«")
		if before != "" {
			out = append(out, piece{Text: before})
		}
		if !ok {
			break
		}
		hit, after, _ := strings.Cut(rest, "»")
		if hit != "" {
			out = append(out, piece{Text: hit, Mark: true})
		}
		s = after
	}
	return out
}

// group is a run of items: one that speaks, or several quiet ones together.
type group struct {
	Day   string
	Items []view.Item
	// Quiet is true for events that are shown folded because there are many.
	Quiet bool
}

const foldEvents = 4

// groups puts items under their days and folds long runs of events.
func (p Page) groups(items []view.Item) []group {
	out, last := []group{}, ""
	for i := 0; i < len(items); {
		day := ""
		if d := p.day(items[i].At); d != last {
			day, last = d, d
		}
		j := i + 1
		if quiet(items[i]) {
			for j < len(items) && quiet(items[j]) && p.day(items[j].At) == last {
				j++
			}
		}
		out = append(out, group{Day: day, Items: items[i:j], Quiet: j-i >= foldEvents})
		i = j
	}
	return out
}

func quiet(it view.Item) bool {
	return it.Kind == view.ItemEvent || (it.Kind == view.ItemEvidence && it.Text == "")
}

// lastMessage gives the id of the newest item that the customer wrote.
func lastMessage(items []view.Item) string {
	for _, it := range slices.Backward(items) {
		if it.Kind == view.ItemMessage {
			return it.ID
		}
	}
	return ""
}

// preset is a due time that can be promised with one click.
type preset struct {
	Label string
	At    time.Time
}

// presets are the usual due times of a pledge, in the office's zone. Weekends
// are passed over; the policy has the last word.
func (p Page) presets() []preset {
	now := p.in(p.Now)
	at := func(days, hour int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+days, hour, 0, 0, 0, now.Location())
	}
	out := []preset{}
	if now.Hour() < 16 && workday(now) {
		out = append(out, preset{"Today 17:00", at(0, 17)})
	}
	one, two := workdaysAhead(now, 1), workdaysAhead(now, 2)
	label := "Tomorrow noon"
	if one != 1 {
		label = at(one, 12).Format("Monday") + " noon"
	}
	return append(out, preset{label, at(one, 12)},
		preset{"In 2 working days", at(two, 17)})
}

func workday(t time.Time) bool {
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday
}

// workdaysAhead gives the number of days until the nth next working day.
func workdaysAhead(t time.Time, n int) int {
	days := 0
	for n > 0 {
		days++
		if workday(t.AddDate(0, 0, days)) {
			n--
		}
	}
	return days
}

// draftText is what the composer starts with: the draft, else the signature.
func draftText(c view.Conversation) string {
	if c.Draft != nil {
		return c.Draft.Text
	}
	if c.Apology != "" {
		return strings.TrimSpace(c.Apology) + "\n" + signed(c.Signature)
	}
	return signed(c.Signature)
}

func signed(signature string) string {
	if strings.TrimSpace(signature) == "" {
		return ""
	}
	return "\n\n-- \n" + signature
}

func itoa(n int) string { return strconv.Itoa(n) }

func i64(n int64) string { return strconv.FormatInt(n, 10) }

func u64(n uint64) string { return strconv.FormatUint(n, 10) }
