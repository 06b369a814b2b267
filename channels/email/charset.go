package email

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/charmap"
)

// toUTF8 reads bytes that bear no label: as UTF-8 if they are, else as
// windows-1252. Bytes that stand for nothing become U+FFFD; NUL goes.
func toUTF8(b []byte) string {
	if !utf8.Valid(b) {
		if decoded, err := charmap.Windows1252.NewDecoder().Bytes(b); err == nil {
			b = decoded
		}
	}
	return strings.ReplaceAll(strings.ToValidUTF8(string(b), "\uFFFD"), "\x00", "")
}

// decodeCharset makes UTF-8 of bytes by their label. A label that nobody knows,
// "us-ascii", or "utf-8" on bytes that aren't, counts as none.
func decodeCharset(b []byte, label string) (text string, known bool) {
	label = strings.ToLower(strings.Trim(label, "\"' \t"))
	switch label {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "utf-8", "utf8", "unknown-8bit", "x-unknown", "default":
		return toUTF8(b), utf8.Valid(b) || label == "" || label == "unknown-8bit"
	}
	encoding, _ := charset.Lookup(label)
	if encoding == nil {
		return toUTF8(b), false
	}
	decoded, err := encoding.NewDecoder().Bytes(b)
	if err != nil {
		return toUTF8(b), false
	}
	return toUTF8(decoded), true
}

// An encoded word (RFC 2047), and two of them with only space between.
var encodedWord = regexp.MustCompile(`=\?([^?\s]{1,40})\?([bBqQ])\?([^?\r\n]*)\?=`)

// decodeWords decodes RFC 2047. Neighbours of one charset are joined before they
// are decoded, since senders cut letters in two.
func decodeWords(s string) string {
	found := encodedWord.FindAllStringSubmatchIndex(s, -1)
	if found == nil {
		return s
	}
	var out strings.Builder
	var pending []byte
	label, end := "", 0
	flush := func() {
		text, _ := decodeCharset(pending, label)
		out.WriteString(text)
		pending = pending[:0]
	}
	for i, at := range found {
		between := s[end:at[0]]
		next, _, _ := strings.Cut(s[at[2]:at[3]], "*") // RFC 2231 section 5: a language may follow
		joined := i > 0 && strings.TrimSpace(between) == ""
		if i > 0 && (!joined || !strings.EqualFold(next, label)) {
			flush()
		}
		if !joined {
			out.WriteString(between)
		}
		label, end = next, at[1]
		pending = append(pending, decodeWord(s[at[4]], s[at[6]:at[7]])...)
	}
	flush()
	out.WriteString(s[end:])
	return out.String()
}

func decodeWord(how byte, text string) []byte {
	if how == 'b' || how == 'B' {
		return decodeBase64([]byte(text))
	}
	return decodeQP([]byte(strings.ReplaceAll(text, "_", " ")))
}

// decodeBase64 decodes what can be decoded, passing over what doesn't belong.
// Padding in the middle ends one piece and begins the next.
func decodeBase64(in []byte) []byte {
	out := make([]byte, 0, base64.StdEncoding.DecodedLen(len(in)))
	clean := make([]byte, 0, len(in))
	flush := func() {
		if len(clean)%4 == 1 {
			clean = clean[:len(clean)-1]
		}
		out, _ = base64.RawStdEncoding.AppendDecode(out, clean)
		clean = clean[:0]
	}
	for _, c := range in {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		case c == '=' && len(clean) > 0:
			flush()
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
			out = append(out, in[i])
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
	var out [1]byte
	_, err := hex.Decode(out[:], []byte{high, low})
	return out[0], err == nil
}
