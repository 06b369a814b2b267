package email

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// longestStack bounds how deeply elements are followed.
const longestStack = 2048

// How programs mark in HTML what they quote. The tables hold what is seen in
// their mail; the words of a class or an id are compared one by one.
//
//nolint:gochecknoglobals // tables
var (
	// quoteHolders hold nothing but what is quoted.
	quoteHolders = []string{
		"yahoo_quoted", "gmail_attr", "moz-cite-prefix", "OLK_SRC_BODY_SECTION", "mail_android_quote", "zmail_extra",
		"x_gmail_attr", "tutanota_quote", "protonmail_quote_header", "reply-intro", "mailbird-quote", "airmail_on", "quoted-text", "WebMailOriginalMessage", "replyforwardheader",
	}
	// quoteStarts are followed by what is quoted, up to the end.
	quoteStarts = []string{
		"appendonsend", "divRplyFwdMsg", "OutlookMessageHeader", "stopSpelling", "zwchr", "mail-editor-reference-message-container",
		"ms-outlook-mobile-reference-message", "x_divRplyFwdMsg", "zwchr_origin", "isReplyContent", "LPlnk_quoted", "RTEContent_quoted", "EC_stopSpelling",
	}
	// citeMarks are of blockquotes that a program made, not the writer.
	citeMarks   = []string{"gmail_quote", "protonmail_quote", "yahoo_quote", "cite", "airmail_quote", "spark_quote", "clean_bq", "tutanota_quote", "x_gmail_quote", "mailru-blockquote"}
	borderLeft  = regexp.MustCompile(`(?i)border-left[^;]*:[^;]*(solid|\dpx|\dpt|rgb|#[0-9a-f]{3})`)
	signatureID = regexp.MustCompile(`(?i)^(x_|ydp\w*)?(signature|gmail_signature(_prefix)?|moz-signature|ms-outlook-mobile-signature|applemailsignature|` +
		`protonmail_signature_block(-\w+)?|yahoo-signature|bloop_sign\w*|divtagdefaultwrapper_signature|edo-signature|spark-signature|` +
		`signature_block|messageSignatureSection|mail-signature|email-signature|zmail_signature|signature-container|wiseStampSignature)$`)
)

// markedText makes text of HTML line by line, and keeps of each line whether
// the HTML says that it is quoted or a signature.
type markedText struct {
	textMaker
	kinds []byte
	open  []openElement
	kind  byte
	// rest is true from where all that follows is quoted.
	rest bool
	// seen is true once anything has marked a quote.
	seen bool
	// colour is that of the text, now that of the line, hues those of the lines.
	colour string
	now    hue
	hues   []hue
}

type openElement struct {
	name, colour string
	kind         byte
}

// readHTML reads HTML as its writer's and others' lines.
func readHTML(htm string) *reading {
	m := &markedText{kind: lineOwn}
	z := html.NewTokenizer(strings.NewReader(htm))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		switch kind {
		case html.TextToken:
			text := string(z.Text())
			m.tint(text)
			m.text(text)
		case html.StartTagToken, html.SelfClosingTagToken:
			m.enter(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			m.leave(string(name))
		case html.ErrorToken, html.CommentToken, html.DoctypeToken:
		}
		m.follow()
	}
	m.flush()
	m.follow()
	return m.reading()
}

// follow gives new lines the kind of where they were written.
func (m *markedText) follow() {
	kind := m.kind
	if m.rest {
		kind = lineQuoted
	}
	for len(m.kinds) < len(m.lines) {
		line, h := m.lines[len(m.kinds)], hue{}
		if strings.Trim(line, "> ") != "" {
			h, m.now = m.now, h
		}
		m.kinds, m.hues = append(m.kinds, kind), append(m.hues, h)
	}
}

