package email

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// toUTF8 reads bytes that bear no label: as UTF-8 if they are, else as what they
// look like, which is windows-1252 if nothing else; where both are mixed, as a quote in an answer mixes them, each
// for itself. Bytes that stand for nothing become U+FFFD; NUL goes.
func toUTF8(b []byte) string {
	switch {
	case utf8.Valid(b):
	case mostlyUTF8(b):
		b = mixed(b)
	default:
		b = unlabelled(b)
	}
	return strings.ReplaceAll(strings.ToValidUTF8(string(b), "\uFFFD"), "\x00", "")
}

// unlabelled reads bytes that aren't UTF-8 by what they look like.
func unlabelled(b []byte) []byte {
	if len(b) >= 4 && (b[0] == 0xff && b[1] == 0xfe || b[0] == 0xfe && b[1] == 0xff) {
		if text, ok := decodeLabelled(b, "utf-16"); ok {
			return []byte(text)
		}
	}
	if label, _ := guessCharset(b); label != "" {
		if text, ok := decodeLabelled(b, label); ok {
			return []byte(text)
		}
	}
	b, _ = charmap.Windows1252.NewDecoder().Bytes(b)
	return b
}

// mostlyASCII reports whether half of the bytes or more are ASCII.
func mostlyASCII(b []byte) bool {
	n := 0
	for _, c := range b {
		if c < utf8.RuneSelf {
			n++
		}
	}
	return 2*n >= len(b)
}

// mostlyUTF8 reports whether more letters of UTF-8 are in b than bytes that
// belong to none.
func mostlyUTF8(b []byte) bool {
	letters, strange := 0, 0
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			strange++
		} else {
			letters++
		}
		b = b[size:]
	}
	return letters > strange
}

// mixed reads what is UTF-8 as such, and what isn't as windows-1252. A letter
// cut off at the end is lost.
func mixed(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/8)
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			if !utf8.FullRune(b) {
				return utf8.AppendRune(out, utf8.RuneError)
			}
			r = charmap.Windows1252.DecodeByte(b[0])
		}
		out = utf8.AppendRune(out, r)
		b = b[size:]
	}
	return out
}

// decodeCharset makes UTF-8 of bytes by their label. A label that nobody knows,
// or that the bytes contradict, counts as none; known is false then.
func decodeCharset(b []byte, label string) (text string, known bool) {
	label = cleanLabel(label)
	switch label {
	case "", "unknown-8bit", "x-unknown", "unknown", "8bit", "none", "default", "us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us":
		if hasEscapes(b) {
			if text, ok := decodeLabelled(b, "iso-2022-jp"); ok {
				return text, true
			}
		}
		return toUTF8(b), utf8.Valid(b) || label == "" || label == "unknown-8bit"
	case "utf-8", "utf8", "unicode-1-1-utf-8", "utf-8-mac", "utf8mb4", "cp65001", "csutf8":
		return strings.TrimPrefix(toUTF8(b), "\ufeff"), utf8.Valid(b)
	}
	if isReallyUTF8(b, label) {
		return toUTF8(b), isASCII(string(b))
	}
	if really := isReallyOther(b, label); really != "" {
		if text, ok := decodeLabelled(b, really); ok {
			return text, false
		}
	}
	text, ok := decodeLabelled(b, label)
	if !ok {
		return toUTF8(b), isASCII(string(b)) && !strings.HasPrefix(label, "utf-7")
	}
	return text, true
}

// cleanLabel takes off what doesn't belong to a charset's name.
func cleanLabel(label string) string {
	label = strings.ToLower(strings.Trim(label, "\"'`<>= \t\r\n"))
	label = strings.TrimPrefix(label, "charset=")
	if i := strings.IndexFunc(label, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.:+", r)
	}); i >= 0 {
		label = label[:i]
	}
	return strings.Trim(label, "'\"")
}

// hasEscapes finds the escape sequences of ISO-2022-JP, which needs no eighth
// bit and is often unlabelled.
func hasEscapes(b []byte) bool {
	return bytes.Contains(b, []byte("\x1b$B")) || bytes.Contains(b, []byte("\x1b$@"))
}

// isReallyUTF8 reports whether bytes with another label are UTF-8. Single-byte
// charsets hardly ever make valid UTF-8 by chance; Chinese, Japanese and
// Korean do in short words, so there it takes several letters.
func isReallyUTF8(b []byte, label string) bool {
	if strings.HasPrefix(label, "utf-16") || strings.HasPrefix(label, "utf-32") || label == "unicode" {
		return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 && mostlyASCII(b)
	}
	if isASCII(string(b)) || !utf8.Valid(b) || strings.HasPrefix(label, "iso-2022") || strings.HasPrefix(label, "utf") {
		return false
	}
	switch wide := lookup(label); wide {
	case simplifiedchinese.GBK, simplifiedchinese.GB18030, traditionalchinese.Big5, japanese.ShiftJIS, japanese.EUCJP, korean.EUCKR:
		letters := 0
		for _, r := range string(b) {
			if r >= utf8.RuneSelf {
				letters++
			}
		}
		if letters >= 4 {
			return true
		}
		text, err := wide.NewDecoder().Bytes(b)
		return err != nil || bytes.ContainsRune(text, utf8.RuneError)
	}
	return true
}

