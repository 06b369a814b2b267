package mastodonfake

import (
	"fmt"
	"html"
	"maps"
	"regexp"
	"strings"
	"time"
)

// Post is what somebody writes.
type Post struct {
	// From is who: "alice@cust.test", "alice@cust.test" if empty.
	From string
	// Text is made HTML as servers do; HTML, if not empty, is taken as it is.
	Text, HTML string
	// Visibility is public if empty.
	Visibility string
	InReplyTo  string
	Warning    string
	Language   string
	// Quiet leaves out that it mentions us.
	Quiet bool
	// Filtered is held back by the account's filter of notifications.
	Filtered bool
	Tags     []string
	Media    []File
	Poll     []string
	// Quote is the id of the post that it quotes.
	Quote string
	// At is when; now if zero.
	At time.Time
	// Extra are further properties of it, as the API shows them.
	Extra map[string]any
}

// File is an attachment.
type File struct {
	Name, Type, Description string
	Data                    []byte
	// URL, if not empty, is where it is said to be; Data isn't served then.
	URL string
}

// Profile is what people say of themselves.
type Profile struct {
	DisplayName, Note  string
	Bot                bool
	Indexable, NoIndex *bool
	Fields             map[string]string
	// Extra are further properties, as the API shows them.
	Extra map[string]any
}

// Posted is a post of ours.
type Posted struct {
	ID, Text, InReplyTo, Visibility, Warning, Language, Key string
	// Media are the descriptions of its files.
	Media []string
}

type person struct {
	id, acct string
	Profile
}

type post struct {
	id     string
	author *person
	Post
	edited  time.Time
	deleted bool
	key     string
	app     string
	files   []*mediaFile
}

type note struct {
	id, kind string
	at       time.Time
	post     *post
	filtered bool
	raw      string
}

type mediaFile struct {
	id string
	File
	// pending is how often it's still said to be in processing.
	pending int
	used    bool
}

func (s *Server) person(acct string) *person {
	acct = strings.TrimPrefix(or(acct, "alice@cust.test"), "@")
	p := s.people[acct]
	if p == nil {
		p = &person{id: s.otherID.give(), acct: acct, Profile: Profile{DisplayName: strings.Split(acct, "@")[0]}}
		s.people[acct] = p
	}
	return p
}

func (s *Server) us() *person { return s.person(s.Address()) }

// SetProfile says what somebody tells of themselves.
func (s *Server) SetProfile(acct string, profile Profile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.person(acct).Profile = profile
}

// Put makes somebody post, and gives the post's id.
func (s *Server) Put(p Post) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.At.IsZero() {
		p.At = time.Now().UTC()
	}
	p.Visibility = or(p.Visibility, "public")
	made := &post{id: s.statusID.give(), author: s.person(p.From), Post: p}
	if made.HTML == "" {
		text := p.Text
		if !p.Quiet {
			text = "@" + s.Address() + " " + text
		}
		made.HTML = s.toHTML(text)
	}
	for _, f := range p.Media {
		made.files = append(made.files, s.store(f, 0))
	}
	s.keep(made)
	if !p.Quiet && made.author != s.us() {
		s.notify("mention", made, p.Filtered)
	}
	return made.id
}

func (s *Server) notify(kind string, about *post, filtered bool) {
	s.notes = append(s.notes, &note{id: s.noteID.give(), kind: kind, at: about.At, post: about, filtered: filtered})
	s.tell("notification", `{"type":"`+kind+`"}`)
}

// PutRaw adds a notification with these bytes as they are.
func (s *Server) PutRaw(raw string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, &note{id: s.noteID.give(), kind: "mention", at: time.Now().UTC(), raw: raw})
	s.tell("notification", "{}")
}

// Notify adds a notification of another kind about a post.
func (s *Server) Notify(kind, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.find(id); p != nil {
		s.notify(kind, p, false)
	}
}

// Edit changes the text of somebody's post. Nobody is notified, as it is.
func (s *Server) Edit(id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.find(id); p != nil {
		if !p.Quiet {
			text = "@" + s.Address() + " " + text
		}
		p.HTML, p.edited = s.toHTML(text), time.Now().UTC()
		s.tell("status.update", "{}")
	}
}

// Delete takes a post away, and the notifications of it.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.find(id); p != nil {
		p.deleted = true
		s.tell("delete", id)
	}
}

// DropMedia forgets the files that no post carries, as servers do in time.
func (s *Server) DropMedia() {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.media, func(_ string, f *mediaFile) bool { return !f.used })
}

// Posted lists our posts, the oldest first.
func (s *Server) Posted() []Posted {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Posted
	for _, p := range s.posts {
		if p.author != s.us() || p.deleted {
			continue
		}
		one := Posted{
			ID: p.id, Text: p.Text, InReplyTo: p.InReplyTo, Visibility: p.Visibility, Warning: p.Warning,
			Language: p.Language, Key: p.key,
		}
		for _, f := range p.files {
			one.Media = append(one.Media, f.Description)
		}
		out = append(out, one)
	}
	return out
}

// Received counts our posts with this text in them.
func (s *Server) Received(text string) int {
	n := 0
	for _, p := range s.Posted() {
		if strings.Contains(p.Text, text) {
			n++
		}
	}
	return n
}

func (s *Server) find(id string) *post {
	if p := s.byID[id]; p != nil && !p.deleted {
		return p
	}
	return nil
}

func (s *Server) keep(p *post) {
	s.posts = append(s.posts, p)
	s.byID[p.id] = p
}

func (s *Server) store(f File, pending int) *mediaFile {
	m := &mediaFile{id: s.otherID.give(), File: f, pending: pending}
	s.media[m.id] = m
	return m
}

var (
	linkForm    = regexp.MustCompile(`https?://[^\s<]+`)
	mentionForm = regexp.MustCompile(`(^|\s)@([\w.-]+)(?:@([\w.-]+\w))?`)
	tagForm     = regexp.MustCompile(`(^|\s)#(\w+)`)
)

// toHTML makes of text what Mastodon does: paragraphs, links shortened by spans
// that hide their ends, and mentions by the name alone.
func (s *Server) toHTML(text string) string {
	out := html.EscapeString(text)
	out = linkForm.ReplaceAllStringFunc(out, func(link string) string {
		scheme, rest, _ := strings.Cut(link, "://")
		shown, hidden, class := rest, "", ""
		if len(rest) > 30 {
			shown, hidden, class = rest[:30], rest[30:], "ellipsis"
		}
		return fmt.Sprintf(`<a href="%s" target="_blank" rel="nofollow noopener"><span class="invisible">%s://</span><span class="%s">%s</span><span class="invisible">%s</span></a>`,
			link, scheme, class, shown, hidden)
	})
	out = mentionForm.ReplaceAllStringFunc(out, func(found string) string {
		m := mentionForm.FindStringSubmatch(found)
		domain := or(m[3], s.cfg.Domain)
		return fmt.Sprintf(`%s<span class="h-card" translate="no"><a href="https://%s/@%s" class="u-url mention">@<span>%s</span></a></span>`, m[1], domain, m[2], m[2])
	})
	out = tagForm.ReplaceAllString(out, `${1}<a href="`+s.URL()+`/tags/${2}" class="mention hashtag" rel="tag">#<span>${2}</span></a>`)
	out = strings.ReplaceAll(out, "\n\n", "</p><p>")
	return "<p>" + strings.ReplaceAll(out, "\n", "<br />") + "</p>"
}
