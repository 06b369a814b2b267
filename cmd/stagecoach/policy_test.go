package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/desk/view"
	"stagecoach/policies"
	"stagecoach/policies/trial"
)

// What init writes is clean, and is never written over.
func TestPolicyInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "policies")
	out := ok(t, "", "policy", "init", dir)
	for _, name := range policies.FileNames() {
		if !strings.Contains(out, filepath.Join(dir, name)) {
			t.Errorf("%s is not named in %s", name, out)
		}
	}
	if got := ok(t, "", "policy", "lint", dir, "--json"); got != "[]\n" {
		t.Errorf("lint: %s", got)
	}
	if got := ok(t, "", "policy", "lint", dir); got != "ok "+dir+"\n" {
		t.Errorf("lint: %s", got)
	}
	if got := ok(t, "", "policy", "test", dir); !strings.Contains(got, "1 test, all ok") {
		t.Errorf("test: %s", got)
	}
	text, err := os.ReadFile(filepath.Join(dir, "classes.yaml"))
	if err != nil || !strings.Contains(string(text), "# ") {
		t.Errorf("no comments: %v\n%s", err, text)
	}
	writeFile(t, filepath.Join(dir, "sla.yaml"), "version: 1\n")
	refused(t, 1, "there already", "policy", "init", dir)
	if err := os.Remove(filepath.Join(dir, "classes.yaml")); err != nil {
		t.Fatal(err)
	}
	refused(t, 1, "there already", "policy", "init", dir)
	if _, err := os.Stat(filepath.Join(dir, "classes.yaml")); err == nil {
		t.Error("a part was written")
	}
}

// Lint says the place, the line, and what was meant.
func TestPolicyLint(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "classes.yaml")
	writeFile(t, file, "version: 1\nclasses:\n  - name: grüße\n    when: \"contact.chanel == 'email'\"\n")
	want := file + `:4:12: error: classes[0].when: contact.chanel is not known here
  4 |     when: "contact.chanel == 'email'"
    |            ^
  hint: did you mean contact.channel?
` + dir + `: 1 error, 0 warnings
`
	if r := cli(t, "", "policy", "lint", dir); r.code != 1 || r.out != want || r.err != "" {
		t.Errorf("exit %d\n%s\nwant\n%s\nerr: %s", r.code, r.out, want, r.err)
	}
	r := cli(t, "", "policy", "lint", "--json", dir)
	found := oneJSON[[]policies.Finding](t, r.out)
	one := policies.Finding{
		File: file, Line: 4, Column: 12, Severity: "error",
		Message: "classes[0].when: contact.chanel is not known here", Hint: "did you mean contact.channel?",
	}
	if r.code != 1 || len(found) != 1 || found[0] != one {
		t.Errorf("exit %d: %+v", r.code, found)
	}
	r = cli(t, "", "policy", "lint", "--json", filepath.Join(dir, "nowhere"))
	if found := oneJSON[[]policies.Finding](t, r.out); r.code != 1 || len(found) != 1 || !strings.Contains(found[0].Message, "no such directory") {
		t.Errorf("exit %d: %+v", r.code, found)
	}
	writeFile(t, file, "version: 1\n")
	writeFile(t, filepath.Join(dir, "privacy.yaml"), "version: 1\nfigures: off\n")
	if r := cli(t, "", "policy", "lint", dir); r.code != 0 || !strings.Contains(r.out, "warning:") || !strings.Contains(r.out, "0 errors, 1 warning\n") {
		t.Errorf("warnings are no errors: exit %d\n%s", r.code, r.out)
	}
}

