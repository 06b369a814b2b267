package email

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// tidy makes HTML fit to be read here, before it is sanitised: remote pictures
// wait until somebody asks for them, those that only count who reads are gone,
// what the author hid is gone, and the page's own colours stay with its words.
func tidy(htm string) string {
	if strings.TrimSpace(htm) == "" {
		return ""
	}
	t := dresser{hides: true}
	out, whole := t.run(htm)
	if !whole { // something hidden never ends: the words below it are no less meant
		t = dresser{}
		out, _ = t.run(htm)
	}
	return out
}

type dresser struct {
	out   bytes.Buffer
	hides bool
	// hidden is the element that hides what is in it, open how many of its name
	// are open.
	hidden atom.Atom
	open   int
	// framed is set once the page's body became an element of its own.
	framed bool
	// tags counts what was written; after maxTags only line ends are.
	tags int
}

// maxTags is how many tags of a page are kept: to make each safe costs far more
// than to read it.
const maxTags = 30_000

// run reads the HTML once. whole is false when it ends within something hidden.
func (t *dresser) run(htm string) (out string, whole bool) {
	z := html.NewTokenizer(strings.NewReader(htm))
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			return t.out.String(), t.open == 0
		case html.StartTagToken, html.SelfClosingTagToken:
			t.start(z, kind)
		case html.EndTagToken:
			t.end(z)
		case html.CommentToken, html.DoctypeToken:
		default:
			if t.open == 0 {
				t.out.Write(z.Raw())
			}
		}
	}
}

func (t *dresser) start(z *html.Tokenizer, kind html.TokenType) {
	raw := z.Raw()
	name := tagAtom(raw)
	if t.open > 0 {
		if name == t.hidden && kind == html.StartTagToken {
			t.open++
		}
		return
	}
	if t.tags++; t.tags > maxTags {
		if beginsLine(name) {
			t.out.WriteString("<br>")
		}
		return
	}
	switch {
	case name == atom.Img:
		t.picture(z.Token())
	case name == atom.Body:
		t.body(z.Token())
	case hasWord(raw, "style") || hasWord(raw, "hidden"):
		token := z.Token()
		if t.hides && hidable(name) && kind == html.StartTagToken && hiddenByStyle(token.Attr) {
			t.hidden, t.open = name, 1
			return
		}
		restyle(token.Attr)
		t.out.WriteString(token.String())
	default:
		t.out.Write(raw)
	}
}

// beginsLine reports whether an element begins a line.
func beginsLine(name atom.Atom) bool {
	switch name {
	case atom.Br, atom.P, atom.Div, atom.Tr, atom.Li, atom.Blockquote, atom.H1, atom.H2, atom.H3, atom.H4, atom.Table:
		return true
	default:
		return false
	}
}

func (t *dresser) end(z *html.Tokenizer) {
	raw := z.Raw()
	name := tagAtom(raw)
	switch {
	case t.open > 0:
		if name == t.hidden {
			t.open--
		}
	case name == atom.Body:
		if t.framed {
			t.framed = false
			t.out.WriteString("</div>")
		}
	case t.tags <= maxTags:
		t.out.Write(raw)
	}
}

// tagAtom gives the name of a tag as it stands in the source.
func tagAtom(raw []byte) atom.Atom {
	var name [20]byte
	n := 0
	for _, c := range bytes.TrimPrefix(raw[1:], []byte("/")) {
		switch {
		case c <= ' ' || c == '/' || c == '>':
			return atom.Lookup(name[:n])
		case n == len(name):
			return 0
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		}
		name[n] = c
		n++
	}
	return 0
}

func hasWord(raw []byte, word string) bool {
	for i := 0; i+len(word) <= len(raw); i++ {
		if raw[i]|0x20 == word[0] && bytes.EqualFold(raw[i:i+len(word)], []byte(word)) {
			return true
		}
	}
	return false
}

// hidable reports whether an element is closed by its own end tag, so that what
// it hides is known.
func hidable(name atom.Atom) bool {
	switch name {
	case atom.Div, atom.Span, atom.Table, atom.A, atom.Font, atom.Center, atom.Section, atom.B, atom.I, atom.Strong, atom.Em:
		return true
	default:
		return false
	}
}

var hidingStyle = regexp.MustCompile(`(?i)display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|(^|[;\s])(max-)?height\s*:\s*0(px)?\s*(;|!|$).*overflow\s*:\s*hidden|overflow\s*:\s*hidden.*(^|[;\s])(max-)?height\s*:\s*0(px)?\s*(;|!|$)`)

