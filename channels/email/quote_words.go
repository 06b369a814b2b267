package email

import (
	"regexp"
	"strings"
	"unicode"
)

// headField is a field of a mail header as programs copy it above what they
// quote or forward.
type headField byte

// The fields that matter; headOther is one that is only known to belong there.
const (
	headNone headField = iota
	headFrom
	headDate
	headTo
	headCC
	headSubject
	headOther
)

// headNames are the names of those fields in the languages of mail programs.
//
//nolint:gochecknoglobals // a table
var headNames = fieldTable(map[headField]string{
	headFrom: "from|von|de|da|van|od|mittente|nadawca|expéditeur|expediteur|remitente|afzender|absender|fra|från|" +
		"lähettäjä|от|отправитель|від|feladó|kimden|gönderen|expeditor|saatja|šalje|message de|από|de la|od koga|发件人|寄件者|寄件人|差出人|送信者|보낸 사람|보낸사람|من|מאת",
	headDate: "sent|date|gesendet|gesendet am|datum|envoyé|envoye|envoyé le|date d'envoi|enviado|enviado el|enviada|enviado em|enviada em|enviada el|data de envio|fecha|" +
		"fecha de envío|inviato|inviato il|data|verzonden|verzonden op|wysłano|wysłane|wyslano|data wysłania|sendt|dato|" +
		"skickat|lähetetty|päiväys|отправлено|дата|надіслано|odesláno|odoslané|dátum|küldve|tarih|gönderildi|message du|sent at|received|elküldve|elküldés dátuma|gönderme|gönderilme|στάλθηκε|ημερομηνία|изпратено|trimis|enviat|poslano|" +
		"发送时间|日期|寄件日期|傳送時間|传送时间|送信日時|日時|보낸 날짜|보낸날짜|날짜|تاريخ الإرسال|נשלח",
	headTo: "to|an|à|a|pour|para|aan|do|adresat|empfänger|destinataire|destinatario|destinatarios|til|till|" +
		"vastaanottaja|кому|komu|címzett|kime|prima|pre|ontvanger|προς|către|per a|za|收件人|收件者|宛先|받는 사람|받는사람|إلى|אל",
	headCC: "cc|bcc|kopie|copie|copie à|con copia|copia|cópia|kopia|dw|do wiadomości|copie cachée|cci|ccn|cco|kopie (cc)|копия|másolatot kap|kopi|抄送|副本|참조",
	headSubject: "subject|betreff|objet|sujet|asunto|oggetto|onderwerp|temat|emne|ämne|assunto|aihe|тема|předmět|" +
		"predmet|tárgy|konu|naslov|subiect|subiectul|θέμα|assumpte|zadeva|主题|主題|主旨|件名|제목|الموضوع|נושא",
	headOther: "reply-to|reply to|importance|priority|attachments|anlagen|anhänge|wichtigkeit|priorität|antwort an|antworten an|" +
		"importance|priorité|pièces jointes|répondre à|importancia|prioridad|adjuntos|datos adjuntos|responder a|priorità|" +
		"allegati|rispondi a|urgentie|prioriteit|bijlagen|beantwoorden|ważność|priorytet|załączniki|odpowiedz do|" +
		"categories|sensitivity|resent-from|message-id|return-path|delivered-to",
})

func fieldTable(words map[headField]string) map[string]headField {
	table := map[string]headField{}
	for field, names := range words {
		for name := range strings.SplitSeq(names, "|") {
			table[name] = field
		}
	}
	return table
}

// The words above an original that follows unmarked, and above a forwarded
// mail. Dashes stand around both.
const (
	originalWords = `original[- ]?(nachricht|message|mail|e-mail|mitteilung)|original appointment|reply message|antwort[- ]?nachricht|` +
		`ursprüngliche[rs]? (nachricht|e-mail|mail|mitteilung|termin)|` +
		`(message|mail|e-mail|courriel|courrier) (d'origine|d’origine|original|initial)|` +
		`(mensaje|correo) original|messaggio originale|mail originale|` +
		`(oorspronkelijke?|originele?|origineel) (bericht|e-mail)|` +
		`(wiadomość oryginalna|oryginalna wiadomość|treść oryginalnej wiadomości|pierwotna wiadomość)|` +
		`mensagem original|originalmeddelelse|oprindelig (meddelelse|besked)|ursprungligt meddelande|opprinnelig melding|alkuperäinen viesti|eredeti üzenet|исходное сообщение|původní (zpráva|e-mail)|pôvodná správa|原始邮件|原始郵件|原始信件|元のメッセージ|원본 메시지`
	forwardWords = `forwarded (message|mail|by .*)|weitergeleitete (nachricht|e-mail|mail)|weitergeleitet von .*|` +
		`message (transféré|transmis|réexpédié)|courriel transféré|transféré par .*|mensaje reenviado|reenviado por .*|` +
		`messaggio inoltrato|inoltrato da .*|doorgestuurd (bericht|door .*)|` +
		`(wiadomość przekazana|przekazana wiadomość|przekazywana wiadomość|treść przekazanej wiadomości|przekazane przez .*)|` +
		`(mensagem|mensaje) (reencaminhada|encaminhada|reencaminhado)|videresendt (meddelelse|melding)|` +
		`vidarebefordrat meddelande|välitetty viesti|пересылаемое сообщение|перенаправленное сообщение|přeposlaná zpráva|továbbított (üzenet|levél)`
)

