package replay

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"stagecoach/configs/strict"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
)

// Change adds agents, or takes some away: Number is how many, negative for fewer, What
// a skill, a language or an agent.
type Change struct {
	Number int
	What   string
}

// newcomer begins the id of who was added.
const newcomer = "new:"

// maxChange is how many agents one change adds or takes at most.
const maxChange = 100

// StaffingError says why a change of staff can't be simulated.
type StaffingError struct{ words string }

// Error implements error.
func (e *StaffingError) Error() string { return e.words }

func staffingError(format string, args ...any) error {
	return &StaffingError{words: fmt.Sprintf(format, args...)}
}

// ParseChange reads "+2:german" or "-1:anna".
func ParseChange(text string) (Change, error) {
	wrong := func(why string) (Change, error) {
		return Change{}, staffingError("%q: %s: write it like +2:german or -1:anna@example.com", text, why)
	}
	parts := regexp.MustCompile(`^([+-])(\d{1,6}):(.+)$`).FindStringSubmatch(text)
	if parts == nil {
		return wrong("this is no change of who is there")
	}
	n, err := strconv.Atoi(parts[2])
	if err != nil || n < 1 || n > maxChange {
		return wrong(fmt.Sprintf("from 1 to %d can come or go", maxChange))
	}
	if parts[1] == "-" {
		n = -n
	}
	what := strings.TrimSpace(parts[3])
	if what == "" {
		return wrong("it does not say who")
	}
	return Change{Number: n, What: what}, nil
}

// languageNames are how people call the languages that policies know.
var languageNames = map[string][]string{ //nolint:gochecknoglobals // a table
	"de": {"german", "deutsch"}, "en": {"english", "englisch"}, "fr": {"french", "französisch"},
	"es": {"spanish", "spanisch"}, //nolint:misspell // as Germans write it
	"it": {"italian", "italienisch"}, "nl": {"dutch", "niederländisch"}, "pl": {"polish", "polnisch"},
}

// roster is who is known in a history: profiles as they were at the end.
type roster struct {
	s        *Simulation
	profiles map[string]router.AgentProfile
	ids      []string
}

func (s *Simulation) roster() *roster {
	r := &roster{s: s, profiles: map[string]router.AgentProfile{}}
	for _, e := range s.History.Staff {
		if e.Profile != nil {
			r.profiles[e.Agent] = *e.Profile
		}
	}
	r.ids = sortedKeys(r.profiles)
	// Who was there most is most typical; nobody who was never there is.
	slices.SortStableFunc(r.ids, func(x, y string) int { return cmp.Compare(s.History.Present[y], s.History.Present[x]) })
	return r
}

// worked reports whether somebody had anything in hand, and did not only look on.
func (r *roster) worked(id string) bool { return r.s.History.Busy[id] > 0 }

// ability is a skill or a language.
type ability struct {
	skill, language string
	level           int
}

func (a ability) words() string {
	if a.skill != "" {
		return a.skill
	}
	if names := languageNames[a.language]; len(names) > 0 {
		return strings.ToUpper(names[0][:1]) + names[0][1:]
	}
	return a.language
}

// has reports whether an agent has it.
func (a ability) has(p *router.AgentProfile) bool {
	if a.language != "" {
		return slices.Contains(p.Languages, a.language)
	}
	return slices.ContainsFunc(p.Skills, func(s match.Skill) bool { return s.Name == a.skill && s.Level >= a.level })
}

// learn gives a profile that has it.
func (a ability) learn(p router.AgentProfile) router.AgentProfile {
	if a.language != "" {
		p.Languages = append(slices.Clone(p.Languages), a.language)
		return p
	}
	p.Skills = slices.DeleteFunc(slices.Clone(p.Skills), func(s match.Skill) bool { return s.Name == a.skill })
	p.Skills = append(p.Skills, match.Skill{Name: a.skill, Level: a.level})
	slices.SortFunc(p.Skills, func(x, y match.Skill) int { return strings.Compare(x.Name, y.Name) })
	return p
}

// skills are all that anybody has or any contact needs, with the highest level that
// is needed.
func (r *roster) skills() map[string]int {
	out := map[string]int{}
	for _, id := range r.ids {
		for _, s := range r.profiles[id].Skills {
			out[s.Name] = max(out[s.Name], 1)
		}
	}
	note := func(s match.Skill) { out[s.Name] = max(out[s.Name], s.Level) }
	for _, t := range r.s.History.Turns {
		d := &t.Facts.Was.Demand
		for _, s := range d.Skills {
			note(s)
		}
		for _, set := range d.Any {
			for _, s := range set {
				note(s)
			}
		}
	}
	return out
}

