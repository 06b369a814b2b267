package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"stagecoach/channels"
	"stagecoach/journal"
	"stagecoach/journal/journaltest"
)

// consumeAll runs intake until it has finished n items.
func consumeAll(t *testing.T, j *journal.Journal, n int) (stop func()) {
	t.Helper()
	c := newCollector()
	stop = running(t, func(ctx context.Context) error {
		return j.ConsumeInbox(ctx, oneByOne(func(_ context.Context, ref string, _ *channels.Inbound) error {
			c.add(ref)
			return nil
		}))
	})
	c.await(t, "intake", func(seen map[string]int) bool { return len(seen) >= n })
	soon(t, "nothing pending", func() bool { p, err := j.InboxPending(t.Context()); return p == 0 && err == nil })
	return stop
}

func TestOutbox(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, _ := open(t)
			for i := range 9 {
				for _, account := range []string{"support", "Sales.Büro"} {
					ok(t, j.PublishOutbox(t.Context(), journal.OutboxItem{Reply: fmt.Sprint("r", i), Channel: "email", Account: account}))
				}
			}
			c := newCollector()
			stop := running(t, func(ctx context.Context) error {
				return j.ConsumeOutbox(ctx, "email", "support", func(_ context.Context, item journal.OutboxItem, delivery uint64, inProgress func() error) journal.Verdict {
					if item.Account != "support" || item.Channel != "email" {
						t.Errorf("got %+v", item)
					}
					if err := inProgress(); err != nil {
						t.Errorf("in progress: %v", err)
					}
					switch n := c.add(item.Reply); {
					case uint64(n) != delivery:
						t.Errorf("delivery %d is called %d", n, delivery)
					case item.Reply == "r2" && n == 1:
						return journal.RetryAfter(time.Millisecond)
					case item.Reply == "r4" && n == 1:
						return journal.Verdict{}
					}
					return journal.Done()
				})
			})
			c.await(t, "nine replies, two of them twice", func(seen map[string]int) bool {
				return len(seen) == 9 && seen["r2"] == 2 && seen["r4"] == 2
			})
			soon(t, "the account's queue to be empty", func() bool { n, err := j.OutboxPending(t.Context()); return n == 9 && err == nil })
			stop()
			d := newCollector()
			running(t, func(ctx context.Context) error {
				return j.ConsumeOutbox(ctx, "email", "Sales.Büro", func(_ context.Context, item journal.OutboxItem, _ uint64, _ func() error) journal.Verdict {
					d.add(item.Reply)
					return journal.Done()
				})
			})
			d.await(t, "the other account's", func(seen map[string]int) bool { return len(seen) == 9 })
		})
	}
}

// Accounts of two channels may have one name: neither takes the other's replies.
func TestOutboxOfTwoChannels(t *testing.T) {
	j := journaltest.OpenAt(t, journal.Config{Dir: t.TempDir(), Unsynced: true})
	all := []string{"email", "slack", "web chat"}
	for _, channel := range all {
		c := newCollector()
		running(t, func(ctx context.Context) error {
			return j.ConsumeOutbox(ctx, channel, "support", func(_ context.Context, item journal.OutboxItem, _ uint64, _ func() error) journal.Verdict {
				if item.Channel != channel {
					t.Errorf("%s was handed a reply of %s", channel, item.Channel)
				}
				c.add(item.Reply)
				return journal.Done()
			})
		})
		for i := range 20 {
			for _, ch := range all {
				ok(t, j.PublishOutbox(t.Context(), journal.OutboxItem{Reply: fmt.Sprint(channel, ch, i), Channel: ch, Account: "support"}))
			}
		}
		c.await(t, "its own", func(seen map[string]int) bool { return len(seen) >= 20 })
	}
}

func TestOutboxSurvivesARestart(t *testing.T) {
	cfg := journal.Config{Dir: t.TempDir(), Unsynced: true, OutboxWorkers: 2}
	j := journaltest.OpenAt(t, cfg)
	for i := range 6 {
		ok(t, j.PublishOutbox(t.Context(), journal.OutboxItem{Reply: fmt.Sprint("r", i), Channel: "email", Account: "support"}))
	}
	c := newCollector()
	stop := running(t, func(ctx context.Context) error {
		return j.ConsumeOutbox(ctx, "email", "support", func(ctx context.Context, item journal.OutboxItem, _ uint64, _ func() error) journal.Verdict {
			if c.add(item.Reply); item.Reply == "r0" {
				return journal.Done()
			}
			<-ctx.Done()
			return journal.RetryAfter(time.Hour)
		})
	})
	c.await(t, "the workers to be busy", func(seen map[string]int) bool { return len(seen) == 3 })
	stop()
	j = reopen(t, j, cfg)
	again := newCollector()
	running(t, func(ctx context.Context) error {
		return j.ConsumeOutbox(ctx, "email", "support", func(_ context.Context, item journal.OutboxItem, _ uint64, _ func() error) journal.Verdict {
			again.add(item.Reply)
			return journal.Done()
		})
	})
	again.await(t, "the five that had no verdict", func(seen map[string]int) bool { return len(seen) == 5 && seen["r0"] == 0 })
}

