package policies

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mentions reports whether the word, or several words, stand in the text as
// whole words. Both are in lower case. A * before or after the word lets it be
// the end or the beginning of a longer one.
func mentions(text, word string) bool {
	openStart, openEnd := strings.HasPrefix(word, "*"), strings.HasSuffix(word, "*")
	word = strings.TrimSpace(strings.Trim(word, "*"))
	if word == "" {
		return false
	}
	for rest, at := text, 0; ; {
		i := strings.Index(rest, word)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(word)
		if (openStart || !wordBefore(text[:start])) && (openEnd || !wordAfter(text[end:])) {
			return true
		}
		_, size := utf8.DecodeRuneInString(rest[i:])
		rest, at = rest[i+size:], start+size
	}
}

func wordBefore(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && inWord(r)
}

func wordAfter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && inWord(r)
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// clip cuts a text to at most n bytes at a whole rune.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
