package mastodon

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"stagecoach/channels"
)

// Nobody is told when a post that mentions them is edited or deleted (the
// notification "update" is for those who boosted it), so the recent ones are
// looked at again: the last watchedKept, for watchedFor; batchSize of them in a
// call (https://docs.joinmastodon.org/methods/statuses/#index, since 4.3), or
// singles one by one where the server can't.
const (
	watchedKept = 60
	watchedFor  = 7 * 24 * time.Hour
	batchSize   = 20
	singles     = 10
)

// post is a message that may still change.
type post struct {
	ID string `json:"i"`
	// Edited is the Unix time in milliseconds of the edit that we know of, 0 if
	// none; At is that of the message, in seconds.
	Edited int64 `json:"e,omitempty"`
	At     int64 `json:"t"`
	// Found is what it was found by where it wasn't addressed to us: no more is what
	// becomes of it.
	Found string `json:"f,omitempty"`

	// sender and uri aren't kept over a restart: they are names.
	sender string
	uri    string
}

// watchBook is what may still change, the newest last.
type watchBook struct {
	mu    sync.Mutex
	posts []*post
	dirty bool
	next  int
}

func newWatchBook() *watchBook { return &watchBook{} }

// restore takes up what a process before us watched.
func (b *watchBook) restore(position string) {
	var kept []*post
	if json.Unmarshal([]byte(position), &kept) != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range kept {
		if p != nil && p.ID != "" && !slices.ContainsFunc(b.posts, func(q *post) bool { return q.ID == p.ID }) {
			b.posts = append(b.posts, p)
		}
	}
	slices.SortStableFunc(b.posts, func(p, q *post) int { return int(min(max(p.At-q.At, -1), 1)) })
}

// add watches a post from what is known of it now. Of one that was delivered before,
// it isn't known how it read then: its last edit is news.
func (b *watchBook) add(s *status, sender, found string, at time.Time, before bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	edited := editTime(s)
	if before {
		edited = 0
	}
	for _, p := range b.posts {
		if p.ID == s.ID {
			b.dirty = b.dirty || edited > p.Edited
			p.Edited = max(p.Edited, edited)
			p.sender, p.uri = sender, s.URI
			return
		}
	}
	b.posts = append(b.posts, &post{ID: s.ID, Edited: edited, At: at.Unix(), Found: found, sender: sender, uri: s.URI})
	b.posts = b.posts[max(0, len(b.posts)-watchedKept):]
	b.dirty = true
}

func (b *watchBook) remove(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posts = slices.DeleteFunc(b.posts, func(p *post) bool { return p.ID == id })
	b.dirty = true
}

// list gives what is to be looked at, and forgets what is too old: all of it, or
// the next few in turn.
func (b *watchBook) list(now time.Time, most int) []post {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posts = slices.DeleteFunc(b.posts, func(p *post) bool {
		old := now.Sub(time.Unix(p.At, 0)) > watchedFor
		b.dirty = b.dirty || old
		return old
	})
	var out []post
	for range min(most, len(b.posts)) {
		b.next = (b.next + 1) % len(b.posts)
		out = append(out, *b.posts[b.next])
	}
	return out
}

// position gives the book as it is kept, and whether it has changed since then.
func (b *watchBook) position() (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out, err := json.Marshal(b.posts)
	return string(out), b.dirty && err == nil
}

func (b *watchBook) saved() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dirty = false
}

