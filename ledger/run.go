package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// Run follows the log until ctx ends, and fills the search. Trouble with the
// file is logged and tried again with a growing pause, a damaged file is made
// anew; only a log that this build can't read ends it. With words nil the
// search is left alone.
func (l *Ledger) Run(ctx context.Context, log Log, words Words) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.keepFollowing(ctx, log) })
	if words != nil {
		g.Go(func() error { return l.keepFilling(ctx, words) })
	}
	return g.Wait()
}

// Catchup folds what the log has now, and returns. A follower at work goes on
// afterwards.
func (l *Ledger) Catchup(ctx context.Context, log Log) error {
	return l.takeTurn(ctx, func() error {
		return l.fold(ctx, func(ctx context.Context, after uint64, fn func(uint64, []byte) error) error {
			_, err := log.Replay(ctx, after, fn)
			return err
		})
	})
}

const (
	firstPause = 100 * time.Millisecond
	lastPause  = 30 * time.Second
)

func (l *Ledger) keepFollowing(ctx context.Context, log Log) error {
	pause := firstPause
	for {
		before := l.At()
		interrupted, err := l.follow(ctx, log)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // being told to end is no error
		case errors.Is(err, errUnreadable):
			return err
		case interrupted:
			pause = firstPause
			continue
		case damaged(err):
			if err := l.remake(ctx, err); err != nil {
				return err
			}
			continue
		}
		if l.At() > before {
			pause = firstPause
		}
		l.log.WarnContext(ctx, "following the log was cut", "err", err, "pause", pause)
		if !rest(ctx, pause) {
			return nil
		}
		pause = min(2*pause, lastPause)
	}
}

// rest waits, and reports false when ctx has ended.
func rest(ctx context.Context, pause time.Duration) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// follow holds the turn until it is interrupted or the log is lost.
func (l *Ledger) follow(ctx context.Context, log Log) (interrupted bool, err error) {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-l.turn }()
	fctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.state.Lock()
	l.state.interrupt = cancel
	l.state.Unlock()
	err = l.fold(fctx, log.Follow)
	return fctx.Err() != nil, err
}

// fold brings the open file forward; the caller has the turn.
func (l *Ledger) fold(ctx context.Context, from feed) error {
	e, err := newEngine(ctx, l.facts, func(n uint64, gaps []Gap) {
		l.n.Store(n)
		l.tell()
		l.alarm(ctx, gaps)
	})
	if err != nil {
		return err
	}
	return errors.Join(e.run(ctx, from), e.close())
}

// takeTurn interrupts the follower, runs fn in its place, and lets it go on.
func (l *Ledger) takeTurn(ctx context.Context, fn func() error) error {
	ask := time.NewTicker(20 * time.Millisecond)
	defer ask.Stop()
	for {
		l.state.Lock()
		interrupt := l.state.interrupt
		l.state.Unlock()
		if interrupt != nil {
			interrupt()
		}
		select {
		case l.turn <- struct{}{}:
			defer func() { <-l.turn }()
			return fn()
		case <-ask.C: // it may just have begun anew
		case <-ctx.Done():
			return fmt.Errorf("waiting for the ledger's turn: %w", ctx.Err())
		}
	}
}

// remake puts an empty file in the place of a damaged one.
func (l *Ledger) remake(ctx context.Context, cause error) error {
	l.log.ErrorContext(ctx, "the ledger's file is damaged and is made anew", "err", cause)
	return l.takeTurn(ctx, func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		_ = l.facts.close() // it is damaged
		if err := removeDatabase(l.facts.path); err != nil {
			return err
		}
		db, _, err := openDatabase(ctx, l.facts.path, factsKind())
		if err != nil {
			return err
		}
		l.facts = db
		l.n.Store(0)
		return nil
	})
}
