package web

import (
	"strings"

	"stagecoach/desk/view"
)

// policyHow says in words how a policy set came to decide.
func policyHow(c view.PolicyChange) string {
	by := firstOf(c.ByName, c.By, "somebody")
	switch c.Reason {
	case "start":
		return "at the first start"
	case "directory":
		return "taken from the policy directory"
	case "approved":
		return "drafted by " + firstOf(c.AuthorName, c.Author, "somebody") + " and approved by " + by
	case "rollback":
		return "rolled back by " + by
	case "upgrade":
		return "the same files in another build"
	case "activated":
		return "activated by " + by
	}
	return "activated by an earlier build"
}

// counted gives a number with its word.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return itoa(n) + " " + many
}

func linesOf(text string) []string { return strings.Split(text, "\n") }

func joinedBy(between string, words []string) string { return strings.Join(words, between) }

// policyFiles names the files of a policy set.
func policyFiles() []string {
	return []string{"classes.yaml", "customers.yaml", "escalation.yaml", "privacy.yaml", "routing.yaml", "sla.yaml"}
}

// figure is a number with its name.
type figure struct {
	name string
	n    int
}

// previewNumbers gives the figures of a preview that aren't nothing.
func previewNumbers(v view.PolicyPreview) []figure {
	var out []figure
	for _, f := range []figure{
		{"of another class", v.Classes},
		{"in another queue", v.Queues},
		{"due earlier", v.Earlier},
		{"due later", v.Later},
		{"told a time that would be longer", v.Told},
		{"late at once", v.Overdue},
		{"that nobody could take any more", v.Impossible},
		{"that somebody could take at last", v.Possible},
	} {
		if f.n > 0 {
			out = append(out, f)
		}
	}
	return out
}
