package bluesky

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/channels"
)

// run is one Receive.
type run struct {
	a   *Adapter
	src channels.Source
	me  *session

	notes *list
	late  *lateBook
	// gone is what was deleted, watching what may be.
	gone     *list
	watching []watched
	places   []*list
	// read is a Unix time in milliseconds before which all notifications were read
	// by this run.
	read int64
	// chat is nil where direct messages aren't read.
	chat *list
	// chatTold tells that it was said why direct messages can't be read.
	chatTold bool
}

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
	me, err := a.session(ctx, opLogin)
	if err != nil {
		return err
	}
	r := &run{a: a, src: src, me: me}
	if err := r.open(ctx); err != nil {
		return err
	}
	channels.Connected(src, r.notes.mark.Source)
	return r.loop(ctx)
}

// sourceName names a place of the account.
func (a *Adapter) sourceName(place string) string { return "bluesky/" + a.cfg.Account + "/" + place }

// open finds how far each place was read; a new one begins now.
func (r *run) open(ctx context.Context) error {
	var err error
	if r.notes, err = r.openList(ctx, "notifications"); err != nil {
		return err
	}
	if err := r.beginNotes(ctx); err != nil {
		return err
	}
	late, err := r.openList(ctx, "notifications#late")
	if err != nil {
		return err
	}
	r.late = readLate(late)
	if r.gone, err = r.openList(ctx, "notifications#deleted"); err != nil {
		return err
	}
	if !r.a.cfg.NoMessages {
		if r.chat, err = r.openList(ctx, "messages"); err != nil {
			return err
		}
		if err := r.beginChat(ctx); err != nil {
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
	l.counting, l.isNew = nil, false
	return nil
}

// refusedChatInterval is how often direct messages are tried where the account has
// no access to them.
const refusedChatInterval = 10 * time.Minute

// task is one thing that is asked for from time to time.
type task struct {
	every time.Duration
	do    func(ctx context.Context) error
	next  time.Time
}

func (r *run) tasks() []*task {
	cfg := r.a.cfg
	all := []*task{{every: cfg.PollInterval, do: r.poll}, {every: cfg.LateInterval, do: r.lookBack}, {every: cfg.WatchInterval, do: r.watch}}
	if r.chat != nil {
		all = append(all, &task{every: cfg.MessageInterval, do: r.pollChat})
	}
	if len(r.places) > 0 {
		all = append(all, &task{every: cfg.ListenInterval, do: r.listen})
	}
	return all
}

// loop asks until ctx or the link ends.
func (r *run) loop(ctx context.Context) error {
	tasks := r.tasks()
	shortest := slices.MinFunc(tasks, func(a, b *task) int { return cmp.Compare(a.every, b.every) }).every
	tick := time.NewTicker(max(time.Millisecond, shortest))
	defer tick.Stop()
	for {
		for _, t := range tasks {
			if time.Now().Before(t.next) {
				continue
			}
			if err := t.do(ctx); err != nil {
				return err
			}
			t.next = time.Now().Add(t.every)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// delivering is how many senders' items are delivered beside each other, and
// passedKept how many items are remembered so as not to be delivered again by
// this process.
const (
	delivering = 8
	passedKept = 8192
)

// handOver delivers items, those of one sender in their order, and counts them. It
// returns when all is stored, or with the first error.
func (r *run) handOver(ctx context.Context, l *list, items []item) error {
	var order []string
	bySender := map[string][]item{}
	for _, it := range items {
		if _, ok := bySender[it.sender]; !ok {
			order = append(order, it.sender)
		}
		bySender[it.sender] = append(bySender[it.sender], it)
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(delivering)
	for _, sender := range order {
		group.Go(func() error {
			for _, it := range bySender[sender] {
				if err := r.handOne(inner, l, it); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, it := range items {
		if counted, _ := r.a.passed.Get(it.id); !counted && !it.late && !slices.Contains(l.counting, it.id) {
			l.mark.Seen++
			l.counting = append(l.counting, it.id)
		}
	}
	return nil
}

func (r *run) handOne(ctx context.Context, l *list, it item) error {
	if r.a.passed.Contains(it.id) {
		return nil
	}
	if pictures := it.env.pictures(); len(pictures) > 0 {
		done, err := r.a.files.Turn(ctx)
		if err != nil {
			return err
		}
		defer done()
		r.a.fetchFiles(ctx, it.env, pictures)
	}
	in, err := r.a.inbound(l.mark.Source, it)
	if err != nil {
		return err
	}
	if err := r.src.Deliver(ctx, in); err != nil {
		return err
	}
	r.a.passed.Add(it.id, false)
	return nil
}
