package email

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Bytes without a label, or with a wrong one, are read by what they look like:
// first as Chinese, Japanese or Korean, whose letters are pairs of bytes; then
// as a script of its own, whose words have no ASCII in them; then as a Latin
// alphabet, whose words are mostly ASCII.

// guessSample is how many bytes are looked at.
const guessSample = 32 << 10

// guessCharset gives the charset that bytes which aren't UTF-8 seem to be in, ""
// if windows-1252 will do, and whether enough letters say so to believe no label.
func guessCharset(b []byte) (label string, certain bool) {
	if i := slices.IndexFunc(b, func(c byte) bool { return c >= 0x80 }); i >= 0 {
		b = b[max(0, i-100):]
	}
	b = b[:min(len(b), guessSample)]
	pairs, n, frequent := guessPairs(b)
	if n >= 12 && frequent > 0 {
		return pairs, true
	}
	script, m, sure := guessScript(b)
	switch {
	case sure:
		return script, m >= 16
	case pairs != "":
		return pairs, false
	}
	return guessLatin(b), false
}

// pairwise describes a charset whose letters are pairs of bytes: which bytes
// begin and end one, which pairs are common, and some of the commonest.
type pairwise struct {
	label                string
	first, second        func(c byte) bool
	common               func(first, second byte) bool
	single               func(c byte) bool // a letter of one byte
	frequent             string
	needsLow, needsExact bool
}

func inRange(c, from, to byte) bool { return c >= from && c <= to }

func high(c byte) bool { return inRange(c, 0xa1, 0xfe) }

func never(byte) bool { return false }

// pairwises are in the order in which they are preferred.
//
//nolint:gochecknoglobals // a table
var pairwises = []pairwise{
	{
		label: "shift_jis", single: func(c byte) bool { return inRange(c, 0xa1, 0xdf) },
		first:  func(c byte) bool { return inRange(c, 0x81, 0x9f) || inRange(c, 0xe0, 0xfc) },
		second: func(c byte) bool { return inRange(c, 0x40, 0x7e) || inRange(c, 0x80, 0xfc) },
		common: func(first, _ byte) bool { return inRange(first, 0x81, 0x83) || inRange(first, 0x88, 0x97) },

		frequent: "\x82\xcc\x82\xf0\x82\xc9\x82\xa2\x82\xcd\x82\xb5\x82\xbd\x82\xc4\x82\xdc\x82\xb7\x82\xaa\x82\xc5\x82\xa8\x82\xa9\x82\xe7",
	},
	{
		label: "euc-jp", single: never, first: high, second: high,
		common:   func(first, _ byte) bool { return inRange(first, 0xa1, 0xa5) || inRange(first, 0xb0, 0xcf) },
		frequent: "\xa4\xce\xa4\xf2\xa4\xcb\xa4\xa4\xa4\xcf\xa4\xb7\xa4\xbf\xa4\xc6\xa4\xde\xa4\xb9\xa4\xac\xa4\xc7\xa4\xaa\xa4\xab\xa4\xe9",
	},
	{
		label: "euc-kr", single: never, first: high, second: high, needsExact: true,
		common:   func(first, _ byte) bool { return inRange(first, 0xb0, 0xc8) },
		frequent: "\xb4\xcf\xb4\xd9\xc0\xcc\xb4\xc2\xc0\xbb\xbf\xa1\xbf\xe4\xc7\xcf\xb0\xa1\xc0\xba\xc1\xf6\xb0\xed\xc7\xd1\xb5\xb5\xb8\xa6\xbb\xe7",
	},
	{
		label: "big5", single: never, needsLow: true,
		first:    func(c byte) bool { return inRange(c, 0xa1, 0xf9) },
		second:   func(c byte) bool { return inRange(c, 0x40, 0x7e) || high(c) },
		common:   func(first, _ byte) bool { return inRange(first, 0xa1, 0xc6) },
		frequent: "\xaa\xba\xa7\xda\xa4\xa3\xac\x4f\xa4\x40\xa6\xb3\xb1\x7a\xa4\x46\xa6\x62\xb3\x6f\xa4\x48\xa1\x41\xa1\x43\xbd\xd0\xc1\xc2",
	},
	{
		label: "gb18030", single: never,
		first:  func(c byte) bool { return inRange(c, 0x81, 0xfe) },
		second: func(c byte) bool { return inRange(c, 0x40, 0x7e) || inRange(c, 0x80, 0xfe) },
		common: func(first, second byte) bool {
			return (inRange(first, 0xa1, 0xa3) || inRange(first, 0xb0, 0xd7)) && high(second)
		},
		frequent: "\xb5\xc4\xce\xd2\xca\xc7\xb2\xbb\xd2\xbb\xd3\xd0\xc1\xcb\xc4\xfa\xc4\xe3\xd4\xda\xd5\xe2\xc8\xcb\xa3\xac\xa1\xa3\xc7\xeb\xd0\xbb",
	},
}

