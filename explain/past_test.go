package explain_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/explain"
	"stagecoach/ledger"
	"stagecoach/router"
	"stagecoach/router/match"
)

// told is a log of commits in memory.
type told [][]byte

func (l told) Append(context.Context, string, uint64, []byte) (uint64, error) {
	return 0, errors.New("this log is only read")
}

func (l told) Replay(_ context.Context, after uint64, fn func(uint64, []byte) error) (uint64, error) {
	for n := after; n < uint64(len(l)); n++ {
		if err := fn(n+1, l[n]); err != nil {
			return n, err
		}
	}
	return uint64(len(l)), nil
}

func (s *scene) past(n uint64, offer string) *router.Past {
	s.t.Helper()
	r := router.Replayed{Office: "main", Log: told(s.commits), Logger: slog.New(slog.DiscardHandler)}
	p, err := r.Past(s.t.Context(), n, offer, s.rules)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// A decision of long ago is replayed with every agent there was, and who has come
// or gone since changes nothing of it.
func TestPastShowsEveryAgent(t *testing.T) {
	s := newScene(t)
	for _, id := range []string{"anna", "ben", "cleo", "dora", "eve", "finn", "gus", "hal"} {
		s.agent(id, map[string]int{"billing": 3}, "de")
	}
	s.agent("ida", nil, "en")
	s.presence("hal", contact.Away)
	s.wait(time.Minute)
	id := s.mail(contact.Email, needs("billing", 2, "de"))
	o, n := s.offers[id][0], s.state.N
	s.presence("ida", contact.Away)
	s.agent("new", map[string]int{"billing": 5}, "de")
	s.accept(id)

	p := s.past(n, o.Offer)
	if !p.Agrees || p.Now != o.Agent || p.Record.Winner.Agent != o.Agent {
		t.Errorf("the same build decides otherwise: %+v", p)
	}
	if len(p.Record.Next) != 5 || len(p.Candidates) != 7 || p.Candidates[0].Agent != o.Agent {
		t.Errorf("%d next on record, candidates %+v", len(p.Record.Next), p.Candidates)
	}
	for i := range p.Candidates {
		if len(p.Candidates[i].Terms) == 0 {
			t.Errorf("%s has no terms", p.Candidates[i].Agent)
		}
	}
	gate := func(agent string) match.Gate {
		i := slices.IndexFunc(p.Barred, func(v router.Verdict) bool { return v.Agent == agent })
		if i < 0 || len(p.Barred[i].Gaps) == 0 {
			return ""
		}
		return p.Barred[i].Gaps[0].Gate
	}
	if len(p.Barred) != 2 || gate("hal") != match.GatePresence || gate("ida") != match.GateLanguage {
		t.Errorf("barred are %+v", p.Barred)
	}
	teller := s.teller(explain.English)
	if text := teller.OneAgent(s.won(id), p, "ida"); !strings.Contains(text, "doesn't speak German") {
		t.Errorf("ida is told %q", text)
	}
	if text := teller.OneAgent(s.won(id), p, "new"); !strings.Contains(text, "did not work here yet") {
		t.Errorf("new is told %q", text)
	}
}

// What is on record counts when the rules of today decide otherwise, and that is
// said.
func TestPastDisagrees(t *testing.T) {
	s := newScene(t)
	s.agent("anna", map[string]int{"billing": 3}, "de")
	s.agent("ben", map[string]int{"billing": 3}, "de")
	s.wait(time.Minute)
	id := s.mail(contact.Email, func(r *router.Receive) { r.LastAgent = "ben" })
	o := s.offers[id][0]
	if o.Agent != "ben" {
		t.Fatalf("offered to %s", o.Agent)
	}
	s.rules.other = true
	p := s.past(s.state.N, o.Offer)
	if p.Agrees || p.Now != "anna" || p.Record.Winner.Agent != "ben" {
		t.Fatalf("past is %+v", p)
	}
	lines := strings.Join(s.teller(explain.English).Past(p, &s.state.Contacts[id].Demand), "\n")
	if !strings.Contains(lines, "Told is what is on record. By the rules of today it would have been Anna.") {
		t.Errorf("told is\n%s", lines)
	}
}

func TestPastOfNothing(t *testing.T) {
	s := newScene(t)
	s.agent("anna", nil, "de")
	r := router.Replayed{Office: "main", Log: told(s.commits), Logger: slog.New(slog.DiscardHandler)}
	for _, n := range []uint64{0, 1, s.state.N, s.state.N + 9} {
		if _, err := r.Past(t.Context(), n, "none", s.rules); !errors.Is(err, router.ErrNoSuchOffer) {
			t.Errorf("commit %d: %v", n, err)
		}
	}
}

// Looking changes nothing: neither the state nor what is decided next.
func TestLookingChangesNothing(t *testing.T) {
	for name, story := range stories() {
		s := newScene(t)
		story(s)
		before, err := s.state.Hash()
		if err != nil {
			t.Fatal(err)
		}
		for id := range s.state.Contacts {
			s.state.Standing(id, s.rules, s.now)
		}
		for id := range s.state.Agents {
			if d, ok := s.state.Idle(id, s.rules, s.now); ok {
				sum := 0
				for _, r := range d.Reasons {
					sum += r.Count
				}
				if sum != d.Waiting {
					t.Errorf("%s: the reasons of %s add up to %d of %d", name, id, sum, d.Waiting)
				}
			}
		}
		after, err := s.state.Hash()
		if err != nil || after != before || s.state.Waiting() != len(waitingIn(s.state)) {
			t.Errorf("%s: looking has changed the state: %v", name, err)
		}
		events := len(s.commits)
		s.do(router.ActorRouter, router.Tick{})
		if len(s.commits) != events {
			t.Errorf("%s: looking has made the router decide something", name)
		}
	}
}

func waitingIn(st *router.State) []string {
	var out []string
	for id, c := range st.Contacts {
		if c.State == router.Waiting && c.Proposed == "" {
			out = append(out, id)
		}
	}
	return out
}

// The change that is named does what is said of it.
func TestChangeServes(t *testing.T) {
	s := newScene(t)
	s.agent("anna", map[string]int{"billing": 2}, "de")
	s.agent("ben", map[string]int{"billing": 3}, "de")
	s.presence("ben", contact.Offline)
	id := s.mail(contact.Email, needs("billing", 3, "de"))
	st := s.standing(id)
	if len(st.Changes) < 2 || !st.Changes[0].Serves || st.Changes[0].Agents[0] != "ben" || st.Changes[0].Gaps[0].Gate != match.GatePresence {
		t.Fatalf("changes are %+v", st.Changes)
	}
	second := st.Changes[1].Gaps[0]
	if second.Skill != "billing" || second.Have != 2 || second.Want != 3 {
		t.Errorf("the second is %+v", second)
	}
	s.agent("anna", map[string]int{"billing": second.Want}, "de")
	if o := s.offers[id]; len(o) != 1 || o[0].Agent != "anna" {
		t.Errorf("offers are %+v", o)
	}
}

// The story of the ledger is told in both languages, whatever the log holds.
func TestStory(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	kinds := []string{
		"contact_opened", "message_received", "message_joined", "evidence_received", "offer_made", "offer_ended", "assigned", "unassigned",
		"holder_warned", "hold_extended", "moved", "at_risk", "miss_foreseen", "breached", "last_resort_told", "acknowledgement_owed", "acknowledgement_dropped",
		"recipients_refused", "reply_queued", "attempt_granted", "attempt_failed", "reply_delivered", "reply_in_doubt", "reply_failed",
		"contact_ended", "contact_reopened", "noted", "nobody_able", "escalated", "escalation_told", "something_new",
	}
	codes := []string{"", "first", "declined", "expired", "revoked", "replied", "merged", "disposed", "acknowledgement", "remainder", "answer"}
	w := &ledger.Why{Row: ledger.Row{Contact: router.Contact{ID: "c", State: router.AssignedTo, Agent: "anna", Start: at, Due: at.Add(time.Hour)}}}
	for i, kind := range kinds {
		for j, code := range codes {
			w.Steps = append(w.Steps, ledger.Entry{
				N: uint64(i), At: at, Kind: kind, Code: code, Reason: []string{"", "silent", "language"}[j%3], Agent: "anna", Actor: []string{"anna", "router", "ben"}[j%3],
				Until: at, Detail: ledger.Detail{Refused: j % 2, Deferred: j % 3, Stranger: j%2 == 0, JoinedBy: "thread", Rule: "r", Proposed: "spam", Override: j%2 == 0},
			})
		}
	}
	texts := map[explain.Lang]string{}
	for _, l := range explain.Languages() {
		teller := explain.Teller{Lang: l, Now: at.Add(time.Minute), Still: true}
		texts[l] = teller.Story(&explain.Story{Log: w})
		if strings.Contains(texts[l], "%!") || strings.Contains(texts[l], "()") {
			t.Errorf("%s:\n%s", l, texts[l])
		}
	}
	if texts[explain.English] == texts[explain.German] || !strings.Contains(texts[explain.German], "Was geschah:") {
		t.Errorf("the German story is\n%s", texts[explain.German])
	}
}

func TestLangOf(t *testing.T) {
	for setting, want := range map[string]explain.Lang{
		"": explain.English, "de": explain.German, "de_DE.UTF-8": explain.German, "C.UTF-8": explain.English, "fr-FR,de;q=0.8,en;q=0.5": explain.German,
		"en-GB,de;q=0.1": explain.English, "DE-AT": explain.German, "deutsch": explain.English, "den": explain.English, "de@euro": explain.German,
	} {
		if got := explain.LangOf(setting); got != want {
			t.Errorf("%q is %s", setting, got)
		}
	}
}