// Whether somebody could do it is asked of a file, or of the accounts there are.
func TestPolicyLintKnowsWhoWorksHere(t *testing.T) {
	dir, team := t.TempDir(), filepath.Join(t.TempDir(), "team.yaml")
	writeFile(t, filepath.Join(dir, "classes.yaml"), "version: 1\nclasses:\n  - {name: bills, when: 'contact.channel == \"phone\"', skills: [{name: biling}]}\n")
	writeFile(t, team, "version: 1\nagents:\n  - {name: anna@example.com, skills: [{name: billing}]}\n")
	ok(t, "", "policy", "lint", dir)
	if r := cli(t, "", "policy", "lint", dir, "--agents", team); r.code != 1 || !strings.Contains(r.out, "hint: did you mean billing?") {
		t.Errorf("exit %d\n%s", r.code, r.out)
	}
	if r := cli(t, "", "policy", "lint", dir, "--agents", team+"s"); r.code != 1 || !strings.Contains(r.out, "no such file") {
		t.Errorf("exit %d\n%s", r.code, r.out)
	}
	got, err := members([]view.Person{{Email: "Anna@example.com", Skills: []view.Skill{{Name: "billing", Level: 2}}, Shifts: []string{"mon-fri 09:00-17:00"}}})
	if err != nil || len(got) != 1 || got[0].Name != "anna@example.com" || len(got[0].Shifts) != 5 || got[0].Skills[0].Level != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Whether the agents that there are could do it is asked of a running daemon, and of
// the data of a stopped one; of what is no data directory nothing is made.
func TestPolicyLintAsksTheDaemon(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	writeFile(t, filepath.Join(dir, "classes.yaml"), "version: 1\nclasses:\n  - {name: bills, when: 'contact.channel == \"phone\"', skills: [{name: billing, level: 4}]}\n")
	_, stop := serveAt(t, data)
	ok(t, "", "agents", "add", "anna@example.com", "--skill", "billing:3", "--data", data)
	lint := func() ran {
		t.Helper()
		return cli(t, "", "policy", "lint", dir, "--data", data, "--json")
	}
	short := func(when string) {
		t.Helper()
		found := oneJSON[[]policies.Finding](t, lint().out)
		if r := lint(); r.code != 1 || len(found) != 1 || found[0].Line != 3 || !strings.Contains(found[0].Message, "billing") {
			t.Errorf("%s: exit %d, %+v", when, r.code, found)
		}
	}
	short("running, with billing at level 3")
	ok(t, "", "agents", "add", "ben@example.com", "--skill", "billing:5", "--data", data)
	if r := lint(); r.code != 0 || strings.TrimSpace(r.out) != "[]" {
		t.Errorf("running, with billing at level 5: exit %d\n%s%s", r.code, r.out, r.err)
	}
	stop()
	if r := lint(); r.code != 0 || strings.TrimSpace(r.out) != "[]" {
		t.Errorf("stopped, with billing at level 5: exit %d\n%s%s", r.code, r.out, r.err)
	}
	ok(t, "", "agents", "remove", "ben@example.com", "--data", data)
	short("stopped, after the only one left")
	nothing := filepath.Join(t.TempDir(), "nothing")
	if r := cli(t, "", "policy", "lint", dir, "--data", nothing, "--json"); r.code != 1 || len(oneJSON[[]policies.Finding](t, r.out)) == 0 {
		t.Errorf("no data: exit %d\n%s", r.code, r.out)
	}
	if _, err := os.Stat(nothing); !os.IsNotExist(err) {
		t.Error("lint has made a data directory")
	}
}

// Tests of a set are run, each failure with its line; what is wrong with the
// tests themselves is also found by lint.
func TestPolicyTest(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "tests", "one.yaml")
	if got := ok(t, "", "policy", "test", dir); !strings.Contains(got, "has no tests") {
		t.Errorf("%s", got)
	}
	if err := os.Mkdir(filepath.Join(dir, "tests"), 0o700); err != nil {
		t.Fatal(err)
	}
	test := "version: 1\nat: 2026-11-23 10:00\ntests:\n  - name: mail\n    contact: {channel: email}\n    expect: {queue: general, due: 2026-11-23 14:00}\n"
	writeFile(t, file, test)
	if got := ok(t, "", "policy", "test", dir); got != "ok   mail\n1 test, all ok\n" {
		t.Errorf("%s", got)
	}
	writeFile(t, file, strings.ReplaceAll(test, "14:00", "15:00"))
	r := cli(t, "", "policy", "test", dir)
	if want := file + ":6:35: expect.due: expected Mon 2026-11-23 15:00:00, got Mon 2026-11-23 14:00:00\n     6 |     expect:"; r.code != 1 || !strings.Contains(r.out, want) {
		t.Errorf("exit %d\n%s", r.code, r.out)
	}
	r = cli(t, "", "policy", "test", dir, "--json")
	if got := oneJSON[[]trial.Result](t, r.out); r.code != 1 || len(got) != 1 || got[0].OK || got[0].Failures[0].What != "expect.due" {
		t.Errorf("exit %d\n%s", r.code, r.out)
	}
	writeFile(t, file, strings.ReplaceAll(test, "queue", "queu"))
	for _, args := range [][]string{{"policy", "test", dir}, {"policy", "lint", dir}} {
		if r := cli(t, "", args...); r.code != 1 || !strings.Contains(r.out, "hint: did you mean queue?") {
			t.Errorf("%v: exit %d\n%s", args, r.code, r.out)
		}
	}
}

