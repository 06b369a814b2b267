package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// expected writes a wait in seconds, rounded up to what such a forecast is good for.
func expected(seconds float64) string {
	d := time.Duration(min(max(seconds, 1), 1e8)) * time.Second
	switch {
	case d < time.Minute:
		return "1 min"
	case d < 10*time.Minute:
		return span(up(d, time.Minute))
	case d < time.Hour:
		return span(up(d, 5*time.Minute))
	default:
		return itoa(int(up(d, time.Hour)/time.Hour)) + " h"
	}
}

func up(d, to time.Duration) time.Duration { return (d + to - 1).Truncate(to) }

// expectedRange says in short what who comes now has to expect.
func expectedRange(q view.QueueCount) string {
	usual, most := expected(q.P50Seconds), expected(q.P90Seconds)
	switch {
	case q.P90Seconds < 60:
		return "under 1 min"
	case usual == most:
		return "up to " + most
	}
	number, unit, _ := strings.Cut(usual, " ")
	if strings.HasSuffix(most, " "+unit) {
		usual = number
	}
	return usual + " to " + most
}

// expectedWords says in full what who comes now has to expect.
func expectedWords(q view.QueueCount) string {
	if usual, most := expected(q.P50Seconds), expected(q.P90Seconds); usual == most {
		return "Who comes now is nearly always answered within " + most
	}
	return "Who comes now is usually answered within " + expected(q.P50Seconds) + ", nearly always within " + expected(q.P90Seconds)
}

// rank orders presences: who can work stands first.
func rank(p contact.Presence) int {
	switch p {
	case contact.Available:
		return 0
	case contact.Busy:
		return 1
	case contact.Away:
		return 2
	case contact.Unreachable:
		return 3
	default:
		return 4
	}
}

// byPresence gives people in the order of their presence, then name.
func byPresence(in []view.Person) []view.Person {
	out := slices.Clone(in)
	slices.SortStableFunc(out, func(a, b view.Person) int {
		return cmp.Or(cmp.Compare(rank(a.Presence), rank(b.Presence)),
			strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)))
	})
	return out
}

func onlineCount(in []view.Person) string {
	n := 0
	for _, p := range in {
		if rank(p.Presence) < 3 {
			n++
		}
	}
	return itoa(n)
}

// loadShare is the width of a load bar, 0 to 100.
func loadShare(p view.Person) string {
	if p.Capacity <= 0 {
		return "0"
	}
	return itoa(max(0, min(100, 100*p.Load/p.Capacity)))
}

// lag says how long ago a source was last read to its end.
func lag(seconds float64) string {
	return span(time.Duration(max(0, min(seconds, 1e8))) * time.Second)
}

func wordOK(ok bool) string {
	if ok {
		return "OK"
	}
	return "Trouble"
}

func toneOK(ok bool) string {
	if ok {
		return "good"
	}
	return "bad"
}

// waitingWord says in a list what happens to a waiting contact.
func waitingWord(c view.Card) string {
	if c.State == "offered" {
		return "offered"
	}
	return "waits"
}

// ruleGroup is what one rule proposes, for the review.
type ruleGroup struct {
	Rule     string
	Proposed contact.Disposition
	Cards    []view.Card
}

// byRule groups a review by what is proposed and by which rule.
func byRule(cards []view.Card) []ruleGroup {
	out := []ruleGroup{}
	at := map[[2]string]int{}
	for _, c := range cards {
		key := [2]string{string(c.Proposed), c.Rule}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, ruleGroup{Rule: c.Rule, Proposed: c.Proposed})
		}
		out[i].Cards = append(out[i].Cards, c)
	}
	return out
}

func setupTitle(e Entry) string {
	if e.Role == "" || e.Role == "supervisor" {
		return "Welcome to Stagecoach"
	}
	return "Welcome"
}

func setupHint(e Entry) string {
	if e.Role == "agent" {
		return "A supervisor made this account for you. Choose a password, and the desk opens."
	}
	return "This link works once and makes a supervisor's account. Colleagues are added from the desk."
}

// kept says in a word whether the promise was kept.
func kept(r view.LedgerRow) string {
	switch {
	case r.Breached:
		return "missed"
	case r.Kept && r.End != "":
		return "kept"
	case r.End != "":
		return "none owed"
	default:
		return "open"
	}
}

func keptTone(r view.LedgerRow) string {
	switch kept(r) {
	case "missed":
		return "bad"
	case "kept":
		return "good"
	default:
		return "plain"
	}
}

// disposed counts all dispositions.
func disposed(t view.Totals) int {
	n := 0
	for _, v := range t.Disposed {
		n += v
	}
	return n
}

// nextLedger is the address of the ledger's next page.
func nextLedger(l view.Ledger) string {
	q := []string{}
	add := func(k, v string) {
		if v != "" {
			q = append(q, k+"="+query(v))
		}
	}
	f := l.Filter
	add("q", f.Query)
	add("state", f.State)
	add("queue", f.Queue)
	add("agent", f.Agent)
	add("channel", f.Channel)
	add("since", f.Since)
	add("until", f.Until)
	if f.Breached {
		add("breached", "1")
	}
	add("before", l.Next)
	return "/ledger?" + strings.Join(q, "&")
}

// termNames are the columns of a comparison, in the order of the first row.
func termNames(cs []view.Candidate) []string {
	out := []string{}
	for _, c := range cs {
		for _, t := range c.Terms {
			if !slices.Contains(out, t.Name) {
				out = append(out, t.Name)
			}
		}
	}
	return out
}

func termValue(c view.Candidate, name string) string {
	for _, t := range c.Terms {
		if t.Name == name {
			return t.Value
		}
	}
	return ""
}

// channelChoices are those that the ledger can be filtered by.
func channelChoices() []contact.Channel {
	return []contact.Channel{
		contact.Email, contact.WebChat, contact.Slack, contact.Mastodon,
		contact.Bluesky, contact.Webhook, contact.SMS, contact.Phone, contact.Letter, contact.Visit,
	}
}

// byHand are the channels of which a person is the adapter.
func byHand() []contact.Channel {
	out := []contact.Channel{}
	for _, c := range channelChoices() {
		if c.ByHand() {
			out = append(out, c)
		}
	}
	return out
}

// longestHelp says what the card is about.
const longestHelp = "With what waits now and the people who are on: when everybody else is worth more, whoever has waited long gets a turn by age alone. Counted in opening hours."

func longestName(w view.LongestWait) string {
	return channelName(w.Channel) + ", " + cmp.Or(w.Tier, "standard")
}

func longestWords(w view.LongestWait) string {
	if !w.Known {
		return "no limit"
	}
	d := time.Duration(max(0, min(w.Seconds, 1e8))) * time.Second
	step := time.Minute // what span leaves out counts as a whole one
	switch {
	case d >= 48*time.Hour:
		step = 24 * time.Hour
	case d >= 10*time.Hour:
		step = time.Hour
	}
	return span((d + step - 1).Truncate(step))
}

// longestBy says who the bound rests on.
func longestBy(w view.LongestWait) string {
	by := "with " + count(w.Agents, "agent", "agents") + " available"
	switch {
	case w.Agents == 0 && w.Waiting > 1:
		by = "nobody available could answer all of them"
	case w.Agents == 0:
		by = "nobody who could answer is available"
	case !w.Known:
		by = "long waits are owed no turn by policy"
	}
	if w.Waiting > 0 {
		by = itoa(w.Waiting) + " waiting, " + by
	}
	return by
}
