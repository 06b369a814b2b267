package email

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestSignature is how many lines a signature has at most; below the exact
// delimiter, which nobody types by chance, it may be longer.
const (
	longestSignature       = 12
	longestMarkedSignature = 40
)

// devices are what such a line speaks of.
const devices = `(iphone|ipad|ipod|ios|android|samsung|galaxy|huawei|xiaomi|redmi|pixel|oneplus|blackberry|windows (phone|mail)|` +
	`(mobile|cell|smart)? ?phone|smartphone|mobile( device)?|mobil(telefon|ger[aä]t)|handy|tablet|tel[eé]fono|t[eé]l[eé]phone|m[oó]vil|mobiele?|telefoon|` +
	`telefon\pL*|cellulare|dispositivo|appareil|apparaat|toestel|urządzeni\pL*|komórk\pL*|outlook|thunderbird|proton ?mail|k-9 mail|` + //nolint:misspell // French
	`courriel|courrier|correo|posta|gmx\pL*|web\.de\pL*|freemail|yahoo|aol|mail|e-mail|tutanota|tuta|fairemail|spark|airmail|poczt\pL*|app|` +
	`superhuman|bluemail|blue mail|macbook\pL*|imac|mac|chromebook|apple watch|laptop|shortwave|posteo|fastmail|aquamail|aqua mail|mailspring|canary|edison|missive|newton|acompli|mailbox|icloud|htc|nokia|motorola|xperia|nexus|` +
	`\pL[\pL\d-]*\.(net|fr|it|pl|nl|es|de|com))`

// deviceForms are the lines that programs add at the end by themselves: sent
// from my phone, and get the app.
//
//nolint:gochecknoglobals // a table
var deviceForms = formsByWord([]lineForm{
	{"sent", ` (from|via|using|with|by)\s.{0,60}` + devices},
	{"sent", ` from my (cell|ti-\d+|alcatel|\S+ (pc|watch|phone))\b.{0,30}`},
	{"sent", ` (on the (go|move|run|road)|while (out|mobile))\b.{0,40}`},
	{"von", ` unterwegs gesendet`},
	{"from", ` my .{0,20}(iphone|ipad|ipod|android|galaxy|phone)[^\pL\d]*$`},
	{"get download try", ` (the )?(outlook|bluemail|spark)\b.{0,40}`},
	{"mit von vom via über", ` (mein\pL* .{2,40}|.{0,40}` + devices + `.{0,20}) gesendet`},
	{"diese", ` (e-?mail|nachricht|mail) wurde (von|mit) .{2,70} (gesendet|geschrieben)`},
	{"die", ` mail wurde (von|mit) .{2,70} (gesendet|geschrieben)`},
	{"gesendet geschrieben verschickt", ` (von|mit|über|aus|via)\s.{0,60}` + devices},
	{"laden", ` sie outlook für (ios|android|mac)\b.{0,20}`},
	{"holen", ` sie sich outlook für (ios|android|mac)\b.{0,20}`},
	{"hol", ` dir outlook für (ios|android|mac)\b.{0,20}`},
	{"outlook", ` für (ios|android|mac)\b.{0,20}| voor (ios|android) (downloaden|ophalen).{0,20}`},
	{"provenance", `\s?: (courrier|outlook|mail)\b.{0,30}`},
	{"courriel mail", ` envoyé (de|depuis|avec)\b.{0,60}` + devices},
	{"envoyé", ` (de|depuis|avec|à partir (de|d['’])|via|par).{0,60}` + devices},
	{"obtenir obtenez télécharger téléchargez", ` outlook pour\b.{0,20}`},
	{"enviado", ` (desde|con|por|a través de|mediante)\s.{0,60}` + devices + `| do meu\s.{0,40}`},
	{"obtener obtén descargar descarga", ` outlook para\b.{0,20}`},
	{"inviato spedito", ` (da|dal|con|tramite|dalla|dallo)\b.{0,60}` + devices},
	{"scarica ottieni", ` outlook per\b.{0,20}`},
	{"verzonden verstuurd verstuurt", ` (vanaf|met|via|vanuit|van)\s.{0,60}` + devices},
	{"download", ` outlook voor.{0,20}`},
	{"wysłane wysłano wysłana wysłany", ` (z|ze|za pomocą|przy użyciu|przez)\s.{0,60}` + devices},
	{"wiadomość", ` wysłana (z|ze|za pomocą|przy użyciu|przez)\s.{0,60}` + devices},
	{"pobierz uzyskaj", ` (program |aplikację )?outlook\b.{0,40}`},
	{"obter baixar baixe", ` (o )?outlook para\b.{0,20}`},
	{"sendt", ` fra min\s.{0,40}| (fra|via|med)\s.{0,40}` + devices},
	{"hent", ` outlook til\b.{0,20}`},
	{"skickat", ` från min\s.{0,40}| (från|via|med)\s.{0,40}` + devices},
	{"hämta", ` outlook för\b.{0,20}`},
	{"odesláno odoslané odoslaná", ` (z|ze|zo|pomocí|pomocou|přes)\s.{0,60}` + devices},
	{"získat získejte získať stáhnout", ` outlook pr[eo]\b.{0,20}`},
	{"lähetetty", ` (.{0,40}\s)?` + devices + `\pL*`},
	{"elküldve", ` .{0,40}` + devices + `\pL*`},
}, `.{0,30}$`)

