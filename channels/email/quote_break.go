package email

import (
	"regexp"
	"strings"
)

// quoteBreak is what stands between the person's words and others'.
type quoteBreak struct {
	// lines is how many lines it takes, 0 if there is none.
	lines int
	// strong means that what follows is a quote even without marks.
	strong bool
	// marked means a line such as "-----Original Message-----".
	marked bool
	head   copiedHead
}

// The forms of the line that says who wrote what follows. Those that begin with
// a word of their own are tried on up to five lines together.
var (
	attributionStart = regexp.MustCompile(`(?i)^(on|at|am|vom|le|el|en|il|in data|op|w dniu|dnia|em|den|på|dne|wiadomość|pon|wt|śr|czw|pt|sob|niedz|nd|` +
		`\d{1,2}[./]?\s|\d{4}[-/.]\d)`)
	anchoredForm = regexp.MustCompile(`(?i)^(` + strings.Join([]string{
		`(on|at)\s.{3}.+\b(wrote|writes|said)(\s(to|in|about)\s.+)?`,
		`(am|on|vom|den)\s.{3}.+\b(schrieb|schrieben sie|geschrieben)(\s.+)?`,
		`le\s.{3}.+\s?(a\s?écrit|écrivait|a ecrit|a dit)(\s.+)?`,
		`(el|en)\s.{3}.+\b(escribió|escribio|escribía)(\s.+)?`,
		`(il|in data)\s.{3}.+\bha scritto(\s.+)?`,
		`op\s.{3}.+\b(schreef|geschreven)(\s.+)?`,
		`(w dniu|dnia|pon|wt|śr|czw|pt|sob|niedz|nd|\d{1,2}\s|\d{4}-|\d{1,2}\.)\.?,?\s?.{3}.+(napisał\(-?a\)|napisała|napisał|pisze)(\s.+)?`,
		`wiadomość napisana przez\s.+\d.*`, `em\s.{3}.+\bescreveu`, `(den|på)\s.{3}.+\bskrev(\s.+)?`, `dne\s.{3}.+\bnapsal(\(a\))?(\s.+)?`,
		`\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*<[^>]+@[^>]+>`,
	}, "|") + `)\s*$`)
	nameFirstForm = regexp.MustCompile(`(?i)^.{2}.*(\b(schrieb (am|vom)|wrote on|schreef op|skrev den|escribió el|ha scritto il|napisał(\(a\))? (w dniu|dnia))|` +
		`\ba écrit le|schrieb:? am)\s.{6}.*$|^.{1,60}[于在].{6,40}写道$|^.{2}.*\bhat (am|vom) .{6}.* geschrieben$|^.{2}.*\bheeft op .{6}.* geschreven$`)
	bareForm  = regexp.MustCompile(`(?i)^\pL.+(\bwrote|\bwrites|\bschrieb|\bschreef|\bescribió|\bha scritto|a écrit|\bnapisał(\(a\)|a)?|\bpisze)$`)
	firstForm = regexp.MustCompile(`(?i)\b(i|we|ich|wir|ik|wij)\s+(\pL+\s+)?(wrote|schrieb(en)?|schreef|schreven)\b|\b(wrote|schrieb(en)?|schreef)\s+(i|ich|wir|ik)\b|\b(habe|haben) (ich|wir)\b|\b(ich|wir) (habe|haben)\b|\bheb ik\b|\bik heb\b`)
	youForm   = regexp.MustCompile(`(?i)\b(you|he|she|they|it|somebody|someone|who|sie|er|du|ihr|jemand|wer|il|elle|vous|on|usted|qualcuno|lei|u|je|hij|zij|iemand|pan|pani|ktoś)\s*(wrote|writes|schrieben|schrieb|schreef|a écrit|escribió|ha scritto|napisał(a)?)?$`)
	// personForm finds words of somebody who tells a story: no program's line has
	// them.
	personForm = regexp.MustCompile(`(?i)\b(mir|mich|uns|ihr|ihre|ihrer|ihnen|your|our|me|us|votre|vos|notre|m'a|nous|vous|su|nuestro|vostro|vostra|nostro|uw|jullie|mij|ons|onze|państwa|mi|nam)\b`)
	weekdayDay = regexp.MustCompile(`(?i)\b(mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|lun|mié|jue|vie|sáb|dom|gio|sab|ma|wo|vr|za|zo|pon|wt|śr|czw|pt|sob|niedz)\pL*[.,]*\s`)
	yearForm   = regexp.MustCompile(`\b(19|20)\d\d\b`)
	digitForm  = regexp.MustCompile(`\d`)
	inBrackets = regexp.MustCompile(`\([^\s<>()@]+@[^\s<>()@]+\)`) // as people write an address
	zohoForm   = regexp.MustCompile(`^-{3,}\s?\pL.*[^-]\s?-{3,}$`)
)

