package mastodon

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"stagecoach/channels"
)

// run is one Receive.
type run struct {
	a   *Adapter
	src channels.Source
	me  *self

	notes    *list
	places   []*list
	watching *list
	own      *list
	// app is the name of our token's application.
	app string
	// limit is how many notifications are asked for at once; polls counts the
	// asking.
	limit int
	polls int
	// edits wakes the look at recent messages, wake that at notifications.
	wake, edits chan struct{}
	// wakes and looks bound how often these are heeded: a post that many boost, or
	// a busy home timeline, would use up what the server allows (300 calls in 5
	// minutes, https://docs.joinmastodon.org/api/rate-limits/).
	wakes, looks *rate.Limiter
}

// How often the stream is heeded in the long run, and how often at once.
const (
	wakeEvery, wakeBurst = 2 * time.Second, 10
	lookEvery, lookBurst = 20 * time.Second, 3
)

// list is a source with how far it was read.
type list struct {
	mark  channels.Bookmark
	place *place
	// counting are the items that the next bookmark counts for the first time.
	counting []string
	// isNew tells that it has never been read.
	isNew bool
	// listening is what is looked for there, nil for notifications.
	listening *listening
	// notBefore is until when the server wants to be left alone there.
	notBefore time.Time
}

// leave notes how long the server wants to be left alone, where it has said so.
func (l *list) leave(err error) {
	if typed, ok := errors.AsType[*channels.Error](err); ok && typed.RetryAfter > 0 {
		l.notBefore = time.Now().Add(typed.RetryAfter)
	}
}

// due reports whether the place may be read again.
func (l *list) due() bool { return !time.Now().Before(l.notBefore) }

// Receive implements channels.Receiver.
func (a *Adapter) Receive(ctx context.Context, src channels.Source) error {
	err := a.receive(ctx, src)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end of ctx is how receiving ends
	}
	return err
}

func (a *Adapter) receive(ctx context.Context, src channels.Source) error {
	me, err := a.login(ctx, opLogin)
	if err != nil {
		return err
	}
	about, err := a.learn(ctx, opLogin)
	if err != nil {
		a.log.WarnContext(ctx, "the server tells nothing of itself: its limits are taken for Mastodon's", "err", err)
		about = a.about()
	}
	r := &run{
		a: a, src: src, me: me, limit: pageSize, wake: make(chan struct{}, 1), edits: make(chan struct{}, 1),
		wakes: rate.NewLimiter(rate.Every(wakeEvery), wakeBurst), looks: rate.NewLimiter(rate.Every(lookEvery), lookBurst),
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	channels.Connected(src, r.notes.mark.Source)
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	if !a.cfg.NoStreaming {
		wg.Go(func() { a.stream(ctx, about, r.wake, r.edits) })
	}
	return r.loop(ctx)
}

// sourceName names a place of the account.
func (a *Adapter) sourceName(place string) string { return "mastodon/" + a.cfg.Account + "/" + place }

// open finds how far each place was read; a new one begins now.
func (r *run) open(ctx context.Context) error {
	var err error
	if r.notes, err = r.openList(ctx, "notifications"); err != nil {
		return err
	}
	if r.watching, err = r.openList(ctx, "notifications#watched"); err != nil {
		return err
	}
	if r.own, err = r.openList(ctx, "sent"); err != nil {
		return err
	}
	r.app = r.a.application(ctx)
	r.a.watched.restore(r.watching.mark.Position)
	if r.notes.isNew {
		if err := r.begin(ctx); err != nil {
			return err
		}
	}
	for _, l := range r.a.listenings() {
		place, err := r.openList(ctx, l.place)
		if err != nil {
			return err
		}
		place.listening = &l
		r.places = append(r.places, place)
	}
	return nil
}

func (r *run) openList(ctx context.Context, name string) (*list, error) {
	source := r.a.sourceName(name)
	mark, known, err := r.src.Bookmark(ctx, source)
	if err != nil {
		return nil, err
	}
	if !known {
		mark = channels.Bookmark{Source: source, Since: time.Now().UTC()}
	}
	return &list{mark: mark, place: readPlace(mark.Position), isNew: !known}, nil
}

// advance records how far l was read; all of it is delivered.
func (r *run) advance(ctx context.Context, l *list, position string) error {
	l.mark.Position, l.mark.At = position, time.Now().UTC()
	if err := r.src.Advance(ctx, l.mark); err != nil {
		return err
	}
	for _, id := range l.counting {
		r.a.passed.Add(id, true)
	}
	l.counting = nil
	return nil
}

// loop asks until ctx or the link ends.
func (r *run) loop(ctx context.Context) error {
	var nextListen, nextWatch time.Time
	poll := time.NewTicker(r.a.cfg.PollInterval)
	defer poll.Stop()
	for {
		if err := r.poll(ctx); err != nil {
			return err
		}
		if now := time.Now(); !now.Before(nextListen) && len(r.places) > 0 {
			if err := r.listen(ctx); err != nil {
				return err
			}
			nextListen = time.Now().Add(r.a.cfg.ListenInterval)
		}
		if now := time.Now(); !now.Before(nextWatch) {
			if err := r.aside(ctx, r.watching, r.watch); err != nil {
				return err
			}
			if err := r.aside(ctx, r.own, r.readOwn); err != nil {
				return err
			}
			nextWatch = time.Now().Add(r.a.cfg.WatchInterval)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.edits:
			if r.looks.Allow() {
				nextWatch = time.Time{}
			}
		case <-r.wake:
			if err := r.wakes.Wait(ctx); err != nil {
				return err
			}
		case <-poll.C:
		}
	}
}

// aside reads one of the lesser things: a server that can't or won't give it is
// told, and messages come all the same. A lost link is lost for all.
func (r *run) aside(ctx context.Context, l *list, read func(context.Context) error) error {
	if !l.due() {
		return nil
	}
	err := read(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, theirs := errors.AsType[*channels.Error](err)
	if _, lost := errors.AsType[*lostError](err); err != nil && (lost || !theirs) {
		return err
	}
	l.leave(err)
	channels.Troubled(r.src, l.mark.Source, err)
	return nil
}
