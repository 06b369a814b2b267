package explain

import (
	"maps"
	"slices"

	"stagecoach/router"
	"stagecoach/router/match"
)

// Gates says how many agents fail at which need first: "2 are not available and 1
// doesn't speak French". "" when nobody does.
func (t *Teller) Gates(failed map[match.Gate]int, d *match.Demand) string {
	var parts []string
	for _, g := range GatesIn(failed) {
		parts = append(parts, t.failing(failed[g], g, d))
	}
	return t.and(parts)
}

// GatesIn gives the gates of a count in the order in which they are tried, those
// that aren't known last.
func GatesIn(failed map[match.Gate]int) []match.Gate {
	order := []match.Gate{
		match.GatePresence, match.GateChannel, match.GateLanguage, match.GateExcluded, match.GateSkill, match.GateWish, match.GateCooling, match.GateCapacity,
	}
	place := func(g match.Gate) int {
		if i := slices.Index(order, g); i >= 0 {
			return i
		}
		return len(order)
	}
	gates := slices.Sorted(maps.Keys(failed))
	slices.SortStableFunc(gates, func(a, b match.Gate) int { return place(a) - place(b) })
	return slices.DeleteFunc(gates, func(g match.Gate) bool { return failed[g] <= 0 })
}

// failing is one part: how many fail at a gate.
func (t *Teller) failing(n int, g match.Gate, d *match.Demand) string {
	switch g {
	case match.GatePresence:
		return t.count(n, "%d is not available", "%d are not available", "%d ist nicht verfügbar", "%d sind nicht verfügbar")
	case match.GateChannel:
		return t.count(n, "%d doesn't work on this channel", "%d don't work on this channel", "%d arbeitet nicht auf diesem Kanal", "%d arbeiten nicht auf diesem Kanal")
	case match.GateLanguage:
		if d == nil || len(d.Languages) == 0 {
			return t.count(n, "%d doesn't speak the language", "%d don't speak the language", "%d spricht die Sprache nicht", "%d sprechen die Sprache nicht")
		}
		return t.count(n, "%[1]d doesn't speak %[2]s", "%[1]d don't speak %[2]s", "%[1]d spricht kein %[2]s", "%[1]d sprechen kein %[2]s", t.notLanguages(d.Languages))
	case match.GateExcluded:
		if d != nil && len(d.Not) > 0 {
			return t.count(n, "%[1]d is not asked because of %[2]s", "%[1]d are not asked because of %[2]s", "%[1]d wird wegen %[2]s nicht gefragt", "%[1]d werden wegen %[2]s nicht gefragt", t.excluding(d.Not))
		}
		return t.count(n, "%d is excluded by a skill", "%d are excluded by a skill", "%d ist durch eine Fähigkeit ausgeschlossen", "%d sind durch eine Fähigkeit ausgeschlossen")
	case match.GateWish:
		if d != nil && len(d.Wishes) == 1 {
			w := &d.Wishes[0]
			return t.count(n, "%[1]d lacks %[2]s (insisted on for a while)", "%[1]d lack %[2]s (insisted on for a while)", "%[1]d kann %[2]s (eine Zeitlang verlangt)", "%[1]d können %[2]s (eine Zeitlang verlangt)", t.without(w.Name, w.Level))
		}
		return t.count(n, "%d lacks a skill that is insisted on for a while", "%d lack a skill that is insisted on for a while", "%d kann etwas nicht, das eine Zeitlang verlangt wird", "%d können etwas nicht, das eine Zeitlang verlangt wird")
	case match.GateSkill:
		if d != nil && len(d.Skills) == 0 && len(d.Any) == 1 && len(d.Any[0]) > 1 {
			return t.count(n, "%[1]d has neither %[2]s", "%[1]d have neither %[2]s", "%[1]d kann weder %[2]s", "%[1]d können weder %[2]s", t.noneOf(d.Any[0]))
		}
		if d == nil || len(d.Any) > 0 || len(d.Skills) != 1 {
			return t.count(n, "%d lacks a skill that it needs", "%d lack a skill that it needs", "%d kann nicht alles, was er braucht", "%d können nicht alles, was er braucht")
		}
		return t.count(n, "%[1]d lacks %[2]s", "%[1]d lack %[2]s", "%[1]d kann %[2]s", "%[1]d können %[2]s", t.without(d.Skills[0].Name, d.Skills[0].Level))
	case match.GateCooling:
		return t.count(n, "%d had it offered a moment ago", "%d had it offered a moment ago", "%d hatte ihn eben im Angebot", "%d hatten ihn eben im Angebot")
	case match.GateCapacity:
		return t.count(n, "%d has no room for it", "%d have no room for it", "%d hat keinen Platz dafür", "%d haben keinen Platz dafür")
	case match.GateChannelMax:
		return t.count(n, "%d holds as many of this channel as one person may", "%d hold as many of this channel as one person may", "%d hat von diesem Kanal so viele, wie eine Person haben darf", "%d haben von diesem Kanal so viele, wie eine Person haben darf")
	case match.GateHeadroom:
		return t.count(n, "%d keeps the rest of the room for live conversations", "%d keep the rest of the room for live conversations", "%d hält den restlichen Platz für Live-Gespräche frei", "%d halten den restlichen Platz für Live-Gespräche frei")
	case match.GateDailyCap:
		return t.count(n, "%d has had enough for one day", "%d have had enough for one day", "%d hat das Maß für heute erreicht", "%d haben das Maß für heute erreicht")
	case match.GateShift:
		return t.count(n, "%d is off shift", "%d are off shift", "%d hat keine Schicht", "%d haben keine Schicht")
	case match.GateDraining:
		return t.count(n, "%d is about to end the shift", "%d are about to end the shift", "%d beendet gleich die Schicht", "%d beenden gleich die Schicht")
	case match.GateReserved:
		return t.count(n, "%d does not know the customer, for whose own agent it is kept", "%d do not know the customer, for whose own agent it is kept", "%d kennt den Kunden nicht; er wird für dessen eigene Betreuung freigehalten", "%d kennen den Kunden nicht; er wird für dessen eigene Betreuung freigehalten")
	case match.GateClaimed:
		return t.count(n, "%d makes room for somebody who has waited for longest", "%d make room for somebody who has waited for longest", "%d macht Platz für jemanden, der am längsten wartet", "%d machen Platz für jemanden, der am längsten wartet")
	}
	return t.count(n, "%[1]d could not for another reason (%[2]s)", "%[1]d could not for another reason (%[2]s)", "%[1]d konnte aus anderem Grund nicht (%[2]s)", "%[1]d konnten aus anderem Grund nicht (%[2]s)", skill(string(g)))
}

