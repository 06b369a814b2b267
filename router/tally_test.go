package router

import (
	"fmt"
	"maps"
	"testing"
	"time"
)

// walk gives the figures by looking at every contact.
func walk(s *State) Figures {
	w := Figures{
		States: map[ContactState]int{Waiting: 0, Offered: 0, AssignedTo: 0, Sending: 0}, Queues: map[string]int{},
		Offers: len(s.Offers), InDoubt: len(s.InDoubt()), Unsent: len(s.Unsent()), Alarmed: len(s.Alarmed()),
	}
	for _, c := range s.Contacts {
		if !c.Open() {
			continue
		}
		w.States[c.State]++
		w.Queues[c.Queue]++
		if w.Oldest.IsZero() || c.Start.Before(w.Oldest) {
			w.Oldest = c.Start
		}
		if w.NextDue.IsZero() || c.Due.Before(w.NextDue) {
			w.NextDue = c.Due
		}
	}
	return w
}

// figuresAreWhatAWalkGives gives in words how the running figures differ from a
// walk over all contacts, "" if they don't. Every timeline ends with it.
func figuresAreWhatAWalkGives(s *State) string {
	got, want := s.Figures(), walk(s)
	if !maps.Equal(got.States, want.States) || !maps.Equal(got.Queues, want.Queues) ||
		!got.Oldest.Equal(want.Oldest) || !got.NextDue.Equal(want.NextDue) ||
		got.Offers != want.Offers || got.InDoubt != want.InDoubt || got.Unsent != want.Unsent || got.Alarmed != want.Alarmed {
		return fmt.Sprintf("the figures are %+v, a walk gives %+v", got, want)
	}
	return ""
}

// BenchmarkFigures is what one look at /metrics costs the router.
func BenchmarkFigures(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := NewState("main")
			for i := range n {
				c := &Contact{
					ID: fmt.Sprint(i), State: Waiting, Queue: "general", Customer: fmt.Sprint(i),
					Start: time.Unix(int64(i*7919%n), 0), Due: time.Unix(int64(i*104729%n)+3600, 0),
				}
				s.Contacts[c.ID] = c
				s.indexContact(c)
			}
			for b.Loop() {
				if w := s.Figures(); w.States[Waiting] != n {
					b.Fatal(w)
				}
			}
		})
	}
}