// quoteTrim is what may stand around an attribution.
const quoteTrim = " \t*_>\u00a0\u202f\u200e\u200f\ufeff\u200b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

// mostTried bounds how often lines are looked at for who wrote what follows:
// more stand in no mail, and each look costs.
const mostTried = 800

// breakAt finds what begins others' words at line i.
func (r *reading) breakAt(i int) quoteBreak {
	line := r.lines[i]
	if strings.ContainsAny(line[:1], "-_=* \t") && len(line) < 240 && originalForm.MatchString(line) {
		b := quoteBreak{lines: 1, strong: true, marked: true}
		next := i + 1
		for next < len(r.lines) && r.lines[next] == "" {
			next++
		}
		if next < len(r.lines) && r.kinds[next] == lineOwn {
			if b.head = headAt(r.lines, next); b.head.lines > 0 {
				b.lines = next + b.head.lines - i
			} else if n, _ := r.attribution(next); n > 0 {
				b.lines = next + n - i
			}
		}
		return b
	}
	if b, found := r.marker(i); found {
		return b
	}
	if h := r.quotedHead(i); h.lines > 0 && h.complete() && (r.prefix == subjectForward || !r.introduced(i)) {
		return quoteBreak{lines: h.lines, strong: true, head: h}
	}
	if n := r.stackedHead(i); n > 0 {
		return quoteBreak{lines: n, strong: true}
	}
	n, strong := r.attribution(i)
	if n == 0 {
		return quoteBreak{}
	}
	b := quoteBreak{lines: n, strong: strong}
	if r.prefix == subjectForward && strong {
		b.head.from, b.head.date = authorOf(r.joined(i, n))
	}
	return b
}

// underRule reports whether a line such as "________" stands right above line i.
func (r *reading) underRule(i int) bool {
	for i--; i >= 0 && r.lines[i] == ""; i-- {
	}
	return i >= 0 && len(strings.TrimSpace(r.lines[i])) >= 10 && isRule(r.lines[i])
}

// attribution tells how many lines from i on say who wrote what follows, 0 if
// none, and whether only a program writes like that.
func (r *reading) attribution(i int) (n int, strong bool) {
	for n = 1; n <= 5 && i+n <= len(r.lines); n++ {
		last := r.lines[i+n-1]
		if last == "" || r.kinds[i+n-1] != lineOwn || len(last) > 400 {
			break
		}
		if n == 1 && runsOn(last) {
			return 1, true
		}
		if !endsAttribution(last) {
			if ok, strong := r.uncolonned(i, n); ok {
				return n, strong
			}
			if n > 1 && strings.ContainsAny(last[len(last)-1:], "!?") {
				break
			}
			continue
		}
		if ok, strong := r.attributes(i, n); ok {
			return n, strong
		}
	}
	return 0, false
}

// runsOn reports whether the quote begins on the line of its attribution, as
// some programs on telephones have it.
func runsOn(line string) bool {
	at := strings.Index(line, ":  ")
	if at < 0 || strings.TrimSpace(line[at+1:]) == "" {
		return false
	}
	words := strings.Trim(line[:at], quoteTrim)
	return digitForm.MatchString(words) && addressForm.MatchString(words) && attributionStart.MatchString(words) &&
		anchoredForm.MatchString(words) && !firstForm.MatchString(words)
}

func endsAttribution(line string) bool {
	end := strings.TrimRight(line, quoteTrim)
	if rest, dots := strings.CutSuffix(strings.TrimRight(end, "…"), "..."); dots || rest != end {
		return hasVerb(rest[max(0, len(rest)-12):])
	}
	return strings.HasSuffix(end, ":") || strings.HasSuffix(end, "：") || strings.HasSuffix(end, "---")
}

func (r *reading) joined(i, n int) string {
	words := strings.Trim(strings.Join(r.lines[i:i+n], " "), quoteTrim)
	if zohoForm.MatchString(words) {
		words = strings.Trim(words, "- ")
	}
	if strings.HasSuffix(words, "...") || strings.HasSuffix(words, "…") {
		words = strings.TrimRight(words, ".…")
	}
	return strings.TrimRight(words, quoteTrim+":：")
}

