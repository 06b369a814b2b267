package email

import (
	"regexp"
	"slices"
	"strings"
)

// The kinds of lines. What is weak becomes quoted or the writer's own by what
// stands around it; an indent is a quote only under an attribution.
const (
	lineOwn       = 'T'
	lineQuoted    = 'Q'
	lineWeak      = 'q'
	lineIndent    = 'i'
	lineSignature = 'S'
)

// reading is a text on the way to what its writer wrote.
type reading struct {
	lines []string
	kinds []byte
	// exact are the lines that were "-- " with its space (RFC 3676 section 4.3).
	exact map[int]bool
	// answer is true when the mail answers another, as far as its header tells.
	answer  bool
	subject string
	prefix  subjectKind
	// unmarked is true when a quote without marks reaches to the end.
	unmarked bool
	// framed is true when the HTML says that all from somewhere on is quoted.
	framed bool
	// mixed is true when own and quoted words take turns.
	mixed bool
	// structured is true when the HTML itself tells what is quoted.
	structured bool
	// hues are the colours of the lines of an HTML text; coloured is true when
	// answers stand in the quote in a colour of their own.
	hues     []hue
	coloured bool
	// writer is the name of whom the mail is from, lower case.
	writer string
	// forwardAt is the line where a forwarded mail begins, -1 if none does, and
	// forwarded what its header says.
	forwardAt int
	forwarded copiedHead
	// tried counts the lines that were looked at closely.
	tried int
}

var (
	nameMark = regexp.MustCompile(`^\s{0,2}(\pL{1,8}>|\|)(\s|$|>)`)
	compares = regexp.MustCompile(`^\s*>=?\s*[-\d€$£=.,]`)
	// runTogether finds the next field in a header whose line breaks were lost.
	runTogether = regexp.MustCompile(`(>|@[\pL\d.-]+\s|GMT[+-]?\d*|UTC[+-]?\d*|CES?T|MES?Z|[ap]m|AM|PM|\d)\s?(To|Cc|Sent|Date|Subject|An|Gesendet|Betreff|À|Envoyé|Objet|` +
		`Para|Enviado|Asunto|A|Inviato|Oggetto|Aan|Verzonden|Onderwerp|Do|Wysłano|Wysłane|Temat)\s?:`)
)

// readText reads plain text, in which quoted lines begin with ">".
func readText(text string) *reading {
	r := &reading{lines: strings.Split(normalise(text), "\n"), exact: map[int]bool{}, forwardAt: -1}
	r.kinds = make([]byte, len(r.lines))
	for i, line := range r.lines {
		r.exact[i] = line == "-- "
		line = strings.TrimRight(line, " \t\u00a0")
		if strings.TrimSpace(line) == "--" {
			line = "--" // many programs trim the delimiter
		}
		r.lines[i], r.kinds[i] = line, lineOwn
		switch {
		case strings.HasPrefix(line, ">From ") && (i == 0 || !isQuoted(r.lines[i-1])):
			// what mailbox files make of a line that begins with From
		case isQuoted(line) && !strings.HasSuffix(line, "<<") && !isTriple(line):
			r.kinds[i] = lineWeak
		case strings.ContainsAny(line[:min(len(line), 40)], ">|") && nameMark.MatchString(line):
			r.kinds[i] = lineIndent
		}
	}
	return r
}

// own gives the writer's own text, and whether anything was cut. Answers between
// quoted lines are never cut apart: then the whole text is given, as it is where
// nothing would be left.
func (r *reading) own(whole string) (own string, cut bool) {
	whole = strings.TrimSpace(whole)
	r.indented()
	r.findBreaks()
	if r.forwardAt >= 0 {
		return whole, false // what is forwarded is what is meant
	}
	r.settle()
	if r.coloured = (r.unmarked || r.framed) && r.answeredInColour(); r.coloured {
		return whole, false
	}
	r.markSignatures()
	r.keepWords()
	var out []string
	blocks := r.blocks()
	r.mixed = len(blocks) > 2
	switch blocks {
	case "T", "TQ", "QT":
		out = r.linesOf(func(_ int, kind byte) bool { return kind == lineOwn })
	default: // nothing but quotes, or answers between them: only the end is cut
		end := len(r.lines)
		for end > 0 && (r.kinds[end-1] == lineSignature || r.lines[end-1] == "") {
			end--
		}
		out = r.linesOf(func(i int, _ byte) bool { return i < end })
	}
	own = strings.Trim(strings.Join(out, "\n"), "\n")
	if strings.TrimSpace(own) == "" || (r.unmarked || r.framed) && len(own) < 8<<10 && (answersBelow.MatchString(own) || onlyGreets(own)) {
		return whole, false
	}
	own = strings.TrimRight(own, " \t\n")
	return own, own != whole
}

