package portal

import (
	"html"
	"strings"
	"unicode/utf8"

	"stagecoach/contact"
)

// Under gives a reply with the link to the customer's page under its words, above
// what it quotes, as it is handed to the channel. Where the channel has no room for
// it, or it would take another post, it stays as it is.
func Under(r contact.Reply, l contact.Limits) contact.Reply {
	page := r.Page
	r.Page = nil // the channel needs its words only
	if page == nil || page.URL == "" {
		return r
	}
	lines := footer(page, r.Channel)
	text := aboveQuote(r.Text, strings.Join(lines, "\n"))
	if !fits(r.Text, text, l) {
		lines = lines[len(lines)-1:]
		if text = aboveQuote(r.Text, lines[0]); !fits(r.Text, text, l) {
			return r
		}
	}
	r.Text = text
	if r.HTML != "" {
		r.HTML = aboveBlock(r.HTML, footerHTML(page))
	}
	return r
}

// RateURL gives where the answer of a reply is rated, with the rating preselected.
func RateURL(page, reply, rating string) string {
	return page + "/rate?v=" + rating + "&r=" + Short(reply)
}

// Short gives the part of a reply's id that stands in a link: the conversation is
// known, so it need only tell its replies apart.
func Short(id string) string {
	id = strings.ReplaceAll(id, "-", "")
	return id[max(0, len(id)-8):]
}

// footer gives the lines under a text, the last of which can stand alone.
func footer(p *contact.PageLink, ch contact.Channel) []string {
	w := wordsOf(p.Language)
	if ch != contact.Email {
		if p.Ask {
			return []string{w.footShortAsk + " " + p.URL}
		}
		return []string{w.footShort + " " + p.URL}
	}
	link := w.footPage + "\n" + p.URL
	if !p.Ask {
		return []string{link}
	}
	return []string{
		w.footAsk, w.good + ": " + RateURL(p.URL, p.Reply, Good), w.bad + ": " + RateURL(p.URL, p.Reply, Bad), "", link,
	}
}

func footerHTML(p *contact.PageLink) string {
	w := wordsOf(p.Language)
	var b strings.Builder
	link := func(url, words string) {
		b.WriteString(`<a href="` + html.EscapeString(url) + `">` + html.EscapeString(words) + "</a>")
	}
	b.WriteString(`<p style="font-size:90%;color:#555">`)
	if p.Ask {
		b.WriteString(html.EscapeString(w.footAsk) + " ")
		link(RateURL(p.URL, p.Reply, Good), w.good)
		b.WriteString(" &middot; ")
		link(RateURL(p.URL, p.Reply, Bad), w.bad)
		b.WriteString("<br>\n")
	}
	link(p.URL, strings.TrimSuffix(w.footPage, ":"))
	b.WriteString("</p>\n")
	return b.String()
}

// fits reports whether a channel carries the longer text in as many posts.
func fits(was, is string, l contact.Limits) bool {
	n, m := utf8.RuneCountInString(was), utf8.RuneCountInString(is)
	if l.TextRunes > 0 && m > l.TextRunes {
		return false
	}
	parts := func(n int) int { return (n + l.PartRunes - 1) / l.PartRunes }
	return l.PartRunes <= 0 || parts(m) <= max(parts(n), 1)
}

// aboveQuote puts words under a text, before what it quotes at its end.
func aboveQuote(text, words string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	at := len(lines)
	for at > 0 && (strings.HasPrefix(lines[at-1], ">") || at < len(lines) && lines[at-1] == "") {
		at--
	}
	switch {
	case at == len(lines):
		return strings.TrimRight(text, "\n") + "\n\n" + words + "\n"
	case at > 0 && strings.HasSuffix(strings.TrimSpace(lines[at-1]), ":"): // who wrote it
		at--
	}
	own := strings.TrimRight(strings.Join(lines[:at], "\n"), "\n")
	return own + "\n\n" + words + "\n\n" + strings.TrimLeft(strings.Join(lines[at:], "\n"), "\n") + "\n"
}

// aboveBlock puts HTML before the words that it quotes.
func aboveBlock(text, words string) string {
	at := strings.Index(text, `<blockquote type="cite"`)
	if at < 0 {
		return text + words
	}
	if p := strings.LastIndex(text[:at], "<p>"); p >= 0 {
		at = p
	}
	return text[:at] + words + text[at:]
}

// OwnWords gives a reply's text without what it quotes.
func OwnWords(text string) string {
	const mark = "\x00"
	own, _, _ := strings.Cut(aboveQuote(text, mark), mark)
	return strings.TrimSpace(own)
}
