package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// pullSize and pullBytes are how much one request of a replay asks for: 500
// entries were faster than 5,000, and commits can be large.
const (
	pullSize  = 500
	pullBytes = 16 << 20
)

// readIdle is how long the engine keeps a reader's place while it works on what
// it has.
const readIdle = 5 * time.Minute

// reading is one reading of a stream, request by request: what was asked for
// always has room, so that nothing is dropped however slow the reader is.
type reading struct {
	*streamStore
	after, until uint64
	fn           func(seq uint64, data []byte) error
	// failed is fn's error.
	failed error
}

// errBehind means that something was lost on its way and must be asked for anew.
var errBehind = errors.New("what was asked for was lost on its way")

// Read implements LogStore. It begins anew where it was interrupted, as long as
// it gets on; a hole in the sequences is ErrDamaged.
func (s *streamStore) Read(ctx context.Context, after, until uint64, fn func(uint64, []byte) error) error {
	r := &reading{streamStore: s, after: after, until: until, fn: fn}
	for !r.done() {
		from := r.after
		err := r.pass(ctx)
		switch {
		case r.failed != nil:
			return r.failed
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrDamaged), r.after == from && !errors.Is(err, errBehind):
			return err
		}
	}
	return nil
}

func (r *reading) done() bool { return r.until != 0 && r.after >= r.until }

// pass reads with one consumer until the end or an interruption.
func (r *reading) pass(ctx context.Context) error {
	call, cancel := context.WithTimeout(ctx, r.timeout)
	cons, err := r.stream.CreateConsumer(call, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: r.after + 1,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: readIdle,
	})
	cancel()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer r.drop(ctx, cons.CachedInfo().Name)
	for !r.done() {
		if err := r.batch(ctx, cons); err != nil {
			return err
		}
	}
	return nil
}

// drop gives the place up. If that fails, the engine does so some time later.
func (r *reading) drop(ctx context.Context, consumer string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.timeout)
	defer cancel()
	_ = r.stream.DeleteConsumer(ctx, consumer)
}

// batch makes one request, and gives fn each entry as it comes. When nothing
// comes for a while, the request ends.
func (r *reading) batch(ctx context.Context, cons jetstream.Consumer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the request
	size := uint64(pullSize)
	if r.until != 0 {
		size = min(size, r.until-r.after)
	}
	batch, err := cons.Fetch(int(size), jetstream.FetchMaxBytes(pullBytes), jetstream.FetchContext(ctx))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	for m := range batch.Messages() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.entry(ctx, m); err != nil {
			return err
		}
	}
	if err := batch.Error(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

func (r *reading) entry(ctx context.Context, m jetstream.Msg) error {
	md, err := m.Metadata()
	if err != nil {
		return fmt.Errorf("reading log metadata: %w", err)
	}
	seq := md.Sequence.Stream
	if seq != r.after+1 {
		return r.hole(ctx, seq)
	}
	if r.failed = r.fn(seq, m.Data()); r.failed != nil {
		return r.failed
	}
	r.after = seq
	return nil
}

// hole tells what was lost on its way, as when the connection was, from what is
// not there.
func (r *reading) hole(ctx context.Context, seq uint64) error {
	if _, err := r.ID(ctx, r.after+1); err == nil {
		return errBehind
	} else if !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return fmt.Errorf("%w: log goes from sequence %d to %d", ErrDamaged, r.after, seq)
}
