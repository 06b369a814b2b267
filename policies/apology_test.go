package policies_test

import (
	"strings"
	"testing"
	"time"

	"stagecoach/policies"
)

func TestApologyText(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)
	set := load(t, nil)
	for language, want := range map[string]string{
		"de": "bis Montag, 23. November, 13:00 Uhr (UTC) zugesagt", "en": "by Monday 23 November, 13:00 (UTC)", "fr": "le lundi 23 novembre à 13:00",
		"es": "lunes 23 de noviembre a las 13:00", "": "We are sorry", "fi": "We are sorry",
	} {
		if got := set.ApologyText(language, policies.Facts{}, policies.Sorry{Due: due}, time.UTC); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", language, got, want)
		}
	}
	set = load(t, map[string]string{"escalation.yaml": "version: 1\napology:\n  texts:\n    - {language: en, text: \"Dear {customer}, sorry.\\n\\n{agent}\"}\n"})
	for _, c := range []struct{ customer, agent, want string }{
		{"Kim", "Anna", "Dear Kim, sorry.\n\nAnna"}, {"{agent}", "{due}", "Dear {agent}, sorry.\n\n{due}"}, {"", "", "Dear, sorry."},
	} {
		if got := set.ApologyText("en", policies.Facts{}, policies.Sorry{Due: due, Customer: c.customer, Agent: c.agent}, time.UTC); strings.TrimSpace(got) != c.want {
			t.Errorf("%q %q: got %q, want %q", c.customer, c.agent, got, c.want)
		}
	}
	set = load(t, map[string]string{"escalation.yaml": "version: 1\napology: {offer: false}\n"})
	if got := set.ApologyText("en", policies.Facts{}, policies.Sorry{Due: due}, time.UTC); got != "" {
		t.Errorf("got %q where none is offered", got)
	}
}
