package email

import (
	"regexp"
	"strings"
)

// What ticket systems ask for on top of their own mail: a reply above this line.
const (
	replyWords = `(reply|type|write|respond|antwort|schreib|répon|écri|escrib|rispond|scriv|antwoord|typ|odpowied|pis)`
	aboveWords = `(above|oberhalb|über|au-dessus|encima|arriba|sopra|boven|powyżej)[^.]{0,40}(line|zeile|linie|ligne|línea|linea|riga|lijn|regel|lini)`
)

// The attributions without a verb or without a colon, and other lines that only
// programs write above what they quote.
var (
	// datedStart begins a line with when something was written.
	datedStart = regexp.MustCompile(`(?i)^((on|am|le|el|il|op|dnia|em|den|på|dne)\s)?(\pL{2,12}[.,]{0,2}\s)?` +
		`(\d{1,2}[.:/-]\d|\d{4}[-./年]|\d{1,2}\.?\s\pL{3,})`)
	// byAddress is who wrote it: an address in brackets, or one behind "by".
	byAddress = regexp.MustCompile(`[<(\[]\s?[^\s<>()@]+@[^\s<>()@]+\s?[>)\]]*|\s(by|from|von|par|de|da|van|od|от)\s[^\s<>@]+@[^\s<>@]+$`)
	// programsOwn is what people leave out who only note when somebody said what: a
	// comma behind the day or the time, quotation marks, seconds, the zone, "by".
	programsOwn = regexp.MustCompile(`\d{2,4}[.]?,\s|\d:\d{2},|["“„»]|\d:\d{2}:\d{2}|\b(GMT|UTC|CES?T|MES?Z)\b|\s[+-]\d{4}\b|\s(by|from|von|par|de|da|van|od|от)\s\S+@\S+$`)
	oddColon    = regexp.MustCompile(`\D:|:\D`)
	logWord     = regexp.MustCompile(`\b(INFO|WARN(ING)?|ERROR|DEBUG|TRACE|FATAL|GET|POST)\b`)
	verbEnding  = regexp.MustCompile(`(?i)(wrote|writes|schrieb|a écrit|escribió|ha scritto|schreef|geschreven|geschrieben|napisał(\(-?a\))?|pisze|escreveu|skrev)$`)
	datedOnly   = regexp.MustCompile(`^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\s.*<[^<>\s]+@[^<>\s]+>?$`)
	// tripleMark is GroupWise's ">>> Jo <jo@x.test> 02.11.2026 10:00 >>>".
	tripleMark = regexp.MustCompile(`^\s?>>>\s\S.*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*\s>>>$|^\s?>>>\s\S.*@[^>]+>\s\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\s\d{1,2}:\d{2}$|^\s?>>>\s[^>]+@[^>]+>\s+schrieb\sam\s.*$`)
	// replyAbove is what ticket systems write on top of their own mail.
	replyAbove = regexp.MustCompile(`(?i)^[\s#>*=_~–—-]{2,}[^.]{0,40}(` + replyWords + `[^.]{0,60}` + aboveWords + `[^.]{0,20}|` + aboveWords + `[^.]{0,20}` + replyWords + `[^.]{0,20})$`)
	// titled is a line of words between dashes, in whatever language.
	titled = regexp.MustCompile(`^\s*\*?[-_=*~–—]{3,}\s?\pL[\pL\s'’.-]{2,60}\s?[-_=*~–—]{3,}\*?\s*$`)
	// datedTitle is a line that says when what is quoted was written, without a
	// colon.
	datedTitle = regexp.MustCompile(`(?i)^\pL.{0,80}\s---\d{1,4}[-./]\d{1,2}[-./]\d{2,4}\s\d{1,2}[:.]\d{2}.{0,12}---|^message du \d{1,2}[./-]\d{1,2}[./-]\d{2,4}(\s\d{1,2}[:h]\d{2})?\s*$`)
	endForm    = regexp.MustCompile(`(?i)^-{2,}\s*(end|ende|fin|fine|einde|koniec|fim)\s(of|der|des|du|del|de|van)?.{2,40}-{2,}$`)
	// broken is a link that a quoted line has begun and not ended.
	broken     = regexp.MustCompile(`[(<]https?://[^\s)>]*$`)
	personOnly = regexp.MustCompile(`(?i)^["']?[\pL .,'’()-]{0,50}["']?\s?<[^\s<>@]+@[^\s<>@]+>\s(wrote|schrieb|a écrit|escribió|ha scritto|schreef|napisał(\(a\))?)$`)
	bareOnly   = regexp.MustCompile(`(?i)^[^\s<>@]+@[^\s<>@]+\s(wrote|schrieb|a écrit|escribió|ha scritto|schreef|napisał(\(a\))?)$`)
	linkOnly   = regexp.MustCompile(`^\s*[(<]https?://[^\s)>]*[)>]\s*>?$`)
)

