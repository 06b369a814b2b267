package explain

import (
	"slices"
	"strings"

	"stagecoach/router"
	"stagecoach/router/match"
)

// Waits is why a contact still waits: the one decisive reason, and all of it.
type Waits struct {
	// Short is what somebody with little time should know, in two to four
	// sentences.
	Short []string `json:"short"`
	// Lines are all sentences.
	Lines []string `json:"lines"`
}

// Waits tells where an open contact stands now.
func (t *Teller) Waits(s *router.Standing) Waits {
	var w Waits
	both := func(text string) {
		if text != "" {
			w.Short, w.Lines = append(w.Short, text), append(w.Lines, text)
		}
	}
	if s.Due.After(t.Now) {
		w.Lines = append(w.Lines, t.since(s))
	} else {
		both(t.since(s))
	}
	switch {
	case s.Proposed != "":
		both(t.review(s))
	case s.State == router.Waiting:
		w.Lines = append(w.Lines, t.needs(&s.Demand)...)
		reason, barred := t.reason(s), t.barred(s)
		both(reason)
		w.Lines = append(w.Lines, barred...)
		if reason == t.nobodyFree() {
			w.Short = append(w.Short, barred[:min(2, len(barred))]...)
		}
	default:
		both(t.held(s))
	}
	w.Lines = append(w.Lines, t.coming(s)...)
	w.Short = append(w.Short, t.next(s))
	for i := range s.Changes {
		text := t.Change(&s.Changes[i], i == 0)
		w.Lines = append(w.Lines, text)
		if i == 0 {
			w.Short = append(w.Short, text)
		}
	}
	empty := func(s string) bool { return s == "" }
	w.Lines, w.Short = slices.DeleteFunc(w.Lines, empty), slices.DeleteFunc(w.Short, empty)
	return w
}

// since says how long it has waited and when it is due.
func (t *Teller) since(s *router.Standing) string {
	waited := t.say("It came %[1]s, %[2]s", "Er kam %[1]s, %[2]s", t.at(s.Start), t.away(s.Start))
	if s.Due.After(t.Now) {
		return waited + t.say(", and is due %s.", ", und ist %s fällig.", t.soon(s.Due))
	}
	return waited + t.say(". It was due %[1]s and is late by %[2]s.", ". Er war %[1]s fällig und ist %[2]s zu spät.", t.at(s.Due), t.span(t.Now.Sub(s.Due)))
}

// review says what holds up what a rule takes for spam or a machine's.
func (t *Teller) review(s *router.Standing) string {
	as := map[string][2]string{
		"spam": {"spam", "Spam"}, "machine": {"written by a machine", "von einer Maschine geschrieben"},
	}[string(s.Proposed)]
	if as[0] == "" {
		as = [2]string{skill(string(s.Proposed)), skill(string(s.Proposed))}
	}
	return t.say(
		"It stands in review: the rule %[1]s takes it for %[2]s. A person confirms that or clears it; until then it is not offered.",
		"Er steht zur Prüfung: Die Regel %[1]s hält ihn für %[3]s. Eine Person bestätigt das oder gibt ihn frei; bis dahin wird er nicht angeboten.",
		s.Rule, as[0], as[1])
}

// held says who has it or is asked.
func (t *Teller) held(s *router.Standing) string {
	switch {
	case len(s.Offers) == 1:
		return t.say("It is offered to %[1]s until %[2]s and waits for the answer.", "Er ist %[1]s bis %[2]s angeboten und wartet auf die Antwort.", t.name(s.Offers[0].Agent), t.clock(s.Offers[0].Expires))
	case len(s.Offers) > 1:
		ids := make([]string, 0, len(s.Offers))
		for _, o := range s.Offers {
			ids = append(ids, o.Agent)
		}
		return t.say("It is offered to %s at once; the first to accept gets it.", "Er ist zugleich %s angeboten; wer zuerst annimmt, bekommt ihn.", t.names(ids, len(ids), t.and))
	case s.State == router.Sending:
		return t.say("The reply of %s is on its way.", "Die Antwort von %s ist unterwegs.", t.name(s.Holder))
	}
	return t.say("%s has it and owes the reply.", "%s hat ihn und schuldet die Antwort.", t.name(s.Holder))
}

