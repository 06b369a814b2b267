package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"stagecoach/customers"
)

// jsonReader splits a text into objects: of an array, or one after the other. Each
// object that stands in a line of its own is read by itself, whatever is wrong with the
// others.
type jsonReader struct {
	lines *lines
	array bool
	// begun and ended are of an array.
	begun, ended bool
}

func newJSONReader(l *lines, array bool) *jsonReader { return &jsonReader{lines: l, array: array} }

// next gives the text of the next object; reason says why it can't be told from what
// follows.
func (j *jsonReader) next() (record, error) {
	for {
		one, err := j.lines.next()
		if err != nil {
			if errors.Is(err, io.EOF) && j.array && !j.ended {
				j.ended = true
				return record{line: j.lines.n, reason: "the array ends without a ]: is the file cut off?"}, nil
			}
			return record{}, err
		}
		text := bytes.TrimSpace(one.text)
		if j.array {
			text = j.inArray(text)
		}
		if len(text) == 0 {
			continue
		}
		if one.cut {
			return record{line: one.n, reason: fmt.Sprintf("the line is longer than %d MiB: write one object a line", longestLine>>20)}, nil
		}
		if j.ended || text[0] != '{' {
			return record{line: one.n, raw: string(text), reason: "there is no object here"}, nil
		}
		return j.object(one, text)
	}
}

// inArray takes the signs of an array off.
func (j *jsonReader) inArray(text []byte) []byte {
	for len(text) > 0 && !j.ended {
		switch {
		case !j.begun && text[0] == '[':
			j.begun = true
		case j.begun && text[0] == ',':
		case j.begun && text[0] == ']':
			j.ended = true
		default:
			return text
		}
		text = bytes.TrimSpace(text[1:])
	}
	return text
}

// object reads the object that begins a line; what stands behind it gets its turn.
func (j *jsonReader) object(first line, text []byte) (record, error) {
	raw := slices.Clone(text)
	var ahead []line
	var in nesting
	for {
		end := in.read(raw)
		if end > 0 {
			if rest := raw[end:]; len(bytes.TrimSpace(rest)) > 0 {
				j.lines.unread([]line{{text: slices.Clone(rest), n: first.n + len(ahead)}})
			}
			return record{line: first.n, raw: string(raw[:end])}, nil
		}
		var next line
		over := in.broken || len(raw) > longestRecord
		if !over {
			var err error
			next, err = j.lines.next()
			switch {
			case errors.Is(err, io.EOF):
				over = true
			case err != nil:
				return record{}, err
			default:
				ahead = append(ahead, next)
				over = next.cut || begins(raw, next.text)
			}
		}
		if over {
			j.lines.unread(ahead)
			return record{line: first.n, raw: string(text), reason: "the object is never closed, or its text is broken"}, nil
		}
		raw = append(append(raw, '\n'), next.text...)
	}
}

// begins reports whether a line begins another object, rather than going on with the one
// that is open.
func begins(open, next []byte) bool {
	open, next = bytes.TrimSpace(open), bytes.TrimSpace(next)
	return len(next) > 0 && next[0] == '{' && bytes.IndexByte([]byte(":[,{"), open[len(open)-1]) < 0
}

// nesting follows how deep a text stands in objects and lists.
type nesting struct {
	at, depth int
	inString  bool
	// broken is true where a line ends inside of a string.
	broken bool
}

// read goes on with a text that has grown, and gives where its object ends, 0 if it
// doesn't.
func (n *nesting) read(text []byte) int {
	for ; n.at < len(text) && !n.broken; n.at++ {
		switch b := text[n.at]; {
		case n.inString && b == '\\':
			n.at++
		case n.inString && b == '\n':
			n.broken = true
		case b == '"':
			n.inString = !n.inString
		case n.inString:
		case b == '{' || b == '[':
			n.depth++
		case b == '}' || b == ']':
			if n.depth--; n.depth == 0 {
				return n.at + 1
			}
		}
	}
	return 0
}

// nextObject gives the next record of a JSON file.
func (l *File) nextObject() (Item, error) {
	rec, err := l.json.next()
	if err != nil {
		return Item{}, err
	}
	item := Item{Line: rec.line, raw: rec.raw}
	if rec.reason != "" {
		item.Fault = &Fault{Line: rec.line, Reason: rec.reason}
		return item, nil
	}
	item.Row, item.Fault = l.check.object(rec.line, rec.raw)
	return item, nil
}

// object makes a row of an object: its fields are the columns, lists may be arrays, and
// fields of one's own may stand together in "attr".
func (c *checker) object(line int, raw string) (*customers.Row, *Fault) {
	var cells []cell
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	if _, err := d.Token(); err != nil { // {
		return nil, &Fault{Line: line, Reason: "it is no JSON: " + err.Error()}
	}
	for d.More() {
		name, value, err := member(d)
		if err != nil {
			return nil, &Fault{Line: line, Reason: "it is no JSON: " + err.Error()}
		}
		more, fault := cellsOf(line, name, value)
		if fault != nil {
			return nil, fault
		}
		if len(cells)+len(more) > mostColumns {
			return nil, &Fault{Line: line, Reason: fmt.Sprintf("the object has more than %d fields: at most so many can be read", mostColumns)}
		}
		for _, one := range more {
			if slices.ContainsFunc(cells, func(has cell) bool { return has.column == one.column }) {
				return nil, &Fault{Line: line, Column: one.column, Reason: "the field is there twice"}
			}
			cells = append(cells, one)
		}
	}
	if _, err := d.Token(); err != nil { // }
		return nil, &Fault{Line: line, Reason: "it is no JSON: " + err.Error()}
	}
	return c.row(line, cells)
}

func member(d *json.Decoder) (name string, value any, err error) {
	t, err := d.Token()
	if err != nil {
		return "", nil, err
	}
	name, _ = t.(string)
	return name, value, d.Decode(&value)
}

// cellsOf gives the cells that a member of an object stands for.
func cellsOf(line int, name string, value any) ([]cell, *Fault) {
	if own, is := value.(map[string]any); is && name == "attr" {
		var cells []cell
		names := make([]string, 0, len(own))
		for n := range own {
			names = append(names, n)
		}
		slices.Sort(names)
		for _, n := range names {
			more, fault := cellsOf(line, attrPrefix+n, own[n])
			if fault != nil {
				return nil, fault
			}
			cells = append(cells, more...)
		}
		return cells, nil
	}
	column, reason := columnOf(name)
	if reason != "" {
		return nil, &Fault{Line: line, Column: clip(name), Reason: reason}
	}
	text, ok := scalar(value)
	if list, is := value.([]any); is {
		parts := make([]string, len(list))
		for n, one := range list {
			if parts[n], ok = scalar(one); !ok || strings.Contains(parts[n], ";") {
				return nil, &Fault{Line: line, Column: column, Reason: "the list holds something else than plain texts without ;"}
			}
		}
		text, ok = strings.Join(parts, ";"), true
	}
	if !ok {
		return nil, &Fault{Line: line, Column: column, Reason: "the value is neither a text, a number nor a list"}
	}
	return []cell{{column, text}}, nil
}

func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	}
	return "", false
}
