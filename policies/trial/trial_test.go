package trial_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"stagecoach/policies"
	"stagecoach/policies/trial"
)

// office is a set with a class, two tiers and three people.
func office(tests string) fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"classes.yaml": file(`version: 1
classes:
  - name: billing
    when: contact.channel != "webchat" && contact.text.mentions(["invoice", "Rechnung*"])
    queue: billing
    skills: [{name: billing}]
    language: required
`),
		"customers.yaml": file(`version: 1
tiers:
  - {name: gold, value: 6, when: contact.sender_domain == "big.example"}
  - {name: rich, value: 4, when: customer.value >= 800 && customer.known && !customer.stale}
  - {name: press, value: 3, when: '"press" in customer.tags || customer.attr("segment") == "P"'}
  - {name: silver, value: 2}
`),
		"sla.yaml": file(`version: 1
default: {first: 4h, calendar: office}
promises:
  - {name: best, when: 'customer.tier == "gold"', first: 1h}
  - {name: dear, when: customer.value >= 950 && customer.value < 1000, first: 30m}
calendars:
  - {name: office, zone: Europe/Berlin, hours: [{days: [monday, tuesday, wednesday, thursday, friday], spans: ["09:00-17:00"]}]}
`),
		"tests/agents.yaml": file(`version: 1
agents:
  - {name: anna@example.com, skills: [{name: billing, level: 3}], languages: [de, en]}
  - {name: ben@example.com, skills: [{name: billing}], languages: [en]}
  - {name: carl@example.com, languages: [en]}
`),
		"tests/first.yaml": file(tests),
	}
}

func runAll(t *testing.T, tests string) []trial.Result {
	t.Helper()
	fsys := office(tests)
	set, err := policies.LoadFS(fsys, "")
	if err != nil {
		t.Fatal(err)
	}
	list, err := trial.Read(fsys, "", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]trial.Result, len(list))
	for i := range list {
		out[i] = list[i].Run(set)
	}
	return out
}

// What the router decides is what tests see: classes, tiers, promises on their
// calendars, candidates and winners, away, full and closed.
func TestTestsSeeWhatTheRouterDecides(t *testing.T) {
	for _, r := range runAll(t, `version: 1
zone: Europe/Berlin
at: 2026-11-27 15:00
tests:
  - name: an invoice
    contact: {text: "Where is the invoice that you promised?", sender: x@big.example}
    expect: {rule: billing, class: billing, queue: billing, language: en, tier: gold, promise: best, first: 1h, due: 2026-11-27 16:00, at_risk: "2026-11-27 15:45",
      skills: [billing], candidates: [anna@example.com, ben@example.com], winner: anna@example.com, propose: nothing, able: true, last_resort: supervisors}
  - name: over the weekend
    contact: {text: "Where is the invoice that you promised?"}
    expect: {promise: default, due: 2026-11-30 11:00, tier: ""}
  - name: a tier that was given
    contact: {text: "Hello there, how are you?"}
    customer: {tier: silver}
    expect: {tier: silver, class: general}
  - name: a value of an import
    contact: {text: "Hello there, how are you?"}
    customer: {value: 812, value_at: 2026-11-01}
    expect: {tier: rich, value: 812}
  - name: a value of a CRM that is down
    contact: {text: "Hello there, how are you?"}
    customer: {value: 1000000000000, source: crm, stale: true}
    expect: {tier: "", value: 1000}
  - name: a value of orders
    contact: {text: "Hello there, how are you?"}
    customer: {orders: 18, revenue: 1900, last_order: 2026-11-20, customer_since: 2012-01-01}
    expect: {tier: rich, value: 963, promise: dear, due: "2026-11-27 15:30"}
  - name: tags
    contact: {text: "Hello there, how are you?"}
    customer: {tags: [press, vip]}
    expect: {tier: press, value: 0}
  - name: fields of their own
    contact: {text: "Hello there, how are you?"}
    customer: {attributes: [{name: segment, value: P}]}
    expect: {tier: press}
  - name: who objects
    contact: {text: "Hello there, how are you?", sender: x@big.example}
    customer: {value: 900, objected: true}
    expect: {tier: press, value: 0}
  - name: who is away isn't asked
    contact: {text: "Where is the invoice that you promised?"}
    agents: [{name: anna@example.com, presence: away}]
    expect: {winner: ben@example.com, candidates: [ben@example.com]}
  - name: who is full isn't either
    contact: {channel: phone, text: "Where is the invoice that you promised?"}
    agents: [{name: anna@example.com, holds: 1}]
    expect: {winner: ben@example.com}
  - name: nobody is there
    contact: {text: "Wo bleibt denn die Rechnung, die Sie mir versprochen haben?"}
    agents: [{name: anna@example.com, presence: offline}]
    expect: {language: de, winner: nobody, able: true}
  - name: nobody ever could
    contact: {text: "Où est la facture que vous m'avez promise ? Rechnung 4711, merci beaucoup", language: fr}
    expect: {class: billing, winner: nobody, able: false}
  - name: a machine
    contact: {auto: auto_reply, text: "I am away"}
    expect: {propose: machine, rule: automatic replies, queue: review, winner: nobody}
`) {
		if !r.OK {
			t.Errorf("%s: %+v", r.Name, r.Failures)
		}
	}
}

