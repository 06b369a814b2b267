package email

import "regexp"

// The words of reports that follow no standard.
var (
	// daemonLocal are those who never are people; systemLocal also may be.
	daemonLocal = regexp.MustCompile(`^"?(mailer[-_. ]?daemon|mail[-_]?daemon|mdaemon|mail[-_.]?delivery([-_.]?(sub)?system)?|mail-?error|mailerdaemon|microsoftexchange[0-9a-f]{16,}|returnedmail|non-?delivery|mail-?returned|mail_?delivery_?failure)(([-+=].*)?|"?)$`)
	systemLocal = regexp.MustCompile(`^"?(postmaster\\?|bounces?|mail-?system|system[ ._-]?administrator|noreply|no-reply|null)([-+=].*|"?)$`)
	daemonName  = regexp.MustCompile(`(?i)^\W*(mail(er)?[- ]?daemon|mail delivery (sub)?system|mail (delivery )?(sub)?system|postmaster|mail administrator|mail deliver(y|er)? system|mmsc ndr administrator|automated response from .* postmaster|internet mail service|system administrator|microsoft outlook|.*courier mail server.*|sistema de correo|système de (messagerie|distribution))\W*$`)
	// reportSubject is what only servers call a mail.
	reportSubject = regexp.MustCompile(`^(delivery failure: |undeliverable: |undeliverable mail$|unzustellbar: |nicht zustellbar: |undelivered mail returned|returned mail: |mail system error|mail delivery failed: |delivery notification: delivery has failed|undeliverable message$|delivery status notification)`)

	failSubject = regexp.MustCompile(`undeliver|not deliverable|nondeliver|unzustellbar|nicht zustellbar|delivery (status )?(notification )?\(?(failure|failed|error)|delivery (has )?fail|(mail|message) delivery (failed|failure)|delivery failure|failure (notice|notification)|^returned mail|returned to sender|returning (message|mail) to sender|mail (system|delivery) error|could not be delivered|delivery problem|non[- ]?(remis|distribu)|échec de (la )?(remise|distribution)|no se (pudo|puede|ha podido) entregar|correo (no entregado|devuelto)|error de entrega|mancato recapito|impossibile recapitare|niet bezorgd|onbestelbaar|kan niet worden (bezorgd|afgeleverd)|nie (można|udało się) (dostarczyć|doręczyć)|niedostarcz|не доставлено|недоставлен|não (foi )?entreg|devolvid|teslim edilemedi|mail failure|mail returned|undeliverable mail|status notification \(failure|rejected:|message status - undeliver|failed mail|there was an error sending your mail|non-delivery|permanent delivery failure|automatically rejected mail|配信不能|配信エラー|邮件传输失败|投递失败|退信`) //nolint:misspell // Italian
	failStrong  = regexp.MustCompile(`permanent (fatal )?error|failed permanently|permanent errors?\b|not delivered within|undeliverable due to the following|permanent failure|i'm not going to try again|i've given up|giving up|gave up|this is a permanent|permanently rejected|endgültig|dauerhaft|permanente?r? fehler|erreur permanente|error permanente|errore permanente`)
	failWords   = regexp.MustCompile(`qmail-send program|could ?n[o']?t be delivered|can ?n[o']?t be delivered|could not deliver|failed recipient|did not receive (this|your) (message|mail)|invalid final delivery|delivery failed \d+ attempts|had delivery errors|rejected by a remote|automatically rejected|trouble delivering|error was detected while processing|encountered delivery problems|not delivered to the following|no valid recipients|was ?n[o']t delivered|(has|have) not been delivered to|not delivered to|did not reach the following|wasn't able to deliver|unable to deliver|undeliverable|delivery (to the following recipients? |has )?failed|(user|recipient|mailbox|address|account)[a-z ]{0,20} (unknown|not found|does ?n[o']t exist|invalid|rejected|disabled|unavailable|not (listed|recogni[sz]ed))|unknown (user|recipient|address)|no such (user|mailbox|recipient|person)|(mailbox|quota|storage)[a-z ']{0,30}(full|exceeded|exceeds)|over (its |the )?quota|(returned|returning) (mail|message)|message (was |has been )?(rejected|refused|blocked)|konnten? nicht (zugestellt|übermittelt|übertragen|ausgeliefert) werden|nicht zugestellt|unzustellbar|n'a (pas )?pu être (remis|distribué|délivré|livré|envoyé)|échec de la remise|no (se )?(ha |pudo |puede |ha podido )?(ser )?entreg|non (è stato (possibile )?|può essere |recapit|consegnat)|(kon|kan) niet worden (bezorgd|afgeleverd)|nie (można|udało się|została? )[a-zż ]{0,20}(dostarcz|doręcz)|не (может быть|удалось|было|была|будет) доставлен|не доставлено|não (pôde|foi) (ser )?entreg|配信できません|无法投递`) //nolint:misspell // Italian
	delayWords  = regexp.MustCompile(`warning message only|do ?n[o']?t need to (resend|send)|do not (need to )?resend|will (be retried|keep trying|continue (to try|trying))|(continue|keep) trying|still (being )?(trying|retried|queued)|delivery attempts will continue|will retry|retried (until|for)|not yet been delivered|has been postponed|still (could|can) ?not be delivered|delivery (is |has been )?(delayed|incomplete)|delayed mail|temporarily (delayed|undeliverable)|message delay|no action is required|noch nicht (zugestellt|ausgeliefert)|verzögert|weitere zustellversuche|wird weiter(hin)? versucht|retard(é|ée)|sera (à nouveau )?(retenté|réessayé)|se (seguirá|volverá a) intenta|retrasad|ritardo nella consegna|ritardat|vertraag|opóźnion|задержан|повторн|ponovno|gecikti`)
	doneWords   = regexp.MustCompile(`(was |has been |were )?success(fully|ful) (delivered|relayed|delivery)|successful mail delivery|delivered to the following recipients|relayed to (the following|these)|erfolgreich (zugestellt|übermittelt)|remis avec succès|delivery (status )?notification \((success|relay)`)

	// quotedMail begins what a server quotes of our mail.
	quotedMail = regexp.MustCompile(`(?im)^\s*(-{2,}.{0,80}(original|copy of|returned|unsent|message header|included|undelivered|the header|ursprüngliche|message d'origine|mensaje original|messaggio originale|below this line).*|original message( follows| headers)?[.:]?|(return-path|received|message-id|dkim-signature|mime-version)\s*:.*)$`)
	quotedID   = regexp.MustCompile(`(?im)^[\s>]*message-id\s*:\s*<([^<>\s]+)>`)
	quotedMark = regexp.MustCompile(`(?im)^[\s>]*` + replyField + `\s*:\s*([0-9a-f-]{36})\s*$`)
	smtpCode   = regexp.MustCompile(`(?:^|[\s:(#])([45]\d\d)[\s-]`)
)

