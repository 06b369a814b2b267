package main

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stagecoach/router/sim"
)

const someDay = "../../router/sim/testdata/06-blended-chat-email.json"

// smallDay writes a scenario of some 180 contacts, changed by replacing words.
func smallDay(t *testing.T, changes ...string) string {
	t.Helper()
	data, err := os.ReadFile(someDay)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), `"load": 0.9`, `"load": 0.2`, 1)
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			t.Fatalf("the scenario has no %s", changes[i])
		}
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	file := filepath.Join(t.TempDir(), "day.json")
	writeFile(t, file, text)
	return file
}

// steady takes out what differs from run to run.
func steady(t *testing.T, text string) []sim.Figures {
	t.Helper()
	figures := oneJSON[[]sim.Figures](t, text)
	for i := range figures {
		if figures[i].DecisionsPerSecond <= 0 {
			t.Errorf("%s: %v decisions a second", figures[i].Rule, figures[i].DecisionsPerSecond)
		}
		figures[i].DecisionsPerSecond = 0
	}
	return figures
}

func TestSimulatePrintsJSON(t *testing.T) {
	day := smallDay(t)
	out := ok(t, "", "simulate", "--scenario", day, "--rule", "all", "--seeds", "3", "--json")
	var raw []map[string]json.RawMessage
	if err := json.Unmarshal([]byte(out), &raw); err != nil {
		t.Fatal(err)
	}
	want := []string{"contacts", "decisions_per_s", "forecast_precision", "forecast_recall", "gini", "max_late_s", "mean_wait_s", "occupancy", "p90_coverage", "p95_wait_s", "rule", "scenario", "seeds", "sla", "tiers", "unanswered", "value"}
	var rules []string
	figures := steady(t, out)
	for i, one := range raw {
		var keys []string
		for k := range one {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		if !slices.Equal(keys, want) {
			t.Errorf("the keys are %v", keys)
		}
		f := figures[i]
		rules = append(rules, f.Rule)
		if f.Seeds != 3 || f.Contacts < 100 || f.Contacts != figures[0].Contacts || len(f.Tiers) != 3 || f.Occupancy <= 0 || f.Occupancy > 1 || f.Gini <= 0 || f.Gini >= 1 {
			t.Errorf("%+v", f)
		}
	}
	if !slices.Equal(rules, sim.Rules()) {
		t.Errorf("the rules are %v", rules)
	}
	again := steady(t, ok(t, "", "simulate", "--scenario", day, "--rule", "all", "--seeds", "3", "--json"))
	if a, b := mustJSON(t, figures), mustJSON(t, again); a != b {
		t.Errorf("the same seeds gave\n%s\n%s", a, b)
	}
	other := steady(t, ok(t, "", "simulate", "--scenario", day, "--seeds", "1", "--first-seed", "18446744073709551615", "--json"))
	if len(other) != 1 || other[0].Rule != sim.Stagecoach || other[0].Contacts == figures[0].Contacts {
		t.Errorf("another seed, our rule alone: %+v", other)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestSimulateIsTheSameOnAnyNumberOfCores runs the same days one by one.
func TestSimulateIsTheSameOnAnyNumberOfCores(t *testing.T) {
	day := smallDay(t)
	s, err := sim.Load(day)
	if err != nil {
		t.Fatal(err)
	}
	want, err := (&sim.Runner{Scenario: s}).Measure(t.Context(), sim.Stagecoach, 4, 3)
	if err != nil {
		t.Fatal(err)
	}
	got := steady(t, ok(t, "", "simulate", "--scenario", day, "--seeds", "3", "--first-seed", "4", "--json"))
	if mustJSON(t, got[0]) != mustJSON(t, want) {
		t.Errorf("at once %s\none by one %s", mustJSON(t, got[0]), mustJSON(t, want))
	}
}

func TestSimulateTakesExactContacts(t *testing.T) {
	exact := strings.TrimSuffix(someDay, ".json") + ".contacts.csv"
	figures := steady(t, ok(t, "", "simulate", "--scenario", someDay, "--contacts", exact, "--rule", "edf,fifo", "--seeds", "2", "--json"))
	if len(figures) != 2 || figures[0].Rule != sim.EDF || figures[0].Contacts != 2*817 || figures[0].SLA < 0.88 || figures[0].SLA > 0.96 {
		t.Errorf("%+v", figures)
	}
	refused(t, 1, "--contacts are those of one scenario", "simulate", "--scenario", someDay, "--scenario", someDay, "--contacts", exact)
	other := "../../router/sim/testdata/01-balanced-85.contacts.csv"
	r := refused(t, 1, `01-balanced-85.contacts.csv:5:`, "simulate", "--scenario", smallDay(t, "order-fr", "orders-fr"), "--contacts", other)
	if n := strings.Count(r.err, "\n"); n > 30 || !strings.Contains(r.err, "is the file of this scenario?") {
		t.Errorf("%d lines of what is wrong:\n%s", n, r.err)
	}
}

func TestSimulatePrintsTables(t *testing.T) {
	day, other := smallDay(t), smallDay(t, `"name": "blended-chat-email"`, `"name": "another\u001b[31m"`)
	text := ok(t, "", "simulate", "--scenario", day, "--scenario", other, "--rule", "fifo", "--rule", "stagecoach", "--seeds", "2")
	for _, want := range []string{"blended-chat-email: ", "IN TIME", "vip", "UNANSWERED", "In time by value, %", "* the best of a column", "Means over 2 seeds"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("the name of a scenario steers the terminal")
	}
	alone := ok(t, "", "simulate", "--scenario", day, "--seeds", "1")
	if strings.Contains(alone, "*") || !strings.Contains(alone, "stagecoach") || !strings.Contains(alone, "one seed") {
		t.Errorf("one rule alone:\n%s", alone)
	}
	table, err := csv.NewReader(strings.NewReader(ok(t, "", "simulate", "--scenario", day, "--rule", "fifo", "--seeds", "1", "--csv"))).ReadAll()
	if err != nil || len(table) != 2 || table[1][1] != "fifo" || table[0][13] != "tier_plus" {
		t.Errorf("%v, %v", table, err)
	}
	refused(t, 2, "--json and --csv can't be used together", "simulate", "--scenario", day, "--csv", "--json")
}

// TestSimulateTakesAFolder: all scenarios there in order of name, and nothing else.
func TestSimulateTakesAFolder(t *testing.T) {
	dir := t.TempDir()
	for file, name := range map[string]string{"b.json": "later", "a.json": "earlier"} {
		data, err := os.ReadFile(smallDay(t, `"name": "blended-chat-email"`, `"name": "`+name+`"`))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, file), string(data))
	}
	writeFile(t, filepath.Join(dir, "b.contacts.csv"), "no scenario")
	figures := steady(t, ok(t, "", "simulate", "--scenario", dir, "--rule", "fifo", "--seeds", "1", "--json"))
	if len(figures) != 2 || figures[0].Scenario != "earlier" || figures[1].Scenario != "later" {
		t.Errorf("%+v", figures)
	}
	refused(t, 1, "no file there ends in .json", "simulate", "--scenario", t.TempDir())
	refused(t, 1, "--contacts are those of one scenario", "simulate", "--scenario", dir, "--contacts", filepath.Join(dir, "b.contacts.csv"))
}

func TestSimulateDraws(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.svg")
	ok(t, "", "simulate", "--scenario", smallDay(t, `"name": "vip"`, `"name": "<&\"vip"`), "--rule", "stagecoach,edf", "--seeds", "2", "--plot", file)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dec, words := xml.NewDecoder(strings.NewReader(string(data))), ""
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("no XML: %v", err)
		}
		if text, is := token.(xml.CharData); is {
			words += string(text)
		}
	}
	for _, want := range []string{`<&"vip`, "· edf", "· stagecoach", "Waiting for a reply", "Lateness", "prefers-color-scheme:dark"} {
		if !strings.Contains(words, want) {
			t.Errorf("no %q in the drawing", want)
		}
	}
	for _, no := range []string{"NaN", "Inf"} {
		if strings.Contains(string(data), no) {
			t.Errorf("%s in the drawing", no)
		}
	}
	refused(t, 1, "no such file or directory", "simulate", "--scenario", smallDay(t), "--seeds", "1", "--plot", filepath.Join(t.TempDir(), "none", "x.svg"))
}

