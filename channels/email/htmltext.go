package email

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlToText makes plain text of HTML: blocks on lines of their own, quotes
// marked, links with their address. It reads the HTML once and never nests.
func htmlToText(htm string) string {
	t := textMaker{}
	z := html.NewTokenizer(strings.NewReader(htm))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return t.String()
		case html.TextToken:
			t.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			t.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			t.end(atom.Lookup(name))
		}
	}
}

// textMaker builds text line by line.
type textMaker struct {
	lines  []string
	line   strings.Builder
	quote  int
	hidden int
	pre    int
	href   string
	linked strings.Builder
	// gap is true on a line that holds nothing but a space that is kept: so
	// programs write an empty line.
	gap bool
}

func (t *textMaker) String() string {
	t.flush()
	return strings.Trim(collapseBlank(t.lines), "\n")
}

func (t *textMaker) text(s string) {
	if t.hidden > 0 {
		return
	}
	if t.pre > 0 {
		parts := strings.Split(s, "\n")
		for i, part := range parts {
			if i > 0 {
				t.flush()
			}
			t.line.WriteString(part)
		}
		return
	}
	kept := strings.Contains(s, "\u00a0")
	s = strings.ReplaceAll(s, "\u00a0", " ")
	words := strings.Join(strings.Fields(s), " ")
	if strings.TrimLeft(s, " \t\r\n") != s && t.line.Len() > 0 && !strings.HasSuffix(t.line.String(), " ") {
		t.line.WriteByte(' ')
	}
	t.line.WriteString(words)
	t.gap = kept && words == "" && strings.TrimSpace(t.line.String()) == ""
	if words != "" && strings.TrimRight(s, " \t\r\n") != s {
		t.line.WriteByte(' ')
	}
	if t.href != "" {
		t.linked.WriteString(words)
	}
}

func (t *textMaker) start(token html.Token) {
	switch token.DataAtom {
	case atom.Script, atom.Style, atom.Title, atom.Noscript, atom.Template:
		if token.Type == html.StartTagToken {
			t.hidden++
		}
	case atom.Br:
		t.flush()
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Hr, atom.Table, atom.Ul, atom.Ol:
		t.block()
		t.blank()
	case atom.Div, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Dt, atom.Dd:
		t.block()
	case atom.Td, atom.Th:
		if t.line.Len() > 0 && !strings.HasSuffix(t.line.String(), " ") {
			t.line.WriteByte(' ')
		}
	case atom.Li:
		t.block()
		t.line.WriteString("- ")
	case atom.Pre:
		t.block()
		t.pre++
	case atom.Blockquote:
		t.block()
		t.quote = min(t.quote+1, 20)
	case atom.A:
		t.href = ""
		t.linked.Reset()
		for _, attr := range token.Attr {
			lower := strings.ToLower(attr.Val)
			if attr.Key == "href" && (strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://")) {
				t.href = attr.Val
			}
		}
	case atom.Img:
		for _, attr := range token.Attr {
			if attr.Key == "alt" && t.hidden == 0 {
				t.line.WriteString(strings.Join(strings.Fields(attr.Val), " "))
			}
		}
	}
}

func (t *textMaker) end(name atom.Atom) {
	switch name {
	case atom.Script, atom.Style, atom.Title, atom.Noscript, atom.Template:
		t.hidden = max(0, t.hidden-1)
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Ul, atom.Ol:
		t.block()
		t.blank()
	case atom.Div, atom.Tr, atom.Li, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Dt, atom.Dd:
		t.block()
	case atom.Pre:
		t.block()
		t.pre = max(0, t.pre-1)
	case atom.Blockquote:
		t.block()
		t.quote = max(0, t.quote-1)
	case atom.A:
		if t.href != "" && t.hidden == 0 && !strings.Contains(t.href, strings.TrimSpace(t.linked.String())) {
			t.line.WriteString(" <" + t.href + ">")
		}
		t.href = ""
	}
}

// block ends a line that has something in it.
func (t *textMaker) block() {
	if strings.TrimSpace(t.line.String()) != "" {
		t.flush()
		return
	}
	t.line.Reset()
	if t.gap {
		t.gap = false
		t.blank()
	}
}

func (t *textMaker) blank() {
	if n := len(t.lines); n > 0 && strings.Trim(t.lines[n-1], "> ") != "" {
		t.lines = append(t.lines, t.mark(""))
	}
}

func (t *textMaker) flush() {
	t.lines = append(t.lines, t.mark(strings.TrimRight(t.line.String(), " \t")))
	t.line.Reset()
}

func (t *textMaker) mark(line string) string {
	if t.quote == 0 {
		return line
	}
	return strings.TrimRight(strings.Repeat(">", t.quote)+" "+line, " ")
}

// collapseBlank leaves at most one empty line between others.
func collapseBlank(lines []string) string {
	var out strings.Builder
	blank := 0
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			blank++
			if blank > 1 {
				continue
			}
		} else {
			blank = 0
		}
		out.WriteString(line)
		out.WriteByte('\n')
	}
	return out.String()
}
