package email

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

// Charsets that no library has by these names: UTF-7 (RFC 2152), ISO-2022-KR (RFC
// 1557), ISO-2022-CN (RFC 1922) and UTF-32.

// decodeUTF32 decodes UTF-32, lowest byte first unless its mark says otherwise.
func decodeUTF32(b []byte) (text string, ok bool) {
	if len(b) == 0 || len(b)%4 != 0 {
		return "", false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 0 && b[1] == 0 {
		order = binary.BigEndian
	}
	out := make([]byte, 0, len(b)/2)
	for ; len(b) > 0; b = b[4:] {
		switch n := order.Uint32(b); {
		case n > unicode.MaxRune:
			return "", false
		case n != 0 && n != 0xfeff:
			out = utf8.AppendRune(out, rune(n))
		}
	}
	return string(out), true
}

// decodeUTF7 decodes RFC 2152. ok is false where the bytes aren't UTF-7.
func decodeUTF7(b []byte) (text string, ok bool) {
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] >= 0x80 {
			return "", false
		}
		if b[i] != '+' {
			if b[i] != 0 {
				out.WriteByte(b[i])
			}
			continue
		}
		end := i + 1
		for end < len(b) && base64Value[b[end]] != notBase64 {
			end++
		}
		switch coded := b[i+1 : end]; {
		case len(coded) > 0:
			writeUTF16(&out, coded)
		default:
			out.WriteByte('+')
		}
		i = end - 1
		if end < len(b) && b[end] == '-' {
			i = end
		}
	}
	return out.String(), true
}

// writeUTF16 writes what base64 of UTF-16, highest byte first, stands for.
func writeUTF16(out *strings.Builder, coded []byte) {
	if len(coded)%4 == 1 {
		coded = coded[:len(coded)-1]
	}
	octets, _ := base64.RawStdEncoding.AppendDecode(nil, coded)
	units := make([]uint16, 0, len(octets)/2)
	for i := 0; i+1 < len(octets); i += 2 {
		units = append(units, uint16(octets[i])<<8|uint16(octets[i+1]))
	}
	for _, r := range utf16.Decode(units) {
		if r != 0 {
			out.WriteRune(r)
		}
	}
}

// decodeShifted decodes the ISO-2022 forms in which SO (0x0E) begins letters of
// two bytes and SI (0x0F) or the end of a line ends them; wide decodes those
// bytes with their eighth bit set.
func decodeShifted(b []byte, wide encoding.Encoding) (text string, ok bool) {
	octets := make([]byte, 0, len(b))
	shifted := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == 0x1b: // a designation: ESC $ ) C
			for i++; i < len(b) && (b[i] == '$' || b[i] >= '(' && b[i] <= '/'); i++ {
				continue
			}
		case c == 0x0e:
			shifted = true
		case c == 0x0f:
			shifted = false
		case c == '\n':
			shifted = false
			octets = append(octets, c)
		case shifted && c > ' ' && c < 0x7f:
			octets = append(octets, c|0x80)
		case c != 0:
			octets = append(octets, c)
		}
	}
	decoded, err := wide.NewDecoder().Bytes(octets)
	if err != nil || !utf8.Valid(decoded) {
		return "", false
	}
	return string(decoded), true
}
