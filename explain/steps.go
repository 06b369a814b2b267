package explain

import (
	"stagecoach/contact"
	"stagecoach/ledger"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
)

// step tells one entry of the log, "" for one that says nothing to people.
func (t *Teller) step(e *ledger.Entry) string {
	switch e.Kind {
	case "contact_opened":
		return t.opened(e)
	case "message_received":
		return t.say("a message of %[1]s arrived by %[2]s%[3]s", "eine Nachricht von %[1]s kam per %[2]s%[3]s", t.second(e.Until), t.channel(e.Channel), t.joined(&e.Detail))
	case "message_joined":
		return t.say("a further message joined", "eine weitere Nachricht kam dazu")
	case "evidence_received":
		return t.say("evidence: %s", "Beleg: %s", t.code(e.Code))
	case "offer_made":
		return t.say("offered to %[1]s until %[2]s under policy %[3]s", "%[1]s angeboten bis %[2]s, nach Regelwerk %[3]s", t.name(e.Agent), t.second(e.Until), or(e.Detail.Policy))
	case "offer_ended":
		return t.offerEnded(e)
	case "assigned":
		return t.assigned(e)
	case "unassigned":
		return t.say("taken back from %[1]s by %[2]s%[3]s", "%[1]s abgenommen durch %[2]s%[3]s", t.name(e.Agent), t.name(e.Actor), t.because(e.Reason))
	case "customer_changed":
		return t.CustomerChanged(e)
	case "holder_warned":
		return t.say("%s was warned for being silent", "%s wurde gemahnt: Es gab noch keine Antwort", t.name(e.Agent))
	case "hold_extended":
		return t.say("its holder is at work; kept until %s", "es wird daran gearbeitet; bleibt bis %s", t.second(e.Until))
	case "moved":
		return t.say("moved to queue %[1]s by %[2]s%[3]s", "in die Warteschlange %[1]s gelegt durch %[2]s%[3]s", e.Code, t.name(e.Actor), t.because(e.Reason))
	}
	return t.laterStep(e)
}

func (t *Teller) opened(e *ledger.Entry) string {
	text := t.say("opened for %[1]s, due %[2]s, queue %[3]s", "eröffnet: %[1]s, fällig %[2]s, Warteschlange %[3]s", t.promise(router.PromiseKind(e.Code)), t.second(e.Until), or(e.Detail.Queue))
	if e.Detail.Rule != "" {
		text += t.say(", by rule %s", ", durch die Regel %s", e.Detail.Rule)
	}
	if e.Detail.Proposed != "" {
		text += t.say(", proposed as %s", ", vorgeschlagen als %s", t.code(e.Detail.Proposed))
	}
	text += t.say(" under policy %s", " nach Regelwerk %s", or(e.Detail.Policy))
	if said := t.Said(e.Detail.Said); said != "" {
		text += "; " + said
	}
	return text
}

// Said tells what an external classifier said, "" where none was asked.
func (t *Teller) Said(s *policies.Said) string {
	if s == nil {
		return ""
	}
	sure := (s.Confidence + 5) / 10
	switch {
	case s.Used:
		return t.say("the external classifier named its class %[1]s (%[2]d %% sure)", "der externe Klassifizierer nannte die Klasse %[1]s (zu %[2]d %% sicher)", s.Class, sure)
	case s.Trouble == policies.TroubleUnsure:
		return t.say("the external classifier was too little sure (%d %%), the rules decided", "der externe Klassifizierer war zu wenig sicher (%d %%), es entschieden die Regeln", sure)
	case s.Trouble != "":
		return t.say("the external classifier %s, the rules decided", "der externe Klassifizierer %s, es entschieden die Regeln", t.saidTrouble(s.Trouble))
	case s.Class != "":
		return t.say("the external classifier named the class %[1]s, a rule came first", "der externe Klassifizierer nannte die Klasse %[1]s, eine Regel ging vor", s.Class)
	}
	return t.say("the external classifier named no class, the rules decided", "der externe Klassifizierer nannte keine Klasse, es entschieden die Regeln")
}

