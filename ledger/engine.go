package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/fault"
)

// engine folds a log into one file.
type engine struct {
	db   *database
	load *loader
	stmt *statements
	fold *fold
	// flushed is told of every flush, with the gaps found since the last.
	flushed func(n uint64, gaps []Gap)
}

func newEngine(ctx context.Context, db *database, flushed func(n uint64, gaps []Gap)) (*engine, error) {
	e := &engine{db: db, flushed: flushed}
	var err error
	if e.load, err = newLoader(ctx, db.read); err != nil {
		return nil, err
	}
	if e.stmt, err = prepare(ctx, db.write); err != nil {
		return nil, errors.Join(err, e.close())
	}
	if e.fold, err = newFold(ctx, db, e.load); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// close gives the prepared statements back.
func (e *engine) close() error {
	var errs []error
	if e.load != nil {
		errs = append(errs, e.load.close())
	}
	if e.stmt != nil {
		errs = append(errs, e.stmt.close())
	}
	return errors.Join(errs...)
}

// feed reads commits after a sequence and hands them to fn.
type feed func(ctx context.Context, after uint64, fn func(seq uint64, commit []byte) error) error

// run reads and decodes in one goroutine, folds and writes in another, until
// the feed ends. What was folded by then is written, also when ctx has ended.
func (e *engine) run(ctx context.Context, from feed) error {
	commits := make(chan read, 256)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(commits)
		return from(gctx, e.fold.pos.Seq, func(seq uint64, data []byte) error {
			r, err := decode(seq, data)
			if err != nil {
				return err
			}
			select {
			case commits <- r:
				return nil
			case <-gctx.Done():
				return gctx.Err()
			}
		})
	})
	// A write is never cut in its middle: the fold ends when the reader does.
	g.Go(func() error { return e.consume(context.WithoutCancel(ctx), commits) })
	if err := g.Wait(); err != nil {
		return fmt.Errorf("following the log: %w", err)
	}
	return nil
}

// batchEvents is how many events one transaction holds while catching up, and
// breath is how long commits are gathered when the last flush was only just:
// one commit alone is written at once.
const (
	batchEvents = 4096
	breath      = 4 * time.Millisecond
)

func (e *engine) consume(ctx context.Context, commits <-chan read) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	resting := false
	dirty := false
	for {
		if dirty && (e.fold.events >= batchEvents || (!resting && len(commits) == 0)) {
			if err := e.flush(ctx); err != nil {
				return err
			}
			dirty, resting = false, true
			timer.Reset(breath)
		}
		select {
		case r, ok := <-commits:
			if !ok {
				if !dirty {
					return nil
				}
				return e.flush(ctx)
			}
			if err := e.fold.commit(ctx, &r); err != nil {
				return err
			}
			dirty = true
		case <-timer.C:
			resting = false
		}
	}
}

func (e *engine) flush(ctx context.Context) error {
	fault.Here(fault.LedgerBeforeFold)
	gaps, err := e.fold.flush(ctx, e.db.write, e.stmt)
	if err != nil {
		return err
	}
	if e.flushed != nil {
		e.flushed(e.fold.pos.N, gaps)
	}
	return nil
}
