package bluesky

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// The records and views of the protocol, as far as they are used
// (https://github.com/bluesky-social/atproto/tree/main/lexicons).

const (
	typePost   = "app.bsky.feed.post"
	typeImages = "app.bsky.embed.images"
	typeLink   = "app.bsky.richtext.facet#link"
	typeAt     = "app.bsky.richtext.facet#mention"
	typeTag    = "app.bsky.richtext.facet#tag"
)

// profile is who somebody is, and how they stand to us.
type profile struct {
	DID         string  `json:"did"`
	Handle      string  `json:"handle"`
	DisplayName string  `json:"displayName"`
	Description string  `json:"description"`
	Labels      []label `json:"labels"`
	Viewer      struct {
		Muted          bool            `json:"muted"`
		MutedByList    json.RawMessage `json:"mutedByList"`
		BlockedBy      bool            `json:"blockedBy"`
		Blocking       string          `json:"blocking"`
		BlockingByList json.RawMessage `json:"blockingByList"`
	} `json:"viewer"`
}

// apart tells that a block or a mute stands between them and us.
func (p *profile) apart() bool {
	v := p.Viewer
	return v.BlockedBy || v.Blocking != "" || v.Muted || len(v.MutedByList) > 0 || len(v.BlockingByList) > 0
}

// known gives the handle, "" where the network knows none that is right.
func (p *profile) known() string {
	if p.Handle == "handle.invalid" || len(p.Handle) > 253 {
		return ""
	}
	return strings.ToLower(plainName(p.Handle, 253))
}

type label struct {
	Src string `json:"src"`
	Val string `json:"val"`
	Neg bool   `json:"neg"`
}

// ref names a record for ever (com.atproto.repo.strongRef).
type ref struct {
	URI string `json:"uri"`
	CID string `json:"cid"`
}

type replyRef struct {
	Root   ref `json:"root"`
	Parent ref `json:"parent"`
}

// record is a post as its author has written it.
type record struct {
	Type      string    `json:"$type"`
	Text      string    `json:"text"`
	CreatedAt string    `json:"createdAt"`
	Langs     []string  `json:"langs"`
	Facets    []facet   `json:"facets"`
	Reply     *replyRef `json:"reply"`
	Embed     *embed    `json:"embed"`
	// Tags are hashtags beside those in the text.
	Tags []string `json:"tags"`
}

// facet marks a part of a text, counted in bytes of UTF-8
// (https://docs.bsky.app/docs/advanced-guides/post-richtext).
type facet struct {
	Index    byteSlice `json:"index"`
	Features []feature `json:"features"`
}

type byteSlice struct {
	Start int `json:"byteStart"`
	End   int `json:"byteEnd"`
}

type feature struct {
	Type string `json:"$type"`
	URI  string `json:"uri,omitempty"`
	DID  string `json:"did,omitempty"`
	Tag  string `json:"tag,omitempty"`
}

// mentions reports whether the text speaks to did.
func (r *record) mentions(did string) bool {
	for _, f := range r.Facets {
		for _, part := range f.Features {
			if part.Type == typeAt && part.DID == did {
				return true
			}
		}
	}
	return false
}

// embed is what is attached to a post, both as its author has written it and as
// a view shows it.
type embed struct {
	Type   string  `json:"$type"`
	Images []image `json:"images"`
	// Alt and Playlist are a video's.
	Alt      string `json:"alt"`
	Playlist string `json:"playlist"`
	External *struct {
		URI   string `json:"uri"`
		Title string `json:"title"`
	} `json:"external"`
	// Record is a quoted post: a ref or a view, or either of them wrapped.
	Record json.RawMessage `json:"record"`
	Media  *embed          `json:"media"`
}

type image struct {
	Fullsize string `json:"fullsize"`
	Alt      string `json:"alt"`
}

// media gives the part with pictures and links in it, nil if none.
func (e *embed) media() *embed {
	if e == nil {
		return nil
	}
	if e.Media != nil {
		return e.Media
	}
	return e
}

// video tells that it is one.
func (e *embed) video() bool { return strings.HasPrefix(e.Type, "app.bsky.embed.video") }

// quoted gives the quoted post of a view, nil if none or it may not be shown.
func (e *embed) quoted() *quotedPost {
	if e == nil || len(e.Record) == 0 {
		return nil
	}
	var inner struct {
		quotedPost
		Record json.RawMessage `json:"record"`
	}
	_ = unmarshalLoosely(e.Record, &inner)
	if inner.Author.DID == "" && len(inner.Record) > 0 {
		var q quotedPost
		_ = unmarshalLoosely(inner.Record, &q)
		inner.quotedPost = q
	}
	if inner.Author.DID == "" || inner.Value.Text == "" {
		return nil
	}
	return &inner.quotedPost
}

// quotedPost is app.bsky.embed.record#viewRecord.
type quotedPost struct {
	URI    string  `json:"uri"`
	Author profile `json:"author"`
	Value  record  `json:"value"`
}

// post is a notification or a post's view: what is told of a post by others than
// its author.
type post struct {
	URI       string  `json:"uri"`
	CID       string  `json:"cid"`
	Author    profile `json:"author"`
	Reason    string  `json:"reason"`
	Record    record  `json:"record"`
	Embed     *embed  `json:"embed"`
	IndexedAt string  `json:"indexedAt"`
	Labels    []label `json:"labels"`
	Viewer    struct {
		ReplyDisabled bool `json:"replyDisabled"`
	} `json:"viewer"`
}

// legible reports whether enough could be read to make a message of it, though
// something in it isn't of the type that the protocol promises.
func (p *post) legible() bool { return p.Record.Text != "" && p.CID != "" && p.IndexedAt != "" }

// root names the first post of the thread.
func (p *post) root() ref {
	if p.Record.Reply != nil && p.Record.Reply.Root.URI != "" {
		return p.Record.Reply.Root
	}
	return ref{URI: p.URI, CID: p.CID}
}

// The reasons of a notification that are messages.
const (
	reasonMention = "mention"
	reasonReply   = "reply"
	reasonQuote   = "quote"
)

// authorOf gives the id in an at:// address, "" if it has none.
func authorOf(uri string) string {
	rest, ok := strings.CutPrefix(uri, "at://")
	if !ok {
		return ""
	}
	did, _, _ := strings.Cut(rest, "/")
	return did
}

// when reads a time of the protocol, zero if it can't be read.
func when(s string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// unmarshalLoosely decodes what it can: a field of another type than promised is
// left out.
func unmarshalLoosely(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var wrongType *json.UnmarshalTypeError
	if err != nil && errors.As(err, &wrongType) {
		return nil
	}
	return err
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
