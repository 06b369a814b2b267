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
	"strings"
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
	if e.p.legible() {
		err = nil // what is attached may have any form
	}
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

// page is one of a list.
type page struct {
	entries []entry
	next    string
	// at is the server's time.
	at time.Time
}

// notifications fetches one page, the newest first. An account may be set to show
// those of people alone whom it follows: that isn't meant here.
// https://docs.bsky.app/docs/api/app-bsky-notification-list-notifications
func (a *Adapter) notifications(ctx context.Context, cursor string, limit int) (*page, error) {
	query := url.Values{
		"limit": {strconv.Itoa(limit)}, "reasons": {reasonMention, reasonReply, reasonQuote}, "priority": {"false"},
	}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	var told struct {
		Cursor        string            `json:"cursor"`
		Notifications []json.RawMessage `json:"notifications"`
	}
	at, err := a.readAt(ctx, request{op: opFetch, method: "app.bsky.notification.listNotifications", query: query}, &told)
	if err != nil {
		return nil, err
	}
	out := &page{next: told.Cursor, at: at}
	for _, raw := range told.Notifications {
		out.entries = append(out.entries, readEntry(raw))
	}
	return out, nil
}

// ends reports whether nothing from the Unix time floor on, in milliseconds, lies
// behind a page. A page may be empty and not the last: the server leaves out what
// is of other reasons, of which there may be thousands in between.
func (p *page) ends(cursor string, floor int64) bool {
	if p.next == "" || p.next == cursor || len(p.entries) > 0 && oldest(p.entries) < floor {
		return true
	}
	moment, _, _ := strings.Cut(p.next, "::")
	at := when(moment)
	return !at.IsZero() && at.UnixMilli() < floor
}

// back goes through the list, from the newest to what is older than floor, a Unix
// time in milliseconds, or for so many pages. It gives each entry once, and the
// server's time at its beginning.
func (a *Adapter) back(ctx context.Context, floor int64, pages int) (all []entry, began time.Time, err error) {
	seen := map[string]bool{}
	cursor := ""
	for n := range pages {
		p, err := a.notifications(ctx, cursor, pageSize)
		if err != nil {
			return nil, time.Time{}, err
		}
		if n == 0 {
			began = p.at
		}
		for _, e := range p.entries {
			if !seen[e.key] {
				all = append(all, e)
			}
			seen[e.key] = true
		}
		if p.ends(cursor, floor) {
			return all, began, nil
		}
		cursor = p.next
	}
	if pages == maxPages {
		a.log.WarnContext(ctx, "there are more notifications than are read at once: the oldest may be lost", "count", len(all))
	}
	return all, began, nil
}

// beginNotes takes what is there at the first connection as seen: nothing older
// becomes a contact. Later it only tries the link.
func (r *run) beginNotes(ctx context.Context) error {
	limit := 1
	if r.notes.isNew {
		limit = pageSize
	}
	p, err := r.a.notifications(ctx, "", limit)
	if err != nil || !r.notes.isNew {
		return err
	}
	place := r.notes.place
	place.pass(keysOf(p.entries))
	place.Begin = 1
	if len(place.Seen) > 0 {
		place.Begin = max(place.Begin, keyTime(place.Seen[0]))
	}
	if len(p.entries) > 0 && p.next != "" {
		place.Floor = max(place.Floor, oldest(p.entries)+1)
	}
	return r.advance(ctx, r.notes, place.String())
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

// poll delivers what is new, the oldest first.
func (r *run) poll(ctx context.Context) error {
	all, began, err := r.a.back(ctx, max(r.notes.place.Floor, r.read), maxPages)
	if err != nil {
		return err
	}
	if err := r.deliverNews(ctx, all); err != nil {
		return err
	}
	r.read = began.Add(-overlap).UnixMilli()
	return nil
}

// deliverNews delivers what is new among notifications, the oldest first.
func (r *run) deliverNews(ctx context.Context, all []entry) error {
	all = slices.DeleteFunc(slices.Clone(all), func(e entry) bool { return !r.isNews(&e) })
	byTime(all)
	for {
		part := all[:min(len(all), batch)]
		all = all[len(part):]
		if err := r.deliver(ctx, r.notes, part); err != nil {
			return err
		}
		r.watchOver(part)
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
	it.late = kind == kindNotification && keyTime(e.key) < r.notes.place.Floor
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
	p := readPlace(after.Position)
	all, _, err := a.back(ctx, p.Floor, maxPages)
	if err != nil {
		return err
	}
	byTime(all)
	for _, e := range all {
		old := keyTime(e.key) < max(p.Begin, p.Floor) && keyTime(e.key) > 0
		if !old && !p.has(e.key) && e.message(me.did) && !yield(e.key, e.at) {
			return nil
		}
	}
	return nil
}
