package explain_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/explain"
	"stagecoach/router"
	"stagecoach/router/match"
)

var update = flag.Bool("update", false, "write the golden texts anew")

// tells is what a story tells in a language.
type tells func(t *explain.Teller) []string

func offered(s *scene, id string) tells {
	w := s.won(id)
	return func(t *explain.Teller) []string { return t.Offered(w) }
}

func waits(s *scene, id string) tells {
	st := s.standing(id)
	return func(t *explain.Teller) []string {
		w := t.Waits(st)
		return append(append(w.Lines, "", "In short:"), w.Short...)
	}
}

func idle(s *scene, agent string) tells {
	d, ok := s.state.Idle(agent, s.rules, s.now)
	if !ok {
		s.t.Fatalf("there is no %s", agent)
	}
	return func(t *explain.Teller) []string { return t.Idle(d) }
}

func TestGolden(t *testing.T) {
	for name, story := range stories() {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			told := story(s)
			for _, l := range explain.Languages() {
				got := strings.Join(told(s.teller(l)), "\n") + "\n"
				for _, bad := range []string{"%!", "c-mu", "  ", " .", ",,", "..", "<nil>"} {
					if strings.Contains(got, bad) {
						t.Errorf("%s has %q:\n%s", l, bad, got)
					}
				}
				golden(t, filepath.Join("testdata", name+"."+string(l)+".txt"), got)
			}
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: write it with -update, and read it", err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("%s is now\n%s\nand was\n%s", file, got, want)
	}
}

func stories() map[string]func(s *scene) tells {
	return map[string]func(s *scene) tells{
		"01-own-agent-won":             ownAgent,
		"02-scarcer-skill-spared":      scarcer,
		"03-guard-turn":                guardTurn,
		"04-urgent-offered-to-three":   urgent,
		"05-skill-relaxed":             relaxed,
		"06-nobody-speaks-it":          nobodySpeaks,
		"07-all-full":                  allFull,
		"08-cooling-down":              coolingDown,
		"09-held-back-for-live-work":   heldBack,
		"10-impossible":                impossible,
		"11-idle":                      idleAgent,
		"12-idle-and-away":             idleAway,
		"13-kept-for-own-agent":        kept,
		"14-others-come-first":         behind,
		"15-away-would-do":             awayWouldDo,
		"16-skill-relaxes-soon":        relaxesSoon,
		"17-waits-for-the-answer":      waitsForAnswer,
		"18-two-changes":               twoChanges,
		"19-stands-in-review":          inReview,
		"20-worth-more-and-cut-short":  worthMore,
		"21-nobody-works-here":         func(s *scene) tells { return waits(s, s.mail(contact.Email, nil)) },
		"22-late-and-nobody-available": late,
		"23-relaxed-at-once":           relaxedAtOnce,
		"24-either-and-neither":        eitherAndNeither,
		"25-less-than-wished":          lessThanWished,
		"26-same-for-three":            sameForThree,
		"27-kept-for-named-agent":      keptForNamed,
		"28-named-agent-won":           namedWon,
	}
}

func ownAgent(s *scene) tells {
	s.agent("anna", map[string]int{"billing": 3}, "de")
	s.agent("ben", map[string]int{"billing": 4}, "de")
	s.agent("cleo", nil, "de")
	s.agent("dora", map[string]int{"billing": 5}, "en")
	s.wait(time.Hour)
	return offered(s, s.mail(contact.Email, func(r *router.Receive) {
		needs("billing", 2, "de")(r)
		r.LastAgent = "anna"
	}))
}

func scarcer(s *scene) tells {
	s.agent("anna", map[string]int{"billing": 4, "legal": 4}, "de")
	s.agent("ben", map[string]int{"billing": 3}, "de")
	for range 6 {
		id := s.mail(contact.Email, needs("legal", 3, "de"))
		s.accept(id)
		s.answer(id)
	}
	s.agent("cleo", nil, "en")
	return offered(s, s.mail(contact.Email, needs("billing", 1, "de")))
}

func guardTurn(s *scene) tells {
	s.agent("anna", nil, "de")
	for range 40 {
		id := s.mail(contact.Email, needs("", 0, "de"))
		s.accept(id)
		s.answer(id)
	}
	s.presence("anna", contact.Away)
	old := s.mail(contact.WebChat, needs("", 0, "de"))
	s.wait(20 * time.Minute)
	s.mail(contact.WebChat, needs("", 0, "de"))
	s.presence("anna", contact.Available)
	return offered(s, old)
}

func urgent(s *scene) tells {
	s.rules.urgent = 3
	s.rules.allowed[contact.Email] = 10*time.Minute + 45*time.Second
	s.agent("anna", map[string]int{"billing": 4}, "de")
	s.agent("ben", map[string]int{"billing": 4}, "de")
	s.agent("cleo", map[string]int{"billing": 3}, "de")
	s.agent("dora", nil, "de")
	return offered(s, s.mail(contact.Email, needs("billing", 2, "de")))
}