// keepWords takes nothing for a signature where only a greeting would be left:
// "Unsubscribe me" below "Hello" is what somebody wrote.
func (r *reading) keepWords() {
	if !slices.Contains(r.kinds, lineSignature) {
		return
	}
	own := r.linesOf(func(_ int, kind byte) bool { return kind == lineOwn })
	if !onlyGreets(strings.Join(own, "\n")) {
		return
	}
	for i, kind := range r.kinds {
		if kind == lineSignature {
			r.kinds[i] = lineOwn
		}
	}
}

func (r *reading) linesOf(wanted func(i int, kind byte) bool) []string {
	var out []string
	for i, line := range r.lines {
		if wanted(i, r.kinds[i]) {
			out = append(out, line)
		}
	}
	return out
}

// blocks gives the order of own and quoted text, such as "TQ" for an answer on
// top of what it answers.
func (r *reading) blocks() string {
	out := ""
	for i, kind := range r.kinds {
		if r.lines[i] == "" || kind == lineSignature {
			continue
		}
		if out == "" || out[len(out)-1] != kind {
			if out += string(kind); len(out) > 2 {
				return out
			}
		}
	}
	return out
}

// findBreaks finds where others' words begin: below an attribution, a line such
// as "Original Message", or the header of a mail that was copied.
func (r *reading) findBreaks() {
	for i := 0; i < len(r.lines); i++ {
		if r.lines[i] == "" || r.kinds[i] == lineQuoted && !r.structured || r.kinds[i] == lineSignature {
			continue
		}
		if r.isForward(i) {
			r.forwardAt = i
			r.forwarded = r.headNear(i)
			return
		}
		own := r.kinds[i] == lineOwn
		if !own && r.answer {
			continue
		}
		b := r.breakAt(i)
		if b.lines == 0 {
			continue
		}
		if r.forwards(i, b) {
			r.forwardAt = i
			r.forwarded = b.head
			return
		}
		if !own {
			continue
		}
		if i = r.quoteFrom(i, b); r.unmarked {
			return
		}
	}
}

// quoteFrom marks what a break at line i begins, and gives the last line of it.
func (r *reading) quoteFrom(i int, b quoteBreak) int {
	start := i
	for b.head.lines > 0 || b.marked {
		above := start - 1
		for above > 0 && r.lines[above] == "" && start-above < 3 {
			above--
		}
		if above < 0 || r.kinds[above] != lineOwn || !isRule(r.lines[above]) && (b.head.lines == 0 || !headedBy(r.lines[above])) {
			break
		}
		start = above
	}
	next := i + b.lines
	for next < len(r.lines) && r.lines[next] == "" {
		next++
	}
	switch {
	case next < len(r.lines) && r.kinds[next] != lineOwn && r.kinds[next] != lineSignature:
		next = r.quoteEnd(next)
	case next < len(r.lines) && !b.strong:
		return i
	case next < len(r.lines) && !b.marked && b.head.lines == 0 && !r.ownWords(start):
		return i // a sentence can look like an attribution
	default:
		next, r.unmarked = len(r.lines), next < len(r.lines)
	}
	for j := start; j < next; j++ {
		r.kinds[j] = lineQuoted
	}
	return next - 1
}

// headedBy reports whether a program writes such a line above a header that it
// copies: words between dashes, Notes' line of whom, when and what, or "Message
// du 03/11/26 16:12".
func headedBy(line string) bool {
	return titled.MatchString(line) || len(line) < 400 && digitForm.MatchString(line) && datedTitle.MatchString(line)
}

