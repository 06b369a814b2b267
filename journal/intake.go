package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"stagecoach/channels"
)

// The consumer of an INBOX shard.
const (
	inboxConsumer   = "intake"
	inboxAckWait    = 60 * time.Second
	inboxPull       = 32
	inboxMaxPending = 4096
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
	_, err := s.Consumer(ctx, inboxConsumer)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		_, err = s.CreateConsumer(ctx, jetstream.ConsumerConfig{
			Durable: inboxConsumer, DeliverPolicy: jetstream.DeliverAllPolicy,
			AckPolicy: jetstream.AckExplicitPolicy, AckWait: inboxAckWait,
			MaxDeliver: -1, MaxAckPending: inboxMaxPending,
		})
	}
	if err != nil {
		return fmt.Errorf("making consumer of shard %d: %w", k, err)
	}
	return nil
}

// ConsumeInbox hands every item to handle until ctx ends, then returns nil. One
// goroutine per shard: handle is called for one item of a shard at a time, in
// order, unless an earlier call failed. An item is done only when handle
// returned nil; otherwise it comes again, after a growing pause, for ever. It
// may also come again after a restart, so handle must know it by its reference
// or its provider's id. What can't be decoded comes too, with its bytes in Raw.
func (j *Journal) ConsumeInbox(ctx context.Context, handle func(ctx context.Context, ref string, in *channels.Inbound) error) error {
	g, gctx := errgroup.WithContext(ctx)
	for k := range j.shards {
		g.Go(func() error {
			return j.consumeForEver(gctx, "inbox", func(ctx context.Context) error {
				return j.consumeShard(ctx, k, handle)
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

func (j *Journal) consumeShard(ctx context.Context, k int, handle func(context.Context, string, *channels.Inbound) error) error {
	if err := j.openInboxConsumer(ctx, k); err != nil { // somebody may have removed it
		return err
	}
	it, err := j.resume(ctx, j.streams[j.names.shard(areaInbox, k)], inboxConsumer, inboxPull)
	if err != nil {
		return err
	}
	defer it.Stop()
	for {
		m, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		md, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("reading metadata: %w", err)
		}
		ref := inboxRef(k, md.Sequence.Stream)
		stop := j.keepUp(ctx, m, inboxAckWait/3)
		err = j.handleInbound(ctx, ref, m.Data(), handle)
		stop()
		switch {
		case ctx.Err() != nil && err != nil:
			return ctx.Err()
		case err != nil:
			d := backOff(md.NumDelivered)
			j.slog.WarnContext(ctx, "inbox item comes again", "ref", ref,
				"delivery", md.NumDelivered, "again_in", d, "err", err)
			err = m.NakWithDelay(d)
		default:
			err = m.Ack()
		}
		if err != nil {
			return fmt.Errorf("answering for %q: %w", ref, err)
		}
	}
}

// handleInbound decodes and hands over. An original that is gone for good is
// handed over without it; one that can't be read just now comes again.
func (j *Journal) handleInbound(ctx context.Context, ref string, data []byte, handle func(context.Context, string, *channels.Inbound) error) error {
	in, err := j.decodeInbound(ctx, data)
	if err != nil && !errors.Is(err, ErrErased) && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrDamaged) {
		return fmt.Errorf("reading original: %w", err)
	}
	return handle(ctx, ref, in)
}

// resume opens the consumer anew from its first item without an
// acknowledgement. What was under way when the process before ended would
// otherwise come only after the time-out.
func (j *Journal) resume(ctx context.Context, s jetstream.Stream, name string, pull int) (jetstream.MessagesContext, error) {
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
	it, err := cons.Messages(jetstream.PullMaxMessages(pull))
	if err != nil {
		return nil, fmt.Errorf("consuming %q: %w", name, err)
	}
	return it, nil
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

// backOff is the pause before an item comes again: 0.25 s, doubling up to a
// minute.
func backOff(delivery uint64) time.Duration {
	d := 250 * time.Millisecond << min(delivery, 9) / 2
	return min(d, time.Minute)
}

// InboxPending counts the items that intake hasn't finished.
func (j *Journal) InboxPending(ctx context.Context) (int, error) {
	ctx, cancel := j.bounded(ctx)
	defer cancel()
	n := 0
	for k := range j.shards {
		c, err := j.streams[j.names.shard(areaInbox, k)].Consumer(ctx, inboxConsumer)
		if err != nil {
			return 0, fmt.Errorf("counting pending items of shard %d: %w: %w", k, ErrUnavailable, err)
		}
		info := c.CachedInfo()
		n += int(info.NumPending) + info.NumAckPending //nolint:gosec // far below the limit of int
	}
	return n, nil
}
