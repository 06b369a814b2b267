package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/desk"
	"stagecoach/journal"
	"stagecoach/policies"
	"stagecoach/policies/replay"
	"stagecoach/router"
	"stagecoach/router/match"
	"stagecoach/router/sim/stage"
)

// loggedDay is a day of mails and of two agents, decided by the core, in the log of a
// data directory that nobody has.
func loggedDay(t *testing.T, contacts int) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	j, err := journal.Open(t.Context(), journal.Config{Dir: dir, Office: "main", Replicas: 1}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	seq := uint64(0)
	for _, c := range dayCommits(t, contacts) {
		data, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if seq, err = j.Log().Append(t.Context(), fmt.Sprintf("c%d", c.N), seq, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// dayCommits lets the core decide the day: mails come every three minutes, and each takes
// its agent five minutes, more or less.
func dayCommits(t *testing.T, contacts int) (commits []*router.Commit) {
	t.Helper()
	set, err := policies.Load("")
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	s := stage.New(router.RulesOf(set), begin)
	s.Log = func(c *router.Commit) { commits = append(commits, c) }
	luck := rand.New(rand.NewPCG(1, 2))
	s.See = func(events []router.Event) {
		for _, e := range events {
			switch e := e.(type) { //nolint:gochecksumtype // what agents see
			case router.OfferMade:
				s.Plan(s.Now.Add(5*time.Second), func() error { return s.Do(e.Agent, router.Accept{Offer: e.Offer}) })
			case router.Assigned:
				s.Plan(s.Now.Add(time.Duration(60+luck.IntN(480))*time.Second), func() error {
					c := s.State.Contacts[e.Contact]
					return s.Do(e.Agent, router.Send{Delivered: true, Reply: router.Reply{
						ID: "r" + e.Contact, Kind: contact.Answer, Contact: c.ID, Channel: c.Channel, Account: c.Account, Covers: c.LastMessage(), Ref: "reply.none",
					}})
				})
			}
		}
	}
	do := func(actor string, cmd router.Command) {
		if err := s.Do(actor, cmd); err != nil {
			t.Fatal(err)
		}
	}
	do(router.ActorRouter, router.Begin{Life: "day"})
	for _, id := range []string{"anna", "ben"} {
		do(router.ActorRouter, router.SetAgent{Agent: router.AgentProfile{ID: id, Role: contact.RoleAgent, Skills: []match.Skill{{Name: "billing", Level: 3}}, Languages: []string{"de", "en"}}})
		do(id, router.SetPresence{Agent: id, Presence: contact.Available, Cause: "self"})
	}
	for i := range contacts {
		at := begin.Add(time.Duration(i) * 3 * time.Minute)
		s.Plan(at, func() error {
			id := fmt.Sprint(i)
			return s.Do(router.ActorIntake, router.Receive{
				Item: router.Item{
					Source: "email/support/INBOX", Channel: contact.Email, Account: "support", Ref: "inbox.0." + id,
					ItemKey: "i" + id, MessageKey: "m" + id, Place: id, ReceivedAt: at,
				},
				Kind: router.KindFresh, Identity: "p" + id, Class: "general", Queue: "general", Language: "en", AsOf: s.State.N,
			})
		})
	}
	if err := s.Run(t.Context(), begin.Add(48*time.Hour), func() bool { return s.State.Totals.Replied == uint64(contacts) }); err != nil {
		t.Fatal(err)
	}
	return commits
}

// TestPolicySimulate simulates a stopped day: alone, with another set, with other staff.
func TestPolicySimulate(t *testing.T) {
	t.Parallel()
	dir := loggedDay(t, 120)
	text := ok(t, "", "policy", "simulate", "--data", dir)
	for _, want := range []string{"Of 120 contacts 100.0 % really were answered in time", "so it is trusted", "What happened, and what the active set makes of it"} {
		if !strings.Contains(strings.ReplaceAll(text, "\n", " "), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	short := policyFiles(t, map[string]string{"sla.yaml": sla("5m")})
	report := filepath.Join(t.TempDir(), "report.html")
	raw := ok(t, "", "policy", "simulate", short, "--data", dir, "--json", "--html", report)
	r := oneJSON[replay.Report](t, raw)
	if r.Verdict != replay.VerdictWorse || r.Total[0].SLA.Candidate > 0.9 || !r.Trusted || !r.Classified.Same || r.Candidate == "" || r.Seeds != 5 {
		t.Errorf("a promise of five minutes for work of five minutes: %s", raw)
	}
	if again := ok(t, "", "policy", "simulate", short, "--data", dir, "--json"); again != raw {
		t.Errorf("the same seeds give another result:\n%s\n%s", raw, again)
	}
	if page, err := os.ReadFile(report); err != nil || !strings.Contains(string(page), "go elsewhere") {
		t.Errorf("the report: %v\n%.400s", err, page)
	}
	alone := oneJSON[replay.Report](t, ok(t, "", "policy", "simulate", "--data", dir, "--json", "--agents", "-1:anna", "--seeds", "2"))
	if len(alone.Agents) != 2 || alone.Total[0].Mean.Change <= 0 || len(alone.Staffing) != 1 {
		t.Errorf("without anna: %+v", alone.Total)
	}
	if got := ok(t, "", "policy", "simulate", "--data", dir, "--since", "2h", "--agents", "+1:german", "--best-skill"); !strings.Contains(got, "go elsewhere") || !strings.Contains(got, "No single skill") {
		t.Errorf("two hours with one more:\n%s", got)
	}
}

// TestPolicySimulateRefuses says what is wrong, and has a code of its own where there is too
// little to say anything.
func TestPolicySimulateRefuses(t *testing.T) {
	t.Parallel()
	dir := loggedDay(t, 12)
	few := cli(t, "", "policy", "simulate", "--data", dir)
	if few.code != exitNotTrusted || !strings.Contains(few.out, "Nothing is recommended: only 11 contacts can be measured") {
		t.Errorf("exit %d\n%s%s", few.code, few.out, few.err)
	}
	lost := cli(t, "", "policy", "simulate", "--data", dir, "--html", filepath.Join(dir, "nowhere", "x.html"))
	if lost.code != 1 || !strings.Contains(lost.out, "Nothing is recommended") || !strings.Contains(lost.err, "writing the report") {
		t.Errorf("a report that can't be written takes the answer with it: exit %d\n%s%s", lost.code, lost.out, lost.err)
	}
	bad := policyFiles(t, map[string]string{"sla.yaml": "version: 1\ndefalt: {}\n"})
	refused(t, 1, "sla.yaml:2", "policy", "simulate", bad, "--data", dir)
	refused(t, 1, "did you mean billing?", "policy", "simulate", "--data", dir, "--agents", "+2:biling")
	refused(t, 1, "3 shall go", "policy", "simulate", "--data", dir, "--agents=-3:billing")
	refused(t, 2, "write it like +2:german", "policy", "simulate", "--data", dir, "--agents", "german")
	refused(t, 1, `--since "lately" is no time`, "policy", "simulate", "--data", dir, "--since", "lately")
	refused(t, 1, "is not before", "policy", "simulate", "--data", dir, "--since", "2027-01-01")
	refused(t, 1, "take 1 to 100", "policy", "simulate", "--data", dir, "--seeds", "0")
	refused(t, 1, "no data directory", "policy", "simulate", "--data", filepath.Join(dir, "none"))
}

// TestPolicySimulateBesideTheDaemon simulates on a running daemon: one at a time, and it
// ends with its request.
func TestPolicySimulateBesideTheDaemon(t *testing.T) {
	t.Parallel()
	dir := loggedDay(t, 120)
	d, _ := serveAt(t, dir)
	short := policyFiles(t, map[string]string{"sla.yaml": sla("5m")})
	r := oneJSON[replay.Report](t, ok(t, "", "policy", "simulate", short, "--data", dir, "--json", "--until", "2026-03-03"))
	if r.Verdict != replay.VerdictWorse || r.Measured != 120 {
		t.Errorf("beside the daemon: %+v", r)
	}
	sim, isIt := d.simulator().(*policySimulator)
	if !isIt {
		t.Fatal("the daemon's simulator is another one")
	}
	sim.running.Lock()
	if _, err := sim.Simulate(t.Context(), desk.SimulationOrder{}, nil); err == nil || !strings.Contains(err.Error(), "another simulation is running") {
		t.Errorf("two at a time: %v", err)
	}
	sim.running.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sim.Simulate(ctx, desk.SimulationOrder{Until: "2026-03-03"}, nil); err == nil {
		t.Error("it goes on although nobody waits for it")
	}
	line, err := (&dataFlags{Data: dir}).open(t.Context(), std{out: os.Stdout, err: os.Stderr}, toRead)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = line.close() }()
	if _, err := line.call(t.Context(), http.MethodPost, "/api/policy/simulate", desk.SimulationOrder{Seeds: 1000}, nil); err == nil {
		t.Error("a thousand seeds are taken")
	}
	if _, err := line.call(t.Context(), http.MethodPost, "/api/policy/simulate", desk.SimulationOrder{PolicySource: desk.PolicySource{Version: "nothing"}}, nil); err == nil || !strings.Contains(err.Error(), "was active here") {
		t.Errorf("a version that never was: %v", err)
	}
}

// TestSimulationBounds reads times as people write them.
func TestSimulationBounds(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"7d": end.AddDate(0, 0, -7), "36h": end.Add(-36 * time.Hour), "2026-03-02T08:00:00Z": time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC),
		"2026-03-01": time.Date(2026, 3, 1, 0, 0, 0, 0, time.Local), "2026-03-01 09:30": time.Date(2026, 3, 1, 9, 30, 0, 0, time.Local),
	} {
		if b, err := boundsOf(text, "", end); err != nil || !b.From.Equal(want) || !b.Until.Equal(end) {
			t.Errorf("%s is %v to %v, %v", text, b.From, b.Until, err)
		}
	}
	for _, text := range []string{"-3d", "0d", "yesterday", "2026-13-01"} {
		if _, err := boundsOf(text, "", end); err == nil {
			t.Errorf("%q is a time", text)
		}
	}
}

// TestPolicySimulateInterrupted ends as a shell expects it where somebody wants no more.
func TestPolicySimulateInterrupted(t *testing.T) {
	t.Parallel()
	dir := loggedDay(t, 120)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, wrong strings.Builder
	code := run(ctx, []string{"policy", "simulate", "--data", dir, "--seeds", "100", "--best-skill", "--agents", "+50:german"}, std{in: strings.NewReader(""), out: &out, err: &wrong})
	if code != exitInterrupted || out.Len() > 0 {
		t.Errorf("exit %d: %s%s", code, out.String(), wrong.String())
	}
}
