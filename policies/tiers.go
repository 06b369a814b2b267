package policies

import (
	"fmt"
	"math"

	"stagecoach/router/match"
)

// tierRule is an entry of customers.yaml.
type tierRule struct {
	name string
	// value is in micro-units.
	value int64
	when  expression
}

// TierValue gives what keeping a promise to a customer of this tier is worth, in
// micro-units: 1,000,000 where none is named so.
func (s *Set) TierValue(name string) int64 {
	for i := range s.tiers {
		if s.tiers[i].name == name {
			return s.tiers[i].value
		}
	}
	return match.Micro
}

// Tiers lists the names of the tiers, in the order of the file.
func (s *Set) Tiers() []string {
	out := make([]string, len(s.tiers))
	for i := range s.tiers {
		out[i] = s.tiers[i].name
	}
	return out
}

// tierOf gives the first tier whose condition a message fits.
func (s *Set) tierOf(vars map[string]any) string {
	for i := range s.tiers {
		if t := &s.tiers[i]; t.when.program != nil && t.when.matches(vars) {
			return t.name
		}
	}
	return ""
}

func (b *builder) buildTiers(f *customersFile) {
	d := b.docFor("customers.yaml", "tiers")
	c := b.compiler(d, messageWords())
	names := map[string]bool{}
	for i, e := range f.Tiers {
		key := fmt.Sprintf("tiers[%d]", i)
		b.checkName(d, key, e.Name, names)
		r := tierRule{name: e.Name, value: match.Micro}
		if e.Value != nil {
			r.value = int64(math.Round(*e.Value * match.Micro))
		}
		if e.When != "" {
			r.when = c.compile(key+".when", e.When)
			b.count("customers.yaml", e.Name, r.when)
		}
		b.set.tiers = append(b.set.tiers, r)
	}
}

// RelaxAfter gives the share of a promise after which the skills that contacts of
// a class ask for are wishes, 0 for never.
func (s *Set) RelaxAfter(class string) float64 {
	for i := range s.classes.classes {
		if s.classes.classes[i].class == class {
			return s.classes.classes[i].relax
		}
	}
	return s.classes.otherwise.relax
}
