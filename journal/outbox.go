package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"stagecoach/contact"
	"stagecoach/fault"
)

const outboxAckWait = 30 * time.Second

// OutboxItem says that a reply waits to be sent. It holds references only: an
// acknowledged message of a work queue leaves its bytes on disk.
type OutboxItem struct {
	Reply   string `json:"reply"`
	Channel string `json:"channel"`
	Account string `json:"account"`
}

// Verdict is what becomes of an item of OUTBOX. The zero value lets it come
// again after a growing pause.
type Verdict struct {
	done  bool
	after time.Duration
}

// Done takes the item out of the queue.
func Done() Verdict { return Verdict{done: true} }

// RetryAfter lets the item come again after d.
func RetryAfter(d time.Duration) Verdict { return Verdict{after: d} }

// PublishOutbox queues a reply for its account's sender. Queueing one twice is
// harmless: who sends asks the router for an attempt first.
func (j *Journal) PublishOutbox(ctx context.Context, item OutboxItem) error {
	b, err := json.Marshal(item)
	if err != nil {
		return fmt.Errorf("queueing reply %q: %w", item.Reply, err)
	}
	fault.On(item.Channel, fault.OutboxBeforePublish)
	if _, err := j.publish(ctx, &nats.Msg{Subject: j.names.outboxSubject(item.Channel, item.Account), Data: b}); err != nil {
		return fmt.Errorf("queueing reply %q: %w", item.Reply, err)
	}
	fault.On(item.Channel, fault.OutboxAfterPublish)
	return nil
}

// OutboxHandler handles one item of OUTBOX. delivery is 1 for the first time
// since the daemon's start. The item is kept from coming again while it runs;
// inProgress may be called in addition and reports whether the engine answers.
type OutboxHandler func(ctx context.Context, item OutboxItem, delivery uint64, inProgress func() error) Verdict

// ConsumeOutbox hands an account's replies to handle until ctx ends, then
// returns nil; several at a time (Config.OutboxWorkers), so handle must be safe
// for that. An item without a verdict, as after a crash, comes again.
func (j *Journal) ConsumeOutbox(ctx context.Context, channel, account string, handle OutboxHandler) error {
	return j.consumeForEver(ctx, "outbox "+queueOf(channel, account, " "), func(ctx context.Context) error {
		return j.consumeAccount(ctx, channel, account, handle)
	})
}

// queueOf names the queue of an account. Accounts of two channels may have one
// name; those of e-mail stand alone, as they did before there were others.
func queueOf(channel, account, between string) string {
	if channel == string(contact.Email) {
		return token(account)
	}
	return token(channel) + between + token(account)
}

func (j *Journal) outboxConsumer(ctx context.Context, channel, account string) (string, error) {
	name := "sender_" + queueOf(channel, account, "=")
	_, err := j.streams[j.names.outbox()].CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: name, FilterSubject: j.names.outboxSubject(channel, account),
		DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: outboxAckWait, MaxDeliver: -1, MaxAckPending: 4096,
	})
	if err != nil {
		return "", fmt.Errorf("making consumer %q: %w", name, err)
	}
	return name, nil
}

func (j *Journal) consumeAccount(ctx context.Context, channel, account string, handle OutboxHandler) error {
	name, err := j.outboxConsumer(ctx, channel, account)
	if err != nil {
		return err
	}
	it, err := j.resume(ctx, j.streams[j.names.outbox()], name, j.cfg.OutboxWorkers)
	if err != nil {
		return err
	}
	defer it.Stop()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(j.cfg.OutboxWorkers)
	for gctx.Err() == nil {
		m, nerr := it.Next(gctx)
		if nerr != nil {
			err = nerr
			break
		}
		g.Go(func() error { return j.handleOutbox(ctx, m, handle) })
	}
	return errors.Join(err, g.Wait())
}

func (j *Journal) handleOutbox(ctx context.Context, m jetstream.Msg, handle OutboxHandler) error {
	md, err := m.Metadata()
	if err != nil {
		return fmt.Errorf("reading metadata: %w", err)
	}
	var item OutboxItem
	if err := json.Unmarshal(m.Data(), &item); err != nil {
		// Only references are ever written here, so nothing of a customer's is
		// lost: the reply is still queued in the router's state.
		j.slog.ErrorContext(ctx, "undecodable item of OUTBOX dropped", "sequence", md.Sequence.Stream, "err", err)
		return m.TermWithReason("undecodable")
	}
	stop := j.keepUp(ctx, m, outboxAckWait/3)
	v := handle(ctx, item, md.NumDelivered, m.InProgress)
	stop()
	switch {
	case v.done:
		return m.Ack()
	case v.after > 0:
		return m.NakWithDelay(v.after)
	default:
		return m.NakWithDelay(backOff(md.NumDelivered))
	}
}

// OutboxPending counts the items of OUTBOX that have no verdict yet, of all
// accounts.
func (j *Journal) OutboxPending(ctx context.Context) (int, error) {
	ctx, cancel := j.bounded(ctx)
	defer cancel()
	info, err := j.streams[j.names.outbox()].Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("counting OUTBOX: %w: %w", ErrUnavailable, err)
	}
	return int(info.State.Msgs), nil //nolint:gosec // far below the limit of int
}
