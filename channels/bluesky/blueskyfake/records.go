package blueskyfake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

type facet struct {
	Index struct {
		Start *int `json:"byteStart"`
		End   *int `json:"byteEnd"`
	} `json:"index"`
	Features []struct {
		Type string `json:"$type"`
		URI  string `json:"uri"`
		DID  string `json:"did"`
		Tag  string `json:"tag"`
	} `json:"features"`
}

type record struct {
	Type      string    `json:"$type"`
	Text      *string   `json:"text"`
	CreatedAt string    `json:"createdAt"`
	Langs     []string  `json:"langs"`
	Facets    []facet   `json:"facets"`
	Reply     *replyRef `json:"reply"`
	Embed     *struct {
		Type   string `json:"$type"`
		Images []struct {
			Alt   *string `json:"alt"`
			Image struct {
				Type string            `json:"$type"`
				Ref  map[string]string `json:"ref"`
				Mime string            `json:"mimeType"`
				Size int               `json:"size"`
			} `json:"image"`
			AspectRatio *struct {
				Width, Height int
			} `json:"aspectRatio"`
		} `json:"images"`
	} `json:"embed"`
}

// tidForm is that of a record key (https://atproto.com/specs/tid).
var tidForm = regexp.MustCompile(`^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$`)

// writeRecord is putRecord and createRecord: the former changes nothing where the
// record is there already, and refuses to change another where swapRecord is null;
// the latter fails with 500 where the key is taken
// (https://github.com/bluesky-social/atproto/issues/3718).
func (s *Server) writeRecord(r *http.Request, create bool) (any, *refused) {
	var in struct {
		Repo       string          `json:"repo"`
		Collection string          `json:"collection"`
		Key        string          `json:"rkey"`
		Record     json.RawMessage `json:"record"`
		SwapRecord json.RawMessage `json:"swapRecord"`
	}
	if bad := readBody(r, &in); bad != nil {
		return nil, bad
	}
	invalid := func(format string, args ...any) (any, *refused) {
		return nil, &refused{http.StatusBadRequest, "InvalidRequest", fmt.Sprintf(format, args...)}
	}
	switch {
	case in.Repo != s.me().did && in.Repo != s.cfg.Handle:
		return nil, &refused{http.StatusUnauthorized, "AuthenticationRequired", "Authentication Required"}
	case in.Collection != "app.bsky.feed.post":
		return invalid("this server is for posts")
	case create && in.Key == "":
		in.Key = tid(s.now(), 2)
	}
	if !tidForm.MatchString(in.Key) {
		return invalid("Invalid record key for collection: not a tid")
	}
	var rec record
	if err := json.Unmarshal(in.Record, &rec); err != nil {
		return invalid("Invalid app.bsky.feed.post record: %v", err)
	}
	if err := s.checkRecord(&rec); err != nil {
		return invalid("Invalid app.bsky.feed.post record: %v", err)
	}
	ref := Ref{URI: "at://" + s.me().did + "/app.bsky.feed.post/" + in.Key, CID: cidOf(in.Record)}
	if old, ok := s.posts[ref.URI]; ok && !old.deleted {
		switch {
		case create:
			return nil, &refused{http.StatusInternalServerError, "InternalServerError", "Internal Server Error"}
		case old.ref.CID == ref.CID:
			return map[string]string{"uri": ref.URI, "cid": ref.CID, "validationStatus": "valid"}, nil
		case string(in.SwapRecord) == "null":
			return nil, &refused{http.StatusBadRequest, "InvalidSwap", "Record was at " + old.ref.CID}
		}
		return invalid("posts aren't changed")
	}
	p := &post{ref: ref, author: s.me(), record: in.Record, text: *rec.Text, reply: rec.Reply, at: s.now()}
	s.add(p)
	return map[string]any{
		"uri": ref.URI, "cid": ref.CID, "validationStatus": "valid",
		"commit": map[string]string{"cid": cidOf([]byte(ref.URI)), "rev": tid(p.at, 0)},
	}, nil
}

