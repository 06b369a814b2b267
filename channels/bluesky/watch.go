package bluesky

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"stagecoach/channels"
)

// Nobody is told when a post that speaks to them is deleted, so the recent ones are
// looked at again: the last watchedKept, for watchedFor. Which they are is kept in
// memory alone, as their addresses name people; a process finds them again in the
// list of notifications.
const (
	watchedKept = 75
	watchedFor  = 7 * 24 * time.Hour
)

// watched is a post that may be deleted yet.
type watched struct {
	uri, author string
	at          time.Time
}

// watchOver takes messages up that may be deleted yet, the oldest first.
func (r *run) watchOver(all []entry) {
	for _, e := range all {
		known := func(w watched) bool { return w.uri == e.p.URI }
		if !e.broken && e.message(r.me.did) && !slices.ContainsFunc(r.watching, known) {
			r.watching = append(r.watching, watched{e.p.URI, e.p.Author.DID, e.at})
		}
	}
	slices.SortStableFunc(r.watching, func(a, b watched) int { return a.at.Compare(b.at) })
	r.watching = r.watching[max(0, len(r.watching)-watchedKept):]
}

// watch looks for what has been deleted. A server that can't tell is told, and
// messages come all the same.
func (r *run) watch(ctx context.Context) error {
	if !r.gone.due() {
		return nil
	}
	r.watching = slices.DeleteFunc(r.watching, func(w watched) bool { return time.Since(w.at) > watchedFor })
	var items []item
	err := func() error {
		for chunk := range slices.Chunk(slices.Clone(r.watching), viewsAtOnce) {
			gone, err := r.deleted(ctx, chunk)
			if err != nil {
				return err
			}
			for _, w := range gone {
				items = append(items, goneItem(w))
			}
		}
		return nil
	}()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.gone.leave(err)
	channels.Troubled(r.src, r.gone.mark.Source, err)
	if len(items) == 0 {
		return nil
	}
	if err := r.handOver(ctx, r.gone, items); err != nil {
		return err
	}
	r.watching = slices.DeleteFunc(r.watching, func(w watched) bool {
		return slices.ContainsFunc(items, func(it item) bool { return it.id == w.uri+"#deleted" })
	})
	return r.advance(ctx, r.gone, time.Now().UTC().Format(time.RFC3339))
}

// deleted gives those of some posts that are gone. The view leaves out too what
// stands behind a block: only what the record itself isn't there for was deleted.
// https://docs.bsky.app/docs/api/com-atproto-repo-get-record
func (r *run) deleted(ctx context.Context, posts []watched) (gone []watched, err error) {
	var uris []string
	for _, w := range posts {
		uris = append(uris, w.uri)
	}
	views, err := r.a.posts(ctx, opFetch, uris)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, raw := range views {
		var p post
		_ = unmarshalLoosely(raw, &p) // what can't be read isn't there, and asked for
		there[p.URI] = true
	}
	for _, w := range posts {
		if there[w.uri] {
			continue
		}
		at := strings.Split(strings.TrimPrefix(w.uri, "at://"), "/")
		if len(at) != 3 {
			continue
		}
		var record json.RawMessage
		err := r.a.get(ctx, opLookUp, "com.atproto.repo.getRecord", url.Values{"repo": {at[0]}, "collection": {at[1]}, "rkey": {at[2]}}, &record)
		switch {
		case notFound(err):
			gone = append(gone, w)
		case err != nil:
			return nil, err
		}
	}
	return gone, nil
}

func goneItem(w watched) item {
	event, err := json.Marshal(map[string]any{"uri": w.uri, "author": map[string]string{"did": w.author}})
	if err != nil { // strings can always be written
		event = nil
	}
	return item{
		kind: channels.Changed, position: w.uri, id: w.uri + "#deleted", sender: w.author, at: time.Now(),
		env: &envelope{Kind: kindPostDeleted, Event: event},
	}
}
