package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// scan calls fn for what a consumer of cfg's policy and filter finds in a
// stream now, in order. The consumer lives in memory and goes away with the
// scan.
func (j *Journal) scan(ctx context.Context, stream string, cfg jetstream.ConsumerConfig,
	fn func(jetstream.Msg, *jetstream.MsgMetadata) error,
) error {
	cfg.AckPolicy = jetstream.AckNonePolicy
	cfg.MemoryStorage, cfg.Replicas = true, 1
	cfg.InactiveThreshold = time.Minute
	call, cancel := j.bounded(ctx)
	cons, err := j.streams[stream].CreateConsumer(call, cfg)
	cancel()
	if err != nil {
		return fmt.Errorf("scanning %q: %w: %w", stream, ErrUnavailable, err)
	}
	info := cons.CachedInfo()
	defer j.dropConsumer(ctx, stream, info.Name)
	for left := info.NumPending; left > 0; {
		n, err := j.scanBatch(ctx, cons, min(left, pullSize), fn)
		if err != nil {
			return err
		}
		if n == 0 { // what was pending has been erased meanwhile
			return nil
		}
		left -= min(n, left)
	}
	return nil
}

func (j *Journal) scanBatch(ctx context.Context, cons jetstream.Consumer, size uint64,
	fn func(jetstream.Msg, *jetstream.MsgMetadata) error,
) (n uint64, err error) {
	batch, err := cons.FetchNoWait(int(size)) //nolint:gosec // at most pullSize
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	for m := range batch.Messages() {
		n++
		if err != nil {
			continue // the channel must be drained
		}
		var md *jetstream.MsgMetadata
		if md, err = m.Metadata(); err == nil {
			err = fn(m, md)
		}
		if err == nil {
			err = ctx.Err()
		}
	}
	if err == nil && batch.Error() != nil {
		err = fmt.Errorf("%w: %w", ErrUnavailable, batch.Error())
	}
	return n, err
}

func (j *Journal) dropConsumer(ctx context.Context, stream, name string) {
	ctx, cancel := j.bounded(context.WithoutCancel(ctx))
	defer cancel()
	if err := j.streams[stream].DeleteConsumer(ctx, name); err != nil {
		j.slog.DebugContext(ctx, "dropping a scan's consumer", "stream", stream, "err", err)
	}
}
