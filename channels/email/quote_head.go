package email

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// copiedHead is a mail header copied into a text.
type copiedHead struct {
	// lines is how many lines it takes.
	lines               int
	from, date, subject string
	// addressed is true when there is an address in it.
	addressed bool
	// sent is true when the date's name is one that only mail programs use.
	sent bool
	// fromFirst is true when it begins with who wrote.
	fromFirst bool
	kinds     [headOther + 1]bool
}

var (
	timeForm    = regexp.MustCompile(`\d{1,2}\s?[:h]\s?\d{2}|(^|[^.\d])\d{1,2}\.\d{2}($|[^.\d])|\d{1,2}\s?(am|pm|AM|PM|uhr|Uhr)\b`)
	sentForm    = regexp.MustCompile(`(?i)^[\s*]*(sent|gesendet|envoy|enviad|inviat|verzonden|wysłan|sendt|skickat|odesl|lähetet|elküld|отправл|надісл)`)
	bareHead    = regexp.MustCompile(`^(From|Von|De|Da|Van|Od)\s[^:]{1,80}@[^:]*$`)
	addressForm = regexp.MustCompile(`[^\s<>\[\]()"';:,@]+@[^\s<>\[\]()"';:,@]+\.?[^\s<>\[\]()"';:,@]`)
)

// complete reports whether it is a header that a program has copied: who wrote,
// two more of when, to whom and what about, and something that no list of words
// such as a journey's "From: To: Date:" has.
func (h *copiedHead) complete() bool {
	n := 0
	for _, field := range []headField{headDate, headTo, headSubject} {
		if h.kinds[field] {
			n++
		}
	}
	return h.kinds[headFrom] && n >= 2 && (h.addressed || n == 3 && h.sent && h.fromFirst || h.fromFirst && (h.kinds[headSubject] || h.sent) && timeForm.MatchString(h.date))
}

// fieldOf reads a line as a field of a copied header.
func fieldOf(line string) (field headField, value string) {
	if len(line) < 2 || len(line) > 4000 {
		return headNone, ""
	}
	at := strings.IndexAny(line[:min(len(line), 60)], ":：")
	if at < 1 {
		return headNone, ""
	}
	name := strings.ToLower(strings.Trim(line[:at], " \t*_|\u00a0\ufeff\u200b"))
	field = headNames[strings.ReplaceAll(name, "’", "'")]
	if field == headNone {
		return headNone, ""
	}
	_, size := utf8.DecodeRuneInString(line[at:])
	return field, strings.Trim(line[at+size:], " \t*|\u00a0\ufeff")
}

// headAt reads the header that begins at line i; it has no lines if none does.
func headAt(lines []string, i int) copiedHead {
	h := copiedHead{}
	field, value := fieldOf(lines[i])
	if field == headNone || field == headOther || field == headCC {
		return h
	}
	h.fromFirst = field == headFrom
	last, rest, tight := field, 0, false
	for j := i; j < len(lines) && j < i+40; j++ {
		if j > i {
			field, value = fieldOf(lines[j])
		}
		switch {
		case field != headNone && rest > 0 && tight && h.kinds[headFrom] && h.kinds[headSubject]:
			return h // another list below the first
		case field != headNone && (field == headOther || field == headCC || !h.kinds[field]):
			h.take(field, value)
			h.sent = h.sent || field == headDate && sentForm.MatchString(lines[j])
			tight = tight || j > i && rest == 0
			last, rest = field, 0
		case strings.TrimSpace(lines[j]) == "":
			if rest++; rest > 1 && !h.goesOn(lines, j+1) {
				return h
			}
			continue
		case rest == 0 && continues(lines[j], last, h):
			h.take(last, h.value(last)+" "+strings.TrimSpace(lines[j]))
		default:
			return h
		}
		h.lines = j - i + 1
	}
	return h
}

// withColon gives a line of a header that a program wrote without colons, From
// "Jo" <jo@x.test>, the colon that others write.
func withColon(line string) string {
	name, rest, _ := strings.Cut(line, " ")
	if len(name) > 20 || strings.HasPrefix(rest, ":") || headNames[strings.ToLower(name)] == headNone {
		return line
	}
	return name + ": " + rest
}

