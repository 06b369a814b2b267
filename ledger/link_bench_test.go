package ledger

import (
	"fmt"
	"testing"
	"time"

	"stagecoach/customers"
	"stagecoach/router"
)

// BenchmarkLink makes one person of two customers with 10,000 messages each, and takes
// it apart again: looking up, deciding and folding. What is open of so many messages
// stays two contacts. The limit is a second.
func BenchmarkLink(b *testing.B) {
	const messages = 10_000
	s := newStory(b)
	s.do(router.ActorRouter, router.Begin{Life: "life-1"})
	s.agent("anna")
	for i := range messages {
		s.now = s.now.Add(time.Millisecond)
		s.do(router.ActorIntake, s.visit(fmt.Sprint("w", i), "visitor"))
		s.do(router.ActorIntake, s.mail(fmt.Sprint("m", i), "alice"))
	}
	l := s.folded()
	a, c := s.whose("identity:visitor"), s.whose("identity:alice")
	fold := func() {
		if err := l.Catchup(b.Context(), s.log); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		asOf, known, err := l.Known(b.Context(), []string{router.CustomerKey(a), router.CustomerKey(c)})
		if err != nil {
			b.Fatal(err)
		}
		link := s.do("anna", router.Link{A: a, B: c, Evidence: customers.ByAgent, AsOf: asOf, Known: known}).Link
		fold()
		p, asOf, err := l.Person(b.Context(), a)
		if err != nil {
			b.Fatal(err)
		}
		cmd := router.Unlink{Link: link, Edges: p.Edges(), AsOf: asOf}
		if cmd.Joined, cmd.Together, err = l.Apart(b.Context(), router.PartsOf(p.Members, nil)); err != nil {
			b.Fatal(err)
		}
		s.do("anna", cmd)
		fold()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Second), "of-limit")
}
