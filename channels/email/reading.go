package email

import (
	"bytes"
	"fmt"
	"html"
	"slices"
	"strings"
)

// readable reports whether a kind of part is shown rather than saved.
func readable(kind string) bool {
	switch kind {
	case "text/csv", "text/css", "text/xml", "text/vcard", "text/x-vcard", "text/directory", "text/rfc822-headers", "text/javascript",
		"text/x-amp-html", "text/watch-html", "text/tab-separated-values", "text/x-patch", "text/x-diff":
		return false
	case "application/rtf", "application/x-rtf", "application/pgp":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}

// alone reports whether a part that bears a name is the whole mail, and words:
// some programs name these too.
func (b *builder) alone(p *part) bool {
	return p.parent == nil && p.disposition != "attachment" && (p.kind == "text/plain" || p.kind == "text/html")
}

// oneForm reports whether a part that bears a name is one form of the mail's own
// words.
func (b *builder) oneForm(p *part) bool {
	return p.parent != nil && p.parent.kind == "multipart/alternative" && p.disposition != "attachment" &&
		(p.kind == "text/plain" || p.kind == "text/html")
}

// words shows a part that is to be read.
func (b *builder) words(p *part) view {
	switch p.kind {
	case "text/html", "text/xhtml":
		htm := b.text(p, &b.htmlLeft)
		if strings.Contains(htm, pgpSigned) && (p.parent == nil || p.parent.kind != "multipart/alternative") {
			b.u.warn(pgpPageWords)
		}
		if !anyTag(htm) {
			return view{text: html.UnescapeString(htm)}
		}
		return view{html: htm}
	case "text/rtf", "text/richtext+rtf", "application/rtf", "application/x-rtf":
		data, _ := beginning(p, maxHTML)
		text, isHTML := fromRTF(data)
		if isHTML {
			return view{html: text}
		}
		return view{text: strings.TrimSpace(text)}
	case "text/enriched":
		return view{text: fromEnriched(b.text(p, &b.textLeft), false)}
	case "text/richtext":
		return view{text: fromEnriched(b.text(p, &b.textLeft), true)}
	}
	text := b.text(p, &b.textLeft)
	if p.kind == "text/plain" && isPage(text) {
		return view{html: text}
	}
	if strings.EqualFold(p.params["format"], "flowed") {
		text = unflow(text, strings.EqualFold(p.params["delsp"], "yes"))
	}
	return view{text: b.pgpText(p, text)}
}

// anyTag reports whether HTML has a tag in it: without, it is text, and its lines
// are meant.
func anyTag(htm string) bool {
	for at := strings.IndexByte(htm, '<'); at >= 0 && at+1 < len(htm); {
		if c := htm[at+1]; asciiLetter(c) || c == '/' || c == '!' {
			return true
		}
		next := strings.IndexByte(htm[at+1:], '<')
		if next < 0 {
			return false
		}
		at += 1 + next
	}
	return strings.Contains(htm, "&") && strings.Contains(htm, ";")
}

// isPage tells a whole HTML page, which programs send as text.
func isPage(text string) bool {
	head := strings.ToLower(strings.TrimLeft(text[:min(len(text), 200)], " \t\n\ufeff"))
	if !strings.HasPrefix(head, "<!doctype html") && !strings.HasPrefix(head, "<html") {
		return false
	}
	end := strings.ToLower(text[max(0, len(text)-2000):])
	return strings.Contains(end, "</html>") || strings.Contains(end, "</body>")
}

// piece shows one piece of a mail that was sent in several (RFC 2046 section
// 5.2.2). Only the first begins with words.
func (b *builder) piece(p *part) view {
	b.u.warn(fmt.Sprintf("the mail is piece %s of %s of a larger one", orDefault(p.params["number"], "?"), orDefault(p.params["total"], "?")))
	if p.params["number"] == "1" && b.depth < maxEnclosed {
		root, _ := parseTree(rinse(transferDecoded(p)))
		b.depth++
		v := b.walk(root)
		b.depth--
		return v
	}
	b.keepAs(p, orDefault(p.name, "piece-"+orDefault(p.params["number"], "of-a-mail")+".txt"))
	return view{}
}

// nameless finds words in a file where the mail has no others: the first text
// that isn't attached, or the mail itself. It stays a file as well.
func (b *builder) nameless(root *part) view {
	list := []*part{root}
	for len(list) > 0 {
		p := list[len(list)-1]
		list = list[:len(list)-1]
		for _, child := range slices.Backward(p.children) {
			list = append(list, child)
		}
		if len(p.children) > 0 || p.kind != "text/plain" && p.kind != "text/html" || p.name == "" && p.disposition == "" {
			continue
		}
		if p.disposition == "attachment" && len(root.children) > 0 || len(bytes.TrimSpace(p.content)) == 0 {
			continue
		}
		return b.words(p)
	}
	return view{}
}