func (m *markedText) enter(token html.Token) {
	m.start(token)
	m.follow()
	kind := m.kind
	switch mark := markOf(token); {
	case mark == markRest && m.words():
		m.block()
		m.follow()
		m.rest, m.seen = true, true
	case mark == markQuoted && kind != lineSignature:
		m.block()
		m.follow()
		kind, m.seen = lineQuoted, true
	case mark == markIndent && kind == lineOwn:
		kind = lineIndent
	case mark == markSignature && kind == lineOwn:
		m.block()
		m.follow()
		kind = lineSignature
	}
	if token.Type == html.SelfClosingTagToken || isVoid(token.DataAtom) || len(m.open) >= longestStack {
		return
	}
	m.open = append(m.open, openElement{token.Data, m.colour, m.kind})
	m.kind, m.colour = kind, colourOf(token, m.colour)
}

// words reports whether anything was written so far.
func (m *markedText) words() bool {
	return slices.ContainsFunc(m.lines, func(line string) bool { return strings.Trim(line, "> ") != "" }) ||
		strings.TrimSpace(m.line.String()) != ""
}

func (m *markedText) leave(name string) {
	m.end(atom.Lookup([]byte(name)))
	for i, n := len(m.open)-1, 0; i >= 0 && n < 64; i, n = i-1, n+1 {
		if m.open[i].name != name {
			continue
		}
		if m.open[i].kind != m.kind {
			m.block()
		}
		m.follow()
		m.kind, m.colour, m.open = m.open[i].kind, m.open[i].colour, m.open[:i]
		return
	}
}

// reading gives the lines with their kinds. An indented line keeps its mark.
func (m *markedText) reading() *reading {
	r := &reading{exact: map[int]bool{}, forwardAt: -1, structured: m.seen, framed: m.rest}
	blank := true
	for i, line := range m.lines {
		line = strings.TrimRight(line, " \t\u00a0>")
		if strings.TrimSpace(line) == "" {
			if !blank {
				r.lines, r.kinds, r.hues = append(r.lines, ""), append(r.kinds, m.kinds[i]), append(r.hues, hue{})
			}
			blank = true
			continue
		}
		blank = false
		kind := m.kinds[i]
		if kind == lineOwn && isQuoted(line) && !isTriple(line) {
			kind = lineWeak
		}
		if strings.TrimSpace(line) == "--" {
			line = "--"
		}
		r.lines, r.kinds, r.hues = append(r.lines, line), append(r.kinds, kind), append(r.hues, m.hues[i])
	}
	return r
}

type htmlMark byte

const (
	markNone htmlMark = iota
	markQuoted
	markRest
	markIndent
	markSignature
)

// markOf tells what an element says of what it holds, or of all that follows.
func markOf(token html.Token) htmlMark {
	var words []string
	style, cite := "", false
	for _, attr := range token.Attr {
		switch attr.Key {
		case "class", "id", "name", "data-smartmail", "data-marker":
			words = append(words, strings.Fields(attr.Val)...)
		case "style":
			style = attr.Val
		case "type":
			cite = strings.EqualFold(attr.Val, "cite")
		case "data-signatureblock":
			return markSignature
		case "cite":
			cite = true
		}
	}
	has := func(list []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
	}
	switch {
	case has(quoteHolders):
		return markQuoted
	case has(quoteStarts):
		return markRest
	case token.DataAtom == atom.Div && slices.Contains(words, "quote") && borderLeft.MatchString(style):
		return markQuoted // GMX, web.de, mail.com
	case token.DataAtom == atom.Blockquote:
		if cite || has(citeMarks) || borderLeft.MatchString(style) && !strings.Contains(style, "border-left:none") {
			return markQuoted
		}
		return markIndent
	case token.DataAtom == atom.Td || token.DataAtom == atom.Body || token.DataAtom == atom.Html:
		return markNone
	case slices.ContainsFunc(words, signatureID.MatchString):
		return markSignature
	default:
		return markNone
	}
}

func isVoid(a atom.Atom) bool {
	switch a {
	case atom.Br, atom.Hr, atom.Img, atom.Input, atom.Meta, atom.Link, atom.Area, atom.Base, atom.Col, atom.Embed, atom.Source, atom.Wbr, atom.Param, atom.Track:
		return true
	default:
		return false
	}
}