// TestSimulateTellsWhoIsNeeded: contacts that nobody can take are counted, and who
// could take them is said.
func TestSimulateTellsWhoIsNeeded(t *testing.T) {
	day := smallDay(t, `"lang": "en"`, `"lang": "fi"`)
	r := cli(t, "", "simulate", "--scenario", day, "--seeds", "1", "--rule", "fifo,stagecoach", "--json")
	figures := steady(t, r.out)
	if r.code != 0 || figures[0].Unanswered == 0 || figures[0].Unanswered != figures[1].Unanswered || figures[0].Unanswered >= figures[0].Contacts {
		t.Errorf("exit %d, %+v", r.code, figures)
	}
	for _, want := range []string{"warning: day.json:", "contacts of billing-en have no reply: each needs billing at level 2", "the language fi; nobody speaks it"} {
		if !strings.Contains(r.err, want) {
			t.Errorf("no %q in %s", want, r.err)
		}
	}
}

func TestSimulateRefuses(t *testing.T) {
	day := smallDay(t)
	refused(t, 2, "--scenario", "simulate")
	refused(t, 1, "did you mean stagecoach?", "simulate", "--scenario", day, "--rule", "stagecoch")
	refused(t, 1, `--rule "nonsense": it is one of fifo, round-robin`, "simulate", "--scenario", day, "--rule", "nonsense")
	refused(t, 1, "--seeds 0", "simulate", "--scenario", day, "--seeds", "0")
	refused(t, 2, "--first-seed", "simulate", "--scenario", day, "--first-seed", "-1")
	refused(t, 1, "no such file", "simulate", "--scenario", filepath.Join(t.TempDir(), "none.json"))
	refused(t, 1, "no such file", "simulate", "--scenario", day, "--policies", filepath.Join(t.TempDir(), "none"))
	bad := smallDay(t, `"load"`, `"laod"`)
	r := refused(t, 1, "day.json:5:", "simulate", "--scenario", bad, "--scenario", bad)
	if n := strings.Count(r.err, "did you mean load?"); n != 2 || r.out != "" {
		t.Errorf("%d of two files are told to be wrong: %s", n, r.err)
	}
}

