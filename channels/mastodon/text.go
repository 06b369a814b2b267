package mastodon

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// maxContent bounds the HTML of a post that is read, in bytes.
const maxContent = 1 << 20

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_'
}

// htmlText makes plain text of a post's HTML: paragraphs and lines, links with
// where they really lead, mentions in full by the given list of addresses. It
// walks over the tokens once, so it's linear and can't nest too deep.
// https://docs.joinmastodon.org/spec/activitypub/#sanitization
func htmlText(content string, mentioned func(href, name string) string) string {
	w := &textWriter{mentioned: mentioned}
	z := html.NewTokenizer(strings.NewReader(content))
	z.SetMaxBuf(maxContent)
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			w.endLink()
			return tidyText(w.out.String())
		case html.TextToken:
			w.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			w.start(string(name), attributes(z, more), kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(string(name))
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

func attributes(z *html.Tokenizer, more bool) map[string]string {
	out := map[string]string{}
	for more && len(out) < 32 {
		var key, value []byte
		key, value, more = z.TagAttr()
		if _, ok := out[string(key)]; !ok {
			out[string(key)] = string(value)
		}
	}
	return out
}

// textWriter is what is known on the way through the tokens.
type textWriter struct {
	out       strings.Builder
	mentioned func(href, name string) string

	link  *link
	quote int
	pre   int
	// skip is the element whose content isn't text.
	skip  string
	lists []int
	// fresh is true at the beginning of a line.
	begun bool
}

type link struct {
	href, class string
	text        strings.Builder
}

func (w *textWriter) text(s string) {
	if w.skip != "" {
		return
	}
	if w.pre == 0 {
		s = collapse(s)
	}
	if w.link != nil {
		w.link.text.WriteString(s)
		return
	}
	if !w.begun && w.pre == 0 {
		s = strings.TrimLeft(s, " ")
	}
	w.write(s)
}

// write puts text out, with a quote's marks at the beginning of each line.
func (w *textWriter) write(s string) {
	for line := range strings.SplitAfterSeq(s, "\n") {
		if line == "" {
			continue
		}
		if !w.begun && w.quote > 0 {
			w.out.WriteString(strings.Repeat("> ", min(w.quote, 5)))
		}
		w.out.WriteString(line)
		w.begun = !strings.HasSuffix(line, "\n")
	}
}

func (w *textWriter) start(name string, attr map[string]string, selfClosing bool) {
	switch name {
	case "br":
		w.write("\n")
	case "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table", "tr":
		w.block(name)
		if name == "pre" {
			w.pre++
		}
	case "blockquote":
		w.block(name)
		w.quote++
	case "ul", "ol":
		w.block(name)
		w.lists = append(w.lists, map[string]int{"ul": -1, "ol": 1}[name])
	case "li":
		w.item()
	case "a":
		w.endLink()
		w.link = &link{href: attr["href"], class: attr["class"]}
	case "img":
		w.text(attr["alt"])
	case "script", "style", "template", "iframe", "object", "noscript", "title":
		if !selfClosing && w.skip == "" {
			w.skip = name
		}
	}
}

func (w *textWriter) end(name string) {
	switch {
	case w.skip != "":
		if name == w.skip {
			w.skip = ""
		}
		return
	case name == "a":
		w.endLink()
	case name == "blockquote":
		w.endLink()
		w.lineEnd()
		w.quote = max(0, w.quote-1)
		w.write("\n")
	case name == "pre":
		w.pre = max(0, w.pre-1)
		w.block(name)
	case name == "p", name == "div", len(name) == 2 && name[0] == 'h' && name != "hr":
		w.block(name)
	case name == "ul" || name == "ol":
		if len(w.lists) > 0 {
			w.lists = w.lists[:len(w.lists)-1]
		}
		w.block(name)
	}
}

// block begins a paragraph, a row a line.
func (w *textWriter) block(name string) {
	w.endLink()
	if name == "tr" || name == "div" {
		w.lineEnd()
		return
	}
	if w.out.Len() > 0 {
		w.lineEnd()
		w.write("\n")
	}
}

func (w *textWriter) lineEnd() {
	if w.begun {
		w.write("\n")
	}
}

func (w *textWriter) item() {
	w.endLink()
	w.lineEnd()
	if n := len(w.lists); n > 0 && w.lists[n-1] > 0 {
		w.write(itoa(w.lists[n-1]) + ". ")
		w.lists[n-1]++
		return
	}
	w.write("- ")
}

// endLink puts a link out: a mention in full, a hashtag as it stands, and
// anything else with where it leads.
func (w *textWriter) endLink() {
	l := w.link
	if l == nil {
		return
	}
	w.link = nil
	shown := strings.TrimSpace(l.text.String())
	classes := " " + l.class + " "
	isTag := strings.Contains(classes, " hashtag ") || strings.HasPrefix(shown, "#")
	switch {
	case !isTag && strings.HasPrefix(shown, "@") && w.mentioned != nil:
		if full := w.mentioned(l.href, strings.TrimPrefix(shown, "@")); full != "" {
			w.write("@" + full)
			return
		}
		w.write(shown)
	case isTag, strings.HasPrefix(shown, "@") && strings.Contains(classes, " mention "):
		w.write(shown)
	default:
		w.write(linkText(shown, l.href))
	}
}

// linkText gives a link's words with its address, once where they are the same
// or the address shortened.
func linkText(shown, href string) string {
	u, err := url.Parse(href)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto") {
		return shown
	}
	bare := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(s, "mailto:"), "https://"), "http://")
		return strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
	}
	short := strings.TrimRight(bare(shown), "….")
	if shown == "" || bare(shown) == bare(href) || len(short) >= 4 && strings.HasPrefix(bare(href), short) {
		return href
	}
	return shown + " (" + href + ")"
}

func collapse(s string) string {
	var out strings.Builder
	space := false
	for _, r := range s {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' {
			space = true
			continue
		}
		if space {
			out.WriteByte(' ')
			space = false
		}
		out.WriteRune(r)
	}
	if space {
		out.WriteByte(' ')
	}
	return out.String()
}

// tidyText takes out what can't be shown, trailing spaces, and more than one
// empty line in a row.
func tidyText(s string) string {
	s = strings.Map(func(r rune) rune {
		// U+202D and U+202E turn what follows around, to look like other words.
		if r != '\n' && r != '\t' && unicode.IsControl(r) || r == '\uFEFF' || r == '\u202D' || r == '\u202E' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	var out []string
	empty := 0
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(line, " \t")
		if strings.TrimLeft(line, "> ") == "" && !strings.HasPrefix(line, ">") || line == ">" {
			if empty++; empty > 1 || len(out) == 0 {
				if line == "" && len(out) > 0 {
					out[len(out)-1] = "" // the end of a quote
				}
				continue
			}
		} else {
			empty = 0
		}
		out = append(out, line)
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n ")
}
