package policies_test

import (
	"slices"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
)

// What customers.yaml says of the channel of answers and of what we begin is what
// decides.
func TestContacting(t *testing.T) {
	set := load(t, map[string]string{
		"classes.yaml": "version: 1\nclasses:\n  - {name: billing, when: 'contact.text.mentions([\"invoice\"])'}\n",
		"customers.yaml": `version: 1
preferred:
  order: [learnt, stated, arrival]
  learnt_after: 5
  channels: [email]
  private: {kinds: [complaint], classes: [billing]}
  secret: ["Your  Account Number"]
limits: {quiet: 22:30-07:15, zone: Europe/Berlin, per_week: 2, consent: [service]}
`,
	})
	p := set.Prefer()
	if !slices.Equal(p.Order, []string{"learnt", "stated", "arrival"}) || p.LearntAfter != 5 || !slices.Equal(p.Channels, []contact.Channel{contact.Email}) {
		t.Errorf("preferred is %+v", p)
	}
	if !set.InPrivate("complaint", "general") || !set.InPrivate("", "billing") || set.InPrivate("question", "general") || set.InPrivate("", "") {
		t.Error("what is answered in private is wrong")
	}
	if got := set.Secret(); !slices.Equal(got, []string{"your account number"}) {
		t.Errorf("secret is %q", got)
	}
	l := set.Sending()
	night := time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC) // 00:00 in Berlin
	until, why := l.Hold(night, nil, nil)
	if want := time.Date(2026, 11, 24, 6, 15, 0, 0, time.UTC); !until.Equal(want) || why != customers.HeldQuiet {
		t.Errorf("held until %v (%s), want %v", until, why, want)
	}
	if until, _ := l.Hold(night, set.Zone("America/New_York"), nil); !until.IsZero() {
		t.Errorf("in New York it is evening: held until %v", until)
	}
	if set.Zone("Mars/Olympus") != nil || set.Zone("") != nil || set.Zone("Mars/Olympus") != nil {
		t.Error("a zone that there isn't has a clock")
	}
	if !l.Needs(customers.Service) || l.Needs(customers.Marketing) || l.PerWeek != 2 {
		t.Errorf("limits are %+v", l)
	}
}

// The built-in set holds nothing back for customers whose zone nobody knows.
func TestContactingDefault(t *testing.T) {
	set := load(t, nil)
	l := set.Sending()
	if until, why := l.Hold(time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), nil, nil); !until.IsZero() {
		t.Errorf("held until %v: %s", until, why)
	}
	if l.PerWeek != 3 || !l.Needs(customers.Marketing) || l.Needs(customers.Service) {
		t.Errorf("limits are %+v", l)
	}
}
