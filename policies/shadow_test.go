package policies_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stagecoach/contact"
	"stagecoach/policies"
)

// drawCondition draws a condition of a few tests.
func drawCondition(t *rapid.T, depth int) string {
	atoms := []string{
		`contact.channel == "email"`, `contact.channel != "email"`, `contact.channel in ["email", "phone"]`, `!(contact.channel in ["phone", "webchat"])`,
		`contact.text.mentions(["invoice"])`, `contact.text.mentions(["refund", "Invoice"])`, `contact.account == "sales"`,
		`contact.sender.endsWith("@a.example")`, `contact.sender == "x@a.example"`, `!contact.sender.startsWith("x")`, `"sales" != contact.account`, "true", "false",
	}
	if depth == 0 || rapid.Bool().Draw(t, "atom") {
		return rapid.SampledFrom(atoms).Draw(t, "test")
	}
	a, b := drawCondition(t, depth-1), drawCondition(t, depth-1)
	switch rapid.IntRange(0, 3).Draw(t, "join") {
	case 0:
		return "(" + a + " || " + b + ")"
	case 1:
		return "!(" + a + " && " + b + ")"
	default:
		return "(" + a + " && " + b + ")"
	}
}

// What lint says never decides doesn't, for any contact.
func TestLintIsRightAboutEntriesThatNeverDecide(t *testing.T) {
	draw := rapid.Custom(func(t *rapid.T) string {
		var text strings.Builder
		text.WriteString("version: 1\nclasses:\n")
		for i := range 12 {
			fmt.Fprintf(&text, "  - name: e%d\n    when: '%s'\n", i, drawCondition(t, 2))
		}
		return text.String()
	})
	said := 0
	for seed := range 20 {
		text := draw.Example(seed)
		files := map[string][]byte{"classes.yaml": []byte(text)}
		set, err := policies.LoadFiles("", files)
		if err != nil {
			t.Fatal(err)
		}
		decides := map[string]bool{}
		everyContact(func(in policies.ClassifyInput) { decides[set.Classify(in).Rule] = true })
		for _, f := range policies.LintFiles("", files) {
			at := strings.TrimSuffix(strings.TrimPrefix(strings.SplitN(f.Message, ".", 2)[0], "classes["), "]")
			if decides["e"+at] {
				t.Fatalf("%s, but it decides:\n%s", f.String(), text)
			}
			said++
		}
	}
	if said < 20 {
		t.Errorf("lint said %d things only", said)
	}
}

// everyContact gives every contact that the conditions can tell apart.
func everyContact(try func(in policies.ClassifyInput)) {
	for _, ch := range []contact.Channel{contact.Email, contact.Phone, contact.WebChat} {
		for _, words := range []string{"", "the invoice", "a refund", "the invoice of a refund"} {
			for _, account := range []string{"sales", "info"} {
				for _, sender := range []string{"x@a.example", "y@a.example", "x@b.example", "y@b.example", "x@a.example.org"} {
					try(policies.ClassifyInput{Channel: ch, Text: words, Account: account, Sender: sender})
				}
			}
		}
	}
}