// find says what a word means: a skill, a language, or an agent.
func (r *roster) find(word string) (ability, string, error) {
	low := strings.ToLower(word)
	skills := r.skills()
	if level, ok := skills[low]; ok {
		return ability{skill: low, level: level}, "", nil
	}
	known := sortedKeys(skills)
	for _, code := range policies.Languages() {
		if low == code || slices.Contains(languageNames[code], low) {
			return ability{language: code}, "", nil
		}
		known = append(known, languageNames[code][0])
	}
	var found []string
	for _, id := range r.ids {
		name := strings.ToLower(r.s.name(id))
		first, _, _ := strings.Cut(name, " ")
		if low == id || low == name || low == first || low == strings.SplitN(name, "@", 2)[0] {
			found = append(found, id)
		}
		known = append(known, r.s.name(id))
	}
	switch len(found) {
	case 1:
		return ability{}, found[0], nil
	case 0:
		return ability{}, "", staffingError("--agents: %q is no skill, no language and nobody here: %s", word, strict.DidYouMean(low, known))
	}
	return ability{}, "", staffingError("--agents: %q are %d agents: write the whole name", word, len(found))
}

// restaffed gives who is there after the changes, and says in words what was changed;
// nil where nothing was.
func (s *Simulation) restaffed() ([]StaffEvent, []string, error) {
	words := []string{}
	if len(s.Staffing) == 0 {
		return nil, words, nil
	}
	r := s.roster()
	staff := slices.Clone(s.History.Staff)
	for i, c := range s.Staffing {
		what, who, err := r.find(c.What)
		if err != nil {
			return nil, nil, err
		}
		var said string
		if c.Number > 0 {
			staff, said, err = r.more(staff, c, what, who, i)
		} else {
			staff, said, err = r.fewer(staff, c, what, who)
		}
		if err != nil {
			return nil, nil, err
		}
		words = append(words, said)
	}
	return staff, words, nil
}

// more adds agents who are like those who have it already, in turn; where nobody has,
// like those who are there most, who learn it.
func (r *roster) more(staff []StaffEvent, c Change, what ability, who string, nth int) ([]StaffEvent, string, error) {
	var like []string
	for _, id := range r.ids {
		p := r.profiles[id]
		if who == id || who == "" && what.has(&p) && r.worked(id) {
			like = append(like, id)
		}
	}
	learns := len(like) == 0
	if learns {
		like = slices.DeleteFunc(slices.Clone(r.ids), func(id string) bool { return !r.worked(id) })
	}
	if len(like) == 0 {
		return nil, "", staffingError("--agents: nobody was at work in this time, so nobody can be added")
	}
	names := []string{}
	for k := range c.Number {
		model := like[k%len(like)]
		id := fmt.Sprintf(newcomer+"%d.%03d", nth+1, k+1)
		for _, e := range r.s.History.Staff {
			if e.Agent != model || e.Removed {
				continue
			}
			if e.Agent = id; e.Profile != nil {
				p := *e.Profile
				if learns {
					p = what.learn(p)
				}
				p.ID = id
				e.Profile = &p
			}
			staff = append(staff, e)
		}
		if k < len(like) {
			names = append(names, r.s.name(model))
		}
	}
	slices.SortStableFunc(staff, func(x, y StaffEvent) int { return x.At.Compare(y.At) })
	work := "work"
	if c.Number == 1 {
		work = "works"
	}
	said := fmt.Sprintf("%d more who %s the hours of %s and can do the same", c.Number, work, listed(names))
	if learns {
		said += ", and " + what.words() + " beside"
	}
	return staff, said, nil
}

// fewer takes agents away, those first who were there least.
func (r *roster) fewer(staff []StaffEvent, c Change, what ability, who string) ([]StaffEvent, string, error) {
	there := map[string]bool{}
	for i := range staff {
		there[staff[i].Agent] = true
	}
	var out []string
	for _, id := range slices.Backward(r.ids) {
		p := r.profiles[id]
		if there[id] && (who == id || who == "" && what.has(&p) && r.s.History.Present[id] > 0) {
			out = append(out, id)
		}
	}
	if len(out) < -c.Number {
		return nil, "", staffingError("--agents: %d shall go with %q, and there are %d", -c.Number, c.What, len(out))
	}
	out = out[:-c.Number]
	names := make([]string, len(out))
	for i, id := range out {
		names[i] = r.s.name(id)
	}
	staff = slices.DeleteFunc(staff, func(e StaffEvent) bool { return slices.Contains(out, e.Agent) })
	return staff, "without " + listed(names), nil
}

// listed gives names as a sentence has them, not too many.
func listed(names []string) string {
	const most = 4
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d others", len(names)-most)
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}
