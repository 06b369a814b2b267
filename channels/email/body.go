package email

import (
	"bytes"
	"html"
	"slices"
	"strings"
)

// How much of a mail is shown, in bytes of text, of HTML and of files decoded,
// and in files. What is beyond is in the original, which is kept whole.
const (
	maxText      = 4 << 20
	maxHTML      = 2 << 20
	maxFiles     = 1000
	maxCarried   = 96 << 20
	maxMemory    = 160 << 20
	maxEnclosed  = 5
	maxWarnings  = 40
	maxCalendars = 200
)

// builder gathers text and files from the tree of parts.
type builder struct {
	u *understood
	// below is what is shown under the person's own words: messages that are
	// enclosed, calendars, reports.
	below []view
	// textLeft, htmlLeft and filesLeft are what may still be taken, in bytes.
	textLeft, htmlLeft, filesLeft int
	// rtfLeft is how much compressed Rich Text may still become, in bytes;
	// events counts the calendars that were read.
	rtfLeft, events int
	depth           int
	// inside is true in a message that the mail encloses.
	inside bool
	// named holds the events that are shown.
	named map[string]bool
}

// newBuilder begins on a mail of a size in bytes: the larger it is itself, the
// less may be decoded beside it.
func newBuilder(u *understood, size int) *builder {
	return &builder{
		u: u, textLeft: maxText, htmlLeft: maxHTML, rtfLeft: maxRTF,
		filesLeft: max(0, min(maxCarried, maxMemory-size)), named: map[string]bool{},
	}
}

// view is what is shown of a part: text, and HTML where there is some.
type view struct{ text, html string }

func (v view) empty() bool {
	return strings.TrimSpace(v.text) == "" && strings.TrimSpace(v.html) == ""
}

// walk gives the text and the HTML of a part and what lies in it.
func (b *builder) walk(p *part) view {
	if len(p.children) == 0 {
		return b.leaf(p)
	}
	b.protection(p)
	var views []view
	plain := true
	for _, child := range p.children {
		if v := b.walk(child); !v.empty() {
			views = append(views, v)
			plain = plain && child.kind == "text/plain"
		}
	}
	if p.kind == "multipart/alternative" {
		return choose(views, plain)
	}
	if len(views) == 0 && len(b.below) == 0 && len(b.u.Attachments) == 0 {
		return afterwards(p)
	}
	return join(views)
}

// choose takes of several forms of the same words the first text and the last
// HTML (RFC 2046 section 5.1.4: the last is the best). Where all are plain, they
// are not of the same words.
func choose(views []view, plain bool) view {
	var out view
	if len(views) > 1 && plain && !slices.ContainsFunc(views, func(v view) bool { return v.html != "" }) {
		return join(slices.CompactFunc(views, func(a, b view) bool { return sameLines(a.text, b.text) }))
	}
	for _, v := range views {
		if strings.TrimSpace(out.text) == "" {
			out.text = v.text
		}
		if v.html != "" {
			out.html = v.html
		}
	}
	return out
}

// sameLines compares texts without regard to where their lines end.
func sameLines(a, b string) bool {
	return slices.Equal(strings.Fields(a), strings.Fields(b))
}

// maxApart is how many pages make their texts each for itself.
const maxApart = 100

// join puts the views of parts one below the other.
func join(views []view) view {
	if len(views) == 1 {
		return views[0]
	}
	var texts, htmls []string
	anyHTML := slices.ContainsFunc(views, func(v view) bool { return v.html != "" })
	if len(views) > maxApart && !slices.ContainsFunc(views, func(v view) bool { return v.text != "" }) {
		for _, v := range views { // the text of all is made at once
			htmls = append(htmls, v.html)
		}
		return view{html: strings.Join(htmls, "<br>\n")}
	}
	for _, v := range views {
		if strings.TrimSpace(v.text) == "" {
			v.text = htmlToText(tidy(v.html))
		}
		texts = append(texts, v.text)
		if anyHTML {
			htmls = append(htmls, orDefault(v.html, preformatted(v.text)))
		}
	}
	return view{strings.Join(texts, "\n"), strings.Join(htmls, "\n")}
}