// saidTrouble says why a classifier said nothing that counts.
func (t *Teller) saidTrouble(kind policies.Trouble) string {
	switch kind {
	case policies.TroubleTimeOut:
		return t.say("did not answer in time", "antwortete nicht rechtzeitig")
	case policies.TroubleUnreachable:
		return t.say("could not be reached", "war nicht zu erreichen")
	case policies.TroubleRefused:
		return t.say("answered with an error", "antwortete mit einem Fehler")
	case policies.TroubleBroken:
		return t.say("gave an answer that can't be read", "gab eine unlesbare Antwort")
	case policies.TroubleUnknownClass:
		return t.say("named a class that there isn't", "nannte eine Klasse, die es nicht gibt")
	case policies.TroubleBusy:
		return t.say("was asked too much at once", "hatte zu viele Fragen auf einmal")
	case policies.TroublePaused:
		return t.say("was left alone, as it had failed often", "wurde nicht gefragt, weil er oft versagt hatte")
	case policies.TroubleUnsure:
		return t.say("was too little sure", "war zu wenig sicher")
	}
	return string(kind)
}

func (t *Teller) offerEnded(e *ledger.Entry) string {
	who, why := t.name(e.Agent), t.because(e.Reason)
	text := t.say("the offer to %[1]s ended%[2]s", "das Angebot an %[1]s endete%[2]s", who, why)
	switch router.OfferEnd(e.Code) {
	case router.OfferDeclined:
		text = t.say("the offer to %[1]s was declined%[2]s", "das Angebot an %[1]s wurde abgelehnt%[2]s", who, why)
	case router.OfferExpired:
		text = t.say("the offer to %[1]s ran out%[2]s", "das Angebot an %[1]s lief ab%[2]s", who, why)
	case router.OfferRevoked:
		text = t.say("the offer to %[1]s was revoked%[2]s", "das Angebot an %[1]s wurde zurückgezogen%[2]s", who, why)
	}
	if !e.Until.IsZero() {
		text += t.say("; passed over until %s", "; wird bis %s nicht wieder gefragt", t.second(e.Until))
	}
	return text
}

func (t *Teller) assigned(e *ledger.Entry) string {
	who, by := t.name(e.Agent), t.name(e.Actor)
	switch {
	case e.Item != "":
		return t.say("accepted by %s", "angenommen von %s", who)
	case e.Actor == e.Agent:
		return t.say("taken by %[1]s%[2]s", "genommen von %[1]s%[2]s", who, t.because(e.Reason))
	case e.Detail.Override:
		return t.say("given to %[1]s by %[2]s%[3]s, above capacity", "an %[1]s gegeben durch %[2]s%[3]s, über den Platz hinaus", who, by, t.because(e.Reason))
	}
	return t.say("given to %[1]s by %[2]s%[3]s", "an %[1]s gegeben durch %[2]s%[3]s", who, by, t.because(e.Reason))
}

