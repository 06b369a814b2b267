package policies_test

import (
	"strings"
	"testing"

	"stagecoach/policies"
)

func setOf(t *testing.T, files map[string]string) *policies.Set {
	t.Helper()
	all := map[string][]byte{}
	for name, text := range files {
		all[name] = []byte(text)
	}
	set, err := policies.LoadFiles("", all)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// What two sets say differently is told entry by entry, not line by line.
func TestDiff(t *testing.T) {
	was := setOf(t, map[string]string{
		"classes.yaml": `version: 1
classes:
  - {name: orders, when: 'contact.account == "orders"', queue: orders}
  - {name: billing, when: 'contact.account == "billing"', queue: billing, skills: [{name: billing, level: 2}]}
  - {name: praise, when: 'contact.account == "praise"', kind: praise}
`,
		"sla.yaml": "version: 1\ndefault: {first: 4h}\npromises:\n  - {name: bills, when: 'contact.class == \"billing\"', first: 4h}\n",
	})
	is := setOf(t, map[string]string{
		"classes.yaml": `# another remark
version: 1
classes:
  - name: billing
    when: contact.account == "billing"
    queue: billing
    skills: [{name: billing, level: 3}, {name: cars}]
  - {name: orders, when: 'contact.account == "orders"', queue: orders}
  - {name: refunds, when: 'contact.account == "refunds"', queue: billing}
`,
		"sla.yaml":     "version: 1\ndefault: {first: 240m}\npromises:\n  - {name: bills, when: 'contact.class == \"billing\"', first: 2h}\ncalendars:\n  - {name: shop, zone: Europe/Berlin, hours: [{days: [monday], spans: [\"09:00-12:30\"]}]}\n",
		"routing.yaml": "version: 1\nmatching: {hold_back: {left: 0.5}}\nchannels:\n  - {name: email, units: 10}\n",
	})
	got, err := policies.Diff(was, is)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i := range got {
		b.WriteString(got[i].File + ": " + got[i].String() + "\n")
	}
	const want = `classes.yaml: class praise: removed ({name: praise, when: contact.account == "praise", kind: praise})
classes.yaml: class billing: skills [{name: billing, level: 2}] → [{name: billing, level: 3}, {name: cars}]
classes.yaml: class refunds: added ({name: refunds, when: contact.account == "refunds", queue: billing})
classes.yaml: class orders: moved, first → after billing
routing.yaml: matching.hold_back.left 0.6 → 0.5
routing.yaml: channel webchat: removed ({name: webchat, units: 34, offer_time_out: 20s, handling_time: 8m, live: true, quiet: 2m, silence_least: 45s})
routing.yaml: channel phone: removed ({name: phone, units: 100, offer_time_out: 20s, handling_time: 6m, live: true})
routing.yaml: channel letter: removed ({name: letter, units: 20, handling_time: 15m})
routing.yaml: channel visit: removed ({name: visit, units: 100, handling_time: 15m, live: true})
routing.yaml: channel email: units 20 → 10
sla.yaml: promise bills: first 4h → 2h
sla.yaml: calendar shop: added ({name: shop, zone: Europe/Berlin, hours: [{days: [monday], spans: [09:00-12:30]}]})
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
	if same, err := policies.Diff(is, is); err != nil || same == nil || len(same) > 0 {
		t.Errorf("a set differs from itself: %v, %v", same, err)
	}
}
