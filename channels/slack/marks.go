package slack

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"stagecoach/channels"
)

// place is how far a conversation was read: its newest message, or change of one,
// the threads in it where something may still be said, and the messages taken last,
// by which deletions are noticed.
type place struct {
	TS      string   `json:"ts,omitempty"`
	Threads []string `json:"threads,omitempty"`
	Taken   []taken  `json:"taken,omitempty"`
}

// threadsInPlace is how many threads a bookmark remembers.
const threadsInPlace = 30

func (p place) String() string {
	out, err := json.Marshal(p)
	if err != nil {
		return "{}" // strings always can be written
	}
	return string(out)
}

func readPlace(position string) place {
	var p place
	if json.Unmarshal([]byte(position), &p) != nil || p.TS != "" && !validTS(p.TS) {
		return place{}
	}
	p.Taken = slices.DeleteFunc(p.Taken, func(t taken) bool { return t.ts == "" })
	return p
}

// conv is a conversation with its bookmark.
type conv struct {
	id, kind string
	root     bool

	mu    sync.Mutex
	mark  channels.Bookmark
	place place
	// caught tells that what its history had is being delivered or was, and closes
	// read: before, the bookmark stands still, and events are held, for as long as
	// nobody is tired of that.
	caught, tired bool
	read          chan struct{}
	held          []*waiting
	// frozen tells that something may have been missed: it stands still, too.
	frozen bool
	// open counts what is being delivered at a ts; done are those that were, after
	// the bookmark.
	open map[string]int
	done map[string]bool
	// failures counts how often in a row its history couldn't be read; it is of the
	// one goroutine that reads them.
	failures int
	// ignored is the latest that isn't for us: the bookmark may pass it as well.
	ignored string
	// changed tells that the bookmark remembers another thread.
	changed  bool
	advanced time.Time
}

// from gives how far it was read, and the ts from which on its history is read: some
// time before, where it was read already.
func (c *conv) from() (mark, from string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	since := tsOf(c.mark.Since)
	if c.place.TS == "" {
		return since, since
	}
	from = tsOf(timeOf(c.place.TS).Add(-overlap))
	if compareTS(from, since) < 0 {
		from = since
	}
	if compareTS(from, c.place.TS) > 0 {
		from = c.place.TS
	}
	return c.place.TS, from
}

// since is the ts before which nothing is taken.
func (c *conv) since() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return tsOf(c.mark.Since)
}

func (c *conv) begin(ts string) {
	if c.root {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[ts]++
}

// end notes that what was being delivered at ts is stored, or with false that it
// was none of ours.
func (c *conv) end(ts string, stored bool) {
	if c.root {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[ts]--; c.open[ts] <= 0 {
		delete(c.open, ts)
	}
	switch {
	case stored && compareTS(ts, c.place.TS) > 0:
		c.done[ts] = true
	case !stored && compareTS(ts, c.ignored) > 0:
		c.ignored = ts
	}
}

// pass notes that what there is at ts isn't for us.
func (c *conv) pass(ts string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.root && validTS(ts) && compareTS(ts, c.ignored) > 0 {
		c.ignored = ts
	}
}

// remember keeps a thread in mind, the newest last.
func (c *conv) remember(thread string) {
	if c.root || !validTS(thread) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.place.Threads); n > 0 && c.place.Threads[n-1] == thread {
		return
	}
	threads := slices.DeleteFunc(slices.Clone(c.place.Threads), func(s string) bool { return s == thread })
	threads = append(threads, thread)
	c.place.Threads = threads[max(0, len(threads)-threadsInPlace):]
	c.changed = true
}

func (c *conv) freeze(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen = on
}

// next moves the bookmark up to the last message before which all is stored, and
// gives it; false where it stays. What it passes is counted once, as it never goes
// back.
func (c *conv) next(now time.Time) (channels.Bookmark, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.caught || c.frozen || now.Sub(c.advanced) < time.Second {
		return channels.Bookmark{}, false
	}
	target := ""
	for ts := range c.done {
		if compareTS(ts, target) > 0 && !c.blocked(ts) {
			target = ts
		}
	}
	if target == "" && (!c.changed || c.place.TS == "" || len(c.open) > 0) {
		return channels.Bookmark{}, false
	}
	if target != "" {
		c.place.TS = target
		c.passIgnored()
	}
	for ts := range c.done {
		if compareTS(ts, c.place.TS) <= 0 {
			delete(c.done, ts)
			c.mark.Seen++
		}
	}
	c.changed, c.advanced = false, now
	c.mark.Position, c.mark.At = c.place.String(), now.UTC()
	return c.mark, true
}

// passIgnored moves the bookmark on over what isn't for us. c.mu is held.
func (c *conv) passIgnored() {
	if compareTS(c.ignored, c.place.TS) > 0 && !c.blocked(c.ignored) {
		c.place.TS = c.ignored
	}
}

func (c *conv) blocked(ts string) bool {
	for other := range c.open {
		if compareTS(other, ts) <= 0 {
			return true
		}
	}
	return false
}

// pending reports whether a bookmark may still go forward.
func (c *conv) pending() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.caught && !c.frozen && (len(c.done) > 0 || c.changed && c.place.TS != "" && len(c.open) == 0)
}

