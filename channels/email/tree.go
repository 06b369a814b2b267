package email

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// What one mail may consist of. Reading is linear in its bytes; these bound the
// memory that is taken beside them. What lies deeper or comes later stays in
// the part before it, whole.
const (
	maxNesting = 400
	maxParts   = 50_000
	maxGuesses = 20
)

// part is one part of a mail: a leaf with content, or a multipart.
type part struct {
	header fields
	// head is the header as it came.
	head []byte
	// kind is the media type in lower case, params its parameters.
	kind   string
	params map[string]string
	// disposition is "attachment", "inline" or "", name the file's name.
	disposition, name string
	// encoding is the transfer encoding in lower case.
	encoding string
	// content is as it came, still encoded; of a multipart what stands before
	// its first part. after is what stands behind its last.
	content, after []byte
	// whole is header and content as they came, of a part of a multipart.
	whole []byte

	parent   *part
	children []*part
	boundary string
	// hidden is the level that a boundary of the same name had before, plus one.
	hidden int
	// begins is where the part begins in what its tree is read from.
	begins int
	// guessed is set where a part was read otherwise than it says.
	guessed bool
}

// find gives the first part of one of the kinds, the whole mail first, then
// level by level in the order in which they stand.
func (p *part) find(kinds ...string) *part {
	for list := []*part{p}; len(list) > 0; {
		var next []*part
		for _, one := range list {
			if slices.Contains(kinds, one.kind) {
				return one
			}
			next = append(next, one.children...)
		}
		list = next
	}
	return nil
}

// multipart reports whether a part is made of others, as far as it says.
func (p *part) multipart() bool { return strings.HasPrefix(p.kind, "multipart/") }

// newPart reads a part's header.
func newPart(header []byte, parent *part) *part {
	p := &part{parent: parent, head: header, header: parseFields(header)}
	p.describe()
	return p
}

// describe takes from the header what says how the content is to be read.
func (p *part) describe() {
	p.kind = "text/plain"
	if p.parent != nil && p.parent.kind == "multipart/digest" { // RFC 2046 section 5.1.5
		p.kind = "message/rfc822"
	}
	said := p.header.all("Content-Type")
	for _, value := range said {
		kind, params := parseParams(value)
		if kind == "" && len(params) == 0 {
			continue
		}
		better := strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" && p.boundary == ""
		if p.params != nil && !better {
			continue
		}
		p.params = params
		if kind = mediaType(kind); kind != "" {
			p.kind = kind
		}
		if p.multipart() {
			p.boundary = strings.TrimRight(params["boundary"], " \t")
		}
	}
	disposition, params := parseParams(p.header.get("Content-Disposition"))
	p.disposition = strings.ToLower(disposition)
	p.name = orDefault(params["filename"], orDefault(p.params["name"], orDefault(params["name"], p.params["file"])))
	if p.disposition != "" && p.disposition != "inline" { // RFC 2183 section 2.8
		p.disposition = "attachment"
	}
	p.encoding, _ = parseParams(p.header.get("Content-Transfer-Encoding"))
	p.encoding = strings.ToLower(strings.Trim(p.encoding, "\"' "))
}

// mediaType makes a media type of what stands where one belongs, "" if it is
// none: then it is text, as RFC 2045 section 5.2 has it.
func mediaType(s string) string {
	s = strings.ToLower(strings.Trim(s, "\"'/<> "))
	switch s {
	case "text":
		return "text/plain"
	case "html":
		return "text/html"
	case "multipart":
		return "multipart/mixed"
	}
	major, minor, found := strings.Cut(s, "/")
	if !found || major == "" || minor == "" || strings.ContainsAny(s, " \t\"<>()@,\\") {
		return ""
	}
	return major + "/" + minor
}

// grower builds the tree of parts. It goes through the mail once, from one line
// that may be a delimiter to the next, whatever lies between.
type grower struct {
	raw    []byte
	open   []*part
	levels map[string]int // boundary → its innermost level, plus one
	leaf   *part
	from   int // where the leaf's content begins
	ending bool
	parts  int
	deep   int
}

// parseTree reads a mail as it stands.
func parseTree(raw []byte) (root *part, odd []string) {
	guesses := maxGuesses
	header, body := cutHeader(raw, nil)
	root = newPart(header, nil)
	g := grower{raw: body, levels: map[string]int{}, leaf: root}
	g.parts = 1
	g.enter(root)
	g.run()
	g.mend(root, &guesses)
	if g.deep > 0 {
		odd = append(odd, fmt.Sprintf("%d parts are nested too deeply: they are shown as they came", g.deep))
	}
	if g.parts > maxParts {
		odd = append(odd, fmt.Sprintf("of %d parts only the first %d are shown apart", g.parts, maxParts))
	}
	return root, odd
}

