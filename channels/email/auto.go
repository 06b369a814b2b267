package email

import (
	"regexp"
	"slices"
	"strings"

	"stagecoach/contact"
)

// What a mail is (a person's, or a machine's of some kind) is told from its
// structure first, then from its header, and from its words only where a second
// mark agrees. A person's mail taken for a machine's is worse than the reverse,
// so what speaks for a person wins over all but structure.

// evidence is what a mail is judged by.
type evidence struct {
	u    *understood
	f    fields
	root *part // nil where the parts could not be read
	// subject is the decoded subject, text the beginning of all text, own what
	// the person wrote, each in small letters.
	subject, text, own string
	// local is the part of the sender's address before the "@".
	local string
}

// judged is how much of a text is looked at, in bytes.
const judged = 16 << 10

// classify settles what kind of mail it is. root is nil where the parts of the
// mail could not be read.
func (u *understood) classify(root *part) {
	v := &evidence{
		u: u, f: u.head, root: root, subject: strings.ToLower(u.Subject),
		text: strings.ToLower(clip(u.Text)), own: strings.ToLower(clip(u.ReplyText)),
		local: strings.ToLower(localOf(u.From.Address)),
	}
	u.list = v.listed()
	u.readSpam()
	u.Auto = v.kind()
	u.bounce = u.Auto == contact.AutoBounce
	u.autoReply = u.Auto == contact.AutoReply || u.Auto != contact.AutoNone && v.submitted() != "" && v.submitted() != "no"
	u.warnOfKind()
}

// kind asks one after the other, what is surest first.
func (v *evidence) kind() contact.AutoKind {
	if kind := v.report(); kind != contact.AutoNone {
		return kind
	}
	if kind := v.calendar(); kind != contact.AutoNone {
		return kind
	}
	if b := v.bounceText(); b != nil {
		v.u.Bounce = b
		return contact.AutoBounce
	}
	switch {
	case v.receiptText():
		return contact.AutoReceipt
	case v.challenge():
		return contact.AutoChallenge
	case v.newsletter():
		return contact.AutoList
	case v.autoReply():
		return contact.AutoReply
	default:
		return contact.AutoNone
	}
}

// autoSubject are the beginnings that programs which answer put before a subject,
// in the languages that their makers ship: nobody else calls a mail so.
// absentSubject are others that people write as well. With more words before the
// colon it is a person's subject.
var (
	autoSubject = regexp.MustCompile(`^\s*\[?(` + strings.Join([]string{
		`automatic reply`, `auto[- ]?reply`, `auto[- ]?response`, `automatic response`, `automated (reply|response)`, `autoresponder`, `out of (the )?office auto-?reply`,
		`automatische (antwort|beantwortung|rückantwort|e-mail-antwort)`, `abwesenheits(notiz|nachricht|assistent|meldung|benachrichtigung|mitteilung)`, `autom(\.|atische) antwort`,
		`r[ée]ponse automatique( d'absence)?`, `message d'absence( du bureau)?`, `notification d'absence`,
		`respuesta autom[aá]tica`, `contestaci[oó]n autom[aá]tica`, `resposta autom[aàá]tica`, `risposta automatica( fuori sede)?`,
		`automatisch antwoord`, `automatische reactie`, `afwezigheids(bericht|melding|assistent)`,
		`odpowied[zź] automatyczna`, `automatyczna odpowied[zź]`, `autoodpowied[zź]`,
		`automatick[áé]? odpověď`, `automatická odpoveď`, `automatikus válasz`,
		`autosvar`, `automatiskt svar`, `automatisk svar`, `frånvaromeddelande`, `fraværsbesked`, `automaattinen vastaus`,
		`автоматический ответ`, `автоответ`, `автоматична відповідь`, `otomatik yanıt`, `otomatik cevap`, `αυτόματη απάντηση`, `răspuns automat`,
		`samodejni odgovor`, `automatski odgovor`, `аутоматски одговор`, `автоматичен отговор`, `automatinis atsakymas`, `automātiskā atbilde`, `automaatvastus`, `resposta automàtica`,
		`balasan otomatis`, `jawapan automatik`, `trả lời tự động`, `رد تلقائي`, `הודעה אוטומטית`, `תשובה אוטומטית`, `ตอบกลับอัตโนมัติ`, `自動返信`, `自动回复`, `自動回覆`, `자동 회신`, `自动答复`,
	}, "|") + `)\s*\]?\s*([:：]|$)`)
	absentSubject = regexp.MustCompile(`^\s*\[?(` + strings.Join([]string{
		`out of (the )?office( reply| notification| message)?`, `ooo`, `vacation( reply| message| response)?`, `away( from (my )?(mail|office))?( message)?`,
		`(ich bin )?(derzeit |zurzeit )?(nicht im (büro|haus)|abwesend|im urlaub)`, `absence du bureau`, `absent\(e\) du bureau`, `fuera de (la )?oficina`, `fora do escrit[oó]rio`,
		`fuori (sede|ufficio)`, `assente( dall'ufficio)?`, `niet aanwezig`, `afwezig(heid)?`, `poza biurem`, `nieobecno[sś][cć]`, `mimo kancelář`, `házon kívül`,
		`frånvaro`, `fravær`, `ikke til stede`, `poissa`, `ofis dışında`, `不在`,
	}, "|") + `)\s*\]?\s*([:：]|$|-\s|–\s|\()`)
)