func preformatted(text string) string {
	return `<div style="white-space: pre-wrap; ">` + html.EscapeString(text) + "</div>"
}

// afterwards shows words that stand behind the last part, where nothing belongs,
// of a mail that says nothing elsewhere.
func afterwards(p *part) view {
	data := bytes.TrimSpace(p.after[:min(len(p.after), 64<<10)])
	if bytes.HasPrefix(data, []byte("--")) || !bytes.ContainsFunc(data, func(r rune) bool { return r >= 'A' && r <= 'z' || r > 0x7f }) {
		return view{}
	}
	return view{text: normalise(toUTF8(data))}
}

// leaf shows a part without parts, or keeps it as a file.
func (b *builder) leaf(p *part) view {
	file := p.disposition == "attachment" || p.name != ""
	switch p.kind {
	case "message/rfc822", "message/global", "message/news":
		b.enclosed(p)
		return view{}
	case "message/partial":
		return b.piece(p)
	case "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
		"message/global-disposition-notification", "message/feedback-report", "message/external-body":
		b.below = append(b.below, view{text: strings.TrimSpace(b.text(p, &b.textLeft))})
		return view{}
	case "text/calendar", "application/ics":
		b.calendar(p)
		b.keep(p)
		return view{}
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return b.tnef(p)
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return b.opaque(p)
	case "text/x-amp-html", "text/watch-html":
		if p.parent != nil && p.parent.kind == "multipart/alternative" {
			return view{} // another form of words that are there
		}
	}
	switch {
	case strings.EqualFold(p.name, "winmail.dat"), strings.EqualFold(p.name, "win.dat"):
		return b.tnef(p)
	case !file && p.multipart():
		if len(bytes.TrimSpace(p.content)) == 0 {
			return afterwards(p)
		}
		b.u.warn("a multipart in which no part is found is shown as it came")
		return view{text: b.text(p, &b.textLeft)}
	case !file && readable(p.kind), b.alone(p), b.oneForm(p):
		return b.words(p)
	}
	b.keep(p)
	return view{}
}

// text decodes a part that is to be read, as far as it may be taken. What is
// longer is kept as a file besides. Files in the midst of it are taken out.
func (b *builder) text(p *part, left *int) string {
	data, whole := beginning(p, *left)
	if !whole {
		b.u.warn("the text is too long to be shown whole: the rest is in the file beside it")
		b.keepAs(p, orDefault(p.name, "whole-text"+extension(p.kind)))
	}
	*left -= len(data)
	if p.kind != "text/html" {
		data = b.cutFiles(data)
	}
	label := p.params["charset"]
	if p.kind == "text/html" {
		label = htmlLabel(data, label)
	}
	text, known := decodeCharset(data, label)
	if !known {
		b.u.warn("the charset " + quoted(cleanLabel(label)) + " doesn't fit or is unknown: read as what it looks like")
	}
	return normalise(text)
}

// htmlLabel gives the charset of HTML: what the mail says, unless only the page
// itself says something that can be true.
func htmlLabel(data []byte, label string) string {
	own := metaCharset(data)
	if own == "" {
		return label
	}
	if label == "" {
		return own
	}
	if _, known := decodeCharset(data, label); !known {
		return own
	}
	return label
}

// cutFiles takes files that lie in the midst of a text out of it.
func (b *builder) cutFiles(data []byte) []byte {
	if bytes.Contains(data, []byte("\nend")) && lineStart(data, 0, "begin ") >= 0 {
		var files []found
		files, data = cutUU(data, maxFiles)
		b.addFound(files)
	}
	if lineStart(data, 0, "=ybegin ") >= 0 {
		var files []found
		files, data = cutYEnc(data, maxFiles)
		b.addFound(files)
	}
	return data
}

// normalise makes line ends "\n".
func normalise(s string) string {
	if !strings.Contains(s, "\r") {
		return s
	}
	return strings.NewReplacer("\r\r\n", "\n", "\r\n", "\n", "\r", "\n").Replace(s)
}