// bareHeadAt reads a header without colons, which must have all that matters.
func bareHeadAt(lines []string) copiedHead {
	near := make([]string, len(lines))
	for i, line := range lines {
		near[i] = withColon(line)
	}
	h := headAt(near, 0)
	if !h.kinds[headTo] || !h.kinds[headDate] || !h.kinds[headSubject] {
		return copiedHead{}
	}
	return h
}

// quotedHead reads the header that begins at line i. In a mail that forwards
// another, programs have quoted it too.
func (r *reading) quotedHead(i int) copiedHead {
	if r.kinds[i] == lineOwn && bareHead.MatchString(r.lines[i]) {
		return bareHeadAt(r.lines[i:min(len(r.lines), i+12)])
	}
	if r.kinds[i] != lineWeak || r.prefix != subjectForward {
		return headAt(r.lines, i)
	}
	if field, _ := fieldOf(strings.TrimLeft(r.lines[i], "> ")); field == headNone {
		return copiedHead{}
	}
	near := make([]string, 0, 40)
	for _, line := range r.lines[i:min(len(r.lines), i+40)] {
		near = append(near, strings.TrimLeft(line, "> "))
	}
	return headAt(near, 0)
}

// momentOnly is a day and a time and nothing else.
var momentOnly = regexp.MustCompile(`^\s*\d{1,4}[-./]\d{1,2}[-./]\d{2,4},?\s+\d{1,2}[:.]\d{2}([:.]\d{2})?(\s?[APap]\.?[Mm]\.?)?\s*$`)

// stackedHead tells how many lines the header takes that begins at line i as old
// Notes stacks it: who wrote, below it when, below it "To" and to whom. It's 0 if
// none does.
func (r *reading) stackedHead(i int) int {
	if !r.answer || i+3 >= len(r.lines) || r.kinds[i+1] != lineOwn || len(r.lines[i]) > 120 || len(r.lines[i+1]) > 40 ||
		!digitForm.MatchString(r.lines[i+1]) || !momentOnly.MatchString(r.lines[i+1]) {
		return 0
	}
	for j := i + 2; j < len(r.lines) && j < i+6; j++ {
		if r.lines[j] == "" {
			continue
		}
		if headNames[strings.ToLower(strings.TrimSpace(r.lines[j]))] == headTo && j+1 < len(r.lines) {
			return j + 2 - i
		}
		break
	}
	return 0
}

// goesOn reports whether a header that lacks its subject goes on at line i, where
// a program put empty lines between its fields.
func (h *copiedHead) goesOn(lines []string, i int) bool {
	if i >= len(lines) || h.kinds[headSubject] || !h.kinds[headFrom] {
		return false
	}
	field, _ := fieldOf(lines[i])
	return field == headSubject
}

// continues reports whether a line goes on with a field: a list of people that
// was wrapped, a subject on its second line, a value below its name.
func continues(line string, last headField, h copiedHead) bool {
	switch {
	case h.value(last) == "" && last != headCC && last != headOther:
		return true
	case line[0] == ' ' || line[0] == '\t':
		return true
	case last == headTo || last == headCC:
		return addressForm.MatchString(line) || strings.HasSuffix(strings.TrimSpace(line), ";")
	default:
		return last == headFrom && strings.HasPrefix(strings.TrimSpace(line), "<") && addressForm.MatchString(line)
	}
}

func (h *copiedHead) take(field headField, value string) {
	h.kinds[field] = true
	switch field {
	case headFrom:
		h.from = strings.TrimSpace(value)
	case headDate:
		h.date = strings.TrimSpace(value)
	case headSubject:
		h.subject = strings.TrimSpace(value)
	case headTo, headCC, headOther, headNone:
	}
	if field != headSubject && addressForm.MatchString(value) {
		h.addressed = true
	}
}

// value gives what a field has so far; of those not kept, that there is one.
func (h *copiedHead) value(field headField) string {
	switch field {
	case headFrom:
		return h.from
	case headDate:
		return h.date
	case headSubject:
		return h.subject
	case headTo, headCC, headOther, headNone:
	}
	return "there"
}
