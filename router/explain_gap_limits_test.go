package router

import (
	"slices"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// TestEveryLimitIsNamedAsAGap lists all that stands between an agent and a
// contact at once, limits too.
func TestEveryLimitIsNamedAsAGap(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.limit(match.Limits{Headroom: 90, Channels: []match.ChannelLimit{{Channel: contact.Email, Most: 1}}})
	r.able("anna", true, AgentProfile{Capacity: 100, DailyCap: 1, Shifts: []Shift{{Day: time.Sunday, From: 0, To: 60}}})
	c := r.receive(r.mail("m1", "alice"))
	x := &explainer{State: r.state, rules: r.rules, now: r.now, c: c, units: r.rules.Work(contact.Email).Units}
	var gates []match.Gate
	for _, g := range x.gaps(r.state.Agents["anna"]) {
		gates = append(gates, g.Gate)
	}
	if !slices.Equal(gates, []match.Gate{match.GateShift, match.GateHeadroom}) {
		t.Errorf("the gaps are %v", gates)
	}
	r.must("anna", Assign{Contact: c.ID, Agent: "anna", Override: true})
	x.c = r.receive(r.mail("m2", "bob"))
	gates = nil
	for _, g := range x.gaps(r.state.Agents["anna"]) {
		gates = append(gates, g.Gate)
	}
	if !slices.Equal(gates, []match.Gate{match.GateShift, match.GateDailyCap, match.GateChannelMax}) {
		t.Errorf("then they are %v", gates)
	}
}
