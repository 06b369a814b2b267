package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
)

func (x *explained) print(io std, zone *time.Location, staff int) {
	w := io.out
	say := func(what, format string, args ...any) {
		fmt.Fprintf(w, "%s %s\n", paint(w, bold, fmt.Sprintf("%-12s", what)), oneLine(fmt.Sprintf(format, args...)))
	}
	say("class", "%s (%s), by %q; queue %s", x.Class, x.Kind, x.Rule, x.Queue)
	x.printAsked(io, "classes")
	if x.Classifier != "" {
		say("classifier", "%s", x.Classifier)
	}
	say("tier", "%s", cmp.Or(x.Tier, "none"))
	for _, line := range x.Value.Words {
		fmt.Fprintf(w, "  %s\n", oneLine(line))
	}
	x.printAsked(io, "tiers")
	x.printAsked(io, "agents")
	say("language", "%s", cmp.Or(x.Language, "not known"))
	if x.Propose != "" {
		say("proposed", "as %s, by %q: it waits in review until a person confirms", x.Propose, x.ProposeRule)
	} else {
		say("proposed", "as nothing")
	}
	x.printAsked(io, "proposals")
	say("promise", "%q: a reply within %s on the calendar %q", x.Promise.Name, x.Promise.First, x.Promise.Calendar)
	x.printAsked(io, "promises")
	for _, s := range x.Promise.Spans {
		fmt.Fprintf(w, "  %s to %s: %s\n", s.From.In(zone).Format(explainForm), s.To.In(zone).Format(explainForm), strict.FormatDuration(s.To.Sub(s.From)))
	}
	say("due", "%s, at risk from %s", x.Promise.Due.In(zone).Format(explainForm), x.Promise.AtRisk.In(zone).Format(explainForm))
	for i, s := range x.Steps {
		what := ""
		if i == 0 {
			what = "unanswered"
		}
		say(what, "%s %s: %s %s", s.At.In(zone).Format(explainForm), s.Name, strings.ReplaceAll(s.Action, "_", " "), cmp.Or(s.To, s.Queue))
	}
	say("last resort", "%s", x.LastResort)
	x.printAgents(io, staff)
}

const explainForm = "Mon 2006-01-02 15:04 (MST)"

// printAsked prints the entries of one list that were asked.
func (x *explained) printAsked(io std, list string) {
	rest := 0
	for _, a := range x.Asked {
		if a.List != list {
			continue
		}
		mark, look := "-", faint
		switch a.Verdict {
		case policies.Matched:
			mark, look = "✓", green
		case policies.Failing:
			mark, look = "!", yellow
		case policies.NotAsked:
			rest++
			continue
		case policies.Usual:
			fmt.Fprintf(io.out, "  %s nothing matched: %s holds\n", paint(io.out, green, "✓"), a.Entry)
			continue
		case policies.SaidSo:
			fmt.Fprintf(io.out, "  %s %s: %s\n", paint(io.out, green, "✓"), a.Entry, a.Verdict)
			continue
		case policies.NotSo:
		}
		line := fmt.Sprintf("%s (%s:%d): %s", a.Entry, a.File, a.Line, a.Verdict)
		if a.Verdict != policies.Matched {
			line += ": " + cmp.Or(a.Why, a.When)
		}
		fmt.Fprintf(io.out, "  %s %s\n", paint(io.out, look, mark), oneLine(line))
	}
	if rest > 0 {
		fmt.Fprintf(io.out, "  %s\n", paint(io.out, faint, fmt.Sprintf("%d more not asked", rest)))
	}
}

// printAgents prints who could take it, and what the others lack.
func (x *explained) printAgents(io std, staff int) {
	w := io.out
	switch {
	case staff == 0:
		fmt.Fprintf(w, "%s nobody is known: say who works here in tests/agents.yaml, by --agents or --data\n", paint(w, bold, "winner      "))
		return
	case x.Winner != "":
		fmt.Fprintf(w, "%s %s\n", paint(w, bold, "winner      "), oneLine(x.Winner))
	case x.Impossible != "":
		fmt.Fprintf(w, "%s nobody, and nobody who works here ever could: the last resort is told at once\n", paint(w, bold, "winner      "))
	default:
		fmt.Fprintf(w, "%s nobody now\n", paint(w, bold, "winner      "))
	}
	for i, c := range x.Candidates {
		var terms []string
		for _, t := range c.Terms {
			terms = append(terms, fmt.Sprintf("%s %+.2f", t.Name, float64(t.Value)/match.Micro))
		}
		fmt.Fprintf(w, "  %d. %s %.2f = %s\n", i+1, oneLine(c.Agent), float64(c.Score)/match.Micro, oneLine(strings.Join(terms, ", ")))
	}
	for _, v := range x.Others {
		var gaps []string
		for i := range v.Gaps {
			gaps = append(gaps, gapText(&v.Gaps[i]))
		}
		fmt.Fprintf(w, "  %s %s: %s\n", paint(w, faint, "-"), oneLine(v.Agent), oneLine(cmp.Or(strings.Join(gaps, ", "), "could take it too")))
	}
}

// gapText says what an agent lacks.
func gapText(g *router.Gap) string {
	switch {
	case g.Gate == match.GatePresence:
		return "is " + string(g.Presence)
	case g.Gate == match.GateChannel:
		return "doesn't work on " + string(g.Channel)
	case g.Gate == match.GateLanguage:
		return "doesn't speak " + strings.Join(g.Languages, " or ")
	case g.Gate == match.GateExcluded:
		return "is excluded by the skill " + g.Skill
	case g.Skill != "" && g.Have == 0:
		return "lacks the skill " + g.Skill
	case g.Skill != "":
		return fmt.Sprintf("has %s at level %d, not %d", g.Skill, g.Have, g.Want)
	case g.Gate == match.GateCapacity:
		return fmt.Sprintf("lacks %d units of room", g.Units)
	}
	return strings.ReplaceAll(string(g.Gate), "_", " ")
}