// What else they add, and what stands near it.
var (
	excuseForm = regexp.MustCompile(`(?i)(excuse|pardon|sorry for|forgive|apolog(y|ies)|bear with|entschuldig|verzeih|veuillez|disculp|perdon|scusa|excuseer|wybacz|przeprasz)`)
	virusForm  = regexp.MustCompile(`(?i)^\s*(yahoo mail\s?: .{3,60}|this (e-?mail|message) has been (checked|scanned) ((for viruses )?(by|with)|for (viruses|malware)\b) ?.*|` +
		`(virus-free|virenfrei|sin virus|libre de virus|garanti sans virus|sans virus|privo di virus|virusvrij|wolny od wirusów|nie zawiera wirusów)\.?\s?(www\.\S+)?.{0,40}|` +
		`diese e-?mail wurde von avast.*|l'absence de virus dans ce courrier.*|este correo electrónico ha sido comprobado.*|` +
		`questa e-?mail è stata controllata.*|deze e-?mail is gecontroleerd op virussen.*|ta wiadomość została sprawdzona.*)$`)
	listForm = regexp.MustCompile(`(?i)^\s*(\S+ (mailing list|mailingliste)( -- \S+)?$|you received this message because you (are subscribed|were)|` +
		`to unsubscribe (from this|send)|unsubscribe\b.{0,60}(://|mailto:|@)|sie erhalten diese nachricht, weil)`)
	legalForm = regexp.MustCompile(`(?i)confidential|privileged|disclaimer|vertraulich|rechtlich geschützt|confidentiel|confidencial|riservat|vertrouwelijk|poufn`) //nolint:misspell // French, Spanish
	headlines = regexp.MustCompile(`(?i)^\s*\*?(confidentiality (notice|note)|disclaimer|legal notice|haftungsausschluss|vertraulichkeitshinweis|` +
		`avis de confidentialité|aviso de confidencialidad|aviso legal|avviso di riservatezza|klauzula poufności)\b.{0,3}[:.*]`)
	// deviceEnd is what may stand behind a comma in a device's line: what telephone
	// it is, what the program says of itself.
	deviceEnd = regexp.MustCompile(`(?i)^\s?((a|an|my)\s)?(\S+\s){0,3}(smart|cell|mobile )?(phone|smartphone|tablet|handset)( from \S+)?\s?$|` +
		`^\s?(get|try|create|holen sie sich|hol dir)\s(your|the|an?|ihr|dein)\pL*\s.{0,50}(mailbox|app|inbox|account|e-?mail|postfach)\s?[:.]?$|` +
		`^\s?(the|an?|your|die|das|der|ein|le|la|un|il|el|het|de)\s(\S+\s){0,4}(app|client|software|mailer|inbox|e-?mail|mail)(\s(for|für|pour|para|per|voor|dla)\s\S+(\s\S+)?)?\s?[.!]?$`)
	// tellsForm finds what people write who tell how they have sent something: when,
	// to whom, what came of it.
	tellsForm = regexp.MustCompile(`(?i)(^|\s)(yesterday|today|last|ago|((mon|tues|wednes|thurs|fri|satur|sun)day)|to (you|your|the)|but|not|never|nothing|again|please|it|we|only|cannot|can't|error|` +
		`gestern|heute|letzte\pL*|(mon|diens|donners|frei|sams|sonn)tag|mittwoch|an (sie|ihre?n?|euch)|aber|nicht|bitte|ich|wir|es|nur|fehler|` +
		`(lun|mar|mercre|jeu|vendre|same)di|dimanche|à (vous|votre|vos)|mais|rien|ayer|lunes|martes|miércoles|jueves|viernes|a su|pero|` +
		`ieri|lunedì|martedì|mercoledì|giovedì|venerdì|al (vostro|suo)|ma|gisteren|(maan|dins|woens|donder|vrij)dag|aan (u|uw|jullie)|maar|` +
		`wczoraj|poniedziałek|wtorek|środę|czwartek|piątek|do (was|państwa|pana|pani)|ale|(il|le|el|am|on|op|dnia|vom|z) \d{1,2}\.?)([\s.,;:!]|$)`)
	// postscript begins what is written below a signature.
	postscript = regexp.MustCompile(`^\s*([Pp]\.\s?[Ss]\.?:?|P\.?S\s?[:.–-])\s?\S`)
	sentBy     = regexp.MustCompile(`^(Sent|Secured|Gesendet|Envoyé|Enviado|Inviato|Verzonden|Verstuurd|Wysłano|Wysłane|Skickat|Sendt|Odesláno) (from|via|with|using|von|mit|über|depuis|avec|de|desde|con|da|vanuit|vanaf|met|z|från|fra|ze?) [^.?!:]+$`)
	itemForm   = regexp.MustCompile(`^\s*(\pL|\d{1,2})[.):]\s\S|^\s*[-*•]\s\S`)
	linkTail   = regexp.MustCompile(`\s*[<\[(]?\s?https?://[^\s>\])]+\s?[>\])]?`)
)