// notLanguages lists languages behind "doesn't speak" and "spricht kein".
func (t *Teller) notLanguages(codes []string) string {
	parts := make([]string, 0, len(codes))
	for _, c := range codes {
		parts = append(parts, t.language(c))
	}
	return join(parts, t.say(" or ", " und kein "))
}

// lacks says what somebody lacks, behind their name: "has billing at level 2, not
// 4".
func (t *Teller) lacks(g *router.Gap) string {
	switch g.Gate {
	case match.GatePresence:
		return t.presence(g.Presence)
	case match.GateChannel:
		return t.say("doesn't work on the channel %s", "arbeitet nicht auf dem Kanal %s", t.channel(g.Channel))
	case match.GateLanguage:
		return t.say("doesn't speak %s", "spricht kein %s", t.notLanguages(g.Languages))
	case match.GateExcluded:
		return t.say("is not asked because of %s", "wird wegen %s nicht gefragt", t.excluding([]string{g.Skill}))
	case match.GateWish:
		if g.Until.IsZero() {
			return t.say("lacks %s", "kann %s", t.without(g.Skill, g.Want))
		}
		return t.say("lacks %[1]s (insisted on until %[2]s)", "kann %[1]s (verlangt bis %[2]s)", t.without(g.Skill, g.Want), t.clock(g.Until))
	case match.GateSkill:
		if g.Skill == "" {
			return t.say("lacks a skill that it needs", "kann nicht alles, was er braucht")
		}
		if g.Have == 0 {
			return t.say("lacks %s", "kann %s", t.without(g.Skill, g.Want))
		}
		return t.say("has %[1]s at level %[2]d only, instead of %[3]d", "kann %[1]s nur auf Stufe %[2]d statt %[3]d", skill(g.Skill), g.Have, g.Want)
	case match.GateCooling:
		return t.say("declined or missed it and is not asked again until %s", "hat ihn abgelehnt oder verpasst und wird bis %s nicht wieder gefragt", t.clock(g.Until))
	case match.GateCapacity:
		return t.say("has no room for it", "hat keinen Platz dafür")
	case match.GateChannelMax:
		return t.say("holds as many of this channel as one person may", "hat von diesem Kanal so viele, wie eine Person haben darf")
	case match.GateHeadroom:
		return t.say("keeps the rest of the room for live conversations", "hält den restlichen Platz für Live-Gespräche frei")
	case match.GateDailyCap:
		return t.say("has had enough for one day", "hat das Maß für heute erreicht")
	case match.GateShift:
		return t.say("is off shift", "hat keine Schicht")
	case match.GateDraining:
		return t.say("is about to end the shift", "beendet gleich die Schicht")
	case match.GateReserved:
		return t.say("is not the agent it is kept for", "ist nicht, für wen er freigehalten wird")
	case match.GateClaimed:
		return t.say("makes room for somebody who has waited for longest", "macht Platz für jemanden, der am längsten wartet")
	}
	return t.say("can't for another reason (%s)", "kann aus anderem Grund nicht (%s)", skill(string(g.Gate)))
}

// lacksAll says all that somebody lacks.
func (t *Teller) lacksAll(gaps []router.Gap) string {
	parts := make([]string, 0, len(gaps))
	for i := range gaps {
		parts = append(parts, t.lacks(&gaps[i]))
	}
	return t.and(parts)
}