// checkRecord is as strict as app.bsky.feed.post
// (https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json),
// and stricter about what it answers and where marks lie.
func (s *Server) checkRecord(rec *record) error {
	switch {
	case rec.Type != "app.bsky.feed.post":
		return errors.New("its $type must be app.bsky.feed.post")
	case rec.Text == nil:
		return errors.New("must have the property \"text\"")
	case len(rec.Langs) > 3:
		return errors.New("langs must not have more than 3 elements")
	}
	if _, err := time.Parse(time.RFC3339Nano, rec.CreatedAt); err != nil {
		return errors.New("createdAt must be a datetime")
	}
	if err := checkText(*rec.Text, rec.Facets, 300, 3000); err != nil {
		return err
	}
	if rec.Reply != nil {
		for _, at := range []Ref{rec.Reply.Root, rec.Reply.Parent} {
			if known, ok := s.posts[at.URI]; !ok || known.ref.CID != at.CID {
				return errors.New("reply names a post that doesn't exist")
			}
		}
		above := s.posts[rec.Reply.Parent.URI]
		if above.reply != nil && above.reply.Root != rec.Reply.Root || above.reply == nil && rec.Reply.Root != rec.Reply.Parent {
			return errors.New("reply/root is another thread's")
		}
	}
	if rec.Embed == nil {
		return nil
	}
	if rec.Embed.Type != "app.bsky.embed.images" || len(rec.Embed.Images) == 0 || len(rec.Embed.Images) > 4 {
		return errors.New("embed must have 1 to 4 images")
	}
	for _, img := range rec.Embed.Images {
		data, known := s.blobs[img.Image.Ref["$link"]]
		if img.Alt == nil || img.Image.Type != "blob" || !known || img.Image.Size != len(data) || !strings.HasPrefix(img.Image.Mime, "image/") {
			return errors.New("blob not found")
		}
	}
	return nil
}

// checkText checks a text and its marks, whose places are bytes of UTF-8
// (https://docs.bsky.app/docs/advanced-guides/post-richtext).
func checkText(text string, facets []facet, maxGraphemes, maxBytes int) error {
	n := 0
	for seen := graphemes.FromString(text); seen.Next(); {
		n++
	}
	switch {
	case !utf8.ValidString(text):
		return errors.New("text must be UTF-8")
	case n > maxGraphemes:
		return fmt.Errorf("text must not be longer than %d graphemes", maxGraphemes)
	case len(text) > maxBytes:
		return fmt.Errorf("text must not be longer than %d characters", maxBytes)
	}
	boundary := func(at int) bool { return at == len(text) || utf8.RuneStart(text[at]) }
	for _, f := range facets {
		if f.Index.Start == nil || f.Index.End == nil || len(f.Features) == 0 {
			return errors.New("facets must have index and features")
		}
		from, to := *f.Index.Start, *f.Index.End
		if from < 0 || to <= from || to > len(text) || !boundary(from) || !boundary(to) {
			return errors.New("a facet lies outside of the text")
		}
		for _, part := range f.Features {
			u, err := url.Parse(part.URI)
			switch {
			case part.Type == "app.bsky.richtext.facet#link" && err == nil && u.Host != "":
			case part.Type == "app.bsky.richtext.facet#mention" && strings.HasPrefix(part.DID, "did:"):
			case part.Type == "app.bsky.richtext.facet#tag" && part.Tag != "" && len(part.Tag) <= 640:
			default:
				return errors.New("a facet isn't what its type says")
			}
		}
	}
	return nil
}

