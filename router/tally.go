package router

import (
	"container/heap"
	"maps"
	"time"
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
	if len(s.tally.oldest) > 0 {
		w.Oldest, w.NextDue = s.tally.oldest[0].Start, s.tally.due[0].Due
	}
	return w
}

// tally counts the open contacts, and knows the first of them.
type tally struct {
	states map[ContactState]int
	queues map[string]int
	oldest oldestHeap
	due    dueHeap
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
	if counted {
		less(t.states, was.state)
		less(t.queues, was.queue)
	}
	if !c.Open() {
		if counted {
			heap.Remove(&t.oldest, was.oldest-1)
			heap.Remove(&t.due, was.due-1)
			*was = tallied{}
		}
		return
	}
	was.state, was.queue = c.State, c.Queue
	t.states[c.State]++
	t.queues[c.Queue]++
	if !counted {
		heap.Push(&t.oldest, c)
		heap.Push(&t.due, c)
		return
	}
	heap.Fix(&t.oldest, was.oldest-1)
	heap.Fix(&t.due, was.due-1)
}

func less[K comparable](m map[K]int, k K) {
	if m[k]--; m[k] == 0 {
		delete(m, k)
	}
}

// oldestHeap has the contact with the earliest start first.
//
//nolint:recvcheck // container/heap wants both kinds
type oldestHeap []*Contact

func (h oldestHeap) Len() int           { return len(h) }
func (h oldestHeap) Less(i, j int) bool { return h[i].Start.Before(h[j].Start) }
func (h oldestHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].tallied.oldest, h[j].tallied.oldest = i+1, j+1
}

// Push implements heap.Interface.
func (h *oldestHeap) Push(x any) {
	if c, ok := x.(*Contact); ok {
		*h = append(*h, c)
		c.tallied.oldest = len(*h)
	}
}

// Pop implements heap.Interface.
func (h *oldestHeap) Pop() any { return popContact((*[]*Contact)(h)) }

// dueHeap has the contact that is due first at its head.
//
//nolint:recvcheck // container/heap wants both kinds
type dueHeap []*Contact

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].Due.Before(h[j].Due) }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].tallied.due, h[j].tallied.due = i+1, j+1
}

// Push implements heap.Interface.
func (h *dueHeap) Push(x any) {
	if c, ok := x.(*Contact); ok {
		*h = append(*h, c)
		c.tallied.due = len(*h)
	}
}

// Pop implements heap.Interface.
func (h *dueHeap) Pop() any { return popContact((*[]*Contact)(h)) }

func popContact(h *[]*Contact) *Contact {
	last := (*h)[len(*h)-1]
	(*h)[len(*h)-1] = nil
	*h = (*h)[:len(*h)-1]
	return last
}
