package policies_test

import (
	"fmt"
	"strings"
	"testing"

	"stagecoach/policies"
)

// manyRules gives a set with n rules, written in a different way by form.
func manyRules(form string, n int) map[string][]byte {
	var b strings.Builder
	b.WriteString("version: 1\nclasses:\n")
	for i := range n {
		when := ""
		switch form {
		case "words":
			when = fmt.Sprintf(`contact.channel == "email" && contact.text.mentions(["invoice", "word%d", "term%d"])`, i, i)
		case "senders":
			when = fmt.Sprintf(`contact.sender.endsWith("@c%d.example") || contact.sender == "boss@d%d.example"`, i, i)
		case "exclusions":
			when = fmt.Sprintf(`contact.account != "a%d" && contact.subject.contains("%d")`, i, i)
		case "lists":
			when = fmt.Sprintf(`contact.channel in ["email", "webchat"] && contact.account in ["a%d", "b%d", "c%d"]`, i, i, i)
		}
		fmt.Fprintf(&b, "  - name: rule %d\n    when: '%s'\n    queue: q%d\n", i, when, i%7)
	}
	return map[string][]byte{"classes.yaml": []byte(b.String())}
}

func BenchmarkLint2000(b *testing.B) {
	for _, form := range []string{"words", "senders", "exclusions", "lists"} {
		files := manyRules(form, 2000)
		b.Run(form, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if found := policies.LintFiles("", files); len(found) > 0 {
					b.Fatal(found[0])
				}
			}
		})
	}
}
