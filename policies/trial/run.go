package trial

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/policies"
	"stagecoach/router/match"
	"stagecoach/router/sla"
)

// Failure is one expectation that wasn't met.
type Failure struct {
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	What     string `json:"what"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
}

// Result is what a test came to.
type Result struct {
	File     string    `json:"file"`
	Line     int       `json:"line"`
	Name     string    `json:"name"`
	OK       bool      `json:"ok"`
	Failures []Failure `json:"failures"`
}

// Nobody is the winner where nobody gets a contact, and nothing is what stands for
// no word.
const (
	Nobody  = "nobody"
	nothing = "nothing"
)

// Run runs a test on a set. Its error is the router's refusal of what the test
// describes.
func (t *Test) Run(set *policies.Set) Result {
	r := Result{File: t.File, Line: t.Line, Name: t.Name, Failures: []Failure{}}
	c := comparison{test: t, result: &r}
	out, err := Try(set, &t.Case)
	if err != nil {
		c.fail("contact", "a decision", err.Error())
		return r
	}
	c.compare(out)
	r.OK = len(r.Failures) == 0
	return r
}

// comparison compares an outcome with what is expected.
type comparison struct {
	test   *Test
	result *Result
}

func (c *comparison) fail(what, expected, got string) {
	at := c.test.doc.Problem(c.test.key+"."+what, "", "")
	c.result.Failures = append(c.result.Failures, Failure{Line: at.Line, Column: at.Column, What: what, Expected: expected, Got: got})
}

// word compares one word; want is nil where anything will do.
func (c *comparison) word(what string, want *string, got string) {
	if want != nil && *want != got {
		c.fail("expect."+what, said(*want), said(got))
	}
}

func said(s string) string {
	if s == "" {
		return nothing
	}
	return s
}

func (c *comparison) compare(o *Outcome) {
	e := &c.test.expect
	rule := o.Rule
	if o.Propose != "" && e.Rule != nil && *e.Rule == o.ProposeRule {
		rule = o.ProposeRule
	}
	c.word("rule", e.Rule, rule)
	c.word("class", e.Class, o.Class)
	c.word("kind", e.Kind, o.Kind)
	c.word("queue", e.Queue, o.Queue)
	c.word("language", e.Language, o.Language)
	c.word("tier", e.Tier, o.Tier)
	if points := o.Known.Points(); e.Value != nil && int64(*e.Value) != points {
		c.fail("expect.value", strconv.Itoa(*e.Value), strconv.FormatInt(points, 10))
	}
	c.word("propose", e.Propose, said(string(o.Propose)))
	c.word("promise", e.Promise, o.Promise.Name)
	c.duration("first", e.First, o.Promise.First)
	c.moment("due", e.Due, o.Due)
	c.moment("at_risk", e.AtRisk, o.AtRisk)
	c.word("last_resort", e.Resort, o.LastResort)
	if e.Skills != nil {
		c.list("skills", e.Skills, skillNames(o.Demand.Skills))
	}
	if e.Candidates != nil {
		c.list("candidates", e.Candidates, o.candidates())
	}
	if e.Steps != nil {
		c.steps(e.Steps, o.Steps)
	}
	if e.Winner != nil {
		winner := strings.ToLower(*e.Winner)
		c.word("winner", &winner, otherwise(o.Winner, Nobody))
	}
	if able := o.Impossible == ""; e.Able != nil && *e.Able != able {
		c.fail("expect.able", yesNo(*e.Able), yesNo(able))
	}
}

func otherwise(s, usual string) string {
	if s == "" {
		return usual
	}
	return s
}

func yesNo(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func (c *comparison) list(what string, want, got []string) {
	lower := make([]string, len(want))
	for i := range want {
		lower[i] = strings.ToLower(want[i])
	}
	if !slices.Equal(lower, got) {
		c.fail("expect."+what, said(strings.Join(lower, ", ")), said(strings.Join(got, ", ")))
	}
}

// steps compares those of the ladder: by name, and by the moment where one is given.
func (c *comparison) steps(want []string, got []sla.Rung) {
	names := make([]string, len(got))
	same := len(want) == len(got)
	for i := range got {
		names[i] = got[i].Name
		if i >= len(want) {
			continue
		}
		name, moment, timed := strings.Cut(want[i], " @ ")
		if timed {
			names[i] += " @ " + got[i].At.In(c.test.zone).Format("2006-01-02 15:04")
			at, err := ParseTime(strings.TrimSpace(moment), c.test.zone)
			same = same && err == nil && at.Equal(got[i].At.Truncate(time.Second))
		}
		same = same && strings.EqualFold(strings.TrimSpace(name), got[i].Name)
	}
	if !same {
		c.fail("expect.steps", said(strings.Join(want, ", ")), said(strings.Join(names, ", ")))
	}
}

func (c *comparison) duration(what string, want *string, got time.Duration) {
	if want == nil {
		return
	}
	d, err := strict.ParseDuration(*want)
	if err != nil || d != got {
		c.fail("expect."+what, *want, strict.FormatDuration(got))
	}
}

func (c *comparison) moment(what string, want *string, got time.Time) {
	if want == nil {
		return
	}
	got = got.In(c.test.zone)
	at, err := ParseTime(*want, c.test.zone)
	if err != nil {
		c.fail("expect."+what, "a moment such as 2026-11-23 10:00", *want)
		return
	}
	if !at.Equal(got.Truncate(time.Second)) {
		c.fail("expect."+what, at.In(c.test.zone).Format(minuteForm), got.Format(minuteForm))
	}
}

const minuteForm = "Mon 2006-01-02 15:04:05"

func skillNames(skills []match.Skill) []string {
	out := make([]string, len(skills))
	for i := range skills {
		out[i] = skills[i].Name
	}
	return out
}

// candidates gives who could take it, the best first.
func (o *Outcome) candidates() []string {
	out := make([]string, len(o.Candidates))
	for i := range o.Candidates {
		out[i] = o.Candidates[i].Agent
	}
	return out
}