// isReallyOther gives the charset of bytes that bear the label which programs
// give to anything, and plainly are of another script; "" if they aren't.
func isReallyOther(b []byte, label string) string {
	switch lookup(label) {
	case charmap.Windows1252, charmap.ISO8859_15:
		if really, certain := guessCharset(b); certain {
			return really
		}
	}
	return ""
}

// decodeLabelled decodes by a label, and tells whether it fits.
func decodeLabelled(b []byte, label string) (string, bool) {
	switch label {
	case "utf-32", "utf32", "utf-32le", "utf-32be":
		return decodeUTF32(b)
	case "utf-7", "unicode-1-1-utf-7", "utf7", "csunicode11utf7", "x-unicode-2-0-utf-7":
		return decodeUTF7(b)
	case "iso-2022-kr", "csiso2022kr":
		return decodeShifted(b, korean.EUCKR)
	case "iso-2022-cn", "iso-2022-cn-ext":
		return decodeShifted(b, simplifiedchinese.GBK)
	}
	e := lookup(label)
	if e == nil {
		return "", false
	}
	decoded, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return "", false
	}
	if lost := bytes.Count(decoded, []byte("\uFFFD")); lost > 0 && lost*10 > utf8.RuneCount(decoded)-bytes.Count(decoded, []byte(" ")) {
		return "", false
	}
	text := strings.ReplaceAll(strings.ToValidUTF8(string(decoded), "\uFFFD"), "\x00", "")
	return strings.TrimPrefix(text, "\ufeff"), true
}

// lookup finds an encoding by the names that mail programs give it, nil if
// nobody knows it.
func lookup(label string) encoding.Encoding {
	switch strings.ReplaceAll(label, "_", "-") {
	case "gb2312", "gbk", "cp936", "ms936", "windows-936", "gb-2312-80", "gb-2312", "x-gbk", "euc-cn", "gb18030", "gb2312-80", "x-euc-cn", "chinese", "csgb2312":
		return simplifiedchinese.GB18030 // of which the others are parts
	case "hz-gb-2312", "hz", "hz-gb2312":
		return simplifiedchinese.HZGB2312
	case "cp932", "ms932", "windows-932", "windows-31j", "x-sjis", "shift-jis", "sjis", "ms-kanji", "x-ms-cp932", "shift-jisx0213", "shift-jis-2004":
		return japanese.ShiftJIS
	case "iso-2022-jp-ms", "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "iso-2022-jp-2004", "cp50220", "cp50221", "cp50222", "x-windows-50221":
		return japanese.ISO2022JP
	case "eucjp", "x-euc-jp", "euc-jp-ms", "eucjp-ms", "cp51932":
		return japanese.EUCJP
	case "cp949", "ms949", "uhc", "x-windows-949", "windows-949", "euckr", "ks-c-5601", "ks-c-5601-1987", "ks-c-5601-1989", "ksc5601", "ksc-5601", "johab-949":
		return korean.EUCKR
	case "cp950", "ms950", "big5-hkscs", "big-5", "x-big5", "windows-950", "x-windows-950":
		return traditionalchinese.Big5
	case "macroman", "x-mac-roman", "mac-roman", "applemac", "x-mac":
		return charmap.Macintosh
	case "8859-1", "iso-8859-1-windows-3.1-latin-1", "iso8859-1-windows", "latin-1", "iso-latin-1", "ansi", "windows-1252http-equivcontent-type", "iso-8859":
		return charmap.Windows1252
	case "latin-9", "iso-8859-15-euro", "iso8859-15", "8859-15":
		return charmap.ISO8859_15
	case "cp850", "ibm850", "cp-850", "ibm-850", "850":
		return charmap.CodePage850
	case "koi8-ru", "koi8u":
		return charmap.KOI8U
	case "koi8", "koi8r":
		return charmap.KOI8R
	case "iso-8859-6-i", "iso-8859-6-e":
		return charmap.ISO8859_6
	}
	for _, name := range []string{
		label, strings.Replace(label, "win-", "windows-", 1), strings.Replace(label, "cp-", "windows-", 1),
		strings.Replace(label, "iso-", "iso", 1), strings.Replace(label, "x-", "", 1),
	} {
		if e, known := charset.Lookup(name); e != nil && e != encoding.Replacement {
			return unwrapped(e, known)
		}
		if e, _ := ianaindex.MIME.Encoding(name); e != nil {
			return e
		}
	}
	if e, _ := ianaindex.IANA.Encoding(label); e != nil {
		return e
	}
	return nil
}

// unwrapped gives an encoding itself in place of the one that is wrapped for pages, so
// that it can be compared.
func unwrapped(wrapped encoding.Encoding, name string) encoding.Encoding {
	switch name {
	case "windows-1252":
		return charmap.Windows1252
	case "iso-8859-15":
		return charmap.ISO8859_15
	case "big5":
		return traditionalchinese.Big5
	case "euc-jp":
		return japanese.EUCJP
	case "shift_jis":
		return japanese.ShiftJIS
	case "euc-kr":
		return korean.EUCKR
	default:
		return wrapped
	}
}