func relaxed(s *scene) tells {
	s.rules.relax = time.Hour
	s.agent("anna", map[string]int{"billing": 2}, "de")
	s.agent("ben", map[string]int{"billing": 5}, "de")
	s.presence("ben", contact.Away)
	id := s.mail(contact.Email, needs("billing", 4, "de"))
	s.wait(time.Hour)
	return offered(s, id)
}

func nobodySpeaks(s *scene) tells {
	s.agent("anna", map[string]int{"billing": 4}, "de", "en")
	s.agent("ben", nil, "de")
	id := s.mail(contact.Email, needs("", 0, "fr"))
	s.wait(25 * time.Minute)
	return waits(s, id)
}

func allFull(s *scene) tells {
	for _, id := range []string{"anna", "ben"} {
		s.agent(id, nil, "de")
	}
	for range 4 {
		s.accept(s.mail(contact.Email, needs("", 0, "de")))
	}
	id := s.mail(contact.Email, needs("", 0, "de"))
	s.wait(10 * time.Minute)
	return waits(s, id)
}

func coolingDown(s *scene) tells {
	s.agent("anna", nil, "de")
	s.agent("ben", nil, "en")
	id := s.mail(contact.Email, needs("", 0, "de"))
	o := s.offers[id][0]
	s.wait(20 * time.Second)
	s.do("anna", router.Decline{Offer: o.Offer, Reason: "busy"})
	s.wait(30 * time.Second)
	return waits(s, id)
}

func heldBack(s *scene) tells {
	s.agent("anna", nil, "de")
	s.rules.capacity[contact.WebChat] = 100
	s.accept(s.mail(contact.WebChat, needs("", 0, "de")))
	for id := range s.state.Contacts {
		s.answer(id)
		s.do("anna", router.Disengage{Conversation: s.state.Contacts[id].Conversation})
	}
	s.agent("ben", nil, "en")
	id := s.mail(contact.Email, needs("", 0, "de"))
	s.wait(5 * time.Minute)
	return waits(s, id)
}

// Either skill is enough, one is wished for, and whoever has another isn't asked.
func eitherAndNeither(s *scene) tells {
	s.agent("anna", map[string]int{"billing": 3}, "de")
	s.agent("ben", map[string]int{"billing": 1}, "de")
	for _, id := range []string{"cleo", "dora", "emil"} {
		s.agent(id, nil, "de")
	}
	s.agent("finn", map[string]int{"billing": 3, "trainee": 1}, "de")
	s.presence("anna", contact.Away)
	id := s.mail(contact.Email, func(r *router.Receive) {
		r.Demand.Languages = []string{"de"}
		r.Demand.Any = [][]match.Skill{{{Name: "billing", Level: 2}, {Name: "legal", Level: 1}}}
		r.Demand.Not = []string{"trainee"}
		r.Demand.Wishes = []match.Wish{{Skill: match.Skill{Name: "billing", Level: 5}}}
	})
	s.wait(10 * time.Minute)
	return waits(s, id)
}

// Whoever meets the need gets it, though nobody there has all that is wished for.
func lessThanWished(s *scene) tells {
	s.agent("anna", map[string]int{"billing": 3}, "de")
	s.agent("ben", map[string]int{"billing": 5}, "de")
	s.presence("ben", contact.Away)
	return offered(s, s.mail(contact.Email, func(r *router.Receive) {
		needs("billing", 2, "de")(r)
		r.Demand.Wishes = []match.Wish{{Skill: match.Skill{Name: "billing", Level: 5}}}
	}))
}

// Those who came after for the same reason are told together.
func sameForThree(s *scene) tells {
	for _, id := range []string{"anna", "ben", "cleo", "dora"} {
		s.agent(id, nil, "de")
	}
	return offered(s, s.mail(contact.Email, func(r *router.Receive) { r.LastAgent = "dora" }))
}

func impossible(s *scene) tells {
	s.agent("anna", map[string]int{"billing": 2}, "de")
	s.agent("ben", nil, "de")
	s.presence("ben", contact.Offline)
	id := s.mail(contact.Email, needs("legal", 3, "de"))
	s.wait(3 * time.Hour)
	return waits(s, id)
}

func idleAgent(s *scene) tells {
	s.agent("anna", map[string]int{"billing": 2}, "en")
	s.agent("ben", nil, "de")
	s.rules.hold = 20 * time.Minute
	for range 9 {
		s.mail(contact.Email, needs("", 0, "fr"))
	}
	for range 3 {
		s.mail(contact.Email, needs("billing", 4, "en"))
	}
	s.presence("ben", contact.Offline)
	s.mail(contact.Email, needs("legal", 1))
	return idle(s, "anna")
}

