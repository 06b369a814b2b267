package policies

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/contact"
	"stagecoach/router/match"
	"stagecoach/router/sla"
)

// lintTeam finds what nobody who works here could do.
func (b *builder) lintTeam(team []Member) {
	if len(team) == 0 {
		return
	}
	agents := make([]*match.Agent, len(team))
	for i := range team {
		m := &team[i]
		agents[i] = &match.Agent{ID: m.Name, Skills: m.Skills, Languages: m.Languages, Channels: m.Channels}
	}
	list := b.docFor("classes.yaml", "classes")
	if d := b.docFor("classes.yaml", "default"); b.theirs(d) {
		b.lintDemand(d, "default", &b.files.classes.Default, &b.set.classes.otherwise, agents)
	}
	if b.theirs(list) {
		for i := range b.set.classes.classes {
			b.lintDemand(list, fmt.Sprintf("classes[%d]", i), &b.files.classes.Classes[i], &b.set.classes.classes[i], agents)
		}
	}
	if b.theirs(b.docFor("customers.yaml", "agents")) || b.theirs(b.docFor("escalation.yaml", "ladder")) {
		for _, e := range b.set.UnknownAgents(func(agent string) bool {
			return slices.ContainsFunc(team, func(m Member) bool { return m.Name == agent })
		}) {
			names := make([]string, len(team))
			for i := range team {
				names[i] = team[i].Name
			}
			e.Hint = strict.DidYouMean(e.Message[strings.LastIndexByte(e.Message, ' ')+1:], names)
			b.wrong(e)
		}
	}
	b.lintHours(team)
}

// lintDemand finds a demand that nobody meets even when all is relaxed that ever
// is.
func (b *builder) lintDemand(d *strict.Doc, key string, e *classEntry, r *classRule, agents []*match.Agent) {
	demand := match.Demand{Skills: r.skills, Any: r.needs.sets, Not: r.needs.not}
	traits := match.Traits{}
	if r.relax > 0 {
		traits.RelaxAfter = 1
	}
	able := func(want *match.Demand) bool {
		return slices.ContainsFunc(agents, func(a *match.Agent) bool { return match.Able(want, &traits, math.MaxInt64, a) == "" })
	}
	if !able(&demand) {
		b.impossible(d, key, e, r, agents)
		return
	}
	languages, channels := b.valuesOf(d, key+".when", "contact.language"), b.valuesOf(d, key+".when", "contact.channel")
	for _, ch := range channels {
		with := demand
		with.Channel, with.ReplyChannel = contact.Channel(ch), contact.Channel(ch)
		if !able(&with) {
			b.wrong(d.Problem(key, "let somebody work on it", "nobody who works on %s could ever take it", ch))
			return
		}
	}
	if r.language != "required" || r.needs.languageFor > 0 {
		return
	}
	for _, l := range languages {
		with := demand
		with.Languages = []string{l}
		if l != "" && !able(&with) {
			b.wrong(d.Problem(key+".language", "make it wished, or name what somebody who speaks it can do", "nobody who speaks %s could ever take it", l))
			return
		}
	}
}

