package ledger

import (
	"strings"
	"unicode"
	"unicode/utf8"

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

func german(word string) string {
	r := strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue", "ẞ", "SS",
		"a\u0308", "ae", "o\u0308", "oe", "u\u0308", "ue")
	return r.Replace(word)
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

// question makes an FTS5 expression of what a person typed. Every word is
// quoted, so that no syntax gets through; words between double quotes are a
// phrase; the last word, unless quoted, is taken as a beginning. All of them
// must be there. It gives "" when nothing can be looked for.
func question(q string) string {
	q = clean(q)
	if len(q) > maxQuestion {
		q = strings.ToValidUTF8(q[:maxQuestion], "")
	}
	q = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`).Replace(q)
	var terms []string
	parts := strings.Split(q, `"`)
	for i, part := range parts {
		phrase := i%2 == 1 && i < len(parts)-1
		if phrase {
			terms = append(terms, term(part, false))
			continue
		}
		words := strings.Fields(part)
		for k, w := range words {
			last := i == len(parts)-1 && k == len(words)-1
			terms = append(terms, term(w, last))
		}
	}
	kept := terms[:0]
	for _, t := range terms {
		if t != "" && len(kept) < maxTerms {
			kept = append(kept, t)
		}
	}
	return strings.Join(kept, " AND ")
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
