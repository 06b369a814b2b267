package mastodon

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"stagecoach/channels"
)

// How notifications are paged: pageSize is what Mastodon gives at most (old
// servers fewer), fullPage what any server's full page has, and maxPages bounds
// one round. Every thoroughly-th round goes on to an empty page whatever is seen.
const (
	pageSize   = 80
	fullPage   = 25
	maxPages   = 1000
	thoroughly = 10
)

// typeSets are the types of notification to ask for: a server that knows not all
// of them may refuse the rest as well, so the next set is tried.
func typeSets() [][]string {
	return [][]string{{typeMention, typeQuote, typeUpdate}, {typeMention, typeUpdate}, {typeMention}, nil}
}

// notifications fetches one page.
// https://docs.joinmastodon.org/methods/notifications/#get
func (r *run) notifications(ctx context.Context, at url.Values) (*page, error) {
	for {
		set := typeSets()[min(int(r.a.types.Load()), len(typeSets())-1)]
		query := url.Values{"limit": {strconv.Itoa(r.limit)}}
		if set != nil {
			query["types[]"] = set
			// What the account's filter holds back, as that of private mentions by
			// strangers is from the start, is a customer's message all the same.
			query.Set("include_filtered", "true")
		}
		for _, name := range []string{"min_id", "max_id", "since_id", "offset"} {
			if v := at.Get(name); v != "" {
				query.Set(name, v)
			}
		}
		p, err := r.a.listPage(ctx, "/api/v1/notifications", query)
		switch code := codeOf(err); {
		case isInvalid(code) && set != nil:
			r.a.types.Add(1)
		case code == codeTooLarge && r.limit > 1:
			r.limit = max(1, r.limit/8)
		default:
			return p, err
		}
	}
}

const codeTooLarge = -1

// isInvalid reports whether a server says that it doesn't understand a query.
func isInvalid(code int) bool {
	return code == http.StatusBadRequest || code == http.StatusUnprocessableEntity
}

// codeOf gives the HTTP code of an error, 0 if it has none.
func codeOf(err error) int {
	var typed *channels.Error
	if !errors.As(err, &typed) {
		return 0
	}
	if typed.Code == "too_large" {
		return codeTooLarge
	}
	code, err := strconv.Atoi(typed.Code)
	if err != nil {
		return 0
	}
	return code
}

// begin takes what is there at the first connection as seen: nothing older
// becomes a contact.
func (r *run) begin(ctx context.Context) error {
	p, err := r.notifications(ctx, nil)
	if err != nil {
		return err
	}
	r.notes.place.pass(p.entries)
	r.notes.isNew = false
	return r.advance(ctx, r.notes, r.notes.place.String())
}

// poll delivers what is new, page by page from where the last round was.
func (r *run) poll(ctx context.Context) error {
	r.polls++
	if r.notes.place.Cursor == "" {
		return r.pollFirst(ctx)
	}
	at := url.Values{"min_id": {r.notes.place.Cursor}}
	seen := map[string]bool{}
	for range maxPages {
		p, err := r.notifications(ctx, at)
		if isInvalid(codeOf(err)) {
			// The server doesn't know the place: it has been moved or made anew.
			r.a.log.WarnContext(ctx, "the server doesn't know where we were: its newest notifications are read", "err", err)
			r.a.types.Store(0)
			return r.pollFirst(ctx)
		}
		if err != nil {
			return err
		}
		fresh := r.unseen(p.entries, seen)
		if first := len(seen) == len(p.entries); first && len(fresh) > 0 && len(fresh) == len(p.entries) && len(r.notes.place.Seen) > 1 {
			// None of what was seen lies after our place: it was all dismissed, or the
			// server gives its newest whatever it's asked for.
			return r.pollFirst(ctx)
		}
		if err := r.deliver(ctx, r.notes, fresh); err != nil {
			return err
		}
		end := len(p.entries) == 0 || len(fresh) == 0 && len(p.entries) < fullPage && r.polls%thoroughly != 0
		r.notes.place.pass(p.entries)
		if err := r.settle(ctx, r.notes); err != nil {
			return err
		}
		if end {
			break
		}
		next := forward(p)
		if next.Get("min_id") == at.Get("min_id") {
			break // a server that doesn't page forward
		}
		at = next
	}
	return nil
}

// pollFirst reads from the newest page back: to the first one where there was
// nothing at the first connection, else to what was seen or is older than that.
func (r *run) pollFirst(ctx context.Context) error {
	var all, listed []entry
	seen := map[string]bool{}
	at := url.Values{}
	nothingKnown := len(r.notes.place.Seen) == 0
	for range maxPages {
		p, err := r.notifications(ctx, at)
		if err != nil {
			return err
		}
		fresh := r.unseen(p.entries, seen)
		known := len(fresh) < len(p.entries)
		if !nothingKnown {
			since := r.notes.mark.Since.Add(-time.Minute) // clocks differ
			fresh = slices.DeleteFunc(fresh, func(e entry) bool { return e.at.Before(since) })
		}
		all = append(fresh, all...)
		listed = append(listed, p.entries...)
		if len(fresh) == 0 || known {
			break
		}
		if at = p.more; at == nil {
			at = url.Values{"max_id": {p.entries[len(p.entries)-1].id}}
		}
	}
	byTime(all)
	if err := r.deliver(ctx, r.notes, all); err != nil {
		return err
	}
	if len(listed) > 0 { // what the server doesn't list is no place to go on from
		r.notes.place = readPlace("{}")
		r.notes.place.pass(listed)
	}
	return r.settle(ctx, r.notes)
}

// forward gives the query of the page after p: the server's own link, else from
// the newest.
func forward(p *page) url.Values {
	if p.newer.Get("min_id") != "" {
		return p.newer
	}
	if p.newer.Get("since_id") != "" {
		return url.Values{"min_id": {p.newer.Get("since_id")}}
	}
	newest := slices.MaxFunc(p.entries, func(a, b entry) int { return a.at.Compare(b.at) })
	return url.Values{"min_id": {newest.id}}
}

// unseen gives the entries of a page, which begins with the newest, that weren't
// seen, oldest first.
func (r *run) unseen(entries []entry, seen map[string]bool) []entry {
	var out []entry
	for _, e := range slices.Backward(entries) {
		if !seen[e.id] && !r.notes.place.has(e.id) {
			out = append(out, e)
		}
		seen[e.id] = true
	}
	byTime(out)
	return out
}
