package router

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"stagecoach/contact"
	"stagecoach/fault"
)

func sortedKeys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

// hub hands durable commits to those who watch, and replies to the outbox.
type hub struct {
	mu       sync.Mutex
	watchers map[chan *Commit]bool
	outgoing []Reply
	wake     chan struct{}
}

// watchBuffer is how many commits a watcher may lag behind.
const watchBuffer = 1024

func newHub() *hub {
	return &hub{watchers: map[chan *Commit]bool{}, wake: make(chan struct{}, 1)}
}

func (h *hub) watch(ctx context.Context) <-chan *Commit {
	ch := make(chan *Commit, watchBuffer)
	h.mu.Lock()
	h.watchers[ch] = true
	h.mu.Unlock()
	context.AfterFunc(ctx, func() { h.drop(ch) })
	return ch
}

func (h *hub) drop(ch chan *Commit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers[ch] {
		delete(h.watchers, ch)
		close(ch)
	}
}

func (h *hub) send(c *Commit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.watchers {
		select {
		case ch <- c:
		default:
			delete(h.watchers, ch)
			close(ch)
		}
	}
	for i := range c.Entries {
		for _, ev := range c.Entries[i].Events {
			h.collect(c, ev)
		}
	}
}

// collect finds the replies that are to be sent now.
func (h *hub) collect(c *Commit, ev Event) {
	switch e := ev.(type) {
	case ReplyQueued:
		if !e.Reply.Channel.ByHand() && !e.Given && !heldIn(c, e.Reply) {
			h.outgoing = append(h.outgoing, e.Reply)
		}
	case AttemptFailed:
		if e.Again {
			h.outgoing = append(h.outgoing, Reply{ID: e.Reply})
		}
	case OutboundReleased:
		h.outgoing = append(h.outgoing, Reply{ID: e.Reply})
	default:
		return
	}
	h.ring()
}

// heldIn reports whether the commit that queues a reply holds it as well.
func heldIn(c *Commit, r Reply) bool {
	if r.Begins.Purpose == "" {
		return false
	}
	for i := range c.Entries {
		for _, ev := range c.Entries[i].Events {
			if e, ok := ev.(OutboundHeld); ok && e.Reply == r.ID {
				return true
			}
		}
	}
	return false
}

func (h *hub) enqueue(r Reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.outgoing = append(h.outgoing, r)
	h.ring()
}

func (h *hub) ring() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *hub) takeOutgoing() []Reply {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.outgoing
	h.outgoing = nil
	return out
}

// publish hands durable replies to the outbox, in order, until it takes them.
func (e *Engine) publish(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-e.hub.wake:
		}
		for _, r := range e.hub.takeOutgoing() {
			e.publishOne(ctx, r)
		}
	}
}

// publishOne tries until the outbox takes the reply or ctx ends; the next
// takeover publishes what was left.
func (e *Engine) publishOne(ctx context.Context, r Reply) {
	if r.Account == "" { // sent again: the facts are in the state
		err := e.View(ctx, func(s *State) {
			if known := s.Replies[r.ID]; known != nil {
				r = *known
			}
		})
		if err != nil {
			return // the router starts anew, and so does what is queued
		}
	}
	for {
		fault.On(r.Channel, fault.OutboxBeforePublish)
		err := e.outbox.Enqueue(ctx, r)
		if err == nil {
			fault.On(r.Channel, fault.OutboxAfterPublish)
			return
		}
		if context.Cause(ctx) != nil {
			return
		}
		e.logger.ErrorContext(ctx, "the outbox does not take a reply: trying again", "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// presence is the live part of who is there: signs of life and drafts, which
// are not in the log.
type presence struct {
	mu     sync.Mutex
	beats  map[string]time.Time
	drafts map[string]time.Time
	since  time.Time
}

func newPresence() *presence {
	return &presence{beats: map[string]time.Time{}, drafts: map[string]time.Time{}}
}

// begin gives everybody a full interval from now, as their signs were not seen
// while nobody looked.
func (p *presence) begin(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since = now
}

// beat notes a sign of life.
func (p *presence) beat(agent string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beats[agent] = now
}

func (p *presence) draft(contactID string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drafts[contactID] = now
	if len(p.drafts) > 10_000 {
		maps.DeleteFunc(p.drafts, func(_ string, at time.Time) bool { return now.Sub(at) > time.Hour })
	}
}

func (p *presence) draftAt(contactID string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drafts[contactID]
}

// changes gives the commands for who has gone and who is back.
func (p *presence) changes(agents map[string]*Agent, now time.Time, limit time.Duration) (gone, back []Command) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(agents)) {
		a := agents[id]
		last := p.beats[id]
		if last.Before(p.since) {
			last = p.since
		}
		silent := now.Sub(last) >= limit
		switch {
		case works(a.Presence) && silent:
			gone = append(gone, SetPresence{Agent: id, Presence: contact.Unreachable, Cause: "heartbeat"})
		case a.Presence == contact.Unreachable && now.Sub(p.beats[id]) < limit:
			back = append(back, SetPresence{Agent: id, Presence: contact.Available, Cause: "heartbeat"})
		}
	}
	return gone, back
}

// Metrics are counters that any goroutine may read.
type Metrics struct {
	Active  atomic.Bool
	Commits atomic.Uint64
	// Landed counts the commits that became durable.
	Landed      atomic.Uint64
	Events      atomic.Uint64
	CommitNanos atomic.Uint64
	LastCommit  atomic.Int64 // nanoseconds of the last append
	Open        atomic.Uint64
	Waiting     atomic.Int64
	// OldestStart and NextDue are in Unix nanoseconds, 0 for none.
	CommitN atomic.Uint64
}

func (m *Metrics) commit(d time.Duration, events int) {
	m.Commits.Add(1)
	m.Events.Add(uint64(events)) //nolint:gosec // a length
	m.CommitNanos.Add(uint64(max(d, 0)))
	m.LastCommit.Store(int64(d))
}

func (m *Metrics) note(s *State) {
	m.Landed.Add(1)
	m.Open.Store(s.Totals.Open)
	m.Waiting.Store(int64(s.waiting.Len()))
	m.CommitN.Store(s.N)
}
