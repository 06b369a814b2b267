package explain

import (
	"slices"

	"stagecoach/router"
	"stagecoach/router/match"
)

// Past tells a decision of long ago with every agent there was.
func (t *Teller) Past(p *router.Past, d *match.Demand) []string {
	var out []string
	for i := range p.Candidates {
		c := &p.Candidates[i]
		if c.Agent == p.Record.Winner.Agent {
			out = append(out, t.say("%s came first.", "%s kam zuerst.", t.name(c.Agent)))
		} else {
			out = append(out, t.say("%[1]s could have taken it: %[2]s", "%[1]s hätte ihn nehmen können: %[2]s", t.name(c.Agent), t.Difference(&p.Record.Winner, c)))
		}
	}
	for i := range p.Barred {
		v := &p.Barred[i]
		if len(v.Gaps) == 0 {
			out = append(out, t.say("%s was not asked: it was kept for somebody else.", "%s wurde nicht gefragt: Er wurde für jemand anderen freigehalten.", t.name(v.Agent)))
			continue
		}
		out = append(out, t.Verdict(v))
	}
	if !p.Agrees {
		out = append(out, t.disagrees(p))
	}
	return out
}

// disagrees says that a later build or policy decides otherwise.
func (t *Teller) disagrees(p *router.Past) string {
	if p.Now == "" {
		return t.say(
			"Told is what is on record. By the rules of today another contact would have come first, or nobody would have been asked.",
			"Erzählt ist, was festgehalten wurde. Nach den heutigen Regeln wäre ein anderer Kontakt zuerst gekommen oder niemand gefragt worden.")
	}
	return t.say(
		"Told is what is on record. By the rules of today it would have been %s.",
		"Erzählt ist, was festgehalten wurde. Nach den heutigen Regeln wäre es %s gewesen.", t.name(p.Now))
}

// OneAgent tells why one agent did not get a contact when it was offered, or that
// they did; "" when the record alone does not say.
func (t *Teller) OneAgent(w *Won, p *router.Past, agent string) string {
	who := t.name(agent)
	if slices.Contains(w.Agents, agent) {
		return t.say("It was offered to %[1]s, %[2]s.", "Er wurde %[1]s angeboten, %[2]s.", who, t.at(w.At))
	}
	candidates := w.Why.Next
	if p != nil {
		candidates = p.Candidates
	}
	if i := slices.IndexFunc(candidates, func(c match.Candidate) bool { return c.Agent == agent }); i >= 0 {
		return t.say("When it was offered, %[1]s could have taken it, but %[2]s came first: %[3]s", "Als er angeboten wurde, hätte %[1]s ihn nehmen können, aber %[2]s kam zuerst: %[3]s",
			who, t.name(w.Why.Winner.Agent), t.Difference(&w.Why.Winner, &candidates[i]))
	}
	if p == nil {
		return ""
	}
	if i := slices.IndexFunc(p.Barred, func(v router.Verdict) bool { return v.Agent == agent }); i >= 0 {
		v := &p.Barred[i]
		if len(v.Gaps) == 0 {
			return t.say("When it was offered, it was kept for somebody else than %s.", "Als er angeboten wurde, wurde er für jemand anderen als %s freigehalten.", who)
		}
		return t.say("When it was offered: %s", "Als er angeboten wurde: %s", t.Verdict(v))
	}
	return t.say("%s did not work here yet when it was offered.", "%s arbeitete noch nicht hier, als er angeboten wurde.", who)
}
