package match

import (
	"math"
	"time"
)

// Stake is what the longest wait of a contact depends on. All but Target may be
// left out where a comment says so.
type Stake struct {
	// Target is how long its promise allows, T.
	Target time.Duration
	// Guard is after how many promises a turn is owed, G; Turn the part of a turn
	// that each other assignment earns an agent, phi, in micro-turns.
	Guard float64
	Turn  int64
	// Ahead is how many contacts that share an agent with it reach their guard
	// before it, A. It is fixed once the contact reaches its own: what comes later
	// stands behind.
	Ahead int
	// Credits are what those agents owe already who can take it, have the capacity
	// for it and stay at work, in micro-turns: one entry for each of them.
	Credits []int64
	// Between is the longest time between two assignments of such an agent, H:
	// the longest work on one contact, and the offer before it.
	Between time.Duration
	// AtOnce is how many offers an agent may have open beside each other; 0 means
	// one.
	AtOnce int
	// Room is the longest work that an agent may have in hand when they begin to
	// make room for it, 0 where it fits beside any.
	Room time.Duration
	// Declines is how many offers of it, and of those ahead, are declined or
	// missed; each costs Declined at most: the time-out and the cool-down.
	Declines int
	Declined time.Duration
}

// Bound is how long a contact waits at the longest.
type Bound struct {
	// Turns is how many assignments each of the agents makes at the most, from the
	// guard to its own turn.
	Turns int
	// Wait is from the contact's start to its assignment.
	Wait time.Duration
}

// BoundOf gives the bound of a contact, false when there is none: nobody who
// could take it stays at work, or no turn is ever owed.
//
// An agent makes the r-th guard turn after earning r turns less what they owed
// already, which takes ceil((r - credit)/phi) other assignments, after the o (AtOnce)
// that were offered before the guard was reached; a declined offer uses up a turn.
// The agents' turns go to contacts in the order of GuardAt, so the contact is served
// when all of them together have made Ahead + Declines + 1. For n agents who owed
// nothing that is never more than
//
//	wait <= G·T + o·H + ceil((A+D+1)/n) · ((ceil(1/phi)+1)·H + room) + D·declined
//
// (README.md; it makes the bound of accumulating priority for a step cost).
func BoundOf(s *Stake) (Bound, bool) {
	if len(s.Credits) == 0 || s.Turn <= 0 || s.Guard <= 0 {
		return Bound{}, false
	}
	need := max(s.Ahead, 0) + max(s.Declines, 0) + 1
	each := (need + len(s.Credits) - 1) / len(s.Credits)
	from, to := 0.0, 0.0
	for _, c := range s.Credits {
		to = max(to, s.until(each, c))
	}
	// Bisection: the least time that holds enough turns. Every step of it holds
	// exactly, so the end is the time of a turn, or a hair above one.
	for range 64 {
		if mid := from + (to-from)/2; s.turnsOfAll(mid, need) >= need {
			to = mid
		} else {
			from = mid
		}
	}
	b := Bound{}
	for _, c := range s.Credits {
		if r := s.turns(to, c, need); r > 0 {
			b.Turns = max(b.Turns, s.assignments(r, c))
		}
	}
	b.Wait = duration(s.Guard*s.Target.Seconds() + to + float64(max(s.Declines, 0))*s.Declined.Seconds())
	return b, true
}

// assignments is how many an agent makes up to and with their r-th guard turn.
// What was offered already as the guard was reached, beside each other, comes
// before the first.
func (s *Stake) assignments(r int, credit int64) int {
	lead := max(s.AtOnce, 1)
	owed := int64(r)*Micro - max(credit, 0)
	if owed <= 0 {
		return r + lead
	}
	return int((owed+s.Turn-1)/s.Turn) + r + lead
}

// until is how long an agent takes up to their r-th guard turn, in seconds.
func (s *Stake) until(r int, credit int64) float64 {
	between := max(s.Between, time.Microsecond)
	return float64(s.assignments(r, credit))*between.Seconds() + float64(r)*max(s.Room, 0).Seconds()
}

// turns is how many guard turns an agent makes in a time, no more than enough.
func (s *Stake) turns(in float64, credit int64, enough int) int {
	r, over := 0, enough+1
	for r+1 < over {
		if mid := r + (over-r)/2; s.until(mid, credit) <= in {
			r = mid
		} else {
			over = mid
		}
	}
	return r
}

func (s *Stake) turnsOfAll(in float64, enough int) int {
	n := 0
	for _, c := range s.Credits {
		n += s.turns(in, c, enough)
	}
	return n
}

// duration gives seconds as a duration, the longest there is when they are more.
func duration(seconds float64) time.Duration {
	if most := float64(math.MaxInt64) / float64(time.Second); seconds >= most {
		return math.MaxInt64
	}
	return time.Duration(math.Ceil(seconds * float64(time.Second)))
}