func (t *Teller) laterStep(e *ledger.Entry) string {
	switch e.Kind {
	case "at_risk":
		return t.say("at risk of being late, due %s", "gefährdet, fällig %s", t.second(e.Until))
	case "miss_foreseen":
		return t.say("will probably be late, due %s", "kommt voraussichtlich zu spät, fällig %s", t.second(e.Until))
	case "breached":
		return t.say("LATE: the due time %s was missed", "ZU SPÄT: Der Zeitpunkt %s wurde verpasst", t.second(e.Until))
	case "contacts_revised":
		if e.Detail.Queue != "" {
			return t.say("taken for another class by policy %[1]s: queue %[2]s, due %[3]s",
				"nach Regelwerk %[1]s anders eingeordnet: Warteschlange %[2]s, fällig %[3]s", e.Detail.Policy, e.Detail.Queue, t.second(e.Until))
		}
		return t.say("promised anew by policy %[1]s: due %[2]s", "nach Regelwerk %[1]s neu versprochen: fällig %[2]s", e.Detail.Policy, t.second(e.Until))
	case "nobody_able":
		return t.nobodyAble(e.Reason)
	case "escalated":
		return t.escalated(e)
	case "escalation_told":
		return t.escalationTold(e)
	case "last_resort_told":
		return t.say("the last resort %s was told", "die letzte Instanz %s wurde verständigt", e.Reason)
	case "acknowledgement_owed":
		return t.say("an automatic receipt is owed, which promises an answer by %s", "eine Eingangsbestätigung ist geschuldet, die eine Antwort bis %s verspricht", t.second(e.Until))
	case "acknowledgement_dropped":
		return t.say("the automatic receipt is not sent: %s", "die Eingangsbestätigung wird nicht geschickt: %s", t.receipt(e.Reason))
	case "reply_channel_chosen":
		return t.replyChannel(e)
	case "outbound_held", "outbound_released", "outbound_dropped":
		return t.heldStep(e)
	case "conversation_joined", "conversation_parted":
		return t.togetherStep(e)
	case "recipients_refused":
		return t.refused(e)
	case "reply_queued":
		return t.replied(e)
	case "attempt_granted":
		return t.say("attempt %d at sending", "%d. Versuch zu senden", e.Detail.Attempt)
	case "attempt_failed":
		return t.say("sending failed%[1]s%[2]s, again at %[3]s", "Senden misslang%[1]s%[2]s, wieder um %[3]s", t.because(e.Reason), code(e.Code), t.second(e.Until))
	case "reply_delivered":
		return t.say("the reply was delivered", "die Antwort wurde zugestellt")
	case "reply_in_doubt":
		return t.say("nobody knows whether the reply arrived%s", "niemand weiß, ob die Antwort ankam%s", t.because(e.Reason))
	case "reply_failed":
		if e.Detail.Bounced {
			return t.say("the reply came back%[1]s%[2]s", "die Antwort kam zurück%[1]s%[2]s", t.because(e.Reason), code(e.Code))
		}
		return t.say("the reply could not be delivered%[1]s%[2]s", "die Antwort war nicht zustellbar%[1]s%[2]s", t.because(e.Reason), code(e.Code))
	case "contact_ended":
		return t.end(e)
	case "contact_reopened":
		return t.say("opened again with its first clock, due %[1]s%[2]s", "wieder offen mit der ersten Uhr, fällig %[1]s%[2]s", t.second(e.Until), t.because(e.Reason))
	case "feedback_given":
		return t.feedback(e)
	case "noted":
		return t.say("%s left a note", "%s hinterließ eine Notiz", t.name(e.Actor))
	}
	return ""
}

// nobodyAble says that nobody could ever take it, or that somebody could after all.
func (t *Teller) nobodyAble(lacks string) string {
	var why string
	switch match.Gate(lacks) {
	case "":
		return t.say("somebody could take it now", "jetzt könnte ihn jemand nehmen")
	case match.GateChannel:
		why = t.say("most do not work on its channel", "die meisten arbeiten nicht auf seinem Kanal")
	case match.GateLanguage:
		why = t.say("most do not speak its language", "die meisten sprechen seine Sprache nicht")
	case match.GateExcluded:
		why = t.say("most have a skill that it excludes", "die meisten haben eine Fähigkeit, die ausgeschlossen ist")
	case match.GateSkill, match.GateWish:
		why = t.say("most lack its skills", "den meisten fehlt, was er verlangt")
	default:
		why = t.code(lacks)
	}
	return t.say("nobody who is known, at work or not, could ever take it: %s", "niemand, ob da oder nicht, könnte ihn je nehmen: %s", why)
}

func (t *Teller) replied(e *ledger.Entry) string {
	switch contact.ReplyKind(e.Code) {
	case contact.Acknowledgement:
		return t.say("the automatic receipt was queued", "die Eingangsbestätigung ging in den Versand")
	case contact.Remainder:
		return t.say("the reply was queued once more for those who were refused for a time", "die Antwort ging noch einmal in den Versand, an die, die vorläufig abgewiesen wurden")
	case contact.Notice:
		return t.say("%s said where the question was asked that it is answered in private", "%s sagte dort, wo gefragt wurde, dass die Antwort privat kommt", t.name(e.Agent))
	case contact.Answer, contact.Ask, contact.Pledge, contact.Outbound, contact.Forward:
	}
	text := t.say("%[1]s replied%[2]s", "%[1]s antwortete%[2]s", t.name(e.Agent), t.because(e.Code))
	if !e.Until.IsZero() {
		text += t.say(", owes more by %s", ", schuldet mehr bis %s", t.second(e.Until))
	}
	return text
}

func (t *Teller) end(e *ledger.Entry) string {
	switch router.EndKind(e.Code) {
	case router.EndReplied:
		return t.say("ended: replied to", "beendet: beantwortet")
	case router.EndMerged:
		return t.say("ended: merged into contact %s", "beendet: in Kontakt %s aufgegangen", e.Item)
	case router.EndDisposed:
		return t.say("ended without a reply: %[1]s, by %[2]s", "ohne Antwort beendet: %[1]s, durch %[2]s", t.code(e.Reason), t.name(e.Actor))
	}
	return t.say("ended", "beendet")
}

