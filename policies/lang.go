package policies

import (
	"slices"
	"strings"
	"unicode"
)

// DetectLanguage gives the language of a text as a BCP 47 primary subtag, one
// of Languages, and "" when it isn't sure: a wrong language sends a customer to
// somebody who can't read them, none at all costs nothing. It knows the small
// words that hardly a sentence does without, and the letters that only one
// language has. Quoted lines and links are passed over; the first 4 KiB decide.
func DetectLanguage(text string) string {
	scores := scoresOf(text)
	return winner(&scores)
}

// Outvoted gives the language of a text that a channel says is in another one:
// what it says may be that of a browser, a profile or a mail program. The words
// must speak clearly against it; otherwise it is as the channel says, and so it
// is where that language isn't among those that are known here.
func Outvoted(said, text string) string {
	at := slices.Index(Languages(), said)
	if at < 0 {
		return said
	}
	scores := scoresOf(text)
	best := winner(&scores)
	if i := slices.Index(Languages(), best); i < 0 || scores[i] < 2*enough || scores[i] < 3*scores[at] {
		return said
	}
	return best
}

func scoresOf(text string) (scores [languageCount]int) {
	latin, other := 0, 0
	for _, r := range clip(text, 4<<10) {
		switch {
		case r < unicode.MaxASCII && !isASCIILetter(r):
		case r < unicode.MaxASCII || unicode.Is(unicode.Latin, r):
			latin++
		case unicode.IsLetter(r):
			other++
		}
	}
	if other > latin {
		return scores
	}
	seen := map[string]int{}
	for line := range strings.Lines(clip(text, 4<<10)) {
		if strings.HasPrefix(strings.TrimSpace(line), ">") {
			continue
		}
		for word := range strings.FieldsFuncSeq(strings.ToLower(line), between) {
			if strings.ContainsAny(word, "@/") || seen[word] > 1 {
				continue // a link, an address, or a word that has counted twice
			}
			seen[word]++
			count(&scores, word)
		}
	}
	return scores
}

func isASCIILetter(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }

// between reports whether a letter stands between words. Links and addresses
// stay whole so that they can be passed over.
func between(r rune) bool {
	if r < unicode.MaxASCII {
		return !isASCIILetter(r) && r != '@' && r != '/'
	}
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune("@/¿¡", r)
}

// The weights: a word of one language alone, the letter of one language alone.
// A word of several languages counts for each of them the less.
const (
	weightWord   = 12
	weightLetter = 8
	// enough is what it takes to be sure: one word of one language alone.
	enough = 12
)

func count(scores *[languageCount]int, word string) {
	if in := functionWords[strings.Trim(word, "¿¡")]; in != 0 {
		share := weightWord / bits(in)
		for l := range languageCount {
			if in&(1<<l) != 0 {
				scores[l] += share
			}
		}
	}
	var counted uint64
	for i := range len(word) {
		for _, n := range hintsBy[word[i]] {
			hint := letterHints[n]
			if counted&(1<<n) == 0 && strings.HasPrefix(word[i:], hint.part) {
				counted |= 1 << n
				scores[hint.language] += hint.weight
			}
		}
	}
}

// hintsBy has the numbers of the hints that begin with a byte, so that a word is
// gone through once; they are fewer than 64.
//
//nolint:gochecknoglobals // a table
var hintsBy = func() (by [256][]uint8) {
	for n, hint := range letterHints {
		by[hint.part[0]] = append(by[hint.part[0]], uint8(n))
	}
	return by
}()

// winner gives the language that leads clearly.
func winner(scores *[languageCount]int) string {
	best, second := 0, 0
	for l := 1; l < languageCount; l++ {
		if scores[l] > scores[best] {
			best = l
		}
	}
	for l, s := range scores {
		if l != best {
			second = max(second, s)
		}
	}
	if scores[best] < enough || scores[best]*2 < second*3 || best >= reported {
		return ""
	}
	return Languages()[best]
}

func bits(set uint16) int {
	n := 0
	for ; set != 0; set &= set - 1 {
		n++
	}
	return n
}
