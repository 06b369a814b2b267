package router

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"stagecoach/fault"
)

// What is worth a new snapshot: so many commits, or so many bytes of them, since
// group commit makes them of any size. Reading that much takes about 0.2 s.
const (
	snapshotEvery = 1_000
	snapshotBytes = 4 << 20
)

// SaveSnapshot is the second fold: it takes the newest snapshot, replays what
// came after it on a state of its own, and saves that. It never touches the
// live state, and does nothing when little has happened since.
func SaveSnapshot(ctx context.Context, office string, log Log, snaps Snapshots, logger *slog.Logger) error {
	state, seq, err := LoadSnapshot(ctx, office, snaps, logger)
	if err != nil {
		return err
	}
	from, size := state.N, 0
	last, err := log.Replay(ctx, seq, func(_ uint64, data []byte) error {
		size += len(data)
		Fold(state, data, logger)
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("replaying for a snapshot: %w", err)
	}
	if state.N < from+snapshotEvery && size < snapshotBytes {
		return nil
	}
	fault.Here(fault.SnapshotBeforeSave)
	if err := save(ctx, snaps, state, last); err != nil {
		return fmt.Errorf("saving snapshot %d: %w", state.N, err)
	}
	fault.Here(fault.SnapshotAfterSave)
	return nil
}

// save writes the state while it is stored.
func save(ctx context.Context, snaps Snapshots, state *State, seq uint64) error {
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := state.WriteSnapshot(w)
		written <- errors.Join(err, w.CloseWithError(err))
	}()
	err := snaps.SaveSnapshot(ctx, state.N, seq, r)
	_ = r.CloseWithError(io.ErrClosedPipe) // never fails; ends a writer whom nobody reads
	if writing := <-written; err == nil {
		err = writing
	}
	return err
}
