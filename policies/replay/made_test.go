package replay

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
)

// madeSet is the policy set of the made traffic; value and first are those of VIPs.
func madeSet(tb testing.TB, value float64, first string) *policies.Set {
	tb.Helper()
	set, err := policies.LoadFiles("made", map[string][]byte{
		"customers.yaml": fmt.Appendf(nil, "version: 1\ntiers:\n  - {name: vip, value: %g, when: contact.account == \"vip\"}\nagents: []\n", value),
		"sla.yaml": fmt.Appendf(nil, `version: 1
default: {first: 30m, next: 30m, calendar: always}
promises:
  - {name: chat, when: contact.channel == "webchat", first: 2m, next: 2m}
  - {name: VIPs, when: customer.tier == "vip", first: %s, next: %s}
`, first, first),
		"privacy.yaml": []byte("version: 1\nfigures: named\n"),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// town is made traffic: a truth that a log can be made of.
type town struct {
	days     int
	agents   int
	each     float64 // contacts of a day for each agent
	work     float64 // seconds of an answer, in the middle
	rare     float64 // share that needs the skill rare, which one agent has
	seed     uint64
	hours    time.Duration
	followed float64 // share of mails that are followed by another
}

func smallTown() town {
	days := 2
	if raced {
		days = 1
	}
	return town{days: days, agents: 6, each: 40, work: 480, seed: 7, hours: 9 * time.Hour, followed: 0.2}
}

func dawn() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) }

// history makes what a log would tell of the town, had it been read.
func (w town) history() *History {
	rng := rand.New(rand.NewPCG(w.seed, 1))
	h := &History{From: dawn().Add(-time.Hour), Until: dawn().Add(time.Duration(w.days) * 24 * time.Hour)}
	for i := range w.agents {
		id := fmt.Sprintf("agent-%02d", i)
		p := router.AgentProfile{ID: id, Role: contact.RoleAgent, Languages: []string{"en"}, Skills: []match.Skill{{Name: "common", Level: 3}}}
		if i == 0 {
			p.Skills = append(p.Skills, match.Skill{Name: "rare", Level: 3})
		}
		h.Staff = append(h.Staff, StaffEvent{At: h.From, Agent: id, Profile: &p, Presence: contact.Offline})
	}
	for day := range w.days {
		open := dawn().Add(time.Duration(day) * 24 * time.Hour)
		for i := range w.agents {
			h.Staff = append(h.Staff, StaffEvent{At: open, Agent: fmt.Sprintf("agent-%02d", i), Presence: contact.Available, Cause: "self"})
		}
		for i := range w.agents {
			h.Staff = append(h.Staff, StaffEvent{At: open.Add(w.hours), Agent: fmt.Sprintf("agent-%02d", i), Presence: contact.Offline, Cause: "self"})
		}
		w.day(h, rng, open)
	}
	return h
}

// day makes a day's contacts: most come in the two hours after ten.
func (w town) day(h *History, rng *rand.Rand, open time.Time) {
	n := int(w.each * float64(w.agents))
	mean := (w.hours - 90*time.Minute).Seconds() / float64(n)
	at := 0.0
	for range n {
		at += rng.ExpFloat64() * mean
		w.contact(h, rng, open.Add(secondsOf(at)))
	}
}

func (w town) contact(h *History, rng *rand.Rand, at time.Time) {
	chain := &Chain{Customer: fmt.Sprintf("customer-%05d", len(h.Chains))}
	h.Chains = append(h.Chains, chain)
	f := Facts{Channel: contact.Email, Account: "in", Promise: router.PromiseFirst}
	f.Was = router.Reclassified{Class: "common", Kind: "question", Queue: "general", Language: "en"}
	f.Was.Demand = match.Demand{Skills: []match.Skill{{Name: "common", Level: 1}}, Languages: []string{"en"}}
	if rng.Float64() < 0.25 {
		f.Channel = contact.WebChat
	}
	if rng.Float64() < 0.2 {
		f.Was.Tier = "vip"
	}
	if rng.Float64() < w.rare {
		f.Was.Class, f.Was.Demand.Skills = "rare", []match.Skill{{Name: "rare", Level: 2}}
	}
	f.Was.Demand.Channel, f.Was.Demand.ReplyChannel = f.Channel, f.Channel
	t := w.turn(h, chain, f, at)
	if f.Channel == contact.Email && rng.Float64() < w.followed {
		t.End, t.Reply, t.Ended = router.EndReplied, contact.Answer, at.Add(10*time.Minute)
		f.Promise = router.PromiseNext
		w.turn(h, chain, f, t.Ended.Add(time.Duration(5+rng.IntN(40))*time.Minute))
	}
}

func (town) turn(h *History, chain *Chain, f Facts, at time.Time) *Turn {
	t := &Turn{
		Index: len(h.Turns), Place: len(chain.Turns), Chain: chain, Contact: fmt.Sprintf("c-%06d", len(h.Turns)), Opened: at, Start: at, Facts: f,
		Messages: []Message{{ID: fmt.Sprintf("m-%06d", len(h.Turns)), Ref: "inbox.0.1", At: at, Received: at}}, Measured: true,
	}
	h.Turns, chain.Turns = append(h.Turns, t), append(chain.Turns, t)
	return t
}

// model is how the town's agents really work: everybody at their own speed.
func (w town) model() *Model {
	m := &Model{Efficiency: 0.7, Observed: 1, all: math.Log(w.work)}
	rng := rand.New(rand.NewPCG(w.seed, 2))
	for range 400 {
		m.rest.add(0.5*rng.NormFloat64(), "all")
		m.delays.add(0.4*rng.NormFloat64(), "all")
	}
	speed := map[string]float64{}
	for i := range w.agents {
		speed[fmt.Sprintf("email/common/agent-%02d", i)] = math.Log(w.work) + 0.2*math.Sin(float64(i))
	}
	m.byChannel = &Credible{Mean: m.all, means: map[string]float64{"webchat": math.Log(40)}}
	m.byClass = &Credible{means: map[string]float64{}}
	m.byWho = &Credible{means: speed}
	m.accept, m.decline, m.silent, m.silentOn = &Credible{Mean: 0.92}, &Credible{Mean: 0.05}, &Credible{}, &Credible{Mean: 0.01}
	m.delay = &Credible{Mean: math.Log(8)}
	m.absences = []float64{60, 120, 300}
	m.delivery.add(1, "email")
	return m
}

// log lets the town happen under a set, and gives the history that its log tells.
func (w town) log(tb testing.TB, set *policies.Set) *History {
	tb.Helper()
	r := NewReader(Bounds{})
	for _, data := range w.bytes(tb, set) {
		if err := r.Read(data); err != nil {
			tb.Fatal(err)
		}
	}
	return r.History()
}

// bytes lets the town happen under a set, and gives what a log would hold of it.
func (w town) bytes(tb testing.TB, set *policies.Set) (log [][]byte) {
	tb.Helper()
	scene := &Scene{History: w.history(), Model: w.model(), Set: Set{Set: set}, Log: func(c *router.Commit) {
		data, err := c.Encode()
		if err != nil {
			tb.Fatal(err)
		}
		log = append(log, data)
	}}
	if _, err := scene.Run(tb.Context(), 99, nil); err != nil {
		tb.Fatal(err)
	}
	return log
}
