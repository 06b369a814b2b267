package router

import (
	"maps"
	"time"

	"stagecoach/router/heap"
)

// Figures is what there is to do, in figures.
type Figures struct {
	// Oldest is the earliest start, NextDue the earliest due time of all open
	// contacts; zero when none is open.
	Oldest, NextDue time.Time
	// States and Queues count the open contacts; all open states are there.
	States map[ContactState]int
	Queues map[string]int
	// Offers, InDoubt, Unsent and Alarmed count what has that name in the State.
	Offers, InDoubt, Unsent, Alarmed int
}

// Figures gives the figures. It costs as much as there are queues.
func (s *State) Figures() Figures {
	w := Figures{
		States: map[ContactState]int{Waiting: 0, Offered: 0, AssignedTo: 0, Sending: 0},
		Queues: maps.Clone(s.tally.queues), Offers: len(s.Offers),
		InDoubt: len(s.inDoubt), Unsent: len(s.unsent), Alarmed: len(s.alarmed),
	}
	maps.Copy(w.States, s.tally.states)
	if s.tally.oldest.Len() > 0 {
		w.Oldest, w.NextDue = (*s.tally.oldest.First()).Start, (*s.tally.due.First()).Due
	}
	return w
}

// tally counts the open contacts, and knows the first of them.
type tally struct {
	states map[ContactState]int
	queues map[string]int
	oldest heap.Heap[*Contact, oldestFirst]
	due    heap.Heap[*Contact, dueFirst]
}

// tallied is as what a contact was counted, and its places in the heaps, from 1;
// the zero value is not counted.
type tallied struct {
	state       ContactState
	queue       string
	oldest, due int
}

func newTally() tally {
	return tally{states: map[ContactState]int{}, queues: map[string]int{}}
}

// count puts a contact where it belongs as it is now: O(log n).
func (t *tally) count(c *Contact) {
	was := &c.tallied
	counted := was.oldest > 0
	if counted && c.State == was.state && c.Queue == was.queue {
		t.oldest.Fix(was.oldest)
		t.due.Fix(was.due)
		return
	}
	if counted {
		less(t.states, was.state)
		less(t.queues, was.queue)
	}
	if !c.Open() {
		if counted {
			t.oldest.Remove(was.oldest)
			t.due.Remove(was.due)
			*was = tallied{}
		}
		return
	}
	was.state, was.queue = c.State, c.Queue
	t.states[c.State]++
	t.queues[c.Queue]++
	if !counted {
		t.oldest.Push(c)
		t.due.Push(c)
		return
	}
	t.oldest.Fix(was.oldest)
	t.due.Fix(was.due)
}

func less[K comparable](m map[K]int, k K) {
	if m[k]--; m[k] == 0 {
		delete(m, k)
	}
}

// oldestFirst has the contact with the earliest start first.
type oldestFirst struct{}

// Before implements heap.Order.
func (oldestFirst) Before(x, y **Contact) bool { return (*x).Start.Before((*y).Start) }

// Stands implements heap.Order.
func (oldestFirst) Stands(c **Contact, place int) { (*c).tallied.oldest = place }

// dueFirst has the contact first that is due first.
type dueFirst struct{}

// Before implements heap.Order.
func (dueFirst) Before(x, y **Contact) bool { return (*x).Due.Before((*y).Due) }

// Stands implements heap.Order.
func (dueFirst) Stands(c **Contact, place int) { (*c).tallied.due = place }
