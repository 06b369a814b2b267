package explain_test

import (
	"fmt"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/explain"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
)

// house is the rules of a small office: e-mail in four hours, chat in two minutes.
type house struct {
	router.Rules
	value    int64
	other    bool
	relax    time.Duration
	hold     time.Duration
	urgent   int
	allowed  map[contact.Channel]time.Duration
	capacity map[contact.Channel]int
}

func (h *house) Matching() match.Rule {
	if h.other {
		return onlyAnna{}
	}
	return match.Fair{Params: match.DefaultParams()}
}

// onlyAnna is a rule by which Anna gets what she can.
type onlyAnna struct{}

func (onlyAnna) Match(w *match.Waiting, r *match.Roster, now time.Time, offer func(p *match.Pick) bool) time.Time {
	return match.Fair{Params: match.DefaultParams()}.Match(w, r, now, func(p *match.Pick) bool {
		p.Why.Winner.Agent = "anna"
		return offer(p)
	})
}

func (h *house) Promise(_ router.PromiseKind, f router.PromiseFacts, start time.Time) (due, atRisk time.Time) {
	allowed := h.allowed[f.Channel]
	return start.Add(allowed), start.Add(allowed * 3 / 4)
}

func (h *house) Traits(_ router.PromiseKind, f router.PromiseFacts) match.Traits {
	t := match.Traits{Value: h.value, Target: h.allowed[f.Channel], Handling: 10 * time.Minute, RelaxAfter: h.relax, Hold: h.hold}
	if f.Channel == contact.WebChat {
		t.Live, t.Words = true, 20*time.Second
	}
	return t
}

func (h *house) Work(ch contact.Channel) router.Work {
	w := h.Rules.Work(ch)
	w.Units = h.capacity[ch]
	return w
}

func (h *house) Offering(contact.Channel) router.Offering {
	return router.Offering{TimeOut: time.Minute, CoolDown: 2 * time.Minute, Parallel: 1, Urgent: h.urgent}
}

// scene runs the router's core for a story.
type scene struct {
	t      *testing.T
	rules  *house
	state  *router.State
	now    time.Time
	begun  time.Time
	n      int
	offers map[string][]router.OfferMade
	// commits are encoded as the log would hold them.
	commits [][]byte
}

func newScene(t *testing.T) *scene {
	t.Helper()
	set, err := policies.Default()
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := &scene{
		t: t, state: router.NewState("main"), now: begun, begun: begun, offers: map[string][]router.OfferMade{},
		rules: &house{
			Rules: router.RulesOf(set), value: match.Micro,
			allowed:  map[contact.Channel]time.Duration{contact.Email: 4 * time.Hour, contact.WebChat: 2 * time.Minute},
			capacity: map[contact.Channel]int{contact.Email: 50, contact.WebChat: 50},
		},
	}
	s.do(router.ActorRouter, router.Begin{Life: "one"})
	return s
}

func (s *scene) do(actor string, cmd router.Command) router.Result {
	s.t.Helper()
	e, err := s.state.Step(&router.Env{Now: s.now, Rules: s.rules}, &router.Envelope{Actor: actor, Command: cmd})
	if err != nil {
		s.t.Fatalf("%T by %s: %v", cmd, actor, err)
	}
	for _, ev := range e.Events {
		if made, ok := ev.(router.OfferMade); ok {
			s.offers[made.Contact] = append(s.offers[made.Contact], made)
		}
	}
	res := *e.Result
	if e.Command == "" {
		e.Result = nil
	}
	if len(e.Events) > 0 {
		c := &router.Commit{Schema: router.CommitSchema, N: s.state.N, Epoch: s.state.Epoch, At: s.now, Entries: []router.Entry{e}}
		data, err := c.Encode()
		if err != nil {
			s.t.Fatal(err)
		}
		s.commits = append(s.commits, data)
	}
	return res
}