// enter opens a multipart, unless it can't have parts.
func (g *grower) enter(p *part) {
	if p.boundary == "" {
		return
	}
	if len(g.open) >= maxNesting {
		g.deep++
		return
	}
	g.open = append(g.open, p)
	p.hidden = g.levels[p.boundary]
	g.levels[p.boundary] = len(g.open)
}

// endPart ends the last part of an open multipart at a place.
func (g *grower) endPart(p *part, at int) {
	if n := len(p.children); n > 0 && p.children[n-1].whole == nil {
		p.children[n-1].whole = g.upTo(p.children[n-1].begins, at)
	}
}

// leave closes the multiparts above a level at a place, and ends the last part
// of the one at that level.
func (g *grower) leave(level, at int) {
	for len(g.open) > level {
		p := g.open[len(g.open)-1]
		g.endPart(p, at)
		g.open = g.open[:len(g.open)-1]
		if p.hidden > 0 {
			g.levels[p.boundary] = p.hidden
		} else {
			delete(g.levels, p.boundary)
		}
	}
	if level > 0 {
		g.endPart(g.open[level-1], at)
	}
}

func (g *grower) run() {
	for at := g.next(0); at >= 0; at = g.next(at) {
		line, after := cutLine(g.raw, at)
		level, ends := g.match(line)
		if level == 0 || (!ends && g.parts >= maxParts) {
			if level > 0 {
				g.parts++
			}
			at = after
			continue
		}
		g.finish(at)
		g.leave(level, at)
		owner := g.open[level-1]
		if ends {
			g.leaf, g.from, g.ending = owner, after, true
			at = after
			continue
		}
		at = g.begin(owner, after)
	}
	g.finish(len(g.raw))
	g.leave(0, len(g.raw))
}

// next gives where the next line begins that begins with "--", from at on; -1
// when there is none.
func (g *grower) next(at int) int {
	if len(g.open) == 0 || at >= len(g.raw) {
		return -1
	}
	if (at == 0 || g.raw[at-1] == '\n') && bytes.HasPrefix(g.raw[at:], []byte("--")) {
		return at
	}
	if i := bytes.Index(g.raw[at:], []byte("\n--")); i >= 0 {
		return at + i + 1
	}
	return -1
}

// match tells which open multipart a line divides, by its level counted from 1,
// and whether it ends it; 0 if none.
func (g *grower) match(line []byte) (level int, ends bool) {
	if len(line) < 3 || len(line) > 1000 {
		return 0, false
	}
	text := bytes.TrimRight(line[2:], " \t\r\n")
	if level = g.levels[string(text)]; level > 0 {
		return level, false
	}
	if bare, found := bytes.CutSuffix(text, []byte("--")); found {
		return g.levels[string(bytes.TrimRight(bare, " \t"))], true
	}
	return 0, false
}

// begin reads the header of the next part of owner and tells where its content
// begins.
func (g *grower) begin(owner *part, at int) int {
	g.parts++
	header, body := cutHeader(g.raw[at:], func(line []byte) bool {
		level, _ := g.match(line)
		return level > 0
	})
	p := newPart(header, owner)
	p.begins = at
	owner.children = append(owner.children, p)
	g.leaf, g.from, g.ending = p, len(g.raw)-len(body), false
	g.enter(p)
	return g.from
}

// finish gives the leaf what was read of it. The line end before a delimiter
// belongs to the delimiter.
func (g *grower) finish(at int) {
	content := g.upTo(g.from, at)
	if g.ending {
		g.leaf.after = content
	} else {
		g.leaf.content = content
	}
}

// upTo gives what stands from a place up to the delimiter at another.
func (g *grower) upTo(from, at int) []byte {
	content := g.raw[min(from, at):at]
	if at < len(g.raw) {
		content = bytes.TrimSuffix(content, []byte("\n"))
		content = bytes.TrimSuffix(content, []byte("\r"))
	}
	return content
}

// cutLine gives the line that begins at, and where the next one does.
func cutLine(raw []byte, at int) (line []byte, after int) {
	if i := bytes.IndexByte(raw[at:], '\n'); i >= 0 {
		return raw[at : at+i+1], at + i + 1
	}
	return raw[at:], len(raw)
}
