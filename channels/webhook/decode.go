package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep JSON may nest. The schema needs 3 levels; the rest is for
// fields that are not ours.
const maxDepth = 64

// maxValues is how many values the message and the lists in it may hold.
const maxValues = 100_000

// mistake is one thing that is wrong with a request's JSON.
type mistake struct {
	// Location is the field, such as "attachments[0].data", "" for the whole.
	Location string `json:"location,omitempty"`
	// Line and Column count from 1; the column is in bytes.
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// verdict says why a body is refused: the status to answer and what is wrong.
type verdict struct {
	status   int
	title    string
	mistakes []mistake
	// ignored names fields that the schema doesn't have: one may be misspelt.
	ignored []string
}

// decode reads a body and checks it against the schema. It gives the names of
// the fields that it doesn't know, and nil for a body that is refused.
func decode(body []byte) (*Message, []string, *verdict) {
	text := bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) // RFC 8259 section 8.1: may be ignored
	skipped := len(body) - len(text)
	notJSON := func(offset int, message string) *verdict {
		one := mistake{Message: message}
		one.Line, one.Column = lineOf(body, offset+skipped)
		return &verdict{status: http.StatusBadRequest, title: "This is not JSON", mistakes: []mistake{one}}
	}
	if at, odd := badUTF8(text); odd {
		return nil, nil, notJSON(at, "bytes that are not UTF-8")
	}
	if at, words := tooMuch(text, maxDepth); words != "" {
		return nil, nil, notJSON(at, words)
	}
	m := new(Message)
	err := json.Unmarshal(text, m)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return nil, nil, notJSON(0, "the body is empty")
	case errors.As(err, &syntax):
		at := max(0, int(syntax.Offset)-1)
		if strings.Contains(err.Error(), "unexpected end") {
			at = len(text)
		}
		return nil, nil, notJSON(at, strings.TrimPrefix(err.Error(), "json: "))
	case errors.As(err, &kind):
		one := mistake{Location: kind.Field, Message: "want " + kindWords(kind.Type.Kind().String()) + ", got " + kindWords(kind.Value)}
		one.Line, one.Column = lineOf(body, int(kind.Offset)+skipped)
		return nil, nil, &verdict{status: http.StatusUnprocessableEntity, title: "This is not a message", mistakes: []mistake{one}}
	case err != nil:
		return nil, nil, notJSON(0, "unreadable")
	}
	if all := m.mistakes(); len(all) > 0 {
		locate(body, skipped, all)
		return nil, nil, &verdict{status: http.StatusUnprocessableEntity, title: "This is not a message", mistakes: all, ignored: unknownFields(text)}
	}
	return m, unknownFields(text), nil
}

// kindWords says in words of JSON what a value is.
func kindWords(kind string) string {
	kind, _, _ = strings.Cut(kind, " ")
	switch {
	case kind == "struct", kind == "ptr", kind == "map":
		return "an object"
	case kind == "slice":
		return "a list"
	case kind == "array":
		return "a list"
	case kind == "object":
		return "an object"
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "float"):
		return "a whole number"
	case kind == "bool":
		return "true or false"
	default:
		return "a " + kind
	}
}

// badUTF8 finds the first byte that is not UTF-8.
func badUTF8(text []byte) (int, bool) {
	if utf8.Valid(text) {
		return 0, false
	}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			return at, true
		}
		at += size
	}
	return 0, false
}

// tooMuch finds where JSON nests deeper than limit, or holds so many values near
// its top that memory would be full of them.
func tooMuch(text []byte, limit int) (at int, words string) {
	depth, values, inString := 0, 0, false
	for at := 0; at < len(text); at++ {
		switch c := text[at]; {
		case inString && c == '\\':
			at++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{', c == '[':
			if depth++; depth > limit {
				return at, fmt.Sprintf("nested deeper than %d levels", limit)
			}
		case c == '}', c == ']':
			depth--
		case c == ',' && depth <= 2:
			if values++; values > maxValues {
				return at, fmt.Sprintf("more than %d values", maxValues)
			}
		}
	}
	return 0, ""
}

// lineOf gives line and column of a byte, both from 1.
func lineOf(body []byte, offset int) (line, column int) {
	before := body[:min(max(offset, 0), len(body))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}

// locate fills in where the values of the fields stand.
func locate(body []byte, skipped int, all []mistake) {
	wanted := map[string][]int{}
	for i, one := range all {
		wanted[one.Location] = append(wanted[one.Location], i)
	}
	walk(json.NewDecoder(bytes.NewReader(body[skipped:])), "", func(path string, offset int64) {
		for _, i := range wanted[path] {
			all[i].Line, all[i].Column = lineOf(body, int(offset)+skipped)
		}
	})
}

// walk reads one value and tells the path and the end of each value's first
// token. The JSON is valid and not deep.
func walk(d *json.Decoder, path string, tell func(path string, offset int64)) {
	token, err := d.Token()
	if err != nil {
		return
	}
	tell(path, d.InputOffset()-1)
	switch token {
	case json.Delim('{'):
		for d.More() {
			name, err := d.Token()
			text, _ := name.(string)
			if err != nil {
				return
			}
			walk(d, strings.TrimPrefix(path+"."+text, "."), tell)
		}
	case json.Delim('['):
		for i := 0; d.More(); i++ {
			walk(d, fmt.Sprintf("%s[%d]", path, i), tell)
		}
	default:
		return
	}
	_, _ = d.Token()
}

// ignoredShown is how many unknown fields are named.
const ignoredShown = 10

// unknownFields names fields of the message that the schema doesn't have, so
// that whoever has misspelt one learns of it.
func unknownFields(text []byte) []string {
	var all map[string]json.RawMessage
	if json.Unmarshal(text, &all) != nil {
		return nil
	}
	var out []string
	for name := range all {
		known := func(field string) bool { return strings.EqualFold(field, name) }
		if !slices.ContainsFunc(messageFields(), known) {
			out = append(out, cut(name, 60))
		}
	}
	slices.Sort(out)
	return out[:min(len(out), ignoredShown)]
}
