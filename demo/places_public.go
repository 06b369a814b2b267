package demo

import (
	"context"
	"slices"
	"strings"

	"stagecoach/channels/bluesky/blueskyfake"
	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/contact"
)

// visibility is how Mastodon calls who can read a post.
func visibility(r readers) string {
	return []string{"direct", "private", "unlisted", "public"}[r]
}

func readersOf(visibility string) readers {
	return readers(max(0, slices.Index([]string{"direct", "private", "unlisted", "public"}, visibility)))
}

// thread puts the posts of one answer together: those that stand under a post of
// ours go on with it.
type thread struct {
	out []found
	at  map[string]int
}

func (t *thread) add(f found) {
	if i, ours := t.at[f.to]; ours {
		t.out[i].text += " " + f.text
		t.out[i].readers = max(t.out[i].readers, f.readers)
		t.at[f.id] = i
		return
	}
	t.at[f.id] = len(t.out)
	t.out = append(t.out, f)
}

// onMastodon lists our answers by the post that they stand under.
func (q *quarter) onMastodon() []found {
	all := thread{at: map[string]int{}}
	for _, p := range q.Mastodon.Posted() {
		all.add(found{key: p.InReplyTo, answer: answer{id: p.ID, to: p.InReplyTo, text: p.Text, readers: readersOf(p.Visibility)}})
	}
	return all.out
}

// atMastodon is somebody on another server.
type atMastodon struct {
	q    *quarter
	name string
	keys []string
	own  *box[answer]
}

func (q *quarter) atMastodon(s *story) place {
	q.Mastodon.SetProfile(s.address, mastodonfake.Profile{DisplayName: s.name})
	return &atMastodon{q: q, name: s.address, own: newBox[answer]()}
}

func (p *atMastodon) say(_ context.Context, s said) (string, error) {
	m := mastodonfake.Post{From: p.name, Text: s.text, Visibility: visibility(s.readers), Language: s.language}
	if s.tag != "" {
		m.Quiet, m.Tags, m.Text = true, []string{s.tag}, s.text+" #"+s.tag
	}
	if s.under != nil {
		m.InReplyTo = s.under.id
	}
	if s.photo {
		m.Media = []mastodonfake.File{{Name: "photo.png", Type: "image/png", Description: "A photo", Data: picture()}}
	}
	id := p.q.Mastodon.Put(m)
	p.keys = append(p.keys, id)
	p.q.streets[contact.Mastodon].claim(id, p.own)
	return id, nil
}

func (p *atMastodon) next(ctx context.Context) (answer, error) { return p.own.next(ctx) }
func (p *atMastodon) answers() []answer                        { return p.q.streets[contact.Mastodon].of(p.keys...) }
func (p *atMastodon) leave()                                   {}

// directly marks what is said by direct message on Bluesky.
const directly = "dm/"

// onBluesky lists our answers by the post that they stand under, and our direct
// messages by whom they went to.
func (q *quarter) onBluesky() []found {
	all := thread{at: map[string]int{}}
	for _, p := range q.Bluesky.Posts() {
		all.add(found{key: p.Parent, answer: answer{id: p.Ref.URI, to: p.Parent, text: p.Text, readers: everybody}})
	}
	for _, m := range q.Bluesky.Talks() {
		all.out = append(all.out, found{key: directly + m.To, answer: answer{id: directly + m.ID, text: m.Text}})
	}
	return all.out
}

// atBluesky is somebody with a handle.
type atBluesky struct {
	q      *quarter
	handle string
	keys   []string
	own    *box[answer]
}

func (q *quarter) atBluesky(s *story) place {
	name, host, _ := strings.Cut(s.address, "@")
	p := &atBluesky{q: q, handle: strings.ReplaceAll(name, ".", "-") + "." + host, own: newBox[answer]()}
	q.Bluesky.Know(blueskyfake.Person{Handle: p.handle, Name: s.name})
	p.claim(directly + p.handle)
	return p
}

func (p *atBluesky) claim(key string) {
	p.keys = append(p.keys, key)
	p.q.streets[contact.Bluesky].claim(key, p.own)
}

func (p *atBluesky) say(_ context.Context, s said) (string, error) {
	if s.readers == nobodyElse {
		return p.q.Bluesky.PutMessage(p.handle, s.text), nil
	}
	m := blueskyfake.Post{Author: p.handle, Text: s.text, Langs: []string{s.language}}
	if s.tag != "" {
		m.Quiet, m.Text = true, s.text+" #"+s.tag
	}
	if s.under != nil {
		m.Reply = p.ref(s.under.id)
	}
	if s.photo {
		m.Pictures, m.Alt = [][]byte{picture()}, "A photo"
	}
	ref := p.q.Bluesky.Put(m)
	p.claim(ref.URI)
	return ref.URI, nil
}

// ref names a post of ours.
func (p *atBluesky) ref(uri string) *blueskyfake.Ref {
	for _, sent := range p.q.Bluesky.Posts() {
		if sent.Ref.URI == uri {
			return &sent.Ref
		}
	}
	return nil
}

func (p *atBluesky) next(ctx context.Context) (answer, error) { return p.own.next(ctx) }
func (p *atBluesky) answers() []answer                        { return p.q.streets[contact.Bluesky].of(p.keys...) }
func (p *atBluesky) leave()                                   {}
