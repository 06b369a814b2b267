package mastodon

import (
	"context"
	"net/url"
	"strings"
	"time"

	"stagecoach/channels"
)

// List implements channels.Lister for notifications: those after the bookmark
// that are messages.
func (a *Adapter) List(ctx context.Context, after channels.Bookmark, yield func(position string, received time.Time) bool) error {
	if !strings.HasSuffix(after.Source, "/notifications") {
		return nil
	}
	me, err := a.whoami(ctx, opFetch)
	if err != nil {
		return err
	}
	r := &run{a: a, me: me, limit: pageSize, notes: &list{mark: after, place: readPlace(after.Position)}}
	at := url.Values{}
	if c := r.notes.place.Cursor; c != "" {
		at.Set("min_id", c)
	}
	seen := map[string]bool{}
	for range maxPages {
		p, err := r.notifications(ctx, at)
		if err != nil {
			return err
		}
		fresh := r.unseen(p.entries, seen)
		for _, e := range fresh {
			if _, message := r.notificationItem(r.notes, e); message && !yield(e.id, e.at) {
				return nil
			}
		}
		if len(p.entries) == 0 || r.notes.place.Cursor == "" && p.more == nil {
			return nil
		}
		next := p.more
		if r.notes.place.Cursor != "" {
			next = forward(p)
		}
		if next.Encode() == at.Encode() {
			return nil
		}
		at = next
	}
	return nil
}
