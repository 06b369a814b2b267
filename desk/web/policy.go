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