func idleAway(s *scene) tells {
	s.agent("anna", nil, "de")
	s.presence("anna", contact.Away)
	for range 3 {
		s.mail(contact.Email, needs("", 0, "de"))
	}
	s.mail(contact.Email, needs("", 0, "fr"))
	return idle(s, "anna")
}

func kept(s *scene) tells {
	s.rules.hold = 20 * time.Minute
	s.agent("anna", nil, "de")
	s.accept(s.mail(contact.Email, nil))
	s.accept(s.mail(contact.Email, nil))
	s.agent("ben", nil, "de")
	id := s.mail(contact.Email, func(r *router.Receive) { r.LastAgent = "anna" })
	s.wait(5 * time.Minute)
	return waits(s, id)
}

func keptForNamed(s *scene) tells {
	s.rules.hold = 20 * time.Minute
	s.agent("anna", nil, "de")
	s.accept(s.mail(contact.Email, nil))
	s.accept(s.mail(contact.Email, nil))
	s.agent("ben", nil, "de")
	id := s.mail(contact.Email, func(r *router.Receive) { r.Preferred, r.LastAgent = []string{"anna", "cleo"}, "ben" })
	s.presence("ben", contact.Busy)
	s.wait(5 * time.Minute)
	return waits(s, id)
}

func namedWon(s *scene) tells {
	s.agent("anna", nil, "de")
	s.agent("ben", nil, "de")
	s.wait(time.Hour)
	return offered(s, s.mail(contact.Email, func(r *router.Receive) { r.Preferred, r.LastAgent = []string{"cleo", "ben"}, "anna" }))
}

func behind(s *scene) tells {
	s.agent("anna", nil, "de")
	s.accept(s.mail(contact.Email, nil))
	s.accept(s.mail(contact.Email, nil))
	for range 3 {
		s.mail(contact.Email, nil)
		s.wait(time.Minute)
	}
	id := s.mail(contact.Email, nil)
	s.wait(2 * time.Hour)
	s.mail(contact.WebChat, nil)
	return waits(s, id)
}

func awayWouldDo(s *scene) tells {
	for _, id := range []string{"anna", "ben", "cleo", "dora"} {
		s.agent(id, map[string]int{"billing": 3}, "de")
		s.presence(id, contact.Away)
	}
	s.agent("eve", nil, "en")
	s.agent("finn", map[string]int{"billing": 1}, "de")
	id := s.mail(contact.Email, needs("billing", 2, "de"))
	s.wait(90 * time.Minute)
	return waits(s, id)
}

func relaxesSoon(s *scene) tells {
	s.rules.relax = 2 * time.Hour
	s.agent("anna", map[string]int{"billing": 2}, "de")
	s.agent("ben", map[string]int{"billing": 5}, "de")
	s.presence("ben", contact.Away)
	id := s.mail(contact.Email, needs("billing", 4, "de"))
	s.wait(time.Hour + 56*time.Minute)
	return waits(s, id)
}

func waitsForAnswer(s *scene) tells {
	s.agent("anna", nil, "de")
	id := s.mail(contact.Email, nil)
	s.now = s.now.Add(20 * time.Second)
	return waits(s, id)
}

func twoChanges(s *scene) tells {
	s.agent("anna", map[string]int{"billing": 1}, "de")
	s.presence("anna", contact.Away)
	s.agent("ben", nil, "en")
	id := s.mail(contact.Email, needs("billing", 3, "de"))
	s.wait(2 * time.Minute)
	return waits(s, id)
}

func inReview(s *scene) tells {
	s.agent("anna", nil, "de")
	id := s.mail(contact.Email, func(r *router.Receive) { r.Propose, r.Rule = contact.Spam, "newsletter" })
	return waits(s, id)
}

func worthMore(s *scene) tells {
	s.agent("anna", map[string]int{"billing": 5}, "de")
	s.agent("ben", map[string]int{"billing": 2}, "de")
	s.presence("anna", contact.Away)
	s.presence("ben", contact.Away)
	s.rules.value = 6 * match.Micro
	id := s.mail(contact.Email, needs("billing", 2, "de"))
	s.wait(3 * time.Hour)
	s.mail(contact.Email, needs("", 0, "en"))
	s.presence("ben", contact.Busy)
	s.presence("anna", contact.Available)
	return offered(s, id)
}

func late(s *scene) tells {
	s.agent("anna", nil, "de")
	s.presence("anna", contact.Unreachable)
	id := s.mail(contact.Email, nil)
	s.wait(30 * time.Hour)
	return waits(s, id)
}

func relaxedAtOnce(s *scene) tells {
	s.rules.relax = time.Hour
	s.agent("anna", map[string]int{"billing": 2}, "de")
	return offered(s, s.mail(contact.Email, needs("billing", 4, "de")))
}