var (
	originalForm = regexp.MustCompile(`(?i)^\s*\*?\s*[-_=]{2,}\s*(` + originalWords + `)\s*[-_=]{2,}\s*\*?\s*$|` +
		`^\s*-{3,}\s*(` + originalWords + `)\s*-{3,}\s*(from|von|de|da|van|od|to|an|subject|betreff|date|datum|sent|gesendet)\s?:.*$|` +
		`^\s*-{3,}.{2,160}(wrote|schrieb|a écrit|escribió|ha scritto|schreef|napisał(\(a\))?)\s*:\s*-{3,}\s*$`)
	forwardForm = regexp.MustCompile(`(?i)^[>\s]*\*?\s*(-{2,}|_{2,}|={2,})\s*(` + forwardWords + `)\s*([-_=]{2,})?\s*\*?\s*$|` +
		`^\s*-{5}\s*(` + forwardWords + `)\s*-{5}\s*\pL+\s?:|` +
		`^[>\s]*\*?forwarded message\s*:\s*\*?$`)
)

// beginForward has what begins a forwarded mail without dashes around it.
//
//nolint:gochecknoglobals // a table
var beginForward = formsByWord([]lineForm{
	{"begin", ` forwarded message| (van )?(het )?doorgestuurd(e)? bericht`},
	{"anfang", ` der weitergeleiteten (nachricht|e-mail)`},
	{"beginn", ` der weitergeleiteten nachricht`},
	{"début", ` du message (transféré|réexpédié)`},
	{"inicio", ` del mensaje reenviado`},
	{"inizio", ` (del )?messaggio inoltrato`},
	{"początek", ` przekazywanej wiadomości`},
	{"início", ` da mensagem (re)?encaminhada`},
	{"start", ` på videresendt besked`},
	{"vidarebefordrat", ` mejl`},
	{"videresendt", ` melding`},
	{"välitetty", ` viesti alkaa`},
}, `\s*[:：]?\s*\*?\s*$`)

// lineForm is the form of a line that begins with a word of its own, so that no
// other line needs to be tried.
type lineForm struct {
	// words are what it may begin with, lower case, with spaces between.
	words string
	// rest is what follows, a regular expression.
	rest string
}

type lineForms map[string]*regexp.Regexp

// formsByWord gives the forms with what may stand behind each of them.
func formsByWord(forms []lineForm, tail string) lineForms {
	rests := map[string][]string{}
	for _, form := range forms {
		for word := range strings.FieldsSeq(form.words) {
			rests[word] = append(rests[word], form.rest)
		}
	}
	by := lineForms{}
	for word, all := range rests {
		by[word] = regexp.MustCompile(`(?i)^(` + strings.Join(all, "|") + `)` + tail)
	}
	return by
}

// match reports whether a line has one of the forms.
func (f lineForms) match(line string) bool {
	end := strings.IndexFunc(line, func(c rune) bool { return !unicode.IsLetter(c) })
	if end < 1 || end > 32 {
		return false
	}
	form := f[strings.ToLower(line[:end])]
	return form != nil && form.MatchString(line[end:])
}

// subjectKind tells by its first prefix what a subject says of its mail.
type subjectKind byte

// A subject without a prefix, one of an answer, one of a forwarded mail.
const (
	subjectPlain subjectKind = iota
	subjectAnswer
	subjectForward
)

var (
	subjectTag    = regexp.MustCompile(`^\s*(\[[^\]]{1,60}\]|\([^)]{1,12}\)|\*+\s?[a-zA-Z]{2,12}\s?\*+)\s*`)
	answerPrefix  = regexp.MustCompile(`(?i)^\s*(re|aw|antw|antwort|sv|odp|r|rif|réf|ref|rép|rép\.|res|bls|ynt|atb|betreft)\s?(\[\d+\]|\(\d+\)|\^\d+)?\s*[:：]`)
	forwardPrefix = regexp.MustCompile(`(?i)^\s*(fw|fwd|wg|wtr|tr|rv|i|pd|enc|doorst|dst|vb|vl|vs|weitergeleitet|inoltr|rm|reenv|podaj dalej|przek)\.?\s?(\[\d+\]|\(\d+\))?\s*[:：]`)
)

func kindOfSubject(subject string) subjectKind {
	for range 4 {
		tag := subjectTag.FindString(subject)
		if tag == "" {
			break
		}
		subject = subject[len(tag):]
	}
	switch {
	case answerPrefix.MatchString(subject):
		return subjectAnswer
	case forwardPrefix.MatchString(subject):
		return subjectForward
	default:
		return subjectPlain
	}
}

// bareSubject gives a subject without tags and prefixes, for comparing.
func bareSubject(subject string) string {
	for range 12 {
		before := subject
		for _, form := range []*regexp.Regexp{subjectTag, answerPrefix, forwardPrefix} {
			subject = subject[len(form.FindString(subject)):]
		}
		if subject == before {
			break
		}
	}
	return strings.ToLower(strings.TrimSpace(subject))
}
