package mastodon

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Where own posts are looked for: lookPages pages of lookPage posts, back to when
// the reply was written, with clocks that differ by as much as clockSlack.
const (
	lookPage   = 40
	lookPages  = 8
	clockSlack = 10 * time.Second
)

// Delivered implements channels.Resolver. What isn't found counts as not
// delivered only some time after the last attempt, when the server has had the
// time to do it.
func (a *Adapter) Delivered(ctx context.Context, r *contact.Reply) (delivered, known bool, err error) {
	out, err := readOutgoing(r)
	if err != nil {
		return false, false, a.failure(opLookUp, channels.Malformed, "", err.Error(), err)
	}
	s := a.sent.of(r.ID)
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return false, false, a.linkFailure(opLookUp, ctx.Err())
	}
	defer func() { <-s.turn }()
	if s.receipt != nil {
		return true, true, nil
	}
	if _, err := a.whoami(ctx, opLookUp); err != nil {
		return false, false, err
	}
	s.doubt = true
	all, complete, err := a.ownPosts(ctx, r, out, true)
	if err != nil {
		return false, false, err
	}
	a.match(r, out, s, all)
	if len(s.posted) == len(out.Posts) {
		s.receipt = &channels.Receipt{ProviderID: a.messageID(s.posted[len(s.posted)-1]), At: time.Now().UTC()}
		return true, true, nil
	}
	last := s.last
	if last.IsZero() {
		last = a.started
	}
	if !complete || time.Since(last) < a.settle {
		return false, false, nil
	}
	s.looked, s.doubt = true, false
	return false, true, nil
}

// lookUp finds the posts of a reply that were made already.
func (a *Adapter) lookUp(ctx context.Context, r *contact.Reply, out *outgoing, s *sending, thoroughly bool) error {
	all, _, err := a.ownPosts(ctx, r, out, thoroughly)
	if err != nil {
		return err
	}
	a.match(r, out, s, all)
	s.looked, s.doubt = true, false
	return nil
}

// match takes the posts that are the reply's, each after the one that it answers.
func (a *Adapter) match(r *contact.Reply, out *outgoing, s *sending, all []status) {
	for k := len(s.posted); k < len(out.Posts); k++ {
		answers := out.Posts[k].InReplyToID
		if k > 0 {
			answers = s.posted[k-1]
		}
		id := a.find(r, out.Posts[k].Status, answers, all)
		if id == "" {
			return
		}
		a.noteSent(r, s, id)
	}
}

func (a *Adapter) find(r *contact.Reply, text, answers string, all []status) string {
	want := skeleton(text)
	for _, s := range all {
		owner, owned := a.sent.owner.Get(s.ID)
		// A server forgets what a post answers when that is deleted.
		if (s.InReplyToID == answers || s.InReplyToID == "") && (!owned || owner == r.ID) && skeleton(htmlText(bounded(s.Content), nil)) == want {
			return s.ID
		}
	}
	return ""
}

// ownPosts lists our posts since the reply was written. complete tells that none
// of them can be missing. Thoroughly, the answers to the question are listed too: a
// server may keep direct posts out of the list of an account's.
// https://docs.joinmastodon.org/methods/accounts/#statuses
func (a *Adapter) ownPosts(ctx context.Context, r *contact.Reply, out *outgoing, thoroughly bool) (all []status, complete bool, err error) {
	me, err := a.whoami(ctx, opLookUp)
	if err != nil {
		return nil, false, err
	}
	since := r.CreatedAt
	if since.IsZero() {
		since = time.Unix(int64(out.Since), 0)
	}
	since = since.Add(-clockSlack)
	skewed := false
	query := url.Values{"limit": {itoa(lookPage)}, "exclude_reblogs": {"true"}}
	for range lookPages {
		var raws []json.RawMessage
		res, err := a.get(ctx, opLookUp, "/api/v1/accounts/"+pathOf(me.id)+"/statuses", query, &raws)
		if err != nil {
			return nil, false, err
		}
		if !skewed {
			skewed = true
			since = since.Add(min(0, channels.AnsweredAt(res.header, res.at).Sub(res.at))) // the server's clock is behind ours
		}
		past := false
		for _, raw := range raws {
			var s status
			if unmarshalLoosely(raw, &s) != nil {
				continue
			}
			if past = when(s.CreatedAt).Before(since); !past {
				all = append(all, s)
			}
		}
		_, more := neighbours(res.header)
		if past || len(raws) < lookPage/2 || more.Get("max_id") == "" {
			complete = true
			break
		}
		query.Set("max_id", more.Get("max_id"))
	}
	if thoroughly && len(out.Posts) > 0 && out.Posts[0].InReplyToID != "" {
		below, err := a.answersTo(ctx, out.Posts[0].InReplyToID, me.id)
		if err != nil {
			return nil, false, err
		}
		all = append(all, below...)
	}
	return all, complete, nil
}

// answersTo gives our own posts below one, none where it's gone.
func (a *Adapter) answersTo(ctx context.Context, id, me string) ([]status, error) {
	var thread struct {
		Descendants []status `json:"descendants"`
	}
	_, err := a.get(ctx, opLookUp, "/api/v1/statuses/"+pathOf(id)+"/context", nil, &thread)
	if code := codeOf(err); code == http.StatusNotFound || code == http.StatusGone || code == codeTooLarge {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []status
	for _, s := range thread.Descendants {
		if s.Account.ID == me {
			out = append(out, s)
		}
	}
	return out, nil
}

var (
	anyURL  = regexp.MustCompile(`https?://\S+`)
	anyName = regexp.MustCompile(`@\x{200b}?[\w.-]+(@\x{200b}?[\w.-]+)?`)
)

// skeleton is what a text and the HTML that a server makes of it have in common:
// letters and digits, without links and mentions, which servers shorten.
func skeleton(text string) string {
	text = strings.NewReplacer("\u200d", "", "\ufe0f", "", "\ufe0e", "").Replace(norm.NFKC.String(strings.ToLower(text)))
	text = anyName.ReplaceAllString(anyURL.ReplaceAllString(text, ""), "")
	keep := func(ok func(r rune) bool) string {
		return strings.Map(func(r rune) rune {
			if ok(r) {
				return r
			}
			return -1
		}, text)
	}
	if plain := keep(isWord); plain != "" {
		return plain
	}
	return keep(func(r rune) bool { return !unicode.IsSpace(r) && r != '\u200b' })
}