// reason is the one that decides.
func (t *Teller) reason(s *router.Standing) string {
	free := slices.ContainsFunc(s.Verdicts, func(v router.Verdict) bool { return len(v.Gaps) == 0 })
	switch {
	case s.HeldFor != "" && s.HeldNamed:
		return t.say("It is kept for %[1]s, the customer's named agent, until %[2]s.", "Er wird bis %[2]s für %[1]s freigehalten: %[1]s ist für diesen Kunden fest zuständig.", t.name(s.HeldFor), t.clock(s.HeldUntil))
	case s.HeldFor != "":
		return t.say("It is kept for %[1]s, who answered this customer last, until %[2]s.", "Er wird bis %[2]s für %[1]s freigehalten: %[1]s hat hier zuletzt geantwortet.", t.name(s.HeldFor), t.clock(s.HeldUntil))
	case len(s.Verdicts) == 0:
		return t.say("Nobody works here yet: there is no agent.", "Hier arbeitet noch niemand: Es gibt keine Bearbeiter.")
	case s.Impossible:
		return t.impossible(s)
	case !s.HeldBackUntil.IsZero():
		return t.say(
			"It can wait: it is held back, at the latest until %s, so that somebody stays free for what comes live.",
			"Er hat noch Zeit: Er wird zurückgehalten, längstens bis %s, damit für Live-Gespräche jemand frei bleibt.", t.clock(s.HeldBackUntil))
	case free:
		return t.say("Its turn is about to come.", "Er ist gleich an der Reihe.")
	case s.Failed[match.GatePresence] == len(s.Verdicts):
		return t.say("Nobody is available.", "Niemand ist verfügbar.")
	case s.Ahead != nil:
		return t.ahead(s)
	}
	return t.nobodyFree()
}

func (t *Teller) nobodyFree() string {
	return t.say("Nobody who could take it is free.", "Niemand, der ihn nehmen könnte, ist frei.")
}

// impossible says that there is nobody, and who would be needed.
func (t *Teller) impossible(s *router.Standing) string {
	if alone := commonGap(s, match.GateLanguage); alone && len(s.Demand.Languages) > 0 {
		return t.say("Nobody here speaks %s, on any shift.", "Niemand hier spricht %s, in keiner Schicht.", t.languages(s.Demand.Languages))
	}
	if alone := commonGap(s, match.GateSkill); alone && len(s.Demand.Skills)+len(s.Demand.Any) > 0 {
		return t.say("Nobody here has %s, on any shift.", "Niemand hier kann %s, in keiner Schicht.", t.skills(&s.Demand))
	}
	return t.say("Nobody here can do all that it needs, on any shift.", "Niemand hier kann alles, was er braucht, in keiner Schicht.")
}

// commonGap reports whether everybody fails at a gate.
func commonGap(s *router.Standing, gate match.Gate) bool {
	return !slices.ContainsFunc(s.Verdicts, func(v router.Verdict) bool {
		return !slices.ContainsFunc(v.Gaps, func(g router.Gap) bool { return g.Gate == gate })
	})
}

// barred says who fails at what: by name where they are few.
func (t *Teller) barred(s *router.Standing) []string {
	all := len(s.Verdicts)
	if all == 0 {
		return nil
	}
	if all <= 5 {
		var out []string
		for i := range s.Verdicts {
			out = append(out, t.Verdict(&s.Verdicts[i]))
		}
		return out
	}
	text := t.Gates(s.Failed, &s.Demand)
	if text == "" {
		return nil
	}
	out := []string{t.say("Of the %[1]d agents, %[2]s.", "Von den %[1]d Leuten gilt: %[2]s.", all, text)}
	for i := range s.Verdicts {
		v := &s.Verdicts[i]
		if len(v.Gaps) == 1 && v.Gaps[0].Gate == match.GateCooling && len(out) < 4 {
			out = append(out, t.Verdict(v))
		}
	}
	return out
}

// Verdict says what an agent lacks for a contact now.
func (t *Teller) Verdict(v *router.Verdict) string {
	if len(v.Gaps) == 0 {
		return t.say("%s could take it.", "%s könnte ihn nehmen.", t.name(v.Agent))
	}
	return t.say("%[1]s %[2]s.", "%[1]s %[2]s.", t.name(v.Agent), t.lacksAll(v.Gaps))
}

// ahead says what comes before it for whoever is likely to take it.
func (t *Teller) ahead(s *router.Standing) string {
	a := s.Ahead
	who := t.name(a.Agent)
	if a.Count == 0 {
		return t.say("All who could take it have no room. It is the next one for %s.", "Alle, die ihn nehmen könnten, haben keinen Platz. Für %s ist er der nächste.", who)
	}
	text := t.count(a.Count,
		"All who could take it have no room. As soon as %[2]s has, %[1]d other comes first", "All who could take it have no room. As soon as %[2]s has, %[1]d others come first",
		"Alle, die ihn nehmen könnten, haben keinen Platz. Sobald %[2]s welchen hat, kommt erst %[1]d anderer", "Alle, die ihn nehmen könnten, haben keinen Platz. Sobald %[2]s welchen hat, kommen erst %[1]d andere", who)
	if a.More {
		text = t.say("All who could take it have no room. As soon as %[1]s has, more than %[2]d others come first", "Alle, die ihn nehmen könnten, haben keinen Platz. Sobald %[1]s welchen hat, kommen erst mehr als %[2]d andere", who, a.Count)
	}
	return text + t.lanes(a) + "."
}

