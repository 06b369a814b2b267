package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"stagecoach/channels"
)

// Bounds of reading histories.
const (
	pageSize   = 200
	lookBack   = 100
	mostPages  = 500
	mostInHand = 10000
)

// overlap is how far before a bookmark a history is read: what Slack hands over
// late, behind newer ones that were stored, may lie there.
const overlap = 10 * time.Minute

// How long it is waited where Slack fails at a history, at first and at most.
const (
	firstPauseOfHistory   = 15 * time.Second
	longestPauseOfHistory = 10 * time.Minute
)

// catchUp reads what was said while no socket stood: at first everywhere, then
// where it turns out to be needed.
func (r *run) catchUp(ctx context.Context) error {
	for {
		c, everything, round := r.nextWanted()
		var err error
		switch {
		case everything:
			if err = r.findAll(ctx); passing(err) {
				r.a.log.WarnContext(ctx, "the conversations can't be listed now", "err", err)
				r.later(ctx, r.a.pause, func() { r.everything = true })
				err = nil
			}
		case c != nil:
			err = r.catchUpOne(ctx, c, round)
		default:
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-r.wake:
			}
		}
		if err != nil {
			return err
		}
	}
}

// nextWanted gives the conversation whose history is to be read next: one for which
// events wait, or else the first; or tells that all are to be listed.
func (r *run) nextWanted() (c *conv, everything bool, round int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.everything {
		r.everything = false
		return nil, true, r.round
	}
	r.wanted = slices.DeleteFunc(r.wanted, (*conv).isCaught)
	if len(r.wanted) == 0 {
		return nil, false, r.round
	}
	at := max(0, slices.IndexFunc(r.wanted, (*conv).isAwaited))
	c = r.wanted[at]
	r.wanted = slices.Delete(r.wanted, at, at+1)
	return c, false, r.round
}

// catchUpOne reads the history of one conversation from its bookmark on. One that
// can't be read is told, and keeps no other from being read.
func (r *run) catchUpOne(ctx context.Context, c *conv, round int) error {
	source := r.a.sourceName(c.id)
	last, err := r.readHistory(ctx, c)
	switch {
	case err == nil:
		c.pass(last)
		channels.Troubled(r.src, source, nil)
	case unreachable(err):
		if r.ours[c.id] || direct(c.kind) {
			channels.Troubled(r.src, source, err)
		}
		r.a.log.WarnContext(ctx, "the history of a conversation can't be read", "conversation", c.id, "err", err)
	case passing(err):
		channels.Troubled(r.src, source, err)
		r.a.log.WarnContext(ctx, "the history of a conversation can't be read now", "conversation", c.id, "err", err)
		c.failures++
		r.later(ctx, min(r.a.pause<<min(c.failures-1, 10), longestPauseOfHistory), func() { r.wanted = append(r.wanted, c) })
		return nil
	default:
		return err
	}
	c.failures = 0
	if err := r.letGo(ctx, c, func() { c.caught = r.round == round }); err != nil {
		return err
	}
	r.stir(c)
	return nil
}

// unreachable reports whether an error concerns one conversation, or a scope that
// is missing, rather than the link.
func unreachable(err error) bool {
	typed, ok := errors.AsType[*channels.Error](err)
	return ok && (typed.Reason == channels.Rejected || typed.Reason == channels.Malformed ||
		typed.Code == "missing_scope" || typed.Code == "access_denied")
}

// passing reports whether Slack fails at one call, though it answers: that says
// nothing against the link.
func passing(err error) bool {
	typed, ok := errors.AsType[*channels.Error](err)
	return ok && typed.Code != "" && (typed.Reason == channels.Unavailable || typed.Reason == channels.Unknown)
}

// later does something after a pause, and has the histories looked at. r.mu is held
// for that.
func (r *run) later(ctx context.Context, pause time.Duration, do func()) {
	r.group.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		do()
		select {
		case r.wake <- struct{}{}:
		default:
		}
		return nil
	})
}

// entry is a message of a history.
type entry struct {
	m   *message
	raw json.RawMessage
}

// reading is what one look at the history of a conversation has found.
type reading struct {
	// mark is the bookmark, from where the reading begins: some time before.
	mark, from string
	entries    []entry
	edits      []entry
	// threads are those that may have something new.
	threads map[string]bool
	// shown are the messages outside of threads that are there, and that are
	// deleted and leave a trace (true); first and last are the earliest and the
	// latest, and whole tells that there is nothing before.
	shown       map[string]bool
	first, last string
	whole       bool
	// gone are messages taken earlier that aren't there any more.
	gone []taken
}