// idle gives the bookmark of a quiet conversation, as read up to now, where it was
// told long ago.
func (c *conv) idle(now time.Time) (channels.Bookmark, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.caught || c.frozen || len(c.open)+len(c.done) > 0 || now.Sub(c.mark.At) < idleAge {
		return channels.Bookmark{}, false
	}
	if c.passIgnored(); c.place.TS == "" {
		return channels.Bookmark{}, false
	}
	c.changed = false
	c.mark.Position, c.mark.At = c.place.String(), now.UTC()
	return c.mark, true
}

// How often quiet conversations are told to be read up to now.
const (
	idleEvery = 30 * time.Second
	idleAge   = 5 * time.Minute
	idleMost  = 100
)

// advancing records how far conversations are read, each at most once a second.
func (r *run) advancing(ctx context.Context) error {
	tick := time.NewTicker(idleEvery)
	defer tick.Stop()
	for {
		waiting, err := r.advance(ctx)
		if err != nil {
			return err
		}
		var soon <-chan time.Time
		if waiting {
			soon = time.After(100 * time.Millisecond)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.dirty:
		case <-soon:
		case <-tick.C:
			if err := r.advanceIdle(ctx); err != nil {
				return err
			}
		}
	}
}

// advance records what can be, and reports whether something waits for its second.
func (r *run) advance(ctx context.Context) (waiting bool, err error) {
	r.mu.Lock()
	stirred := r.stirred
	r.stirred = map[*conv]bool{}
	r.mu.Unlock()
	for c := range stirred {
		if mark, ok := c.next(time.Now()); ok {
			if err := r.src.Advance(ctx, mark); err != nil {
				return false, err
			}
		}
		if c.pending() {
			waiting = true
			r.mu.Lock()
			r.stirred[c] = true
			r.mu.Unlock()
		}
	}
	return waiting, nil
}

// stir has the bookmark of a conversation looked at.
func (r *run) stir(c *conv) {
	r.mu.Lock()
	r.stirred[c] = true
	r.mu.Unlock()
	select {
	case r.dirty <- struct{}{}:
	default:
	}
}

func (r *run) advanceIdle(ctx context.Context) error {
	now := time.Now()
	r.root.mark.At = now.UTC()
	marks := []channels.Bookmark{r.root.mark}
	for _, c := range r.all() {
		if len(marks) == idleMost {
			break
		}
		if mark, ok := c.idle(now); ok {
			marks = append(marks, mark)
		}
	}
	for _, mark := range marks {
		if err := r.src.Advance(ctx, mark); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) all() []*conv {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.convs))
}
