package email

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"
)

// transferDecoded gives what a part carries, by its transfer encoding. What
// claims to be base64 and plainly is not is taken as it stands.
func transferDecoded(p *part) []byte { return decodeTransfer(p, p.content) }

// beginning gives at most about n bytes of what a text carries, and whether
// that is all of it.
func beginning(p *part, n int) (data []byte, whole bool) {
	raw := p.content
	if whole = len(raw) <= 2*n; !whole {
		raw = raw[:2*n]
	}
	data = decodeTransfer(p, raw)
	if len(data) > n {
		return data[:n], false
	}
	return data, whole
}

func decodeTransfer(p *part, raw []byte) []byte {
	switch p.encoding {
	case "base64", "base-64", "b64":
		decoded := decodeBase64(raw)
		if p.text() && !looksBase64(raw) && !plausible(decoded) {
			return raw
		}
		return decoded
	case "quoted-printable", "quotedprintable", "quoted printable", "qp":
		return decodeQP(raw)
	case "x-uuencode", "x-uue", "uuencode", "x-uu":
		if files, _ := cutUU(raw, 1); len(files) == 1 {
			return files[0].data
		}
	case "x-yencode", "x-yenc", "yenc":
		if files, _ := cutYEnc(raw, 1); len(files) == 1 {
			return files[0].data
		}
	case "", "7bit", "8bit", "7-bit", "8-bit", "binary", "none", "plain":
		if p.text() {
			return unsaid(p, raw)
		}
	}
	return raw
}

// text reports whether the content is for reading.
func (p *part) text() bool { return len(p.kind) > 5 && p.kind[:5] == "text/" }

// looksBase64 tells base64, be it cut or with rubbish in it, from words: what
// stands in the first lines is of its alphabet, nearly without spaces.
func looksBase64(raw []byte) bool {
	head := bytes.TrimSpace(raw[:min(len(raw), 2000)])
	strange, spaces := 0, 0
	for _, c := range head {
		switch {
		case base64Value[c] != notBase64, c == '=', c == '\r', c == '\n':
		case c == ' ', c == '\t':
			spaces++
		default:
			strange++
		}
	}
	return strange*8 <= len(head) && spaces*12 <= len(head) || bytes.IndexByte(head, ' ') < 0 && strange*4 <= len(head)
}

// plausible reports whether bytes can be words, in whatever charset.
func plausible(data []byte) bool {
	data = data[:min(len(data), 1000)]
	high := 0
	for _, c := range data {
		if c < ' ' && c != '\t' && c != '\r' && c != '\n' && c != 0x1b {
			return false
		}
		high += int(c >> 7)
	}
	return len(data) > 0 && (high == 0 || utf8.Valid(data))
}

const notBase64 = 0xff

// base64Value tells which characters are of the alphabet.
//
//nolint:gochecknoglobals // a table
var base64Value = func() (t [256]byte) {
	for i := range t {
		t[i] = notBase64
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	return t
}()

// decodeBase64 decodes what can be decoded, passing over what doesn't belong.
// Padding in the middle ends one piece and begins the next. It takes the memory
// of its result, and reads once.
func decodeBase64(in []byte) []byte {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(in)))
	if n, err := base64.StdEncoding.Decode(out, in); err == nil { // the common case, by the library
		return out[:n]
	}
	out = out[:0]
	var bits uint32
	have := 0
	flush := func() {
		switch have {
		case 2:
			out = append(out, byte(bits>>4&0xff))
		case 3:
			out = append(out, byte(bits>>10&0xff), byte(bits>>2&0xff))
		}
		bits, have = 0, 0
	}
	checks := 16
	for i, c := range in {
		if c == '=' {
			ended := have > 0
			flush()
			if rest := in[i+1:]; ended && checks > 0 && len(bytes.Trim(rest[:min(len(rest), 64)], "= \t\r\n")) > 0 {
				if checks--; !looksBase64(bytes.TrimLeft(rest, "= \t\r\n")) {
					break // words that somebody put below, such as a list's
				}
			}
			continue
		}
		v := base64Value[c]
		if v == notBase64 {
			continue
		}
		bits = bits<<6 | uint32(v)
		if have++; have == 4 {
			out = append(out, byte(bits>>16), byte(bits>>8), byte(bits))
			bits, have = 0, 0
		}
	}
	flush()
	return out
}

// decodeQP decodes quoted-printable, leaving broken escapes as they stand.
func decodeQP(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); i++ {
		if in[i] != '=' {
			next := bytes.IndexByte(in[i:], '=')
			if next < 0 {
				next = len(in) - i
			}
			out = append(out, in[i:i+next]...)
			i += next - 1
			continue
		}
		end := i + 1
		for end < len(in) && (in[end] == ' ' || in[end] == '\t' || in[end] == '\r') {
			end++
		}
		switch {
		case end < len(in) && in[end] == '\n', end == len(in): // soft line break
			i = end
		case i+2 < len(in):
			octet, ok := hexOctet(in[i+1], in[i+2])
			if !ok {
				out = append(out, '=')
				continue
			}
			out = append(out, octet)
			i += 2
		default:
			out = append(out, '=')
		}
	}
	return out
}

// hexOctet reads two hexadecimal digits of either case.
func hexOctet(high, low byte) (octet byte, ok bool) {
	h, l := hexDigit(high), hexDigit(low)
	return h<<4 | l, h < 16 && l < 16
}

func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	default:
		return 16
	}
}
