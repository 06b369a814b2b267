package bluesky

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// rich is a text with its marks. Mentions are names until they are resolved.
type rich struct {
	Text     string    `json:"text"`
	Facets   []facet   `json:"facets,omitempty"`
	Mentions []mention `json:"mentions,omitempty"`
}

// mention is a name in a text, to be marked once the id behind it is known.
type mention struct {
	Index  byteSlice `json:"index"`
	Handle string    `json:"handle"`
}

var (
	linkForm    = regexp.MustCompile(`https?://[^\s<>"]+|\bwww\.[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/[^\s<>"]*)?`)
	mentionForm = regexp.MustCompile(`(^|[\s(\[])@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)`)
	tagForm     = regexp.MustCompile(`(^|\s)[#＃]([^\s#＃]+)`)
)

// shownLink is how long a link may be before it is shown shortened.
const shownLink = 60

// enrich marks links, mentions and hashtags, and shortens long links to what
// people need to see of them.
func enrich(text string) rich {
	var r rich
	var out strings.Builder
	done := 0
	for _, at := range linkForm.FindAllStringIndex(text, -1) {
		link := trimLink(text[at[0]:at[1]])
		uri := link
		if !strings.HasPrefix(strings.ToLower(uri), "http") {
			uri = "https://" + uri
		}
		u, err := url.Parse(uri)
		if err != nil || u.Host == "" || !strings.Contains(u.Host, ".") && u.Hostname() != "localhost" || len(uri) > 8000 {
			continue
		}
		out.WriteString(text[done:at[0]])
		from := out.Len()
		out.WriteString(shorten(link, u))
		r.Facets = append(r.Facets, facet{byteSlice{from, out.Len()}, []feature{{Type: typeLink, URI: uri}}})
		done = at[0] + len(link)
	}
	out.WriteString(text[done:])
	r.Text = out.String()
	r.markTags()
	r.markMentions()
	slices.SortFunc(r.Facets, func(a, b facet) int { return a.Index.Start - b.Index.Start })
	return r
}

// trimLink takes off the marks that belong to the sentence.
func trimLink(s string) string {
	for {
		short := strings.TrimRight(s, `.,;:!?'*_…`)
		for _, pair := range []string{"()", "[]", "{}"} {
			if strings.HasSuffix(short, pair[1:]) && strings.Count(short, pair[:1]) < strings.Count(short, pair[1:]) {
				short = short[:len(short)-1]
			}
		}
		if short == s {
			return s
		}
		s = short
	}
}

func shorten(link string, u *url.URL) string {
	if graphemeCount(link) <= shownLink {
		return link
	}
	host := strings.TrimPrefix(u.Host, "www.")
	rest := []rune(strings.TrimPrefix(u.RequestURI(), "/"))
	out := []rune(host + "/")
	out = append(out, rest...)
	if len(out) > shownLink-1 {
		out = append(out[:shownLink-1], '…')
	}
	return string(out)
}

func (r *rich) covered(from, to int) bool {
	return slices.ContainsFunc(r.Facets, func(f facet) bool { return from < f.Index.End && to > f.Index.Start })
}

func (r *rich) markTags() {
	for _, at := range tagForm.FindAllStringSubmatchIndex(r.Text, -1) {
		from := at[4] - 1
		if strings.HasSuffix(r.Text[:at[4]], "＃") {
			from = at[4] - len("＃")
		}
		tag := strings.TrimRight(r.Text[at[4]:at[5]], `.,;:!?'")]}*_…`)
		if !isTag(tag) || graphemeCount(tag) > 64 || len(tag) > 640 || r.covered(from, at[4]+len(tag)) {
			continue
		}
		r.Facets = append(r.Facets, facet{byteSlice{from, at[4] + len(tag)}, []feature{{Type: typeTag, Tag: tag}}})
	}
}

// isTag reports whether the app would take it for a hashtag: it isn't of digits and
// marks alone, nor the emoji of a key.
func isTag(s string) bool {
	return !strings.HasPrefix(s, "\ufe0f") && strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsDigit(r) && !unicode.IsPunct(r) && r >= ' ' && !unicode.Is(unicode.Cf, r)
	})
}

func (r *rich) markMentions() {
	for _, at := range mentionForm.FindAllStringSubmatchIndex(r.Text, -1) {
		handle := strings.ToLower(r.Text[at[4]:at[5]])
		if handleForm.MatchString(handle) && len(handle) <= 253 && !r.covered(at[4]-1, at[5]) {
			r.Mentions = append(r.Mentions, mention{byteSlice{at[4] - 1, at[5]}, handle})
		}
	}
}

// part cuts out the bytes from from to to, with the marks that lie in them.
func (r *rich) part(from, to int) rich {
	out := rich{Text: r.Text[from:to]}
	inside := func(at byteSlice) bool { return at.Start >= from && at.End <= to }
	for _, f := range r.Facets {
		if inside(f.Index) {
			f.Index = byteSlice{f.Index.Start - from, f.Index.End - from}
			out.Facets = append(out.Facets, f)
		}
	}
	for _, m := range r.Mentions {
		if inside(m.Index) {
			m.Index = byteSlice{m.Index.Start - from, m.Index.End - from}
			out.Mentions = append(out.Mentions, m)
		}
	}
	return out
}

// marks gives the facets of the text, with the mentions whose ids are known.
func (r *rich) marks(ids map[string]string) []facet {
	out := slices.Clone(r.Facets)
	for _, m := range r.Mentions {
		if did := ids[m.Handle]; did != "" {
			out = append(out, facet{m.Index, []feature{{Type: typeAt, DID: did}}})
		}
	}
	slices.SortFunc(out, func(a, b facet) int { return a.Index.Start - b.Index.Start })
	return out
}

// graphemeCount counts what people see as characters (UAX 29), as the network does.
func graphemeCount(s string) int {
	n := 0
	for seen := graphemes.FromString(s); seen.Next(); {
		n++
	}
	return n
}

// room is what one post or message holds.
type room struct{ graphemes, bytes int }

func (r room) fits(s string) bool {
	return len(s) <= r.bytes && (utf8.RuneCountInString(s) <= r.graphemes || graphemeCount(s) <= r.graphemes)
}
