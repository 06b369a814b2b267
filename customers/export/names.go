package export

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestName bounds a file's name, in bytes: with what stands before it, it fits
// everywhere.
const longestName = 120

// SafeName makes a name of somebody's that is a plain file name on every system: no
// path, nothing that steers a terminal or a shell, none that a system keeps for itself.
func SafeName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "_"), "\\", "/"))
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"/|?*`, r), !unicode.IsPrint(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	ext := path.Ext(name)
	if len(ext) > 20 {
		ext = ""
	}
	stem := strings.TrimSuffix(name, ext)
	for len(stem)+len(ext) > longestName {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	if stem = strings.TrimRight(stem, " ."); stem == "" {
		stem = "file"
	}
	return stem + ext
}

// Cell makes a text safe for a cell of a table: a program that opens it must not take
// it for a formula.
func Cell(text string) string {
	trimmed := strings.TrimLeft(text, " \t\r\n\u00a0\ufeff")
	if trimmed != "" && strings.ContainsRune("=+-@\uff1d\uff0b\uff0d\uff20|", firstRune(trimmed)) || strings.HasPrefix(text, "\t") || strings.HasPrefix(text, "\r") {
		return "'" + text
	}
	return text
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
