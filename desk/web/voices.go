package web

import (
	"fmt"
	"unicode/utf8"

	"stagecoach/ledger"
)

// ideaState names what becomes of an idea.
func ideaState(s string) string {
	switch s {
	case "planned":
		return "Planned"
	case "done":
		return "Done"
	case "declined":
		return "Declined"
	}
	return "Open"
}

// shareText writes a share with its range.
func shareText(s *ledger.Share) string {
	if s == nil {
		return "–"
	}
	return fmt.Sprintf("%.0f %% (%.0f–%.0f)", s.Value*100, s.Low*100, s.High*100)
}

// gapText writes the gap in points, with its sign and range.
func gapText(g ledger.Gauge) string {
	if g.Gap == nil {
		return "–"
	}
	return fmt.Sprintf("%+.0f (%+.0f to %+.0f)", g.Gap.Value, g.Gap.Low, g.Gap.High)
}

// cut gives the beginning of a text.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
