package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"stagecoach/channels"
)

// Bounds of reading histories.
const (
	pageSize   = 200
	lookBack   = 100
	mostPages  = 500
	mostInHand = 10000
)

// catchUp reads what was said while no socket stood: at first everywhere, then
// where it turns out to be needed.
func (r *run) catchUp(ctx context.Context) error {
	for {
		r.mu.Lock()
		everything, wanted := r.everything, r.wanted
		r.everything, r.wanted = false, nil
		r.mu.Unlock()
		if everything {
			found, err := r.findAll(ctx)
			if err != nil {
				return err
			}
			wanted = append(found, wanted...)
		}
		for _, c := range wanted {
			if err := r.catchUpOne(ctx, c); err != nil {
				return err
			}
		}
		if everything {
			r.a.log.DebugContext(ctx, "histories are read", "conversations", len(wanted))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.wake:
		}
	}
}

// findAll lists the conversations that we are in, those of ours first, then the
// latest read.
func (r *run) findAll(ctx context.Context) ([]*conv, error) {
	var all []conversation
	err := patiently(ctx, func() error {
		var err error
		all, err = r.a.conversations(ctx, r.me, r.a.listable(r.me))
		return err
	})
	if err != nil && !unreachable(err) {
		return nil, err
	}
	complete := err == nil && len(r.a.listable(r.me)) == len(kinds())
	for id := range r.ours {
		if !slices.ContainsFunc(all, func(c conversation) bool { return c.ID == id }) {
			all = append(all, conversation{ID: id, IsPrivate: strings.HasPrefix(id, "G")})
		}
	}
	r.mu.Lock()
	for _, c := range all {
		r.listed[c.ID] = true
	}
	r.mu.Unlock()
	var out []*conv
	for _, found := range all {
		c, err := r.conv(ctx, found.ID, found.kind())
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	r.mu.Lock()
	r.complete, r.wanted = complete, nil
	for _, c := range r.convs {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	r.mu.Unlock()
	slices.SortStableFunc(out, func(a, b *conv) int {
		if ours := boolOrder(r.ours[a.id], r.ours[b.id]); ours != 0 {
			return ours
		}
		return b.mark.At.Compare(a.mark.At)
	})
	return out, nil
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// catchUpOne reads the history of one conversation from its bookmark on. One that
// can't be read is told, and keeps no other from being read.
func (r *run) catchUpOne(ctx context.Context, c *conv) error {
	source := r.a.sourceName(c.id)
	err := r.readHistory(ctx, c)
	switch {
	case err == nil:
		channels.Troubled(r.src, source, nil)
	case unreachable(err):
		if r.ours[c.id] || direct(c.kind) {
			channels.Troubled(r.src, source, err)
		}
		r.a.log.WarnContext(ctx, "the history of a conversation can't be read", "conversation", c.id, "err", err)
	default:
		return err
	}
	c.catchesUp()
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

// entry is a message of a history.
type entry struct {
	m   *message
	raw json.RawMessage
}

// readHistory delivers what came after the bookmark: messages, answers in threads,
// and edits of what lies before it.
func (r *run) readHistory(ctx context.Context, c *conv) error {
	from := c.from()
	var entries []entry
	threads := map[string]bool{}
	note := func(m *message, raw json.RawMessage) bool {
		entries = append(entries, entry{m, raw})
		if m.ReplyCount > 0 && compareTS(m.LatestReply, from) > 0 {
			threads[m.TS] = true
		}
		if len(entries) >= mostInHand {
			r.deliverAll(ctx, c, entries)
			entries = nil
		}
		return ctx.Err() == nil
	}
	if err := r.history(ctx, c.id, url.Values{"oldest": {from}, "inclusive": {"true"}}, mostPages, note); err != nil {
		return err
	}
	if c.known {
		if err := r.readBefore(ctx, c, from, threads); err != nil {
			return err
		}
	}
	for thread := range threads {
		if !r.mayConcern(c, thread, entries) {
			continue
		}
		err := r.replies(ctx, c.id, thread, from, func(m *message, raw json.RawMessage) bool {
			entries = append(entries, entry{m, raw})
			return ctx.Err() == nil
		})
		if err != nil && codeOf(err) != "thread_not_found" {
			return err
		}
	}
	r.deliverAll(ctx, c, entries)
	return ctx.Err()
}

// readBefore looks at what lies before the bookmark, one page: edits since, and
// threads that have gone on. Of older threads the ones that the bookmark knows are
// looked at.
func (r *run) readBefore(ctx context.Context, c *conv, from string, threads map[string]bool) error {
	var edits []entry
	seen := map[string]bool{}
	query := url.Values{"latest": {from}, "inclusive": {"true"}, "limit": {strconv.Itoa(lookBack)}}
	err := r.history(ctx, c.id, query, 1, func(m *message, raw json.RawMessage) bool {
		seen[m.TS] = true
		if m.Edited != nil && validTS(m.Edited.TS) && compareTS(m.Edited.TS, from) > 0 {
			edits = append(edits, entry{m, raw})
		}
		if m.ReplyCount > 0 && compareTS(m.LatestReply, from) > 0 {
			threads[m.TS] = true
		}
		return true
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	for _, thread := range c.place.Threads {
		if !seen[thread] && compareTS(thread, from) <= 0 {
			threads[thread] = true
		}
	}
	c.mu.Unlock()
	for _, e := range edits {
		if t, v := r.judgeEdited(c, e.m); v == take {
			r.deliverEntry(ctx, t, e.raw)
		}
	}
	return nil
}

// mayConcern reports whether a thread may have something for us.
func (r *run) mayConcern(c *conv, thread string, entries []entry) bool {
	if direct(c.kind) || r.ours[c.id] {
		return true
	}
	if known, asked := r.a.threads.Get(c.id + "/" + thread); asked {
		return known
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.place.Threads, thread) || slices.ContainsFunc(entries, func(e entry) bool { return e.m.TS == thread })
}

// deliverAll delivers messages of a history, the oldest first.
func (r *run) deliverAll(ctx context.Context, c *conv, entries []entry) {
	slices.SortStableFunc(entries, func(a, b entry) int { return compareTS(a.m.TS, b.m.TS) })
	for _, e := range entries {
		if t, v := r.judgeMessage(c, e.m); v == take {
			known := r.a.passed.Contains(t.id)
			r.deliverEntry(ctx, t, e.raw)
			if edit, v := r.judgeLate(c, e.m); known && v == take {
				r.deliverEntry(ctx, edit, e.raw)
			}
		}
	}
}

// judgeLate takes the edit of a message of which an earlier reading is delivered.
func (r *run) judgeLate(c *conv, m *message) (*task, verdict) {
	if m.Edited == nil || !validTS(m.Edited.TS) {
		return nil, ignore
	}
	return r.judgeEdited(c, m)
}

func (r *run) deliverEntry(ctx context.Context, t *task, raw json.RawMessage) {
	t.env.Kind, t.env.Event = kindHistory, raw
	// An error is that of ctx: the run ends.
	_ = r.dispatch(ctx, t, func() {})
}

// history calls yield with the messages of a conversation, page by page, until it
// returns false. https://docs.slack.dev/reference/methods/conversations.history
func (r *run) history(ctx context.Context, channel string, query url.Values, pages int, yield func(*message, json.RawMessage) bool) error {
	query.Set("channel", channel)
	return r.a.messages(ctx, opFetch, "conversations.history", query, pages, yield)
}

// replies calls yield with the messages of a thread after a ts, its first one
// included. https://docs.slack.dev/reference/methods/conversations.replies
func (r *run) replies(ctx context.Context, channel, thread, oldest string, yield func(*message, json.RawMessage) bool) error {
	query := url.Values{"channel": {channel}, "ts": {thread}}
	if oldest != "" {
		query.Set("oldest", oldest)
	}
	return r.a.messages(ctx, opFetch, "conversations.replies", query, mostPages, func(m *message, raw json.RawMessage) bool {
		if oldest != "" && compareTS(m.TS, oldest) < 0 {
			return true
		}
		return yield(m, raw)
	})
}

// messages pages through a history, waiting as Slack wishes.
func (a *Adapter) messages(ctx context.Context, op, method string, query url.Values, pages int, yield func(*message, json.RawMessage) bool) error {
	if query.Get("limit") == "" {
		query.Set("limit", strconv.Itoa(pageSize))
	}
	for range pages {
		var got struct {
			page
			Messages []json.RawMessage `json:"messages"`
		}
		err := patiently(ctx, func() error {
			_, err := a.read(ctx, op, method, query, &got)
			return err
		})
		if err != nil {
			return err
		}
		for _, raw := range got.Messages {
			var m message
			if unmarshalLoosely(raw, &m) != nil || !validTS(m.TS) {
				continue // Slack has put something there that is no message
			}
			if !yield(&m, raw) {
				return ctx.Err()
			}
		}
		next := got.Metadata.Cursor
		if next == "" || next == query.Get("cursor") {
			return nil
		}
		query.Set("cursor", next)
	}
	return nil
}

// kinds are the kinds of conversation that can be listed, with the scope for each.
func kinds() map[string]string {
	return map[string]string{
		"public_channel": "channels:read", "private_channel": "groups:read", "mpim": "mpim:read", "im": "im:read",
	}
}

// listable are the kinds that the token may list.
func (a *Adapter) listable(me *self) []string {
	var out []string
	for kind, scope := range kinds() {
		if me.may(scope) {
			out = append(out, kind)
		}
	}
	slices.Sort(out)
	return out
}

// conversations lists those that we are in.
// https://docs.slack.dev/reference/methods/users.conversations
func (a *Adapter) conversations(ctx context.Context, me *self, types []string) ([]conversation, error) {
	types = slices.DeleteFunc(slices.Clone(types), func(kind string) bool { return !me.may(kinds()[kind]) })
	if len(types) == 0 {
		return nil, nil
	}
	query := url.Values{"types": {strings.Join(types, ",")}, "limit": {strconv.Itoa(pageSize)}, "exclude_archived": {"true"}}
	var out []conversation
	for range mostPages {
		var got struct {
			page
			Channels []conversation `json:"channels"`
		}
		err := patiently(ctx, func() error {
			_, err := a.read(ctx, opFetch, "users.conversations", query, &got)
			return err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, slices.DeleteFunc(got.Channels, func(c conversation) bool { return !validID(c.ID) })...)
		if next := got.Metadata.Cursor; next == "" || next == query.Get("cursor") {
			break
		} else {
			query.Set("cursor", next)
		}
	}
	return out, nil
}
