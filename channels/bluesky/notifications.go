package bluesky

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"stagecoach/channels"
)

// entry is one item of a list: as it came, and what could be understood of it.
type entry struct {
	raw json.RawMessage
	key string
	at  time.Time
	p   post
	// broken tells that the item isn't what the protocol promises.
	broken bool
}

func readEntry(raw json.RawMessage) entry {
	e := entry{raw: raw}
	var loose struct {
		IndexedAt string `json:"indexedAt"`
	}
	err := json.Unmarshal(raw, &e.p)
	_ = unmarshalLoosely(raw, &loose)
	// By the server's clock, which may be ahead of ours.
	if e.at = when(loose.IndexedAt); e.at.IsZero() {
		e.at = time.Now()
	}
	id := e.p.URI
	if err != nil || authorOf(e.p.URI) == "" || e.p.Author.DID == "" {
		sum := sha256.Sum256(raw)
		e.broken, id = true, hex.EncodeToString(sum[:16])
		e.p.URI = "malformed-" + id
	}
	if when(loose.IndexedAt).IsZero() {
		e.key = itemKey(id, time.UnixMilli(0)) // the same whenever it is seen
	} else {
		e.key = itemKey(id, when(loose.IndexedAt))
	}
	return e
}

// providerID names a post for ever.
func providerID(p *post) string {
	if p.CID == "" {
		return p.URI
	}
	return p.URI + "#" + p.CID
}

// byTime sorts what came newest first by the server's clock, which may be ahead of
// ours, oldest first. What has no time goes last.
func byTime(all []entry) {
	slices.Reverse(all)
	order := func(e entry) int64 {
		if at := keyTime(e.key); at > 0 {
			return at
		}
		return e.at.UnixMilli()
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(order(a), order(b)) })
}

// How notifications are paged: pageSize is what a server gives at most, maxPages
// bounds one round, and batch is how many are delivered between bookmarks.
const (
	pageSize = 100
	maxPages = 500
	batch    = 50
)

// notifications fetches one page, the newest first.
// https://docs.bsky.app/docs/api/app-bsky-notification-list-notifications
func (a *Adapter) notifications(ctx context.Context, cursor string, limit int) (all []entry, next string, err error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}, "reasons": {reasonMention, reasonReply, reasonQuote}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	var page struct {
		Cursor        string            `json:"cursor"`
		Notifications []json.RawMessage `json:"notifications"`
	}
	if err := a.get(ctx, opFetch, "app.bsky.notification.listNotifications", query, &page); err != nil {
		return nil, "", err
	}
	for _, raw := range page.Notifications {
		all = append(all, readEntry(raw))
	}
	return all, page.Cursor, nil
}

// beginNotes takes what is there at the first connection as seen: nothing older
// becomes a contact. Later it only tries the link.
func (r *run) beginNotes(ctx context.Context) error {
	limit := 1
	if r.notes.isNew {
		limit = pageSize
	}
	all, next, err := r.a.notifications(ctx, "", limit)
	if err != nil || !r.notes.isNew {
		return err
	}
	r.notes.place.pass(keysOf(all))
	if len(all) > 0 && next != "" {
		r.notes.place.Floor = max(r.notes.place.Floor, oldest(all)+1)
	}
	return r.advance(ctx, r.notes, r.notes.place.String())
}

func keysOf(all []entry) []string {
	keys := make([]string, 0, len(all))
	for _, e := range all {
		keys = append(keys, e.key)
	}
	return keys
}

// oldest gives the time of the oldest in milliseconds.
func oldest(all []entry) int64 {
	least := all[0].at.UnixMilli()
	for _, e := range all {
		least = min(least, e.at.UnixMilli())
	}
	return least
}

// unseen collects what is new, from the newest back to what is known.
func (a *Adapter) unseen(ctx context.Context, p *place) ([]entry, error) {
	var all []entry
	seen := map[string]bool{}
	cursor := ""
	for range maxPages {
		page, next, err := a.notifications(ctx, cursor, pageSize)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			late := keyTime(e.key) > 0 && keyTime(e.key) < p.Floor
			if !seen[e.key] && !p.has(e.key) && !late {
				all = append(all, e)
			}
			seen[e.key] = true
		}
		if next == "" || next == cursor || len(page) == 0 || oldest(page) < p.Floor {
			break
		}
		cursor = next
	}
	if cursor != "" && len(all) >= maxPages*pageSize/2 {
		a.log.WarnContext(ctx, "there are more notifications than are read at once: the oldest may be lost", "count", len(all))
	}
	byTime(all)
	return all, nil
}