// lanes says why others come first.
func (t *Teller) lanes(a *router.Ahead) string {
	var parts []string
	add := func(lane match.Lane, en1, en, de1, de string) {
		if n := a.Lanes[lane]; n > 0 {
			parts = append(parts, t.count(n, en1, en, de1, de))
		}
	}
	add(match.LaneGuard, "%d after so long a wait that it is owed", "%d after so long a wait that it is owed", "%d nach so langem Warten, dass es ihm zusteht", "%d nach so langem Warten, dass es ihnen zusteht")
	add(match.LaneSavable, "%d because so more promises are kept", "%d because so more promises are kept", "%d, weil so mehr Versprechen gehalten werden", "%d, weil so mehr Versprechen gehalten werden")
	add(match.LaneLost, "%d that is late too", "%d that are late too", "%d, der auch schon zu spät ist", "%d, die auch schon zu spät sind")
	add("", "%d due earlier", "%d due earlier", "%d früher fällig", "%d früher fällig")
	if len(parts) == 1 {
		return t.lane1(a)
	}
	return ": " + t.and(parts)
}

// lane1 says why others come first who all do so for the same reason.
func (t *Teller) lane1(a *router.Ahead) string {
	one := a.Count == 1 && !a.More
	switch {
	case a.Lanes[match.LaneGuard] > 0 && one:
		return t.say(", after so long a wait that it is owed", ", nach so langem Warten, dass es ihm zusteht")
	case a.Lanes[match.LaneGuard] > 0:
		return t.say(", after so long a wait that it is owed", ", nach so langem Warten, dass es ihnen zusteht")
	case a.Lanes[match.LaneSavable] > 0:
		return t.say(": so more promises are kept", ": So werden mehr Versprechen gehalten")
	case a.Lanes[match.LaneLost] > 0 && one:
		return t.say(", which is late too", ", der auch schon zu spät ist")
	case a.Lanes[match.LaneLost] > 0:
		return t.say(", which are late too", ", die auch schon zu spät sind")
	case one:
		return t.say(", due earlier", ", der früher fällig ist")
	}
	return t.say(", due earlier", ", die früher fällig sind")
}

// next says what will happen next by itself that may serve it, else when it is
// late.
func (t *Teller) next(s *router.Standing) string {
	for i := range s.Coming {
		switch c := &s.Coming[i]; c.Kind {
		case router.ComingOfferEnds, router.ComingHoldEnds, router.ComingCoolEnds, router.ComingGiven, router.ComingRelaxed:
			return upper(t.comes(c, s))
		case router.ComingDue, router.ComingGuard:
			if s.Proposed == "" {
				return upper(t.comes(c, s))
			}
		case router.ComingAtRisk:
		}
	}
	return ""
}

// coming says what will happen by itself.
func (t *Teller) coming(s *router.Standing) []string {
	var out []string
	for i := range s.Coming {
		c := &s.Coming[i]
		if text := t.comes(c, s); text != "" && len(out) < 5 {
			out = append(out, upper(text))
		}
	}
	return out
}

func (t *Teller) comes(c *router.Coming, s *router.Standing) string {
	at := t.soon(c.At)
	switch c.Kind {
	case router.ComingOfferEnds:
		return t.say("%[1]s the offer to %[2]s runs out, if there is no answer.", "%[1]s läuft das Angebot an %[2]s ab, wenn keine Antwort kommt.", at, t.name(c.Agent))
	case router.ComingHoldEnds:
		return t.say("%s it is open to everybody who can take it.", "%s steht er allen offen, die ihn nehmen können.", at)
	case router.ComingCoolEnds:
		return t.say("%[1]s %[2]s is asked again, if it still waits.", "%[1]s wird %[2]s wieder gefragt, wenn er dann noch wartet.", at, t.name(c.Agent))
	case router.ComingGiven:
		return t.say("%s it is no longer held back.", "%s wird er nicht länger zurückgehalten.", at)
	case router.ComingRelaxed:
		return t.count(c.Agents,
			"%[2]s less is insisted on: %[1]d more agent may take it then.", "%[2]s less is insisted on: %[1]d more agents may take it then.",
			"%[2]s wird weniger verlangt: %[1]d weitere Person darf ihn dann nehmen.", "%[2]s wird weniger verlangt: %[1]d weitere Leute dürfen ihn dann nehmen.", at)
	case router.ComingAtRisk:
		return t.say("%s it counts as at risk.", "%s gilt er als gefährdet.", at)
	case router.ComingDue:
		return t.say("%[1]s it is late, and the last resort (%[2]s) is told, if nobody has it.", "%[1]s ist er zu spät, und die letzte Instanz (%[2]s) erfährt davon, wenn ihn niemand hat.", at, s.LastResort)
	case router.ComingGuard:
		return t.say("%s its turn is owed, whatever others are worth.", "%s muss er dran sein, gleich was andere wert sind.", at)
	}
	return ""
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
