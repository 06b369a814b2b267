package webchat

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/channels"
	"stagecoach/contact"
)

// run is one Receive: what is open while it goes on.
type run struct {
	a     *Adapter
	store *store
	src   channels.Source
	// ended is closed when Receive is to end, so that streams close.
	ended <-chan struct{}
	// news says that a message is stored which is to be delivered.
	news    chan struct{}
	flights sync.WaitGroup
	holds   holds
	// heavy are the turns of messages whose files are in memory until they are
	// delivered.
	heavy chan struct{}
	progress
}

// How messages are delivered: one visitor's in order, others' beside them.
const (
	workers    = 16
	pumpBatch  = 64
	pollEvery  = time.Second
	idleReport = 10 * time.Second

	heavyAtOnce  = 2
	heavyBytes   = 256 << 10
	firstRetry   = 100 * time.Millisecond
	longestRetry = 5 * time.Second
)

// Receive implements channels.Receiver: visitors are served until ctx ends, and
// what they wrote is delivered from the bookmark on.
func (a *Adapter) Receive(ctx context.Context, src channels.Source) error {
	store, done, err := a.keeper.use(ctx)
	if err != nil {
		return a.failure("open", channels.Unavailable, "the conversations can't be read", err)
	}
	defer done()
	if err := a.keepUsers(ctx, store); err != nil {
		return a.failure("open", channels.Unavailable, "", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	this := &run{a: a, store: store, src: src, ended: ctx.Done(), news: make(chan struct{}, 1), heavy: make(chan struct{}, heavyAtOnce)}
	if err := this.start(ctx); err != nil {
		return a.unlessEnded(ctx, "receive", err)
	}
	if !a.begin(this) {
		return a.failure("receive", channels.Malformed, "this account is being received already", nil)
	}
	channels.Connected(src, a.source())
	err = this.work(ctx)
	cancel() // streams and requests that wait go home
	a.mu.Lock()
	a.run = nil
	a.mu.Unlock()
	this.clear()
	return err
}

// clear waits for the requests that are being served: they are told, and after a
// moment their connections are cut.
func (u *run) clear() {
	done := make(chan struct{})
	go func() {
		u.flights.Wait()
		close(done)
	}()
	grace := time.NewTimer(endGrace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
		u.holds.cut()
		<-done
	}
}

func (a *Adapter) unlessEnded(ctx context.Context, op string, err error) error {
	if err == nil || ctx.Err() != nil {
		return nil //nolint:nilerr // the end of ctx is how receiving ends
	}
	if _, ok := errors.AsType[*channels.Error](err); ok {
		return err
	}
	return a.failure(op, channels.Unavailable, "", err)
}

func (a *Adapter) begin(this *run) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.run != nil {
		return false
	}
	a.run = this
	return true
}

// board gives the Receive that runs, which waits until its flights.Done is
// called; nil if none runs.
func (a *Adapter) board() *run {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.run != nil {
		a.run.flights.Add(1)
	}
	return a.run
}

// start finds from where on to deliver. What was never confirmed to a browser is
// delivered also where the bookmark is lost.
func (u *run) start(ctx context.Context) error {
	mark, known, err := u.src.Bookmark(ctx, u.a.source())
	if err != nil {
		return fmt.Errorf("reading the bookmark: %w", err)
	}
	last, confirmed, err := u.store.ends(ctx)
	if err != nil {
		return err
	}
	from, ok := u.store.after(mark.Position)
	if !known || !ok {
		from = confirmed
	}
	from = min(from, last)
	if !known {
		mark = channels.Bookmark{Source: u.a.source(), Since: u.a.now()}
	}
	u.begin(from, mark)
	return u.note(ctx)
}

// work delivers until ctx ends, nil then.
func (u *run) work(ctx context.Context) error {
	group, inner := errgroup.WithContext(ctx)
	var shards [workers]chan inbound
	for i := range shards {
		shards[i] = make(chan inbound, 4)
		group.Go(func() error { return u.deliver(inner, shards[i]) })
	}
	group.Go(func() error { return u.pump(inner, &shards) })
	group.Go(func() error { return u.report(inner) })
	group.Go(func() error { return u.mails(inner) })
	group.Go(func() error { return u.keepHouse(inner) })
	return u.a.unlessEnded(ctx, "receive", group.Wait())
}

// pump hands what is stored to the workers, in order.
func (u *run) pump(ctx context.Context, shards *[workers]chan inbound) error {
	tick := time.NewTicker(pollEvery) // another process may write too
	defer tick.Stop()
	for cursor := u.from(); ; {
		batch, err := u.store.inboundAfter(ctx, cursor, pumpBatch)
		if err != nil {
			return err
		}
		for _, in := range batch {
			u.expect(in.seq)
			cursor = in.seq
			h := fnv.New32a()
			_, _ = h.Write([]byte(in.visitor))
			select {
			case shards[h.Sum32()%workers] <- in:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if len(batch) == pumpBatch {
			continue
		}
		select {
		case <-u.news:
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// deliver delivers one shard's messages, one after the other.
func (u *run) deliver(ctx context.Context, shard <-chan inbound) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case in := <-shard:
			if err := u.deliverOne(ctx, in); err != nil {
				return err
			}
			u.delivered(in.seq)
		}
	}
}

// deliverOne delivers a message until it is stored. While that fails visitors are
// still served: answers reach them, and what they write is kept unconfirmed.
func (u *run) deliverOne(ctx context.Context, in inbound) error {
	if in.size > heavyBytes {
		select {
		case u.heavy <- struct{}{}:
			defer func() { <-u.heavy }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	item, err := u.item(ctx, in)
	if err != nil {
		return err
	}
	for wait := firstRetry; ; wait = min(2*wait, longestRetry) {
		err := u.src.Deliver(ctx, item)
		if err == nil && wait > firstRetry {
			channels.Troubled(u.src, u.a.source(), nil)
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		u.a.log.WarnContext(ctx, "a message could not be stored, it is tried again", "err", err)
		channels.Troubled(u.src, u.a.source(), fmt.Errorf("what visitors write can't be stored, and is tried again: %w", err))
		pause := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

// item makes the original of a stored message.
func (u *run) item(ctx context.Context, in inbound) (*channels.Inbound, error) {
	raw, err := u.store.original(ctx, in)
	if err != nil {
		return nil, err
	}
	return &channels.Inbound{
		Schema: channels.InboundSchema, Kind: channels.Fresh, Channel: contact.WebChat, Account: u.a.cfg.Account,
		Source: u.a.source(), Position: u.store.position(in.seq), ProviderID: in.providerID, Sender: in.visitor,
		ReceivedAt: millis(in.at), Format: format, Raw: raw, Size: int64(len(raw)),
	}, nil
}

// report keeps the bookmark: once a second while busy, now and then while idle.
func (u *run) report(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	told := u.a.now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if !u.moved() && u.a.now().Sub(told) < idleReport {
			continue
		}
		told = u.a.now()
		if err := u.note(ctx); err != nil {
			return err
		}
	}
}

// note records how far all is delivered, with the daemon and with ourselves.
func (u *run) note(ctx context.Context) error {
	mark, low := u.mark(u.a.now())
	mark.Position = u.store.position(low)
	if err := u.store.confirm(ctx, low); err != nil {
		return err
	}
	if err := u.src.Advance(ctx, mark); err != nil {
		return fmt.Errorf("keeping the bookmark: %w", err)
	}
	return nil
}

// List implements channels.Lister.
func (a *Adapter) List(ctx context.Context, after channels.Bookmark, yield func(position string, received time.Time) bool) error {
	store, done, err := a.keeper.use(ctx)
	if err != nil {
		return a.failure("list", channels.Unavailable, "the conversations can't be read", err)
	}
	defer done()
	cursor, ok := store.after(after.Position)
	if !ok {
		cursor = 0
	}
	for {
		batch, err := store.inboundAfter(ctx, cursor, pumpBatch)
		if err != nil {
			return a.failure("list", channels.Unavailable, "", err)
		}
		for _, in := range batch {
			cursor = in.seq
			if !yield(store.position(in.seq), millis(in.at)) {
				return nil
			}
		}
		if len(batch) < pumpBatch {
			return nil
		}
	}
}
