package explain

import (
	"fmt"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/ledger"
	"stagecoach/router"
)

// Story is all that is known of why a contact went its way.
type Story struct {
	// Log is what the ledger holds.
	Log *ledger.Why
	// Standing is where it stands now, nil when it has ended.
	Standing *router.Standing
	// Past are decisions with every agent there was, as far as they were asked for.
	Past []*router.Past
	// Agent is whom the question is about, "" for nobody.
	Agent string
}

// Story tells the whole story: what the contact is, why it is where it is, and
// what happened, line by line of the log.
func (t *Teller) Story(s *Story) string {
	b := &strings.Builder{}
	line := func(text string) { b.WriteString(text + "\n") }
	for _, text := range t.head(&s.Log.Row) {
		line(text)
	}
	line("")
	for _, text := range t.Answer(s) {
		line(text)
	}
	line("")
	line(t.say("What happened:", "Was geschah:"))
	steps := s.Log.Steps
	for i := 0; i < len(steps); i++ {
		e := &steps[i]
		last := i
		for last+1 < len(steps) && e.Kind == "last_resort_told" && steps[last+1].Kind == e.Kind {
			last++
		}
		if text := t.step(e); text != "" {
			line(t.stamped(e, text))
		}
		if last > i {
			line(t.stamped(&steps[last], t.count(last-i, "… and told again, %d time since", "… and told again, %d times since", "… und noch %d-mal verständigt", "… und noch %d-mal verständigt")))
			i = last
		}
	}
	return b.String()
}

// stamped puts a time before a step, and its commit behind.
func (t *Teller) stamped(e *ledger.Entry, text string) string {
	return fmt.Sprintf("%s  %s  (%s %d)", t.second(e.At), text, t.say("commit", "Commit"), e.N)
}

// second gives a time to the second, as the log has it.
func (t *Teller) second(at time.Time) string {
	if at.IsZero() {
		return t.say("no time", "keine Zeit")
	}
	return t.in(at).Format("2006-01-02 15:04:05")
}

// Answer tells why a contact is where it is.
func (t *Teller) Answer(s *Story) []string {
	out := []string{t.now(&s.Log.Row)}
	if t.Still {
		out = append(out, t.say("The daemon is stopped; this is how it was %s.", "Der Dienst steht; so war es %s.", t.at(t.Now)))
	}
	if s.Agent != "" {
		return append(out, t.about(s)...)
	}
	won := Decision(s.Log)
	if won != nil && (s.Standing == nil || s.Standing.State != router.Waiting) {
		out = append(out, "", t.say("Why %s:", "Warum %s:", t.names(won.Agents, len(won.Agents), t.and)))
		out = append(out, indented(t.Offered(won))...)
	}
	if s.Standing != nil {
		heading := t.say("What comes:", "Was kommt:")
		if s.Standing.State == router.Waiting {
			heading = t.say("Why it still waits:", "Warum er noch wartet:")
		}
		out = append(append(out, "", heading), indented(t.Waits(s.Standing).Lines)...)
	}
	for _, p := range s.Past {
		out = append(out, "", t.say("Every agent, when it was offered by commit %d:", "Alle Leute, als er durch Commit %d angeboten wurde:", p.N))
		out = append(out, indented(t.Past(p, &s.Log.Row.Demand))...)
	}
	return out
}

// about tells of one agent and the contact.
func (t *Teller) about(s *Story) []string {
	var out []string
	if s.Standing != nil {
		for i := range s.Standing.Verdicts {
			v := &s.Standing.Verdicts[i]
			if v.Agent == s.Agent && s.Standing.Holder != s.Agent {
				out = append(out, t.say("Now: %s", "Jetzt: %s", t.Verdict(v)))
			}
		}
		if s.Standing.State == router.Waiting {
			out = append(out, t.reason(s.Standing))
		}
	}
	for i := range s.Log.Offers {
		if o := &s.Log.Offers[i]; o.Agent == s.Agent {
			out = append(out, t.ended(o))
		}
	}
	if won := Decision(s.Log); won != nil {
		var last *router.Past
		if n := len(s.Past); n > 0 {
			last = s.Past[n-1]
		}
		if text := t.OneAgent(won, last, s.Agent); text != "" {
			out = append(out, text)
		}
	}
	if len(out) == 0 {
		out = append(out, t.say("It was never offered to anybody, and so not to %s.", "Er wurde noch niemandem angeboten, also auch %s nicht.", t.name(s.Agent)))
	}
	return out
}

