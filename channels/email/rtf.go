package email

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// fromRTF makes text of Rich Text. What Outlook wrapped HTML in comes back as
// that HTML, and html is true (MS-OXRTFEX). It reads once and keeps one small
// record for each open group.
func fromRTF(data []byte) (text string, html bool) {
	r := rtfReader{in: data, html: bytes.Contains(data[:min(len(data), 4096)], []byte(`\fromhtml`)), code: "1252"}
	r.now.skipUnicode = 1
	r.read()
	r.settle()
	return strings.ReplaceAll(strings.ToValidUTF8(r.out.String(), "\uFFFD"), "\x00", ""), r.html
}

// rtfGroup is what holds within one pair of braces.
type rtfGroup struct {
	hidden      bool // its words aren't for reading
	htmlRTF     bool // words are what stands for HTML, to be passed over
	skipUnicode int
}

type rtfReader struct {
	in      []byte
	out     strings.Builder
	octets  []byte // letters of the code page that wait for their decoding
	html    bool
	code    string
	now     rtfGroup
	groups  []rtfGroup
	skip    int  // letters that stand for a Unicode one which was read
	high    rune // the first half of a letter of two \u words
	surplus int
}

// maxGroups bounds the groups that may be open.
const maxGroups = 10_000

func (r *rtfReader) read() {
	for i := 0; i < len(r.in); {
		switch c := r.in[i]; c {
		case '{':
			if len(r.groups) < maxGroups {
				r.groups = append(r.groups, r.now)
			} else {
				r.surplus++
			}
			i++
		case '}':
			r.settle()
			switch n := len(r.groups); {
			case r.surplus > 0:
				r.surplus--
			case n > 0:
				r.now, r.groups = r.groups[n-1], r.groups[:n-1]
			}
			i++
		case '\\':
			i = r.control(i + 1)
		case '\r', '\n', 0:
			i++
		default:
			r.letter(c)
			i++
		}
	}
}

// letter takes one octet of the code page.
func (r *rtfReader) letter(c byte) {
	switch {
	case r.skip > 0:
		r.skip--
	case r.shown():
		r.octets = append(r.octets, c)
	}
}

// shown reports whether words are for reading here.
func (r *rtfReader) shown() bool {
	return !r.now.hidden && !r.now.htmlRTF
}

// settle decodes the letters that wait.
func (r *rtfReader) settle() {
	if len(r.octets) == 0 {
		return
	}
	if text, ok := decodeLabelled(r.octets, "windows-"+r.code); ok {
		r.out.WriteString(text)
	} else {
		for _, c := range r.octets {
			r.out.WriteRune(charmap.Windows1252.DecodeByte(c))
		}
	}
	r.octets = r.octets[:0]
}

func (r *rtfReader) write(s string) {
	if r.shown() {
		r.settle()
		r.out.WriteString(s)
	}
}

// control reads what follows a backslash and tells where to go on.
func (r *rtfReader) control(i int) int {
	if i >= len(r.in) {
		return i
	}
	c := r.in[i]
	if c == '\'' {
		if i+2 < len(r.in) {
			if octet, ok := hexOctet(r.in[i+1], r.in[i+2]); ok {
				r.letter(octet)
				return i + 3
			}
		}
		return i + 1
	}
	if c|0x20 < 'a' || c|0x20 > 'z' {
		r.symbol(c)
		return i + 1
	}
	end := i
	for end < len(r.in) && end < i+32 && r.in[end]|0x20 >= 'a' && r.in[end]|0x20 <= 'z' {
		end++
	}
	word := string(r.in[i:end])
	digits := end
	if digits < len(r.in) && r.in[digits] == '-' {
		digits++
	}
	for digits < len(r.in) && digits < end+12 && r.in[digits] >= '0' && r.in[digits] <= '9' {
		digits++
	}
	number, err := strconv.Atoi(string(r.in[end:digits]))
	if digits < len(r.in) && r.in[digits] == ' ' {
		digits++
	}
	if word == "bin" && number > 0 {
		return min(len(r.in), digits+number)
	}
	r.word(word, number, err == nil)
	return digits
}

func (r *rtfReader) symbol(c byte) {
	switch c {
	case '*':
		r.now.hidden = true // unless the word that follows is known
		return
	case '~':
		r.write("\u00a0")
	case '_':
		r.write("-")
	case '\\', '{', '}':
		r.letter(c)
	case '\r', '\n':
		r.write("\n")
	}
}

func (r *rtfReader) word(word string, number int, given bool) {
	switch word {
	case "htmltag", "mhtmltag":
		r.now.hidden = word == "mhtmltag"
	case "htmlrtf":
		r.settle()
		r.now.htmlRTF = r.html && (!given || number != 0)
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "headerl", "headerr", "footerl", "footerr",
		"object", "themedata", "datastore", "generator", "listtable", "listoverridetable", "latentstyles", "fldinst", "bkmkstart", "bkmkend":
		r.now.hidden = true
	case "par", "line", "row", "sect", "page":
		r.write("\n")
	case "tab", "cell":
		r.write("\t")
	case "u":
		r.unicode(number)
	case "uc":
		r.now.skipUnicode = max(0, min(number, 10))
	case "ansicpg":
		r.code = strconv.Itoa(number)
	default:
		if s, ok := rtfMarks[word]; ok {
			r.write(s)
		}
	}
}

// rtfMarks are the words that stand for a character.
//
//nolint:gochecknoglobals // a table
var rtfMarks = map[string]string{
	"emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•",
	"emspace": " ", "enspace": " ", "zwj": "\u200d", "zwnj": "\u200c",
}

// unicode takes \uN, which stands in place of the next letters.
func (r *rtfReader) unicode(number int) {
	letter := rune(number & 0xffff)
	r.skip = r.now.skipUnicode
	if utf16.IsSurrogate(letter) {
		if letter < 0xdc00 {
			r.high = letter
			return
		}
		letter = utf16.DecodeRune(r.high, letter)
	}
	r.high = 0
	r.write(string(letter))
}
