package policies

import (
	"math/bits"
	"slices"
	"strings"
	"unicode"
)

// DetectLanguage gives the language of a text as a BCP 47 primary subtag, one
// of Languages, and "" when it isn't sure: a wrong language sends a customer to
// somebody who can't read them, none at all costs nothing. It knows the small
// words that hardly a sentence does without, and which letters follow which.
// Quoted lines and links are passed over; the first 4 KiB decide.
func DetectLanguage(text string) string {
	e := evidenceOf(text)
	best, lead := e.leader()
	if lead < sure || e.tooLittle(lead) || best >= reported || e.mixed(best, lead) {
		return ""
	}
	return Languages()[best]
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
	e := evidenceOf(text)
	best, lead := e.leader()
	if best >= reported || lead < sure || e.words < 2 || e.scores[best]-e.scores[at] < certain || e.own[at]*2 > e.own[best] {
		return said
	}
	return Languages()[best]
}

// The weights, in units of the table of runs.
const (
	// weightWord is what a word of a language's list counts for it.
	weightWord = 4 * gramUnit
	// wordMost is what the letters of one word count at most between two
	// languages: names and typing errors are odd in all.
	wordMost = 8 * gramUnit
	// sure is the lead that it takes, certain the one against what a channel says.
	sure, certain = 8, 18 * gramUnit
	// fewLetters alone say nothing unless there is a word among them; somewhat more
	// do where their lead is clear.
	fewLetters, someLetters = 8, 10
	// countedWords is how many words are looked at; enough is a lead that the rest
	// won't turn over.
	countedWords, enough = 72, 30 * gramUnit
	// mixedLead is the lead over which words of two languages don't matter.
	mixedLead = 6 * gramUnit
)

// evidence is what speaks for the languages, the more the higher.
type evidence struct {
	scores [languageCount]int
	// letters is how many were looked at, words how many of them are in lists.
	letters, words int
	// own is how many words are in the list of this language alone.
	own [languageCount]int
}

// tooLittle reports whether there are too few letters to go by, and no word.
func (e *evidence) tooLittle(lead int) bool {
	return e.words == 0 && (e.letters < fewLetters || e.letters < someLetters && lead < 2*sure)
}

// mixed reports whether words of another language alone speak as loudly, and the
// letters don't decide.
func (e *evidence) mixed(best, lead int) bool {
	for l, n := range e.own {
		if l != best && lead < mixedLead && n > 0 && n == e.own[best] {
			return true
		}
	}
	return false
}

// evidenceOf weighs a text.
func evidenceOf(text string) evidence {
	text = clip(text, 4<<10)
	var e evidence
	if foreign(text) {
		return e
	}
	for l := range e.scores {
		e.scores[l] = -rarity(l)
	}
	counted, seen := 0, make(map[string]int, countedWords)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), ">") {
			continue
		}
		for word := range strings.FieldsFuncSeq(line, between) {
			if strings.ContainsAny(word, "@/") {
				continue // a link or an address
			}
			word = strings.Trim(strings.ToLower(word), "¿¡")
			if seen[word]++; seen[word] <= 2 { // a word that comes again and again says no more
				e.add(word)
			}
			if counted++; counted%24 == 0 {
				if _, lead := e.leader(); counted >= countedWords || lead >= enough {
					return e
				}
			}
		}
	}
	return e
}

// rarity is what speaks against a language before anything was read: text in
// those that are only known not to be taken for a neighbour is rare.
func rarity(language int) int {
	switch {
	case language >= reported:
		return 2 * gramUnit
	case language >= italian:
		return gramUnit
	default:
		return 0
	}
}

// foreign reports whether a text is mostly in another script.
func foreign(text string) bool {
	latin, other := 0, 0
	for _, r := range clip(text, 512) {
		switch {
		case r < unicode.MaxASCII && !isASCIILetter(r):
		case r < unicode.MaxASCII || unicode.Is(unicode.Latin, r):
			latin++
		case unicode.IsLetter(r):
			other++
		}
	}
	return other > latin
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

// add weighs a word in small letters.
func (e *evidence) add(word string) {
	var sums [gramLanguages]int
	grams().add(word, &sums)
	// The table has Scandinavia's languages apart; the most probable one counts.
	sums[nordic] = min(sums[nordic], sums[nordic+1], sums[nordic+2])
	sums[czech] = sums[gramLanguages-1]
	least := slices.Min(sums[:languageCount])
	in := functionWords[word]
	for l := range e.scores {
		e.scores[l] -= min(sums[l]-least, wordMost)
		if in&(1<<l) != 0 {
			e.scores[l] += weightWord
		}
	}
	e.letters += len(word)
	if in != 0 {
		e.words++
	}
	if in != 0 && in&(in-1) == 0 {
		e.own[bits.TrailingZeros16(in)]++
	}
}

// leader gives the language that leads, and by how much.
func (e *evidence) leader() (best, lead int) {
	for l := range e.scores {
		if e.scores[l] > e.scores[best] {
			best = l
		}
	}
	second := -1 << 30
	for l, s := range e.scores {
		if l != best {
			second = max(second, s)
		}
	}
	return best, e.scores[best] - second
}