// markSignatures marks, in each stretch of the person's lines, what a program
// or a signature added below the words.
func (r *reading) markSignatures() {
	marked := false
	for i := 0; i < len(r.lines); i++ {
		if r.kinds[i] == lineSignature {
			marked = true
		}
	}
	if marked && !r.ownWords(len(r.lines)) {
		for i, kind := range r.kinds {
			if kind == lineSignature {
				r.kinds[i] = lineOwn // written within the signature's frame
			}
		}
	}
	for from := 0; from < len(r.lines); {
		to := from
		for to < len(r.lines) && r.kinds[to] == lineOwn {
			to++
		}
		if to > from {
			r.sign(min(r.cutDelimited(from, to), r.ruledOff(from, to)), to)
			for end, before := r.cutFooter(from, to), to; end < before; end, before = r.cutFooter(from, end), end {
				r.sign(end, to)
			}
		}
		from = max(to, from+1)
	}
}

// sign marks lines as a signature, but for what was added below it.
func (r *reading) sign(from, to int) {
	added := false
	for i := from; i < to; i++ {
		begins := r.kinds[i] == lineOwn && postscript.MatchString(r.lines[i])
		if begins && !added && i > from && r.lines[i-1] == "" {
			r.kinds[i-1] = lineOwn
		}
		if added = r.lines[i] != "" && (added || begins); !added {
			r.kinds[i] = lineSignature
		}
	}
}

// cutDelimited gives where a signature under "-- " begins, else to. Where lines
// without the exact form stand several times, or a question follows, they only
// set paragraphs apart.
func (r *reading) cutDelimited(from, to int) int {
	first, trimmed := -1, 0
	for i := from; i < to; i++ {
		if r.lines[i] != "--" {
			continue
		}
		if !r.exact[i] {
			trimmed++
		}
		if first < 0 || !r.exact[first] && r.exact[i] {
			first = i
		}
	}
	if first < 0 || !r.exact[first] && trimmed > 1 {
		return to
	}
	lines, items, asks := r.underDelimiter(first+1, to)
	most := longestSignature
	if r.exact[first] {
		most = longestMarkedSignature
	} else if asks || items > 1 || r.listed(first) || lines < 3 && slices.ContainsFunc(r.lines[first+1:to], sentenceForm.MatchString) {
		return to
	}
	if lines > most || first == 0 {
		return to
	}
	return first
}

