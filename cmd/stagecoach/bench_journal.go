package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"stagecoach/journal"
	"stagecoach/router"
)

// callers is how many wait for an answer at the same time; their commands share
// commits.
const callers = 512

// journal measures the log through the router's group commit, every commit
// synced.
func (b *bench) journal(ctx context.Context) (err error) {
	dir, err := b.folder("journal")
	if err != nil {
		return err
	}
	c, err := b.core(ctx, dir, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	b.bar.show("journal: one command at a time", 0, 0)
	lone, size, err := c.lone(ctx, 300)
	if err != nil {
		return err
	}
	raw, err := syncedWrites(dir, noise(size), 300, 3*time.Second)
	if err != nil {
		return err
	}
	b.add(figure{Name: "journal_lone_p95", Value: millis(p95(lone)), Unit: "ms", Limit: millis(p95(raw))}, atMost(5))
	if err := b.rate(ctx, c, "journal", "events/s", c.bookmark, atLeast(100_000)); err != nil {
		return err
	}
	return b.rate(ctx, c, "journal_messages", "events/s", c.message, goal{})
}

// lone times commands that are alone in their commits, and gives the size of
// one.
func (c *core) lone(ctx context.Context, count int) (times []time.Duration, size int, err error) {
	if err := c.pour(ctx, 1, 20, 0, c.bookmark); err != nil { // takes over and warms up
		return nil, 0, err
	}
	bytes, commits := c.log.bytes.Load(), c.log.commits.Load()
	for range count {
		at := time.Now()
		if _, err := c.engine.Do(ctx, router.Envelope{Actor: router.ActorIntake, Command: c.bookmark(at)}); err != nil {
			return nil, 0, err
		}
		times = append(times, time.Since(at))
	}
	return times, int((c.log.bytes.Load() - bytes) / max(1, c.log.commits.Load()-commits)), nil
}

// rate measures events a second of one kind of command, and what the same
// commits cost JetStream and the disk alone.
func (b *bench) rate(ctx context.Context, c *core, name, unit string, make func(time.Time) router.Command, g goal) error {
	seconds := time.Duration(b.cmd.Seconds * float64(time.Second))
	b.bar.show(name+": group commit", 0, 0)
	m := c.engine.Metrics()
	bytes, commits, events, cpu := c.log.bytes.Load(), c.log.commits.Load(), m.Events.Load(), ownCPU()
	begin := time.Now()
	if err := c.pour(ctx, callers, 0, seconds, make); err != nil {
		return err
	}
	took := time.Since(begin).Seconds()
	used := ownCPU() - cpu
	bytes, commits = c.log.bytes.Load()-bytes, c.log.commits.Load()-commits
	done := float64(m.Events.Load() - events)
	each, size := done/float64(max(1, commits)), int(bytes/max(1, commits))
	alone, err := b.appendAlone(ctx, size, seconds/2)
	if err != nil {
		return err
	}
	disk, err := syncedWrites(b.dir, noise(size), 1<<20, seconds/2)
	if err != nil {
		return err
	}
	b.add(figure{Name: name, Value: done / took, Unit: unit, Limit: each * alone}, g)
	b.add(figure{
		Name: name + "_disk", Value: float64(bytes) / took / (1 << 20), Unit: "MiB/s",
		Limit: float64(size) * float64(len(disk)) / total(disk).Seconds() / (1 << 20),
	}, goal{})
	b.note("%s: %d callers, %.0f commits/s of %.0f events and %d KiB; %.1f µs of CPU an event, the callers' included; raw limits: JetStream alone, and synced writes, of the same commits.",
		name, callers, float64(commits)/took, each, size>>10, float64(used.Microseconds())/max(1, done))
	return nil
}

// appendAlone gives commits a second that JetStream takes one after the other.
func (b *bench) appendAlone(ctx context.Context, size int, most time.Duration) (rate float64, err error) {
	dir, err := b.folder("jetstream")
	if err != nil {
		return 0, err
	}
	j, err := journal.Open(ctx, journal.Config{Dir: dir}, b.log)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	piece, n := noise(size), uint64(0)
	begin := time.Now()
	for time.Since(begin) < most {
		if n, err = j.Log().Append(ctx, fmt.Sprintf("alone.%d", n), n, piece); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(begin).Seconds(), nil
}

// noise gives bytes that no disk can make smaller.
func noise(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // bytes to fill a file with
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(r.UintN(256)) //nolint:gosec // cut on purpose
	}
	return out
}