// TestSimulateTakesThePolicy: the rule is tuned by routing.yaml.
func TestSimulateTakesThePolicy(t *testing.T) {
	day, set := smallDay(t), t.TempDir()
	plain := steady(t, ok(t, "", "simulate", "--scenario", day, "--seeds", "2", "--json"))
	if err := os.CopyFS(set, os.DirFS("../../policies/default")); err != nil {
		t.Fatal(err)
	}
	same := steady(t, ok(t, "", "simulate", "--scenario", day, "--seeds", "2", "--policies", set, "--json"))
	if mustJSON(t, plain) != mustJSON(t, same) {
		t.Errorf("the default set gives other figures:\n%s\n%s", mustJSON(t, plain), mustJSON(t, same))
	}
	path := filepath.Join(set, "routing.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tuned := strings.Replace(string(data), "steepness: 3", "steepness: 9", 1)
	if tuned == string(data) {
		t.Fatal("routing.yaml has no steepness")
	}
	writeFile(t, path, tuned)
	other := steady(t, ok(t, "", "simulate", "--scenario", day, "--seeds", "2", "--policies", set, "--json"))
	if mustJSON(t, plain) == mustJSON(t, other) {
		t.Error("another steepness changes nothing")
	}
	writeFile(t, path, tuned+"\nnonsense: 1\n")
	refused(t, 1, "nonsense", "simulate", "--scenario", day, "--policies", set)
}

func TestSimulateCompletesRules(t *testing.T) {
	out := ok(t, "", "completion", "words", "--", "simulate", "--rule", "")
	var words []string
	for line := range strings.Lines(out) {
		words = append(words, strings.TrimSpace(line))
	}
	if !slices.Equal(words, append(sim.Rules(), "all")) {
		t.Errorf("completed to %v", words)
	}
}
