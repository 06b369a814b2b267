package router

import (
	"context"
	"fmt"
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
	data, err := state.MarshalSnapshot()
	if err != nil {
		return err
	}
	fault.Here(fault.SnapshotBeforeSave)
	if err := snaps.SaveSnapshot(ctx, state.N, last, data); err != nil {
		return fmt.Errorf("saving snapshot %d: %w", state.N, err)
	}
	fault.Here(fault.SnapshotAfterSave)
	return nil
}
