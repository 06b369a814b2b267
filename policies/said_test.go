package policies_test

import (
	"testing"

	"stagecoach/policies"
)

// What an external classifier said counts by what the set says of it, and never
// names what the set doesn't know.
func TestSaid(t *testing.T) {
	load := func(more string) *policies.Set {
		set, err := policies.LoadFiles("set", map[string][]byte{"classes.yaml": []byte("version: 1\n" + more +
			"classes:\n  - {name: bills, class: billing, queue: money, when: 'contact.text.contains(\"bill\")'}\n  - {name: orders, when: 'contact.text.contains(\"order\")'}\n")})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	first, otherwise, never := load(""), load("classifier: {use: otherwise, confidence: 0.5}\n"), load("classifier: {use: never}\n")
	for _, one := range []struct {
		what string
		set  *policies.Set
		text string
		said *policies.Said
		want string
		by   bool
	}{
		{"nobody asked", first, "my order", nil, "orders", false},
		{"it comes first", first, "my order", &policies.Said{Class: "billing", Confidence: 700}, "billing", true},
		{"it is less sure than the set asks for", first, "my order", &policies.Said{Class: "billing", Confidence: 699}, "orders", false},
		{"it named the default's class", first, "my order", &policies.Said{Class: "general", Confidence: 900}, "general", true},
		{"it named what there isn't", first, "my order", &policies.Said{Class: "novels", Confidence: 900}, "orders", false},
		{"it named nothing", first, "my order", &policies.Said{Confidence: 900}, "orders", false},
		{"it had trouble", first, "my order", &policies.Said{Class: "billing", Confidence: 900, Trouble: policies.TroubleTimeOut}, "orders", false},
		{"an entry comes first", otherwise, "my order", &policies.Said{Class: "billing", Confidence: 900}, "orders", false},
		{"no entry matches", otherwise, "hello", &policies.Said{Class: "billing", Confidence: 500}, "billing", true},
		{"what was too unsure for another set", otherwise, "hello", &policies.Said{Class: "billing", Confidence: 600, Trouble: policies.TroubleUnsure}, "billing", true},
		{"the set never asks", never, "my order", &policies.Said{Class: "billing", Confidence: 900}, "orders", false},
	} {
		got := one.set.Classify(policies.ClassifyInput{Channel: "email", Text: one.text, Said: one.said})
		if got.Class != one.want || got.BySaid != one.by {
			t.Errorf("%s: %s by said %v, want %s by said %v", one.what, got.Class, got.BySaid, one.want, one.by)
		}
		if one.by && one.want == "billing" && got.Queue != "money" {
			t.Errorf("%s: the queue is %s", one.what, got.Queue)
		}
		for _, a := range one.set.Trace(policies.ClassifyInput{Channel: "email", Text: one.text, Said: one.said}) {
			if a.List == "classes" && (a.Verdict == policies.SaidSo) && !one.by {
				t.Errorf("%s: the trace says otherwise: %+v", one.what, a)
			}
		}
	}
	if got := first.Classify(policies.ClassifyInput{Text: "hello, where are you?", Said: &policies.Said{Language: "nl", Confidence: 900}}); got.Language != "nl" {
		t.Errorf("the language is %q", got.Language)
	}
	if heard := first.Hear(policies.Said{Class: "billing", Language: "tlh", Confidence: 5000}); heard.Language != "" || heard.Confidence != 1000 || heard.Trouble != "" {
		t.Errorf("heard %+v", heard)
	}
}
