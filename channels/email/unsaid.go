package email

import (
	"bytes"
	"encoding/base64"
	"slices"
	"unicode/utf8"
)

// unsaid undoes a transfer encoding that a text has and doesn't name, where
// there is no doubt.
func unsaid(p *part, raw []byte) []byte {
	head := raw[:min(len(raw), 64<<10)]
	switch {
	case bytes.IndexByte(head, '=') >= 0 && plainlyQP(head, p.params["charset"]):
		return decodeQP(raw)
	case len(head) >= 60 && base64Value[head[0]] != notBase64 && base64Value[head[59]] != notBase64:
		if decoded, ok := plainlyBase64(raw); ok {
			return decoded
		}
	}
	return raw
}

// plainlyQP reports whether a text is in quoted-printable: each of its equals
// signs is of that encoding, there are letters beyond ASCII, and they make words
// of the charset.
func plainlyQP(head []byte, charset string) bool {
	octets, breaks := 0, 0
	for i, c := range head {
		if c >= utf8.RuneSelf {
			return false
		}
		if c != '=' {
			continue
		}
		rest := head[i+1 : min(len(head), i+3)]
		switch {
		case len(rest) < 2: // cut off here
		case rest[0] == '\n' || rest[0] == '\r' && rest[1] == '\n':
			breaks++
		case rest[0] >= 'a' || rest[1] >= 'a': // lower case is of an address
			return false
		default:
			octet, ok := hexOctet(rest[0], rest[1])
			if !ok {
				return false
			}
			if octet >= utf8.RuneSelf {
				octets++
			}
		}
	}
	if octets < 2 || breaks == 0 && octets < 6 {
		return false
	}
	decoded := decodeQP(head)
	if utf8.Valid(decoded) || mostlyUTF8(decoded) {
		return true
	}
	_, known := decodeCharset(decoded, charset)
	return known && cleanLabel(charset) != "" && breaks > 0
}

// plainlyBase64 decodes a text that is nothing but base64 of words.
func plainlyBase64(raw []byte) (decoded []byte, ok bool) {
	length := -1
	for line := range bytes.Lines(bytes.TrimSpace(raw)) {
		line = bytes.TrimRight(line, " \t\r\n")
		switch {
		case length < 0:
			length = len(line)
		case len(line) > length:
			return nil, false
		}
		if length < 60 || len(line)%4 != 0 || slices.ContainsFunc(line, func(c byte) bool {
			return c != '=' && base64Value[c] == notBase64
		}) {
			return nil, false
		}
	}
	decoded = make([]byte, base64.StdEncoding.DecodedLen(len(raw)))
	n, err := base64.StdEncoding.Decode(decoded, bytes.TrimSpace(raw))
	decoded = decoded[:n]
	return decoded, err == nil && n > 40 && plausible(decoded) && utf8.Valid(decoded) && bytes.ContainsAny(decoded, " \n")
}
