package policies

import (
	"fmt"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/contact"
	"stagecoach/router/match"
	"stagecoach/router/sla"
)

// yearly is more than any promise is for, and longestWait the longest that the
// guard against starvation may let somebody wait.
const (
	yearly      = 366 * 24 * time.Hour
	longestWait = 90 * 24 * time.Hour
)

// lintPromises finds promises that can't be kept by the numbers of the set
// itself.
func (b *builder) lintPromises() {
	if d := b.docFor("sla.yaml", "default"); b.theirs(d) {
		b.lintPromise(d, "default", &b.set.promises.otherwise, nil)
	}
	if d := b.docFor("sla.yaml", "review"); b.theirs(d) {
		b.lintPromise(d, "review", &b.set.promises.review, nil)
	}
	list := b.docFor("sla.yaml", "promises")
	if !b.theirs(list) {
		return
	}
	for i := range b.set.promises.entries {
		key := fmt.Sprintf("promises[%d]", i)
		b.lintPromise(list, key, &b.set.promises.entries[i].promise, b.channelsOf(list, key+".when"))
	}
}

func (b *builder) lintPromise(d *strict.Doc, key string, p *sla.Promise, channels []contact.Channel) {
	calendar := b.set.Calendar(p.Calendar)
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, one := range []struct {
		name string
		time time.Duration
	}{{"first", p.First}, {"next", p.Next}, {"resolution", p.Resolution}} {
		if one.time > 0 && calendar.Between(from, from.Add(yearly)) < one.time {
			b.wrong(d.Problem(key+"."+one.name, "promise less, or open longer",
				"%s is more than the calendar %q is open in a year", strict.FormatDuration(one.time), p.Calendar))
		}
	}
	report, all := b.wrong, channels
	if len(all) == 0 { // perhaps nobody writes on such a channel
		report, all = b.doubt, []contact.Channel{contact.Email}
	}
	for _, ch := range all {
		r := b.set.channel(ch)
		if work := r.handling; !r.offer.Live && p.First < work {
			report(d.Problem(key+".first", "promise more, or set handling_time in routing.yaml to what it really takes",
				"can't be kept on %s: %s is less than the work takes, %s", ch, strict.FormatDuration(p.First), strict.FormatDuration(work)))
			break
		}
	}
	b.lintStarving(d, key, p, channels)
}

// lintStarving finds promises whose guard against starvation lets somebody wait
// for months: the bound for one who waits alone, with one agent who could.
func (b *builder) lintStarving(d *strict.Doc, key string, p *sla.Promise, channels []contact.Channel) {
	m := b.set.matching
	between := time.Minute
	for _, ch := range channels {
		between = max(between, b.set.channel(ch).handling+b.set.channel(ch).offer.TimeOut)
	}
	bound, ok := match.BoundOf(&match.Stake{Target: p.First, Guard: m.Guard, Turn: m.Turn, Credits: []int64{0}, Between: between, AtOnce: 1})
	if ok && bound.Wait > longestWait {
		b.wrong(d.Problem(key+".first", "lower matching.guard, or raise matching.guard_share, in routing.yaml",
			"somebody may wait for %s in opening hours before their turn is owed, more than %s", strict.FormatDuration(bound.Wait.Round(time.Hour)), strict.FormatDuration(longestWait)))
	}
}

// channelsOf gives the channels that a promise limits itself to, nil where it
// doesn't.
func (b *builder) channelsOf(d *strict.Doc, key string) []contact.Channel {
	var out []contact.Channel
	for _, name := range b.valuesOf(d, key, "contact.channel") {
		out = append(out, contact.Channel(name))
	}
	return out
}