func editTime(s *status) int64 {
	at := when(s.EditedAt)
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

// saveWatched records what is watched, where that has changed.
func (r *run) saveWatched(ctx context.Context) error {
	position, changed := r.a.watched.position()
	if !changed {
		return nil
	}
	if err := r.advance(ctx, r.watching, position); err != nil {
		return err
	}
	r.a.watched.saved()
	return nil
}

// settle records how far l was read: all of it is delivered. What may still change
// is recorded before, as it isn't seen a second time.
func (r *run) settle(ctx context.Context, l *list) error {
	if err := r.saveWatched(ctx); err != nil {
		return err
	}
	return r.advance(ctx, l, l.place.String())
}

// watch looks at recent messages again.
func (r *run) watch(ctx context.Context) error {
	most := watchedKept
	if r.a.noBatch.Load() {
		most = singles
	}
	posts := r.a.watched.list(time.Now(), most)
	for chunk := range slices.Chunk(posts, batchSize) {
		found, asked, err := r.lookAt(ctx, chunk)
		if err != nil {
			return err
		}
		if err := r.changes(ctx, chunk[:asked], found); err != nil {
			return err
		}
	}
	return r.saveWatched(ctx)
}

// lookAt asks for posts, and tells for how many of them it has.
func (r *run) lookAt(ctx context.Context, posts []post) (found map[string]json.RawMessage, asked int, err error) {
	found = map[string]json.RawMessage{}
	if !r.a.noBatch.Load() {
		query := url.Values{}
		for _, p := range posts {
			query.Add("id[]", p.ID)
		}
		var all []json.RawMessage
		_, err := r.a.get(ctx, opFetch, "/api/v1/statuses", query, &all)
		if err == nil {
			for _, raw := range all {
				found[readEntry(raw).id] = raw
			}
			return found, len(posts), nil
		}
		switch code := codeOf(err); {
		case code == 0 || code == http.StatusTooManyRequests || code == http.StatusUnauthorized:
			return nil, 0, err
		case code < 500:
			r.a.noBatch.Store(true)
		default: // this time one by one: it may fail at just this call for ever
		}
	}
	for i, p := range posts[:min(len(posts), singles)] {
		raw, gone, err := r.lookAtOne(ctx, p.ID)
		if err != nil {
			return nil, 0, err
		}
		if !gone {
			found[p.ID] = raw
		}
		asked = i + 1
	}
	return found, asked, nil
}

// lookAtOne asks for one post; gone tells that the server says so itself.
func (r *run) lookAtOne(ctx context.Context, id string) (raw json.RawMessage, gone bool, err error) {
	res, err := r.a.get(ctx, opFetch, "/api/v1/statuses/"+pathOf(id), nil, &raw)
	code := codeOf(err)
	if (code == http.StatusNotFound || code == http.StatusGone) && res != nil && json.Valid(res.body) {
		return nil, true, nil
	}
	return raw, false, err
}

// changes delivers what became of posts.
func (r *run) changes(ctx context.Context, posts []post, found map[string]json.RawMessage) error {
	var items []item
	for _, p := range posts {
		raw, there := found[p.ID]
		if !there { // a list may leave out what is there
			one, gone, err := r.lookAtOne(ctx, p.ID)
			if err != nil {
				return err
			}
			if gone {
				items = append(items, r.goneItem(p))
				continue
			}
			if raw = one; len(found) == 0 {
				r.a.noBatch.Store(true) // it doesn't know what it is asked
			}
		}
		var s status
		if unmarshalLoosely(raw, &s) != nil || s.ID != p.ID {
			continue
		}
		if editTime(&s) > p.Edited {
			items = append(items, r.editItem(&s, p.Found, raw))
		}
	}
	return r.handOver(ctx, r.watching, items)
}

func (r *run) editItem(s *status, found string, raw json.RawMessage) item {
	a := r.a
	sender, at := s.Account.full(a.cfg.domain()), when(s.EditedAt)
	id := editID(a.providerID(s), s)
	return item{
		sender: sender, id: id, files: len(s.Media) > 0,
		make: func(ctx context.Context) (*channels.Inbound, error) {
			env := &envelope{Kind: kindPost, FoundBy: found, Event: raw}
			a.complete(ctx, env, s)
			return a.inbound(channels.Changed, r.watching.mark.Source, s.ID, id, sender, at, env)
		},
		done: func(bool) { a.watched.add(s, sender, found, at, false) },
	}
}

func (r *run) goneItem(p post) item {
	a := r.a
	id := a.messageID(p.ID) + "#deleted"
	return item{
		sender: p.sender, id: id,
		make: func(context.Context) (*channels.Inbound, error) {
			env := &envelope{Kind: kindDeleted, Status: p.ID, Author: p.sender}
			return a.inbound(channels.Changed, r.watching.mark.Source, p.ID, id, p.sender, time.Now(), env)
		},
		done: func(bool) { a.watched.remove(p.ID) },
	}
}

func pathOf(id string) string { return url.PathEscape(id) }
