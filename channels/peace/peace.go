// Package peace tells whether people ask in their profile to be left alone by
// those whom they didn't speak to.
package peace

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// longest is how much of a profile is read, in bytes.
const longest = 20_000

// tags are the words by which people ask for it: #nobot is a convention since 2017
// (https://blog.elizafox.space/a-proposed-specification-for-fediverse-and-other-social-media-bot-tags),
// the others are said in the same place; #noindex and #nosearch ask not to be found
// by searching.
func tags() []string {
	return []string{
		"nobot", "nobots", "noautomation", "noindex", "nosearch", "noads", "noadvertising", "nomarketing", "nocommercial",
		"nocontact", "noreply", "noreplies", "nobrands", "nocorporate", "nocompanies", "dnd", "keinebots", "keinewerbung",
	}
}

// phrases say the same in words, without their punctuation.
func phrases() []string {
	return []string{
		"no bots", "no ads", "no advertising", "no marketing", "no brands", "no companies", "no corporations", "no unsolicited",
		"do not contact", "don t contact", "do not reply", "don t reply", "do not disturb", "leave me alone", "leave me in peace",
		"keine bots", "keine werbung", "keine firmen", "keine unternehmen", "nicht kontaktieren", "nicht anschreiben", "lasst mich in ruhe",
	}
}

// Asked reports whether a profile, the parts of which are plain texts, asks for it.
func Asked(profile ...string) bool {
	text := strings.Join(profile, "\n")
	text = strings.ToLower(norm.NFKC.String(strings.ToValidUTF8(text[:min(len(text), longest)], "")))
	words := strings.FieldsFunc(text, func(r rune) bool { return r != '#' && r != '_' && r != '-' && !isLetter(r) })
	for _, word := range words {
		tag, ok := strings.CutPrefix(word, "#")
		if ok && slices.Contains(tags(), strings.NewReplacer("_", "", "-", "").Replace(tag)) {
			return true
		}
	}
	said := " " + strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !isLetter(r) }), " ") + " "
	return slices.ContainsFunc(phrases(), func(phrase string) bool { return strings.Contains(said, " "+phrase+" ") })
}

func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
