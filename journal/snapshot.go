package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"stagecoach/fault"
)

// keptSnapshots is how many snapshots stay: the last, and the one before in
// case the last is damaged.
const keptSnapshots = 2

// The notes on a snapshot's object.
const (
	metaCommit   = "stagecoach_n"
	metaSequence = "stagecoach_seq"
)

// snapshot is what is known of one without reading it.
type snapshot struct {
	n, seq uint64
	id     string
}

// SaveSnapshot stores the state after commit n, which the log holds at sequence
// seq, and removes all but the last two. It may be called by one goroutine.
func (j *Journal) SaveSnapshot(ctx context.Context, n uint64, seq uint64, data io.Reader) error {
	fault.Here(fault.SnapshotBeforeSave)
	id := fmt.Sprintf("%020d-%s", n, randomID()[:8])
	notes := map[string]string{
		metaCommit: strconv.FormatUint(n, 10), metaSequence: strconv.FormatUint(seq, 10),
	}
	if _, err := j.snaps.putAs(ctx, id, notes, data); err != nil {
		return fmt.Errorf("saving snapshot %d: %w", n, err)
	}
	fault.Here(fault.SnapshotAfterSave)
	all, err := j.snapshots(ctx)
	if err != nil {
		return fmt.Errorf("saving snapshot %d: %w", n, err)
	}
	for _, old := range all[min(keptSnapshots, len(all)):] {
		if err := j.snaps.remove(ctx, old.id); err != nil {
			return fmt.Errorf("removing snapshot %d: %w", old.n, err)
		}
	}
	return nil
}

// LatestSnapshot gives the newest snapshot whose checksum holds; a damaged one
// is passed over for the one before. ok is false when there is none.
func (j *Journal) LatestSnapshot(ctx context.Context) (n, seq uint64, data []byte, ok bool, err error) {
	all, err := j.snapshots(ctx)
	if err != nil {
		return 0, 0, nil, false, fmt.Errorf("finding snapshot: %w", err)
	}
	for _, s := range all {
		data, err := j.snaps.bytes(ctx, s.id)
		if err == nil {
			return s.n, s.seq, data, true, nil
		}
		if errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			return 0, 0, nil, false, fmt.Errorf("reading snapshot %d: %w", s.n, err)
		}
		j.slog.ErrorContext(ctx, "snapshot passed over", "n", s.n, "err", err)
	}
	return 0, 0, nil, false, nil
}

// snapshots lists them, newest first.
func (j *Journal) snapshots(ctx context.Context) ([]snapshot, error) {
	var all []snapshot
	err := j.snaps.each(ctx, func(info jetstream.ObjectInfo, _ *jetstream.MsgMetadata) error {
		n, err1 := strconv.ParseUint(info.Metadata[metaCommit], 10, 64)
		seq, err2 := strconv.ParseUint(info.Metadata[metaSequence], 10, 64)
		if err := errors.Join(err1, err2); err != nil {
			j.slog.ErrorContext(ctx, "snapshot passed over", "object", info.Name, "err", err)
			return nil
		}
		all = append(all, snapshot{n: n, seq: seq, id: info.Name})
		return nil
	})
	slices.SortStableFunc(all, func(a, b snapshot) int {
		switch {
		case a.seq != b.seq:
			return -cmpUint(a.seq, b.seq)
		default:
			return -cmpUint(a.n, b.n)
		}
	})
	return all, err
}

func cmpUint(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// each calls fn with the description of every object that isn't erased.
func (b *bucket) each(ctx context.Context, fn func(jetstream.ObjectInfo, *jetstream.MsgMetadata) error) error {
	return b.j.scan(ctx, b.stream, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, FilterSubject: "$O." + b.name + ".M.>",
	}, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		var info jetstream.ObjectInfo
		if err := json.Unmarshal(m.Data(), &info); err != nil || info.Deleted {
			return nil //nolint:nilerr // an unreadable description describes nothing
		}
		return fn(info, md)
	})
}

// remove drops an object of which nothing is secret: its bytes stay on disk
// until their block is given free.
func (b *bucket) remove(ctx context.Context, id string) error {
	info, err := b.info(ctx, id)
	if err != nil {
		return err
	}
	ctx, cancel := b.j.bounded(ctx)
	defer cancel()
	s := b.j.streams[b.stream]
	if err := s.Purge(ctx, jetstream.WithPurgeSubject(b.meta(id))); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if err := s.Purge(ctx, jetstream.WithPurgeSubject(b.chunks(info.NUID))); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}
