package router

import (
	"fmt"
	"testing"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// benchSkills and benchTongues are what the agents of a large office can do.
var (
	benchSkills  = []string{"billing", "legal", "network", "sales", "claims"}
	benchTongues = []string{"de", "en", "fr", "es", "it"}
)

// largeOffice has agents of whom nine in ten are there and busy, and contacts that
// wait for them.
func largeOffice(b *testing.B, agents, waiting int) *rig {
	b.Helper()
	r := newRig(b)
	for i := range agents {
		id := fmt.Sprint("agent", i)
		r.must(ActorRouter, SetAgent{Agent: AgentProfile{
			ID: id, Role: contact.RoleAgent, Capacity: 10,
			Languages: []string{benchTongues[i%5]}, Skills: []match.Skill{{Name: benchSkills[i/5%5], Level: 1 + i%3}},
		}})
	}
	for i := range waiting {
		m := r.mail(fmt.Sprint("m", i), fmt.Sprint("sender", i))
		m.Demand.Languages = []string{benchTongues[i%5]}
		m.Demand.Skills = []match.Skill{{Name: benchSkills[i/5%5], Level: 1 + i%4}}
		r.must(ActorIntake, *m)
	}
	for i := range agents {
		if id := fmt.Sprint("agent", i); i%10 != 0 {
			r.must(id, SetPresence{Agent: id, Presence: contact.Available, Cause: "self"})
		}
	}
	return r
}

// BenchmarkStanding is what one "why does it still wait" costs the router, who
// decides nothing meanwhile.
func BenchmarkStanding(b *testing.B) {
	for _, size := range []struct{ agents, waiting int }{{100, 5_000}, {1_000, 50_000}, {10_000, 100_000}} {
		r := largeOffice(b, size.agents, size.waiting)
		var ids []string
		for id, c := range r.state.Contacts {
			if c.State == Waiting && len(ids) < 100 {
				ids = append(ids, id)
			}
		}
		b.Run(fmt.Sprintf("contact/%d", size.agents), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if st, ok := r.state.Standing(ids[i%len(ids)], r.rules, r.now); !ok || len(st.Verdicts) != size.agents {
					b.Fatal(st)
				}
			}
		})
		b.Run(fmt.Sprintf("agent/%d", size.agents), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if st, ok := r.state.Idle(fmt.Sprint("agent", i%size.agents), r.rules, r.now); !ok || st.Waiting == 0 {
					b.Fatal(st)
				}
			}
		})
	}
}
