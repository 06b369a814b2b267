package journal_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"stagecoach/journal"
	"stagecoach/journal/journaltest"
	"stagecoach/router"
)

// storm stores n items of one sender, then one of each of the others.
func storm(t *testing.T, j *journal.Journal, n, others int) {
	t.Helper()
	for i := range n {
		in := mail(fmt.Sprintf("storm%05d", i), "x")
		in.Sender = "machine@storm.test"
		_, _, err := j.PutInbound(t.Context(), in)
		ok(t, err)
	}
	for i := range others {
		in := mail(fmt.Sprint("other", i), "x")
		in.Sender = fmt.Sprintf("other%d@cust.test", i)
		_, _, err := j.PutInbound(t.Context(), in)
		ok(t, err)
	}
}

// Ten people write behind three thousand mails of one machine: whoever takes the
// machine's first mails in waits until all ten have been taken in, so that this
// ends only if they overtake. The machine's come in order, each once, most of
// them read again from where they are stored.
func TestOthersOvertakeAStorm(t *testing.T) {
	j := journaltest.OpenAt(t, journal.Config{Dir: t.TempDir(), Unsynced: true, Shards: 1})
	const n, others = 3000, 10
	storm(t, j, n, others)
	c, overtaken := newCollector(), make(chan struct{})
	var mu sync.Mutex
	var order []string
	left := others
	stop := running(t, func(ctx context.Context) error {
		return j.ConsumeInbox(ctx, func(ctx context.Context, items []router.Stored) []error {
			if items[0].Inbound.Sender == "machine@storm.test" {
				select {
				case <-overtaken:
				case <-ctx.Done():
					return slices.Repeat([]error{ctx.Err()}, len(items))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for _, item := range items {
				if item.Inbound.Sender != items[0].Inbound.Sender {
					t.Errorf("%s and %s come together", item.Inbound.Sender, items[0].Inbound.Sender)
				}
				if item.Inbound.Sender == "machine@storm.test" {
					order = append(order, item.Inbound.ProviderID)
				} else if left--; left == 0 {
					close(overtaken)
				}
				c.add(item.Inbound.ProviderID)
			}
			return make([]error, len(items))
		})
	})
	c.await(t, "everything", func(seen map[string]int) bool { return len(seen) == n+others })
	soon(t, "nothing pending", func() bool { p, err := j.InboxPending(t.Context()); return p == 0 && err == nil })
	stop()
	if len(order) != n || !slices.IsSorted(order) {
		t.Errorf("%d of the machine's %d mails came, in order: %v", len(order), n, slices.IsSorted(order))
	}
}

// What is put down and erased before its turn is done with, and what fails in
// the middle of a turn comes again while the others of the turn don't.
func TestTurnsWithErasedAndFailedItems(t *testing.T) {
	j := journaltest.OpenAt(t, journal.Config{Dir: t.TempDir(), Unsynced: true, Shards: 1})
	const n = 200
	storm(t, j, n, 0)
	c, began, erased := newCollector(), make(chan struct{}, n), make(chan struct{})
	stop := running(t, func(ctx context.Context) error {
		return j.ConsumeInbox(ctx, func(_ context.Context, items []router.Stored) []error {
			began <- struct{}{}
			<-erased
			failed := make([]error, len(items))
			for i, item := range items {
				if c.add(item.Inbound.ProviderID) == 1 && item.Inbound.ProviderID == "storm00040" {
					failed[i] = errors.New("not now")
				}
			}
			return failed
		})
	})
	<-began
	ok(t, j.Erase(t.Context(), fmt.Sprint("inbox.0.", n)))
	close(erased)
	c.await(t, "all but the erased one", func(seen map[string]int) bool { return len(seen) == n-1 && seen["storm00040"] == 2 })
	soon(t, "nothing pending", func() bool { p, err := j.InboxPending(t.Context()); return p == 0 && err == nil })
	stop()
	for id, k := range c.seen {
		if k != 1 && id != "storm00040" {
			t.Errorf("%s came %d times", id, k)
		}
	}
}

// A log that is away for a moment, as when a router starts anew, changes nothing
// of a sender's order, however much of a storm was under way; what fails for good
// lets the others pass.
func TestOrderOutlivesFailures(t *testing.T) {
	j := journaltest.OpenAt(t, journal.Config{Dir: t.TempDir(), Unsynced: true, Shards: 1})
	const n = 200
	storm(t, j, n, 0)
	c, calls := newCollector(), 0
	var order []string // of one sender: a turn at a time
	stop := running(t, func(ctx context.Context) error {
		return j.ConsumeInbox(ctx, func(_ context.Context, items []router.Stored) []error {
			calls++
			failed := make([]error, len(items))
			for i, item := range items {
				switch id := item.Inbound.ProviderID; {
				case calls == 1 || calls == 4 && i > 10 || id == "storm00150" && len(order) < n-1:
					failed[i] = errors.New("the router is not active")
				default:
					order = append(order, id)
					c.add(id)
				}
			}
			return failed
		})
	})
	c.await(t, "everything", func(seen map[string]int) bool { return len(seen) == n })
	stop()
	if len(order) != n || order[n-1] != "storm00150" || !slices.IsSorted(order[:n-1]) {
		t.Errorf("%d of %d came, the last is %s, in order: %v", len(order), n, order[len(order)-1], slices.IsSorted(order[:n-1]))
	}
}
