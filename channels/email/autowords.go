package email

import (
	"regexp"
	"strings"
)

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

// confirmSubject and confirmWords are what ticket systems confirm a receipt by,
// many of them without a mark; caseNumber is what they give the matter, and
// confirmLocal the sender that they have. People call a mail the same and write
// of what they received, so the words must be of our own mail, and none be of
// what somebody sends, lacks or complains of.
var (
	confirmSubject = regexp.MustCompile(`^\s*(\[[^\]]{1,60}\]\s*)?(ticket (received|created|opened)|(request|case|message) received|(your|ihre?|votre|su|uw) (ticket|request|case|anfrage|demande|solicitud|verzoek)\b|we('ve| have) received your|eingangsbestätigung|empfangsbestätigung|accusé de réception|hemos recibido|abbiamo ricevuto|ontvangstbevestiging|potwierdzenie (otrzymania|przyjęcia))`)
	confirmWords   = regexp.MustCompile(`(?s)` + strings.Join([]string{
		`(received|logged|registered) your (e-?mail|message|request|enquiry|inquiry|ticket|case)`, `(ticket|request|case)\b.{0,60} (has|have) been (successfully )?(created|opened|logged|registered|received)`,
		`ihre? (nachricht|anfrage|e-?mail|mail|anliegen|schreiben|ticket)\b.{0,80}(eingegangen|erhalten|erfasst|erstellt|angelegt|aufgenommen|registriert)`, `(ticket|vorgang)\b.{0,60}wurde .{0,30}(erstellt|erfasst|angelegt|eröffnet)`,
		`reçu votre (demande|message|e-?mail|courriel|requête)`, `votre (demande|message|e-?mail|courriel|requête|ticket)\b.{0,80}a (bien )?été (reçue?|créée?|enregistrée?)`,
		`(hemos recibido|recibimos) su (mensaje|solicitud|correo|consulta)`, `su (solicitud|consulta|ticket|mensaje|correo)\b.{0,60}ha sido (recibid|cread|registrad)`,
		`abbiamo ricevuto la (sua|vostra|tua) (richiesta|e-?mail)`, `(sua|vostra|tua) (richiesta|e-?mail|segnalazione)\b.{0,60}è stata (ricevut|creat|registrat)`,
		`uw (bericht|verzoek|e-?mail|vraag|aanvraag)\b.{0,60}(ontvangen|aangemaakt|geregistreerd)`, `(otrzymaliśmy|przyjęliśmy) .{0,20}(zgłoszenie|wiadomość)`, `zgłoszenie\b.{0,60}zostało (przyjęte|zarejestrowane|utworzone)`,
	}, "|"))
	confirmNot   = regexp.MustCompile(`\b(but|however|missing|broken|damaged|wrong|attached|enclosed|refund|aber|jedoch|leider|fehlt|fehlen|kaputt|defekt|falsch|anbei|anhang|mais|manque|cassée?|ci-joint|pero|falta|roto|adjunt[oa]?|però|manca|rotto|allegat[oa]|maar|ontbreekt|kapot|bijlage|ale|brakuje|załącz\w*)\b`)
	caseNumber   = regexp.MustCompile(`#\s?\d{2,}|\b[a-z]{0,10}-?\d{4,}\b`)
	confirmLocal = regexp.MustCompile(`^((it|customer|client|kunden|user|web|tech|shop)?[-_.]?(help|support|services?|care|desk|tickets?|requests?)[-_.]?(desk|cent(er|re)|team|system)?|info|post|poststelle|mail|office|contact|kontakt|hilfe|anfragen?|kunden(dienst|center|betreuung)|soporte|atencion\w*|ayuda|assistance|serviceclients?|assistenza|klantenservice|biuro|bok|pomoc)([-+_.0-9].*)?$`)
)

// confirms tells whether a ticket system confirms that our mail came.
func (v *evidence) confirms() bool {
	switch {
	case !confirmSubject.MatchString(v.subject), !v.noReply() && !confirmLocal.MatchString(v.local), len(v.u.Attachments) > 0:
		return false
	case v.asks(), confirmNot.MatchString(v.own):
		return false
	}
	return confirmWords.MatchString(v.own) && caseNumber.MatchString(v.subject+"\n"+v.own)
}
