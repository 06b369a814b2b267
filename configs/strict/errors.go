package strict

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Error is one problem at one place of one file. It is for the person who wrote
// the file and never holds the value of a secret.
type Error struct {
	File string `json:"file"`
	// Line and Column begin at 1; 0 means the file as a whole.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Key is the path to the value, such as "channels.email[0].imap.port".
	Key     string `json:"key"`
	Message string `json:"message"`
	// Hint says what to do about it, "" if that is plain.
	Hint string `json:"hint"`
}

// Error writes the problem as "file:line:col: key: message (hint)".
func (e Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		b.WriteString(":" + strconv.Itoa(e.Line) + ":" + strconv.Itoa(e.Column))
	}
	if e.Key != "" {
		b.WriteString(": " + e.Key)
	}
	b.WriteString(": " + e.Message)
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// Errors is every problem that was found, in order of file and place.
type Errors []Error

// Error writes one problem a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Sorted gives the problems in order of file and place.
func (e Errors) Sorted() Errors {
	out := slices.Clone(e)
	slices.SortStableFunc(out, func(a, b Error) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return out
}

// Err gives e as an error, and nil when there is none.
func (e Errors) Err() error {
	if len(e) == 0 {
		return nil
	}
	return e.Sorted()
}
