package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"stagecoach/desk"
	"stagecoach/desk/view"
	"stagecoach/policies"
	"stagecoach/policies/trial"
)

// policyLintCmd is `stagecoach policy lint`.
type policyLintCmd struct {
	Dir    string `arg:"" help:"The policy set." placeholder:"DIR" type:"path"`
	JSON   bool   `name:"json" help:"Print a JSON list of file, line, column, severity, message and hint."`
	Agents string `help:"Who works here, as in tests/agents.yaml of a policy set, which is read where this is left out." placeholder:"FILE" type:"path" xor:"team"`
	Data   string `help:"Take the agents of this data directory, or of its running daemon, instead." placeholder:"DIR" type:"path" xor:"team"`
}

// Help has examples.
func (*policyLintCmd) Help() string {
	return `Finds everything at once: words that are misspelt or unknown, conditions of the wrong type or too costly, rules
that could never match, demands that nobody who works here meets, promises that can't be kept. The exit code is 1 where there is an error;
warnings are what is allowed, and probably not meant. Nothing is changed.

Examples:
  stagecoach policy lint policies
  stagecoach policy lint policies --data data          whether the agents that there are can do it
  stagecoach policy lint policies --json | jq -r '.[] | "\(.file):\(.line): \(.message)"'`
}

// Run lints a set.
func (c *policyLintCmd) Run(ctx context.Context, io std) error {
	team, err := c.team(ctx, io)
	found := policies.Lint(nearPath(c.Dir), team...)
	if info, missing := os.Stat(c.Dir); missing == nil && info.IsDir() {
		if _, wrong := trial.Read(os.DirFS(c.Dir), nearPath(c.Dir), time.UTC); wrong != nil {
			found = policies.Sorted(append(found, policies.FindingsOf(nearPath(c.Dir), wrong)...))
		}
	}
	if err != nil {
		found = policies.Sorted(append(found, policies.FindingsOf(nearPath(cmp.Or(c.Agents, c.Data)), err)...))
	}
	if c.JSON {
		if err := printJSON(io.out, found); err != nil {
			return err
		}
	} else {
		printFindings(io, found)
		c.sum(io, found)
	}
	if policies.Broken(found) {
		return exitError{1}
	}
	return nil
}

// team gives who works here where that was said, else nobody.
func (c *policyLintCmd) team(ctx context.Context, io std) ([]policies.Member, error) {
	if c.Agents != "" {
		text, err := os.ReadFile(c.Agents)
		if err != nil {
			return nil, fmt.Errorf("reading who works here: %w", err)
		}
		return policies.ParseTeam(nearPath(c.Agents), text)
	}
	if c.Data == "" {
		return nil, nil
	}
	var list []view.Person
	data := dataFlags{Data: c.Data}
	err := data.with(ctx, io, toRead, func(line *client) (err error) {
		list, err = people(ctx, line)
		return err
	})
	if err != nil {
		return nil, err
	}
	return members(list)
}

// members gives agents as policies see them.
func members(list []view.Person) ([]policies.Member, error) {
	out := make([]policies.Member, len(list))
	for i, p := range list {
		m := policies.Member{Name: strings.ToLower(p.Email), Languages: p.Languages, Capacity: p.Capacity}
		for _, s := range p.Skills {
			m.Skills = append(m.Skills, policies.Skill{Name: s.Name, Level: s.Level})
		}
		shifts, err := desk.ParseShifts(p.Shifts)
		if err != nil {
			return nil, fmt.Errorf("reading the shifts of %s: %w", p.Email, err)
		}
		for _, s := range shifts {
			m.Shifts = append(m.Shifts, policies.Shift{Day: s.Day, From: s.From, To: s.To})
		}
		out[i] = m
	}
	return out, nil
}

// sum says what it came to.
func (c *policyLintCmd) sum(io std, found []policies.Finding) {
	wrong := 0
	for i := range found {
		if found[i].Severity == policies.SeverityError {
			wrong++
		}
	}
	counts := plural(wrong, "error") + ", " + plural(len(found)-wrong, "warning")
	switch {
	case len(found) == 0:
		fmt.Fprintf(io.out, "%s %s\n", paint(io.out, green, "ok"), nearPath(c.Dir))
	case wrong == 0:
		fmt.Fprintf(io.out, "%s %s: %s\n", paint(io.out, green, "ok"), nearPath(c.Dir), counts)
	default:
		fmt.Fprintf(io.out, "%s: %s\n", nearPath(c.Dir), counts)
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// printFindings prints each finding with the line that it is about.
func printFindings(io std, found []policies.Finding) {
	w, lines := io.out, sourceLines{}
	for i := range found {
		f := &found[i]
		look := red
		if f.Severity == policies.SeverityWarning {
			look = yellow
		}
		place := f.File
		if f.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
		}
		fmt.Fprintf(w, "%s: %s %s\n", paint(w, bold, oneLine(place)), paint(w, look, string(f.Severity)+":"), oneLine(f.Message))
		if text, caret, ok := excerpt(lines.of(f.File, f.Line), f.Column); ok {
			number := strconv.Itoa(f.Line)
			fmt.Fprintf(w, "  %s %s\n", paint(w, faint, number+" |"), text)
			fmt.Fprintf(w, "  %s %s\n", paint(w, faint, strings.Repeat(" ", len(number))+" |"), paint(w, look, caret))
		}
		if f.Hint != "" {
			fmt.Fprintf(w, "  %s %s\n", paint(w, faint, "hint:"), oneLine(f.Hint))
		}
	}
}

// sourceLines holds the lines of files that findings are about.
type sourceLines map[string][][]byte

// of gives a line of a file, nil where it can't be read.
func (s sourceLines) of(file string, line int) []byte {
	if line < 1 {
		return nil
	}
	all, ok := s[file]
	if !ok {
		text, err := os.ReadFile(file) //nolint:gosec // a file of the set that was asked for
		if err == nil {
			all = bytes.Split(text, []byte("\n"))
		}
		s[file] = all
	}
	if line > len(all) {
		return nil
	}
	return all[line-1]
}

// The most of a line that is shown, and how much of it before the place.
const (
	excerptMost   = 100
	excerptBefore = 60
)

// excerpt gives the part of a line around a column, and a line with a caret below
// it.
func excerpt(line []byte, column int) (text, caret string, ok bool) {
	if len(line) == 0 || column < 1 {
		return "", "", false
	}
	runes := []rune(printable(strings.TrimRight(string(line), "\r")))
	at := min(column-1, len(runes))
	from, before, after := 0, "", ""
	if at > excerptBefore {
		from, before = at-excerptBefore, "…"
	}
	to := len(runes)
	if to > from+excerptMost {
		to, after = from+excerptMost, "…"
	}
	text = strings.ReplaceAll(before+string(runes[from:to])+after, "\t", " ")
	return text, strings.Repeat(" ", len([]rune(before))+at-from) + "^", true
}
