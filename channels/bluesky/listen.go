package bluesky

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

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
func (l *listening) foundBy() string {
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

// listenPages bounds one search.
const listenPages = 10

// listen reads every place. One that can't be read is told, and doesn't hold up
// the others.
func (r *run) listen(ctx context.Context) error {
	for _, l := range r.places {
		if !l.due() {
			continue
		}
		found, err := r.search(ctx, l)
		l.leave(err)
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

// search gives the newest posts that have it, back to what was seen.
func (r *run) search(ctx context.Context, l *list) ([]entry, error) {
	var all []entry
	cursor := ""
	for range listenPages {
		page, next, err := r.a.searchPosts(ctx, opFetch, l.listening, cursor, pageSize)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if l.listening.found(&e) {
				all = append(all, e)
			}
		}
		known := slices.ContainsFunc(page, func(e entry) bool { return l.place.has(e.key) })
		if l.isNew || known || next == "" || next == cursor || len(page) == 0 ||
			oldest(page) < max(l.place.Floor, l.mark.Since.UnixMilli()) {
			break
		}
		cursor = next
	}
	byTime(all)
	return all, nil
}

// searchPosts asks for one page.
// https://docs.bsky.app/docs/api/app-bsky-feed-search-posts
func (a *Adapter) searchPosts(ctx context.Context, op string, l *listening, cursor string, limit int) (all []entry, next string, err error) {
	query := url.Values{"sort": {"latest"}, "limit": {strconv.Itoa(limit)}}
	if l.hashtag != "" {
		query.Set("q", "#"+l.hashtag)
		query.Set("tag", l.hashtag)
	} else {
		query.Set("q", strconv.Quote(l.keyword))
	}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	var page struct {
		Cursor string            `json:"cursor"`
		Posts  []json.RawMessage `json:"posts"`
	}
	if err := a.get(ctx, op, "app.bsky.feed.searchPosts", query, &page); err != nil {
		return nil, "", err
	}
	for _, raw := range page.Posts {
		all = append(all, readEntry(raw))
	}
	return all, page.Cursor, nil
}

// found reports whether a post has what was looked for: servers find more.
func (l *listening) found(e *entry) bool {
	if e.broken {
		return false
	}
	if l.hashtag != "" {
		for _, f := range e.p.Record.Facets {
			for _, part := range f.Features {
				if part.Type == typeTag && strings.EqualFold(part.Tag, l.hashtag) {
					return true
				}
			}
		}
		if slices.ContainsFunc(e.p.Record.Tags, func(tag string) bool { return strings.EqualFold(tag, l.hashtag) }) {
			return true
		}
		return slices.Contains(strings.Fields(strings.ToLower(e.p.Record.Text)), "#"+strings.ToLower(l.hashtag))
	}
	return strings.Contains(" "+fold(e.p.Record.Text)+" ", " "+fold(l.keyword)+" ")
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_'
}

// fold makes words comparable: lower case, letters and digits alone.
func fold(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(norm.NFC.String(s)), func(r rune) bool { return !isWord(r) }), " ")
}

// outreach delivers what was found and may be answered.
func (r *run) outreach(ctx context.Context, l *list, found []entry) error {
	var fresh []entry
	for _, e := range found {
		late := keyTime(e.key) < max(l.place.Floor, l.mark.Since.Add(-time.Minute).UnixMilli())
		if !l.isNew && !late && !l.place.has(e.key) && r.mayApproach(&e.p) {
			fresh = append(fresh, e)
		}
	}
	fresh, err := r.leaveInPeace(ctx, fresh)
	if err != nil {
		l.leave(err)
		channels.Troubled(r.src, l.mark.Source, err)
		return nil // told; looked for again next time
	}
	views, _ := r.views(ctx, fresh)
	var items []item
	for _, e := range fresh {
		items = append(items, r.postItem(kindPost, l.listening.foundBy(), e, views, ""))
	}
	if err := r.handOver(ctx, l, items); err != nil {
		return err
	}
	for _, e := range fresh {
		e.p.Reason = reasonMention // found: a message all the same
		r.watchOver([]entry{e})
	}
	l.place.pass(keysOf(found))
	return r.advance(ctx, l, l.place.String())
}