// awayWords are what such an answer says. They are asked only where the header
// has no mark.
var awayWords = regexp.MustCompile(strings.Join([]string{
	`\baway\b|out of (the |my )?office|on (annual |parental |maternity |sick )?(leave|vacation|holiday)|automatic(ally generated)? (reply|response|message)|auto-?reply|limited access to (my )?e-?mail|will (be back|return)|no longer (with|work)|has left the company|have (left|received) your (e-?mail|message|request)|thank you for (your (e-?mail|message|enquiry|inquiry)|contacting|reaching)`,
	`abwesen|nicht im (büro|haus)|urlaub|außer haus|nicht erreichbar|automatisch|wieder (da|erreichbar|im büro|zurück)|zurück am|elternzeit|ihre (nachricht|e-?mail|anfrage)`,
	`absent|en cong[ée]|en vacances|de retour|réponse automatique|hors du bureau`, `fuera de la oficina|de vacaciones|ausente|estar[ée] de vuelta|respuesta automática|de baja`,
	`fuori (sede|ufficio)|in ferie|assente|risposta automatica|di ritorno`, `afwezig|vakantie|niet (op kantoor|aanwezig)|automatisch|terug op|verlof`,
	`nieobecn|urlop|poza biurem|automatyczn|wr[óo]c[ęe]`, `semester|frånvar|tillbaka|ferie|fravær|tilbake|tilbage|loma|poissa|palaan`, `отпуск|отсутств|автоматич|вернусь`,
	`férias|ausente|fora do escrit`, `dovolen|nepřítom|nepritom|szabadság|házon kívül|yıllık izin|ofis dışında|απουσιάζω|concediu`, `自動|自动|不在|休暇|休假|부재`,
}, "|"))

// answerSubject is a subject that begins as those of replies and forwards do.
var answerSubject = regexp.MustCompile(`(?i)^\s*(re|aw|antw|antwort|sv|vs|ref|rif|r|odp|ynt|res|回复|答复|返信|fwd?|wg|tr|rv|i|pd|doorst|vb|vl|enc|weitergeleitet|转发)(\s*\[\d+\]|\(\d+\)|\^\d+)?\s*[:：]`)

// mailPrograms are those in which people write. A program that answers by
// itself names none of them.
var mailPrograms = regexp.MustCompile(`(?i)thunderbird|microsoft outlook|outlook express|outlook-(ios|android)|apple mail|iphone mail|ipad mail|mutt|evolution|kmail|claws|sylpheed|the bat!|em client|mailbird|roundcube|squirrelmail|horde|zimbra|airmail|spark|k-?9|fairemail|gnus|alpine|pine|postbox|seamonkey|web\.de mailer|gmx.*(mailer|client)|yahoomailclassic|yahoomail|webmail|lotus notes release|bluemail|canary|newton|opera mail|eudora|foxmail|android|blackberry|nine`)

// person tells whether something speaks for a person that no machine writes.
func (v *evidence) person() bool {
	return mailPrograms.MatchString(v.f.get("X-Mailer")) || mailPrograms.MatchString(v.f.get("User-Agent")) ||
		answerSubject.MatchString(v.u.Subject)
}

// submitted gives the keyword of Auto-Submitted (RFC 3834 section 5), "" where
// there is none.
func (v *evidence) submitted() string {
	word := strings.ToLower(v.f.get("Auto-Submitted"))
	word, _, _ = strings.Cut(word, ";")
	word, _, _ = strings.Cut(strings.TrimSpace(word), " ")
	word, _, _ = strings.Cut(word, "(")
	return word
}

