package main

import (
	"sync"

	"stagecoach/router"
)

// flights knows the replies that this process has in hand, whichever account's
// sender took them: a reload may swap one for another in the middle.
type flights struct {
	mu   sync.Mutex
	held map[string]bool
	owed map[string]*router.Outcome
}

func newFlights() *flights {
	return &flights{held: map[string]bool{}, owed: map[string]*router.Outcome{}}
}

// take gives a reply to the caller, who must leave it; free is false while
// somebody else has it. With an outcome it has been sent, and only that could
// not be recorded.
func (f *flights) take(reply string) (out *router.Outcome, free bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held[reply] {
		return nil, false
	}
	f.held[reply] = true
	return f.owed[reply], true
}

// leave puts a reply down, with the outcome that is still to be recorded.
func (f *flights) leave(reply string, owed *router.Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.held, reply)
	delete(f.owed, reply)
	if owed != nil {
		f.owed[reply] = owed
	}
}
