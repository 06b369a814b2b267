//go:build chaos

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// badDays is how often the weather changes.
const badDays = 8

// TestChaosWeather lets all providers go wrong at once, in ways that change: limits
// with Retry-After, failures behind the effect, cut links, tokens that end, pages out
// of order and events twice. Customers write, go on, change their words and are
// answered meanwhile, by one answer each.
func TestChaosWeather(t *testing.T) {
	t.Parallel() // much of it is waiting
	random := rand.New(rand.NewPCG(seed(t), 2))
	s := newSquare(t)
	s.begin()
	s.open()
	run := newTrial(s, random)
	ctx, stop := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	for i := range 3 {
		w := newWorker(s.hire(fmt.Sprintf("Agent%d", i)), numbered)
		w.file = billed
		beside.Go(func() { w.run(ctx) })
	}
	beside.Go(func() { s.settle(ctx) })
	for range badDays {
		for _, l := range s.lines {
			l.fair()
			bad := random.IntN(len(l.weather))
			l.weather[bad]()
			t.Logf("%s: bad weather %d", l.name(), bad)
			run.write(l)
		}
		select { // a day is a length of time
		case <-s.ended:
			t.Fatalf("the daemon ended by itself: %s", s.cmd.ProcessState)
		case <-time.After(time.Second + time.Duration(random.Int64N(int64(2*time.Second)))):
		}
	}
	for _, l := range s.lines {
		l.fair()
	}
	run.untilAnswered()
	stop()
	beside.Wait()
	run.check()
}
