package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"stagecoach/contact"
	"stagecoach/journal"
	"stagecoach/policies"
	"stagecoach/router"
)

// round keeps four figures: more would pretend.
func round(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

// p95 gives the value below which 95 % of the times lie.
func p95(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(math.Ceil(0.95*float64(len(sorted))))-1)]
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// ownCPU gives the processor time of this process and none of others.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// syncedWrites appends pieces of bytes to a file, each synced, until enough has
// been seen; it gives the time of each.
func syncedWrites(dir string, piece []byte, count int, most time.Duration) ([]time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "synced")) //nolint:gosec // in a folder of our own
	if err != nil {
		return nil, fmt.Errorf("writing to the disk: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	defer func() { _ = f.Close() }()
	var times []time.Duration
	for begin := time.Now(); len(times) < count && time.Since(begin) < most; {
		at := time.Now()
		if _, err := f.Write(piece); err != nil {
			return nil, fmt.Errorf("writing to the disk: %w", err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return nil, fmt.Errorf("syncing the disk: %w", err)
		}
		times = append(times, time.Since(at))
	}
	return times, nil
}

func total(times []time.Duration) (sum time.Duration) {
	for _, t := range times {
		sum += t
	}
	return sum
}

// core is a journal with a router over it and nothing else: what the log alone
// can do.
type core struct {
	journal *journal.Journal
	engine  *router.Engine
	log     *meteredLog
	stop    context.CancelFunc
	ended   chan error
	number  atomic.Int64
}

// meteredLog counts the bytes of commits.
type meteredLog struct {
	*journal.Log
	bytes, commits atomic.Int64
}

// Append implements router.Log.
func (l *meteredLog) Append(ctx context.Context, id string, prev uint64, commit []byte) (uint64, error) {
	l.bytes.Add(int64(len(commit)))
	l.commits.Add(1)
	return l.Log.Append(ctx, id, prev, commit)
}

func (b *bench) core(ctx context.Context, dir string, unsynced bool) (*core, error) {
	set, err := policies.Default()
	if err != nil {
		return nil, err
	}
	rules := router.RulesOf(set)
	return b.coreWith(ctx, dir, unsynced, set, func() router.Rules { return rules })
}

// coreWith is a core that routes by some rules.
func (b *bench) coreWith(ctx context.Context, dir string, unsynced bool, set *policies.Set, rules func() router.Rules) (*core, error) {
	j, err := journal.Open(ctx, journal.Config{Dir: dir, Unsynced: unsynced}, b.log)
	if err != nil {
		return nil, err
	}
	c := &core{journal: j, log: &meteredLog{Log: j.Log()}, ended: make(chan error, 1)}
	c.engine = router.NewEngine(router.Config{
		Office: j.Office(), Life: randomID(), Now: time.Now,
		Rules: rules, Heartbeat: set.Timing().Heartbeat,
	}, c.log, snapshots{j}, outbox{j}, b.log)
	ctx, c.stop = context.WithCancel(ctx)
	go func() { c.ended <- c.engine.Run(ctx) }()
	return c, nil
}

func (c *core) close() error {
	c.stop()
	if err := <-c.ended; err != nil {
		return err
	}
	return c.journal.Close()
}

// bookmark is the smallest command: one event.
func (c *core) bookmark(at time.Time) router.Command {
	n := c.number.Add(1)
	return router.Advance{Read: router.SourceRead{
		Source: "email/bench/INBOX", Channel: string(contact.Email), Account: "bench",
		Position: "1:" + strconv.FormatInt(n, 10), At: at, Since: at, Seen: 0,
	}}
}

// message is the arrival of a mail by a new sender: customer, conversation,
// message and contact.
func (c *core) message(at time.Time) router.Command {
	s := strconv.FormatInt(c.number.Add(1), 36)
	return router.Receive{
		Item: router.Item{
			Source: "email/bench/INBOX", Channel: contact.Email, Account: "bench", Ref: "inbox.0." + s,
			ItemKey: "item-" + s, MessageKey: "message-" + s, Place: "place-" + s, ReceivedAt: at,
		},
		Kind: router.KindFresh, Identity: "identity-" + s, Keys: []string{"key-" + s},
		Class: policies.DefaultRule, Rule: policies.DefaultRule, Queue: "general", Language: "de", About: "question",
	}
}

// pour has many callers give commands at the same time, each waiting for its
// answer, until enough are done or the time is over; 0 means no such bound.
func (c *core) pour(ctx context.Context, callers, count int, most time.Duration, make func(time.Time) router.Command) error {
	var left atomic.Int64
	left.Store(int64(count))
	begin := time.Now()
	var wg sync.WaitGroup
	failed := newOnce()
	for range callers {
		wg.Go(func() {
			for failed.get() == nil && (count == 0 || left.Add(-1) >= 0) && (most == 0 || time.Since(begin) < most) {
				if _, err := c.engine.Do(ctx, router.Envelope{Actor: router.ActorIntake, Command: make(begin.UTC())}); err != nil {
					failed.set(err)
				}
			}
		})
	}
	wg.Wait()
	return failed.get()
}

// once keeps the first error of several goroutines.
type once struct{ err atomic.Pointer[error] }

func newOnce() *once { return &once{} }

func (o *once) set(err error) { o.err.CompareAndSwap(nil, &err) }

func (o *once) get() error {
	if p := o.err.Load(); p != nil {
		return *p
	}
	return nil
}