// quoteEnd gives the line after the marked quote that begins at i. A few words
// between two quoted lines, left over where a program wrapped a long line, are
// part of it.
func (r *reading) quoteEnd(i int) int {
	for i < len(r.lines) {
		switch {
		case r.lines[i] == "":
			next := i
			for next < len(r.lines) && r.lines[next] == "" {
				next++
			}
			if next == len(r.lines) || (r.kinds[next] == lineOwn || r.kinds[next] == lineSignature) && !endsOriginal(r.lines[next]) {
				return i
			}
		case r.kinds[i] != lineOwn && r.kinds[i] != lineSignature:
		case r.leftOver(i) || endsOriginal(r.lines[i]):
		default:
			return i
		}
		i++
	}
	return i
}

func (r *reading) leftOver(i int) bool {
	if i > 0 && r.kinds[i-1] == lineWeak && (linkOnly.MatchString(r.lines[i]) && strings.HasSuffix(r.lines[i], ">") ||
		broken.MatchString(r.lines[i-1]) && !strings.Contains(strings.TrimSpace(r.lines[i]), " ")) {
		return true // what a program broke off a quoted link
	}
	if i == 0 || i+1 >= len(r.lines) || len(r.lines[i]) > 76 || r.lines[i] == "" {
		return false
	}
	above, below := r.lines[i-1], r.lines[i+1]
	if r.kinds[i-1] != lineWeak || r.kinds[i+1] != lineWeak || len(above) < 66 || len(r.lines[i]) > 40 && len(above) < 70 || strings.Trim(below, "> ") == "" {
		return false
	}
	first := r.lines[i][0]
	return !strings.ContainsAny(above[len(above)-1:], ".!?:;") && (first >= 'a' && first <= 'z' || first >= '0' && first <= '9')
}

// settle decides of quoted lines without an attribution: a program's quote of
// what is answered, or something that the person quotes.
func (r *reading) settle() {
	known := false // a program has quoted further up
	for i := 0; i < len(r.lines); i++ {
		known = known || r.kinds[i] == lineQuoted
		if r.kinds[i] == lineIndent {
			r.kinds[i] = lineOwn
		}
		if r.kinds[i] != lineWeak {
			continue
		}
		end := i
		for end < len(r.lines) && r.kinds[end] == lineWeak {
			end++
		}
		kind := byte(lineQuoted)
		if !known && (!r.answer || r.introduced(i) || r.compared(i, end)) {
			kind = lineOwn
		}
		for ; i < end; i++ {
			r.kinds[i] = kind
		}
		i--
	}
}

// introduced reports whether the person leads over to line i with a colon.
func (r *reading) introduced(i int) bool {
	for i--; i >= 0 && r.lines[i] == ""; i-- {
	}
	return i >= 0 && r.kinds[i] == lineOwn && strings.HasSuffix(r.lines[i], ":")
}

func (r *reading) compared(from, to int) bool {
	if to-from > 3 {
		return false
	}
	for _, line := range r.lines[from:to] {
		if !compares.MatchString(line) {
			return from > 0 && r.lines[from-1] != "" && r.kinds[from-1] == lineOwn
		}
	}
	return true
}

// ownWords reports whether the person wrote anything in the lines up to end.
func (r *reading) ownWords(end int) bool {
	for i := range end {
		if r.kinds[i] == lineOwn && r.lines[i] != "" && !isRule(r.lines[i]) {
			return true
		}
	}
	return false
}

// isQuoted reports whether a line begins with ">".
func isQuoted(line string) bool {
	trimmed := strings.TrimLeft(line, " \t")
	return strings.HasPrefix(trimmed, ">") && len(line)-len(trimmed) <= 4
}

// isRule reports whether a line is drawn of dashes and their like.
func isRule(line string) bool {
	n := 0
	for _, c := range strings.TrimLeft(line, "> ") {
		switch c {
		case '-', '_', '=', '*', '~', '–', '—':
			n++
		case ' ', '\t', '\u00a0':
		default:
			return false
		}
	}
	return n >= 3
}
