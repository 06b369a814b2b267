package email

import (
	"regexp"
	"strings"

	"stagecoach/contact"
)

// The forms of receipts that come as plain mails (Outlook and Exchange write
// them so for people of other systems), and of calendars' answers.
var (
	readSubject = regexp.MustCompile(`^\s*(read|not read|gelesen|ungelesen|nicht gelesen|lu|lue|non lu|leído|leido|no leído|letto|da leggere|non letto|gelezen|niet gelezen|ongelezen|przeczytano|odczytano|nie przeczytano|läst|oläst|lest|ikke lest|læst|ikke læst|luettu|lida|lido|não lida|přečteno|прочтено|прочитано|не прочтено|прочитане|okundu|開封済み|开封|已读|읽음|return receipt|lesebestätigung|empfangsbestätigung|accusé de (lecture|réception)|confirmation de lecture|confirmación de lectura|acuse de recibo|ricevuta di (ritorno|lettura)|conferma di lettura|leesbevestiging|ontvangstbevestiging|potwierdzenie (odczytu|przeczytania))(\s*\([^)]*\))?\s*([:：]|-)|^\s*(return receipt|empfangsbestätigung|ricevuta di ritorno)\s*$`)
	readWords   = regexp.MustCompile(`was (read|displayed|deleted without being read)|has been (read|displayed|opened)|(wurde|ist)\s.{0,80}(gelesen|angezeigt|gelöscht)|a été (lu|affiché|supprimé)|fue (leído|mostrado|eliminado)|se (leyó|ha leído|eliminó|mostró)|è stat[oa] (lett[oa]|visualizzat[oa]|aperto|eliminat[oa])|(is|werd) (gelezen|weergegeven|verwijderd)|został[ao]? (odczytan|przeczytan|wyświetlon|usunięt)|lästes|ble lest|blev læst|was gelezen|foi (lida|exibida|excluída)|byla přečtena|было прочитано|прочитано|okundu|return receipt for the mail|was received by:|wurde empfangen von:|confirmation de lecture|lesebestätigung|this (is a )?(return )?receipt|no guarantee that (the message|it) has been read|keine garantie`)
	// repeatedHead is a line of the head of our mail, as receipts repeat it.
	repeatedHead = regexp.MustCompile(`(?m)^\s*(to|an|à|para|a|aan|do|till|til|кому|subject|betreff|objet|asunto|oggetto|onderwerp|temat|тема)\s*:\s`)
	// meetingSubject are the beginnings that calendars give their answers.
	meetingSubject = regexp.MustCompile(`(?i)^\s*(accepted|declined|tentative(ly accepted)?|cancel+ed( event)?|zugesagt|abgesagt|abgelehnt|mit vorbehalt|unter vorbehalt|accepté|refusé|provisoire|annulé|aceptad[oa]|rechazad[oa]|provisional|cancelad[oa]|accettat[oa]|rifiutat[oa]|provvisori[oa]|annullat[oa]|geaccepteerd|afgewezen|voorlopig|geannuleerd|zaakceptowan[oey]|odrzucon[oey]|wstępnie|anulowan[oey])\s*(\([^)]*\))?\s*:`)
	calendarMethod = regexp.MustCompile(`(?im)^METHOD\s*[:;=]\s*"?([A-Z]+)`)
	// meetingLine are lines that a calendar writes, not a person; meetingData are
	// those of when, where and who, which begin as a person's may, and meetingTalk
	// is what tells them apart.
	meetingLine = regexp.MustCompile(`(?i)^\s*(.{0,120}(einladung|termin|invitation|invito|invitación|uitnodiging|zaproszenie)(\s.{0,120})?(angenommen|abgelehnt|zugesagt|abgesagt|zurückgezogen|accepted|declined|acceptée|refusée|accettato|aceptad[oa]|geaccepteerd|przyjęt[oea])\.?|.{0,120}\s(tentatively |vorläufig )?(accepted|declined|cancel+ed|zugesagt|abgesagt|angenommen|abgelehnt|accepté|refusé|annulé|aceptado|rechazado|cancelado|accettato|rifiutato|annullato|geaccepteerd|afgewezen|geannuleerd)\s(.{0,120}\s)?(\S{0,2}['’])?(invit|einladung|event|meeting|termin|réunion|evento|appointment|afspraak|reunión).{0,80}|.{0,40}\s(accepted|declined|zugesagt|abgesagt)\.?|invitation from google calendar.*|einladung von google kalender.*|https?://\S+|<https?://\S+>|you('re| are) receiving this.*|sie erhalten diese.*|to stop receiving.*|forwarding this invitation.*|.*google calendar.*|[-_=*~.· ]+|\S+@\S+( - .*)?|microsoft teams.*|join (the|on your).*|meeting id:.*|passcode:.*|view (all guest info|event).*|reply (for|to).*|sent from my .*|get outlook for .*|(von|vom) meinem .{0,40} gesendet.*|gesendet (von|mit) .{0,60}|outlook für .*|envoyé de(puis)? mon .*|enviado desde mi .*|inviato da(l)? .{0,60}|verzonden vanaf .{0,60})\s*$`)
	meetingData = regexp.MustCompile(`(?i)^\s*((when|where|wann|wo|ort|zeit|quand|où|cuándo|dónde|quando|dove|wanneer|waar|calendar|kalender|who|wer|organi[sz]er|organisator|guests|gäste|title|subject|betreff|location|time|date|datum)\s*:?.{0,200}|.{0,160}\d{1,2}([:.h]\d{2}|\s?[ap]m).{0,80})\s*$`)
	meetingTalk = regexp.MustCompile(`(?i)[?!]|(^|\s)(i|i'm|i'll|we|you|my|our|please|can|can't|could|would|instead|sorry|thanks?|is|are|too|better|ich|wir|sie|mir|uns|bitte|danke|leider|lieber|besser|kann|können|könnten|ist|zu|je|nous|vous|merci|désolé|est|gracias|podemos|puedo|es|grazie|possiamo|posso|ik|wij|u|graag|bedankt|kan|proszę|dziękuję|czy)([\s,.]|$)`)
	meetingNote = regexp.MustCompile(`(?i)with (this|a) note|mit (dieser|folgender) (notiz|nachricht|anmerkung)|avec (cette|une) (note|remarque)|con (esta|una|questa) nota|met (deze|een) (notitie|opmerking)`)
)

