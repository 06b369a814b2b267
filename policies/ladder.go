package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/router/sla"
)

// The promises that a step of the ladder can belong to.
const (
	ForFirst      = "first"
	ForNext       = "next"
	ForResolution = "resolution"
)

// stepsAtMost is how many steps a ladder may have: each that a contact has taken is
// remembered with it.
const stepsAtMost = 30

// ladderRule is one step of the ladder, compiled.
type ladderRule struct {
	sla.Step
	promises []string
	when     expression
}

// Ladder gives the steps for a contact with this promise, "first", "next" or
// "resolution", in the order in which they come.
func (s *Set) Ladder(promise string, f Facts, start, due, atRisk time.Time) []sla.Rung {
	var out []sla.Rung
	var vars map[string]any
	var cal sla.Calendar
	for i := range s.ladder {
		r := &s.ladder[i]
		if !slices.Contains(r.promises, promise) {
			continue
		}
		if vars == nil {
			vars, cal = f.words(), s.Calendar(s.Promise(f).Calendar)
		}
		if r.when.matches(vars) {
			out = append(out, sla.Rung{Step: r.Step, At: r.At(start, due, atRisk, cal).UTC()})
		}
	}
	sla.SortRungs(out)
	return out
}

// HasLadder reports whether there is any step for a promise.
func (s *Set) HasLadder(promise string) bool {
	return slices.ContainsFunc(s.ladder, func(r ladderRule) bool { return slices.Contains(r.promises, promise) })
}

// OnCall gives the names that the ladder tells of who is on call, each once.
func (s *Set) OnCall() []string {
	var out []string
	for i := range s.ladder {
		if r := &s.ladder[i]; r.Action == sla.ActionOnCall && r.To != "" && !slices.Contains(out, r.To) {
			out = append(out, r.To)
		}
	}
	return out
}

func (b *builder) buildLadder(steps []stepEntry) {
	d := b.docFor("escalation.yaml", "ladder")
	c := b.compiler(d, contactWords())
	if len(steps) > stepsAtMost {
		d.Report(fmt.Sprintf("ladder[%d]", stepsAtMost), "people lose track long before: take some out", "is one step too many: %d at most", stepsAtMost)
		steps = steps[:stepsAtMost]
	}
	seen := map[string]bool{}
	for i := range steps {
		e, key := &steps[i], fmt.Sprintf("ladder[%d]", i)
		b.checkName(d, key, e.Name, seen)
		r := ladderRule{promises: e.For, Step: sla.Step{Name: e.Name, Action: e.Action, Queue: e.Queue, Assign: e.Assign}}
		if len(r.promises) == 0 {
			r.promises = []string{ForFirst, ForNext}
		}
		if n := b.moment(&r.Step, e); n != 1 {
			d.Report(key, "say at: at_risk, at: due, share: 0.5, before: 10m or after: 1h", "says %s when it comes", map[bool]string{true: "nothing of", false: "several things of"}[n == 0])
		}
		if (e.Action == sla.ActionQueue) != (e.Queue != "") {
			d.Report(key+".queue", "", "belongs to the action queue, and only to it")
		}
		b.buildTold(&r, e, key)
		if e.When != "" {
			r.when = c.compile(key+".when", e.When)
			b.count("escalation.yaml", e.Name, r.when)
		}
		b.set.ladder = append(b.set.ladder, r)
	}
}

// moment reads when a step comes, and tells how many of the keys were given.
func (b *builder) moment(s *sla.Step, e *stepEntry) (given int) {
	s.Share = 1
	if e.At != "" {
		given++
		s.AtRisk = e.At == "at_risk"
	}
	if e.Share != nil {
		given++
		s.Share = *e.Share
	}
	if e.Before != nil {
		given++
		s.Timed, s.Offset = true, -*e.Before
	}
	if e.After != nil {
		given++
		s.Timed, s.Offset = true, *e.After
	}
	return given
}

// buildTold reads whom a step tells: a lead by the address that they log in with, or
// a name of those on call.
func (b *builder) buildTold(r *ladderRule, e *stepEntry, key string) {
	d := b.docFor("escalation.yaml", "ladder")
	if e.To != "" && e.Action != sla.ActionLead && e.Action != sla.ActionOnCall {
		d.Report(key+".to", "", "belongs to the actions lead and on_call, and only to them")
		return
	}
	r.To = e.To
	owner := b.files.escalation.LastResort.Owner
	switch {
	case e.Action == sla.ActionLead && (e.To == "" || e.To == owner):
		r.To = ""
		if e.Assign {
			d.Report(key+".assign", "name one of them by to, as they log in", "can't give it to several people")
		}
	case e.Action == sla.ActionLead:
		r.To = strings.ToLower(strings.TrimSpace(e.To))
		if !agentName(r.To) {
			d.Report(key+".to", "as they log in, such as anna@example.com, or "+owner, "%q is no e-mail address", e.To)
			return
		}
		unknown := d.Problem(key+".to", "see 'stagecoach agents list'", "no agent has the address %s", r.To)
		b.set.namedAgents = append(b.set.namedAgents, namedAgent{r.To, unknown})
	case e.Assign:
		d.Report(key+".assign", "", "belongs to the action lead, and only to it")
	}
}
