package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/router/match"
	"stagecoach/router/sla"
)

// lintLadder finds what is wrong with the ladder as a whole.
func (b *builder) lintLadder() {
	d := b.given["escalation.yaml"]
	if d == nil || !d.Has("ladder") || len(b.set.ladder) == 0 {
		return
	}
	l := ladderLint{builder: b, doc: d}
	l.queues()
	if slices.ContainsFunc(d.Problems(), func(e strict.Error) bool { return strings.HasPrefix(e.Key, "ladder") }) {
		return // it may be something else that is meant
	}
	l.order()
	for i := range b.set.ladder {
		l.comes(i)
	}
	l.ends()
}

type ladderLint struct {
	*builder
	doc *strict.Doc
}

// beginning is any moment at which promises may start.
func beginning() time.Time { return time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC) }

// allowed gives how long a promise is for.
func allowed(p *sla.Promise, promise string) time.Duration {
	switch promise {
	case ForFirst:
		return p.First
	case ForNext:
		return p.Next
	}
	return p.Resolution
}

// every gives all promises of the set.
func (l *ladderLint) every() []*sla.Promise {
	all := []*sla.Promise{&l.set.promises.otherwise}
	for i := range l.set.promises.entries {
		all = append(all, &l.set.promises.entries[i].promise)
	}
	return all
}

// moment gives how long after the start of a promise a step comes, in the working
// time of its calendar.
func moment(s *sla.Step, p *sla.Promise, promise string) time.Duration {
	start, long := beginning(), allowed(p, promise)
	due := start.Add(long)
	return s.At(start, due, sla.AtRisk(start, due, p.AtRiskShare, sla.Always{}), sla.Always{}).Sub(start)
}

// queues finds ladders that come back to a queue that a contact has left, and queues
// that are probably misspelt.
func (l *ladderLint) queues() {
	known := []string{l.set.classes.otherwise.queue}
	for i := range l.set.classes.classes {
		known = append(known, l.set.classes.classes[i].queue)
	}
	first, at := map[string]string{}, ""
	for _, i := range l.inTime() {
		e, key := &l.set.ladder[i], fmt.Sprintf("ladder[%d].queue", i)
		if e.Action != sla.ActionQueue || e.Queue == "" {
			continue
		}
		if e.Queue == ReviewQueue {
			l.wrong(l.doc.Problem(key, "name another queue", "the queue %s is kept for proposals", ReviewQueue))
		}
		if near, ok := strict.Near(e.Queue, known); ok && !slices.Contains(known, e.Queue) {
			l.wrong(l.doc.Problem(key, "did you mean "+near+"?", "no class has the queue %q", e.Queue))
		}
		if was, ok := first[e.Queue]; ok && at != e.Queue {
			l.wrong(l.doc.Problem(key, "a contact that has left a queue stays out of it: take one of the steps out", "goes round in a circle: step %q moves to %q already, and %q comes between", was, e.Queue, at))
		} else if ok {
			l.wrong(l.doc.Problem(key, "take one of the steps out", "step %q has moved it to %q already", was, e.Queue))
		}
		if _, ok := first[e.Queue]; !ok {
			first[e.Queue] = e.Name
		}
		at = e.Queue
	}
}

// inTime gives the steps in the order in which they come by the usual promise.
func (l *ladderLint) inTime() []int {
	order := make([]int, len(l.set.ladder))
	at := make([]time.Duration, len(order))
	for i := range order {
		order[i] = i
		at[i] = moment(&l.set.ladder[i].Step, &l.set.promises.otherwise, l.set.ladder[i].promises[0])
	}
	slices.SortStableFunc(order, func(x, y int) int { return int(max(-1, min(1, at[x]-at[y]))) })
	return order
}

// order finds steps that come before one that stands above them, whatever was
// promised.
func (l *ladderLint) order() {
	for j := range l.set.ladder {
		for i := range j {
			if l.before(&l.set.ladder[j], &l.set.ladder[i]) {
				l.wrong(l.doc.Problem(fmt.Sprintf("ladder[%d]", j), "put the steps in the order in which they come",
					"is out of order: it always comes before step %q above it", l.set.ladder[i].Name))
				break
			}
		}
	}
}

// before reports whether a step comes before another one for every promise of both.
func (l *ladderLint) before(s, other *ladderRule) bool {
	shared := false
	for _, promise := range s.promises {
		if !slices.Contains(other.promises, promise) {
			continue
		}
		for _, p := range l.every() {
			if allowed(p, promise) <= 0 {
				continue
			}
			shared = true
			if moment(&s.Step, p, promise) >= moment(&other.Step, p, promise) {
				return false
			}
		}
	}
	return shared
}

// comes finds a step that never comes, or never does anything.
func (l *ladderLint) comes(i int) {
	r, key := &l.set.ladder[i], fmt.Sprintf("ladder[%d]", i)
	var longest time.Duration
	for _, promise := range r.promises {
		for _, p := range l.every() {
			longest = max(longest, allowed(p, promise))
		}
	}
	switch {
	case r.Timed && -r.Offset >= longest:
		l.wrong(l.doc.Problem(key+".before", "say less, or a share", "never comes in its time: no promise that it is a step of is longer than %s", strict.FormatDuration(longest)))
	case r.Action == sla.ActionWiden && !l.relaxes():
		l.wrong(l.doc.Problem(key+".action", "give a class relax_after, wished or language_for in classes.yaml", "never widens anything: no class asks for less as time goes by"))
	}
}

// relaxes reports whether any class asks for less as time goes by.
func (l *ladderLint) relaxes() bool {
	some := func(r *classRule) bool {
		return r.relax > 0 || r.needs.languageFor > 0 || slices.ContainsFunc(r.needs.wishes, func(w match.Wish) bool { return w.For > 0 })
	}
	return some(&l.set.classes.otherwise) || slices.ContainsFunc(l.set.classes.classes, func(r classRule) bool { return some(&r) })
}

// ends finds promises whose steps tell no person of every contact.
func (l *ladderLint) ends() {
	last, names := -1, []string{}
	for _, promise := range []struct{ key, name string }{{ForFirst, "first reply"}, {ForNext, "next reply"}, {ForResolution, "resolution"}} {
		of, told := -1, false
		for _, i := range l.inTime() {
			r := &l.set.ladder[i]
			if !slices.Contains(r.promises, promise.key) {
				continue
			}
			of = i
			told = told || (r.Action == sla.ActionLead || r.Action == sla.ActionOnCall) && r.when.program == nil
		}
		if of >= 0 && !told {
			last, names = of, append(names, promise.name)
		}
	}
	if last >= 0 {
		l.wrong(l.doc.Problem(fmt.Sprintf("ladder[%d]", last), "end with a step of the action lead or on_call that has no condition",
			"ends at nobody: no step for the %s tells a person of every contact", strings.Join(names, " and the ")))
	}
}