// reportLine is a line that only servers write: who failed and how.
var reportLine = regexp.MustCompile(`(?im)^\W*(failed recipients?\b|error-for:|final-recipient:|remote host said:|smtp error from remote|reporting-mta:|diagnostic[- ]code:|failure reasons\b|error detail \(|invalid final delivery userid:|delivery failed \d+ attempts:|unknown user: \S+@|returned message -)|^\s*(sent <<<|received >>>|error-text:|remote system:)|^\s*<[^<>@\s]+@[^<>\s]+>:?\s*$|^\s*(\S+@\S+|<\S+@\S+>)[:.]?\s.{0,60}\b[45]\d\d[ -][45]\.\d\.\d\b`)

// failedAfter is what stands before the recipient whom a mail did not reach,
// notWhom before another address.
var (
	failedAfter = regexp.MustCompile(`(?i)(did not reach the following recipients?(\(s\))?:|failed recipients?:?|error-for:|(following|these) (recipient|address|user)(s|es|\(s\)|\(es\))?[^\n@]{0,80}:|recipient address:|unknown user:|delivery userid:|originally addressed to)`)
	notWhom     = regexp.MustCompile(`(?i)\b((mail|message|sent|received) from|sent by|contact|please (reply|write) to|reply to)\W*$`)
)

// refusedWords are said where a filter of the recipient's refuses a mail.
var refusedWords = regexp.MustCompile(`rejected|refused|refusal|quota|abgelehnt|zurückgewiesen|refusé|rejeté|rechazad|rifiutat|geweigerd|odrzucon`)
