package web

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"stagecoach/desk/view"
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

// byAgent gives praise by who earned it, by name; each group's newest first.
func byAgent(list []view.Voice) [][]view.Voice {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b view.Voice) int {
		return cmp.Or(cmp.Compare(a.AgentName, b.AgentName), cmp.Compare(a.Agent, b.Agent))
	})
	var out [][]view.Voice
	for i, v := range sorted {
		if i == 0 || sorted[i-1].Agent != v.Agent {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], v)
	}
	return out
}
