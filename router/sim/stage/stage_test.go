package stage

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router"
)

func newStage(t *testing.T) *Stage {
	t.Helper()
	set, err := policies.Load("")
	if err != nil {
		t.Fatal(err)
	}
	return New(router.RulesOf(set), time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
}

// TestAgendaAndCore lets an agent take an offer: what is planned happens in time, and
// the core wakes in between when it wants to.
func TestAgendaAndCore(t *testing.T) {
	s := newStage(t)
	begin := s.Now
	var order []string
	var logged, seen int
	s.Log = func(c *router.Commit) { logged += len(c.Entries[0].Events) }
	s.See = func(events []router.Event) {
		seen += len(events)
		for _, e := range events {
			switch e.(type) { //nolint:gochecksumtype // two of them
			case router.AtRisk:
				order = append(order, "at risk")
			case router.Breached:
				order = append(order, "late")
			}
		}
	}
	for _, cmd := range []router.Command{router.Begin{Life: "x"}, router.SetAgent{Agent: router.AgentProfile{ID: "a", Role: contact.RoleAgent}}} {
		if err := s.Do(router.ActorRouter, cmd); err != nil {
			t.Fatal(err)
		}
	}
	note := func(what string) func() error { return func() error { order = append(order, what); return nil } }
	s.Plan(begin.Add(time.Hour), note("second"))
	s.Plan(begin.Add(time.Hour), note("third"))
	s.Plan(begin, func() error {
		order = append(order, "first")
		return s.Do(router.ActorIntake, router.Receive{
			Item: router.Item{Source: "s", Channel: contact.Email, Account: "a", Ref: "r", ItemKey: "i", MessageKey: "m", Place: "p", ReceivedAt: begin},
			Kind: router.KindFresh, Identity: "c", Class: "general", AsOf: s.State.N,
		})
	})
	if err := s.Run(t.Context(), begin.Add(200*time.Hour), func() bool { return false }); err != nil {
		t.Fatal(err)
	}
	want := []string{"first", "second", "third", "at risk", "late"}
	if len(order) != len(want) {
		t.Fatalf("it went %v, want %v", order, want)
	}
	for i := range want {
		if order[i] != want[i] {
			t.Fatalf("it went %v, want %v", order, want)
		}
	}
	if logged != seen || logged < 8 {
		t.Errorf("%d events were logged and %d seen", logged, seen)
	}
	if err := s.Do("a", router.Accept{Offer: "none"}); err == nil {
		t.Error("an offer that there isn't is taken")
	} else if _, refused := errors.AsType[*router.Refusal](err); !refused {
		t.Errorf("a refusal is not told from an error: %v", err)
	}
}

// TestRunEndsWithItsContext stops as soon as nobody wants it.
func TestRunEndsWithItsContext(t *testing.T) {
	s := newStage(t)
	var again func() error
	again = func() error { s.Plan(s.Now.Add(time.Second), again); return nil }
	s.Plan(s.Now, again)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx, s.Now.Add(1000*time.Hour), func() bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended by %v", err)
	}
}

type task struct{ left float64 }

func (k *task) Work() *float64 { return &k.left }

// TestHands works on two things at once: with e = 0.5 each goes on at 2^-0.5 of the pace.
func TestHands(t *testing.T) {
	h := Hands[*task]{Efficiency: 0.5}
	a, b := &task{100}, &task{30}
	h.Take(a)
	if first, after, _, ok := h.First(); !ok || first != a || after != 100 {
		t.Errorf("alone: %v in %v", first, after)
	}
	h.CatchUp(40) // a has 60 left
	h.Take(b)
	first, after, still, ok := h.First()
	if want := 30 * math.Sqrt2; !ok || first != b || math.Abs(after-want) > 1e-9 {
		t.Errorf("both: %v in %v, want %v", first, after, want)
	}
	h.CatchUp(40 + after)
	if math.Abs(b.left) > 1e-9 || math.Abs(a.left-30) > 1e-9 || !still() {
		t.Errorf("left are %v and %v", a.left, b.left)
	}
	h.Paused = true
	if _, _, _, ok := h.First(); ok || still() {
		t.Error("who is not there does something")
	}
	h.CatchUp(1000)
	if math.Abs(a.left-30) > 1e-9 || math.Abs(h.Busy-(40+after)) > 1e-9 {
		t.Errorf("while away: %v left, busy %v", a.left, h.Busy)
	}
	if !h.Drop(b) || h.Drop(b) || len(h.Jobs) != 1 {
		t.Error("what was dropped is in hand")
	}
}
