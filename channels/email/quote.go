package email

import (
	"regexp"
	"strings"
)

// The forms by which mail programs set off what they quote. Each is tried on
// single lines, or on an attribution joined from up to four.
var (
	attributionForm = regexp.MustCompile(`(?i)^\s*\*?(` + strings.Join([]string{
		`(on|at)\s.{6,250}\b(wrote|writes)`,                                                                  // en
		`(am|on|vom)\s.{6,250}\bschrieb(\s.{1,150})?`,                                                        // de
		`.{2,150}\bschrieb am\s.{6,120}`,                                                                     // de
		`le\s.{6,250}\b(a écrit|écrivait|ecrit)`,                                                             // fr
		`el\s.{6,250}\b(escribió|escribio|escribía)(\s.{1,150})?`,                                            // es
		`(il|in data)\s.{6,250}\bha scritto`,                                                                 // it
		`op\s.{6,250}\b(schreef|geschreven)(\s.{1,150})?`,                                                    // nl
		`(w dniu|dnia|pon|wt|śr|czw|pt|sob|niedz|nie)\.?,?\s.{6,250}\b(napisał|napisała|napisał\(a\)|pisze)`, // pl
		`\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.{0,60}<[^>]+@[^>]+>`,                                                  // gmail, other languages
	}, "|") + `)\s*[:：]\s*\*?\s*$`)
	timeForm         = regexp.MustCompile(`\d{1,2}[:.h]\d{2}`)
	attributionStart = regexp.MustCompile(`(?i)^\s*\*?(on|at|am|vom|le|el|il|in data|op|w dniu|dnia|pon|wt|śr|czw|pt|sob|niedz|nie)\b\.?,?\s`)
	originalForm     = regexp.MustCompile(`(?i)^\s*[-_]{2,}\s*(original(nachricht| message)|original appointment|ursprüngliche (nachricht|e-mail)|message d'origine|message original|mensaje original|messaggio originale|oorspronkelijk bericht|originele bericht|wiadomość oryginalna|oryginalna wiadomość)\s*[-_]{2,}\s*$`)
	forwardForm      = regexp.MustCompile(`(?i)^\s*[-_]{2,}\s*(forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|wiadomość przekazana)\s*[-_]{2,}\s*$|^\s*begin forwarded message:|^\s*anfang der weitergeleiteten`)
	ruleForm         = regexp.MustCompile(`^\s*_{10,}\s*$`)
	headFromForm     = regexp.MustCompile(`(?i)^\s*\*?(from|von|de|da|van|od)\s*\*?\s*:\s*\*?.{2,}`)
	headOtherForm    = regexp.MustCompile(`(?i)^\s*\*?(sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|date|à|objet|enviado( el)?|fecha|para|asunto|inviato|data|a|oggetto|verzonden|aan|onderwerp|wysłano|do|temat)\s*\*?\s*:`)
	deviceForm       = regexp.MustCompile(`(?i)^\s*(sent from (my|mail for|yahoo|outlook|proton)|get outlook for|von meinem .{2,40} gesendet|gesendet (von|mit)|envoyé (de|depuis) (mon|ma|l)|enviado desde|inviato da|verzonden (vanaf|met|via)|wysłan[eo] z|diese nachricht wurde von meinem)`)
)