// guessPairs finds a charset of pairs, how many pairs there are, and how many of
// the commonest.
func guessPairs(b []byte) (label string, letters, frequent int) {
	best := 0
	for _, p := range pairwises {
		if n, f, score := p.score(b); score > best {
			label, letters, frequent, best = p.label, n, f, score
		}
	}
	return label, letters, frequent
}

// score tells how many pairs there are, how many of the commonest, and how well
// they fit; 0 is not at all. A pair that is repeated at once, as in a rule made of
// dashes, counts once.
func (p pairwise) score(b []byte) (pairs, frequent, score int) {
	common, bad, adjacent, low := 0, 0, 0, 0
	last := -2
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c < 0x80:
		case last >= 0 && last == i-2 && i+1 < len(b) && c == b[i-2] && b[i+1] == b[i-1]:
			last = i
			i++
		case i+1 < len(b) && p.first(c) && p.second(b[i+1]):
			pairs++
			if last == i-2 {
				adjacent++
			}
			if p.common(c, b[i+1]) {
				common++
			}
			if b[i+1] < 0x80 {
				low++
			}
			if at := strings.Index(p.frequent, string(b[i:i+2])); at >= 0 && at%2 == 0 {
				frequent++
			}
			last = i
			i++
		case p.single(c):
			pairs++
		case i+1 < len(b):
			bad++
		}
	}
	switch {
	case pairs < 2, bad*20 > pairs, adjacent*2 < pairs, common*5 < pairs*4,
		p.needsLow && low*8 < pairs, p.needsExact && common*100 < pairs*97, p.needsExact && pairs < 4 && frequent == 0:
		return pairs, frequent, 0
	}
	return pairs, frequent, 100*common/pairs + 300*frequent/pairs + 1
}

// script is a charset of one byte a letter with the letters of a language, the
// commonest first.
type script struct {
	label   string
	charmap *charmap.Charmap
	letters string
}

const (
	cyrillic = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґўјљњћђџ"
	greek    = "αοιετσνηυρπκμλςωδγχθφβξζψάέόίήύώϊϋ"
	hebrew   = "יוהלארתשמבנםכדעקחפסגטזןצךףץ"
	arabic   = "اليمونرتبعدسهفكقأحجةشصىخضزذثطآإغئءظؤ،"
	thai     = "านรอกเง่้มยัิลวีดทสตะปบคหแจพชขใไืุู็์โผซถำศฐธภฉฝฟณญฎฏฬฮึ๋๊ๆฯ"
)