func (s *Server) getRecord(q url.Values) (any, *refused) {
	if q.Get("collection") == "chat.bsky.actor.declaration" && q.Get("rkey") == "self" {
		return map[string]any{
			"uri": "at://" + s.me().did + "/chat.bsky.actor.declaration/self", "cid": cidOf([]byte("declared")),
			"value": map[string]string{"$type": "chat.bsky.actor.declaration", "allowIncoming": s.cfg.AllowIncoming},
		}, nil
	}
	p, ok := s.posts["at://"+q.Get("repo")+"/"+q.Get("collection")+"/"+q.Get("rkey")]
	if !ok || p.deleted {
		return nil, &refused{http.StatusBadRequest, "RecordNotFound", "Could not locate record: at://" + q.Get("repo") + "/" + q.Get("collection")}
	}
	return map[string]any{"uri": p.ref.URI, "cid": p.ref.CID, "value": p.record}, nil
}

func (s *Server) uploadBlob(r *http.Request) (any, *refused) {
	data, err := io.ReadAll(io.LimitReader(r.Body, 1_000_001))
	if err != nil {
		return nil, &refused{http.StatusBadRequest, "InvalidRequest", "unreadable"}
	}
	if len(data) > 1_000_000 {
		return nil, &refused{http.StatusRequestEntityTooLarge, "PayloadTooLarge", "request entity too large"}
	}
	blob := blobOf(data, r.Header.Get("Content-Type"))
	link, _ := blob["ref"].(map[string]string)
	s.blobs[link["$link"]] = bytes.Clone(data)
	return map[string]any{"blob": blob}, nil
}

func (s *Server) postView(p *post) map[string]any {
	out := map[string]any{
		"uri": p.ref.URI, "cid": p.ref.CID, "author": s.profile(p.author), "record": p.record, "indexedAt": stamp(p.at),
		"labels": []any{}, "viewer": map[string]any{"replyDisabled": p.closed},
	}
	if p.images != nil {
		var images []any
		for i, id := range p.images {
			images = append(images, map[string]string{"thumb": or(s.cdn, s.URL()) + "/img/" + id, "fullsize": or(s.cdn, s.URL()) + "/img/" + id, "alt": p.alts[i]})
		}
		out["embed"] = map[string]any{"$type": "app.bsky.embed.images#view", "images": images}
	}
	if q, ok := s.posts[p.quotes]; ok {
		out["embed"] = map[string]any{"$type": "app.bsky.embed.record#view", "record": map[string]any{
			"$type": "app.bsky.embed.record#viewRecord", "uri": q.ref.URI, "cid": q.ref.CID, "author": s.profile(q.author),
			"value": q.record, "indexedAt": stamp(q.at),
		}}
	}
	return out
}

func (s *Server) getPosts(uris []string) (any, *refused) {
	if len(uris) == 0 || len(uris) > 25 {
		return nil, &refused{http.StatusBadRequest, "InvalidRequest", "Error: uris must not have more than 25 elements"}
	}
	views := []any{}
	for _, uri := range uris {
		if p, ok := s.posts[uri]; ok && !p.deleted && !p.author.blocksUs {
			views = append(views, s.postView(p))
		}
	}
	return map[string]any{"posts": views}, nil
}

func (s *Server) getProfiles(dids []string) (any, *refused) {
	if len(dids) == 0 || len(dids) > 25 {
		return nil, &refused{http.StatusBadRequest, "InvalidRequest", "Error: actors must not have more than 25 elements"}
	}
	views := []any{}
	for _, did := range dids {
		if p := s.byDID(did); p != nil {
			v := s.profile(p)
			v["description"] = p.bio
			views = append(views, v)
		}
	}
	return map[string]any{"profiles": views}, nil
}

// searchPosts finds words in texts, and hashtags.
func (s *Server) searchPosts(q url.Values) (any, *refused) {
	want := strings.ToLower(strings.Trim(q.Get("q"), `"`))
	if want == "" {
		return nil, &refused{http.StatusBadRequest, "InvalidRequest", "Params must have the property \"q\""}
	}
	var all []any
	for _, uri := range s.order {
		p := s.posts[uri]
		if !p.deleted && strings.Contains(strings.ToLower(p.text), want) {
			all = append(all, s.postView(p))
		}
	}
	out, cursor, bad := page(s, all, q, 25)
	if bad != nil {
		return nil, bad
	}
	return withCursor("posts", out, cursor), nil
}
