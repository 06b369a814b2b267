package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// record is one record of a file: its fields, or why they can't be told apart.
type record struct {
	line   int
	fields []string
	// raw is the text of the line where it can't be split; reason says why.
	raw, reason string
}

// csvReader splits records. A quote inside an unquoted field is a character like any
// other.
type csvReader struct {
	lines *lines
	comma byte
}

// next gives the next record that isn't empty, io.EOF after the last.
func (c *csvReader) next() (record, error) {
	for {
		one, err := c.lines.next()
		if err != nil {
			return record{}, err
		}
		if one.cut {
			return record{line: one.n, reason: fmt.Sprintf("the line is longer than %d MiB", longestLine>>20)}, nil
		}
		if len(bytes.TrimSpace(one.text)) == 0 {
			continue
		}
		rec, err := c.split(one)
		if err != nil || rec.reason != "" || !empty(rec.fields) {
			return rec, err
		}
	}
}

func empty(fields []string) bool {
	for _, f := range fields {
		if f != "" {
			return false
		}
	}
	return true
}

// split reads the fields of the record that starts with a line.
func (c *csvReader) split(first line) (record, error) {
	rec := record{line: first.n}
	q := &quoted{lines: c.lines, text: first.text, size: len(first.text)}
	for {
		if len(q.text) == 0 || q.text[0] != '"' {
			field, rest, more := bytes.Cut(q.text, []byte{c.comma})
			rec.fields = append(rec.fields, string(field))
			if !more {
				return rec, nil
			}
			q.text = rest
			continue
		}
		field, closed, err := q.field()
		if err != nil {
			return record{}, err
		}
		rec.fields = append(rec.fields, field)
		reason := ""
		switch {
		case !closed:
			reason = "a quote is opened here that is never closed"
		case len(q.text) == 0:
			return rec, nil
		case q.text[0] != c.comma:
			reason = `there is text behind a closing quote: write "" for a quote inside of quotes`
		}
		if reason != "" { // the first line is what it is, the others get their turn
			c.lines.unread(q.ahead)
			return record{line: first.n, raw: string(first.text), reason: reason}, nil
		}
		q.text = q.text[1:]
	}
}

// quoted reads fields in quotes, which may go on in the next lines.
type quoted struct {
	lines *lines
	// text is what is left of the line, ahead are the lines behind the first, size is
	// that of them all.
	text  []byte
	ahead []line
	size  int
}

// field reads the field that text begins with; closed is false where it never ends.
func (q *quoted) field() (field string, closed bool, err error) {
	var b []byte
	q.text = q.text[1:]
	for {
		quote := bytes.IndexByte(q.text, '"')
		if quote < 0 {
			b = append(append(b, q.text...), '\n')
			if more, err := q.more(); err != nil || !more {
				return "", false, err
			}
			continue
		}
		b = append(b, q.text[:quote]...)
		q.text = q.text[quote+1:]
		if len(q.text) == 0 || q.text[0] != '"' {
			return string(b), true, nil
		}
		b = append(b, '"')
		q.text = q.text[1:]
	}
}

// more reads the next line, unless there is none or too much was read.
func (q *quoted) more() (bool, error) {
	next, err := q.lines.next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	q.ahead = append(q.ahead, next)
	q.text = next.text
	q.size += len(next.text)
	return !next.cut && q.size <= longestRecord, nil
}

// commaOf finds out by what the fields of a header are separated.
func commaOf(header []byte) byte {
	best, most := byte(','), 0
	for _, c := range []byte{',', ';', '\t', '|'} {
		n, quoted := 0, false
		for _, b := range header {
			switch {
			case b == '"':
				quoted = !quoted
			case b == c && !quoted:
				n++
			}
		}
		if n > most {
			best, most = c, n
		}
	}
	return best
}
