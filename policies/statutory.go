package policies

import (
	"crypto/sha256"
	"encoding/hex"
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

// Before gives the instant before which what began may be kept no longer: what ended
// when it began, and everything earlier.
func (s *Statutory) Before(now time.Time) time.Time {
	before := now.UTC().Add(-s.Keep)
	if s.FromYear {
		return time.Date(before.Year(), time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	return before
}

// StatutoryVersion names what a law has us keep, as the rules say it: it is another when
// any of them is. Without rules it is "".
func (s *Set) StatutoryVersion() string { return s.statutoryVersion }

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
	if len(list) > 0 {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q", list))
		b.set.statutoryVersion = hex.EncodeToString(sum[:6])
	}
}

// warnStatutory says where words would be removed before a law allows it: they are kept
// for the longer of both.
func (b *builder) warnStatutory(f *privacyFile) {
	d := b.given["privacy.yaml"]
	if d == nil {
		return
	}
	for i, r := range f.Retention {
		for k, s := range f.Statutory {
			if s.Keep <= r.Keep || !slices.Contains([]string{"messages", "originals", "replies"}, r.Name) {
				continue
			}
			key := fmt.Sprintf("retention[%d].keep", i)
			if !d.Has(key) {
				key = fmt.Sprintf("statutory[%d].keep", k)
			}
			b.set.warnings = append(b.set.warnings, d.Problem(key, "what it holds for stays so long; all else goes by retention",
				"%s are removed after %d days, and %q keeps some for %d: the longer counts", r.Name, days(r.Keep), s.Name, days(s.Keep)))
			break
		}
	}
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }
