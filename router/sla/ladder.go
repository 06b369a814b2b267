package sla

import (
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

// Step is one step of the ladder: what is done at a moment of a promise.
type Step struct {
	// Name is what it is known by: a step is taken once under its name.
	Name string
	// Action is one of Actions.
	Action string
	// Queue is where the contact goes for ActionQueue.
	Queue string
	// To names whom ActionLead and ActionOnCall tell, "" for whom they usually do;
	// Assign gives the contact to the lead as well.
	To     string
	Assign bool

	// AtRisk makes it come when the contact is at risk. Timed makes it come so much
	// working time after due, or before it where Offset is negative. Else it comes
	// when Share of the promise has been used: 1 is due, 2 twice the time allowed.
	AtRisk bool
	Timed  bool
	Offset time.Duration
	Share  float64
}

// At gives the moment of a step for a promise with this start, due and time at
// risk.
func (s *Step) At(start, due, atRisk time.Time, cal Calendar) time.Time {
	switch {
	case s.AtRisk:
		return atRisk
	case s.Timed:
		return cal.Add(due, s.Offset)
	case s.Share == 1:
		return due
	}
	total := cal.Between(start, due)
	switch {
	case total <= 0:
		return due
	case s.Share > 1:
		return cal.Add(due, part(total, s.Share-1))
	}
	return AtRisk(start, due, s.Share, cal)
}

// Rung is a step with its moment, for one contact.
type Rung struct {
	Step
	At time.Time
}

// SortRungs puts rungs in the order of their moments; those of one moment keep
// theirs.
func SortRungs(rungs []Rung) {
	slices.SortStableFunc(rungs, func(a, b Rung) int { return a.At.Compare(b.At) })
}