// receiptText knows a read receipt that is a plain mail by what its subject and
// its words say together.
func (v *evidence) receiptText() bool {
	if !readSubject.MatchString(v.subject) || len(v.text) > 3000 || v.asks() {
		return false
	}
	// A receipt repeats whose mail it is about, or answers it.
	return readWords.MatchString(v.text) && (v.answers() || v.submitted() != "" || repeatedHead.MatchString(v.text))
}

// calendar knows the answers that calendars send. One to which a person has
// added words is that person's mail; so is an invitation.
func (v *evidence) calendar() contact.AutoKind {
	switch v.meetingMethod() {
	case "REPLY", "CANCEL", "DECLINECOUNTER", "REFRESH":
	case "":
		if !strings.Contains(strings.ToLower(v.f.get("Content-Class")), "calendarmessage") || !meetingSubject.MatchString(v.u.Subject) {
			return contact.AutoNone
		}
	default:
		return contact.AutoNone
	}
	if v.wroteBeside() {
		return contact.AutoNone
	}
	return contact.AutoCalendar
}

// meetingMethod gives the method (RFC 5546 section 1.4) of the calendar in the
// mail, "" where there is none.
func (v *evidence) meetingMethod() string {
	p := findPart(v.root, "text/calendar", "application/ics")
	if p == nil {
		return ""
	}
	data, _ := beginning(p, 1<<20)
	if found := calendarMethod.FindSubmatch(data); found != nil {
		return strings.ToUpper(string(found[1]))
	}
	return strings.ToUpper(p.params["method"])
}

// wroteBeside tells whether somebody wrote words of their own beside what the
// calendar says.
func (v *evidence) wroteBeside() bool {
	own := strings.TrimSpace(v.u.ReplyText)
	if len(own) > judged || meetingNote.MatchString(own) { // no calendar writes that much
		return true
	}
	subject := strings.TrimSpace(meetingSubject.ReplaceAllString(clipTo(v.u.Subject, 1000), ""))
	google := strings.Contains(strings.ToLower(own), "calendar.google.com") || strings.Contains(strings.ToLower(own), "google calendar")
	words := 0
	for line := range strings.Lines(own) {
		line = strings.TrimSpace(line)
		data := meetingData.MatchString(line) && !meetingTalk.MatchString(line)
		if line == "" || data || meetingLine.MatchString(line) || google || subject != "" && strings.Contains(subject, line) {
			continue
		}
		if strings.HasPrefix(strings.ToUpper(line), "BEGIN:VCALENDAR") {
			break
		}
		words += len(strings.Fields(line))
	}
	return words > 0
}