// A test that fails says each difference at its place.
func TestFailuresHaveTheirPlace(t *testing.T) {
	got := runAll(t, `version: 1
at: 2026-11-23 10:00
tests:
  - name: all wrong
    contact: {text: "Where is the invoice that you promised?"}
    expect:
      class: general
      first: 2h
      due: 2026-11-23 11:00
      candidates: [ben@example.com]
      winner: nobody
      able: false
`)[0]
	want := []trial.Failure{
		{Line: 7, Column: 14, What: "expect.class", Expected: "general", Got: "billing"},
		{Line: 8, Column: 14, What: "expect.first", Expected: "2h", Got: "4h"},
		{Line: 9, Column: 12, What: "expect.due", Expected: "Mon 2026-11-23 11:00:00", Got: "Mon 2026-11-23 14:00:00"},
		{Line: 10, Column: 19, What: "expect.candidates", Expected: "ben@example.com", Got: "anna@example.com, ben@example.com"},
		{Line: 11, Column: 15, What: "expect.winner", Expected: "nobody", Got: "anna@example.com"},
		{Line: 12, Column: 13, What: "expect.able", Expected: "false", Got: "true"},
	}
	if got.OK || len(got.Failures) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got.Failures[i] != want[i] {
			t.Errorf("got %+v, want %+v", got.Failures[i], want[i])
		}
	}
}

// The parts of a promise add up to it, over nights, weekends and changed clocks.
func TestArithmeticAddsUp(t *testing.T) {
	set, err := policies.LoadFS(office("version: 1\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"office", policies.AlwaysCalendar} {
		cal := set.Calendar(name)
		for hours := range 24 * 9 {
			start := time.Date(2026, 10, 22, hours, 17, 0, 0, time.UTC)
			due, sum := cal.Add(start, 21*time.Hour), time.Duration(0)
			for _, s := range trial.Arithmetic(cal, start, due) {
				if cal.Between(s.From, s.To) != s.To.Sub(s.From) {
					t.Fatalf("%s: %v to %v is closed in between", name, s.From, s.To)
				}
				sum += s.To.Sub(s.From)
			}
			if sum != 21*time.Hour {
				t.Fatalf("%s from %v: %v", name, start, sum)
			}
		}
	}
}

// What is wrong with the tests themselves is told all at once.
func TestReadTellsWhatIsWrong(t *testing.T) {
	_, err := trial.Read(office(`version: 1
zone: Berlin
tests:
  - {name: one, contact: {chanel: email}, expect: {queu: general}}
  - {name: one, at: tomorrow, contact: {channel: fax}, expect: {able: perhaps}}
`), "set", time.UTC)
	want := []string{
		`set/tests/first.yaml:2:7: zone: time zone "Berlin" is not known (such as Europe/Berlin)`,
		"set/tests/first.yaml:4:5: tests[0].at: is missing",
		"set/tests/first.yaml:4:27: tests[0].contact.chanel: unknown key (did you mean channel?)",
		"set/tests/first.yaml:4:52: tests[0].expect.queu: unknown key (did you mean queue?)",
		`set/tests/first.yaml:5:12: tests[1].name: the name "one" is there already`,
		`set/tests/first.yaml:5:21: tests[1].at: "tomorrow": a moment is written like 2026-11-23 10:00`,
		`set/tests/first.yaml:5:50: tests[1].contact.channel: "fax" is not known here`,
		`set/tests/first.yaml:5:71: tests[1].expect.able: must be true or false, not "perhaps"`,
	}
	if err == nil {
		t.Fatal("accepted")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("got:\n%v", err)
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) {
			t.Errorf("got  %s\nwant %s", lines[i], want[i])
		}
	}
}