// autoReply tells whether a program answered or wrote by itself (RFC 3834, and
// what programs do instead).
func (v *evidence) autoReply() bool {
	switch word := v.submitted(); {
	case word == "no":
		return false
	case word == "auto-generated", word == "auto-notified":
		return v.autoHeader() || autoSubject.MatchString(v.subject) || !v.relayed() && !v.desked() && !v.device()
	case strings.HasPrefix(word, "auto-"):
		return true
	}
	if v.autoHeader() {
		return true
	}
	if v.person() {
		return false
	}
	switch {
	case v.nullPath():
		return !v.asks() || awayWords.MatchString(v.own)
	case autoSubject.MatchString(v.subject):
		return v.suppresses() || v.bulk() || awayWords.MatchString(v.own) && !v.asks()
	case absentSubject.MatchString(v.subject):
		// By itself that is what people write, too; before the subject of an
		// answer they don't.
		_, rest, _ := strings.Cut(v.u.Subject, ":")
		return (v.suppresses() || v.bulk()) && awayWords.MatchString(v.text) || answerSubject.MatchString(rest) && !v.asks()
	default:
		return v.bulk() && v.suppresses() && v.noReply()
	}
}

// autoHeader knows the fields by which programs older than RFC 3834 say that
// they answered.
func (v *evidence) autoHeader() bool {
	for _, name := range []string{
		"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Auto-Respond", "X-Autogenerated",
		"X-Auto-Generated", "X-Vacation", "X-Mail-Autoreply", "X-MDAutoreply", "X-FC-MachineGenerated", "X-POST-MessageClass",
		"X-Mdaemon-Autoresponder", "X-Amazon-Auto-Reply", "X-Autoreply-From", "X-OTRS-Loop",
	} {
		value := strings.ToLower(strings.TrimSpace(v.f.get(name)))
		if value == "" && !v.f.has(name) || value == "no" || value == "false" || value == "0" {
			continue
		}
		if name != "X-POST-MessageClass" || strings.Contains(value, "autoresponder") {
			return true
		}
	}
	if v.f.has("X-MS-Exchange-Inbox-Rules-Loop") && v.suppresses() && !v.f.has("Resent-From") && !answerSubject.MatchString(v.u.Subject) {
		return true // what Exchange answers by a rule
	}
	if strings.EqualFold(v.f.get("X-Message-Flag"), "autoreply") || strings.EqualFold(v.f.get("X-SFDC-EmailCategory"), "workflowActionAlert") {
		return true
	}
	return strings.EqualFold(strings.TrimSpace(v.f.get("Precedence")), "auto_reply") ||
		strings.EqualFold(strings.TrimSpace(v.f.get("Delivered-To")), "autoresponder")
}

// relayed tells whether a program passes on what a person wrote, as the forms of
// web pages and marketplaces do: the answer goes to somebody else than the
// program. A rule of the recipient's by which Exchange sends a customer's mail on
// makes it generated, too.
func (v *evidence) relayed() bool {
	if v.f.has("Resent-From") || v.f.has("X-MS-Exchange-Inbox-Rules-Loop") && !v.suppresses() || v.marketplace() {
		return true
	}
	for _, to := range v.u.ReplyTo {
		if to.Address != "" && !strings.EqualFold(to.Address, v.u.From.Address) && !noReplyLocal.MatchString(localOf(to.Address)) {
			return true
		}
	}
	return false
}

// marketplaceHost is where marketplaces give each customer an address, to which
// an answer reaches them.
var marketplaceHost = regexp.MustCompile(`(^|\.)(marketplace\.amazon\.[a-z.]+|members\.ebay\.[a-z.]+|guest\.booking\.com|(guest|reply)\.airbnb\.com|mail\.(ebay-)?kleinanzeigen\.de|messages?\.(homeaway|vrbo)\.com|convo\.etsy\.com|reply\.[a-z0-9-]+\.[a-z]{2,})$`)

func (v *evidence) marketplace() bool {
	return v.f.has("X-Amazon-Mail-Relay-Type") || marketplaceHost.MatchString(domainOf(v.u.From.Address)) && !v.noReply()
}