// poll delivers what is new, the oldest first.
func (r *run) poll(ctx context.Context) error {
	all, err := r.a.unseen(ctx, r.notes.place)
	if err != nil {
		return err
	}
	for {
		part := all[:min(len(all), batch)]
		all = all[len(part):]
		if err := r.deliver(ctx, r.notes, part); err != nil {
			return err
		}
		r.notes.place.pass(keysOf(part))
		if err := r.advance(ctx, r.notes, r.notes.place.String()); err != nil {
			return err
		}
		if len(all) == 0 {
			return nil
		}
	}
}

// message reports whether a notification is one, and not ours.
func (e *entry) message(me string) bool {
	if e.broken {
		return true
	}
	switch e.p.Reason {
	case reasonMention, reasonReply, reasonQuote:
		return e.p.Author.DID != me
	default:
		return false
	}
}

// deliver hands notifications over, with what belongs to them.
func (r *run) deliver(ctx context.Context, l *list, entries []entry) error {
	var found []entry
	for _, e := range entries {
		if e.message(r.me.did) {
			found = append(found, e)
		}
	}
	views, note := r.views(ctx, found)
	var items []item
	for _, e := range found {
		items = append(items, r.postItem(kindNotification, "", e, views, note))
	}
	return r.handOver(ctx, l, items)
}

// postItem makes what is delivered of a post.
func (r *run) postItem(kind, foundBy string, e entry, views map[string]json.RawMessage, note string) item {
	env := &envelope{Kind: kind, FoundBy: foundBy, Event: e.raw}
	it := item{kind: channels.Fresh, position: e.key, id: providerID(&e.p), sender: e.p.Author.DID, at: e.at, env: env}
	if e.broken {
		return it
	}
	if kind == kindNotification {
		env.View = views[e.p.URI]
	}
	if re := e.p.Record.Reply; re != nil && authorOf(re.Parent.URI) != r.me.did {
		env.Parent = views[re.Parent.URI]
	}
	if note != "" && e.p.needsView() {
		env.Notes = append(env.Notes, note)
	}
	return it
}

// needsView tells that something is attached to a post, which a notification
// doesn't show.
func (p *post) needsView() bool { return p.Record.Embed != nil }

// viewsAtOnce is how many posts a server shows at once.
const viewsAtOnce = 25

// views asks for the posts that have something attached, and for those that are
// answered. Without them it's a message all the same.
// https://docs.bsky.app/docs/api/app-bsky-feed-get-posts
func (r *run) views(ctx context.Context, entries []entry) (views map[string]json.RawMessage, note string) {
	var uris []string
	for _, e := range entries {
		if e.broken || r.a.passed.Contains(providerID(&e.p)) {
			continue
		}
		if e.p.needsView() {
			uris = append(uris, e.p.URI)
		}
		if re := e.p.Record.Reply; re != nil && authorOf(re.Parent.URI) != "" && authorOf(re.Parent.URI) != r.me.did {
			uris = append(uris, re.Parent.URI)
		}
	}
	views = map[string]json.RawMessage{}
	slices.Sort(uris)
	for chunk := range slices.Chunk(slices.Compact(uris), viewsAtOnce) {
		found, err := r.a.posts(ctx, opFetch, chunk)
		if err != nil {
			r.a.log.WarnContext(ctx, "posts can't be shown whole", "err", err)
			note = "what is attached to the post could not be fetched"
			continue
		}
		for _, raw := range found {
			var p post
			if unmarshalLoosely(raw, &p) == nil {
				views[p.URI] = raw
			}
		}
	}
	return views, note
}

// posts asks for posts by their addresses; those that are gone are left out.
func (a *Adapter) posts(ctx context.Context, op string, uris []string) ([]json.RawMessage, error) {
	var found struct {
		Posts []json.RawMessage `json:"posts"`
	}
	err := a.get(ctx, op, "app.bsky.feed.getPosts", url.Values{"uris": uris}, &found)
	return found.Posts, err
}

// List implements channels.Lister for notifications: those after the bookmark
// that are messages.
func (a *Adapter) List(ctx context.Context, after channels.Bookmark, yield func(position string, received time.Time) bool) error {
	if after.Source != a.sourceName("notifications") {
		return nil
	}
	me, err := a.session(ctx, opFetch)
	if err != nil {
		return err
	}
	all, err := a.unseen(ctx, readPlace(after.Position))
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.message(me.did) && !yield(e.key, e.at) {
			return nil
		}
	}
	return nil
}