// hiddenByStyle reports whether the author doesn't want an element to be seen.
func hiddenByStyle(attrs []html.Attribute) bool {
	for _, attr := range attrs {
		if attr.Key == "hidden" || attr.Key == "style" && len(attr.Val) < 4000 && hidingStyle.MatchString(attr.Val) {
			return true
		}
	}
	return false
}

// picture writes a picture, its remote address set aside; one that only counts
// who reads the mail is left out.
func (t *dresser) picture(token html.Token) {
	kept := token.Attr[:0]
	remote := ""
	for _, attr := range token.Attr {
		attr.Val = strings.TrimSpace(attr.Val)
		lower := strings.ToLower(attr.Val)
		switch {
		case attr.Key == BlockedSource, attr.Key == "srcset":
			continue
		case attr.Key == "src" && strings.HasPrefix(lower, "cid:"): // RFC 2392: escaped as in any address
			id, _ := percentDecoded(attr.Val[len("cid:"):])
			attr.Val = "cid:" + toUTF8([]byte(id))
		case attr.Key == "src" && strings.HasPrefix(lower, "//"):
			attr.Key, attr.Val = BlockedSource, "https:"+attr.Val
			remote = lower
		case attr.Key == "src" && (strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://")):
			attr.Key = BlockedSource
			remote = lower
		case attr.Key == "src" && besideMail(attr.Val): // RFC 2557: a picture that the mail brings by its place
			attr.Val = "cid:" + attr.Val
		}
		kept = append(kept, attr)
	}
	token.Attr = kept
	if remote != "" && (tiny(kept) || hiddenByStyle(kept) || counts(remote)) {
		return
	}
	restyle(kept)
	t.out.WriteString(token.String())
}

// besideMail reports whether an address is of something beside what names it: a
// name without a scheme or a host.
func besideMail(address string) bool {
	return address != "" && len(address) < 300 && !strings.ContainsAny(address, ":#?&\"<> ") && address[0] != '/'
}

// counts reports whether a service counts under an address who reads.
func counts(address string) bool {
	for _, mark := range [...]string{
		"/wf/open", "/ss/o/", "/track/open", "/tracking/open", "/trk/open", "/open.php", "/open.aspx", "/open.gif", "/o.gif",
		"/pixel.", "/pixel/", "/pixel?", "/trackingpixel", "/beacon.", "/beacon/", "/beacon?", "mailtrack.io", "/e2t/o/", "/e3t/",
		"yesware.com", "emltrk.com", "awstrack.me/i0", "google-analytics.com", "doubleclick.net", "/imp?", "/impression?",
	} {
		if strings.Contains(address, mark) {
			return true
		}
	}
	return false
}

var pixels = regexp.MustCompile(`(?i)(?:^|[;\s])(width|height)\s*:\s*(\d+(?:\.\d+)?)\s*px`)

// tiny reports whether a picture is too small to show anything.
func tiny(attrs []html.Attribute) bool {
	small := func(s string) bool {
		n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "px"), 64)
		return err == nil && n <= 2
	}
	for _, attr := range attrs {
		switch attr.Key {
		case "width", "height":
			if small(attr.Val) {
				return true
			}
		case "style":
			for _, found := range pixels.FindAllStringSubmatch(attr.Val[:min(len(attr.Val), 4000)], -1) {
				if small(found[2]) {
					return true
				}
			}
		}
	}
	return false
}

var (
	colour      = regexp.MustCompile(`(?i)^\s*(#[0-9a-f]{3,8}|rgba?\([\d\s,.%]{5,40}\)|[a-z]{3,20})\s*$`)
	bodyColours = regexp.MustCompile(`(?i)(?:^|;)\s*(background(?:-color)?|color)\s*:\s*([^;]{1,60})`)
)

// body keeps the colours of the page: light words on its dark ground would be
// light on light without it.
func (t *dresser) body(token html.Token) {
	ground, words := "", ""
	for _, attr := range token.Attr {
		switch attr.Key {
		case "bgcolor":
			ground = attr.Val
		case "text":
			words = attr.Val
		case "style":
			for _, found := range bodyColours.FindAllStringSubmatch(attr.Val[:min(len(attr.Val), 4000)], -1) {
				if strings.EqualFold(found[1], "color") {
					words = found[2]
				} else {
					ground = found[2]
				}
			}
		}
	}
	var style []string
	if colour.MatchString(ground) {
		style = append(style, "background-color: "+strings.TrimSpace(ground))
	}
	if colour.MatchString(words) {
		style = append(style, "color: "+strings.TrimSpace(words))
	}
	if len(style) > 0 && !t.framed {
		t.framed = true
		t.out.WriteString(`<div style="` + strings.Join(style, "; ") + `; ">`)
	}
}
