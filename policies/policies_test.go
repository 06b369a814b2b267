package policies_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router/sla"
)

// TestFeedbackHasClasses: the built-in set notices who complains, praises, or
// has an idea; a complaint is due sooner.
func TestFeedbackHasClasses(t *testing.T) {
	set, err := policies.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, class, kind string }{
		{"I want to make a complaint about your driver.", "complaint", "complaint"},
		{"That is unacceptable!", "complaint", "complaint"},
		{"We are not very happy with the sofa.", "complaint", "complaint"},
		{"Ich möchte mich über Ihren Fahrer beschweren.", "complaint", "complaint"},
		{"Das ist eine Unverschaemtheit", "complaint", "complaint"},
		{"Beschwerdebrief im Anhang", "complaint", "complaint"},
		{"Bin ich unzufrieden? Ja.", "complaint", "complaint"},
		{"Well done, great service!", "praise", "praise"},
		{"Ein großes Lob an Ihr Team", "praise", "praise"},
		{"wir sind sehr zufrieden", "praise", "praise"},
		{"It would be great if the app had a dark mode", "idea", "idea"},
		{"Mein Verbesserungsvorschlag: längere Öffnungszeiten", "idea", "idea"},
		{"Es wäre schön, wenn Sie länger offen hätten", "idea", "idea"},
		{"Where is my order?", "general", "question"},
		{"Wo bleibt mein Paket?", "general", "question"},
		{"", "general", "question"},
	} {
		got := set.Classify(policies.ClassifyInput{Channel: contact.Email, Text: c.text})
		if got.Class != c.class || got.Kind != c.kind || got.Queue != "general" {
			t.Errorf("%q: got class %q, kind %q, queue %q", c.text, got.Class, got.Kind, got.Queue)
		}
	}
	if got := set.Classify(policies.ClassifyInput{Auto: contact.AutoReply, Text: "complaint"}); got.Class != "general" {
		t.Errorf("a machine's mail: got %q", got.Class)
	}
	if got := set.Promise(policies.Facts{Channel: contact.Email, Kind: "complaint"}); got.First != 2*time.Hour {
		t.Errorf("a complaint: due in %v", got.First)
	}
	own, err := policies.LoadFiles("own", map[string][]byte{
		"sla.yaml":     []byte("version: 1\ndefault: {first: 1h, next: 1h}\n"),
		"classes.yaml": []byte("version: 1\nphrases: [{name: mine, en: [lamp]}, {name: praise, en: [hooray]}]\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := own.Promise(policies.Facts{Channel: contact.Email, Kind: "complaint"}); got.First != time.Hour {
		t.Errorf("a complaint under a quicker default: due in %v", got.First)
	}
	if a, b := own.Classify(policies.ClassifyInput{Text: "hooray"}), own.Classify(policies.ClassifyInput{Text: "well done"}); a.Class != "praise" || b.Class != "general" {
		t.Errorf("a list of one's own: got %q and %q", a.Class, b.Class)
	}
}

// TestBuiltInPromisesGiveWayToAQuickerDefault: who promises everybody an hour
// promises it to those who complain, too.
func TestBuiltInPromisesGiveWayToAQuickerDefault(t *testing.T) {
	set, err := policies.LoadFiles("house", map[string][]byte{"sla.yaml": []byte("version: 1\ndefault: {first: 30m, next: 45m, resolution: 1h}\n")})
	if err != nil {
		t.Fatal(err)
	}
	got := set.Promise(policies.Facts{Channel: contact.Email, Kind: "complaint"})
	if got.First != 30*time.Minute || got.Next != 45*time.Minute || got.Resolution != time.Hour {
		t.Errorf("a complaint is promised %+v", got)
	}
}

func load(t *testing.T, files map[string]string) *policies.Set {
	t.Helper()
	set, err := try(files)
	if err != nil {
		t.Fatalf("loading:\n%v", err)
	}
	return set
}

func try(files map[string]string) (*policies.Set, error) {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return policies.LoadFS(fsys, "p")
}

func TestDefaultSetPromisesEverything(t *testing.T) {
	set, err := policies.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []policies.Facts{
		{}, {Channel: contact.Email}, {Channel: "unheard of"}, {Channel: contact.WebChat, Tier: "gold"}, {Proposed: contact.Spam},
	} {
		p := set.Promise(f)
		if p.First <= 0 || p.Next <= 0 || p.AtRiskShare <= 0 || p.AtRiskShare > 1 || p.Name == "" || set.Calendar(p.Calendar) == nil {
			t.Errorf("%+v: got %+v", f, p)
		}
	}
	if owner := set.LastResort().Owner; owner == "" {
		t.Error("no last resort")
	}
	if got := set.Promise(policies.Facts{Channel: contact.Email}); got.First != 4*time.Hour || got.Name != "default" {
		t.Errorf("email: got %+v", got)
	}
	if got := set.Promise(policies.Facts{Channel: contact.WebChat}); got.First != 2*time.Minute || got.Name != "live chat" {
		t.Errorf("chat: got %+v", got)
	}
	if got := set.Promise(policies.Facts{Proposed: contact.Machine, Channel: contact.WebChat}); got.First != 24*time.Hour || got.Name != "review" {
		t.Errorf("review: got %+v", got)
	}
}

func TestDefaultFigures(t *testing.T) {
	set, err := policies.Default()
	if err != nil {
		t.Fatal(err)
	}
	want := policies.OfferRule{
		TimeOut: 45 * time.Second, CoolDown: 30 * time.Second, Parallel: 1, Urgent: 3,
		StickyHold: 2 * time.Minute, FirstWords: 20 * time.Second, SilenceLeast: 5 * time.Minute,
	}
	if got := set.Offer(contact.Email); got != want {
		t.Errorf("offer: got %+v, want %+v", got, want)
	}
	if set.Units(contact.Email) != 20 || set.Capacity() != 100 || set.HandlingTime(contact.Email) != 10*time.Minute {
		t.Errorf("units %d of %d, handling %v", set.Units(contact.Email), set.Capacity(), set.HandlingTime(contact.Email))
	}
	timing := policies.Timing{
		Heartbeat: 45 * time.Second, ChatReturn: time.Minute, MissesUntilAway: 3,
		SilentWarnShare: 0.5, SilentPullShare: 0.8, SilentLeast: 5 * time.Minute,
		PledgeDays: 5, PledgeRow: 2, DigestEvery: 5 * time.Minute,
	}
	if got := set.Timing(); got != timing {
		t.Errorf("timing: got %+v, want %+v", got, timing)
	}
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	due, risk := start.Add(4*time.Hour), start.Add(time.Hour)
	ladder := set.Ladder(policies.ForFirst, policies.Facts{}, start, due, risk)
	if len(ladder) != 2 || !ladder[0].At.Equal(risk) || ladder[0].Action != sla.ActionWarn || !ladder[1].At.Equal(due) || ladder[1].Action != sla.ActionLead {
		t.Errorf("ladder: got %+v", ladder)
	}
}

const classesText = `version: 1
default: {class: general, queue: front, kind: question, language: required}
classes:
  - name: refunds
    class: money
    when: >-
      contact.text.mentions(["refund*", "Rückerstattung"]) ||
      contact.subject.mentions(["money back"])
    kind: complaint
    queue: billing
    skills:
      - {name: billing, level: 3}
    language: wished
  - name: partners
    when: contact.sender_domain == "partner.example" && contact.account == "sales"
    queue: sales
proposals:
  - {name: robots, when: 'contact.auto != ""', propose: machine}
`

func TestClassify(t *testing.T) {
	set := load(t, map[string]string{"classes.yaml": classesText})
	for _, c := range []struct {
		in   policies.ClassifyInput
		want policies.Classification
	}{
		{
			policies.ClassifyInput{Text: "I want a REFUND, please", AccountSkills: []string{"archive", "billing"}},
			policies.Classification{
				Class: "money", Kind: "complaint", Queue: "billing", Language: "en", Wished: []string{"en"}, Rule: "refunds",
				Skills: []policies.Skill{{Name: "archive", Level: 1}, {Name: "billing", Level: 3}},
			},
		},
		{
			policies.ClassifyInput{Subject: "RÜCKERSTATTUNG: Money back!", Language: "en-GB"},
			policies.Classification{
				Class: "money", Kind: "complaint", Queue: "billing", Language: "en", Wished: []string{"en"}, Rule: "refunds",
				Skills: []policies.Skill{{Name: "billing", Level: 3}},
			},
		},
		{
			policies.ClassifyInput{Account: "sales", Sender: "Ann@Partner.Example", AccountLanguage: "de"},
			policies.Classification{Class: "partners", Kind: "question", Queue: "sales", Language: "de", Languages: []string{"de"}, Rule: "partners"},
		},
		{
			policies.ClassifyInput{Text: "prefund"},
			policies.Classification{Class: "general", Kind: "question", Queue: "front", Rule: "default"},
		},
		{
			policies.ClassifyInput{Text: "refunds", Auto: contact.AutoBounce},
			policies.Classification{
				Class: "money", Kind: "complaint", Queue: "review", Rule: "refunds", Propose: contact.Machine, ProposeRule: "robots",
				Skills: []policies.Skill{{Name: "billing", Level: 3}},
			},
		},
	} {
		got := set.Classify(c.in)
		if got.Class != c.want.Class || got.Kind != c.want.Kind || got.Queue != c.want.Queue || got.Language != c.want.Language ||
			got.Rule != c.want.Rule || got.Propose != c.want.Propose || got.ProposeRule != c.want.ProposeRule ||
			!same(got.Languages, c.want.Languages) || !same(got.Wished, c.want.Wished) || !same(got.Skills, c.want.Skills) {
			t.Errorf("%+v:\ngot  %+v\nwant %+v", c.in, got, c.want)
		}
	}
}

func same[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestExpressionThatFailsDoesNotMatchAndIsCounted(t *testing.T) {
	set := load(t, map[string]string{"classes.yaml": `classes:
  - name: broken
    when: int(contact.subject) > 3
    queue: a
  - name: dear
    when: contact.text.mentions(["a*"]) && [1,2,3,4,5,6,7,8,9,10].all(i, [1,2,3,4,5,6,7,8,9,10].all(j, contact.text.matches("(x+x+)+y") == false))
    queue: b
`})
	got := set.Classify(policies.ClassifyInput{Subject: "x", Text: "a" + strings.Repeat("x", 60_000)})
	if got.Rule != "default" {
		t.Errorf("rule: got %q", got.Rule)
	}
	failures := set.Failures()
	if len(failures) != 2 || failures[0].Rule != "broken" || failures[0].Count != 1 || failures[1].Rule != "dear" || failures[1].File != "classes.yaml" {
		t.Errorf("failures: got %+v", failures)
	}
	if got := set.Classify(policies.ClassifyInput{Subject: "5"}); got.Rule != "broken" {
		t.Errorf("rule: got %q", got.Rule)
	}
}

func TestPromisesOnACalendar(t *testing.T) {
	set := load(t, map[string]string{"sla.yaml": `version: 1
default: {first: 8h, calendar: office}
promises:
  - name: gold complaints
    when: customer.tier == "gold" && contact.kind == "complaint"
    first: 1h
    at_risk: 0.5
    calendar: always
calendars:
  - name: office
    zone: Europe/Berlin
    hours:
      - {days: [monday, tuesday, wednesday, thursday], spans: ["09:00-12:00", "13:00-17:00"]}
      - {days: [friday], spans: ["09:00-12:00"]}
    exceptions:
      - {name: Christmas Eve, date: 2026-12-24}
`})
	p := set.Promise(policies.Facts{Channel: contact.Email})
	if p.First != 8*time.Hour || p.Next != 4*time.Hour || p.Calendar != "office" {
		t.Fatalf("got %+v", p)
	}
	wednesday := time.Date(2026, 12, 23, 15, 0, 0, 0, time.UTC) // 16:00 in Berlin
	due := sla.Due(wednesday, p.First, set.Calendar(p.Calendar))
	if want := time.Date(2026, 12, 28, 13, 0, 0, 0, time.UTC); !due.Equal(want) {
		t.Errorf("due: got %v, want %v", due, want)
	}
	if got, want := set.PledgeLimit(wednesday, p), time.Date(2026, 12, 30, 16, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("pledge limit: got %v, want %v", got, want)
	}
	gold := set.Promise(policies.Facts{Tier: "gold", Kind: "complaint"})
	if gold.First != time.Hour || gold.AtRiskShare != 0.5 || gold.Calendar != "always" || gold.Name != "gold complaints" {
		t.Errorf("got %+v", gold)
	}
	if got := set.Promise(policies.Facts{Proposed: contact.Spam}); got.First != 24*time.Hour || got.Calendar != "always" {
		t.Errorf("review: got %+v", got)
	}
}

func TestChannelsInheritWhatTheyDoNotSay(t *testing.T) {
	set := load(t, map[string]string{"routing.yaml": `defaults: {units: 10, cool_down: 2m}
channels:
  - {name: email, units: 50}
  - {name: slack, auto_accept: true, parallel: 3}
`})
	if set.Units(contact.Email) != 50 || set.Units(contact.Slack) != 10 || set.Units(contact.Phone) != 10 {
		t.Errorf("units: %d %d %d", set.Units(contact.Email), set.Units(contact.Slack), set.Units(contact.Phone))
	}
	want := policies.OfferRule{
		TimeOut: 45 * time.Second, CoolDown: 2 * time.Minute, Parallel: 3, Auto: true, Urgent: 3,
		StickyHold: 2 * time.Minute, FirstWords: 20 * time.Second, SilenceLeast: 5 * time.Minute,
	}
	if got := set.Offer(contact.Slack); got != want {
		t.Errorf("offer: got %+v, want %+v", got, want)
	}
	if set.Timing().Heartbeat != 45*time.Second {
		t.Errorf("heartbeat: got %v", set.Timing().Heartbeat)
	}
}

func TestVersionNamesTheContents(t *testing.T) {
	builtIn, err := policies.Default()
	if err != nil {
		t.Fatal(err)
	}
	if len(builtIn.Version) != 12 {
		t.Errorf("version: got %q", builtIn.Version)
	}
	again, err := policies.LoadFiles("again", builtIn.Files())
	if err != nil {
		t.Fatal(err)
	}
	if again.Version != builtIn.Version {
		t.Errorf("the same text: got %s and %s", builtIn.Version, again.Version)
	}
	changed := load(t, map[string]string{"routing.yaml": "capacity: 99\n"})
	if changed.Version == builtIn.Version {
		t.Error("another text has the same version")
	}
	var all strict.Errors
	if _, err := policies.LoadFiles("x", map[string][]byte{"rooting.yaml": nil}); !errors.As(err, &all) {
		t.Errorf("an unknown file: got %v", err)
	}
}

func TestLoadDirectory(t *testing.T) {
	if _, err := policies.Load("default"); err != nil {
		t.Errorf("the default directory: %v", err)
	}
	if _, err := policies.Load("no such directory"); err == nil {
		t.Error("a missing directory: accepted")
	}
	if _, err := policies.Load("doc.go"); err == nil {
		t.Error("a file: accepted")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("classes.yaml", classesText)
	f.Add("sla.yaml", "default: {first: 1h}\ncalendars: [{name: a, zone: UTC, hours: [{days: [monday], spans: [\"00:00-24:00\"]}]}]\n")
	f.Add("classes.yaml", "classes: [{name: a, when: '\"\\''}]\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		if name == "" || strings.ContainsAny(name, "/\x00") || name == "." || name == ".." {
			t.Skip()
		}
		set, err := try(map[string]string{name: text})
		if err != nil {
			return
		}
		set.Classify(policies.ClassifyInput{Subject: "s", Text: "t", Sender: "a@b"})
		if p := set.Promise(policies.Facts{}); p.First <= 0 || p.Next <= 0 {
			t.Errorf("promise %+v", p)
		}
	})
}

func BenchmarkClassify(b *testing.B) {
	set, err := try(map[string]string{"classes.yaml": classesText})
	if err != nil {
		b.Fatal(err)
	}
	in := policies.ClassifyInput{Language: "en", Text: strings.Repeat("Hello, I have not received the invoice yet. ", 40)}
	for b.Loop() {
		set.Classify(in)
	}
}

// TestWarningsNameWhatHasNoEffect has settings that this build reads and does
// not act on: each is said at its place, and nothing of the built-in set is.
func TestWarningsNameWhatHasNoEffect(t *testing.T) {
	t.Parallel()
	plain, err := policies.Default()
	if err != nil || len(plain.Warnings()) != 0 {
		t.Fatalf("the built-in set warns of %v, %v", plain.Warnings(), err)
	}
	set, err := policies.LoadFiles("set", map[string][]byte{
		"escalation.yaml": []byte("version: 1\nladder:\n  - {name: early, at: at_risk, action: warn}\n  - {name: call, share: 2, action: on_call}\n"),
		"routing.yaml":    []byte("version: 1\nchannels:\n  - {name: email, sticky_hold: 2m}\n"),
		"privacy.yaml":    []byte("version: 1\nfigures: named\nretention:\n  - {name: notes, keep: 30d}\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"figures"}
	got := set.Warnings()
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i, w := range got {
		if w.Key != want[i] || w.Line == 0 {
			t.Errorf("got %v, want it at %s", w, want[i])
		}
	}
}

// TestShorterThanALaw has words removed before a law allows it: it is said at the line of
// the retention, and what is long enough, or nothing of the law's, isn't spoken of.
func TestShorterThanALaw(t *testing.T) {
	t.Parallel()
	set, err := policies.LoadFiles("set", map[string][]byte{"privacy.yaml": []byte(`version: 1
retention:
  - {name: notes, keep: 30d}
  - {name: messages, keep: 365d}
  - {name: replies, keep: 4000d}
statutory:
  - {name: letters, keep: 2192d, from: year, when: 'true', reason: law}
`)})
	if err != nil {
		t.Fatal(err)
	}
	got := set.Warnings()
	if len(got) != 1 || got[0].Key != "retention[1].keep" || got[0].Line != 4 || !strings.Contains(got[0].Error(), "365 days") || !strings.Contains(got[0].Error(), "2192") {
		t.Errorf("got %v", got)
	}
}
