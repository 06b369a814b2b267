package email

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// field is one header line as it came, unfolded, its bytes made UTF-8.
type field struct {
	name  string // lower case
	value string
}

type fields []field

// get gives the first field of that name that says something, "" if there is
// none.
func (f fields) get(name string) string {
	for _, one := range f {
		if one.value != "" && strings.EqualFold(one.name, name) {
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

// maxFields and maxField bound a header: how many fields of it are kept, and how
// many bytes of each.
const (
	maxFields = 20_000
	maxField  = 256 << 10
)

// parseFields reads a header block. A line that is neither a field nor indented
// belongs to the field before it, as broken folding leaves it; a line that
// fits nothing is passed over.
func parseFields(header []byte) fields { return parseFieldsIn(header, "") }

// parseFieldsIn is parseFields where bytes without an encoding that aren't UTF-8
// are of the charset that the label names.
func parseFieldsIn(header []byte, label string) fields {
	var out fields
	var value bytes.Buffer
	name := ""
	flush := func() {
		if name != "" && len(out) < maxFields {
			out = append(out, field{name, fieldText(value.Bytes(), label)})
		}
		name = ""
		value.Reset()
	}
	for line := range bytes.Lines(header) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			continue
		}
		if _, _, ok := fieldLine(line); !ok && bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From ")) {
			continue // a mailbox's own line, on a header's second
		}
		if line[0] != ' ' && line[0] != '\t' {
			if n, v, ok := fieldLine(line); ok {
				flush()
				name = n
				value.Write(v)
				continue
			}
		}
		if name != "" && value.Len() < maxField {
			value.WriteByte(' ')
			value.Write(bytes.TrimSpace(line))
		}
	}
	flush()
	return out
}

func fieldText(value []byte, label string) string {
	value = value[:min(len(value), maxField)]
	if hasEscapes(value) {
		if text, known := decodeCharset(value, "iso-2022-jp"); known {
			return strings.TrimSpace(text)
		}
	}
	if label != "" && !utf8.Valid(value) && !mostlyUTF8(value) {
		if text, known := decodeCharset(value, label); known {
			return strings.TrimSpace(text)
		}
	}
	return strings.TrimSpace(toUTF8(value))
}

// fieldLine cuts "Name: value". A name has no spaces or controls in it.
func fieldLine(line []byte) (name string, value []byte, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 || colon > 200 {
		return "", nil, false
	}
	before := bytes.TrimRight(line[:colon], " \t")
	for _, c := range before {
		if c <= ' ' || c > '~' {
			return "", nil, false
		}
	}
	if len(before) == 0 {
		return "", nil, false
	}
	return strings.ToLower(string(before)), line[colon+1:], true
}
