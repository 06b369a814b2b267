package bluesky

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is read of a post: servers take 3,000 bytes, and 10,000 of a
// direct message.
const (
	maxText   = 64 << 10
	maxFacets = 500
)

// readableText gives a text with the links that it shows shortened or under other
// words written out.
func readableText(text string, facets []facet) string {
	text = text[:min(len(text), maxText)]
	links := slices.Clone(facets[:min(len(facets), maxFacets)])
	slices.SortStableFunc(links, func(a, b facet) int { return a.Index.Start - b.Index.Start })
	var out strings.Builder
	done := 0
	for _, f := range links {
		from, to := f.Index.Start, f.Index.End
		if from < done || to <= from || to > len(text) || !boundary(text, from) || !boundary(text, to) {
			continue
		}
		uri := ""
		for _, part := range f.Features {
			if part.Type == typeLink && uri == "" {
				uri = plainName(part.URI, 2000)
			}
		}
		if uri == "" {
			continue
		}
		out.WriteString(text[done:from])
		out.WriteString(linkText(text[from:to], uri))
		done = to
	}
	out.WriteString(text[done:])
	return tidyText(out.String())
}

func boundary(s string, at int) bool { return at == len(s) || utf8.RuneStart(s[at]) }

// linkText writes out a link: its address where the words are that, shortened or
// not, else both.
func linkText(shown, uri string) string {
	bare := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(s), "https://"), "http://")
		return strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
	}
	if bare(shown) == bare(uri) {
		return uri
	}
	short := strings.TrimRight(bare(shown), "….")
	if len(short) >= 4 && len(short) < len(bare(shown)) && strings.HasPrefix(bare(uri), short) {
		return uri
	}
	return shown + " (" + uri + ")"
}

// tidyText takes out what can't be shown, trailing spaces, and more than one
// empty line in a row.
func tidyText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || r == '\uFEFF' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	var out []string
	empty := 0
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(line, " \t")
		if line == "" {
			if empty++; empty > 1 || len(out) == 0 {
				continue
			}
		} else {
			empty = 0
		}
		out = append(out, line)
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n ")
}

// plainName makes one line of a name or title, at most n characters long.
func plainName(s string, n int) string {
	s = strings.Join(strings.Fields(tidyText(s[:min(len(s), 8*n)])), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// quote marks every line as somebody else's.
func quote(s string) string { return "> " + strings.ReplaceAll(s, "\n", "\n> ") }

// withoutMentions takes off the mentions that a post begins with: they say to
// whom it goes.
func withoutMentions(s string) string {
	for {
		rest := strings.TrimLeft(s, " \n,")
		if !strings.HasPrefix(rest, "@") {
			return strings.TrimSpace(rest)
		}
		end := strings.IndexAny(rest, " \n")
		if end < 0 {
			return ""
		}
		s = rest[end:]
	}
}

// language gives the primary subtag of a BCP 47 tag, "" of anything else.
func language(s string) string {
	primary, _, _ := strings.Cut(strings.ToLower(s), "-")
	if len(primary) < 2 || len(primary) > 3 || strings.Trim(primary, "abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return primary
}
