package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"stagecoach/router"
)

// The consumer of an INBOX shard.
const (
	inboxConsumer = "intake"
	inboxAckWait  = 60 * time.Second
	inboxPull     = 64
	// inboxMaxPending is how many items of a shard are known and not answered for
	// at a time: as far can others be seen behind one sender's.
	inboxMaxPending = 16_384

	// inboxWorkers is how many senders' items of a shard are taken in at a time,
	// heavyItems how many large originals of all shards are in memory for it.
	inboxWorkers = 8
	heavyItems   = 4
)

// openInboxConsumers makes the durable consumer of every shard.
func (j *Journal) openInboxConsumers(ctx context.Context) error {
	for k := range j.shards {
		if err := j.openInboxConsumer(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

func (j *Journal) openInboxConsumer(ctx context.Context, k int) error {
	ctx, cancel := j.bounded(ctx)
	defer cancel()
	s := j.streams[j.names.shard(areaInbox, k)]
	want := jetstream.ConsumerConfig{
		Durable: inboxConsumer, DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: inboxAckWait,
		MaxDeliver: -1, MaxAckPending: inboxMaxPending,
	}
	cons, err := s.Consumer(ctx, inboxConsumer)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		_, err = s.CreateConsumer(ctx, want)
	case err == nil && cons.CachedInfo().Config.MaxAckPending != inboxMaxPending:
		// An engine may allow less than this build wants: it goes on with what
		// the consumer has.
		if _, refused := s.UpdateConsumer(ctx, want); refused != nil {
			j.slog.WarnContext(ctx, "the consumer of a shard stays as it is", "shard", k, "err", refused)
		}
	}
	if err != nil {
		return fmt.Errorf("making consumer of shard %d: %w", k, err)
	}
	return nil
}

// InboxHandler takes some of one sender's items in, in their order. It gives an
// error for each, nil for those that are done. Several run at a time, each with
// another sender's.
type InboxHandler func(ctx context.Context, items []router.Stored) []error

// ConsumeInbox hands every item to handle until ctx ends, then returns nil.
// Senders take turns: of each a few items at a time go to handle, in order unless
// an earlier one failed several times, so that they can share commits; several
// senders at the same time, and however many one has sent, the others are not kept
// waiting. An item is done only when handle gave nil for it; otherwise it comes
// again, after a growing pause, for ever. It may also come again after a restart,
// so handle must know it by its reference or its provider's id. What can't be
// decoded comes too, with its bytes in Raw.
func (j *Journal) ConsumeInbox(ctx context.Context, handle InboxHandler) error {
	g, gctx := errgroup.WithContext(ctx)
	heavy := make(chan struct{}, heavyItems)
	for k := range j.shards {
		g.Go(func() error {
			return j.consumeForEver(gctx, "inbox", func(ctx context.Context) error {
				w := &intake{j: j, shard: k, handle: handle, heavy: heavy, queue: newIntakeQueue()}
				return w.run(ctx)
			})
		})
	}
	return g.Wait()
}

// consumeForEver runs consume until ctx ends, again after each interruption.
func (j *Journal) consumeForEver(ctx context.Context, what string, consume func(context.Context) error) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		began := time.Now()
		err := consume(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end of ctx is how consuming ends
		}
		if time.Since(began) > time.Minute {
			wait = 100 * time.Millisecond
		}
		j.slog.WarnContext(ctx, "consuming was interrupted", "what", what, "err", err)
		if !pause(ctx, wait) {
			return nil
		}
	}
}

// resume opens the consumer anew from its first item without an
// acknowledgement. What was under way when the process before ended would
// otherwise come only after the time-out.
func (j *Journal) resume(ctx context.Context, s jetstream.Stream, name string, pull int) (*puller, error) {
	call, cancel := j.bounded(ctx)
	defer cancel()
	cons, err := s.Consumer(call, name)
	if err != nil {
		return nil, fmt.Errorf("opening consumer %q: %w", name, err)
	}
	if info := cons.CachedInfo(); info.NumAckPending > 0 || info.NumRedelivered > 0 {
		if _, err := s.ResetConsumer(call, name); err != nil {
			return nil, fmt.Errorf("resetting consumer %q: %w", name, err)
		}
	}
	return newPuller(ctx, cons, pull), nil
}

// keepUp tells the engine every so often that m is still being worked on, until
// the function that it returns is called.
func (j *Journal) keepUp(ctx context.Context, m jetstream.Msg, every time.Duration) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-done:
				return
			case <-t.C:
				if err := m.InProgress(); err != nil {
					j.slog.WarnContext(ctx, "keeping an item", "err", err)
				}
			}
		}
	}()
	return func() { close(done); <-ended }
}

// InboxPending counts the items that intake hasn't finished: all that were
// stored before the call and aren't acknowledged.
func (j *Journal) InboxPending(ctx context.Context) (int, error) {
	ctx, cancel := j.bounded(ctx)
	defer cancel()
	n := 0
	for k := range j.shards {
		s := j.streams[j.names.shard(areaInbox, k)]
		before, err := s.Info(ctx)
		if err != nil {
			return 0, fmt.Errorf("counting pending items of shard %d: %w: %w", k, ErrUnavailable, err)
		}
		c, err := s.Consumer(ctx, inboxConsumer)
		if err != nil {
			return 0, fmt.Errorf("counting pending items of shard %d: %w: %w", k, ErrUnavailable, err)
		}
		waiting, err := undelivered(ctx, s, before.State.LastSeq, c.CachedInfo())
		if err != nil {
			return 0, fmt.Errorf("counting pending items of shard %d: %w: %w", k, ErrUnavailable, err)
		}
		n += waiting + c.CachedInfo().NumAckPending
	}
	return n, nil
}

// undelivered counts the items up to last that the consumer hasn't handed out.
// The engine's own count can't be relied on: it learns of an item only some
// time after the item was acknowledged as stored.
func undelivered(ctx context.Context, s jetstream.Stream, last uint64, cons *jetstream.ConsumerInfo) (int, error) {
	from := cons.Delivered.Stream
	if last <= from {
		return 0, nil
	}
	n := last - from
	if n == cons.NumPending {
		return int(n), nil //nolint:gosec // far below the limit of int
	}
	info, err := s.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return 0, err
	}
	for _, seq := range info.State.Deleted {
		if seq > from && seq <= last {
			n--
		}
	}
	return int(n), nil //nolint:gosec // far below the limit of int
}
