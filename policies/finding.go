package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// String writes a finding as "file:line:column: severity: message (hint)".
func (f *Finding) String() string {
	place := f.File
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	}
	out := place + ": " + string(f.Severity) + ": " + f.Message
	if f.Hint != "" {
		out += " (" + f.Hint + ")"
	}
	return out
}

// Sorted gives findings in order of file and place, each once. It is not nil.
func Sorted(all []Finding) []Finding {
	out := append([]Finding{}, all...)
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			strings.Compare(string(a.Severity), string(b.Severity)), strings.Compare(a.Message, b.Message))
	})
	return slices.Compact(out)
}

// Broken reports whether there is an error among findings.
func Broken(all []Finding) bool {
	return slices.ContainsFunc(all, func(f Finding) bool { return f.Severity == SeverityError })
}