// ended says how an offer ended.
func (t *Teller) ended(o *ledger.OfferStory) string {
	who, at := t.name(o.Agent), t.at(o.At)
	switch o.End {
	case "accepted":
		return t.say("%[1]s accepted it, offered %[2]s.", "%[1]s nahm ihn an, angeboten %[2]s.", who, at)
	case string(router.OfferDeclined):
		return t.say("%[1]s declined it%[3]s, offered %[2]s.", "%[1]s lehnte ihn ab%[3]s, angeboten %[2]s.", who, at, t.because(o.Reason))
	case string(router.OfferExpired):
		return t.say("%[1]s did not answer the offer made %[2]s.", "%[1]s antwortete nicht auf das Angebot, gemacht %[2]s.", who, at)
	case string(router.OfferRevoked):
		return t.say("The offer to %[1]s, made %[2]s, was taken back%[3]s.", "Das Angebot an %[1]s, gemacht %[2]s, wurde zurückgezogen%[3]s.", who, at, t.because(o.Reason))
	}
	return t.say("It is offered to %[1]s, since %[2]s.", "Er ist %[1]s angeboten, seit %[2]s.", who, t.clock(o.At))
}

// Decision is the last decision about a contact that chose an agent, nil if there
// was none.
func Decision(w *ledger.Why) *Won {
	if len(w.Offers) == 0 {
		return nil
	}
	last := &w.Offers[len(w.Offers)-1]
	won := &Won{At: last.At, Start: w.Row.Start, Due: w.Row.Due, Why: last.Why, Traits: w.Row.Traits, Demand: w.Row.Demand}
	for i := range w.Offers {
		if o := &w.Offers[i]; o.N == last.N && o.Why.Winner.Agent == last.Why.Winner.Agent {
			won.Agents = append(won.Agents, o.Agent)
		}
	}
	return won
}

func indented(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = "- " + l
	}
	return out
}

func (t *Teller) head(r *ledger.Row) []string {
	out := []string{
		t.say("Contact %[1]s (number %[2]d) of conversation %[3]s", "Kontakt %[1]s (Nummer %[2]d) der Unterhaltung %[3]s", r.ID, r.Num, r.Conversation),
		t.say("Came by %[1]s, account %[2]s; queue %[3]s, last resort %[4]s", "Kam per %[1]s, Konto %[2]s; Warteschlange %[3]s, letzte Instanz %[4]s",
			t.channel(r.Channel), or(r.Account), or(r.Queue), or(r.LastResort)),
		t.say("Promise: %[1]s, since %[2]s, due %[3]s", "Versprechen: %[1]s, seit %[2]s, fällig %[3]s", t.promise(r.Promise), t.second(r.Start), t.second(r.Due)) + t.madeFrom(r),
	}
	return append(out, t.Ranked(&r.Contact)...)
}

// madeFrom tells what a promise is made from, "" where a person has made it.
func (t *Teller) madeFrom(r *ledger.Row) string {
	if r.Entry == "" || r.EntryOf == "" {
		return ""
	}
	return t.say("; by the entry %[1]s of policy %[2]s", "; nach dem Eintrag %[1]s des Regelwerks %[2]s", r.Entry, r.EntryOf)
}

