package blueskyfake

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

type person struct {
	did, handle, name, bio string
	labels                 []string
	blocksUs               bool
}

type post struct {
	ref     Ref
	author  *person
	record  json.RawMessage
	text    string
	reply   *replyRef
	at      time.Time
	images  []string
	alts    []string
	quotes  string
	closed  bool
	deleted bool
}

type replyRef struct {
	Root   Ref `json:"root"`
	Parent Ref `json:"parent"`
}

type convo struct {
	id       string
	with     *person
	rev      string
	messages []*message
}

type message struct {
	ID      string
	Rev     string
	Text    string
	Sender  string
	At      time.Time
	Deleted bool
}

// note is a notification; one of any form has no reason.
type note struct {
	raw    json.RawMessage
	reason string
	at     time.Time
	uri    string
}

// Ref names a post.
type Ref struct {
	URI string `json:"uri"`
	CID string `json:"cid"`
}

// Post is what somebody writes.
type Post struct {
	// Author is a handle, "alice.test" if empty.
	Author string
	Text   string
	// Reason is that of the notification: "mention", or "reply" where Reply is
	// set, if empty.
	Reason string
	// Reply is what it answers, Quote what it quotes.
	Reply, Quote *Ref
	// Quiet notifies us of nothing.
	Quiet bool
	// Pictures are attached, with Alt as the words for each.
	Pictures [][]byte
	Alt      string
	Langs    []string
	// Facets are marks as they stand in the record; hashtags in the text are
	// marked in any case.
	Facets []json.RawMessage
	// Closed lets nobody answer.
	Closed bool
	// Ago sets its time back.
	Ago time.Duration
	// Labels are what its author warns of.
	Labels []string
}

// Person is somebody, as others see them.
type Person struct {
	Handle, Name, Bio string
	Labels            []string
	// BlocksUs keeps us away from them.
	BlocksUs bool
}

// lettersOf writes bytes as ids have them.
func lettersOf(b []byte) string {
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding).EncodeToString(b)
}

func (s *Server) personOf(handle string) *person {
	handle = or(handle, "alice.test")
	if p, ok := s.people[handle]; ok {
		return p
	}
	sum := sha256.Sum256([]byte(handle))
	name, _, _ := strings.Cut(handle, ".")
	p := &person{did: "did:plc:" + lettersOf(sum[:15]), handle: handle, name: strings.ToUpper(name[:1]) + name[1:]}
	s.people[handle] = p
	return p
}

func (s *Server) byDID(did string) *person {
	for _, p := range s.people {
		if p.did == did {
			return p
		}
	}
	return nil
}

func (s *Server) me() *person { return s.people[s.cfg.Handle] }

// DID is the id behind a handle, ours if empty.
func (s *Server) DID(handle string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.personOf(or(handle, s.cfg.Handle)).did
}

// Know sets what is known of somebody.
func (s *Server) Know(k Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.personOf(k.Handle)
	p.name, p.bio, p.labels, p.blocksUs = or(k.Name, p.name), k.Bio, k.Labels, k.BlocksUs
}

// now gives a time later than all before it, to the millisecond.
func (s *Server) now() time.Time {
	at := max(time.Now().Add(-s.cfg.Behind).UnixMilli(), s.clock+1)
	s.clock = at
	return time.UnixMilli(at).UTC()
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

const tidLetters = "234567abcdefghijklmnopqrstuvwxyz"

func tid(at time.Time, n int) string {
	v := uint64(at.UnixMicro())<<10 | uint64(n&1023)
	var out [13]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = tidLetters[v&31]
		v >>= 5
	}
	return string(out[:])
}

// cidOf makes an id of a record's content.
func cidOf(record []byte) string {
	var canonical any
	if json.Unmarshal(record, &canonical) == nil {
		record, _ = json.Marshal(canonical)
	}
	sum := sha256.Sum256(record)
	return "bafyrei" + lettersOf(sum[:])
}

// Put makes somebody write a post.
func (s *Server) Put(in Post) Ref {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.now()
	author := s.personOf(in.Author)
	p := &post{author: author, text: in.Text, at: at.Add(-in.Ago), closed: in.Closed}
	uri := fmt.Sprintf("at://%s/app.bsky.feed.post/%s", author.did, tid(at, len(s.posts)))
	record := map[string]any{
		"$type": "app.bsky.feed.post", "text": in.Text, "createdAt": stamp(p.at), "facets": s.facets(in),
	}
	if len(in.Langs) > 0 {
		record["langs"] = in.Langs
	}
	if in.Reply != nil {
		p.reply = &replyRef{Root: *in.Reply, Parent: *in.Reply}
		if above, ok := s.posts[in.Reply.URI]; ok && above.reply != nil {
			p.reply.Root = above.reply.Root
		}
		record["reply"] = p.reply
	}
	s.attach(p, record, in)
	p.record, _ = json.Marshal(record)
	p.ref = Ref{URI: uri, CID: cidOf(p.record)}
	s.add(p)
	if !in.Quiet {
		s.notify(p, in)
	}
	return p.ref
}

