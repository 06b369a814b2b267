package customers

import (
	"cmp"
	"slices"
	"time"

	"stagecoach/contact"
)

// Habit is what a customer has done with our answers by one channel, in numbers that
// can be shown to them: how many went there, how many they answered there, and how
// long that took.
type Habit struct {
	Channel contact.Channel `json:"channel"`
	// Sent counts answers of ours that arrived there, Answered those after which they
	// wrote next by the same channel.
	Sent     int `json:"sent"`
	Answered int `json:"answered"`
	// Seconds is how long those answers took them, together.
	Seconds int64 `json:"seconds"`
	// At is when it last changed.
	At time.Time `json:"at"`
	// Open is when the last of ours that they haven't answered arrived, zero for none.
	Open time.Time `json:"open,omitzero"`
}

// longestAnswer is how long after ours a message still counts as an answer to it.
const longestAnswer = 14 * 24 * time.Hour

// Sent notes that an answer of ours arrived by a channel. It counts once however many
// lines it had: what comes before the customer's next word is one.
func Sent(habits []Habit, ch contact.Channel, at time.Time) []Habit {
	habits, h := habitOf(habits, ch)
	if h.Open.IsZero() {
		h.Sent++
	}
	h.Open, h.At = at, latest(h.At, at)
	return habits
}

// Wrote notes that the customer wrote by a channel: it answers what of ours came there
// last, and ends the wait for answers on the others.
func Wrote(habits []Habit, ch contact.Channel, at time.Time) []Habit {
	if !slices.ContainsFunc(habits, func(h Habit) bool { return !h.Open.IsZero() }) {
		return habits // they begin something, which tells nothing of where they answer
	}
	habits, _ = habitOf(habits, ch)
	for i := range habits {
		h := &habits[i]
		if h.Open.IsZero() {
			continue
		}
		if took := at.Sub(h.Open); h.Channel == ch && took >= 0 && took <= longestAnswer {
			h.Answered++
			h.Seconds += int64(took / time.Second)
		}
		h.Open, h.At = time.Time{}, latest(h.At, at)
	}
	return habits
}

func habitOf(habits []Habit, ch contact.Channel) ([]Habit, *Habit) {
	i := slices.IndexFunc(habits, func(h Habit) bool { return h.Channel == ch })
	if i < 0 {
		habits = append(slices.Clone(habits), Habit{Channel: ch})
		i = len(habits) - 1
	} else {
		habits = slices.Clone(habits)
	}
	return habits, &habits[i]
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Typical is how long they take to answer there, 0 where they never did.
func (h Habit) Typical() time.Duration {
	if h.Answered == 0 {
		return 0
	}
	return time.Duration(h.Seconds/int64(h.Answered)) * time.Second
}

// learnt gives the channel by which the customer answers most surely, and where two
// are as sure the quicker one, once it has been answered by often enough.
func learnt(habits []Habit, least int) (Habit, bool) {
	var known []Habit
	for _, h := range habits {
		if h.Answered >= least {
			known = append(known, h)
		}
	}
	if len(known) == 0 {
		return Habit{}, false
	}
	slices.SortFunc(known, func(a, b Habit) int {
		return cmp.Or(
			cmp.Compare(b.Answered*a.Sent, a.Answered*b.Sent), // the share that was answered
			cmp.Compare(a.Typical(), b.Typical()),
			cmp.Compare(b.Answered, a.Answered),
			cmp.Compare(a.Channel, b.Channel),
		)
	})
	return known[0], true
}

// MergeHabits adds up the habits of several records of one person.
func MergeHabits(lists ...[]Habit) []Habit {
	var out []Habit
	for _, list := range lists {
		for _, h := range list {
			var mine *Habit
			out, mine = habitOf(out, h.Channel)
			mine.Sent += h.Sent
			mine.Answered += h.Answered
			mine.Seconds += h.Seconds
			mine.At, mine.Open = latest(mine.At, h.At), latest(mine.Open, h.Open)
		}
	}
	return out
}

// Turn is that somebody has written: we, where Ours is true, else the customer.
type Turn struct {
	// N is the commit of the log that says so.
	N       uint64
	Channel contact.Channel
	At      time.Time
	Ours    bool
}

// Count adds turns to the habits of a customer, in the order of the log, each once
// however often it is told.
func (r *Record) Count(turns []Turn) {
	was := r.HabitsTo
	for _, t := range turns {
		if t.N <= was {
			continue
		}
		before := r.Habits
		if t.Ours {
			r.Habits = Sent(r.Habits, t.Channel, t.At)
		} else {
			r.Habits = Wrote(r.Habits, t.Channel, t.At)
		}
		if !slices.Equal(before, r.Habits) {
			r.HabitsTo = t.N
		}
	}
}