// readHistory delivers what came after the bookmark: messages, answers in threads,
// and what became of messages before it. It gives the latest message outside of
// threads.
func (r *run) readHistory(ctx context.Context, c *conv) (last string, err error) {
	h := &reading{threads: map[string]bool{}, shown: map[string]bool{}}
	h.mark, h.from = c.from()
	_, err = r.history(ctx, c.id, url.Values{"oldest": {h.from}, "inclusive": {"true"}}, mostPages, func(m *message, raw json.RawMessage) bool {
		h.entries = append(h.entries, entry{m, raw})
		h.note(m, c)
		if len(h.entries) >= mostInHand {
			r.deliverAll(ctx, c, h)
		}
		return ctx.Err() == nil
	})
	// Where we were before, somebody may have named us in a thread that is older.
	if err == nil && (c.hasPlace() || r.resumed && !direct(c.kind)) {
		err = r.readBefore(ctx, c, h)
	}
	if err == nil {
		err = r.readThreads(ctx, c, h)
	}
	if err != nil {
		return "", err
	}
	for _, e := range h.edits {
		if t, v := r.judgeEdited(c, e.m); v == take {
			r.deliverEntry(ctx, t, e.raw)
		}
	}
	r.deliverAll(ctx, c, h)
	if err := r.deliverGone(ctx, c, h); err != nil {
		return "", err
	}
	return h.last, ctx.Err()
}

// note takes down what a message outside of threads tells.
func (h *reading) note(m *message, c *conv) {
	h.shown[m.TS] = m.Subtype == tombstone
	if h.first == "" || compareTS(m.TS, h.first) < 0 {
		h.first = m.TS
	}
	if compareTS(m.TS, h.last) > 0 {
		h.last = m.TS
	}
	// An answer that isn't there any more may have been the latest.
	if m.ReplyCount > 0 && compareTS(m.LatestReply, h.from) > 0 || compareTS(m.LatestReply, c.latestIn(m.TS)) < 0 {
		h.threads[m.TS] = true
	}
}

// readBefore looks at what lies before, one page: edits since, deletions, and
// threads that have gone on. Of older threads the ones that the bookmark knows are
// looked at.
func (r *run) readBefore(ctx context.Context, c *conv, h *reading) error {
	query := url.Values{"latest": {h.from}, "inclusive": {"true"}, "limit": {strconv.Itoa(lookBack)}}
	more, err := r.history(ctx, c.id, query, 1, func(m *message, raw json.RawMessage) bool {
		h.note(m, c)
		h.edited(m, raw)
		return true
	})
	if err != nil {
		return err
	}
	h.whole = !more
	for _, thread := range c.threads() {
		if _, shown := h.shown[thread]; !shown {
			h.threads[thread] = true
		}
	}
	return nil
}

// since reports whether an edit was made after the bookmark.
func (h *reading) since(e *edited) bool {
	return e != nil && validTS(e.TS) && compareTS(e.TS, h.mark) > 0
}

// edited takes down an edit of what lies before.
func (h *reading) edited(m *message, raw json.RawMessage) {
	if h.since(m.Edited) {
		h.edits = append(h.edits, entry{m, raw})
	}
}

// readThreads reads the threads that may have something new: answers, edits of
// earlier ones, and what isn't there any more.
func (r *run) readThreads(ctx context.Context, c *conv, h *reading) error {
	for thread := range h.threads {
		there, first := map[string]bool{}, ""
		oldest := h.from
		if known := c.earliestIn(thread); known != "" && compareTS(known, oldest) < 0 {
			oldest = beside(known, -time.Microsecond)
		}
		err := r.replies(ctx, c.id, thread, oldest, func(m *message, raw json.RawMessage) bool {
			there[m.TS] = m.Subtype != tombstone
			if first == "" || compareTS(m.TS, first) < 0 {
				first = m.TS
			}
			if compareTS(m.TS, h.from) > 0 {
				h.entries = append(h.entries, entry{m, raw})
			} else {
				h.edited(m, raw)
			}
			return ctx.Err() == nil
		})
		if err != nil && codeOf(err) != "thread_not_found" {
			return err
		}
		h.gone = append(h.gone, r.missing(c, first, func(t taken) bool { return t.thread == thread && !there[t.ts] })...)
	}
	return nil
}

// deliverAll delivers the messages in hand, the oldest first. Of one that is known
// an edit since is delivered.
func (r *run) deliverAll(ctx context.Context, c *conv, h *reading) {
	entries := h.entries
	h.entries = nil
	slices.SortStableFunc(entries, func(a, b entry) int { return compareTS(a.m.TS, b.m.TS) })
	for _, e := range entries {
		t, v := r.judgeMessage(c, e.m)
		if v == take && (r.a.passed.Contains(t.id) || c.took(e.m.TS)) {
			c.begin(t.position) // it counts for the bookmark, which may not have passed it
			c.end(t.position, true)
			if !h.since(e.m.Edited) {
				continue
			}
			t, v = r.judgeEdited(c, e.m)
		}
		if v == take {
			r.deliverEntry(ctx, t, e.raw)
		}
	}
}

func (r *run) deliverEntry(ctx context.Context, t *task, raw json.RawMessage) {
	t.env.Kind, t.env.Event = kindHistory, raw
	// An error is that of ctx: the run ends.
	_ = r.dispatch(ctx, t, func() {})
}