func TestOutboxWorksSeveralAtATime(t *testing.T) {
	j := journaltest.OpenAt(t, journal.Config{Dir: t.TempDir(), Unsynced: true, OutboxWorkers: 3})
	for i := range 3 {
		ok(t, j.PublishOutbox(t.Context(), journal.OutboxItem{Reply: fmt.Sprint("r", i), Channel: "email", Account: "support"}))
	}
	var all sync.WaitGroup
	all.Add(3) // each waits for the others, so one at a time would hang
	met := make(chan struct{}, 3)
	running(t, func(ctx context.Context) error {
		return j.ConsumeOutbox(ctx, "email", "support", func(context.Context, journal.OutboxItem, uint64, func() error) journal.Verdict {
			all.Done()
			all.Wait()
			met <- struct{}{}
			return journal.Done()
		})
	})
	for range 3 {
		select {
		case <-met:
		case <-time.After(60 * time.Second):
			t.Fatal("the workers didn't meet")
		}
	}
}

func TestSnapshots(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, _ := open(t)
			ctx := t.Context()
			if _, _, _, found, err := j.LatestSnapshot(ctx); found || err != nil {
				t.Errorf("an empty journal has a snapshot: %v %v", found, err)
			}
			body := func(n uint64) string { return strings.Repeat(fmt.Sprintf("state %d;", n), 90_000) }
			for _, n := range []uint64{9, 10, 100} {
				ok(t, j.SaveSnapshot(ctx, n, n+5, strings.NewReader(body(n))))
				gn, seq, data, found, err := j.LatestSnapshot(ctx)
				if gn != n || seq != n+5 || string(data) != body(n) || !found || err != nil {
					t.Errorf("got %d %d %d bytes %v %v; want %d", gn, seq, len(data), found, err, n)
				}
			}
			js, err := jetstream.New(j.Conn())
			ok(t, err)
			store, err := js.ObjectStore(ctx, "snapshots_main")
			ok(t, err)
			list, err := store.List(ctx)
			ok(t, err)
			if len(list) != 2 {
				t.Fatalf("%d snapshots are kept, want 2", len(list))
			}
			for _, o := range list { // damage the newest: a chunk goes missing
				if strings.HasPrefix(o.Name, "00000000000000000100-") {
					s, err := js.Stream(ctx, "OBJ_snapshots_main")
					ok(t, err)
					m, err := s.GetLastMsgForSubject(ctx, "$O.snapshots_main.C."+o.NUID)
					ok(t, err)
					ok(t, s.DeleteMsg(ctx, m.Sequence))
				}
			}
			n, _, data, found, err := j.LatestSnapshot(ctx)
			if n != 10 || string(data) != body(10) || !found || err != nil {
				t.Errorf("after damage: got %d, %d bytes, %v, %v; want the one before", n, len(data), found, err)
			}
		})
	}
}

// Bytes that rot on disk must not become the router's state.
func TestSnapshotRottenOnDisk(t *testing.T) {
	cfg := journal.Config{Dir: t.TempDir(), Unsynced: true}
	j := journaltest.OpenAt(t, cfg)
	for n := range uint64(2) {
		ok(t, j.SaveSnapshot(t.Context(), n+1, n+1, strings.NewReader(fmt.Sprintf("the state after commit %d", n+1))))
	}
	ok(t, j.Close())
	marker := "the state after commit 2"
	path := holds(t, cfg.Dir, []byte(marker))
	if path == "" || !strings.Contains(path, "OBJ_snapshots_main") {
		t.Fatalf("the snapshot lies in %q", path)
	}
	b, err := os.ReadFile(filepath.Clean(path))
	ok(t, err)
	ok(t, os.WriteFile(path, []byte(strings.Replace(string(b), marker, "the state after commit 3", 1)), 0o600))
	j = journaltest.OpenAt(t, cfg)
	n, _, data, found, err := j.LatestSnapshot(t.Context())
	if !found || err != nil || n != 1 || string(data) != "the state after commit 1" {
		t.Errorf("got %d %q %v %v; want the one before", n, data, found, err)
	}
}

func TestEndOfContextEndsConsumers(t *testing.T) {
	j := journaltest.Open(t)
	began := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := errors.Join(
		j.ConsumeInbox(ctx, oneByOne(func(context.Context, string, *channels.Inbound) error { return nil })),
		j.ConsumeOutbox(ctx, "email", "a", func(context.Context, journal.OutboxItem, uint64, func() error) journal.Verdict { return journal.Done() }),
		j.Log().Follow(ctx, 0, func(uint64, []byte) error { return nil }),
	); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	if d := time.Since(began); d > time.Second {
		t.Errorf("ending took %s", d)
	}
}