// replyText gives what the person wrote, without quotes and signature. Answers
// between quoted lines are never cut apart: then the whole text is given, as it
// is where nothing would be left.
func replyText(text string) string {
	lines := strings.Split(normalise(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\u00a0")
		if strings.HasSuffix(lines[i], "--") && strings.TrimSpace(lines[i]) == "--" {
			lines[i] = "--" // the delimiter is "-- ", which many programs trim
		}
	}
	own := cutSignature(lines)
	own = cutOriginal(own)
	own = cutQuotes(own)
	own = cutDevice(own)
	out := strings.Trim(strings.Join(own, "\n"), "\n")
	if strings.TrimSpace(out) == "" {
		return strings.TrimSpace(text)
	}
	return out
}

// cutSignature drops what follows "-- " (RFC 3676 section 4.3), unless more than
// a signature's worth of the writer's own lines does.
func cutSignature(lines []string) []string {
	for i, line := range lines {
		if line != "--" || i == 0 {
			continue
		}
		own := 0
		for _, after := range lines[i+1:] {
			if isQuoted(after) || isOriginal(after) || isAttribution(after) {
				break
			}
			if after != "" {
				own++
			}
		}
		if own <= 12 {
			return lines[:i]
		}
	}
	return lines
}

// cutOriginal drops the original that Outlook and its like put below the answer
// without marking its lines. A forwarded mail stays: it is what is meant.
func cutOriginal(lines []string) []string {
	for i, line := range lines {
		if mayBegin(line) && forwardForm.MatchString(line) {
			return lines
		}
		if !isOriginal(line) && !isHeadBlock(lines, i) {
			continue
		}
		end := i
		if end > 0 && ruleForm.MatchString(lines[end-1]) {
			end--
		}
		if hasWords(lines[:end]) {
			return lines[:end]
		}
		return lines
	}
	return lines
}

// isHeadBlock reports whether a copied mail header begins at line i: a From and
// two more of its fields close by.
func isHeadBlock(lines []string, i int) bool {
	if !strings.Contains(lines[i], ":") || !headFromForm.MatchString(lines[i]) {
		return false
	}
	others := 0
	for _, line := range lines[i+1 : min(i+8, len(lines))] {
		if headOtherForm.MatchString(line) {
			others++
		}
	}
	return others >= 2
}

// cutQuotes drops quoted lines where the person wrote above or below them.
func cutQuotes(lines []string) []string {
	kinds := markQuotes(lines)
	blocks := ""
	for i, kind := range kinds {
		if lines[i] == "" {
			continue
		}
		if blocks == "" || blocks[len(blocks)-1] != kind {
			blocks += string(kind)
		}
	}
	switch blocks {
	case "TQ", "QT": // written above, or below
	default:
		return lines // nothing quoted, nothing but quotes, or interleaved
	}
	var own []string
	for i, line := range lines {
		if kinds[i] == 'T' {
			own = append(own, line)
		}
	}
	return own
}

// markQuotes tells of each line whether it is quoted (Q) or the person's (T). An
// attribution belongs to the quote below it; one with unmarked text below it
// makes all of that the quote.
func markQuotes(lines []string) []byte {
	kinds := make([]byte, len(lines))
	for i := range lines {
		kinds[i] = 'T'
		if isQuoted(lines[i]) {
			kinds[i] = 'Q'
		}
	}
	for i := 0; i < len(lines); i++ {
		length := attributionAt(lines, kinds, i)
		if length == 0 {
			continue
		}
		next := i + length
		for next < len(lines) && lines[next] == "" {
			next++
		}
		end := next
		if next < len(lines) && kinds[next] == 'T' {
			attribution := strings.Join(lines[i:i+length], " ")
			if !hasWords(lines[:i]) || !timeForm.MatchString(attribution) {
				continue // a sentence can look like one
			}
			end = len(lines)
		}
		for j := i; j < end; j++ {
			kinds[j] = 'Q'
		}
		i = end - 1
	}
	return kinds
}

// attributionAt gives how many lines from i on say who wrote what follows, 0 if
// none.
func attributionAt(lines []string, kinds []byte, i int) int {
	if kinds[i] == 'Q' || lines[i] == "" {
		return 0
	}
	if isAttribution(lines[i]) {
		return 1
	}
	if !attributionStart.MatchString(lines[i]) {
		return 0
	}
	for n := 1; n < 4 && i+n < len(lines) && lines[i+n] != "" && kinds[i+n] == 'T'; n++ {
		if isAttribution(strings.Join(lines[i:i+n+1], " ")) {
			return n + 1
		}
	}
	return 0
}

// cutDevice drops a last line such as "Sent from my phone".
func cutDevice(lines []string) []string {
	for i := len(lines) - 1; i > 0; i-- {
		if lines[i] == "" {
			continue
		}
		if deviceForm.MatchString(lines[i]) && hasWords(lines[:i]) {
			return lines[:i]
		}
		return lines
	}
	return lines
}

// isAttribution, isOriginal and mayBegin look at the ends of a line before they
// ask an expression: most lines are none of these.
func isAttribution(line string) bool {
	end := strings.TrimRight(line, " \t*\u00a0")
	return (strings.HasSuffix(end, ":") || strings.HasSuffix(end, "：")) && attributionForm.MatchString(line)
}

func isOriginal(line string) bool { return mayBegin(line) && originalForm.MatchString(line) }

func mayBegin(line string) bool {
	line = strings.TrimLeft(line, " \t")
	return line != "" && strings.IndexByte("-_BbAa", line[0]) >= 0
}

func isQuoted(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " \t"), ">") }

func hasWords(lines []string) bool {
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			return true
		}
	}
	return false
}
