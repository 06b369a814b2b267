package replay

import (
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
)

// setRules are a policy set's, with what doesn't change kept at hand. No receipts are
// sent, and resolutions are not promised: neither decides who gets what.
type setRules struct {
	router.Rules
	version  string
	matching match.Rule
	timing   router.Timing
	offering map[contact.Channel]router.Offering
	work     map[contact.Channel]router.Work
	traits   map[promised]match.Traits
}

type promised struct {
	kind  router.PromiseKind
	facts router.PromiseFacts
}

var _ router.Rules = (*setRules)(nil)

func newSetRules(set *policies.Set) *setRules {
	r := &setRules{
		Rules: router.RulesOf(set), offering: map[contact.Channel]router.Offering{}, work: map[contact.Channel]router.Work{},
		traits: map[promised]match.Traits{},
	}
	r.version, r.matching, r.timing = r.Rules.Version(), r.Rules.Matching(), r.Rules.Timing()
	r.timing.Acknowledge = func(contact.Channel) router.Acknowledging { return router.Acknowledging{} }
	return r
}

// Version implements router.Rules.
func (r *setRules) Version() string { return r.version }

// Matching implements router.Rules.
func (r *setRules) Matching() match.Rule { return r.matching }

// Timing implements router.Rules.
func (r *setRules) Timing() router.Timing { return r.timing }

// Resolution implements router.Rules.
func (*setRules) Resolution(router.PromiseFacts, time.Time) time.Time { return time.Time{} }

// Offering implements router.Rules.
func (r *setRules) Offering(ch contact.Channel) router.Offering {
	o, ok := r.offering[ch]
	if !ok {
		o = r.Rules.Offering(ch)
		r.offering[ch] = o
	}
	return o
}

// Work implements router.Rules.
func (r *setRules) Work(ch contact.Channel) router.Work {
	w, ok := r.work[ch]
	if !ok {
		w = r.Rules.Work(ch)
		r.work[ch] = w
	}
	return w
}

// Traits implements router.Rules.
func (r *setRules) Traits(kind router.PromiseKind, f router.PromiseFacts) match.Traits {
	key := promised{kind, f}
	t, ok := r.traits[key]
	if !ok {
		t = r.Rules.Traits(kind, f)
		r.traits[key] = t
	}
	return t
}
