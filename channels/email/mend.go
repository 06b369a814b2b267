package email

import (
	"bytes"
	"slices"
)

// mend looks once more at multiparts that aren't as they say: no part was found,
// since the boundary is missing or another than the one they use; or a part
// stands before the first, since the delimiter above it was lost.
func (g *grower) mend(root *part, guesses *int) {
	for list := []*part{root}; len(list) > 0; {
		p := list[len(list)-1]
		list = append(list[:len(list)-1], p.children...)
		if len(p.children) == 0 && p.parent != nil && !p.multipart() && len(bytes.TrimSpace(p.content)) == 0 {
			p.wordsInHeader()
		}
		unlabelled := p.parent == nil && !p.header.has("Content-Type")
		said := !p.multipart() && dividedBy(p.content, p.params["boundary"])
		if *guesses == 0 || !p.multipart() && !unlabelled && !said || len(p.content) == 0 {
			continue
		}
		if len(p.children) > 0 {
			if first := g.lost(p, guesses); first != nil {
				list = append(list, first)
			}
			continue
		}
		*guesses--
		p.unwrap()
		boundary := p.params["boundary"]
		if !said && !dividedBy(p.content, boundary) {
			boundary, _ = guessBoundary(p.content, unlabelled)
		}
		if boundary == "" {
			continue
		}
		if !p.multipart() {
			p.kind = "multipart/mixed"
		}
		p.guessed, p.boundary = true, boundary
		g.reread(p, p.content)
		list = append(list, p.children...)
	}
}

// unwrap undoes the transfer encoding of a multipart. It must not have one (RFC
// 2045 section 6.4), and some programs encode the whole all the same.
func (p *part) unwrap() {
	if decoded := decodeTransfer(p, p.content); dividedBy(decoded, p.params["boundary"]) {
		p.content, p.encoding = decoded, ""
	}
}

// dividedBy reports whether a delimiter of this boundary is near the top.
func dividedBy(content []byte, boundary string) bool {
	if boundary == "" {
		return false
	}
	head := content[:min(len(content), 64<<10)]
	for at := lineStart(head, 0, "--"+boundary); at >= 0; at = lineStart(head, at+1, "--"+boundary) {
		line, _ := cutLine(head, at)
		if len(bytes.TrimRight(line, " \t\r\n")) == len(boundary)+2 {
			return true
		}
	}
	return false
}

// wordsInHeader takes what is no field in a part's header for its content: the
// empty line above it was forgotten, and there is no other content.
func (p *part) wordsInHeader() {
	for at := 0; at < len(p.head); {
		line, after := cutLine(p.head, at)
		_, _, field := fieldLine(bytes.TrimRight(line, " \t\r\n"))
		if at > 0 && !field && line[0] != ' ' && line[0] != '\t' && !isParameter(line) {
			if len(bytes.TrimSpace(line)) == 0 {
				return
			}
			p.content = p.head[at:]
			p.head = p.head[:at]
			p.header = parseFields(p.head)
			p.describe()
			return
		}
		at = after
	}
}

// reread reads a part's content by its boundary, which wasn't known before.
func (g *grower) reread(p *part, content []byte) {
	again := grower{raw: content, levels: map[string]int{}, leaf: p, parts: g.parts}
	again.enter(p)
	again.run()
	g.parts, g.deep = again.parts, g.deep+again.deep
}

// lost finds a part in what stands before the first part, and makes it the
// first; nil if there is none.
func (g *grower) lost(p *part, guesses *int) *part {
	at := lineFold(p.content, "content-")
	if at < 0 {
		return nil
	}
	*guesses--
	var first *part
	if boundary, from := guessBoundary(p.content, false); boundary != "" && from < at {
		first = &part{parent: p, kind: "multipart/mixed", boundary: boundary}
		g.reread(first, p.content[from:])
	} else {
		header, body := cutHeader(p.content[at:], nil)
		first = newPart(header, p)
		first.content = body
		if first.boundary != "" {
			g.reread(first, body)
		}
	}
	first.guessed = true
	p.children = slices.Insert(p.children, 0, first)
	return first
}

// lineFold finds a line that begins with a word, whatever its case, near the
// top.
func lineFold(content []byte, word string) int {
	head := content[:min(len(content), 64<<10)]
	for at := 0; at < len(head); {
		line, after := cutLine(head, at)
		if len(line) >= len(word) && bytes.EqualFold(line[:len(word)], []byte(word)) {
			return at
		}
		at = after
	}
	return -1
}

// guessBoundary finds the delimiter that a body uses: the first line of two
// hyphens and more which a part's header follows, and where it begins. A body
// that doesn't say that it has parts must also close them.
func guessBoundary(body []byte, strict bool) (boundary string, at int) {
	head := body[:min(len(body), 64<<10)]
	tries := 5
	for next := 0; next < len(head); {
		line, after := cutLine(head, next)
		at, next = next, after
		text := bytes.TrimRight(line, " \t\r\n")
		if len(text) < 4 || len(text) > 200 || !bytes.HasPrefix(text, []byte("--")) {
			continue
		}
		below := head[after:]
		if len(below) < 8 || !bytes.EqualFold(below[:8], []byte("Content-")) {
			continue
		}
		if tries--; tries < 0 {
			break
		}
		if strict && !bytes.Contains(body, append(append([]byte("\n"), text...), "--"...)) {
			continue
		}
		return string(text[2:]), at
	}
	return "", -1
}
