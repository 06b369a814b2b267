package email

import (
	"bytes"
	"strings"
)

// field is one header line as it came, unfolded, its bytes made UTF-8.
type field struct {
	name  string // lower case
	value string
}

type fields []field

// get gives the first field of that name, "" if there is none.
func (f fields) get(name string) string {
	for _, one := range f {
		if strings.EqualFold(one.name, name) {
			return one.value
		}
	}
	return ""
}

// all gives every field of that name, in order.
func (f fields) all(name string) []string {
	var out []string
	for _, one := range f {
		if strings.EqualFold(one.name, name) {
			out = append(out, one.value)
		}
	}
	return out
}

func (f fields) has(name string) bool {
	for _, one := range f {
		if strings.EqualFold(one.name, name) {
			return true
		}
	}
	return false
}

// splitHeader cuts an original at its first empty line. A mail without one is
// all header.
func splitHeader(raw []byte) (header, body []byte) {
	for at := 0; at < len(raw); {
		end := bytes.IndexByte(raw[at:], '\n')
		if end < 0 {
			break
		}
		if len(bytes.TrimRight(raw[at:at+end], "\r")) == 0 {
			return raw[:at], raw[at+end+1:]
		}
		at += end + 1
	}
	return raw, nil
}

// parseFields reads a header block. A line that is neither a field nor indented
// belongs to the field before it, as broken folding leaves it; a line that
// fits nothing is passed over.
func parseFields(header []byte) fields {
	var out fields
	var value bytes.Buffer
	name := ""
	flush := func() {
		if name != "" {
			out = append(out, field{name, strings.TrimSpace(toUTF8(value.Bytes()))})
		}
		name = ""
		value.Reset()
	}
	for line := range bytes.Lines(header) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			if n, v, ok := fieldLine(line); ok {
				flush()
				name = n
				value.Write(v)
				continue
			}
		}
		if name != "" {
			value.WriteByte(' ')
			value.Write(bytes.TrimSpace(line))
		}
	}
	flush()
	return out
}

// fieldLine cuts "Name: value". A name has no spaces or controls in it.
func fieldLine(line []byte) (name string, value []byte, ok bool) {
	before, after, found := bytes.Cut(line, []byte(":"))
	before = bytes.TrimRight(before, " \t")
	if !found || len(before) == 0 || bytes.ContainsFunc(before, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", nil, false
	}
	return strings.ToLower(string(before)), after, true
}
