package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"stagecoach/fault"
)

// MaxCommit is the size of one commit that the log takes, in bytes. Commits
// grow to 256 KiB by design; the rest is room for one that can't be split.
const MaxCommit = 768 << 10

// LogConfig says how often and how patiently a Log tries. Its zero value is
// right for production.
type LogConfig struct {
	// Attempts is how often one append is tried, 4 if left out.
	Attempts int
	// Wait is the pause before the second attempt; it doubles. 50 ms if left
	// out, none if negative.
	Wait time.Duration
}

// Log is the total order of an office's commits. It knows nothing of what is in
// them.
type Log struct {
	store LogStore
	cfg   LogConfig
	slog  *slog.Logger
}

// NewLog makes a Log on a store.
func NewLog(store LogStore, cfg LogConfig, log *slog.Logger) *Log {
	cfg.Attempts = orDefault(cfg.Attempts, 4)
	cfg.Wait = orDefault(cfg.Wait, 50*time.Millisecond)
	return &Log{store: store, cfg: cfg, slog: log.With("component", "log")}
}

// Store gives what the log stands on.
func (l *Log) Store() LogStore { return l.store }

// Append writes one commit right after sequence prev and returns its sequence
// once it is durable. id names the commit for ever: appending it again with the
// same prev, after any error, is safe and succeeds if it is there already.
//
// ErrDeposed: the log has gone on without the caller, nothing was written; or
// the id was used before with another prev.
// ErrFull: no room, nothing was written. ErrTooLarge likewise. ErrUnavailable:
// nobody knows whether it was written; the caller must throw its state away and
// replay, or append the same commit again.
func (l *Log) Append(ctx context.Context, id string, prev uint64, commit []byte) (uint64, error) {
	if len(commit) > MaxCommit {
		return 0, fmt.Errorf("appending commit %q of %d bytes: %w", id, len(commit), ErrTooLarge)
	}
	fault.Here(fault.LogBeforeAppend)
	wait := l.cfg.Wait
	for attempt := 1; ; attempt++ {
		seq, err := l.store.Publish(ctx, id, prev, commit)
		if err == nil && seq != prev+1 {
			// The engine knows the id from elsewhere in the log.
			return 0, fmt.Errorf("appending commit %q after %d: %w: it is at %d already", id, prev, ErrDeposed, seq)
		}
		if err == nil {
			fault.Here(fault.LogAfterAppend)
			return seq, nil
		}
		seq, found, err := l.judge(ctx, id, prev, err)
		switch {
		case found:
			fault.Here(fault.LogAfterAppend)
			return seq, nil
		case err != nil && !errors.Is(err, ErrUnavailable):
			return 0, fmt.Errorf("appending commit %q after %d: %w", id, prev, err)
		case attempt >= l.cfg.Attempts || ctx.Err() != nil:
			return 0, fmt.Errorf("appending commit %q after %d, %d attempts: %w", id, prev, attempt, err)
		}
		l.slog.WarnContext(ctx, "append tried again", "attempt", attempt, "err", err)
		if !pause(ctx, wait) {
			return 0, fmt.Errorf("appending commit %q after %d: %w", id, prev, err)
		}
		wait *= 2
	}
}

// judge finds out what a failed attempt means. Our commit can only ever be at
// prev+1, so whatever stands there decides: it is ours (an earlier attempt
// succeeded and its answer was lost), or somebody else's, or nothing, and then
// trying again is right.
func (l *Log) judge(ctx context.Context, id string, prev uint64, cause error) (seq uint64, ours bool, err error) {
	there, err := l.store.ID(ctx, prev+1)
	switch {
	case err == nil && there == id:
		return prev + 1, true, nil
	case err == nil:
		return 0, false, fmt.Errorf("%w: sequence %d is commit %q", ErrDeposed, prev+1, there)
	case !errors.Is(err, ErrNotFound):
		return 0, false, fmt.Errorf("%w: %w", ErrUnavailable, errors.Join(cause, err))
	case errors.Is(cause, ErrWrongSequence):
		// Nothing after prev, yet prev isn't the last: the log is shorter than
		// the caller believes, as after a restore. Only a replay helps.
		last, lerr := l.store.Last(ctx)
		if lerr == nil && last < prev {
			return 0, false, fmt.Errorf("%w: the log ends at %d, before %d", ErrDeposed, last, prev)
		}
	}
	return 0, false, writeError(cause)
}

// Replay calls fn in order for every commit after the given sequence, up to
// the last one known when it was called, and returns that one's sequence (or
// after, if there is none). It stops at fn's first error.
func (l *Log) Replay(ctx context.Context, after uint64, fn func(seq uint64, commit []byte) error) (uint64, error) {
	until, err := l.store.Last(ctx)
	if err != nil {
		return after, fmt.Errorf("replaying log: %w", err)
	}
	last := after
	if until <= after {
		return last, nil
	}
	err = l.store.Read(ctx, after, until, func(seq uint64, commit []byte) error {
		if err := fn(seq, commit); err != nil {
			return err
		}
		last = seq
		return nil
	})
	if err != nil {
		return last, fmt.Errorf("replaying log after %d: %w", last, err)
	}
	return last, nil
}

// Follow calls fn in order for every commit after the given sequence, first
// those that are there, then each as it is written, until ctx ends (it then
// returns nil) or fn fails. It outlasts interruptions of the engine.
func (l *Log) Follow(ctx context.Context, after uint64, fn func(seq uint64, commit []byte) error) error {
	wait := time.Duration(0)
	for {
		var failed error
		err := l.store.Read(ctx, after, 0, func(seq uint64, commit []byte) error {
			if failed = fn(seq, commit); failed != nil {
				return failed
			}
			after, wait = seq, 0
			return nil
		})
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the end of ctx is how following ends
		case failed != nil:
			return failed
		case err != nil && !errors.Is(err, ErrUnavailable):
			return fmt.Errorf("following log after %d: %w", after, err)
		}
		wait = min(max(2*wait, 100*time.Millisecond), 5*time.Second)
		l.slog.WarnContext(ctx, "following the log was interrupted", "after", after, "err", err)
		if !pause(ctx, wait) {
			return nil
		}
	}
}

// Last gives the sequence of the last commit, 0 for an empty log.
func (l *Log) Last(ctx context.Context) (uint64, error) {
	seq, err := l.store.Last(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading end of log: %w", err)
	}
	return seq, nil
}

// pause waits for d, and reports false if ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
