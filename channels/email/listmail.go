package email

import (
	"regexp"
	"slices"
	"strings"
)

// bulkFields are put into mail by services that send to many.
//
//nolint:gochecknoglobals // a table
var bulkFields = []string{
	"List-Unsubscribe-Post", "Feedback-ID", "X-Campaign", "X-CampaignID", "X-Campaign-Id", "X-Mailgun-Sid", "X-SG-EID", "X-MC-User",
	"X-Mandrill-User", "X-CSA-Complaints", "X-Report-Abuse", "X-Mailchimp-Campaign-Id", "X-rpcampaign", "X-SFMC-Stack", "X-Mailer-LID",
	"X-Mailer-RecptId", "X-EMarSys-Identify", "X-Sib-Id", "X-Mailin-EID", "X-Mailjet-Campaign", "X-MJ-Mid", "X-CleverReach-ID",
	"X-ACLogin", "X-Getresponse-Uid", "X-Newsletter", "X-Hubspot", "X-Klaviyo-Campaign", "X-Roving-Id", "X-MSYS-API",
}

var (
	// verpPath is a sender that carries the recipient's address in its own, or a
	// number for each mail, as services do to know what comes back.
	verpPath     = regexp.MustCompile(`(?i)[+=_-][^@=]*=[a-z0-9.-]+\.[a-z]{2,}@|^<?(bounces?|b|return|msprvs\d*|newsletter)[-+=_.].*@|^<?[0-9a-f]{16,}[-@]`)
	unsubscribes = regexp.MustCompile(`unsubscribe|manage (your )?(preferences|subscription)|view (it )?in (your )?browser|abbestellen|abmelden|austragen|im browser (ansehen|anzeigen)|désinscri|désabonn|darse de baja|cancelar (la )?suscripción|disiscri|annulla(re)? l'iscrizione|uitschrijven|afmelden|wypisać|wypisz|rezygnacj|avregistrer|avmeld|afmeld|отписаться|descadastr|退订`)
)

// listed tells whether the mail came over a mailing list or as a newsletter
// (RFC 2919, RFC 2369), whoever wrote it.
func (v *evidence) listed() bool {
	names := []string{"List-Id", "List-Post", "List-Unsubscribe", "Mailing-List", "X-Mailing-List", "X-BeenThere", "X-Mailman-Version"}
	return slices.ContainsFunc(names, v.f.has) || strings.EqualFold(strings.TrimSpace(v.f.get("Precedence")), "list")
}

// newsletter tells whether the mail went to many and nobody waits for an answer
// of ours. A list by which people write is not that by itself: the account knows
// whether it is a group of the company's own (see apartFromUs).
func (v *evidence) newsletter() bool {
	if posts := v.postAddresses(); len(posts) > 0 {
		return v.addressedTo(posts) || v.f.has("List-Id") && !v.answers()
	}
	if v.answers() && !v.noReply() || v.marketplace() {
		return false
	}
	if !v.u.list && !v.bulk() && !slices.ContainsFunc(bulkFields, v.f.has) {
		return false
	}
	marks := 0
	for _, mark := range []bool{
		v.f.has("List-Id"), v.bulk() || strings.EqualFold(strings.TrimSpace(v.f.get("Precedence")), "list"), v.noReply(),
		slices.ContainsFunc(bulkFields, v.f.has), verpPath.MatchString(v.f.get("Return-Path")) || verpPath.MatchString(v.f.get("Sender")),
		unsubscribes.MatchString(v.text),
	} {
		if mark {
			marks++
		}
	}
	switch {
	case v.f.has("List-Id"):
		return !v.person() || marks > 1
	case v.f.has("List-Unsubscribe"): // which gateways of companies give to all mail, and bulk with it
		return marks > 1 || marks == 1 && !v.bulk() && !v.person()
	case strings.EqualFold(strings.TrimSpace(v.f.get("Precedence")), "list"):
		return !v.person()
	default:
		return marks > 2 && !v.person()
	}
}

// answers tells whether the mail says of itself that it answers another.
func (v *evidence) answers() bool { return v.u.InReplyTo != "" || len(v.u.References) > 0 }