func (s *Server) add(p *post) {
	s.posts[p.ref.URI] = p
	s.order = append(s.order, p.ref.URI)
}

func (s *Server) facets(in Post) []json.RawMessage {
	out := slices.Clone(in.Facets)
	at := 0
	for word := range strings.FieldsSeq(in.Text) {
		from := at + strings.Index(in.Text[at:], word)
		at = from + len(word)
		if tag, ok := strings.CutPrefix(word, "#"); ok && tag != "" {
			raw, _ := json.Marshal(map[string]any{
				"index":    map[string]int{"byteStart": from, "byteEnd": at},
				"features": []any{map[string]string{"$type": "app.bsky.richtext.facet#tag", "tag": tag}},
			})
			out = append(out, raw)
		}
	}
	return out
}

func (s *Server) attach(p *post, record map[string]any, in Post) {
	var images []any
	for _, data := range in.Pictures {
		blob := blobOf(data, "image/png")
		id := blob["ref"].(map[string]string)["$link"] //nolint:forcetypeassert // made just here
		s.pictures[id] = data
		p.images, p.alts = append(p.images, id), append(p.alts, in.Alt)
		images = append(images, map[string]any{"alt": in.Alt, "image": blob})
	}
	if images != nil {
		record["embed"] = map[string]any{"$type": "app.bsky.embed.images", "images": images}
	}
	if in.Quote != nil {
		p.quotes = in.Quote.URI
		record["embed"] = map[string]any{"$type": "app.bsky.embed.record", "record": in.Quote}
	}
}

func (s *Server) notify(p *post, in Post) {
	reason := "mention"
	if in.Reply != nil {
		reason = "reply"
	}
	told := map[string]any{
		"uri": p.ref.URI, "cid": p.ref.CID, "author": s.profile(p.author), "reason": or(in.Reason, reason),
		"record": p.record, "isRead": false, "indexedAt": stamp(p.at), "labels": labelsOf(in.Labels, p),
	}
	if in.Reply != nil {
		told["reasonSubject"] = in.Reply.URI
	}
	raw, _ := json.Marshal(told)
	s.note(note{raw, or(in.Reason, reason), p.at, p.ref.URI})
}

func labelsOf(labels []string, p *post) []any {
	out := []any{}
	for _, l := range labels {
		out = append(out, map[string]string{"src": p.author.did, "uri": p.ref.URI, "val": l, "cts": stamp(p.at)})
	}
	return out
}

// note adds a notification at the place that its time gives it: the network sorts
// them by what the author's device says.
func (s *Server) note(n note) {
	at := len(s.notes)
	for at > 0 && s.notes[at-1].at.After(n.at) {
		at--
	}
	s.notes = slices.Insert(s.notes, at, n)
}

// PutRaw adds a notification of any form, the newest.
func (s *Server) PutRaw(raw string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(note{raw: json.RawMessage(raw), at: s.now()})
}

// PutLikes notifies us of so many likes: the lists that we ask for leave them out.
func (s *Server) PutLikes(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.note(note{raw: json.RawMessage(`{"reason":"like"}`), reason: "like", at: s.now()})
	}
}

// Delete removes somebody's post.
func (s *Server) Delete(uri string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.posts[uri]; ok {
		p.deleted = true
		s.notes = slices.DeleteFunc(s.notes, func(n note) bool { return n.uri == uri })
	}
}

// Sent is a post of ours.
type Sent struct {
	Ref    Ref
	Text   string
	Root   string
	Parent string
	Record json.RawMessage
}

// Posts lists our posts, the oldest first.
func (s *Server) Posts() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Sent
	for _, uri := range s.order {
		if p := s.posts[uri]; p.author == s.me() && !p.deleted {
			one := Sent{Ref: p.ref, Text: p.text, Record: p.record}
			if p.reply != nil {
				one.Root, one.Parent = p.reply.Root.URI, p.reply.Parent.URI
			}
			out = append(out, one)
		}
	}
	return out
}

// Received counts how often this text was posted or sent by us.
func (s *Server) Received(text string) int {
	n := 0
	for _, p := range s.Posts() {
		if strings.Contains(p.Text, text) {
			n++
		}
	}
	for _, m := range s.Messages() {
		if strings.Contains(m, text) {
			n++
		}
	}
	return n
}

func blobOf(data []byte, kind string) map[string]any {
	sum := sha256.Sum256(data)
	return map[string]any{
		"$type": "blob", "ref": map[string]string{"$link": "bafkrei" + lettersOf(sum[:])},
		"mimeType": kind, "size": len(data),
	}
}