// Explain tells of every entry why it didn't match, also where none did, and of
// everybody what they lack.
func TestPolicyExplain(t *testing.T) {
	dir, team := t.TempDir(), filepath.Join(t.TempDir(), "team.yaml")
	writeFile(t, filepath.Join(dir, "classes.yaml"), "version: 1\nclasses:\n"+
		"  - {name: bills, when: 'contact.channel == \"email\" && contact.text.mentions([\"invoice\"])', queue: billing, skills: [{name: billing}]}\n"+
		"  - {name: orders, when: 'contact.text.mentions([\"order\"])'}\n")
	writeFile(t, team, "version: 1\nagents:\n  - {name: anna@example.com, skills: [{name: billing}]}\n  - {name: ben@example.com}\n")
	args := func(more ...string) []string {
		return append([]string{"policy", "explain", dir, "--at", "2026-11-23 10:00", "--agents", team}, more...)
	}
	out := ok(t, "", args("--text", "the invoice of my order")...)
	for _, want := range []string{
		`class        bills (question), by "bills"; queue billing`, "✓ bills (" + dir + "/classes.yaml:3): matched", "1 more not asked",
		"Mon 2026-11-23 10:00 (UTC) to Mon 2026-11-23 14:00 (UTC): 4h", "due          Mon 2026-11-23 14:00 (UTC), at risk from Mon 2026-11-23 13:00 (UTC)",
		"winner       anna@example.com", "1. anna@example.com ", "ben@example.com: lacks the skill billing",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	out = ok(t, "", args("--text", "the invoice", "--channel", "phone")...)
	for _, want := range []string{
		`class        general (question), by "default"; queue general`, `not so: contact.channel == "email"`, "nothing matched: default holds", "last resort  supervisors",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	file := filepath.Join(dir, "letter.txt")
	writeFile(t, file, "version: 1\nat: 2026-11-23 10:00\ncontact: {channel: email, text: \"an invoice\"}\nagents: [{name: anna@example.com, presence: away}]\n")
	x := oneJSON[explained](t, ok(t, "", "policy", "explain", dir, "--contact", file, "--agents", team, "--json"))
	if x.Class != "bills" || x.Winner != "" || len(x.Others) != 2 || x.Promise.Due.Hour() != 14 || len(x.Asked) < 4 {
		t.Errorf("%+v", x)
	}
	refused(t, 1, "a moment is written like", "policy", "explain", dir, "--at", "soon")
	refused(t, 1, "--channel", "policy", "explain", dir, "--channel", "fax")
}

// Explain tells what a customer is worth, and why.
func TestPolicyExplainValue(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "customers.yaml"), "version: 1\ntiers:\n  - {name: gold, value: 6, when: customer.value >= 700}\n  - {name: silver, value: 2, when: customer.value >= 400}\n")
	args := func(more ...string) []string {
		args := []string{"policy", "explain", dir, "--at", "2026-05-12 10:00", "--text", "hello"}
		for _, one := range more {
			args = append(args, "--customer", one)
		}
		return args
	}
	out := ok(t, "", args("orders=14", "revenue=1200", "last_order=2026-05-03", "customer_since=2020-05-12", "tags=a; b", "attr.segment=A", "external_id=K-17")...)
	for _, want := range []string{
		"tier         gold", "Tier “gold”, at value 730 of 1,000: bought 14 times, last 9 days ago, customer for 6 years; source: orders in the import of 12 May.",
		"orders 14: 210 of 300; spent 1,200: 90 of 150", "gold (" + dir + "/customers.yaml:3): matched",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	x := oneJSON[explained](t, ok(t, "", append(args("value=1e12", "source=crm", "stale=yes", "value_at=2026-05-01"), "--json")...))
	if x.Tier != "gold" || x.Value.Points != 1000 || x.Value.Source != "crm" || !x.Value.Stale || x.Value.TierRule != "gold" || len(x.Value.Words) != 2 {
		t.Errorf("%+v", x.Value)
	}
	x = oneJSON[explained](t, ok(t, "", append(args("value=900", "objected=yes"), "--json")...))
	if x.Tier != "silver" || x.Value.Points != 0 || x.Value.TierRule != "objection" || x.Value.Words == nil {
		t.Errorf("%q: %+v", x.Tier, x.Value)
	}
	for bad, want := range map[string]string{
		"valu=1": "did you mean value?", "value=NaN": "is no number", "value": "write it as KEY=VALUE", "orders=-1": "is no number of orders", "last_order=3 May": "is no day",
		"source=me": "import or crm", "stale=perhaps": "neither yes nor no",
	} {
		refused(t, 1, want, args(bad)...)
	}
}

// Explain takes what a condition asks beside the words by flags, and refuses what no
// condition can see.
func TestPolicyExplainAround(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "classes.yaml"), `version: 1
classes:
  - name: urgent bills
    when: >-
      contact.header("X-Priority").startsWith("1") && contact.attached(["*.pdf"]) && contact.attachments.exists(a, a.size > 1000) &&
      now.weekday == "saturday" && now.time >= "22:00" && customer.contacts == 3 && "sales@shop.example" in contact.to
`)
	given := []string{
		"--at", "2026-11-28 22:15", "--header", "X-Priority: 1 (Highest)", "--attachment", "bill.pdf,,2000", "--contacts", "3", "--to", "Sales@shop.example",
	}
	x := oneJSON[explained](t, ok(t, "", append([]string{"policy", "explain", dir, "--json"}, given...)...))
	if x.Class != "urgent bills" {
		t.Errorf("the class is %s: %+v", x.Class, x.Asked)
	}
	out := ok(t, "", "policy", "explain", dir, "--at", "2026-11-28 22:15", "--header", "X-Priority: 1", "--attachment", "photo.jpg")
	if !strings.Contains(out, `not so: contact.attached(["*.pdf"])`) {
		t.Errorf("it doesn't say what isn't so:\n%s", out)
	}
	for _, wrong := range [][]string{
		{"--header", "X-Api-Key: 1"}, {"--header", "Received: x"}, {"--header", "List-Id"}, {"--attachment", "a.pdf,application/pdf,much"}, {"--contacts=-1"},
	} {
		refused(t, 1, strings.Split(wrong[0], "=")[0], append([]string{"policy", "explain", dir}, wrong...)...)
	}
}