// or gives a dash where there is nothing.
func or(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// now says in one line what is the case.
func (t *Teller) now(r *ledger.Row) string {
	text := t.nowText(r)
	if r.Trouble != "" {
		text += t.say(" Trouble with its last reply%[1]s%[2]s.", " Mit der letzten Antwort gab es Ärger%[1]s%[2]s.", t.because(r.Trouble), code(r.TroubleCode))
	}
	return text
}

func (t *Teller) nowText(r *ledger.Row) string {
	switch r.State {
	case router.EndedContact:
		return t.endedText(r)
	case router.AssignedTo:
		if r.Due.Before(t.Now) {
			return t.say("Now: with %[1]s since %[2]s; the reply was due %[3]s.", "Jetzt: seit %[2]s bei %[1]s; die Antwort war %[3]s fällig.", t.name(r.Agent), t.clock(r.AssignedAt), t.at(r.Due))
		}
		return t.say("Now: with %[1]s since %[2]s, who owes the reply by %[3]s.", "Jetzt: seit %[2]s bei %[1]s; die Antwort ist bis %[3]s geschuldet.", t.name(r.Agent), t.clock(r.AssignedAt), t.clock(r.Due))
	case router.Sending:
		return t.say("Now: the reply of %s is on its way and ends it when it is delivered.", "Jetzt: Die Antwort von %s ist unterwegs; ist sie zugestellt, ist er beendet.", t.name(r.Agent))
	case router.Offered:
		return t.say("Now: it is offered and waits for an answer to the offer.", "Jetzt: Er ist angeboten und wartet auf eine Antwort darauf.")
	case router.Waiting:
		if r.Offered > 0 {
			return t.say("Now: it waits again. Offers so far: %[1]d (%[2]d declined, %[3]d without an answer).", "Jetzt: Er wartet wieder. Angebote bisher: %[1]d (%[2]d abgelehnt, %[3]d ohne Antwort).", r.Offered, r.Declined, r.Missed)
		}
		return t.say("Now: it waits and has not been offered to anybody yet.", "Jetzt: Er wartet und wurde noch niemandem angeboten.")
	}
	return t.say("Now: %s.", "Jetzt: %s.", string(r.State))
}

func (t *Teller) endedText(r *ledger.Row) string {
	switch {
	case r.Disposition != "":
		return t.say("Now: it was ended %[1]s without a reply%[2]s.", "Jetzt: Er wurde %[1]s ohne Antwort beendet%[2]s.", t.at(r.EndedAt), t.because(string(r.Disposition)))
	case r.End != router.EndReplied:
		return t.say("Now: it ended %s.", "Jetzt: Er endete %s.", t.at(r.EndedAt))
	case r.Kept:
		return t.say("Now: it was replied to %s, within its promise.", "Jetzt: Er wurde %s beantwortet, wie versprochen.", t.at(r.EndedAt))
	}
	return t.say("Now: it was replied to %s, late.", "Jetzt: Er wurde %s beantwortet, zu spät.", t.at(r.EndedAt))
}

func (t *Teller) promise(k router.PromiseKind) string {
	switch k {
	case router.PromiseFirst:
		return t.say("first reply", "erste Antwort")
	case router.PromiseNext:
		return t.say("next reply", "nächste Antwort")
	case router.PromisePledge:
		return t.say("a further answer that we owe", "eine weitere Antwort, die wir schulden")
	case router.PromiseReview:
		return t.say("review by a person", "Prüfung durch eine Person")
	case router.PromiseFailed:
		return t.say("a message of ours that did not arrive", "eine Nachricht von uns, die nicht ankam")
	case router.PromiseResolution:
		return t.say("resolution of the matter", "Erledigung der Sache")
	}
	return string(k)
}

// because puts a reason in brackets.
func (t *Teller) because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + t.code(reason) + ")"
}

func code(c string) string {
	if c == "" {
		return ""
	}
	return " [" + c + "]"
}

// joined says what led a message to its conversation, and what is known of its
// sender.
func (t *Teller) joined(d *ledger.Detail) string {
	text := ""
	switch d.JoinedBy {
	case "thread":
		text = t.say("; it answers a message of this conversation", "; sie antwortet auf eine Nachricht dieser Unterhaltung")
	case "token":
		text = t.say("; it was sent to this conversation's own address", "; sie ging an die eigene Adresse dieser Unterhaltung")
	case "subject":
		text = t.say("; same sender and subject as lately", "; Absender und Betreff wie neulich")
	case "burst":
		text = t.say("; the sender had written a moment before", "; der Absender hatte eben erst geschrieben")
	}
	switch d.Trust {
	case contact.TrustForged:
		text += t.say("; its sender is probably forged", "; der Absender ist wohl gefälscht")
	case contact.TrustClaimed:
		text += t.say("; its answer goes to somebody else than its sender", "; die Antwort geht an jemand anderen als den Absender")
	case contact.TrustUnknown, contact.TrustProven:
	}
	if d.Stranger {
		text += t.say("; it answers conversation %s, of which its sender is no part, and so stands apart", "; sie antwortet auf die Unterhaltung %s, an der der Absender nicht teilnimmt, und steht daher für sich", d.Quoted)
	}
	return text
}

// Gist tells in a few sentences why a contact is where it is.
func (t *Teller) Gist(s *Story) []string {
	if s.Agent != "" {
		return t.about(s)
	}
	if s.Standing != nil && s.Standing.State == router.Waiting {
		return t.Waits(s.Standing).Short
	}
	if won := Decision(s.Log); won != nil {
		return t.Offered(won)
	}
	return []string{t.now(&s.Log.Row)}
}
