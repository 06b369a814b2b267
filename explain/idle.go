package explain

import (
	"strings"

	"stagecoach/contact"
	"stagecoach/router"
	"stagecoach/router/match"
)

// Idle tells why an agent gets nothing more than they have.
func (t *Teller) Idle(d *router.Idle) []string {
	out := []string{t.doing(d)}
	if d.Waiting == 0 {
		return append(out, t.say("Nobody waits.", "Niemand wartet."))
	}
	parts := make([]string, 0, len(d.Reasons))
	for i := range d.Reasons {
		parts = append(parts, t.keeps(&d.Reasons[i], d))
	}
	out = append(out, t.count(d.Waiting, "%[1]d waits: %[2]s.", "%[1]d wait: %[2]s.", "%[1]d wartet: %[2]s.", "%[1]d warten: %[2]s.", strings.Join(parts, "; ")))
	return out
}

// doing says whether they are there, and what they have.
func (t *Teller) doing(d *router.Idle) string {
	who := t.name(d.Agent)
	there := t.presence(d.Presence)
	if d.Holds == 0 && d.Offers == 0 {
		return t.say("%[1]s %[2]s and has nothing in hand.", "%[1]s %[2]s und hat nichts in Arbeit.", who, there)
	}
	has := t.count(d.Holds, "has %d contact in hand", "has %d contacts in hand", "hat %d Kontakt in Arbeit", "hat %d Kontakte in Arbeit")
	if d.Offers > 0 {
		has += t.count(d.Offers, " and %d offer to answer", " and %d offers to answer", " und %d Angebot offen", " und %d Angebote offen")
	}
	return t.say("%[1]s %[2]s, and %[3]s: %[4]d of %[5]d units of room are taken.", "%[1]s %[2]s und %[3]s: %[4]d von %[5]d Einheiten sind belegt.",
		who, there, has, d.Load, d.Capacity)
}

// keeps says how many contacts something keeps from the agent.
func (t *Teller) keeps(r *router.IdleReason, d *router.Idle) string {
	n, who := r.Count, t.name(d.Agent)
	switch r.Kind {
	case router.IdleKept:
		if r.For == "" {
			return t.count(n, "%d is kept for the agent who knows the customer", "%d are kept for the agents who know the customer", "%d wird für die Person freigehalten, die den Kunden kennt", "%d werden für die freigehalten, die den Kunden kennen")
		}
		return t.count(n, "%[1]d is kept for %[2]s until %[3]s", "%[1]d are kept for %[2]s, the first until %[3]s", "%[1]d wird bis %[3]s für %[2]s freigehalten", "%[1]d werden für %[2]s freigehalten, der erste bis %[3]s", t.name(r.For), t.clock(r.Until))
	case router.IdleHeldBack:
		return t.count(n, "%[1]d is held back, at the latest until %[2]s, so that somebody stays free for what comes live", "%[1]d are held back, the first at the latest until %[2]s, so that somebody stays free for what comes live",
			"%[1]d wird längstens bis %[2]s zurückgehalten, damit für Live-Gespräche jemand frei bleibt", "%[1]d werden zurückgehalten, der erste längstens bis %[2]s, damit für Live-Gespräche jemand frei bleibt", t.clock(r.Until))
	case router.IdleFits:
		if d.Presence == contact.Available {
			return t.count(n, "%d is about to be offered", "%d are about to be offered", "%d wird gleich angeboten", "%d werden gleich angeboten")
		}
		return t.count(n, "%[1]d would suit %[2]s as soon as %[2]s is available", "%[1]d would suit %[2]s as soon as %[2]s is available", "%[1]d passt, sobald %[2]s verfügbar ist", "%[1]d passen, sobald %[2]s verfügbar ist", who)
	case router.IdleGate:
	}
	return t.bars(n, &r.Gap, who, r)
}

// bars says how many contacts a gate keeps from the agent.
func (t *Teller) bars(n int, g *router.Gap, who string, r *router.IdleReason) string {
	switch g.Gate {
	case match.GateLanguage:
		return t.count(n, "%[1]d needs %[2]s", "%[1]d need %[2]s", "%[1]d braucht %[2]s", "%[1]d brauchen %[2]s", t.languages(g.Languages))
	case match.GateSkill, match.GateWish:
		if g.Skill == "" {
			break
		}
		need := t.atLevel(g.Skill, g.Want)
		if g.Have > 0 {
			return t.count(n, "%[1]d needs %[2]s (%[3]s has %[4]d)", "%[1]d need %[2]s (%[3]s has %[4]d)", "%[1]d braucht %[2]s (%[3]s hat %[4]d)", "%[1]d brauchen %[2]s (%[3]s hat %[4]d)", need, who, g.Have)
		}
		return t.count(n, "%[1]d needs %[2]s", "%[1]d need %[2]s", "%[1]d braucht %[2]s", "%[1]d brauchen %[2]s", need)
	case match.GateChannel:
		return t.count(n, "%[1]d is to be answered on a channel on which %[2]s does not work (%[3]s)", "%[1]d are to be answered on a channel on which %[2]s does not work (%[3]s)",
			"%[1]d ist auf einem Kanal zu beantworten, auf dem %[2]s nicht arbeitet (%[3]s)", "%[1]d sind auf einem Kanal zu beantworten, auf dem %[2]s nicht arbeitet (%[3]s)", who, t.channel(g.Channel))
	case match.GateCooling:
		return t.count(n, "%[1]d was declined or missed by %[2]s a moment ago, until %[3]s", "%[1]d were declined or missed by %[2]s a moment ago, the first until %[3]s",
			"%[1]d hat %[2]s eben abgelehnt oder verpasst, Pause bis %[3]s", "%[1]d hat %[2]s eben abgelehnt oder verpasst, Pause beim ersten bis %[3]s", who, t.clock(r.Until))
	case match.GateCapacity:
		return t.count(n, "%d needs more room than is left", "%d need more room than is left", "%d braucht mehr Platz, als frei ist", "%d brauchen mehr Platz, als frei ist")
	default:
	}
	return t.count(n, "%[1]d is barred: %[2]s %[3]s", "%[1]d are barred: %[2]s %[3]s", "%[1]d geht nicht: %[2]s %[3]s", "%[1]d gehen nicht: %[2]s %[3]s", who, t.lacks(g))
}
