package policies

import (
	"slices"
	"strings"
)

// implies reports whether whatever all tests of t hold for, a holds for too.
func (t term) implies(a *atom) bool {
	return slices.ContainsFunc(t, func(b atom) bool {
		switch a.compare {
		case equal:
			return b.compare == equal && b.word == a.word && b.values[0] == a.values[0]
		case unequal:
			return b.word == a.word && (b.compare == unequal && b.values[0] == a.values[0] || b.compare == equal && b.values[0] != a.values[0])
		case mentioned:
			return b.compare == mentioned && b.word == a.word && !slices.ContainsFunc(b.values, func(v string) bool { return !slices.Contains(a.values, v) })
		case ranged:
			return b.compare == ranged && b.word == a.word && b.from >= a.from && b.to <= a.to
		default:
			return b.compare == a.compare && b.text == a.text || b.compare == equal && b.word == a.word && a.word != "" && a.fits(b.values[0])
		}
	})
}

// within reports whether whatever t holds for, other holds for too.
func (t term) within(other term) bool {
	for i := range other {
		if !t.implies(&other[i]) {
			return false
		}
	}
	return true
}

// never reports whether the tests contradict each other.
func (t term) never() bool {
	if t.nowhere() != "" {
		return true
	}
	for i := range t {
		for j := range t[:i] {
			a, b := &t[i], &t[j]
			if a.compare > b.compare {
				a, b = b, a
			}
			switch {
			case a.word != b.word:
			case a.compare == ranged || b.compare == ranged:
				if a.compare == b.compare && (a.from > b.to || b.from > a.to) {
					return true
				}
			case a.compare == equal && b.compare == equal && a.values[0] != b.values[0],
				a.compare == equal && b.compare == unequal && a.values[0] == b.values[0],
				a.compare == passes && b.compare == fails && a.text == b.text,
				a.compare == equal && b.compare >= passes && b.word != "" && !b.fits(a.values[0]):
				return true
			}
		}
	}
	return false
}

// prior is a term of an entry that comes first.
type prior struct {
	term  term
	entry int
}

// priors finds which entry before one holds for all that it holds for. Terms are
// looked up by their rarest test, so that a long list costs little more than its
// length.
type priors struct {
	by map[string][]prior
	// always is the entry that holds for everything, -1 for none, and loose those
	// without a test to look them up by.
	always int
	loose  []prior
}

// mostLoose bounds the terms that are compared with every entry.
const mostLoose = 64

func newPriors() *priors { return &priors{by: map[string][]prior{}, always: -1} }

// keys are what a test is kept under.
func (a *atom) keys() []string {
	switch a.compare {
	case equal:
		return []string{"=" + a.word + "\x00" + a.values[0]}
	case mentioned:
		out := make([]string, len(a.values))
		for i, v := range a.values {
			out[i] = "~" + a.word + "\x00" + v
		}
		return out
	case passes:
		if a.word != "" {
			return []string{"?" + a.text, "@" + a.word}
		}
		return []string{"?" + a.text}
	case fails:
		return []string{"!" + a.text}
	case ranged:
		return []string{"<" + a.word}
	case unequal:
	}
	return nil
}

// asks are the keys under which a test that implies this one's may be kept.
func (a *atom) asks() []string {
	switch keys := a.keys(); a.compare {
	case equal:
		return append(keys, "@"+a.word)
	case mentioned, passes, fails, ranged:
		return keys[:min(1, len(keys))]
	case unequal:
	}
	return nil
}

// add keeps the terms of an entry.
func (p *priors) add(entry int, terms []term) {
	for _, t := range terms {
		if len(t) == 0 {
			p.always = entry
			return
		}
		var best []string
		least := 0
		for i := range t {
			keys, weight := t[i].keys(), 0
			for _, k := range keys {
				weight = max(weight, len(p.by[k]))
			}
			if len(keys) > 0 && (best == nil || weight < least) {
				best, least = keys, weight
			}
		}
		if best == nil && len(p.loose) < mostLoose {
			p.loose = append(p.loose, prior{t, entry})
		}
		for _, k := range best {
			p.by[k] = append(p.by[k], prior{t, entry})
		}
	}
}

// before gives the first entry that holds wherever one of these terms does, -1
// where one of them is new.
func (p *priors) before(terms []term) int {
	if p.always >= 0 {
		return p.always
	}
	last := -1
	for _, t := range terms {
		found := p.find(t)
		if found < 0 {
			return -1
		}
		last = max(last, found)
	}
	return last
}

func (p *priors) find(t term) int {
	for i := range t {
		for _, k := range t[i].asks() {
			for _, one := range p.by[k] {
				if t.within(one.term) {
					return one.entry
				}
			}
		}
	}
	for _, one := range p.loose {
		if t.within(one.term) {
			return one.entry
		}
	}
	return -1
}

// lintOrder finds conditions of one list that can never decide.
func (b *builder) lintOrder() {
	lists := map[string]*priors{}
	entries := map[string][]*condition{}
	for i := range b.conditions {
		c := &b.conditions[i]
		if c.ast == nil || !b.theirs(c.doc) {
			continue
		}
		list := c.doc.File + " " + c.key[:strings.IndexByte(c.key+"[", '[')]
		if lists[list] == nil {
			lists[list] = newPriors()
		}
		p, all := lists[list], entries[list]
		entries[list] = append(all, c)
		terms, ok := c.termsOf()
		if !ok {
			continue
		}
		hint := "its tests contradict each other: take one of them out"
		if len(terms) == 1 && terms[0].nowhere() != "" {
			hint = terms[0].nowhere()
		}
		terms = slices.DeleteFunc(terms, term.never)
		if len(terms) == 0 {
			b.wrong(c.doc.Problem(c.key, hint, "can never be true"))
			continue
		}
		if strings.HasPrefix(c.key, "ladder[") { // each of them is looked at
			continue
		}
		at := p.before(terms)
		if at < 0 {
			p.add(len(all), terms)
			continue
		}
		first := all[at]
		b.wrong(c.doc.Problem(c.key, "put the more special entry first, or take this one out",
			"never decides: whatever it holds for, the entry on line %d has taken already", c.doc.Problem(first.key, "", "").Line))
	}
}
