package mastodon

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"stagecoach/channels"
)

// listening is one thing that is looked for.
type listening struct {
	// hashtag or keyword is set.
	hashtag, keyword string
	place            string
}

// foundBy is how it is shown to people.
func (l listening) foundBy() string {
	if l.hashtag != "" {
		return "#" + l.hashtag
	}
	return l.keyword
}

func (a *Adapter) listenings() []listening {
	var out []listening
	for _, t := range a.cfg.Listen.Hashtags {
		out = append(out, listening{hashtag: t, place: "tag/" + url.PathEscape(strings.ToLower(t))})
	}
	for _, word := range a.cfg.Listen.Keywords {
		out = append(out, listening{keyword: word, place: "search/" + url.PathEscape(strings.ToLower(word))})
	}
	return out
}

// How timelines are read: the newest listenPage posts, and on until one was seen,
// at most listenPages. Posts of other servers turn up among older ones, so the
// list is read anew each time, and what is older than the oldest of the last
// listenKept that were seen is passed over.
const (
	listenPage  = 40
	listenPages = 10
	listenKept  = 60
)

// listen reads every place. One that can't be read is told, and doesn't hold up
// the others.
func (r *run) listen(ctx context.Context) error {
	var public []entry
	publicRead := false
	for _, l := range r.places {
		if !l.due() {
			continue
		}
		found, err := r.readPlace(ctx, l)
		l.leave(err)
		if err == nil && l.listening.keyword != "" {
			if !publicRead {
				publicRead = true
				public = r.a.publicPosts(ctx)
			}
			found = append(found, matching(public, l.listening.keyword)...)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		channels.Troubled(r.src, l.mark.Source, err)
		if err != nil {
			continue
		}
		if err := r.outreach(ctx, l, found); err != nil {
			return err
		}
	}
	return nil
}

// readPlace gives the posts of a place, those seen included.
func (r *run) readPlace(ctx context.Context, l *list) ([]entry, error) {
	if l.listening.keyword != "" {
		return r.a.search(ctx, l.listening.keyword)
	}
	// https://docs.joinmastodon.org/methods/timelines/#tag
	path := "/api/v1/timelines/tag/" + url.PathEscape(l.listening.hashtag)
	var all []entry
	at := url.Values{}
	for range listenPages {
		at.Set("limit", strconv.Itoa(listenPage))
		p, err := r.a.listPage(ctx, path, at)
		if err != nil {
			return nil, err
		}
		all = append(all, p.entries...)
		known := slices.ContainsFunc(p.entries, func(e entry) bool { return l.place.has(e.id) })
		if l.isNew || known || len(p.entries) == 0 || p.more == nil || p.entries[len(p.entries)-1].at.Before(l.mark.Since) {
			break
		}
		at = url.Values{"max_id": p.more["max_id"]}
	}
	return all, nil
}

// search asks the server's own search for posts. It finds those whose authors
// have opted in, and on many servers nothing: then only what passes the public
// timeline is found. https://docs.joinmastodon.org/methods/search/#v2
func (a *Adapter) search(ctx context.Context, word string) ([]entry, error) {
	var found struct {
		Statuses []json.RawMessage `json:"statuses"`
	}
	_, err := a.get(ctx, opFetch, "/api/v2/search", url.Values{"q": {word}, "type": {"statuses"}, "limit": {"40"}}, &found)
	if code := codeOf(err); code == http.StatusNotFound || code == http.StatusForbidden || code == http.StatusBadRequest || code == http.StatusUnprocessableEntity {
		return nil, nil // no search there, or none for us
	}
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, raw := range found.Statuses {
		out = append(out, readEntry(raw))
	}
	return matching(out, word), nil
}

// publicPosts gives the newest public posts that the server knows, none where it
// doesn't show them. https://docs.joinmastodon.org/methods/timelines/#public
func (a *Adapter) publicPosts(ctx context.Context) []entry {
	p, err := a.listPage(ctx, "/api/v1/timelines/public", url.Values{"limit": {strconv.Itoa(listenPage)}})
	if err != nil {
		a.log.DebugContext(ctx, "the public timeline can't be read", "err", err)
		return nil
	}
	return p.entries
}

// matching gives the posts that have the keyword as words of their text.
func matching(entries []entry, keyword string) []entry {
	var out []entry
	want := " " + fold(keyword) + " "
	for _, e := range entries {
		var s status
		if unmarshalLoosely(e.raw, &s) == nil && len(s.Content) <= maxContent &&
			strings.Contains(" "+fold(s.SpoilerText+" "+htmlText(s.Content, nil))+" ", want) {
			out = append(out, e)
		}
	}
	return out
}

// fold makes words comparable: lower case, letters and digits alone.
func fold(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(norm.NFC.String(s)), func(r rune) bool { return !isWord(r) }), " ")
}

// outreach delivers what was found and may be answered.
func (r *run) outreach(ctx context.Context, l *list, found []entry) error {
	slices.Reverse(found)
	byTime(found)
	var items []item
	if !l.isNew {
		floor := l.floor()
		for _, e := range found {
			if l.place.has(e.id) || e.at.Before(floor) {
				continue
			}
			if it, ok := r.outreachItem(l, e); ok {
				items = append(items, it)
			}
		}
	}
	if err := r.handOver(ctx, l, items); err != nil {
		return err
	}
	l.keep(found)
	l.isNew = false
	return r.settle(ctx, l)
}

// floor is the time before which what is found was there already: that of the
// oldest seen, once there are many, and never before the first connection.
func (l *list) floor() time.Time {
	since := l.mark.Since.Add(-time.Minute)
	if l.place.Floor > 0 && time.UnixMilli(l.place.Floor).After(since) {
		return time.UnixMilli(l.place.Floor)
	}
	return since
}

// keep remembers the newest that were found.
func (l *list) keep(found []entry) {
	p := l.place
	for _, e := range found {
		p.at[e.id] = e.at
		if !p.has(e.id) {
			p.Seen = append(p.Seen, e.id)
		}
	}
	slices.SortStableFunc(p.Seen, func(a, b string) int { return p.at[b].Compare(p.at[a]) })
	for len(p.Seen) > listenKept {
		last := p.Seen[len(p.Seen)-1]
		p.Floor = max(p.Floor, p.at[last].UnixMilli()+1)
		delete(p.at, last)
		p.Seen = p.Seen[:len(p.Seen)-1]
	}
}

func (r *run) outreachItem(l *list, e entry) (item, bool) {
	a := r.a
	var s status
	if unmarshalLoosely(e.raw, &s) != nil || s.ID == "" || s.Account.Acct == "" || !a.mayApproach(r.me, &s, l.listening.keyword != "") {
		return item{}, false
	}
	sender, id := s.Account.full(a.cfg.domain()), a.providerID(&s)
	// When it reached our server isn't said: not before we looked last.
	at := e.at
	if at.Before(l.mark.At) {
		at = l.mark.At
	}
	return item{
		sender: sender, id: id, files: len(s.Media) > 0,
		make: func(ctx context.Context) (*channels.Inbound, error) {
			env := &envelope{Kind: kindPost, FoundBy: l.listening.foundBy(), Event: e.raw}
			a.complete(ctx, env, &s)
			return a.inbound(channels.Fresh, l.mark.Source, s.ID, id, sender, at, env)
		},
		edited: s.EditedAt != "",
		done:   func(before bool) { a.watched.add(&s, sender, l.listening.foundBy(), at, before) },
	}, true
}