// Diff says the values that differ, and nothing of remarks and spaces.
func TestPolicyDiff(t *testing.T) {
	was, is := t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(was, "sla.yaml"), "version: 1\ndefault: {first: 4h}\n")
	writeFile(t, filepath.Join(is, "sla.yaml"), "# new\nversion: 1\ndefault:\n  first: 2h\n")
	if got := ok(t, "", "policy", "diff", was, is); got != "sla.yaml\n  default.first 4h → 2h\n" {
		t.Errorf("%s", got)
	}
	if got := ok(t, "", "policy", "diff", was, was); got != "They say the same.\n" {
		t.Errorf("%s", got)
	}
	got := oneJSON[[]policies.Change](t, ok(t, "", "policy", "diff", was, is, "--json"))
	if len(got) != 1 || got[0] != (policies.Change{File: "sla.yaml", Key: "default.first", Kind: "changed", From: "4h", To: "2h"}) {
		t.Errorf("%+v", got)
	}
	refused(t, 1, "reading policies", "policy", "diff", was, filepath.Join(is, "nowhere"))
}

// A long line is shown around its place.
func TestExcerpt(t *testing.T) {
	text, caret, ok := excerpt([]byte(strings.Repeat("é", 200)+"X"+strings.Repeat("y", 200)), 201)
	if at := strings.Index(text, "X"); !ok || len([]rune(text[:at])) != len(caret)-1 || !strings.HasPrefix(text, "…") || !strings.HasSuffix(text, "…") {
		t.Errorf("%q\n%q", text, caret)
	}
	if _, _, ok := excerpt(nil, 1); ok {
		t.Error("a line of nothing has a place")
	}
}
