package email

import (
	"regexp"
	"strings"

	"stagecoach/contact"
)

// Servers that don't follow RFC 3464 report in words. What they say is known
// from their sources and from the reports of large providers; nothing is taken
// for a report unless a mail system signs it.

var (
	// daemonLocal are those who never are people; systemLocal also may be.
	daemonLocal = regexp.MustCompile(`^(mailer[-_. ]?daemon|mail[-_]?daemon|mdaemon|mail[-_.]?delivery([-_.]?(sub)?system)?|mail-?error|mailerdaemon|microsoftexchange[0-9a-f]{16,}|returnedmail|non-?delivery)([-+=].*)?$`)
	systemLocal = regexp.MustCompile(`^(postmaster|bounces?|mail-?system|noreply|no-reply|null)([-+=].*)?$`)
	daemonName  = regexp.MustCompile(`(?i)^\W*(mail(er)?[- ]?daemon|mail delivery (sub)?system|mail (delivery )?(sub)?system|postmaster|mail administrator|internet mail service|system administrator|microsoft outlook|.*courier mail server.*|sistema de correo|système de (messagerie|distribution))\W*$`)
	// reportSubject is what only servers call a mail.
	reportSubject = regexp.MustCompile(`^(delivery failure: |undeliverable: |undeliverable mail$|unzustellbar: |nicht zustellbar: |undelivered mail returned|returned mail: |mail system error|mail delivery failed: |delivery status notification)`)

	failSubject = regexp.MustCompile(`undeliver|not deliverable|nondeliver|unzustellbar|nicht zustellbar|delivery (status )?(notification )?\(?(failure|failed|error)|delivery (has )?fail|(mail|message) delivery (failed|failure)|delivery failure|failure (notice|notification)|^returned mail|returned to sender|returning (message|mail) to sender|mail (system|delivery) error|could not be delivered|delivery problem|non[- ]?(remis|distribu)|échec de (la )?(remise|distribution)|no se (pudo|puede|ha podido) entregar|correo (no entregado|devuelto)|error de entrega|mancato recapito|impossibile recapitare|niet bezorgd|onbestelbaar|kan niet worden (bezorgd|afgeleverd)|nie (można|udało się) (dostarczyć|doręczyć)|niedostarcz|не доставлено|недоставлен|não (foi )?entreg|devolvid|teslim edilemedi|mail failure|mail returned|undeliverable mail|status notification \(failure|rejected:|message status - undeliver|配信不能|投递失败|退信`) //nolint:misspell // Italian
	failStrong  = regexp.MustCompile(`permanent (fatal )?error|failed permanently|permanent failure|i'm not going to try again|i've given up|giving up|gave up|this is a permanent|permanently rejected|endgültig|dauerhaft|permanente?r? fehler|erreur permanente|error permanente|errore permanente`)
	failWords   = regexp.MustCompile(`qmail-send program|could ?n[o']?t be delivered|was ?n[o']t delivered|(has|have) not been delivered to|not delivered to|did not reach the following|wasn't able to deliver|unable to deliver|undeliverable|delivery (to the following recipients? |has )?failed|(user|recipient|mailbox|address|account)[a-z ]{0,20} (unknown|not found|does ?n[o']t exist|invalid|rejected|disabled|unavailable|not (listed|recogni[sz]ed))|unknown (user|recipient|address)|no such (user|mailbox|recipient|person)|(mailbox|quota|storage)[a-z ']{0,30}(full|exceeded|exceeds)|over (its |the )?quota|(returned|returning) (mail|message)|message (was |has been )?(rejected|refused|blocked)|konnten? nicht (zugestellt|übermittelt|übertragen|ausgeliefert) werden|nicht zugestellt|unzustellbar|n'a (pas )?pu être (remis|distribué|délivré|livré|envoyé)|échec de la remise|no (se )?(ha |pudo |puede |ha podido )?(ser )?entreg|non (è stato (possibile )?|può essere |recapit|consegnat)|(kon|kan) niet worden (bezorgd|afgeleverd)|nie (można|udało się|została? )[a-zż ]{0,20}(dostarcz|doręcz)|не (может быть|удалось|было|была|будет) доставлен|не доставлено|não (pôde|foi) (ser )?entreg|配信できません|无法投递`) //nolint:misspell // Italian
	delayWords  = regexp.MustCompile(`warning message only|do ?n[o']?t need to (resend|send)|do not (need to )?resend|will (be retried|keep trying|continue (to try|trying))|(continue|keep) trying|still (being )?(trying|retried|queued)|delivery attempts will continue|will retry|retried (until|for)|has not (yet )?been delivered|not yet been delivered|delivery (is |has been )?(delayed|incomplete)|delayed mail|temporarily (delayed|undeliverable)|message delay|no action is required|noch nicht (zugestellt|ausgeliefert)|verzögert|weitere zustellversuche|wird weiter(hin)? versucht|retard(é|ée)|sera (à nouveau )?(retenté|réessayé)|se (seguirá|volverá a) intenta|retrasad|ritardo nella consegna|ritardat|vertraag|opóźnion|задержан|повторн|ponovno|gecikti`)
	doneWords   = regexp.MustCompile(`(was |has been |were )?success(fully|ful) (delivered|relayed|delivery)|successful mail delivery|delivered to the following recipients|relayed to (the following|these)|erfolgreich (zugestellt|übermittelt)|remis avec succès|delivery (status )?notification \((success|relay)`)

	// quotedMail begins what a server quotes of our mail.
	quotedMail = regexp.MustCompile(`(?im)^\s*(-{2,}.{0,80}(original|copy of|returned|unsent|message header|included|undelivered|the header|ursprüngliche|message d'origine|mensaje original|messaggio originale|below this line).*|original message( follows| headers)?[.:]?|(return-path|received|message-id|dkim-signature|mime-version)\s*:.*)$`)
	quotedID   = regexp.MustCompile(`(?im)^[\s>]*message-id\s*:\s*<([^<>\s]+)>`)
	quotedMark = regexp.MustCompile(`(?im)^[\s>]*` + replyField + `\s*:\s*([0-9a-f-]{36})\s*$`)
	smtpCode   = regexp.MustCompile(`(?:^|[\s:(#])([45]\d\d)[\s-]`)
)

