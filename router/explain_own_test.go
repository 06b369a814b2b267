package router

import (
	"log/slog"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// TestANamedAgentIsToldAsSuch: a contact that is kept for an agent who is named for
// the customer says so; nobody has answered them yet.
func TestANamedAgentIsToldAsSuch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("carl", contact.RoleAgent, 100)
	r.agent("bert", contact.RoleAgent, 20)
	r.accept(r.receive(r.named("m0", "bert")))
	c := r.receive(r.named("m1", "bert"))
	st, ok := r.state.Standing(c.ID, r.rules, r.now)
	if !ok || st.State != Waiting || st.HeldFor != "bert" || !st.HeldNamed {
		t.Errorf("it stands %+v", st)
	}
}

// TestAStoppedStateKnowsTheLimits: what a folded log says of an agent is what the
// router said that decided it.
func TestAStoppedStateKnowsTheLimits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.limit(match.Limits{Channels: []match.ChannelLimit{{Channel: contact.Email, Most: 1}}})
	r.agent("anna", contact.RoleAgent, 100)
	r.receive(r.mail("m1", "alice"))
	c := r.receive(r.mail("m2", "bob"))
	s := NewState("main")
	for _, data := range r.log {
		Fold(s, data, slog.New(slog.DiscardHandler))
	}
	s.Prepare(r.rules)
	st, ok := s.Standing(c.ID, r.rules, r.now.Add(time.Second))
	if !ok || st.Failed[match.GateChannelMax] != 1 {
		t.Errorf("it stands %+v", st)
	}
}
