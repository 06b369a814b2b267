package slack

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"stagecoach/channels"
)

// run is one Receive.
type run struct {
	a   *Adapter
	src channels.Source
	me  *self

	group *errgroup.Group
	// ours are the configured channels by id.
	ours map[string]bool
	// root is the account as a whole: it says since when it is connected, and takes
	// what can't be put into a conversation.
	root *conv
	// turns bounds how many deliveries there are at once; patient, those that may take
	// long; filing, those that hold files in memory. asked finds out of a thread
	// whether we take part in it.
	turns, patient, filing chan struct{}
	asked                  singleflight.Group

	mu    sync.Mutex
	convs map[string]*conv
	// listed are the conversations that were there when the socket stood; complete
	// tells that all of them could be listed.
	listed   map[string]bool
	complete bool
	// wasComplete is complete as it was before hold.
	wasComplete bool
	// wanted are conversations whose history is to be read; all of them where
	// everything is true. wake tells of it.
	wanted     []*conv
	everything bool
	wake       chan struct{}
	// resumed tells that the account was connected before; round counts how often
	// all were wanted again; held and heldBytes are the events that wait for a
	// history, and their size.
	resumed                bool
	round, held, heldBytes int
	// flights are the deliveries under way; tails the last one of each sender and
	// conversation.
	flights map[string]*flight
	tails   map[string]chan struct{}
	// failed tells that a delivery has failed: the run ends.
	failed atomic.Bool
	// stirred are the conversations whose bookmarks may go forward; dirty tells of
	// it.
	stirred map[*conv]bool
	dirty   chan struct{}
}

// How many deliveries there are at once, how many of those that wait for Slack's
// answer or for files, and for how many messages files are in memory: up to 40 MB
// each, some times over.
const (
	delivering  = 64
	mostPatient = 1024
	mostFiling  = 3
)

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
	r := &run{
		a: a, src: src, me: me, ours: map[string]bool{}, turns: make(chan struct{}, delivering),
		patient: make(chan struct{}, mostPatient), filing: make(chan struct{}, mostFiling), convs: map[string]*conv{}, listed: map[string]bool{}, wake: make(chan struct{}, 1),
		flights: map[string]*flight{}, tails: map[string]chan struct{}{}, stirred: map[*conv]bool{}, dirty: make(chan struct{}, 1), everything: true,
	}
	if err := r.openRoot(ctx); err != nil {
		return err
	}
	if err := r.findOurs(ctx); err != nil {
		return err
	}
	group, inner := errgroup.WithContext(ctx)
	r.group = group
	group.Go(func() error {
		first, err := r.connect(inner)
		if err != nil {
			return err
		}
		channels.Connected(src, r.root.mark.Source)
		group.Go(func() error { return r.catchUp(inner) })
		group.Go(func() error { return r.advancing(inner) })
		return r.keep(inner, first)
	})
	err = group.Wait()
	if err == nil {
		err = errors.New("the web socket ended")
	}
	return err
}

// sourceName names a conversation of the account.
func (a *Adapter) sourceName(place string) string { return "slack/" + a.cfg.Account + "/" + place }

const rootPlace = "events"

// openRoot finds since when the account is connected: nothing older becomes a
// contact. The moment is Slack's where the clocks differ.
func (r *run) openRoot(ctx context.Context) error {
	source := r.a.sourceName(rootPlace)
	mark, known, err := r.src.Bookmark(ctx, source)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	if !known {
		mark = channels.Bookmark{Source: source, Since: now.Add(r.me.ahead)}
	}
	r.resumed = known
	mark.Position = place{}.String()
	mark.At = now
	if err := r.src.Advance(ctx, mark); err != nil {
		return err
	}
	r.root = &conv{id: rootPlace, mark: mark, root: true}
	return nil
}

// findOurs makes ids of the configured channels. One that the app isn't in is
// told, and doesn't keep the others from being read.
func (r *run) findOurs(ctx context.Context) error {
	var names []string
	for _, name := range r.a.cfg.Channels {
		if looksLikeID(name) {
			r.ours[name] = true
		} else {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	all, err := r.a.conversations(ctx, r.me, []string{"public_channel", "private_channel"})
	if err != nil {
		return err
	}
	byName := map[string]string{}
	for _, c := range all {
		byName[c.Name] = c.ID
	}
	for _, name := range names {
		if id := byName[name]; id != "" {
			r.ours[id] = true
			channels.Troubled(r.src, r.a.sourceName("#"+name), nil)
			continue
		}
		channels.Troubled(r.src, r.a.sourceName("#"+name), r.a.failure(opFetch, channels.Rejected, "not_in_channel",
			"the app isn't in the channel #"+shown(name, 80)+": write /invite @"+r.a.ownName()+" there"+private(r.me), nil))
	}
	return nil
}

// looksLikeID tells an id from a name: names have no capitals.
func looksLikeID(s string) bool {
	return validID(s) && len(s) >= 8 && (s[0] == 'C' || s[0] == 'G' || s[0] == 'D')
}

// conv gives a conversation, with its bookmark.
func (r *run) conv(ctx context.Context, id, kind string) (*conv, error) {
	r.mu.Lock()
	c := r.convs[id]
	r.mu.Unlock()
	if c != nil {
		return c, nil
	}
	source := r.a.sourceName(id)
	mark, known, err := r.src.Bookmark(ctx, source)
	if err != nil {
		return nil, err
	}
	if !known {
		mark = channels.Bookmark{Source: source, Since: r.root.mark.Since}
	}
	fresh := &conv{
		id: id, kind: r.a.kindOf(ctx, id, kind), mark: mark, place: readPlace(mark.Position),
		read: make(chan struct{}), open: map[string]int{}, done: map[string]bool{},
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.convs[id]; c != nil {
		return c, nil
	}
	r.convs[id] = fresh
	if r.complete && !r.listed[id] && !known {
		fresh.caught = true // it began after the socket stood: all of it came there
	} else {
		r.want(fresh)
	}
	return fresh, nil
}

// want has the history of a conversation read. r.mu is held.
func (r *run) want(c *conv) {
	r.wanted = append(r.wanted, c)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// hold stops all bookmarks while it isn't known whether something is missed.
func (r *run) hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wasComplete, r.complete = r.complete, false
	for _, c := range r.convs {
		c.freeze(true)
	}
}

// release lets the bookmarks go on where nothing was missed; else all histories are
// read once more, from where the bookmarks stopped.
func (r *run) release(missed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.convs {
		c.freeze(false)
		if !missed {
			r.stirred[c] = true
			continue
		}
		c.mu.Lock()
		c.again()
		c.mu.Unlock()
	}
	if missed {
		r.round++
		r.everything = true
	} else {
		r.complete = r.wasComplete
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
