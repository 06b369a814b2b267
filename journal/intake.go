package journal

import (
	"cmp"
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

	// inboxLanes is how many items of a shard are taken in at a time, heavyItems
	// how many large originals of all shards are in memory for it.
	inboxLanes = 8
	heavyItems = 4
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

// InboxHandler takes one item in. Several run at a time.
type InboxHandler func(ctx context.Context, ref string, in *channels.Inbound) error

// ConsumeInbox hands every item to handle until ctx ends, then returns nil. A
// few lanes per shard: one sender's items come one at a time, in order, unless
// an earlier call failed; those of different senders at the same time, so that
// their commands share commits. An item is done only when handle returned nil;
// otherwise it comes again, after a growing pause, for ever. It may also come
// again after a restart, so handle must know it by its reference or its
// provider's id. What can't be decoded comes too, with its bytes in Raw.
func (j *Journal) ConsumeInbox(ctx context.Context, handle InboxHandler) error {
	g, gctx := errgroup.WithContext(ctx)
	heavy := make(chan struct{}, heavyItems)
	for k := range j.shards {
		g.Go(func() error {
			return j.consumeForEver(gctx, "inbox", func(ctx context.Context) error {
				return j.consumeShard(ctx, &intake{j: j, shard: k, handle: handle, heavy: heavy})
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

// intake is one run over a shard.
type intake struct {
	j      *Journal
	shard  int
	handle InboxHandler
	heavy  chan struct{}
}

// pulled is an item in a lane. It is kept from coming again until it is
// answered for.
type pulled struct {
	msg      jetstream.Msg
	in       *channels.Inbound
	ref      string
	delivery uint64
	keep     func()
}

func (j *Journal) consumeShard(ctx context.Context, w *intake) error {
	if err := j.openInboxConsumer(ctx, w.shard); err != nil { // somebody may have removed it
		return err
	}
	it, err := j.resume(ctx, j.streams[j.names.shard(areaInbox, w.shard)], inboxConsumer, inboxPull)
	if err != nil {
		return err
	}
	defer it.Stop()
	g, gctx := errgroup.WithContext(ctx)
	lanes := make([]chan pulled, inboxLanes)
	for i := range lanes {
		lanes[i] = make(chan pulled, inboxPull)
		g.Go(func() error { return w.lane(gctx, lanes[i]) })
	}
	g.Go(func() error {
		defer func() {
			for _, lane := range lanes {
				close(lane)
			}
		}()
		return w.distribute(gctx, it, lanes)
	})
	return g.Wait()
}

// distribute hands items to the lanes, each sender's to one.
func (w *intake) distribute(ctx context.Context, it *puller, lanes []chan pulled) error {
	for {
		m, err := it.Next(ctx)
		if err != nil {
			return err
		}
		md, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("reading metadata: %w", err)
		}
		p := pulled{
			msg: m, in: decodeEntry(m.Data()), ref: inboxRef(w.shard, md.Sequence.Stream), delivery: md.NumDelivered,
			keep: w.j.keepUp(ctx, m, inboxAckWait/3),
		}
		// The shard was chosen by the same words: the lane needs others.
		lane := lanes[shardOf(len(lanes), "lane", p.in.Account, cmp.Or(p.in.Sender, p.in.ProviderID))]
		select {
		case lane <- p:
		case <-ctx.Done():
			p.keep()
			return ctx.Err()
		}
	}
}

// lane takes items in, one after the other. Once one can't be answered for, it
// only empties itself: the engine hands all of them out again.
func (w *intake) lane(ctx context.Context, queue <-chan pulled) (failed error) {
	for p := range queue {
		if failed == nil && ctx.Err() == nil {
			failed = w.take(ctx, p)
		}
		p.keep()
	}
	return failed
}

func (w *intake) take(ctx context.Context, p pulled) error {
	err := w.handleInbound(ctx, p)
	switch {
	case ctx.Err() != nil && err != nil:
		return ctx.Err()
	case err != nil:
		d := backOff(p.delivery)
		w.j.slog.WarnContext(ctx, "inbox item comes again", "ref", p.ref,
			"delivery", p.delivery, "again_in", d, "err", err)
		err = p.msg.NakWithDelay(d)
	default:
		err = p.msg.Ack()
	}
	if err != nil {
		return fmt.Errorf("answering for %q: %w", p.ref, err)
	}
	return nil
}

// handleInbound fetches a large original and hands over, few large ones at a
// time. An original that is gone for good is handed over without it; one that
// can't be read just now comes again.
func (w *intake) handleInbound(ctx context.Context, p pulled) error {
	if p.in.RawObject != "" {
		select {
		case w.heavy <- struct{}{}:
			defer func() { <-w.heavy }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := w.j.fetchOriginal(ctx, p.in)
	if err != nil && !errors.Is(err, ErrErased) && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrDamaged) {
		return fmt.Errorf("reading original: %w", err)
	}
	return w.handle(ctx, p.ref, p.in)
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

// backOff is the pause before an item comes again: 0.25 s, doubling up to a
// minute.
func backOff(delivery uint64) time.Duration {
	d := 250 * time.Millisecond << min(delivery, 9) / 2
	return min(d, time.Minute)
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