// postAddresses gives where members of the list write to, none where only its
// owner does (RFC 2369 section 3.4).
func (v *evidence) postAddresses() []string {
	return anyAddress.FindAllString(v.f.get("List-Post"), 5)
}

func (v *evidence) addressedTo(list []string) bool {
	for _, to := range slices.Concat(v.u.To, v.u.CC) {
		if slices.ContainsFunc(list, func(one string) bool { return strings.EqualFold(one, to.Address) }) {
			return true
		}
	}
	return false
}

// challengers are services that hold mail until its sender has proved something;
// challengeWords is what they say.
var (
	challengers    = regexp.MustCompile(`(?i)@([a-z0-9-]+\.)*(spamarrest\.com|boxbe\.com|mailinblack\.com|mailinblack\.fr|bluebottle\.com|vanquish\.com|knowspam\.net|mailblocks\.com|sendio\.com|spamcease\.com|digiportal\.com|spamlion\.com|altospam\.com|utiq\.com)$|(?i)^(confirm|challenge|verify|c-r|tmda|spamblocker|spamblocker-challenge|antispam\w*)[-+.@]`)
	challengeWords = regexp.MustCompile(`(your|this|the) (e-?mail|message|mail)[^.]{0,80}(is being held|has been (held|blocked|placed on hold|quarantined|delayed)|is (on hold|held|waiting|awaiting)|will (not )?be (delivered|released)|cannot be delivered until|held)|(confirm|prove|verify) (that )?(you are|you're) (a |not a |really )?(human|real|person|spam|robot|machine|legitimate)|to (have|get|ensure|complete) (your|the) (message|e-?mail|delivery|mail)[^.]{0,60}(deliver|release|verif|confirm)|sender (verification|authentication|confirmation)|(not|isn't) (yet )?(on|in) (my|their|his|her|the) (list of )?(approved|allowed|authori[sz]ed|known|white|guest)|one-time (confirmation|verification|process)|add(ed)? (you|yourself|me) to (my|the|their) (guest|white|approved|allowed) ?list|nachricht[^.]{0,80}(zurückgehalten|wartet auf|freigegeben|freizugeben)|bestätigen sie[^.]{0,80}(absender|mensch|kein spam|kein roboter)|(votre|ce) (message|mail|e-?mail|courriel)[^.]{0,80}(est (bloqué|retenu|en attente|mis en attente)|soit (remis|délivré|distribué))|authentifi(er|cation)[^.]{0,60}(expéditeur|message|adresse)|su (mensaje|correo)[^.]{0,80}(retenido|en espera|pendiente)|sua mensagem[^.]{0,80}(retida|aguardando|entregue)|(il (suo|tuo) messaggio|la (sua|tua) e-?mail)[^.]{0,80}(trattenut|in attesa)|uw (bericht|e-?mail)[^.]{0,80}(vastgehouden|wacht op)|(twoja|państwa) wiadomość[^.]{0,80}(wstrzyman|oczekuje)`)
	challengeAct   = regexp.MustCompile(`https?://|click|klick|cliqu|clic |clicca|klik|reply to this (message|e-?mail)|just reply|simply reply|antworten sie (einfach )?auf|répondre à ce|responda a este|rispondere a questo`)
)

// verifySubject is how BoxTrapper, of many web hosts, ends the subject by which it
// knows the answer.
var verifySubject = regexp.MustCompile(`verify#[A-Za-z0-9_-]+\s*$`)

// challenge knows the systems that hold a mail until its sender proves to be a
// person. Nobody but an agent should follow what they ask.
func (v *evidence) challenge() bool {
	word := v.submitted()
	known := challengers.MatchString(v.u.From.Address) || v.f.has("X-TMDA-Fingerprint") || v.f.has("X-Boxbe") || v.f.has("X-SpamArrest") || v.f.has("X-Challenge") || v.f.has("X-ASK-Info") || v.f.has("X-Boxtrapper") || verifySubject.MatchString(v.u.Subject)
	if !known && (v.person() || !v.nullPath() && !v.bulk() && !v.autoHeader() && !strings.HasPrefix(word, "auto-")) {
		return false
	}
	return challengeWords.MatchString(v.text) && challengeAct.MatchString(v.text)
}
