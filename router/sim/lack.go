package sim

import (
	"fmt"
	"slices"
	"strings"
)

// Lack is contacts of a class that nobody replied to, and why.
type Lack struct {
	Class    string
	Contacts int
	// Why says who would be needed, for a person.
	Why string
}

// Lacks says of the contacts without a reply why they have none, class by class
// in the scenario's order.
func (s *Scenario) Lacks(arrivals []Arrival, outcomes []Outcome) []Lack {
	var out []Lack
	for class := range s.Classes {
		for i := range arrivals {
			if arrivals[i].Class != class || outcomes[i].Replied >= 0 {
				continue
			}
			why := s.why(&s.Classes[class], &arrivals[i])
			at := slices.IndexFunc(out, func(l Lack) bool { return l.Class == s.Classes[class].Name && l.Why == why })
			if at < 0 {
				at, out = len(out), append(out, Lack{Class: s.Classes[class].Name, Why: why})
			}
			out[at].Contacts++
		}
	}
	return out
}

// why says why nobody has replied to a contact.
func (s *Scenario) why(c *Class, a *Arrival) string {
	if !s.able(c) {
		return "each needs " + s.needed(c)
	}
	latest := 0.0
	for i := range s.Agents {
		crew := &s.Agents[i]
		if !s.mayEver(crew, c) {
			continue
		}
		if crew.ShiftH[1] >= s.Hours {
			return fmt.Sprintf("whoever may take them had no time within %.0f days", horizon.Hours()/24)
		}
		latest = max(latest, crew.ShiftH[1])
	}
	if a.Visible < latest*3600 {
		return fmt.Sprintf("the last shift of those who may take them ended at %g h, before their turn had come", latest)
	}
	return fmt.Sprintf("they came when the last shift of those who may take them had ended, at %g h", latest)
}

// mayEver reports whether a crew may take a class, if need be after its skill has
// been relaxed.
func (s *Scenario) mayEver(crew *Crew, c *Class) bool {
	return crew.mayTake(c) || c.RelaxAfterFrac > 0 && crew.speaks(c)
}

// able reports whether anybody may ever take a class.
func (s *Scenario) able(c *Class) bool {
	return slices.ContainsFunc(s.Agents, func(crew Crew) bool { return s.mayEver(&crew, c) })
}

// needed says what a class needs that nobody has.
func (s *Scenario) needed(c *Class) string {
	need := fmt.Sprintf("%s at level %d or higher, and the language %s", c.Skill, c.MinProf, c.Lang)
	var speakers []string
	best := 0
	for i := range s.Agents {
		if crew := &s.Agents[i]; crew.speaks(c) {
			speakers = append(speakers, crew.Name)
			best = max(best, crew.Skills[c.Skill])
		}
	}
	switch {
	case len(speakers) == 0:
		return need + "; nobody speaks it"
	case best == 0:
		return need + "; of those who speak it nobody has the skill: teach it to " + strings.Join(speakers, ", ")
	}
	return need + fmt.Sprintf("; those who speak it have level %d at most", best)
}