// refused says whom the provider refused while it took others.
func (t *Teller) refused(e *ledger.Entry) string {
	why := t.because(e.Reason) + code(e.Code)
	d := &e.Detail
	switch {
	case d.Refused > 0 && d.Deferred > 0:
		return t.say("the provider refuses %[1]d of its recipients for good, %[2]d for a time%[3]s, and takes the others", "der Anbieter weist %[1]d Empfänger endgültig ab, %[2]d vorläufig%[3]s, und nimmt die anderen", d.Refused, d.Deferred, why)
	case d.Refused > 0:
		return t.say("the provider refuses %[1]d of its recipients%[2]s, and takes the others", "der Anbieter weist %[1]d Empfänger ab%[2]s und nimmt die anderen", d.Refused, why)
	}
	return t.say("the provider refuses %[1]d of its recipients for a time%[2]s, and takes the others", "der Anbieter weist %[1]d Empfänger vorläufig ab%[2]s und nimmt die anderen", d.Deferred, why)
}

// receipt says why a receipt was not sent.
func (t *Teller) receipt(reason string) string {
	switch reason {
	case "answered":
		return t.say("somebody had answered, or was about to", "jemand hatte geantwortet oder war dabei")
	case "late":
		return t.say("it would have come too late", "sie wäre zu spät gekommen")
	case "restarted", "in_doubt", "attempted_by_another_life":
		return t.say("nobody knows whether it arrived, so it is not sent again", "niemand weiß, ob sie ankam, darum geht sie nicht noch einmal hinaus")
	case "words_missing":
		return t.say("the message that it is for is gone", "die Nachricht, für die sie ist, ist fort")
	case "words_unread":
		return t.say("the message that it is for could not be read", "die Nachricht, für die sie ist, war nicht lesbar")
	case "no_sender":
		return t.say("the account can't send", "das Konto kann nicht senden")
	}
	return t.code(reason)
}

// code says a code of the log in words: those that are common are translated.
func (t *Teller) code(c string) string {
	if t.Lang == German {
		if words := german()[c]; words != "" {
			return words
		}
	}
	return skill(c)
}

// german has the common codes.
func german() map[string]string {
	return map[string]string{
		"busy": "beschäftigt", "language": "nicht die Sprache", "skill": "nicht das Thema", "conflict": "befangen",
		"not_mine": "nicht zuständig", "break": "Pause", "other_work": "andere Arbeit",
		"accepted_elsewhere": "jemand anderes nahm ihn an", "not_there": "nicht da", "assigned_by_person": "von einer Person vergeben",
		"disposed": "ohne Antwort beendet", "replied": "beantwortet", "silent": "keine Antwort", "absent_until_late": "nicht da, bis es zu spät wurde",
		"agent_removed": "arbeitet nicht mehr hier", "handed_over": "übergeben", "transferred": "weitergegeben", "took_next": "den nächsten genommen",
		"taken": "genommen", "proposed": "zur Prüfung vorgeschlagen", "clock_was_set": "die Uhr wurde gestellt", "router_was_away": "der Verteiler war weg",
		"ladder": "Stufe der Leiter", "policy_changed": "das Regelwerk hat sich geändert", "auto": "ohne zu fragen", "pledge": "Zusage", "done": "fertig", "quiet": "still geworden", "wrote_again": "hat wieder geschrieben", "engaged": "im Gespräch",
		"spam": "Spam", "machine": "von einer Maschine", "duplicate": "doppelt", "no_reply_needed": "braucht keine Antwort", "erased": "gelöscht",
		"answer": "Antwort", "ask": "Rückfrage", "outbound": "neue Nachricht", "forward": "weitergeleitet",
		"bounced": "kam zurück", "rejected": "abgewiesen", "unavailable": "nicht erreichbar", "auth": "Anmeldung abgelehnt", "rate_limited": "zu viele auf einmal",
		"malformed": "nicht lesbar", "not_sent": "nicht gesendet", "sent_again": "noch einmal gesendet", "not_delivered": "nicht angekommen", "cut": "abgebrochen",
		"restarted": "neu gestartet", "edit": "Änderung", "deletion": "Löschung", "read": "gelesen", "dsn": "Zustellbericht",
	}
}
