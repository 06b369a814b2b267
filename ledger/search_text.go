package ledger

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"stagecoach/contact"
)

// texts are the columns of the search.
type texts struct{ subject, body, author, also string }

// maxBody bounds what is indexed of one text, in bytes.
const maxBody = 64 << 10

func textsOfMessage(m *contact.Message) texts {
	body := m.ReplyText
	if strings.TrimSpace(body) == "" {
		body = m.Text
	}
	return newTexts(m.Subject, body, m.From.String(), m.Attachments)
}

func textsOfReply(r *contact.Reply) texts {
	to := make([]string, 0, len(r.To))
	for _, a := range r.To {
		to = append(to, a.String())
	}
	t := newTexts(r.Subject, r.Text, r.FromName, r.Attachments)
	t.also = strings.TrimSpace(t.also + "\n" + clean(strings.Join(to, "\n")))
	return t
}

func textsOfNote(n *contact.Note) texts {
	return newTexts("", n.Text, "", n.Attachments)
}

func newTexts(subject, body, author string, files []contact.Attachment) texts {
	t := texts{subject: clean(subject), body: clean(body), author: clean(author)}
	var also strings.Builder
	for _, f := range files {
		also.WriteString(clean(f.Name))
		also.WriteByte('\n')
	}
	spellings(&also, t.subject)
	spellings(&also, t.body)
	spellings(&also, t.author)
	t.also = also.String()
	return t
}

// clean makes a text fit for a column: valid, without NUL, not endless.
func clean(s string) string {
	if len(s) > maxBody {
		s = s[:maxBody]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", " ")
}

// spellings adds the further forms under which a text's words shall be found:
// German ones written with ae, oe, ue and ss, and the single characters of
// scripts that are written without spaces.
func spellings(b *strings.Builder, text string) {
	for word := range strings.FieldsSeq(text) {
		if w := german(word); w != word {
			b.WriteString(w)
			b.WriteByte('\n')
		}
		if w, ok := spaced(word); ok {
			b.WriteString(w)
			b.WriteByte('\n')
		}
	}
}

// token reports whether a rune is part of a word for the tokenizer: letters,
// digits and private use, and the marks that belong to letters.
func token(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Mn, r)
}

//nolint:gochecknoglobals // a table
var umlauts = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue", "ẞ", "SS",
	"a\u0308", "ae", "o\u0308", "oe", "u\u0308", "ue",
)

// german gives a word as it is written where there are no umlauts.
func german(word string) string {
	if !strings.ContainsAny(word, "äöüßÄÖÜẞ\u0308") {
		return word
	}
	return umlauts.Replace(word)
}

// spaced puts a space between the characters of a word of such a script.
func spaced(word string) (string, bool) {
	if !strings.ContainsFunc(word, unspaced) {
		return word, false
	}
	var b strings.Builder
	for _, r := range word {
		if unspaced(r) {
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
		} else {
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(b.String()), " "), true
}

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// The bounds of a question.
const (
	maxQuestion = 1000
	maxTerms    = 16
)

// asked is what is looked for, as FTS5 expressions.
type asked struct {
	// match is all of it, "" when there is nothing to look for.
	match string
	// rough is match with the last word's beginning cut to what the index of
	// beginnings covers, "" when that makes no difference; a find of it must
	// have a word that begins with one of begins.
	rough  string
	begins []string
}

// indexedPrefix is the longest beginning, in runes, for which wordsSchema has
// an index. One that is longer is costly when many texts have it.
const indexedPrefix = 4

// ask makes expressions of what a person typed. Every word is quoted, so that
// no syntax gets through; words between double quotes are a phrase; the last
// word is taken as a beginning, unless it is quoted or a space follows it. All
// of them must be there.
func ask(q string) asked {
	q = clean(q)
	if len(q) > maxQuestion {
		q = strings.ToValidUTF8(q[:maxQuestion], "")
	}
	q = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`).Replace(q)
	parts := strings.Split(q, `"`)
	var terms []string
	add := func(t string) {
		if t != "" && len(terms) < maxTerms {
			terms = append(terms, t)
		}
	}
	for i, part := range parts[:len(parts)-1] {
		if i%2 == 1 {
			add(term(part, false))
			continue
		}
		for w := range strings.FieldsSeq(part) {
			add(term(w, false))
		}
	}
	words := strings.Fields(parts[len(parts)-1])
	last := ""
	if n := len(words); n > 0 && !strings.HasSuffix(q, " ") {
		words, last = words[:n-1], words[n-1]
	}
	for _, w := range words {
		add(term(w, false))
	}
	a := asked{}
	if len(terms) < maxTerms {
		if cut := beginning(last); cut != "" {
			a.rough = strings.Join(append(slices.Clone(terms), term(cut, true)), " AND ")
			a.begins = []string{folded(last), folded(german(last))}
		}
		add(term(last, true))
	}
	a.match = strings.Join(terms, " AND ")
	return a
}

// beginning gives the part of a word that the index of beginnings covers, ""
// when that is all of it or when it is more than one plain word.
func beginning(word string) string {
	runes := []rune(word)
	if len(runes) <= indexedPrefix || strings.ContainsFunc(word, func(r rune) bool {
		return unspaced(r) || !unicode.IsLetter(r) && !unicode.IsNumber(r)
	}) {
		return ""
	}
	return string(runes[:indexedPrefix])
}

// folded gives a text as the tokenizer compares it: without case and
// diacritics.
func folded(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFD.String(s) {
		switch {
		case 'A' <= r && r <= 'Z':
			b.WriteByte(byte(r - 'A' + 'a'))
		case r < utf8.RuneSelf: // most of any text, and of the time
			b.WriteByte(byte(r)) //nolint:gosec // below 128
		case !unicode.Is(unicode.Mn, r):
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// begins reports whether a word of the text begins with one of these.
func begins(text string, with []string) bool {
	text = folded(text)
	for _, w := range with {
		for at := 0; ; {
			i := strings.Index(text[at:], w)
			if i < 0 {
				break
			}
			at += i
			if before, _ := utf8.DecodeLastRuneInString(text[:at]); at == 0 || !token(before) {
				return true
			}
			at += len(w)
		}
	}
	return false
}

// term quotes one word or phrase with its further spellings.
func term(text string, beginning bool) string {
	text = strings.TrimSpace(text)
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
		return ""
	}
	star := ""
	if r, _ := utf8.DecodeLastRuneInString(text); beginning && token(r) {
		star = "*"
	}
	forms := []string{quoted(text) + star}
	if g := german(text); g != text {
		forms = append(forms, quoted(g)+star)
	}
	if s, ok := spaced(text); ok {
		forms = append(forms, quoted(s))
	}
	if len(forms) == 1 {
		return forms[0]
	}
	return "(" + strings.Join(forms, " OR ") + ")"
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
