package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Statutory is what a law has us keep, also from whoever asks to be erased.
type Statutory struct {
	Name, Reason string
	// Keep is how long, from the end of the contact, or of the calendar year in which
	// that ended.
	Keep     time.Duration
	FromYear bool
	when     expression
}

// Statutory gives what a law has us keep of a contact, in the order of the file.
func (s *Set) Statutory(f Facts) []Statutory {
	var out []Statutory
	vars := f.words()
	for i := range s.statutory {
		if s.statutory[i].when.matches(vars) {
			out = append(out, s.statutory[i])
		}
	}
	return out
}

// Statutories gives all that a law has us keep.
func (s *Set) Statutories() []Statutory { return slices.Clone(s.statutory) }

// Until gives the last day on which it is kept of a contact that ended then, in the
// form 2031-12-31.
func (s *Statutory) Until(ended time.Time) string {
	if s.FromYear {
		ended = time.Date(ended.Year(), time.December, 31, 0, 0, 0, 0, time.UTC)
	}
	return ended.UTC().Add(s.Keep).Format(time.DateOnly)
}

func (b *builder) buildStatutory(list []statutoryEntry) {
	d := b.docFor("privacy.yaml", "statutory")
	c := b.compiler(d, contactWords())
	seen := map[string]bool{}
	for i, e := range list {
		key := fmt.Sprintf("statutory[%d]", i)
		b.checkName(d, key, e.Name, seen)
		if d.Has(key+".reason") && strings.TrimSpace(e.Reason) == "" {
			d.Report(key+".reason", "name the law: it is told to whoever asks to be erased", "must not be empty")
		}
		r := Statutory{Name: e.Name, Reason: e.Reason, Keep: e.Keep, FromYear: e.From == "year", when: c.compile(key+".when", e.When)}
		b.set.statutory = append(b.set.statutory, r)
		b.count("privacy.yaml", e.Name, r.when)
	}
}
