package slack

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"stagecoach/channels"
)

// List implements channels.Lister for one conversation: its messages after the
// bookmark that are for us, those in threads included.
func (a *Adapter) List(ctx context.Context, after channels.Bookmark, yield func(position string, received time.Time) bool) error {
	id := strings.TrimPrefix(after.Source, a.sourceName(""))
	if id == after.Source || !validID(id) {
		return nil
	}
	me, err := a.whoami(ctx, opFetch)
	if err != nil {
		return err
	}
	r := &run{a: a, me: me, ours: map[string]bool{}}
	for _, name := range a.cfg.Channels {
		r.ours[name] = true
	}
	c := &conv{id: id, kind: a.kindOf(ctx, id, ""), mark: after, place: readPlace(after.Position), open: map[string]int{}, done: map[string]bool{}}
	from, _ := c.from()
	var entries []entry
	threads := map[string]bool{}
	_, err = r.history(ctx, id, url.Values{"oldest": {from}}, mostPages, func(m *message, raw json.RawMessage) bool {
		entries = append(entries, entry{m, raw})
		if m.ReplyCount > 0 {
			threads[m.TS] = true
		}
		return true
	})
	if err != nil {
		return err
	}
	for _, thread := range c.place.Threads {
		threads[thread] = true
	}
	for thread := range threads {
		err := r.replies(ctx, id, thread, from, func(m *message, raw json.RawMessage) bool {
			entries = append(entries, entry{m, raw})
			return true
		})
		if err != nil && !unreachable(err) {
			return err
		}
	}
	seen := map[string]bool{}
	for _, e := range entries {
		t, v := r.judgeMessage(c, e.m)
		if v != take || t.ask != "" || seen[t.position] || compareTS(t.position, from) <= 0 {
			continue
		}
		seen[t.position] = true
		if !yield(t.position, t.at) {
			return nil
		}
	}
	return nil
}
