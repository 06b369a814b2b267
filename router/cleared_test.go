package router

import (
	"testing"
	"time"

	"stagecoach/contact"
)

// proposed has a machine's mail open a contact in review.
func proposed(r *rig) *Contact {
	m := r.mail("m1", "machine")
	m.Auto, m.Propose, m.Rule = contact.AutoReply, contact.Machine, "auto-submitted"
	return r.receive(m)
}

// TestClearedHasACustomersPromise takes contacts out of review: whoever wrote is
// not to wait as long as a machine may.
func TestClearedHasACustomersPromise(t *testing.T) {
	t.Parallel()
	for name, clearing := range map[string]func(r *rig, c *Contact) time.Time{
		"kept by a person": func(r *rig, c *Contact) time.Time {
			r.must("anna", MoveTo{Contact: c.ID, Clear: true, Reason: "a person"})
			return c.Start
		},
		"a person wrote": func(r *rig, _ *Contact) time.Time {
			r.now = r.now.Add(time.Hour)
			m := r.mail("m2", "machine", "m1")
			r.must(ActorIntake, *m)
			return m.ReceivedAt
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.agent("anna", contact.RoleAgent, 100)
			c := proposed(r)
			review := c.Due
			from := clearing(r, c)
			c = r.state.Contacts[c.ID]
			want, risk := r.rules.Promise(PromiseFirst, factsOf(c), from)
			if !want.Before(review) {
				t.Fatalf("review is due at %v, no later than a customer's %v", review, want)
			}
			if c.Promise != PromiseFirst || !c.Due.Equal(want) || !c.AtRiskAt.Equal(risk) {
				t.Errorf("cleared, it owes %q by %v, at risk at %v; want %v and %v", c.Promise, c.Due, c.AtRiskAt, want, risk)
			}
			r.check()
		})
	}
}
