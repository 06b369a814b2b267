package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"stagecoach/journal"
	"stagecoach/router"
)

// filled makes a data directory with so many open contacts, unsynced: building
// it is not what is measured.
func (b *bench) filled(ctx context.Context, name string, contacts int) (dir string, err error) {
	if dir, err = b.folder(name); err != nil {
		return "", err
	}
	c, err := b.core(ctx, dir, true)
	if err != nil {
		return "", err
	}
	const step = 1000
	for done := 0; done < contacts; done += step {
		b.bar.show(name+": making contacts", done, contacts)
		if err := c.pour(ctx, callers, min(step, contacts-done), 0, c.message); err != nil {
			return "", errors.Join(err, c.close())
		}
	}
	return dir, c.close()
}

// replay measures how fast the log becomes the router's state again, beside
// reading it alone; and what a contact takes of memory.
func (b *bench) replay(ctx context.Context) error {
	dir, err := b.filled(ctx, "replay", b.cmd.Contacts)
	if err != nil {
		return err
	}
	b.bar.show("replay", 0, 0)
	before := liveHeap()
	r, err := b.replayed(ctx, dir)
	if err != nil {
		return err
	}
	// The engine is closed again: what is left is the state.
	heap := liveHeap()
	open := int(r.state.Totals.Open) //nolint:gosec // a count of contacts
	runtime.KeepAlive(r.state)
	if open != b.cmd.Contacts {
		return fmt.Errorf("the replayed state has %d open contacts, %d were made", open, b.cmd.Contacts)
	}
	b.add(figure{Name: "replay", Value: float64(r.events) / r.took.Seconds(), Unit: "events/s", Limit: float64(r.events) / r.raw.Seconds()}, goal{})
	b.add(figure{Name: "replay_contact_memory", Value: float64(heap-before) / float64(open), Unit: "B"}, atMost(2048))
	b.note("replay: %d contacts, %d events; raw limit: reading the same log and throwing it away.", open, r.events)
	return nil
}

// replayed is a state made of a log.
type replayed struct {
	state     *router.State
	events    int
	took, raw time.Duration
}

func (b *bench) replayed(ctx context.Context, dir string) (r replayed, err error) {
	j, err := journal.Open(ctx, journal.Config{Dir: dir, Unsynced: true}, b.log)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	r.raw, err = timed(func() error {
		_, err := j.Log().Replay(ctx, 0, func(uint64, []byte) error { return nil })
		return err
	})
	if err != nil {
		return r, err
	}
	r.state = router.NewState(j.Office())
	r.took, err = timed(func() error {
		_, err := j.Log().Replay(ctx, 0, func(_ uint64, data []byte) error {
			commit := router.Fold(r.state, data, b.log)
			if commit == nil {
				return errors.New("a commit could not be read")
			}
			for i := range commit.Entries {
				r.events += len(commit.Entries[i].Events)
			}
			return nil
		})
		return err
	})
	return r, err
}

func timed(f func() error) (time.Duration, error) {
	at := time.Now()
	err := f()
	return time.Since(at), err
}

// liveHeap gives the bytes in use after a collection.
func liveHeap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // far below the limit
}
