package webhook

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlToText makes plain text of HTML: blocks on lines of their own, links with
// their address. It reads the HTML once and never nests.
func htmlToText(htm string) string {
	t := textMaker{}
	z := html.NewTokenizer(strings.NewReader(htm))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(t.out.String())
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

type textMaker struct {
	out strings.Builder
	// lines is how many line ends the text ends with; space says that a space is
	// due before the next word.
	lines  int
	space  bool
	hidden int
	pre    int
	href   string
	linked strings.Builder
}

func (t *textMaker) write(s string) {
	if s == "" || t.hidden > 0 {
		return
	}
	if t.space && t.lines == 0 && t.out.Len() > 0 {
		t.out.WriteByte(' ')
	}
	t.space, t.lines = false, 0
	t.out.WriteString(s)
}

func (t *textMaker) text(s string) {
	if t.pre > 0 {
		t.write(s)
		return
	}
	words := strings.Fields(s)
	if len(words) == 0 {
		t.space = t.space || s != ""
		return
	}
	if strings.TrimLeft(s, " \t\r\n") != s {
		t.space = true
	}
	joined := strings.Join(words, " ")
	t.write(joined)
	t.space = strings.TrimRight(s, " \t\r\n") != s
	if t.href != "" {
		t.linked.WriteString(joined)
	}
}

// breaks ends the line, n times unless it has ended already.
func (t *textMaker) breaks(n int) {
	if n == 0 {
		return
	}
	t.space = false
	if t.out.Len() == 0 || t.hidden > 0 {
		return
	}
	for ; t.lines < n; t.lines++ {
		t.out.WriteByte('\n')
	}
}

func hides(tag atom.Atom) bool {
	return tag == atom.Script || tag == atom.Style || tag == atom.Title || tag == atom.Noscript || tag == atom.Template
}

// gap is how many line ends stand around a block.
func gap(tag atom.Atom) int {
	switch tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Ul, atom.Ol, atom.Hr, atom.Pre, atom.Blockquote:
		return 2
	case atom.Div, atom.Tr, atom.Li, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Dt, atom.Dd:
		return 1
	default:
		return 0
	}
}

func (t *textMaker) start(token html.Token) {
	tag := token.DataAtom
	if hides(tag) && token.Type == html.StartTagToken {
		t.hidden++
	}
	t.breaks(gap(tag))
	switch tag {
	case atom.Br:
		t.breaks(min(t.lines+1, 3))
	case atom.Td, atom.Th:
		t.space = true
	case atom.Li:
		t.write("- ")
	case atom.Pre:
		t.pre++
	case atom.Img:
		t.write(strings.Join(strings.Fields(attr(token, "alt")), " "))
	case atom.A:
		t.href = attr(token, "href")
		t.linked.Reset()
		if lower := strings.ToLower(t.href); !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") {
			t.href = ""
		}
	}
}

func (t *textMaker) end(tag atom.Atom) {
	if hides(tag) {
		t.hidden = max(0, t.hidden-1)
	}
	switch tag {
	case atom.Pre:
		t.pre = max(0, t.pre-1)
	case atom.A:
		if t.href != "" && !strings.Contains(t.href, t.linked.String()) {
			t.space = true
			t.write("<" + t.href + ">")
		}
		t.href = ""
	}
	t.breaks(gap(tag))
}

func attr(token html.Token, name string) string {
	for _, a := range token.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
