package ledger

import (
	"fmt"
	"strings"
	"testing"
)

// dump gives all rows of all tables of the facts as text.
func dump(tb testing.TB, l *Ledger) string {
	tb.Helper()
	var b strings.Builder
	for _, table := range []string{
		"meta", "source", "customer", "link", "person", "agent", "conversation", "contact", "message", "evidence", "quarantine", "reply", "key", "entry", "feedback", "idea", "gap",
	} {
		rows, err := l.facts.read.QueryContext(tb.Context(), "SELECT * FROM "+table+" ORDER BY 1")
		if err != nil {
			tb.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			tb.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			dest := make([]any, len(columns))
			for i := range values {
				dest[i] = &values[i]
			}
			if err := rows.Scan(dest...); err != nil {
				tb.Fatal(err)
			}
			fmt.Fprintln(&b, table, values)
		}
		if err := rows.Err(); err != nil {
			tb.Fatal(err)
		}
		_ = rows.Close()
	}
	return b.String()
}

func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got  " + g[i] + "\nwant " + w[i]
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}