// attributes reports whether n lines from i on are an attribution.
func (r *reading) attributes(i, n int) (ok, strong bool) {
	words := r.joined(i, n)
	r.tried++
	if r.tried > mostTried || len(words) < 5 || len(words) > 420 || !hasVerb(words) && !addressForm.MatchString(words) || firstForm.MatchString(words) {
		return false, false
	}
	below := r.quotedBelow(i + n)
	address := addressForm.MatchString(words)
	switch {
	case r.dated(i, n, words) || r.named(i, n, words):
		return true, true
	case attributionStart.MatchString(words) && anchoredForm.MatchString(words):
		if r.beginsLater(i, n, false) {
			return false, false
		}
	case n <= 2 && nameFirstForm.MatchString(words) && (n == 1 || strings.Contains(r.lines[i], "@")):
	case below && n == 1 && len(words) < 100 && bareForm.MatchString(words) && !youForm.MatchString(words):
		return address || !attributionStart.MatchString(words), false
	case below && n <= 3 && r.loneParagraph(i, n) && !r.beginsLater(i, n, true):
		return address && (digitForm.MatchString(words) || n == 1), false
	default:
		return false, false
	}
	if strings.HasPrefix(words, "2") && !hasVerb(words) {
		return below, false // a date and an address stand in many a pasted list
	}
	strong = digitForm.MatchString(words) && r.programs(i, n, words, below)
	return strong || below && (digitForm.MatchString(words) || address), strong
}

// programs reports whether only a program writes an attribution like this one:
// with an address as programs write it, or with weekday, year and time and no
// word of somebody who tells a story.
func (r *reading) programs(i, n int, words string, below bool) bool {
	if !below && r.introduced(i) {
		return false
	}
	if addressForm.MatchString(words) && !inBrackets.MatchString(words) || r.ruled(i) {
		return true
	}
	return yearForm.MatchString(words) && timeForm.MatchString(words) && weekdayDay.MatchString(words) && !personForm.MatchString(words) ||
		!below && r.indentsBelow(i+n, words)
}

// ruled reports whether an attribution with a time stands between dashes.
func (r *reading) ruled(i int) bool {
	return strings.HasPrefix(r.lines[i], "---") && zohoForm.MatchString(r.lines[i]) && timeForm.MatchString(r.lines[i])
}

// beginsLater reports whether an attribution begins below line i already, so
// that the line isn't part of it.
func (r *reading) beginsLater(i, n int, names bool) bool {
	for j := 1; j < n; j++ {
		rest := r.joined(i+j, n-j)
		if attributionStart.MatchString(rest) && anchoredForm.MatchString(rest) || names && nameFirstForm.MatchString(rest) {
			return true
		}
	}
	return false
}

// hasVerb reports whether a line has one of the words for writing that stand in
// attributions: a cheap look before the dear ones.
func hasVerb(words string) bool {
	words = strings.ToLower(words)
	for _, verb := range []string{
		"wrote", "writes", "said", "schrieb", "schrieben", "écrit", "ecrit", "a dit", "escrib", "scritto", "schreef", "napisa", "pisze",
		"escreveu", "skrev", "napsal", "写道",
	} {
		if strings.Contains(words, verb) {
			return true
		}
	}
	return false
}

// quotedBelow reports whether the next line with words is quoted.
func (r *reading) quotedBelow(i int) bool {
	for j := i; j < len(r.lines) && j < i+5; j++ {
		if r.lines[j] != "" {
			return r.kinds[j] != lineOwn && r.kinds[j] != lineSignature
		}
	}
	return false
}

// indentsBelow reports whether all that follows an attribution is indented.
func (r *reading) indentsBelow(i int, words string) bool {
	if !timeForm.MatchString(words) || personForm.MatchString(words) {
		return false
	}
	found := false
	for _, line := range r.lines[min(i, len(r.lines)):] {
		if line == "" {
			continue
		}
		if line[0] != '\t' && !strings.HasPrefix(line, "    ") {
			return false
		}
		found = true
	}
	return found
}

// loneParagraph reports whether n lines from i on stand by themselves.
func (r *reading) loneParagraph(i, n int) bool {
	if i > 0 && r.lines[i-1] != "" && r.kinds[i-1] == lineOwn {
		return false
	}
	for _, line := range r.lines[i : i+n-1] {
		if strings.ContainsAny(line[len(line)-1:], ".!?") {
			return false
		}
	}
	return true
}
