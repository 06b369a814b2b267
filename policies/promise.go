package policies

import (
	"fmt"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/contact"
	"stagecoach/router/sla"
)

// Facts are what the log knows of a contact when its promise is decided.
type Facts struct {
	Channel contact.Channel
	Account string
	// Language is "" when unknown.
	Language string
	Class    string
	Kind     string
	Queue    string
	// Tier is the customer's, "" when there is none, and Value what they are worth in
	// points.
	Tier  string
	Value int64
	Auto  contact.AutoKind
	// Proposed is set while it stands in the review queue.
	Proposed contact.Disposition
}

// The promises that hold even if no policy could be read (I3).
const (
	fallbackPromise = 4 * time.Hour
	fallbackShare   = 0.75
)

// promiseRules is sla.yaml, compiled.
type promiseRules struct {
	otherwise, review sla.Promise
	entries           []promiseRule
	calendars         map[string]sla.Calendar
}

type promiseRule struct {
	promise sla.Promise
	when    expression
}

// Promise gives what is promised for a contact. It always has an answer, with a
// time for the first and the next reply.
func (s *Set) Promise(f Facts) sla.Promise {
	if f.Proposed != "" {
		return s.promises.review
	}
	vars := f.words()
	for _, r := range s.promises.entries {
		if r.when.matches(vars) {
			return r.promise
		}
	}
	return s.promises.otherwise
}

// words gives what expressions may ask of it.
func (f *Facts) words() map[string]any {
	return map[string]any{
		"contact.account": f.Account, "contact.auto": string(f.Auto), "contact.channel": string(f.Channel),
		"contact.class": f.Class, "contact.kind": f.Kind, "contact.language": f.Language,
		"contact.queue": f.Queue, "customer.tier": f.Tier,
		"customer.value": f.Value,
	}
}

// Calendar gives the calendar of that name, and the one that never closes when
// there is none.
func (s *Set) Calendar(name string) sla.Calendar {
	if c, ok := s.promises.calendars[name]; ok {
		return c
	}
	return sla.Always{}
}

// PledgeLimit gives the last moment to which an agent may pledge at now without
// the lead, for a contact with this promise.
func (s *Set) PledgeLimit(now time.Time, p sla.Promise) time.Time {
	return sla.AddDays(now, s.timing.PledgeDays, s.Calendar(p.Calendar))
}

func (b *builder) buildPromises(f *slaFile) {
	b.set.promises.calendars = buildCalendars(b.docFor("sla.yaml", "calendars"), f.Calendars)
	d := b.docFor("sla.yaml", "")
	base := sla.Promise{
		First: fallbackPromise, Next: fallbackPromise, AtRiskShare: fallbackShare, Calendar: AlwaysCalendar, Pauses: true,
	}
	for key, e := range map[string]promiseEntry{"default": f.Default, "review": f.Review} {
		if e.When != "" {
			d.Report(key+".when", "move it to an entry of promises", "%s holds for everything", key)
		}
	}
	b.set.promises.otherwise = b.promise(d, "default", f.Default, base)
	review := b.set.promises.otherwise
	if f.Review.Next == nil {
		f.Review.Next = f.Review.First
	}
	review.Resolution = 0
	b.set.promises.review = b.promise(d, "review", f.Review, review)
	b.set.promises.otherwise.Name, b.set.promises.review.Name = DefaultRule, ReviewQueue

	list := b.docFor("sla.yaml", "promises")
	c := b.compiler(list, contactWords())
	names := map[string]bool{DefaultRule: true, ReviewQueue: true}
	for i, e := range f.Promises {
		key := fmt.Sprintf("promises[%d]", i)
		b.checkName(list, key, e.Name, names)
		if e.When == "" {
			list.Report(key+".when", "say which contacts it is for, or use default", "is missing")
		}
		if list == b.builtIn["sla.yaml"] { // it knows nothing of a default that is quicker
			e.First, e.Next = quicker(e.First, b.set.promises.otherwise.First), quicker(e.Next, b.set.promises.otherwise.Next)
		}
		p := b.promise(list, key, e, b.set.promises.otherwise)
		r := promiseRule{promise: p, when: c.compile(key+".when", e.When)}
		b.set.promises.entries = append(b.set.promises.entries, r)
		b.count("sla.yaml", e.Name, r.when)
	}
}

// quicker gives the shorter of what an entry says, if anything, and what holds
// otherwise.
func quicker(said *time.Duration, otherwise time.Duration) *time.Duration {
	if said == nil || *said <= otherwise {
		return said
	}
	return &otherwise
}

// promise lays an entry over what holds otherwise.
func (b *builder) promise(d *strict.Doc, key string, e promiseEntry, base sla.Promise) sla.Promise {
	p := base
	p.Name = e.Name
	take(&p.First, e.First)
	take(&p.Next, e.Next)
	take(&p.Resolution, e.Resolution)
	take(&p.AtRiskShare, e.AtRisk)
	take(&p.Calendar, e.Calendar)
	take(&p.Pauses, e.Pause)
	if _, ok := b.set.promises.calendars[p.Calendar]; !ok && e.Calendar != nil { // else it was reported where it was said
		names := []string{AlwaysCalendar}
		for _, c := range b.files.sla.Calendars {
			names = append(names, c.Name)
		}
		d.Report(key+".calendar", strict.DidYouMean(p.Calendar, names), "no calendar %q", p.Calendar)
	}
	if p.Resolution > 0 && p.Resolution < p.First && (base.Resolution == 0 || base.Resolution >= base.First) {
		d.Report(key+".resolution", "", "is shorter than the time for the first reply, %s", strict.FormatDuration(p.First))
	}
	return p
}

// take lays a value that was given over what was there.
func take[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
