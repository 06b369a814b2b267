package email

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// hue is the colour in which a line begins and that in which it ends, each "" if
// it's none that anybody chose: black, grey, what the page has.
type hue struct {
	first, last string
	set         bool
}

var colourForm = regexp.MustCompile(`(?i)(?:^|[;\s])color\s*:\s*([^;!]+)`)

// colourOf gives the colour that an element gives its text, the one around it if
// it names none.
func colourOf(token html.Token, around string) string {
	if token.DataAtom == atom.A {
		return ""
	}
	for _, attr := range token.Attr {
		switch {
		case attr.Key == "style" && strings.Contains(strings.ToLower(attr.Val), "color"):
			if found := colourForm.FindStringSubmatch(attr.Val); found != nil {
				around = chosen(found[1])
			}
		case attr.Key == "color" && token.DataAtom == atom.Font:
			around = chosen(attr.Val)
		}
	}
	return around
}

// chosen gives a colour as it's compared, "" for what is black, white or grey.
func chosen(colour string) string {
	colour = strings.ToLower(strings.Join(strings.Fields(colour), ""))
	switch colour {
	case "black", "white", "gray", "grey", "windowtext", "inherit", "initial", "currentcolor", "auto", "unset", "transparent":
		return ""
	}
	if hex, found := strings.CutPrefix(colour, "#"); found {
		n := len(hex) / 3
		if n > 0 && len(hex) == 3*n && hex[:n] == hex[n:2*n] && hex[n:2*n] == hex[2*n:] {
			return ""
		}
	}
	if _, inner, found := strings.Cut(colour, "("); found {
		parts := strings.Split(strings.TrimRight(inner, ")"), ",")
		if len(parts) < 3 || parts[0] == parts[1] && parts[1] == parts[2] {
			return ""
		}
	}
	return colour
}

// tint notes the colour of text that is written on the line.
func (m *markedText) tint(text string) {
	if strings.TrimSpace(text) == "" || m.hidden > 0 {
		return
	}
	if !m.now.set {
		m.now = hue{first: m.colour, set: true}
	}
	m.now.last = m.colour
}

// answeredInColour reports whether somebody has answered in what a program
// quoted without marks, by a colour: a question in the colour of the quote, and
// below or behind it the answer in another. A colour that the person has used
// above the quote says so the first time, any other the second time.
func (r *reading) answeredInColour() bool {
	if len(r.hues) != len(r.lines) {
		return false
	}
	mine, pairs, asked := map[string]bool{}, map[string]int{}, false
	for i, line := range r.lines {
		h := r.hues[i]
		switch {
		case line == "":
			continue
		case r.kinds[i] == lineOwn:
			mine[h.first] = true
			continue
		case r.kinds[i] != lineQuoted:
			continue
		}
		behind := h.first == "" && h.last != "" && strings.ContainsAny(line[:len(line)-1], "?:")
		if field, _ := fieldOf(line); field != headNone {
			asked = false
			continue
		}
		if c := h.last; c != "" && !strings.HasSuffix(line, "?") && (behind || asked && h.first == c) {
			pairs[c]++
			if pairs[c] > 1 || mine[c] {
				return true
			}
		}
		asked = h.last == "" && strings.ContainsAny(line[len(line)-1:], "?:")
	}
	return false
}
