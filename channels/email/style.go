package email

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// keptStyle is a style of which nothing can come: properties that are known,
// with values that name nothing to be loaded.
var keptStyle = regexp.MustCompile(`^((color|background-color|font-weight|font-style|font-size|text-align|text-decoration|margin-left|padding-left|white-space|border-left|width|max-width): [a-zA-Z0-9#%., ()-]{1,80}; )*$`)

// restyle leaves of styles what is kept of them, in the one form that keptStyle
// knows.
func restyle(attrs []html.Attribute) {
	for i := range attrs {
		if attrs[i].Key == "style" {
			attrs[i].Val = cleanStyle(attrs[i].Val)
		}
	}
}

// maxStyle is the length in bytes up to which a style is read.
const maxStyle = 2000

func cleanStyle(style string) string {
	var out strings.Builder
	for one := range strings.SplitSeq(style[:min(len(style), maxStyle)], ";") {
		name, value, found := strings.Cut(one, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		value = strings.TrimSpace(strings.Replace(strings.TrimSpace(value), "!important", "", 1))
		if !found || value == "" || len(value) > 80 || !plainValueOf(value) {
			continue
		}
		switch name {
		case "background":
			if !colour.MatchString(value) {
				continue
			}
			name = "background-color"
		case "color", "background-color", "font-weight", "font-style", "font-size", "text-align", "text-decoration",
			"margin-left", "padding-left", "white-space", "border-left", "width", "max-width":
		default:
			continue
		}
		out.WriteString(name + ": " + value + "; ")
	}
	return out.String()
}

// plainValueOf reports whether a value is words, numbers or a colour, and no
// function but those of colours.
func plainValueOf(value string) bool {
	for i := range len(value) {
		c := value[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("#%., -", c) >= 0:
		case c == '(':
			before := strings.ToLower(value[:i])
			if !strings.HasSuffix(before, "rgb") && !strings.HasSuffix(before, "rgba") && !strings.HasSuffix(before, "hsl") {
				return false
			}
		case c == ')':
		default:
			return false
		}
	}
	return true
}