// daemon tells whether a mail system may sign the mail.
func (v *evidence) daemon() bool {
	return daemonLocal.MatchString(v.local) || systemLocal.MatchString(v.local) || daemonName.MatchString(v.u.From.Name)
}

// bounceText gives what a report in words says, nil where the mail is none.
func (v *evidence) bounceText() *contact.Bounce {
	never, exim := daemonLocal.MatchString(v.local), v.f.has("X-Failed-Recipients")
	if answerSubject.MatchString(v.u.Subject) || v.person() && !never && !exim || v.f.has("List-Id") || v.f.has("List-Unsubscribe") {
		return nil
	}
	if !exim && !v.daemon() && !v.nullPath() {
		return nil
	}
	said, quoted := clipTo(v.u.Text, 4*judged), ""
	if at := quotedMail.FindStringIndex(said); at != nil {
		said, quoted = said[:at[0]], said[at[0]:]
	}
	low := strings.ToLower(clip(said))
	about := v.subject + "\n" + low
	failed := failSubject.MatchString(v.subject) || failWords.MatchString(low)
	delayed := delayWords.MatchString(about) && !failStrong.MatchString(low)
	switch sure := never || exim; {
	case !failed && !delayed && !sure, !sure && !v.markedAsReport(low, quoted):
		return nil
	case !failed && !delayed && (autoSubject.MatchString(v.subject) || v.f.has("In-Reply-To") || doneWords.MatchString(about)):
		return nil
	}
	b := &contact.Bounce{Permanent: !delayed, Recipient: v.failedRecipient(), OriginalID: originalID(v.root)}
	v.readWords(b, said, quoted)
	return b
}