// underDelimiter counts the lines with words from from to to, and those among them
// that belong to a list; asks is true when one ends with a question mark.
func (r *reading) underDelimiter(from, to int) (lines, items int, asks bool) {
	for _, line := range r.lines[from:to] {
		if line == "" || line == "--" {
			continue
		}
		lines++
		asks = asks || strings.HasSuffix(line, "?")
		if itemForm.MatchString(line) && !contactLine.MatchString(line) {
			items++
		}
	}
	return lines, items, asks
}

// listed reports whether the paragraph with line i stands under one that leads
// over to it with a colon.
func (r *reading) listed(i int) bool {
	for i > 0 && r.lines[i-1] != "" {
		i--
	}
	return r.introduced(i)
}

// cutFooter gives the end of the lines from from to to without the last line or
// paragraph that a program added, to if it added none.
func (r *reading) cutFooter(from, to int) int {
	end := to
	for end > from && r.lines[end-1] == "" {
		end--
	}
	if end == from {
		return to
	}
	start := end - 1
	for start > from && r.lines[start-1] != "" && end-start < 25 {
		start--
	}
	switch {
	case r.isDevice(end - 1):
		start = end - 1
	case end-start <= 3 && r.isDevice(start) && r.trails(start+1, end):
	case isRule(r.lines[end-1]) && end < to && r.kinds[end] == lineSignature && len(strings.TrimSpace(r.lines[end-1])) > 2:
		return end - 1
	case r.isMachine(start, end):
		start = r.ownAbove(start, end)
	default:
		if start = r.legalWithin(start, end); start == end {
			return to
		}
	}
	for start > from && (r.lines[start-1] == "" || isRule(r.lines[start-1])) {
		start--
	}
	if !r.wordsBefore(start) {
		return to
	}
	return start
}

func (r *reading) wordsBefore(end int) bool {
	if r.ownWords(end) {
		return true
	}
	for i := end; i < len(r.lines); i++ { // written below the quote
		if r.kinds[i] == lineQuoted {
			return false
		}
	}
	return false
}

// longestDevice is how long a line such as "Sent from my phone" is at most,
// without the links in it.
const longestDevice = 160

// isDevice reports whether a line is one such as "Sent from my phone".
func (r *reading) isDevice(i int) bool {
	line := strings.Trim(unlinked(r.lines[i]), " \t\u00a0\u200b\u200e\u200f\u2063\ufeff")
	if len(line) > 4*longestDevice {
		return false
	}
	if first, rest, found := strings.Cut(line, ". "); found && isDeviceForm(first) && excuseForm.MatchString(rest) {
		line = first
	}
	if at := strings.IndexAny(line, ",;"); at > 0 && isDeviceForm(line[:at]) && excuseForm.MatchString(line[at:]) {
		line = line[:at]
	}
	if (i == 0 || r.lines[i-1] == "") && advertises(r.lines[i], line) && !r.introduced(i) {
		return true
	}
	if len(line) > 5 && strings.EqualFold(line[:5], "from ") && (line[0] != 'F' || i > 0 && r.lines[i-1] != "") {
		return false // the end of a sentence
	}
	return len(line) < longestDevice && !strings.HasSuffix(line, "?") && isDeviceForm(line) && plainEnd(line) &&
		(!tellsForm.MatchString(line) || excuseForm.MatchString(line))
}

// advertises reports whether a line, without its link too, only says with what
// program it was sent, and links to it.
func advertises(line, unlinked string) bool {
	at := strings.Index(line, "://")
	return at > 0 && strings.HasSuffix(line, ">") && strings.HasSuffix(strings.TrimRight(line[:at], "htps"), "<") &&
		len(strings.Fields(unlinked)) < 6 && sentBy.MatchString(unlinked)
}

