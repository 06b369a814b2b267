package policies_test

import (
	"reflect"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router/match"
)

// TestClassesSayWhatIsNeeded has an entry with all that can be needed, and a
// message in a language that nobody knows, of which none can be needed.
func TestClassesSayWhatIsNeeded(t *testing.T) {
	t.Parallel()
	set, err := policies.LoadFiles("test", map[string][]byte{"classes.yaml": []byte(`version: 1
classes:
  - name: orders
    when: "true"
    skills: [{name: Billing, level: 2}]
    any: [[{name: orders}, {name: Shipping, level: 2}]]
    not: [trainee]
    wished: [{name: cars, level: 3, for: 30m}, {name: golf}]
    language: required
    language_for: 2h
`)})
	if err != nil {
		t.Fatal(err)
	}
	want := match.Demand{
		Skills: []match.Skill{{Name: "billing", Level: 2}, {Name: "phone", Level: 1}},
		Any:    [][]match.Skill{{{Name: "orders", Level: 1}, {Name: "shipping", Level: 2}}},
		Not:    []string{"trainee"},
		Wishes: []match.Wish{
			{Skill: match.Skill{Name: "cars", Level: 3}, For: 30 * time.Minute}, {Skill: match.Skill{Name: "golf", Level: 1}},
		},
		Languages: []string{"de"}, LanguageFor: 2 * time.Hour,
	}
	in := policies.ClassifyInput{Channel: contact.Email, AccountLanguage: "de", AccountSkills: []string{"phone"}}
	if got := set.Classify(in).Demand; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	in.AccountLanguage = ""
	if got := set.Classify(in).Demand; got.Languages != nil || got.LanguageFor != 0 {
		t.Errorf("of a language that nobody knows %+v", got)
	}
}