// markedAsReport tells whether more than its words makes a mail a report, where
// its sender may be a person: a postmaster who writes of addresses unknown is
// one.
func (v *evidence) markedAsReport(low, quoted string) bool {
	word := v.submitted()
	switch {
	case v.nullPath(), strings.HasPrefix(word, "auto-"):
		return true
	case v.f.has("X-MS-Exchange-Message-Is-Ndr"), v.f.has("X-MS-Embedded-Report"):
		return true
	case quotedID.MatchString(quoted):
		return !v.asks()
	default:
		return reportSubject.MatchString(v.subject) && failWords.MatchString(low) && !strings.Contains(low, "?")
	}
}

// readWords takes what a report in words tells out of it.
func (v *evidence) readWords(b *contact.Bounce, said, quoted string) {
	if b.OriginalID == "" {
		b.OriginalID = v.quotedID(quoted)
	}
	if b.OriginalID == "" {
		b.OriginalID = v.answered()
	}
	if b.Recipient == "" {
		b.Recipient = v.addressIn(said)
	}
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		code := enhancedCode.FindString(line)
		basic := smtpCode.FindStringSubmatch(" " + line + " ")
		if code == "" && basic == nil || strings.HasPrefix(code, "2") {
			continue
		}
		if b.Code = code; code == "" {
			b.Code = basic[1][:1] + ".0.0"
		}
		b.Diagnostic = clipTo(line, 300)
		return
	}
	for line := range strings.Lines(said) {
		if failWords.MatchString(strings.ToLower(line)) {
			b.Diagnostic = clipTo(strings.Join(strings.Fields(line), " "), 300)
		}
	}
}

// quotedID finds the Message-ID in a copy of our mail that is part of the text.
func (v *evidence) quotedID(quoted string) string {
	id := quotedID.FindStringSubmatch(quoted)
	mark := quotedMark.FindStringSubmatch(quoted)
	switch {
	case mark != nil && replyForm.MatchString(mark[1]):
		return mark[1]
	case id != nil:
		return id[1]
	default:
		return ""
	}
}

// addressIn finds the recipient that a report names: the first address that is
// neither ours nor the reporter's.
func (v *evidence) addressIn(said string) string {
	for _, found := range anyAddress.FindAllString(said, 20) {
		address := cleanAddress(strings.TrimRight(found, ".:;,"))
		local := strings.ToLower(localOf(address))
		if address == "" || daemonLocal.MatchString(local) || local == "postmaster" || strings.EqualFold(address, v.u.From.Address) {
			continue
		}
		ours := false
		for _, to := range v.u.To {
			ours = ours || strings.EqualFold(to.Address, address)
		}
		if !ours {
			return address
		}
	}
	return ""
}

// bounceReason says in plain words why a mail could not be delivered, "" if that
// isn't known.
func bounceReason(b *contact.Bounce) string {
	said := strings.ToLower(b.Diagnostic)
	_, detail, _ := strings.Cut(b.Code, ".")
	has := func(words ...string) bool {
		for _, word := range words {
			if strings.Contains(said, word) {
				return true
			}
		}
		return false
	}
	switch {
	case detail == "2.2", has("quota", "mailbox full", "mailbox is full", "storage"):
		return "the mailbox is full"
	case detail == "1.1", detail == "1.6", detail == "1.10", detail == "1.0", has("user unknown", "unknown user", "no such user", "does not exist", "doesn't exist", "not found", "not listed", "no mailbox"):
		return "there is no such mailbox"
	case detail == "2.1", has("disabled", "inactive"):
		return "the mailbox is closed"
	case detail == "3.4", detail == "2.3", has("too large", "size limit", "too big"):
		return "the mail is too large"
	case detail == "1.2", detail == "4.4", has("host not found", "domain not found", "host unknown", "nxdomain", "no mx"):
		return "there is no such domain, or it takes no mail"
	case detail == "4.7", detail == "4.1", detail == "4.2", has("timed out", "time out", "refused connection", "connection refused"):
		return "their server could not be reached in time"
	case strings.HasPrefix(detail, "7."), has("spam", "blocked", "policy", "blacklist", "denied"):
		return "their server refused it by its rules"
	default:
		return ""
	}
}
