package policies

import (
	"slices"
	"strings"
)

// Said is what an external classifier said of a message: a fact, which is kept with
// the contact, so that nobody is asked twice.
type Said struct {
	// Class and Language are "" where it named none that is known.
	Class    string `json:"class,omitempty"`
	Language string `json:"language,omitempty"`
	// Confidence is how sure it was, of a thousand.
	Confidence int `json:"confidence,omitempty"`
	// Trouble is why it said nothing that counts, "" if it did.
	Trouble Trouble `json:"trouble,omitempty"`
	// Used is true where the class is its word.
	Used bool `json:"used,omitempty"`
}

// Trouble is why an external classifier said nothing that counts.
type Trouble string

// The troubles with an external classifier.
const (
	TroubleTimeOut      Trouble = "time_out"      // it did not answer in time
	TroubleUnreachable  Trouble = "unreachable"   // there is no connection, or it broke off
	TroubleRefused      Trouble = "refused"       // it answered with an error
	TroubleBroken       Trouble = "broken"        // its answer can't be read
	TroubleUnknownClass Trouble = "unknown_class" // it named a class that there isn't
	TroubleUnsure       Trouble = "unsure"        // it was less sure than the policy asks for
	TroubleBusy         Trouble = "busy"          // too much was asked of it at once
	TroublePaused       Trouble = "paused"        // it failed too often, and is left alone for a while
)

// When an external classifier decides.
const (
	useFirst     = "first"
	useOtherwise = "otherwise"
	useNever     = "never"
)

// consulting is what classes.yaml says of an external classifier.
type consulting struct {
	use string
	// least is the least confidence that counts, of a thousand.
	least int
}

// Consults reports whether an external classifier is to be asked, if there is one.
func (s *Set) Consults() bool { return s.classes.consulting.use != useNever }

// Classes lists the classes that a message can be of, each once, in order of name.
func (s *Set) Classes() []string {
	out := []string{s.classes.otherwise.class}
	for i := range s.classes.classes {
		out = append(out, s.classes.classes[i].class)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Hear gives of what an external classifier said as much as is known here: a class
// of the set, a language that it can tell.
func (s *Set) Hear(said Said) Said {
	if said.Trouble != "" {
		return Said{Trouble: said.Trouble}
	}
	out := Said{Class: said.Class, Confidence: min(max(said.Confidence, 0), 1000)}
	if language := strings.ToLower(said.Language); slices.Contains(Languages(), language) {
		out.Language = language
	}
	if said.Class != "" && !slices.Contains(s.Classes(), said.Class) {
		out.Class, out.Trouble = "", TroubleUnknownClass
	} else if out.Confidence < s.classes.consulting.least {
		out.Trouble = TroubleUnsure
	}
	return out
}

// counts gives what was said if it counts under this set, nil otherwise.
func (s *Set) counts(said *Said) *Said {
	if said == nil || !s.Consults() || said.Trouble != "" && said.Trouble != TroubleUnsure {
		return nil
	}
	if heard := s.Hear(Said{Class: said.Class, Language: said.Language, Confidence: said.Confidence}); heard.Trouble == "" {
		return &heard
	}
	return nil
}

// ruleFor gives the entry for a message: by what was said of it, or by the first
// condition that is so.
func (s *Set) ruleFor(vars map[string]any, said *Said) (rule *classRule, used bool) {
	if said != nil && said.Class != "" && s.classes.consulting.use == useFirst {
		return s.classes.of(said.Class), true
	}
	for i := range s.classes.classes {
		if r := &s.classes.classes[i]; r.when.matches(vars) {
			return r, false
		}
	}
	if said != nil && said.Class != "" {
		return s.classes.of(said.Class), true
	}
	return &s.classes.otherwise, false
}

// of gives the first entry of a class.
func (c *classRules) of(class string) *classRule {
	for i := range c.classes {
		if c.classes[i].class == class {
			return &c.classes[i]
		}
	}
	return &c.otherwise
}

func (b *builder) buildConsulting(e *classifierEntry) {
	b.set.classes.consulting = consulting{use: e.Use, least: int(e.Confidence*1000 + 0.5)}
}
