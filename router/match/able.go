package match

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"stagecoach/contact"
)

// Able gives the first gate that no agent of such a profile passes, whatever they
// are doing, "" if they pass all. It changes with the profile only, and with the
// age of the contact as far as Thresholds says: who is able at an age is able at
// every later one.
func Able(d *Demand, t *Traits, age time.Duration, a *Agent) Gate {
	switch {
	case !worksOn(a, d.Channel) || !worksOn(a, d.ReplyChannel):
		return GateChannel
	case len(d.Languages) > 0 && !over(d.LanguageFor, age) && !speaksOne(a, d.Languages):
		return GateLanguage
	case len(d.Not) > 0 && hasOne(a, d.Not):
		return GateExcluded
	case !over(t.RelaxAfter, age) && lacking(d, a) > 0:
		return GateSkill
	}
	for i := range d.Wishes {
		if w := &d.Wishes[i]; age < w.For && a.Level(w.Name) < w.Level {
			return GateWish
		}
	}
	return ""
}

// Unmet counts what the agent lacks of all that the demand needs or wishes: each
// skill, each set, each wish, and the language where it is needed for a while
// only. Whoever is able while nothing is relaxed lacks only wishes that were
// never needed, so earlier candidates stay preferred by a price for each.
func Unmet(d *Demand, a *Agent) int {
	n := lacking(d, a)
	for i := range d.Wishes {
		if a.Level(d.Wishes[i].Name) < d.Wishes[i].Level {
			n++
		}
	}
	if d.LanguageFor > 0 && len(d.Languages) > 0 && !speaksOne(a, d.Languages) {
		n++
	}
	return n
}

// Thresholds gives the ages at which a demand asks less, in order.
func Thresholds(d *Demand, t *Traits) []time.Duration {
	var out []time.Duration
	add := func(at time.Duration) {
		if at > 0 {
			out = append(out, at)
		}
	}
	if len(d.Skills)+len(d.Any) > 0 {
		add(t.RelaxAfter)
	}
	if len(d.Languages) > 0 {
		add(d.LanguageFor)
	}
	for i := range d.Wishes {
		add(d.Wishes[i].For)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// over reports whether a need that lasts for a while, 0 for always, is over.
func over(lasts, age time.Duration) bool { return lasts > 0 && age >= lasts }

// lacking counts the skills and the sets that the agent does not meet.
func lacking(d *Demand, a *Agent) int {
	n := 0
	for i := range d.Skills {
		if a.Level(d.Skills[i].Name) < d.Skills[i].Level {
			n++
		}
	}
	for _, set := range d.Any {
		if !slices.ContainsFunc(set, func(s Skill) bool { return a.Level(s.Name) >= s.Level }) {
			n++
		}
	}
	return n
}

// hasOne reports whether the agent has any of the skills.
func hasOne(a *Agent, skills []string) bool {
	return slices.ContainsFunc(skills, func(s string) bool { return a.Level(s) > 0 })
}

// speaksOne reports whether the agent speaks any of the languages.
func speaksOne(a *Agent, languages []string) bool {
	return slices.ContainsFunc(languages, func(l string) bool { return slices.Contains(a.Languages, l) })
}

func worksOn(a *Agent, ch contact.Channel) bool {
	return ch == "" || len(a.Channels) == 0 || slices.Contains(a.Channels, ch)
}

// Key gives the canonical name of a demand: equal demands have equal keys, and
// others have others.
func (d *Demand) Key() string { return string(d.appendKey(make([]byte, 0, 64))) }

func (d *Demand) appendKey(b []byte) []byte {
	b = strconv.AppendQuote(b, string(d.Channel))
	b = strconv.AppendQuote(append(b, '>'), string(d.ReplyChannel))
	b = keySkills(append(b, "|s"...), d.Skills)
	if len(d.Any) > 0 {
		sets := make([]string, len(d.Any))
		for i, set := range d.Any {
			sets[i] = string(keySkills(nil, set))
		}
		b = keyNames(append(b, "|a"...), sets)
	}
	b = keyNames(append(b, "|n"...), d.Not)
	if len(d.Wishes) > 0 {
		wishes := slices.SortedFunc(slices.Values(d.Wishes), func(x, y Wish) int {
			return cmp.Or(compareSkills(x.Skill, y.Skill), cmp.Compare(x.For, y.For))
		})
		for _, w := range wishes {
			b = keySkills(append(b, "|i"...), []Skill{w.Skill})
			b = strconv.AppendInt(append(b, '@'), int64(w.For), 36)
		}
	}
	b = keyNames(append(b, "|l"...), d.Languages)
	b = strconv.AppendInt(append(b, '@'), int64(d.LanguageFor), 36)
	return keyNames(append(b, "|w"...), d.Wished)
}

func compareSkills(x, y Skill) int {
	return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Level, y.Level))
}

// keySkills appends skills in order. Most are in order as they come, which costs
// no memory.
func keySkills(b []byte, skills []Skill) []byte {
	if !slices.IsSortedFunc(skills, compareSkills) {
		skills = slices.SortedFunc(slices.Values(skills), compareSkills)
	}
	for _, s := range skills {
		b = strconv.AppendQuote(append(b, ':'), s.Name)
		b = strconv.AppendInt(b, int64(s.Level), 10)
	}
	return b
}

func keyNames(b []byte, names []string) []byte {
	if !slices.IsSorted(names) {
		names = slices.Sorted(slices.Values(names))
	}
	for _, n := range names {
		b = strconv.AppendQuote(append(b, ':'), n)
	}
	return b
}