// endsOriginal reports whether a line is one such as "--- End of Original
// Message ---".
func endsOriginal(line string) bool {
	return len(line) < 120 && strings.HasPrefix(line, "--") && endForm.MatchString(line)
}

// isTriple reports whether a line is GroupWise's of who wrote what follows.
func isTriple(line string) bool {
	return strings.Contains(line, ">>> ") && tripleMark.MatchString(line)
}

// dated reports whether a line that ends with a colon says when and by whom
// something was written without a verb that is known, as in 02.11.2026, 10:00,
// "Jo" <jo@x.test>: and nothing else.
func (r *reading) dated(i, n int, words string) bool {
	if !r.answer || !datedStart.MatchString(words) || !yearForm.MatchString(words) || !timeForm.MatchString(words) {
		return false
	}
	at := byAddress.FindStringIndex(words)
	if at == nil || oddColon.MatchString(words[:at[0]]) || logWord.MatchString(words) || personForm.MatchString(words) {
		return false
	}
	behind := len(strings.Fields(words[at[1]:]))
	if behind > 3 || r.introduced(i) || len(strings.Fields(words)) > 16 || !r.loneParagraph(i, n) {
		return false
	}
	if behind > 0 || r.quotedBelow(i+n) {
		return true
	}
	return (i+n >= len(r.lines) || r.lines[i+n] == "") && programsOwn.MatchString(words)
}

// named reports whether a line alone names who wrote what follows, as some
// telephones do: the line "Jo <jo@x.test> wrote:" and nothing else.
func (r *reading) named(i, n int, words string) bool {
	if !r.answer || n != 1 || r.introduced(i) || !r.loneParagraph(i, n) || i+n < len(r.lines) && r.lines[i+n] != "" || !r.ownWords(i) {
		return false
	}
	above := i - 1
	for above >= 0 && r.lines[above] == "" {
		above--
	}
	return personOnly.MatchString(words) || above >= 0 && bareOnly.MatchString(words) && r.isDevice(above)
}

// uncolonned reports whether n lines from i on are an attribution although no
// colon ends them, and whether only a program writes like that.
func (r *reading) uncolonned(i, n int) (ok, strong bool) {
	last := strings.TrimRight(r.lines[i+n-1], quoteTrim+"-")
	below := r.quotedBelow(i + n)
	blank := i+n >= len(r.lines) || r.lines[i+n] == ""
	if n > 3 || !below && !blank || !digitForm.MatchString(r.lines[i]) {
		return false, false
	}
	if !hasVerb(last) && !strings.HasSuffix(r.lines[i+n-1], ">") {
		return false, false
	}
	if r.tried++; r.tried > mostTried {
		return false, false
	}
	words := r.joined(i, n)
	if len(words) > 420 || firstForm.MatchString(words) || personForm.MatchString(words) || !r.loneParagraph(i, n) && !r.isDevice(i-1) {
		return false, false
	}
	switch {
	case datedOnly.MatchString(words):
		return below, false
	case !attributionStart.MatchString(words) || !anchoredForm.MatchString(words):
		return false, false
	case below && n == 1:
		return timeForm.MatchString(words), false
	}
	exact := yearForm.MatchString(words) && timeForm.MatchString(words) && addressForm.MatchString(words)
	return exact && verbEnding.MatchString(words), exact
}

// marker finds a line above a quote that needs nothing else to be known.
func (r *reading) marker(i int) (b quoteBreak, found bool) {
	line := r.lines[i]
	if !strings.ContainsAny(line[:1], "#-=*_>– \t") || len(line) > 240 {
		return b, false
	}
	if replyAbove.MatchString(line) || tripleMark.MatchString(line) && digitForm.MatchString(line) && !hasVerb(line) {
		return quoteBreak{lines: 1, strong: true, marked: true}, true
	}
	return b, false
}

// indented finds the blockquotes without a program's mark whose first words say
// who wrote them: nobody but a program puts those inside.
func (r *reading) indented() {
	for i := 0; i < len(r.lines); i++ {
		if r.kinds[i] != lineIndent || r.lines[i] == "" {
			continue
		}
		end, inner := i, []string{}
		for ; end < len(r.lines) && r.kinds[end] == lineIndent; end++ {
			if len(inner) < 12 {
				inner = append(inner, strings.TrimLeft(r.lines[end], "> \t"))
			}
		}
		if r.attributed(inner) {
			for j := i; j < end; j++ {
				r.kinds[j] = lineQuoted
			}
		}
		i = end
	}
}

// attributed reports whether lines begin with who wrote them.
func (r *reading) attributed(lines []string) bool {
	kinds := []byte(strings.Repeat(string(rune(lineOwn)), len(lines)))
	inner := &reading{lines: lines, kinds: kinds, answer: r.answer, subject: r.subject, prefix: r.prefix, forwardAt: -1, tried: r.tried}
	b := inner.breakAt(0)
	r.tried = inner.tried
	return r.answer && b.lines > 0 && b.strong
}
