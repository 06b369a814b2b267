package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/router/match"
)

// classNeeds is what an entry of classes.yaml needs of an agent beside skills
// and language.
type classNeeds struct {
	sets        [][]Skill
	not         []string
	wishes      []match.Wish
	languageFor time.Duration
}

func needsOf(e *classEntry) classNeeds {
	var n classNeeds
	for _, set := range e.Any {
		n.sets = append(n.sets, skillsOf(set))
	}
	for _, name := range e.Not {
		n.not = append(n.not, strings.ToLower(name))
	}
	for _, w := range e.Wished {
		one := match.Wish{Skill: Skill{Name: strings.ToLower(w.Name), Level: 1}, For: w.For}
		take(&one.Level, w.Level)
		n.wishes = append(n.wishes, one)
	}
	take(&n.languageFor, e.LanguageFor)
	return n
}

// demand gives all that a message needs of an agent.
func (n *classNeeds) demand(c *Classification) match.Demand {
	d := match.Demand{
		Skills: c.Skills, Languages: c.Languages, Wished: c.Wished,
		Any: n.sets, Not: n.not, Wishes: n.wishes,
	}
	if len(d.Languages) > 0 {
		d.LanguageFor = n.languageFor
	}
	return d
}

// checkNeeds reports what nobody could ever meet, and what says nothing.
func (b *builder) checkNeeds(d *strict.Doc, key string, e *classEntry, r *classRule) {
	for i, set := range e.Any {
		if len(set) == 0 {
			d.Report(fmt.Sprintf("%s.any[%d]", key, i), "such as [{name: billing}, {name: orders}]", "is a list of skills of which one is needed, and has none")
		}
	}
	excluded := func(s Skill) bool { return slices.Contains(r.needs.not, s.Name) }
	for i, s := range r.skills {
		if excluded(s) {
			d.Report(fmt.Sprintf("%s.skills[%d].name", key, i), "take it out of one of them", "%q is under not too: nobody could ever take this", s.Name)
		}
	}
	for i, set := range r.needs.sets {
		if len(set) > 0 && !slices.ContainsFunc(set, func(s Skill) bool { return !excluded(s) }) {
			d.Report(fmt.Sprintf("%s.any[%d]", key, i), "take one of them out", "all of it is under not too: nobody could ever take this")
		}
	}
	for i, name := range e.Not {
		if name == "" {
			d.Report(fmt.Sprintf("%s.not[%d]", key, i), "", "must not be empty")
		}
	}
	if e.LanguageFor != nil && *e.LanguageFor > 0 && r.language != "required" {
		d.Report(key+".language_for", "add language: required", "only a required language can be given up later")
	}
}
