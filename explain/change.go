package explain

import (
	"strings"

	"stagecoach/router"
	"stagecoach/router/match"
)

// Change says which smallest change would serve a contact.
func (t *Teller) Change(c *router.Change, first bool) string {
	lead := t.say("The smallest change that would help: ", "Die kleinste Änderung, die hülfe: ")
	if !first {
		lead = t.say("Or: ", "Oder: ")
	}
	if len(c.Gaps) > 1 {
		if first {
			lead = t.say("No single change is enough. What comes nearest: ", "Keine einzelne Änderung genügt. Am nächsten kommt: ")
		}
	}
	if len(c.Gaps) == 0 {
		return lead + t.say("a lead gives it to %s by hand.", "Eine Leitung gibt ihn von Hand an %s.", t.names(c.Agents, c.Count, t.or))
	}
	parts := make([]string, 0, len(c.Gaps))
	for i := range c.Gaps {
		parts = append(parts, t.mend(&c.Gaps[i], c))
	}
	who := t.names(c.Agents, c.Count, t.or)
	return lead + who + " " + t.and(parts) + t.outcome(c)
}

// mend says what somebody would have to do, behind their name.
func (t *Teller) mend(g *router.Gap, c *router.Change) string {
	switch g.Gate {
	case match.GateCooling:
		return t.say("takes it although the pause after the last offer is not over", "nimmt ihn, obwohl die Pause nach dem letzten Angebot nicht um ist")
	case match.GateCapacity:
		if c.Finish != "" && c.Count == 1 {
			if who := t.customer(c.Finish); who != "" {
				return t.say("finishes the contact of %s", "schließt den Kontakt von %s ab", who)
			}
			return t.say("finishes contact %s", "schließt den Kontakt %s ab", short(c.Finish))
		}
		if c.Finish != "" {
			return t.say("finishes one contact", "schließt einen Kontakt ab")
		}
		return t.say("gets %d more units of room", "bekommt %d Einheiten mehr Platz", g.Units)
	case match.GatePresence:
		return t.say("becomes available", "meldet sich verfügbar")
	case match.GateChannel:
		return t.say("may work on the channel %s", "darf auf dem Kanal %s arbeiten", t.channel(g.Channel))
	case match.GateLanguage:
		return t.say("answers in %s", "antwortet auf %s", t.languages(g.Languages))
	case match.GateExcluded:
		return t.say("no longer has %s", "hat %s nicht mehr", t.excluding([]string{g.Skill}))
	case match.GateSkill, match.GateWish:
		if g.Skill == "" {
			break
		}
		if g.Have == 0 {
			return t.say("gets %[1]s at level %[2]d", "bekommt %[1]s auf Stufe %[2]d", skill(g.Skill), g.Want)
		}
		return t.say("gets from level %[2]d to %[3]d in %[1]s", "kommt bei %[1]s von Stufe %[2]d auf %[3]d", skill(g.Skill), g.Have, g.Want)
	case match.GateChannelMax:
		return t.say("may hold one more of this channel", "darf einen mehr von diesem Kanal haben")
	case match.GateHeadroom:
		return t.say("may use the room that is kept for live conversations", "darf den Platz nutzen, der für Live-Gespräche frei bleibt")
	case match.GateDailyCap:
		return t.say("may take one more today", "darf heute einen mehr nehmen")
	case match.GateShift:
		return t.say("works outside of the shift", "arbeitet außerhalb der Schicht")
	case match.GateDraining:
		return t.say("stays until it is done", "bleibt, bis er erledigt ist")
	default:
	}
	return t.say("is freed of this: %s", "wird davon befreit: %s", t.lacks(g))
}

// outcome says whether that would serve it at once.
func (t *Teller) outcome(c *router.Change) string {
	switch {
	case c.Serves:
		return t.say(". It would be served at once.", ". Dann käme er sofort dran.")
	case c.Kept:
		return t.say(". Even then it may be held back, so that somebody stays free for what comes live.", ". Auch dann kann er zurückgehalten werden, damit für Live-Gespräche jemand frei bleibt.")
	case c.Ahead > 0:
		return t.count(c.Ahead, ". %d other would still come first.", ". %d others would still come first.", ". %d anderer käme noch vorher.", ". %d andere kämen noch vorher.")
	}
	return "."
}

// short gives the beginning of an id, enough to be found by.
func short(id string) string {
	if i := strings.LastIndexByte(id, '-'); i > 0 && len(id) > 20 {
		return id[:18]
	}
	return id
}
