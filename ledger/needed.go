package ledger

import (
	"fmt"
	"strings"
	"time"

	"stagecoach/router/match"
)

// Needed tells in words what a demand asks of an agent.
func Needed(d *match.Demand) string {
	var parts []string
	for _, s := range d.Skills {
		parts = append(parts, skillText(s))
	}
	for _, set := range d.Any {
		names := make([]string, len(set))
		for i, s := range set {
			names[i] = skillText(s)
		}
		parts = append(parts, strings.Join(names, " or "))
	}
	for _, name := range d.Not {
		parts = append(parts, "nobody with "+name)
	}
	for _, w := range d.Wishes {
		if w.For > 0 {
			parts = append(parts, skillText(w.Skill)+" for the first "+shortTime(w.For))
		} else {
			parts = append(parts, "best "+skillText(w.Skill))
		}
	}
	if len(d.Languages) > 0 {
		text := "language " + strings.Join(d.Languages, " or ")
		if d.LanguageFor > 0 {
			text += " for the first " + shortTime(d.LanguageFor)
		}
		parts = append(parts, text)
	}
	if d.ReplyChannel != "" {
		parts = append(parts, "reply by "+string(d.ReplyChannel))
	}
	return strings.Join(parts, ", ")
}

func skillText(s match.Skill) string { return fmt.Sprintf("%s at level %d", s.Name, s.Level) }

// shortTime is a time without the parts that are zero: 30m, not 30m0s.
func shortTime(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
