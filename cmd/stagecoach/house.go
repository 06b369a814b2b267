package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"runtime/debug"
	"time"

	"stagecoach/journal"
	"stagecoach/router"
)

// sweepEvery is after how many minutes orphans are collected; orphanAge is how
// old one must be, so that nothing is taken that is about to be named.
const (
	sweepEvery = 6 * 60
	orphanAge  = 24 * time.Hour
)

// keepHouse does what must be done now and then: what the ledger has passed
// leaves memory, a second fold saves a snapshot, orphans are collected.
func (d *Daemon) keepHouse(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	marks, snapshots := []mark{}, saver{}
	for round := 1; ; round++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		marks = append(marks, mark{at: time.Now(), n: d.ledger.At()})
		for len(marks) > 1 && time.Since(marks[1].at) >= time.Hour {
			marks = marks[1:]
		}
		if time.Since(marks[0].at) >= time.Hour {
			d.trim(ctx, marks[0].n)
		}
		if round%sweepEvery == 10 {
			if err := d.sweep(ctx); err != nil && ctx.Err() == nil {
				d.logger.ErrorContext(ctx, "orphans could not be collected", "err", err)
			}
		}
		snapshots.turn(round, d.ledger.At(), func() bool { return d.snapshot(ctx) })
	}
}

// saver says when a snapshot is due. at is how far the ledger was when the last
// one succeeded.
type saver struct{ at uint64 }

// turn saves every fifth minute if there is anything new, the first soon: after
// a crash there is much to replay. What failed is new again.
func (s *saver) turn(round int, at uint64, save func() bool) {
	if round%5 == 1 && at != s.at && save() {
		s.at = at
	}
}

// frugality is how much garbage may gather, in percent of what is in use: half
// of Go's own measure takes a third off the memory of a daemon with 50,000 open
// contacts, for a twentieth of a millisecond of CPU a mail.
const frugality = 50

// frugal keeps memory low until the function it gives is called, unless the
// variable GOGC says how the operator wants it.
func frugal() (restore func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	usual := debug.SetGCPercent(frugality)
	return func() { debug.SetGCPercent(usual) }
}

// sparing is how much garbage may gather while a snapshot is made, in percent of
// what is in use: there is a second state meanwhile.
const sparing = 30

// snapshot saves what a start begins from. What it needs of memory is given
// back: it would else stay with the process until the next one. It is false
// where that failed and is to be tried again.
func (d *Daemon) snapshot(ctx context.Context) bool {
	usual := debug.SetGCPercent(sparing)
	err := router.SaveSnapshot(ctx, d.cfg.Office, d.journal.Log(), d.journal, d.logger)
	debug.SetGCPercent(usual)
	if err != nil && ctx.Err() == nil {
		d.logger.ErrorContext(ctx, "no snapshot could be saved", "err", err)
	}
	debug.FreeOSMemory()
	return err == nil
}

// mark is how far the ledger was at a time.
type mark struct {
	at time.Time
	n  uint64
}

func (d *Daemon) trim(ctx context.Context, before uint64) {
	cmd := router.Envelope{Actor: router.ActorRouter, Command: router.Trim{Before: before}}
	if _, err := d.engine.Do(ctx, cmd); err != nil && ctx.Err() == nil {
		d.logger.WarnContext(ctx, "memory was not trimmed", "err", err)
	}
}

// sweep securely deletes what was stored and then named by nothing, because the
// process ended between the two.
func (d *Daemon) sweep(ctx context.Context) error { return d.sweepOlder(ctx, orphanAge) }

func (d *Daemon) sweepOlder(ctx context.Context, age time.Duration) error {
	var n uint64
	if err := d.engine.View(ctx, func(s *router.State) { n = s.N }); err != nil {
		return err
	}
	if err := d.ledger.WaitFor(ctx, n); err != nil {
		return err
	}
	named := map[string]bool{}
	note := func(ref, _ string) error {
		named[ref] = true
		return nil
	}
	if err := d.ledger.Originals(ctx, note); err != nil {
		return err
	}
	if err := d.ledger.Written(ctx, note); err != nil {
		return err
	}
	if err := d.namedObjects(ctx, named); err != nil {
		return err
	}
	is := func(id string) bool { return named[id] }
	removed, err := d.journal.Orphans(ctx, is, age)
	if err != nil {
		return err
	}
	for _, kind := range []journal.Kind{journal.KindReply, journal.KindNote, journal.KindReason} {
		more, err := d.journal.OrphansOf(ctx, kind, is, age)
		if err != nil {
			return err
		}
		removed += more
	}
	if removed > 0 {
		d.logger.InfoContext(ctx, "orphans collected", "removed", removed)
	}
	return nil
}

// objectName finds the names of objects in what people wrote.
var objectName = regexp.MustCompile(`"(?:raw_)?object":"([^"]+)"`)

// namedObjects notes every object that a reply, note, draft or saved answer
// names.
func (d *Daemon) namedObjects(ctx context.Context, named map[string]bool) error {
	for _, kind := range []journal.Kind{journal.KindReply, journal.KindNote, journal.KindDraft, journal.KindAnswer} {
		err := d.journal.Each(ctx, kind, func(_ string, value []byte) error {
			for _, m := range objectName.FindAllSubmatch(value, -1) {
				named[string(m[1])] = true
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading %s for the objects it names: %w", kind, err)
		}
	}
	return nil
}
