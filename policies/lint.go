package policies

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"stagecoach/configs/strict"
)

// Severity says how bad a Finding is.
type Severity string

// An error is what keeps a set from being used, or a rule from ever doing what it
// says; a warning is allowed, and probably not meant.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Finding is one thing that is wrong with a policy set, at its place.
type Finding struct {
	File string `json:"file"`
	// Line and Column begin at 1; 0 means the file as a whole.
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Severity Severity `json:"severity"`
	// Message names the key first, if there is one.
	Message string `json:"message"`
	// Hint says what to do about it, "" if that is plain.
	Hint string `json:"hint"`
}

// Lint finds what is wrong with the set in a directory: all that Load would say,
// and what can be read and still never works. The list is in order of file and
// place, and not nil.
//
// Who works here is read from tests/agents.yaml where nobody is given.
func Lint(dir string, team ...Member) []Finding {
	whole := func(message string) []Finding {
		return []Finding{{File: dir, Severity: SeverityError, Message: message, Hint: "name the directory of a policy set; 'stagecoach policy init' writes one"}}
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return whole("there is no such directory")
	case err != nil:
		return whole(fmt.Sprintf("can't be read: %v", err))
	case !info.IsDir():
		return whole("is not a directory")
	}
	return LintFS(os.DirFS(dir), dir, team...)
}

// LintFS finds what is wrong with the set at the top of a file system, as Lint
// does. name stands before the names of files in findings.
func LintFS(fsys fs.FS, name string, team ...Member) []Finding {
	files, unknown, err := readFiles(fsys, name)
	if err != nil {
		return FindingsOf(name, err)
	}
	out := findings(unknown, nil)
	if len(files) == 0 && len(unknown) == 0 {
		out = append(out, Finding{
			File: cmp.Or(name, "."), Severity: SeverityWarning, Message: "holds no file of a policy set: everything is as it is built in",
			Hint: "'stagecoach policy init' writes the files to begin with",
		})
	}
	if len(team) == 0 {
		if team, err = ReadTeam(fsys, name); err != nil {
			out = append(out, FindingsOf(name, err)...)
		}
	}
	return Sorted(append(out, lintFiles(name, files, team)...))
}

// LintFiles finds what is wrong with a set of the text of its files by name. name
// stands before them in findings.
func LintFiles(name string, files map[string][]byte, team ...Member) []Finding {
	var unknown strict.Errors
	for _, file := range sortedKeys(files) {
		if !isFile(file) {
			unknown = append(unknown, strict.Error{File: path.Join(name, file), Message: "not a file of a policy set", Hint: strict.DidYouMean(file, FileNames())})
		}
	}
	return Sorted(append(findings(unknown, nil), lintFiles(name, files, team)...))
}

func lintFiles(name string, files map[string][]byte, team []Member) []Finding {
	b, err := construct(name, files)
	if err != nil {
		return []Finding{{File: name, Severity: SeverityError, Message: err.Error()}}
	}
	b.lint(team)
	return findings(append(b.problems(), b.faults...), append(b.doubts, b.set.warnings...))
}

// lint looks for what can be read and never works as it is written. Only what
// people wrote themselves is spoken of.
func (b *builder) lint(team []Member) {
	b.lintOrder()
	b.lintNames()
	b.lintCost()
	b.lintLadder()
	b.lintPromises()
	b.lintValue()
	b.lintTeam(team)
}

func (b *builder) wrong(e strict.Error) { b.faults = append(b.faults, e) }
func (b *builder) doubt(e strict.Error) { b.doubts = append(b.doubts, e) }

// theirs reports whether people wrote a file themselves.
func (b *builder) theirs(d *strict.Doc) bool {
	for _, own := range b.given {
		if own == d {
			return true
		}
	}
	return false
}

// FindingsOf makes findings of an error: one for each problem of a file, or one
// for the file as a whole.
func FindingsOf(file string, err error) []Finding {
	if all, ok := errors.AsType[strict.Errors](err); ok {
		return findings(all, nil)
	}
	return []Finding{{File: file, Severity: SeverityError, Message: err.Error()}}
}

// findings makes findings of what else is known of problems.
func findings(wrong, doubtful strict.Errors) []Finding {
	out := make([]Finding, 0, len(wrong)+len(doubtful))
	for _, e := range wrong {
		out = append(out, NewFinding(SeverityError, e))
	}
	for _, e := range doubtful {
		out = append(out, NewFinding(SeverityWarning, e))
	}
	return out
}

// NewFinding makes a finding of a problem with a file.
func NewFinding(s Severity, e strict.Error) Finding {
	message := e.Message
	if e.Key != "" {
		message = e.Key + ": " + message
	}
	return Finding{File: e.File, Line: e.Line, Column: e.Column, Severity: s, Message: message, Hint: e.Hint}
}
