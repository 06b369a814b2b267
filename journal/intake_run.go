package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"stagecoach/router"
)

// intake is one run over a shard.
type intake struct {
	j      *Journal
	shard  int
	handle InboxHandler
	heavy  chan struct{}
	queue  *intakeQueue
}

func (w *intake) stream() jetstream.Stream {
	return w.j.streams[w.j.names.shard(areaInbox, w.shard)]
}

// run takes items in until ctx ends or the consumer must be opened anew: what
// isn't answered for then comes again.
func (w *intake) run(ctx context.Context) error {
	if err := w.j.openInboxConsumer(ctx, w.shard); err != nil { // somebody may have removed it
		return err
	}
	it, err := w.j.resume(ctx, w.stream(), inboxConsumer, inboxPull)
	if err != nil {
		return err
	}
	defer it.Stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.read(ctx, it) })
	g.Go(func() error { return w.keep(ctx) })
	for range inboxWorkers {
		g.Go(func() error { return w.work(ctx) })
	}
	return g.Wait()
}

// read puts items in the queue as they come.
func (w *intake) read(ctx context.Context, it *puller) error {
	for {
		m, err := it.Next(ctx)
		if err != nil {
			return err
		}
		md, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("reading metadata: %w", err)
		}
		p := &pulled{seq: md.Sequence.Stream, delivery: md.NumDelivered, answerTo: m.Reply(), size: len(m.Data()), at: time.Now()}
		if err := w.queue.put(ctx, p, decodeEntry(m.Data())); err != nil {
			return err
		}
	}
}

// keep tells the engine every so often that the items are still being worked
// on, so that they don't come again meanwhile.
func (w *intake) keep(ctx context.Context) error {
	t := time.NewTicker(inboxAckWait / 3)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
		for _, subject := range w.queue.unanswered() {
			if err := w.j.nc.Publish(subject, []byte("+WPI")); err != nil {
				return fmt.Errorf("keeping items: %w", err)
			}
		}
	}
}

// work takes in what is next, one sender's turn after the other.
func (w *intake) work(ctx context.Context) error {
	for {
		s, turn, err := w.queue.next(ctx)
		if err != nil {
			return err
		}
		again, err := w.take(ctx, turn)
		if err != nil {
			return err
		}
		if err := w.queue.done(ctx, s, turn, again); err != nil {
			return err
		}
	}
}

// take hands over one sender's turn and answers for each item, but for those that
// are to be tried again in their place.
func (w *intake) take(ctx context.Context, turn []*pulled) (again []*pulled, err error) {
	if turn[0].heavy {
		select {
		case w.heavy <- struct{}{}:
			defer func() { <-w.heavy }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	items, there, unread, err := w.loadAll(ctx, turn)
	if err != nil || len(items) == 0 {
		return unread, err
	}
	for i, failed := range w.handle(ctx, items) {
		if failed != nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if failed != nil && w.queue.stays(there[i]) {
			w.comesAgain(ctx, there[i], 1, backOff(there[i].tries), failed)
			again = append(again, there[i])
			continue
		}
		if answered := w.answer(ctx, there[i], failed); err == nil {
			err = answered
		}
	}
	return append(again, unread...), err
}

// loadAll gives a turn's items with their originals. Those from one on that can't
// be read just now are left for later.
func (w *intake) loadAll(ctx context.Context, turn []*pulled) (items []router.Stored, there, unread []*pulled, err error) {
	for n, p := range turn {
		item, failed := w.load(ctx, p)
		switch {
		case errors.Is(failed, errGone):
			err = w.answer(ctx, p, nil)
		case failed != nil && ctx.Err() != nil:
			err = ctx.Err()
		case failed != nil && w.queue.stays(p):
			w.comesAgain(ctx, p, 1, backOff(p.tries), failed)
			return items, there, turn[n:], nil
		case failed != nil:
			err = w.answer(ctx, p, fmt.Errorf("reading original: %w", failed))
		default:
			items, there = append(items, item), append(there, p)
		}
		if err != nil {
			return nil, nil, nil, err
		}
	}
	return items, there, nil, nil
}

// errGone says that an item was erased before it was taken in.
var errGone = errors.New("the item is gone")

// load gives an item with its original: from the queue, or from where it is
// stored if it had to be put down. An original that is gone for good is handed
// over without it; one that can't be read just now comes again.
func (w *intake) load(ctx context.Context, p *pulled) (router.Stored, error) {
	item := router.Stored{Ref: inboxRef(w.shard, p.seq), Inbound: p.in, At: p.at}
	if item.Inbound == nil {
		m, err := w.j.message(ctx, w.j.names.shard(areaInbox, w.shard), p.seq)
		if errors.Is(err, ErrErased) || errors.Is(err, ErrNotFound) {
			return item, errGone
		}
		if err != nil {
			return item, err
		}
		item.Inbound = decodeEntry(m.Data)
	}
	err := w.j.fetchOriginal(ctx, item.Inbound)
	if errors.Is(err, ErrErased) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrDamaged) {
		err = nil
	}
	return item, err
}

// answer tells the engine that an item is done, or when it is to come again.
func (w *intake) answer(ctx context.Context, p *pulled, failed error) error {
	to, delivery := w.queue.forget(p)
	words := []byte("+ACK")
	if failed != nil {
		d := backOff(delivery)
		w.comesAgain(ctx, p, delivery, d, failed)
		delay, err := json.Marshal(map[string]time.Duration{"delay": d})
		if err != nil {
			return fmt.Errorf("encoding a delay: %w", err)
		}
		words = append([]byte("-NAK "), delay...)
	}
	if err := w.j.nc.Publish(to, words); err != nil {
		return fmt.Errorf("answering for %q: %w", inboxRef(w.shard, p.seq), err)
	}
	return nil
}

func (w *intake) comesAgain(ctx context.Context, p *pulled, delivery uint64, d time.Duration, failed error) {
	w.j.slog.WarnContext(ctx, "inbox item comes again", "ref", inboxRef(w.shard, p.seq),
		"delivery", delivery, "again_in", d, "err", failed)
}

// backOff is the pause before an item comes again: 0.25 s, doubling up to a
// minute.
func backOff(delivery uint64) time.Duration {
	d := 250 * time.Millisecond << min(delivery, 9) / 2
	return min(d, time.Minute)
}
