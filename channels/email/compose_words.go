package email

import (
	"encoding/base64"
	"mime"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of what others have written and we repeat in a header.
const (
	longestSubject = 1000 // characters
	longestName    = 200  // characters
	longestFile    = 240  // bytes, as most file systems have it
	longestWord    = 400  // bytes that a header's line can't be folded in
)

// oneLine makes one line of any text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// headerText makes a header value of any text: valid, in one line, and without
// what can't be seen.
func headerText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r != '\t' && r != '\n' && r != '\r' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return oneLine(s)
}

// subjectLine gives a subject that fits a header. A word too long for a line is
// written in encoded words (RFC 2047), which can be folded.
func subjectLine(s string) string {
	words := strings.Fields(clipRunes(headerText(s), longestSubject))
	for i, word := range words {
		if len(word) > longestWord && isASCII(word) {
			words[i] = encodedWords(word)
		}
	}
	return strings.Join(words, " ")
}

// encodedWords writes ASCII in encoded words, with spaces between that are no
// part of it.
func encodedWords(s string) string {
	const most = 42 // bytes: 56 of base64 and 12 around make no line too long
	var out []string
	for len(s) > 0 {
		n := min(most, len(s))
		out = append(out, "=?utf-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(out, " ")
}

// personName gives a name that can stand before an address. Quoted, it could
// still pass for an encoded word.
func personName(s string) string {
	return strings.ReplaceAll(clipRunes(headerText(s), longestName), "=?", "= ?")
}

func clipRunes(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:most-1])) + "…"
}

// unquoted gives an address without the quotes around its local part, which the
// library writes itself where they are needed (RFC 5322 section 3.4.1).
func unquoted(address string) string {
	local, domain, found := cutLast(address, "@")
	if !found || len(local) < 3 || local[0] != '"' || local[len(local)-1] != '"' {
		return address
	}
	var b strings.Builder
	for inner := local[1 : len(local)-1]; inner != ""; inner = inner[1:] {
		if inner[0] == '\\' && len(inner) > 1 {
			inner = inner[1:]
		}
		b.WriteByte(inner[0])
	}
	return b.String() + "@" + domain
}

// fileType gives the type of a file as it may stand in a header. Its name stands
// with the disposition; what may not be base64 goes as bytes.
func fileType(given string) string {
	const bytes = "application/octet-stream"
	media, params, err := mime.ParseMediaType(given)
	if err != nil || strings.HasPrefix(media, "multipart/") || strings.HasPrefix(media, "message/") {
		return bytes
	}
	delete(params, "name")
	kind := mime.FormatMediaType(media, params)
	if kind == "" || !isASCII(kind) || len(kind) > longestWord || strings.ContainsFunc(kind, unicode.IsControl) {
		return bytes
	}
	return kind
}

// fileParameter writes a file's name as a parameter: quoted, or, beyond ASCII,
// as RFC 2231 has it.
func fileParameter(name string) string {
	if isASCII(name) {
		return `filename="` + strings.ReplaceAll(name, `\`, `\\`) + `"`
	}
	return "filename*=utf-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// sentName gives a file's name as it is sent, no longer than file systems take.
func sentName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(fileName(name), "_"))
	if len(name) <= longestFile {
		return name
	}
	ext := endingOf(name)
	return strings.ToValidUTF8(name[:longestFile-len(ext)], "") + ext
}

// fileName gives a name without a path and without what breaks headers.
func fileName(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	if _, last, found := cutLast(name, "/"); found {
		name = last
	}
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '"' {
			return '_'
		}
		return r
	}, strings.TrimSpace(name))
	if name == "" || name == "." || name == ".." {
		return "attachment"
	}
	if runes := []rune(name); len(runes) > longestName {
		ext := endingOf(name)
		name = string(runes[:longestName-len([]rune(ext))]) + ext
	}
	return name
}

// endingOf gives a name's end from the last dot on, where that is one.
func endingOf(name string) string {
	if dot := strings.LastIndex(name, "."); dot > 0 && len(name)-dot <= 10 {
		return name[dot:]
	}
	return ""
}