// impossible says what of a demand it is that nobody has.
func (b *builder) impossible(d *strict.Doc, key string, e *classEntry, r *classRule, agents []*match.Agent) {
	var known []string
	for _, a := range agents {
		for _, s := range a.Skills {
			known = append(known, s.Name)
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	told := false
	for i, s := range r.skills {
		best := 0
		for _, a := range agents {
			best = max(best, a.Level(s.Name))
		}
		at := fmt.Sprintf("%s.skills[%d]", key, i)
		switch {
		case best >= s.Level || i >= len(e.Skills):
			continue
		case best > 0:
			b.wrong(d.Problem(at+".level", "ask for less, or teach somebody", "nobody could ever take it: the highest level of %q is %d", s.Name, best))
		default:
			b.wrong(d.Problem(at+".name", strict.DidYouMean(s.Name, known), "nobody could ever take it: nobody has the skill %q", s.Name))
		}
		told = true
	}
	if !told {
		names := namesOf(r.skills)
		for _, set := range r.needs.sets {
			names = append(names, "one of "+strings.Join(namesOf(set), ", "))
		}
		for _, name := range r.needs.not {
			names = append(names, "not "+name)
		}
		b.wrong(d.Problem(key, "ask for less, or set relax_after", "nobody could ever take it: nobody has all of this: %s", strings.Join(names, "; ")))
	}
}

func namesOf(skills []Skill) []string {
	var out []string
	for _, s := range skills {
		out = append(out, s.Name)
	}
	return out
}

// valuesOf gives what a condition says that a word must be, nil where it may be
// something else.
func (b *builder) valuesOf(d *strict.Doc, key, word string) []string {
	at := slices.IndexFunc(b.conditions, func(c condition) bool { return c.key == key && c.doc == d })
	if at < 0 {
		return nil
	}
	terms, ok := b.conditions[at].termsOf()
	if !ok {
		return nil
	}
	var out []string
	for _, t := range terms {
		i := slices.IndexFunc(t, func(a atom) bool { return a.compare == equal && a.word == word })
		if i < 0 {
			return nil
		}
		out = append(out, t[i].values[0])
	}
	return out
}

// lintHours finds promises that run out while nobody is at work.
func (b *builder) lintHours(team []Member) {
	week, ok := b.attended(team)
	if !ok {
		return
	}
	if d := b.docFor("sla.yaml", "default"); b.theirs(d) {
		b.lintHoursOf(d, "default", &b.set.promises.otherwise, week)
	}
	if d := b.docFor("sla.yaml", "promises"); b.theirs(d) {
		for i := range b.set.promises.entries {
			b.lintHoursOf(d, fmt.Sprintf("promises[%d]", i), &b.set.promises.entries[i].promise, week)
		}
	}
}

// attended gives the calendar of when anybody is at work, false where that is not
// known or always.
func (b *builder) attended(team []Member) (*sla.Weekly, bool) {
	if b.set.limits == nil || b.set.limits.Advisory {
		return nil, false
	}
	week := sla.Week{Zone: b.set.limits.Zone}
	var days [7][]sla.Span
	for i := range team {
		if len(team[i].Shifts) == 0 {
			return nil, false
		}
		for _, s := range team[i].Shifts {
			from, to := time.Duration(s.From)*time.Minute, time.Duration(s.To)*time.Minute
			const day = 24 * time.Hour
			days[s.Day] = append(days[s.Day], sla.Span{From: from, To: min(to, day)})
			if to > day {
				next := (s.Day + 1) % 7
				days[next] = append(days[next], sla.Span{From: 0, To: to - day})
			}
		}
	}
	for i := range days {
		week.Days[i] = joinSpans(days[i])
	}
	c, err := sla.NewWeekly(week)
	return c, err == nil
}

// joinSpans gives what any of the spans covers.
func joinSpans(spans []sla.Span) []sla.Span {
	slices.SortFunc(spans, func(a, b sla.Span) int { return int(a.From - b.From) })
	var out []sla.Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

// lintHoursOf looks at an ordinary week: whether the calendar of a promise counts
// all of its time between the moment when the last goes and the next comes.
func (b *builder) lintHoursOf(d *strict.Doc, key string, p *sla.Promise, work *sla.Weekly) {
	calendar := b.set.Calendar(p.Calendar)
	begins := func(at time.Time) time.Time { return work.Add(at, time.Nanosecond).Add(-time.Nanosecond) }
	start := endOfWork(work, begins(time.Date(2026, 6, 8, 0, 0, 0, 0, work.Location())))
	for at := start; at.Before(start.AddDate(0, 0, 7)); {
		opens := begins(at)
		if opens.After(at) && calendar.Between(at, opens) >= p.First {
			b.wrong(d.Problem(key+".first", "use a calendar that is closed then, promise more, or have somebody at work",
				"can't be kept: whoever writes on %s is owed an answer within %s on the calendar %q, and nobody is at work before %s",
				at.Format("Monday at 15:04"), strict.FormatDuration(p.First), p.Calendar, opens.Format("Monday at 15:04")))
			return
		}
		at = endOfWork(work, opens)
	}
}

// endOfWork gives when the time at work that has begun ends.
func endOfWork(work *sla.Weekly, from time.Time) time.Time {
	at, most := from, from.AddDate(0, 0, 8)
	for at.Before(most) && work.Between(at, at.Add(time.Minute)) == time.Minute {
		at = at.Add(time.Minute)
	}
	if !at.After(from) {
		at = from.Add(time.Minute)
	}
	return at
}