//nolint:gochecknoglobals // a table
var scripts = []script{
	{label: "windows-1251", charmap: charmap.Windows1251, letters: cyrillic},
	{label: "koi8-u", charmap: charmap.KOI8U, letters: cyrillic},
	{label: "iso-8859-5", charmap: charmap.ISO8859_5, letters: cyrillic},
	{label: "cp866", charmap: charmap.CodePage866, letters: cyrillic},
	{label: "windows-1253", charmap: charmap.Windows1253, letters: greek},
	{label: "iso-8859-7", charmap: charmap.ISO8859_7, letters: greek},
	{label: "windows-1255", charmap: charmap.Windows1255, letters: hebrew},
	{label: "windows-1256", charmap: charmap.Windows1256, letters: arabic},
	{label: "iso-8859-6", charmap: charmap.ISO8859_6, letters: arabic},
	{label: "windows-874", charmap: charmap.Windows874, letters: thai},
}

// sign reports whether a byte above ASCII is, in most charsets, a mark between
// words: quotes, dashes, a hard space.
func sign(c byte) bool {
	switch c {
	case 0x85, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0xa0, 0xab, 0xb4, 0xbb:
		return true
	}
	return false
}

func asciiLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// eachWord gives the words that have bytes above ASCII in them, and whether they
// have ASCII letters too.
func eachWord(b []byte, each func(word []byte, mixed bool)) {
	from, ascii, above := 0, 0, 0
	for i := 0; i <= len(b); i++ {
		if i < len(b) {
			if c := b[i]; c >= 0x80 && !sign(c) {
				above++
				continue
			} else if asciiLetter(c) {
				ascii++
				continue
			}
		}
		if above > 0 {
			each(b[from:i], ascii > 0)
		}
		from, ascii, above = i+1, 0, 0
	}
}

// guessScript finds a charset whose words have no ASCII in them, how many letters
// there are, and whether they are as common as in a text.
func guessScript(b []byte) (label string, letters int, sure bool) {
	var pure [][]byte
	mixed := 0
	eachWord(b, func(word []byte, withASCII bool) {
		switch {
		case withASCII:
			mixed++
		case len(word) > 1 && !ornament(word):
			pure = append(pure, word)
			letters += len(word)
		}
	})
	if letters < 5 || len(pure) < 2*mixed {
		return "", 0, false
	}
	best := letters // on average better than a rare letter
	for _, s := range scripts {
		if score := s.score(pure); score > best {
			label, best = s.label, score
		}
	}
	if label == "windows-874" && letters >= 20 { // of twice as many letters, none so common
		return label, letters, best*2 > letters*3
	}
	return label, letters, best > letters*2
}

// ornament reports whether what looks like a word is a rule made of one sign, or
// two by turns.
func ornament(word []byte) bool {
	for i, c := range word {
		if c != word[i%2] {
			return false
		}
	}
	return len(word) > 4 || word[0] == word[1]
}

// score adds up how common the letters of words are.
func (s script) score(words [][]byte) int {
	var worth [256]int
	var upper [256]bool
	for c := 0x80; c < 0x100; c++ {
		r := s.charmap.DecodeByte(byte(c))
		lower := unicode.ToLower(r)
		upper[c] = lower != r
		before, _, known := strings.Cut(s.letters, string(lower))
		switch at := utf8.RuneCountInString(before); {
		case !known:
			worth[c] = -5
		case at < 8:
			worth[c] = 3
		case at < 18:
			worth[c] = 2
		default:
			worth[c] = 1
		}
	}
	sum := 0
	for _, word := range words {
		for i, c := range word {
			sum += worth[c]
			if i > 0 && upper[c] && !upper[word[i-1]] {
				sum -= 5 // a capital within a word
			}
		}
	}
	return sum
}

// alphabet is a charset with the letters beyond ASCII that a language has.
type alphabet struct {
	label   string
	charmap *charmap.Charmap
	letters string
	// needs lists letters of which one must be there, if any are listed.
	needs string
}

const (
	german, french, spanish = "äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúü¿¡ºª"
	polish, czech           = "ąćęłńóśźż", "áčďéěíňóřšťúůýžľĺŕäô"
	hungarian, romanian     = "áéíóöőúüű", "ăâîşţ"
	croatian, turkish       = "čćđšž", "çğıöşüâîû"
)