func isDeviceForm(line string) bool {
	return deviceForms.match(strings.TrimLeft(line, " \t<([_*"))
}

// unlinked gives a line without the links in it.
func unlinked(line string) string {
	if !strings.Contains(line, "://") {
		return line
	}
	return linkTail.ReplaceAllString(line, "")
}

// plainEnd reports whether a line ends where a device's line does, rather than
// going on as a sentence.
func plainEnd(line string) bool {
	comma := strings.IndexAny(line, ",;")
	if at := strings.Index(line, ": "); at > 0 && strings.Contains(strings.TrimSpace(line[:at]), " ") {
		if (comma < 0 || comma > at) && !slogan(line[at+2:]) {
			return false // what came of it
		}
		line = line[:at] // where to get it
		comma = strings.IndexAny(line, ",;")
	}
	return comma < 0 || excuseForm.MatchString(line[comma:]) || deviceEnd.MatchString(line[comma+1:])
}

// slogan reports whether a few words all begin with capitals.
func slogan(words string) bool {
	fields := strings.Fields(words)
	return len(fields) < 7 && !slices.ContainsFunc(fields, func(word string) bool { return !beginsUpper(word) })
}

// trails reports whether lines only go on with what a device's line began: a
// link, an excuse.
func (r *reading) trails(from, to int) bool {
	for _, line := range r.lines[from:to] {
		if strings.TrimSpace(unlinked(line)) != "" && !excuseForm.MatchString(line) && !isDeviceForm(line) {
			return false
		}
	}
	return true
}

// ownAbove gives where the notice begins in a last paragraph that is one: short
// lines on top of it, such as a name, are the person's.
func (r *reading) ownAbove(start, end int) int {
	for start < end-1 && len(r.lines[start]) < 60 && !isRule(r.lines[start]) && !ofThisMail.MatchString(r.lines[start]) && !headlineOnly.MatchString(r.lines[start]) &&
		isNotice(strings.Join(r.lines[start+1:end], " ")) && beginsUpper(r.lines[start+1]) {
		start++
	}
	return start
}

func beginsUpper(line string) bool {
	c, _ := utf8.DecodeRuneInString(strings.TrimLeft(line, " \t*_"))
	return unicode.IsUpper(c)
}

// legalWithin gives the line in the middle of a paragraph where a company's
// notice begins that ends it, end if none does.
func (r *reading) legalWithin(start, end int) int {
	if end-start < 2 || end-start > 20 {
		return end
	}
	if all := strings.Join(r.lines[start:end], " "); len(all) > longestNotice || !legalEnd.MatchString(all) {
		return end
	}
	for i := start + 1; i < end; i++ {
		if all := strings.Join(r.lines[i:end], " "); len(all) > 120 && legalStart.MatchString(all) && isNotice(all) {
			return i
		}
	}
	return end
}

// isMachine reports whether a last paragraph was added by a scanner, a list, or
// a company under a rule of its own.
func (r *reading) isMachine(start, end int) bool {
	all := strings.Join(r.lines[start:end], " ")
	above := start - 1
	for above >= 0 && r.lines[above] == "" {
		above--
	}
	ruled := isRule(r.lines[start]) && len(r.lines[start]) >= 10 && end-start > 1 ||
		above >= 0 && isRule(r.lines[above]) && len(r.lines[above]) >= 10
	first := start
	for first < end-1 && isRule(r.lines[first]) {
		first++
	}
	lone := end-start == 1 && headlineOnly.MatchString(r.lines[start]) && end < len(r.lines) && r.below(end) == lineSignature
	headed := above >= 0 && headlineOnly.MatchString(r.lines[above]) && legalForm.MatchString(all) && !speaksOfOneself.MatchString(all)
	switch {
	case lone || headed || isNotice(all):
		return true
	case natureForm.MatchString(r.lines[first]) && end-first <= 3:
		return true
	case virusForm.MatchString(r.lines[first]) || virusForm.MatchString(all):
		return true
	case listForm.MatchString(r.lines[first]):
		return true
	case headlines.MatchString(r.lines[first]):
		return true
	default:
		return ruled && legalForm.MatchString(all)
	}
}
