package load

import (
	"fmt"
	"slices"
	"strings"
)

// mostColumns bounds a header: nobody has as many fields.
const mostColumns = 1000

// The columns that a rejected row has besides: they are passed over.
const (
	rejectedLine   = "rejected_line"
	rejectedReason = "rejected_reason"
)

// attrPrefix begins the names of the company's own fields.
const attrPrefix = "attr."

// Columns names the columns that there are besides attr.NAME.
func Columns() []string {
	return []string{
		"external_id", "name", "emails", "phones", "handles", "language", "timezone", "value", "customer_since",
		"preferred_channel", "tags",
	}
}

// columnOf gives a column as it is meant, or why it can't be.
func columnOf(name string) (column, reason string) {
	trimmed := strings.TrimSpace(name)
	lower := strings.ToLower(trimmed)
	if slices.Contains(Columns(), lower) || lower == rejectedLine || lower == rejectedReason {
		return lower, ""
	}
	if strings.HasPrefix(lower, attrPrefix) {
		own := strings.TrimSpace(trimmed[len(attrPrefix):])
		if own == "" || len(own) > 100 || hasControl(own) {
			return "", fmt.Sprintf("%q names no field of yours: write attr.NAME", clip(trimmed))
		}
		return attrPrefix + own, ""
	}
	if lower == "" {
		return "", "the column has no name"
	}
	return "", unknown(trimmed)
}

// header reads the names of the columns.
func header(rec record) (columns []string, faults []Fault) {
	if rec.reason != "" {
		return nil, []Fault{{Line: rec.line, Reason: rec.reason}}
	}
	if len(rec.fields) > mostColumns {
		return nil, []Fault{{Line: rec.line, Reason: fmt.Sprintf("the header has %d columns: at most %d can be read", len(rec.fields), mostColumns)}}
	}
	fields := rec.fields
	for len(fields) > 0 && strings.TrimSpace(fields[len(fields)-1]) == "" { // spreadsheets leave them behind
		fields = fields[:len(fields)-1]
	}
	for n, name := range fields {
		column, reason := columnOf(name)
		if reason != "" {
			faults = append(faults, Fault{Line: rec.line, Column: clip(strings.TrimSpace(name)), Reason: fmt.Sprintf("column %d: %s", n+1, reason)})
			continue
		}
		if at := slices.Index(columns, column); at >= 0 {
			faults = append(faults, Fault{Line: rec.line, Column: column, Reason: fmt.Sprintf("columns %d and %d have the same name", at+1, n+1)})
		}
		columns = append(columns, column)
	}
	finds := func(c string) bool { return c == "external_id" || c == "emails" || c == "phones" || c == "handles" }
	if len(faults) == 0 && !slices.ContainsFunc(columns, finds) {
		faults = append(faults, Fault{Line: rec.line, Reason: "the header names neither external_id nor emails, phones or handles: nobody could be found again"})
	}
	return columns, faults
}

// isHeader reports whether a row is the header once more, as in lists that were joined.
func isHeader(columns, fields []string) bool {
	if len(fields) < len(columns) || len(columns) < 2 || !empty(fields[len(columns):]) {
		return false
	}
	for n, column := range columns {
		if !strings.EqualFold(strings.TrimSpace(unguard(fields[n])), column) {
			return false
		}
	}
	return true
}

// clip shortens a text that is quoted to people.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