// alphabets are in the order in which they are preferred.
//
//nolint:gochecknoglobals // a table
var alphabets = []alphabet{
	{charmap: charmap.Windows1252, letters: german + french + spanish + "ìòåëï"},
	{charmap: charmap.Windows1252, letters: german + french + "ìòåøëï"}, // an ø beside an á or í is the Czech ř
	{charmap: charmap.Windows1252, letters: german + french + spanish + "ìòåøëï", needs: "åæ"},
	{charmap: charmap.Windows1252, letters: "áâãàçéêíóôõúüºª"}, // Portuguese
	{charmap: charmap.Windows1252, letters: "õäöüéž"},          // Estonian
	{charmap: charmap.Windows1252, letters: "áðéíóúýþæöåä"},
	{charmap: charmap.Windows1252, letters: "áðéíóúýþæöåøä", needs: "ðþæå"},
	{label: "iso-8859-2", charmap: charmap.ISO8859_2, letters: polish},
	{label: "windows-1250", charmap: charmap.Windows1250, letters: polish},
	{label: "iso-8859-2", charmap: charmap.ISO8859_2, letters: czech},
	{label: "windows-1250", charmap: charmap.Windows1250, letters: czech},
	{charmap: charmap.Windows1252, letters: german + french + spanish + "ìòåøëï"},
	{label: "iso-8859-2", charmap: charmap.ISO8859_2, letters: croatian},
	{label: "windows-1250", charmap: charmap.Windows1250, letters: croatian},
	{label: "iso-8859-2", charmap: charmap.ISO8859_2, letters: hungarian},
	{label: "iso-8859-2", charmap: charmap.ISO8859_2, letters: romanian},
	{label: "windows-1254", charmap: charmap.Windows1254, letters: turkish},
	{label: "windows-1257", charmap: charmap.Windows1257, letters: "āčēģīķļņšūžąęėįųõäöü"},
	{label: "cp850", charmap: charmap.CodePage850, letters: german + french + spanish},
	{label: "macintosh", charmap: charmap.Macintosh, letters: german + french + spanish + "‘’“”–—…«»"},
}

// guessLatin finds the alphabet that all letters of the words belong to, "" if it
// is that of windows-1252 or none.
func guessLatin(b []byte) string {
	var seen [256]bool
	any := false
	eachWord(b, func(word []byte, mixed bool) {
		for i, c := range word {
			if c < 0x80 || !mixed || besideLetters(word, i) {
				continue
			}
			seen[c], any = true, true
		}
	})
	if !any {
		return ""
	}
	for _, a := range alphabets {
		if a.has(&seen) {
			return a.label
		}
	}
	return ""
}

// besideLetters reports whether a byte of a word is a sign that stands beside
// letters in windows-1252, as in m², Acme™, EUR€ and µg, or between those of
// col·lega.
func besideLetters(word []byte, i int) bool {
	last := i == len(word)-1
	switch word[i] {
	case 0xb2, 0xb3, 0xb9, 0x80, 0x99, 0xa9, 0xae:
		return last
	case 0xa3, 0xb5:
		return i == 0 && len(word) == 2
	case 0xb7:
		return i > 0 && !last && word[i-1]|0x20 == 'l' && word[i+1]|0x20 == 'l'
	}
	return false
}

func (a alphabet) has(seen *[256]bool) bool {
	for c, is := range seen {
		if is && !strings.ContainsRune(a.letters, unicode.ToLower(a.charmap.DecodeByte(byte(c)))) {
			return false
		}
	}
	return a.needs == "" || slices.ContainsFunc([]rune(a.needs), func(r rune) bool {
		lower, _ := a.charmap.EncodeRune(r)
		upper, _ := a.charmap.EncodeRune(unicode.ToUpper(r))
		return seen[lower] || seen[upper]
	})
}
