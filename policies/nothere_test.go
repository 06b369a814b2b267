package policies_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"stagecoach/configs/strict"
	"stagecoach/contact"
	"stagecoach/policies"
)

func customersYAML(t *testing.T, text string) *policies.Set {
	t.Helper()
	set, err := policies.LoadFS(fstest.MapFS{"customers.yaml": {Data: []byte("version: 1\n" + text)}}, "")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// What customers.yaml says and nobody ever meets is told with its place, once.
func TestCustomersNeverMet(t *testing.T) {
	for text, want := range map[string]string{
		"value:\n  sources: [orders]\n  stale_after: 5d\n":            "customers.yaml:4:16: value.stale_after: counts only for what an import or a CRM gives",
		"preferred:\n  order: [stated, arrival]\n  learnt_after: 3\n": "customers.yaml:4:17: preferred.learnt_after: counts only where habits do",
		"preferred:\n  order: [arrival]\n  channels: [email]\n":       "customers.yaml:4:13: preferred.channels: everybody is answered where they wrote",
		"limits:\n  quiet: 20:00-09:00\n":                             "customers.yaml:3:10: limits.quiet: holds back nothing for customers whose time zone isn't known",
		"limits:\n  quiet: \"\"\n  zone: Europe/Berlin\n":             "customers.yaml:4:9: limits.zone: counts only for quiet hours",
		"limits:\n  quiet: 20:00-09:00\n  zone: \"\"\n":               "", // chosen so
		"limits:\n  quiet: 20:00-09:00\n  zone: Europe/Berlin\n":      "",
		"value:\n  sources: [import, orders]\n  stale_after: 5d\n":    "",
		"preferred:\n  learnt_after: 3\n  channels: [email]\n":        "",
	} {
		got := customersYAML(t, text).Warnings()
		switch {
		case want == "" && len(got) > 0:
			t.Errorf("%s warns: %v", text, got)
		case want != "" && (len(got) != 1 || !strings.Contains(got[0].Error(), want)):
			t.Errorf("%s warns: %v, want %q", text, got, want)
		}
	}
}

// What the configuration hasn't is told only where the set names it.
func TestNotHere(t *testing.T) {
	set := customersYAML(t, "value:\n  sources: [import, crm]\npreferred:\n  channels: [slack]\n  private: {kinds: [complaint]}\n  secret: [iban]\n")
	all := policies.Here{Sends: func(contact.Channel) bool { return true }, CRM: true, Public: true}
	no, nowhere, private := all, all, all
	no.CRM, private.Public = false, false
	nowhere.Sends = func(ch contact.Channel) bool { return ch != contact.Slack }
	for _, c := range []struct {
		name string
		here policies.Here
		want []string
	}{
		{"everything", all, nil},
		{"no CRM", no, []string{"customers.yaml:3:21: value.sources[1]: no CRM is asked here"}},
		{"no Slack", nowhere, []string{"customers.yaml:5:14: preferred.channels[0]: nobody is answered by slack"}},
		{"nothing public", private, []string{"customers.yaml:6:12: preferred.private: nothing is asked in public here", "customers.yaml:7:11: preferred.secret: nothing"}},
		{"no account yet", policies.Here{CRM: true}, nil},
	} {
		got := set.NotHere(c.here)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %q", c.name, got, c.want)
			continue
		}
		for _, want := range c.want {
			if !hasWarning(got, want) {
				t.Errorf("%s: %v, want %q", c.name, got, want)
			}
		}
	}
	if got := customersYAML(t, "limits: {per_week: 2}\n").NotHere(policies.Here{Sends: nowhere.Sends}); len(got) > 0 {
		t.Errorf("of what only the default names is told: %v", got)
	}
}

func hasWarning(list strict.Errors, words string) bool {
	for i := range list {
		if strings.Contains(list[i].Error(), words) {
			return true
		}
	}
	return false
}
