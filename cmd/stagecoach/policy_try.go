package main

import (
	"fmt"
	"os"
	"strconv"

	"stagecoach/policies"
	"stagecoach/policies/trial"
)

// policyTestCmd is `stagecoach policy test`.
type policyTestCmd struct {
	Dir  string `arg:"" help:"The policy set; its tests are in tests/*.yaml." placeholder:"DIR" type:"path"`
	JSON bool   `name:"json" help:"Print a JSON list of file, line, name, ok and failures."`
}

// Help has examples.
func (*policyTestCmd) Help() string {
	return `A test describes a contact, its customer, who is at work and the time, and says what is expected: rule, class, kind,
queue, language, tier, propose, promise, first, due, at_risk, last_resort, skills, candidates (the best first), winner, able.
It is given to the router itself. What a test doesn't say may be anything; tests/agents.yaml says who works here. The exit code is
1 where a test fails or can't be read.

  version: 1
  at: 2026-11-23 10:00
  tests:
    - name: invoices are answered within two hours
      contact: {channel: email, text: "Where is my invoice?"}
      agents: [{name: ben@example.com, presence: away}]
      expect: {class: billing, queue: billing, due: 2026-11-23 12:00, winner: anna@example.com}

Examples:
  stagecoach policy test policies
  stagecoach policy test policies --json | jq '.[] | select(.ok | not)'`
}

// Run runs the tests of a set.
func (c *policyTestCmd) Run(io std) error {
	dir := nearPath(c.Dir)
	set, err := policies.Load(dir)
	if err != nil {
		return c.refuse(io, dir, err)
	}
	tests, err := trial.Read(os.DirFS(dir), dir, set.Limits().Zone)
	if err != nil {
		return c.refuse(io, dir, err)
	}
	results := make([]trial.Result, len(tests))
	failed := 0
	for i := range tests {
		results[i] = tests[i].Run(set)
		if !results[i].OK {
			failed++
		}
	}
	if c.JSON {
		if err := printJSON(io.out, results); err != nil {
			return err
		}
	} else {
		c.print(io, dir, results, failed)
	}
	if failed > 0 {
		return exitError{1}
	}
	return nil
}

// refuse says what is wrong with the files. As JSON it is a test that failed for
// each.
func (c *policyTestCmd) refuse(io std, dir string, err error) error {
	found := policies.FindingsOf(dir, err)
	if !c.JSON {
		printFindings(io, found)
		return exitError{1}
	}
	results := []trial.Result{}
	for _, f := range found {
		results = append(results, trial.Result{
			File: f.File, Line: f.Line, Failures: []trial.Failure{{Line: f.Line, Column: f.Column, What: "file", Expected: "a file that can be read", Got: f.Message}},
		})
	}
	if err := printJSON(io.out, results); err != nil {
		return err
	}
	return exitError{1}
}

func (c *policyTestCmd) print(io std, dir string, results []trial.Result, failed int) {
	w, lines := io.out, sourceLines{}
	for i := range results {
		r := &results[i]
		if r.OK {
			fmt.Fprintf(w, "%s   %s\n", paint(w, green, "ok"), oneLine(r.Name))
			continue
		}
		fmt.Fprintf(w, "%s %s  %s\n", paint(w, red, "FAIL"), oneLine(r.Name), paint(w, faint, r.File+":"+strconv.Itoa(r.Line)))
		for _, f := range r.Failures {
			fmt.Fprintf(w, "     %s:%d:%d: %s: expected %s, got %s\n", r.File, f.Line, f.Column, f.What, paint(w, green, oneLine(f.Expected)), paint(w, red, oneLine(f.Got)))
			if text, caret, ok := excerpt(lines.of(r.File, f.Line), f.Column); ok {
				number := strconv.Itoa(f.Line)
				fmt.Fprintf(w, "     %s %s\n", paint(w, faint, number+" |"), text)
				fmt.Fprintf(w, "     %s %s\n", paint(w, faint, fmt.Sprintf("%*s |", len(number), "")), paint(w, red, caret))
			}
		}
	}
	switch {
	case len(results) == 0:
		fmt.Fprintf(w, "%s has no tests: write some in %s/%s/*.yaml ('stagecoach policy test --help' shows one)\n", dir, dir, trial.Folder)
	case failed > 0:
		fmt.Fprintf(w, "%s, %d failed\n", plural(len(results), "test"), failed)
	default:
		fmt.Fprintf(w, "%s, all ok\n", plural(len(results), "test"))
	}
}
