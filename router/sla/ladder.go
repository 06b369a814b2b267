package sla

import (
	"cmp"
	"slices"
	"time"
)

// The actions that a step can take.
const (
	ActionWarn    = "warn"
	ActionReoffer = "reoffer"
	ActionWiden   = "widen"
	ActionQueue   = "queue"
	ActionLead    = "lead"
	ActionOnCall  = "on_call"
)

// Actions lists all actions, mildest first.
func Actions() []string {
	return []string{ActionWarn, ActionReoffer, ActionWiden, ActionQueue, ActionLead, ActionOnCall}
}

// Step is one step of the ladder: what is done when a share of the promise has
// been used.
type Step struct {
	Name string
	// Share is the share of the promise used, 1 at due, more when late.
	Share float64
	// Action is one of Actions.
	Action string
	// Queue is where the contact goes for ActionQueue.
	Queue string
}

// Ladder is the steps of an escalation in order of their share.
type Ladder []Step

// NewLadder sorts the steps; steps of equal share keep their order.
func NewLadder(steps ...Step) Ladder {
	l := slices.Clone(steps)
	slices.SortStableFunc(l, func(a, b Step) int { return cmp.Compare(a.Share, b.Share) })
	return l
}

// NextStep gives the first step above the share that has been used, and false
// when the ladder has ended.
func (l Ladder) NextStep(used float64) (Step, bool) {
	for _, s := range l {
		if s.Share > used {
			return s, true
		}
	}
	return Step{}, false
}

// Reached gives the steps of which the share lies above from and at or below
// to: those to be taken since the last look.
func (l Ladder) Reached(from, to float64) []Step {
	var out []Step
	for _, s := range l {
		if s.Share > from && s.Share <= to {
			out = append(out, s)
		}
	}
	return out
}

// At gives the moment of a step for a contact with this start and due.
func (s Step) At(start, due time.Time, cal Calendar) time.Time {
	total := cal.Between(start, due)
	if total <= 0 || s.Share == 1 {
		return due
	}
	if s.Share > 1 {
		return cal.Add(due, part(total, s.Share-1))
	}
	return AtRisk(start, due, s.Share, cal)
}
