package customers

import (
	"slices"
	"time"

	"stagecoach/contact"
)

// The sources of a preferred channel. Stated is the customer's own word, or an
// agent's on it; by import the company says what the customer had said to it.
const (
	PreferStated  = "stated"
	PreferImport  = "import"
	PreferLearnt  = "learnt"
	PreferArrival = "arrival"
	// PreferFailed is the next way there is, as an answer by another did not arrive;
	// PreferPrivate the private way for what was asked in public.
	PreferFailed  = "failed"
	PreferPrivate = "private"
)

// PreferRules say how the channel of an answer is found. The zero value answers
// where the message came from unless the customer has said otherwise.
type PreferRules struct {
	// Order are the sources that count, the strongest first; empty for stated,
	// learnt, arrival.
	Order []string
	// LearntAfter is how many answers must have come by a channel before it is taken
	// for the preferred one; 0 for 3.
	LearntAfter int
	// Channels are those by which we answer besides the one that a message came by;
	// empty for all.
	Channels []contact.Channel
}

// LearntAfterDefault is how many answers teach a channel where nothing else is said.
const LearntAfterDefault = 3

func (r PreferRules) order() []string {
	if len(r.Order) == 0 {
		return []string{PreferStated, PreferLearnt, PreferArrival}
	}
	return r.Order
}

func (r PreferRules) learntAfter() int {
	if r.LearntAfter <= 0 {
		return LearntAfterDefault
	}
	return r.LearntAfter
}

// Choice is the channel of an answer with why it is that one, and since when.
type Choice struct {
	Channel contact.Channel `json:"channel"`
	Source  string          `json:"source,omitempty"`
	At      time.Time       `json:"at,omitzero"`
}

// Wanted gives where a customer wants to be answered, by the first source in order
// that says anything: their last word, or what their answers have taught. False means
// that nothing is known, or that the arrival counts before it.
func (r PreferRules) Wanted(said []Preference, habits []Habit) (Choice, bool) {
	for _, source := range r.order() {
		switch source {
		case PreferStated:
			if p, ok := lastSaid(said); ok {
				if p.Channel == "" { // wherever they write
					return Choice{}, false
				}
				return Choice{Channel: p.Channel, Source: p.Source, At: p.At}, true
			}
		case PreferLearnt:
			if h, ok := learnt(habits, r.learntAfter()); ok {
				return Choice{Channel: h.Channel, Source: PreferLearnt, At: h.At}, true
			}
		case PreferArrival:
			return Choice{}, false
		}
	}
	return Choice{}, false
}

// lastSaid gives what was said last; the customer's own word counts before what a
// list says, however new that is. Its channel is "" where they want to be answered
// wherever they write.
func lastSaid(said []Preference) (Preference, bool) {
	var best Preference
	rank := map[string]int{PreferStated: 2, PreferImport: 1}
	for _, p := range said {
		if rank[p.Source] == 0 || p.Channel == "" && p.Source != PreferStated {
			continue
		}
		if rank[p.Source] > rank[best.Source] || rank[p.Source] == rank[best.Source] && p.At.After(best.At) {
			best = p
		}
	}
	return best, best.Source != ""
}

// Asking is what the channel of an answer depends on.
type Asking struct {
	// Arrival is the channel that the message came by, Public that anybody can read
	// it there, and Private that the answer shall be for the customer alone.
	Arrival         contact.Channel
	Public, Private bool
	// Wanted is where the customer wants it, "" where nothing is known.
	Wanted Choice
	// Reach are the channels on which they can be reached, as far as we know, in the
	// order in which they are tried.
	Reach []contact.Channel
	// Tried are those by which an answer of ours did not arrive.
	Tried []contact.Channel
}

// Reply chooses the channel of an answer: the wanted one if the customer can be
// reached there and the policy allows it, else the one that the message came by. One
// by which an answer did not arrive is passed over, for as long as there is another.
func (r PreferRules) Reply(a Asking) Choice {
	open := func(ch contact.Channel) bool {
		switch {
		case ch == "" || slices.Contains(a.Tried, ch):
			return false
		case ch == a.Arrival:
			return true
		}
		return slices.Contains(a.Reach, ch) && (len(r.Channels) == 0 || slices.Contains(r.Channels, ch))
	}
	if open(a.Wanted.Channel) {
		return a.Wanted
	}
	// Some channels have a private place beside the public one; the desk chooses it.
	if a.Public && a.Private && !hasDirect(a.Arrival) || !open(a.Arrival) {
		for _, ch := range a.Reach {
			if ch != a.Arrival && open(ch) && !ch.ByHand() {
				return Choice{Channel: ch, Source: r.second(a)}
			}
		}
		for _, ch := range a.Reach {
			if ch != a.Arrival && open(ch) {
				return Choice{Channel: ch, Source: r.second(a)}
			}
		}
	}
	return Choice{Channel: a.Arrival, Source: PreferArrival}
}

func (r PreferRules) second(a Asking) string {
	if slices.Contains(a.Tried, a.Arrival) || slices.Contains(a.Tried, a.Wanted.Channel) {
		return PreferFailed
	}
	return PreferPrivate
}

// hasDirect reports whether a public channel has a private place beside it.
func hasDirect(ch contact.Channel) bool {
	return ch == contact.Mastodon || ch == contact.Bluesky || ch == contact.Slack
}

// Prefer puts a word on where the customer wants to be answered in the place of the
// one that its source gave before.
func Prefer(said []Preference, now Preference) []Preference {
	out := slices.DeleteFunc(slices.Clone(said), func(p Preference) bool { return p.Source == now.Source })
	return append(out, now)
}
