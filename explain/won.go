package explain

import (
	"math"
	"slices"
	"strings"
	"time"

	"stagecoach/router/match"
)

// Won is a decision for an agent: what it was made of, as it is on record.
type Won struct {
	// Agents are those whom it was offered to at once, the winner first.
	Agents []string
	At     time.Time
	Start  time.Time
	Due    time.Time
	Why    match.Explanation
	Traits match.Traits
	Demand match.Demand
	// Present is true while the offer stands: it is told as of now.
	Present bool
}

// Offered tells why an agent got a contact.
func (t *Teller) Offered(w *Won) []string {
	out := []string{t.Turn(&w.Why)}
	out = append(out, t.claim(w)...)
	if len(w.Agents) > 1 {
		out = append(out, t.several(w))
	}
	compared := t.compared(w)
	for _, merit := range t.merits(w) {
		again := func(text string) bool { return strings.Contains(text, ": "+merit) }
		if !slices.ContainsFunc(compared, again) {
			out = append(out, merit)
		}
	}
	out = append(out, compared...)
	if others := t.Gates(w.Why.Failed, &w.Demand); others != "" {
		out = append(out, t.say("Of the others, %s.", "Von den anderen: %s.", others))
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// Turn says why the turn of a contact had come.
func (t *Teller) Turn(why *match.Explanation) string {
	all := why.Behind + 1
	switch {
	case why.Lane == match.LaneGuard:
		return t.say(
			"It had waited so long that its turn was owed: then only time counts, not what anybody is worth.",
			"Er hatte so lange gewartet, dass er an der Reihe sein musste: Dann zählt nur noch die Zeit, nicht, was jemand wert ist.")
	case why.Lane == match.LaneLost && why.Quiet && all > 1:
		return t.say(
			"It was too late to keep its promise; it came first because everybody else had time enough.",
			"Sein Versprechen war nicht mehr zu halten; er kam zuerst dran, weil alle anderen Zeit genug hatten.")
	case why.Lane == match.LaneLost:
		return t.say(
			"It was too late to keep its promise; it was served because nothing that could still be in time was left for %s.",
			"Sein Versprechen war nicht mehr zu halten; er kam dran, weil für %s nichts übrig war, das noch rechtzeitig werden konnte.", t.name(why.Winner.Agent))
	case all == 1:
		return t.say("Nothing else waited.", "Sonst wartete nichts.")
	case why.Lane == match.LaneSavable:
		return t.count(all,
			"", "Of the %d that waited, it was the one to serve first: so the most promises are kept.",
			"", "Von den %d, die warteten, war er zuerst dran: So werden die meisten Versprechen gehalten.")
	}
	return t.count(all, "", "Of the %d that waited, it was due first.", "", "Von den %d, die warteten, war er zuerst fällig.")
}

// Mine tells the winner of a decision how they came to it.
func (t *Teller) Mine(why *match.Explanation) []string {
	if len(why.Next) == 0 {
		return []string{t.say("You are the only one there.", "Du bist allein da.")}
	}
	first := terms(&why.Winner, &why.Next[0])
	if len(first) == 0 {
		return []string{t.say("You have been free for longer than the others who could take it.", "Du bist länger frei als die anderen, die ihn nehmen könnten.")}
	}
	next := t.name(why.Next[0].Agent)
	switch first[0] {
	case match.TermKnown, match.TermNamed, termLastAgent, termLanguage:
		return nil // said already
	case speed:
		return []string{t.say("You need less time for it than %s.", "Du brauchst dafür weniger Zeit als %s.", next)}
	case match.TermLoad:
		return []string{t.say("You have less in hand than %s.", "Du hast weniger in Arbeit als %s.", next)}
	case termIdle:
		return []string{t.say("Of those who can take it, you have been free for longest.", "Von denen, die ihn nehmen können, bist du am längsten frei.")}
	case match.TermRelaxed:
		return []string{t.say("You have more of the skills that it asks for than %s.", "Du kannst mehr von dem, was er verlangt, als %s.", next)}
	case match.TermSpare:
		return []string{t.say("%s is kept free for what fewer people can do.", "%s wird für das freigehalten, was weniger Leute können.", next)}
	}
	return []string{t.say("You were ahead in “%s”.", "Du lagst bei „%s“ vorn.", skill(first[0]))}
}

// claim says what the contact itself brought: its worth, its urgency.
func (t *Teller) claim(w *Won) []string {
	var out []string
	if said := t.counts(w.Traits.Value); said != "" && w.Why.Lane != match.LaneGuard {
		out = append(out, said)
	}
	whole, gone := w.Due.Sub(w.Start), w.At.Sub(w.Start)
	switch {
	case whole <= 0 || w.At.IsZero():
	case gone >= whole:
		out = append(out, t.say("It was late by %s.", "Er war schon %s zu spät.", t.span(gone-whole)))
	case gone > 0 && 100*gone < whole:
		out = append(out, t.say("It had only just come.", "Er war eben erst gekommen."))
	case gone > 0:
		out = append(out, t.say(
			"Of the time promised, %[1]d%% had gone, with %[2]s left.",
			"Von der versprochenen Zeit waren %[1]d %% um, übrig: %[2]s.", int(100*gone/whole), t.span(whole-gone)))
	}
	return out
}

// counts says what a promise of this value counts beside others, "" for as much as
// theirs.
func (t *Teller) counts(value int64) string {
	worth := float64(value) / match.Micro
	switch {
	case value <= 0 || math.Abs(worth-1) <= 0.01:
		return ""
	case worth == math.Trunc(worth):
		return t.say("Its promise counts as much as those of %d ordinary customers.", "Sein Versprechen zählt so viel wie die von %d gewöhnlichen Kunden.", int(worth))
	}
	return t.say("Its promise counts %[1]s times an ordinary customer's.", "Sein Versprechen zählt %[2]s-mal so viel wie das eines gewöhnlichen Kunden.", t.number(worth), t.number(worth))
}

// number writes a number as people of the language do.
func (t *Teller) number(v float64) string {
	s := strings.TrimRight(strings.TrimRight(t.say("%.1f", "%.1f", v), "0"), ".")
	if t.Lang == German {
		s = strings.ReplaceAll(s, ".", ",")
	}
	return s
}

// several says that it was offered to more than one.
func (t *Teller) several(w *Won) string {
	names := t.names(w.Agents, len(w.Agents), t.and)
	return t.say(
		"It was offered to %[1]d at once (%[2]s): the first to accept gets it, so that one offer without an answer does not break the promise.",
		"Er wurde %[1]d Leuten zugleich angeboten (%[2]s): Wer zuerst annimmt, bekommt ihn. So bricht ein Angebot, auf das niemand antwortet, das Versprechen nicht.",
		len(w.Agents), names)
}

// merits says what spoke for the winner, whoever else there was.
func (t *Teller) merits(w *Won) []string {
	won, who := &w.Why.Winner, t.name(w.Why.Winner.Agent)
	var out []string
	if won.Has(termLastAgent) || won.Has(match.TermKnown) {
		out = append(out, t.say("%s answered this customer last.", "%s hat hier zuletzt geantwortet.", who))
	}
	if won.Has(match.TermNamed) {
		out = append(out, t.say("%s is the customer's named agent.", "%s ist für diesen Kunden fest zuständig.", who))
	}
	if won.Has(termLanguage) {
		out = append(out, t.say("%s speaks the customer's language.", "%s spricht die Sprache, in der geschrieben wurde.", who))
	}
	if won.Has(match.TermRelaxed) {
		out = append(out, t.relaxed(w))
	}
	return out
}

// relaxed says what the winner lacks of what was asked for: skills that are not
// insisted on any more, or never were.
func (t *Teller) relaxed(w *Won) string {
	who, age := t.name(w.Why.Winner.Agent), w.At.Sub(w.Start)
	asks := len(w.Demand.Skills)+len(w.Demand.Any) > 0
	switch {
	case asks && w.Traits.RelaxAfter > 0 && age >= w.Traits.RelaxAfter:
		return t.say(
			"It asked for %[2]s; after so long a wait %[1]s may take it without.",
			"Verlangt war %[2]s; nach so langem Warten darf ihn auch %[1]s ohne das nehmen.", who, t.skills(&w.Demand))
	case len(w.Demand.Wishes) > 0:
		return t.say("Best would have been somebody who has %s; that is not insisted on.", "Am besten wäre jemand gewesen, der %s kann; verlangt wird das nicht.", t.wishes(&w.Demand))
	case asks:
		return t.say("It asked for %s; nobody here has that, and so it is not insisted on.", "Verlangt war %s; das kann hier niemand, darum wird es nicht verlangt.", t.skills(&w.Demand))
	}
	return t.say("Not all that it asked for is insisted on any more.", "Nicht alles, was verlangt war, wird noch verlangt.")
}

// compared holds the winner against the five next; those for whom the same is to
// be said are told together.
func (t *Teller) compared(w *Won) []string {
	who := t.name(w.Why.Winner.Agent)
	if len(w.Why.Next) == 0 {
		if len(w.Why.Failed) == 0 {
			return []string{t.say("%s was the only one there.", "%s war allein da.", who)}
		}
		return []string{t.say("%s was the only one who could take it.", "Nur %s konnte ihn nehmen.", who)}
	}
	var out []string
	next := w.Why.Next
	for from := 0; from < len(next); {
		to := from + 1
		for to < len(next) && t.alike(&w.Why.Winner, &next[from], &next[to]) {
			to++
		}
		names := make([]string, 0, to-from)
		for i := from; i < to; i++ {
			names = append(names, t.name(next[i].Agent))
		}
		text := t.say("After %[1]s came %[2]s", "Nach %[1]s kam %[2]s", who, t.and(names))
		switch {
		case from > 0:
			text = t.say("Then %s", "Dann %s", t.and(names))
		case to > 1:
			text = t.say("After %[1]s came %[2]s", "Nach %[1]s kamen %[2]s", who, t.and(names))
		}
		why := t.Difference(&w.Why.Winner, &next[from])
		if to-from > 1 && terms(&w.Why.Winner, &next[from])[0] == match.TermSpare {
			why = t.say("they are kept free for what fewer people can do.", "Sie werden für das freigehalten, was weniger Leute können.")
		}
		out = append(out, text+": "+why)
		from = to
	}
	return out
}

// alike reports whether the same is to be said of two candidates who came after
// the winner, but for their names.
func (t *Teller) alike(won, a, b *match.Candidate) bool {
	one, other := terms(won, a), terms(won, b)
	if a.Score > won.Score || b.Score > won.Score {
		return false
	}
	if len(one) == 0 || len(other) == 0 || one[0] != other[0] || len(terms(a, won))+len(terms(b, won)) > 0 {
		return false
	}
	return one[0] == match.TermSpare || t.advantage(one[0], won, a) == t.advantage(other[0], won, b)
}

// Difference says what made the difference between two candidates, and what spoke
// for the one who was behind.
func (t *Teller) Difference(won, next *match.Candidate) string {
	forWon, forNext := terms(won, next), terms(next, won)
	if next.Score-won.Score > match.Micro/100 {
		return t.say("%s was ahead in the sum, but stayed free for other work.", "%s lag in der Summe vorn, blieb aber für andere Arbeit frei.", t.name(next.Agent))
	}
	if len(forWon) == 0 && len(forNext) == 0 {
		return t.say("all else was equal, and %s had been free for longer.", "Sonst war alles gleich, und %s war länger frei.", t.name(won.Agent))
	}
	var out []string
	if len(forWon) > 0 {
		out = append(out, t.advantage(forWon[0], won, next)+".")
	} else {
		out = append(out, t.say("several small things spoke for %s.", "Mehrere Kleinigkeiten sprachen für %s.", t.name(won.Agent)))
	}
	if len(forNext) > 0 {
		out = append(out, t.say("On the other hand, %s.", "Dagegen sprach: %s.", t.advantage(forNext[0], next, won)))
	}
	return strings.Join(out, " ")
}

// speed is the effort and the urgency together: both come of how fast somebody is.
const speed = "speed"

// terms names the terms in which a is ahead of b by enough to be told, the largest
// first.
func terms(a, b *match.Candidate) []string {
	sum := map[string]int64{}
	var names []string
	add := func(c *match.Candidate, sign int64) {
		for _, term := range c.Terms {
			name := term.Name
			if name == match.TermEffort || name == match.TermUrgency {
				name = speed
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
			sum[name] += sign * term.Value
		}
	}
	add(a, 1)
	add(b, -1)
	const little = match.Micro / 100
	names = slices.DeleteFunc(names, func(n string) bool { return sum[n] < little })
	slices.SortStableFunc(names, func(x, y string) int {
		switch {
		case sum[x] > sum[y]:
			return -1
		case sum[x] < sum[y]:
			return 1
		}
		return 0
	})
	return names
}

// advantage says in what one candidate is ahead of another, as a sentence without
// its full stop.
func (t *Teller) advantage(term string, a, b *match.Candidate) string {
	one, two := t.name(a.Agent), t.name(b.Agent)
	switch term {
	case match.TermNamed:
		return t.say("%s is the customer's named agent", "%s ist für diesen Kunden fest zuständig", one)
	case match.TermKnown, termLastAgent:
		return t.say("%s answered this customer last", "%s hat hier zuletzt geantwortet", one)
	case termLanguage:
		return t.say("%s speaks the customer's language", "%s spricht die Sprache, in der geschrieben wurde", one)
	case termIdle:
		return t.say("%[1]s had been free for longer (%[2]s, %[3]s only %[4]s)", "%[1]s war länger frei (%[2]s, %[3]s erst %[4]s)",
			one, t.span(idle(a)), two, t.span(idle(b)))
	case speed:
		if percent := int(math.Round(100 * (1 - math.Exp(float64(value(b, match.TermEffort)-value(a, match.TermEffort))/match.Micro)))); percent > 0 {
			return t.say("%[1]s needs about %[2]d%% less time for it", "%[1]s braucht dafür etwa %[2]d %% weniger Zeit", one, percent)
		}
		return t.say("%s needs longer and so has to begin earlier", "%s braucht länger und muss deshalb früher anfangen", one)
	case match.TermSpare:
		return t.say("%s is kept free for what fewer people can do", "%s wird für das freigehalten, was weniger Leute können", two)
	case match.TermLoad:
		return t.say("%s had less in hand", "%s hatte weniger in Arbeit", one)
	case match.TermRelaxed:
		return t.say("%s has more of the skills that it asks for", "%s kann mehr von dem, was er verlangt", one)
	}
	return t.say("%[1]s was ahead in “%[2]s”", "%[1]s lag bei „%[2]s“ vorn", one, skill(term))
}

// idle is for how long a candidate had got nothing.
func idle(c *match.Candidate) time.Duration {
	return time.Duration(value(c, termIdle)) * time.Microsecond
}

func value(c *match.Candidate, term string) int64 {
	for _, t := range c.Terms {
		if t.Name == term {
			return t.Value
		}
	}
	return 0
}

// The terms of decisions on record that were made before the rule had its present
// ones: whom the log names is told all the same.
const (
	termLastAgent = "last_agent"
	termLanguage  = "language"
	termIdle      = "idle_seconds"
)