// agent hires somebody who is available; skills are names with levels.
func (s *scene) agent(id string, skills map[string]int, langs ...string) {
	s.t.Helper()
	p := router.AgentProfile{ID: id, Role: contact.RoleAgent, Capacity: 100, Languages: langs}
	for _, name := range []string{"billing", "legal", "trainee"} {
		if skills[name] > 0 {
			p.Skills = append(p.Skills, match.Skill{Name: name, Level: skills[name]})
		}
	}
	s.do(router.ActorRouter, router.SetAgent{Agent: p})
	s.presence(id, contact.Available)
}

func (s *scene) presence(id string, p contact.Presence) {
	s.t.Helper()
	s.do(id, router.SetPresence{Agent: id, Presence: p, Cause: "self"})
}

// mail is a message of somebody new; change what it asks for.
func (s *scene) mail(ch contact.Channel, change func(r *router.Receive)) string {
	s.t.Helper()
	s.n++
	id := fmt.Sprint(s.n)
	r := router.Receive{
		Item: router.Item{
			Source: "s/a", Channel: ch, Account: "support", Ref: "inbox.0." + id,
			ItemKey: "item:" + id, MessageKey: "msg:" + id, Place: id, ReceivedAt: s.now,
		},
		Kind: router.KindFresh, Identity: "id:" + id, Keys: []string{"mid:" + id},
	}
	if change != nil {
		change(&r)
	}
	return s.do(router.ActorIntake, r).Contact
}

func needs(skill string, level int, langs ...string) func(r *router.Receive) {
	return func(r *router.Receive) {
		r.Demand.Languages = langs
		if skill != "" {
			r.Demand.Skills = []match.Skill{{Name: skill, Level: level}}
		}
	}
}

// wait lets time pass, with all that is due on the way.
func (s *scene) wait(d time.Duration) {
	s.t.Helper()
	end := s.now.Add(d)
	for {
		at, ok := s.state.Wake(s.rules)
		if !ok || at.After(end) {
			break
		}
		if at.After(s.now) {
			s.now = at
		}
		s.do(router.ActorRouter, router.Tick{})
	}
	s.now = end
	s.do(router.ActorRouter, router.Tick{})
}

func (s *scene) accept(id string) {
	s.t.Helper()
	o := s.offers[id][len(s.offers[id])-1]
	s.do(o.Agent, router.Accept{Offer: o.Offer})
}

// answer sends the reply of whoever holds it.
func (s *scene) answer(id string) {
	s.t.Helper()
	c := s.state.Contacts[id]
	s.n++
	s.do(c.Agent, router.Send{Delivered: true, Reply: router.Reply{
		ID: fmt.Sprint("r", s.n), Kind: contact.Answer, Contact: c.ID, Channel: c.Channel, Account: c.Account, Covers: c.LastMessage(), Ref: "r",
	}})
}

// won is the last decision about a contact.
func (s *scene) won(id string) *explain.Won {
	s.t.Helper()
	all := s.offers[id]
	if len(all) == 0 {
		s.t.Fatalf("%s was never offered", id)
	}
	c, last := s.state.Contacts[id], all[len(all)-1]
	w := &explain.Won{At: last.Expires.Add(-time.Minute), Start: c.Start, Due: c.Due, Why: last.Why, Traits: c.Traits, Demand: c.Demand}
	for _, o := range all {
		if o.Expires.Equal(last.Expires) {
			w.Agents = append(w.Agents, o.Agent)
		}
	}
	return w
}

func (s *scene) standing(id string) *router.Standing {
	s.t.Helper()
	st, ok := s.state.Standing(id, s.rules, s.now)
	if !ok {
		s.t.Fatalf("%s is not open", id)
	}
	return st
}

func (s *scene) teller(l explain.Lang) *explain.Teller {
	names := map[string]string{"anna": "Anna", "ben": "Ben", "cleo": "Cleo", "dora": "Dora", "emil": "Emil", "finn": "Finn"}
	return &explain.Teller{Lang: l, Now: s.now, Zone: time.UTC, NameOf: func(id string) string { return names[id] }}
}