// deviceWords is what telephone systems, fax services and scanners call their
// mail, which brings what a person said, wrote or signed.
var deviceWords = regexp.MustCompile(`\b(fax|e?scan(ned|ner|s)?|voice ?(mail|message)s?|answering machine|sprachnachricht|anrufbeantworter|sprachbox|gescannt\w*|t[ée]l[ée]copie|message vocal|num[ée]risation|mensaje de voz|escaneado|messaggio vocale|scansione|ingesproken bericht)\b`)

// device tells whether the mail brings a file of such a device.
func (v *evidence) device() bool {
	return len(v.u.Attachments) > 0 && (deviceWords.MatchString(v.subject) || deviceWords.MatchString(v.local))
}

// desked tells whether a ticket system sends what may be a person's answer:
// those mark all that they send as generated, also what their agents write.
// What answers by itself says so before the subject, or by another keyword.
func (v *evidence) desked() bool {
	tag := ticketTag.FindString(v.u.Subject)
	if receivedTag.MatchString(tag) {
		return false
	}
	return answerSubject.MatchString(v.u.Subject[len(tag):]) || commented.MatchString(v.subject) || commented.MatchString(clipTo(v.own, 400))
}

// commented is how ticket systems say that a person wrote something.
var commented = regexp.MustCompile(`\b(commented( on)?|added a (new )?(comment|note)|comments? (was )?added|new comment|replied|responded|wrote|updated by)\b.{0,60}(:|$|\n)|hat (einen kommentar|kommentiert|geantwortet|geschrieben)|a (commenté|répondu|ajouté un commentaire)|ha (comentado|respondido|commentato|risposto)`)

// ticketTag is what such a system puts before a subject, receivedTag what it
// says there when it only confirms that something came.
var (
	ticketTag   = regexp.MustCompile(`^(\s*(\[[^\]]{1,60}\]|#\d+|\(\d+\))\s*[:-]?)+`)
	receivedTag = regexp.MustCompile(`(?i)received|eingegangen|erhalten|re[çc]ue?\b|recibid|ricevut|ontvangen|otrzyma|recebid`)
)

func (v *evidence) nullPath() bool {
	for _, path := range v.f.all("Return-Path") {
		path = strings.ToLower(strings.Trim(strings.TrimSpace(path), "<>"))
		if name, _, _ := strings.Cut(path, "@"); path == "" || name == "mailer-daemon" { // sendmail's word for it
			return true
		}
	}
	return false
}

// bulk tells whether the mail says of itself that it is of no weight. By itself
// it proves nothing: some people's servers put it into everything.
func (v *evidence) bulk() bool {
	switch strings.ToLower(strings.TrimSpace(v.f.get("Precedence"))) {
	case "bulk", "junk":
		return true
	default:
		return false
	}
}

// suppresses tells whether the mail wants no automatic answer at all. People's
// mail through Exchange often says DR, OOF, AutoReply.
func (v *evidence) suppresses() bool {
	value := strings.ToLower(v.f.get("X-Auto-Response-Suppress"))
	return slices.Contains(strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }), "all")
}

var noReplyLocal = regexp.MustCompile(`(?i)^(no|do|donot|dont|nicht|ne|non)[-_.]*(not[-_.]?)?(reply|respond|antworten|repondre|rispondere|responder|r[ée]ponse)|^noreply|^no_?reply|^donotreply|^(auto|notifications?|alerts?|mailer|system|robot|bot|daemon)$`)

func (v *evidence) noReply() bool { return noReplyLocal.MatchString(v.local) }

// asks tells whether the mail's own words ask something.
func (v *evidence) asks() bool { return strings.ContainsAny(v.own, "?？") }

// warnOfKind says in words what the agent should know of a machine's mail.
func (u *understood) warnOfKind() {
	switch u.Auto {
	case contact.AutoBounce:
		u.warn(u.bounceWords())
	case contact.AutoChallenge:
		u.warn("the sender's mail system asks us to prove that we are people: until somebody follows it, our mail waits there")
	case contact.AutoCalendar:
		u.warn("an answer to an invitation, written by a calendar")
	case contact.AutoNone, contact.AutoReply, contact.AutoList, contact.AutoReceipt, contact.AutoDelivered:
	}
}

func clip(s string) string {
	if len(s) > judged {
		return strings.ToValidUTF8(s[:judged], "")
	}
	return s
}

// findPart gives the first part of one of the kinds, nil if there is none.
func findPart(root *part, kinds ...string) *part {
	if root == nil {
		return nil
	}
	return root.find(kinds...)
}
