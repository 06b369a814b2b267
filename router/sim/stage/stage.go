// Package stage runs the production core under a virtual clock: what shall happen
// stands on an agenda, the core is woken when it wants to be, and whoever plays the
// people sees what it decided. Synthetic days and replays of real traffic stand on
// it.
package stage

import (
	"context"
	"fmt"
	"time"

	"stagecoach/router"
	"stagecoach/router/heap"
)

// Stage is the core with a clock and an agenda of its own. One goroutine owns it.
type Stage struct {
	// State is the core's, Now the time on its clock.
	State *router.State
	Now   time.Time
	// Rules decide; Facts are what the log doesn't hold.
	Rules router.Rules
	Facts router.Facts
	// See is shown what each command came to.
	See func(events []router.Event)
	// Log, if given, gets each commit as a log would have it.
	Log func(c *router.Commit)

	agenda  heap.Heap[entry, inTime]
	planned int
	// env and cmd are what the core is given, used again for each command.
	env router.Env
	cmd router.Envelope
}

// New makes a stage whose clock stands at a time.
func New(rules router.Rules, at time.Time) *Stage {
	return &Stage{State: router.NewState("main"), Now: at, Rules: rules, See: func([]router.Event) {}}
}

// entry is something that happens at a time; n orders those of one instant.
type entry struct {
	at  time.Time
	n   int
	act func() error
}

// inTime has the entry first that happens first.
type inTime struct{}

// Before implements heap.Order.
func (inTime) Before(x, y *entry) bool {
	if c := x.at.Compare(y.at); c != 0 {
		return c < 0
	}
	return x.n < y.n
}

// Stands implements heap.Order.
func (inTime) Stands(*entry, int) {}

// Plan puts something on the agenda. What is planned first happens first, of what
// happens at the same time.
func (s *Stage) Plan(at time.Time, act func() error) {
	s.planned++
	s.agenda.Push(entry{at: at, n: s.planned, act: act})
}

// Step gives the core a command, and says what it decided.
func (s *Stage) Step(actor string, cmd router.Command) (router.Entry, error) {
	s.env.Now, s.env.Rules, s.env.Facts = s.Now, s.Rules, s.Facts
	s.cmd = router.Envelope{Actor: actor, Command: cmd}
	e, err := s.State.Step(&s.env, &s.cmd)
	if s.Log != nil && err == nil && len(e.Events) > 0 {
		s.Log(&router.Commit{Schema: router.CommitSchema, N: s.State.N, Epoch: s.State.Epoch, At: s.Now, Entries: []router.Entry{e}})
	}
	return e, err
}

// Do gives the core a command, and lets the people see what it decided.
func (s *Stage) Do(actor string, cmd router.Command) error {
	e, err := s.Step(actor, cmd)
	if err != nil {
		return fmt.Errorf("%s by %s at %s: %w", router.CommandName(cmd), actor, s.Now.Format(time.RFC3339Nano), err)
	}
	s.See(e.Events)
	return nil
}

// Next lets the next thing happen, and reports false where nothing is to come
// until end.
func (s *Stage) Next(end time.Time) (bool, error) {
	wake, timed := s.State.Wake(s.Rules)
	switch {
	case s.agenda.Len() > 0 && (!timed || !wake.Before(s.agenda.First().at)):
		if s.agenda.First().at.After(end) {
			return false, nil
		}
		next := s.agenda.Pop()
		s.Now = next.at
		return true, next.act()
	case timed && !wake.After(end):
		if wake.After(s.Now) {
			s.Now = wake
		}
		return true, s.Do(router.ActorRouter, router.Tick{})
	}
	return false, nil
}

// Run works until done says so, nothing can happen any more, or end. Now and then it
// takes what has ended out of the core's memory, as the ledger has the daemon do.
func (s *Stage) Run(ctx context.Context, end time.Time, done func() bool) error {
	for steps := 0; !done(); steps++ {
		if steps%restEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s.Do(router.ActorRouter, router.Trim{Before: s.State.N}); err != nil {
				return err
			}
		}
		if more, err := s.Next(end); err != nil || !more {
			return err
		}
	}
	return nil
}

// restEvery is after how many steps it is looked whether anybody still wants to know.
const restEvery = 1024
