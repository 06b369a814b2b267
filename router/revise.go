package router

import (
	"cmp"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/router/match"
)

// ContactsRevised records what another policy set makes of contacts that were
// open as it was activated: a part of them at a time, those due first before the
// others. Until then each keeps the promise that it has.
type ContactsRevised struct {
	Policy string       `json:"policy"`
	Part   RevisionPart `json:"part"`
	// Done is how many of those that are left are done by it; Contacts are those
	// among them of which something has changed.
	Done     int       `json:"done"`
	Contacts []Revised `json:"contacts"`
}

func (ContactsRevised) event() {}

// RevisionPart says what is found anew.
type RevisionPart string

// First the promises of all, from what the log knows; then their classes, from
// what the customers wrote.
const (
	RevisePromises RevisionPart = "promises"
	ReviseClasses  RevisionPart = "classes"
)

// Revised is what has changed of one contact.
type Revised struct {
	Contact  string       `json:"contact"`
	Due      time.Time    `json:"due"`
	AtRiskAt time.Time    `json:"at_risk_at"`
	Traits   match.Traits `json:"traits,omitzero"`
	// Entry is the entry that it is promised by now, StepAt when the next step of
	// its ladder comes.
	Entry  string    `json:"entry,omitempty"`
	StepAt time.Time `json:"step_at,omitzero"`
	// Class is what it is taken for now, nil where that is as it was.
	Class *Reclassified `json:"class,omitempty"`
}

// Reclassified is what a rule makes of a contact.
type Reclassified struct {
	Class     string       `json:"class,omitempty"`
	Kind      string       `json:"kind,omitempty"`
	Rule      string       `json:"rule,omitempty"`
	Queue     string       `json:"queue"`
	Language  string       `json:"language,omitempty"`
	Tier      string       `json:"tier,omitempty"`
	Demand    match.Demand `json:"demand"`
	Preferred []string     `json:"preferred,omitempty"`
	// Propose is what it is proposed as, by ProposeRule: of what lies in review only.
	Propose     contact.Disposition `json:"propose,omitempty"`
	ProposeRule string              `json:"propose_rule,omitempty"`
	// Known is what is known of the customer, with what that makes them worth; nil for
	// what was known before.
	Known *customers.Facts `json:"known,omitempty"`
}

// Revision is what is still to be found anew since a policy set was activated.
type Revision struct {
	Policy   string    `json:"policy"`
	Since    time.Time `json:"since"`
	Lengthen bool      `json:"lengthen,omitempty"`
	// Promises and Classes are the contacts that are left of each part, in their
	// order.
	Promises []string `json:"promises,omitempty"`
	Classes  []string `json:"classes,omitempty"`
}

// Reclassify tells what the active policy set makes of the first contacts of
// which the class is left to be found; those that are not named are as they were.
type Reclassify struct {
	Policy string
	// First and Done name the first of them, and how many are done by it.
	First    string
	Done     int
	Contacts map[string]Reclassified
}

func (Reclassify) command() {}

// ReclassifyAtMost is how many contacts one Reclassify is about.
const ReclassifyAtMost = reviseTogether

// How many promises are decided anew in one commit, and in one event of it.
const (
	reviseAtMost   = 1_000
	reviseTogether = 100
)

// beginRevision notes what is open, what is due first before the rest.
func (s *State) beginRevision(e *PolicyActivated) {
	type one struct {
		due time.Time
		id  string
	}
	open := make([]one, 0, s.Totals.Open)
	for id, c := range s.Contacts {
		if c.Open() {
			open = append(open, one{c.Due, id})
		}
	}
	slices.SortFunc(open, func(x, y one) int { return cmp.Or(x.due.Compare(y.due), cmp.Compare(x.id, y.id)) })
	ids := make([]string, len(open))
	for i := range open {
		ids[i] = open[i].id
	}
	s.Revision = &Revision{Policy: e.Version, Since: s.At, Lengthen: e.Lengthen, Promises: ids, Classes: slices.Clone(ids)}
}

// behind reports whether a contact that is being opened is one of a policy set that
// decides no more: by the class of its message, or as the rules are yet to follow.
func (t *turn) behind(classed string) bool {
	return t.Policy != "" && (t.env.Rules.Version() != t.Policy || classed != "" && classed != t.Policy)
}

// reviseLater has what the active set makes of a contact found.
func (s *State) reviseLater(id string) {
	if s.Revision == nil {
		s.Revision = &Revision{Policy: s.Policy, Since: s.At}
	}
	r := s.Revision
	r.Promises, r.Classes = append(r.Promises, id), append(r.Classes, id)
}

// revising reports whether promises are left to be decided anew.
func (s *State) revising() bool { return s.Revision != nil && len(s.Revision.Promises) > 0 }

// revise decides the next promises anew, as many as a commit holds.
func (t *turn) revise() {
	if !t.revising() || t.env.Rules.Version() != t.Policy {
		return // or as soon as the rules are the ones that the log names
	}
	for done := 0; done < reviseAtMost && t.revising(); done += reviseTogether {
		t.reviseNext()
	}
}

func (t *turn) reviseNext() {
	next := t.Revision.Promises[:min(reviseTogether, len(t.Revision.Promises))]
	e := ContactsRevised{Policy: t.Policy, Part: RevisePromises, Done: len(next), Contacts: []Revised{}}
	for _, id := range next {
		c := t.Contacts[id]
		if c == nil || !c.Revisable() {
			continue
		}
		if one := RevisionOf(t.env.Rules, c, nil, t.Revision.Lengthen); one.Changes(c) {
			e.Contacts = append(e.Contacts, one)
		}
	}
	t.emit(e)
}

// Revisable reports whether a contact's promise is the policy's: what an agent has
// promised, what failed to arrive and what is being sent have their own.
func (c *Contact) Revisable() bool {
	return c.Open() && c.State != Sending && c.Undelivered == nil && c.Promise != PromisePledge && c.Promise != PromiseFailed
}

// RevisionOf gives what the rules make of an open contact that is taken for class,
// or for what it was where class is nil. A miss stays a miss, and what a customer
// was told does not become longer unless that was confirmed. What waits from several
// channels stays due by the earliest of their promises.
func RevisionOf(rules Rules, c *Contact, class *Reclassified, lengthen bool) Revised {
	facts := factsOf(c)
	if class != nil {
		if class.Known != nil {
			facts.Value = class.Known.Points()
		}
		facts.Class, facts.Kind, facts.Queue, facts.Language, facts.Tier = class.Class, class.Kind, class.Queue, class.Language, class.Tier
	}
	r := Revised{Contact: c.ID, Class: class, Traits: rules.Traits(c.Promise, facts), Entry: rules.Entry(c.Promise, facts)}
	r.Due, r.AtRiskAt = rules.Promise(c.Promise, facts, c.Start)
	longer := r.Due.After(c.Due)
	if c.Breached || longer && (len(c.Also) > 0 || !lengthen && !c.Told.IsZero()) {
		r.Due, r.AtRiskAt = c.Due, c.AtRiskAt
		was := c.Traits
		r.Traits.Target, r.Traits.RelaxAfter, r.Traits.Hold, r.Traits.Early = was.Target, was.RelaxAfter, was.Hold, was.Early
		r.Entry = c.Entry
	}
	if c.Widened > 0 {
		_, r.Traits.RelaxAfter = match.Widen(match.Demand{}, r.Traits.RelaxAfter, c.Widened)
		if class != nil {
			class.Demand, _ = match.Widen(class.Demand, 0, c.Widened)
		}
	}
	like := *c
	like.Due, like.AtRiskAt = r.Due, r.AtRiskAt
	like.take(class)
	r.StepAt = plannedAt(rules, &like)
	return r
}

// Changes reports whether anything is other than it was.
func (r *Revised) Changes(c *Contact) bool {
	return r.Class != nil || !r.Due.Equal(c.Due) || !r.AtRiskAt.Equal(c.AtRiskAt) || r.Traits != c.Traits || r.Entry != c.Entry || !r.StepAt.Equal(c.StepAt)
}

// Revise makes the contact what another policy set makes of it at that time. Who
// has it keeps it; what was at risk may not be any more.
func (c *Contact) Revise(r *Revised, policy string, at time.Time) {
	same := r.Due.Equal(c.Due) && r.Traits.Target == c.Traits.Target
	if !c.RecallAt.IsZero() {
		c.RecallAt = c.RecallAt.Add(r.Due.Sub(c.Due))
	}
	c.Due, c.AtRiskAt, c.Traits = r.Due, r.AtRiskAt, r.Traits
	if !c.Breached && at.Before(c.AtRiskAt) {
		c.Risky, c.Foreseen = false, false
	}
	c.StepAt = r.StepAt
	if r.Entry != c.Entry || !same {
		c.Entry, c.EntryOf = r.Entry, policy
	}
	c.take(r.Class)
}

// take makes the contact what a rule takes it for.
func (c *Contact) take(k *Reclassified) {
	if k == nil {
		return
	}
	c.Class, c.Kind, c.Rule, c.Queue, c.Language, c.Tier = k.Class, k.Kind, k.Rule, k.Queue, k.Language, k.Tier
	c.Demand, c.Preferred = k.Demand, k.Preferred
	if k.Known != nil {
		c.Known = k.Known
	}
	if k.Propose != "" {
		c.Proposed = k.Propose
	}
}

// reclassify decides what becomes of contacts whose class was found again.
func (t *turn) reclassify(cmd *Reclassify) error {
	r := t.Revision
	if r == nil || r.Policy != cmd.Policy || t.env.Rules.Version() != cmd.Policy || cmd.Done > len(r.Classes) || cmd.Done < 1 || cmd.Done > ReclassifyAtMost || r.Classes[0] != cmd.First {
		return refuse(RefusedStale, "the policy has changed, or these contacts are done")
	}
	e := ContactsRevised{Policy: cmd.Policy, Part: ReviseClasses, Done: cmd.Done, Contacts: []Revised{}}
	var cleared []string
	for _, id := range r.Classes[:cmd.Done] {
		found, ok := cmd.Contacts[id]
		c := t.Contacts[id]
		if !ok || c == nil || !c.Revisable() || c.Proposed != "" && (c.Rule == ruleDuel || c.State != Waiting) {
			continue
		}
		if c.Proposed != "" && found.Propose == "" {
			cleared = append(cleared, id)
		}
		if found.Settle(c); !found.Changes(c) {
			continue
		}
		e.Contacts = append(e.Contacts, RevisionOf(t.env.Rules, c, &found, r.Lengthen))
	}
	t.emit(e)
	for _, id := range cleared { // no rule takes it for spam or a machine's any more
		t.clear(t.Contacts[id], Moved{Queue: queueOr(cmd.Contacts[id].Queue, t.env.Rules.Timing().Queue), By: ActorRouter, Reason: reasonPolicy}, t.Contacts[id].Start)
	}
	return nil
}

// reasonPolicy is why a contact leaves review as another policy set decides.
const reasonPolicy = "policy_changed"

// Settle keeps what a rule does not decide: the channels, and the queue into which
// a person has put the contact.
func (k *Reclassified) Settle(c *Contact) {
	k.Demand.Channel, k.Demand.ReplyChannel = c.Demand.Channel, c.Demand.ReplyChannel
	switch {
	case c.Proposed == "": // only what comes is proposed
		k.Propose, k.ProposeRule = "", ""
	case k.Propose != "":
		k.Queue, k.Rule = c.Queue, k.ProposeRule
	}
	if c.Placed {
		k.Queue = c.Queue
	}
}

// Changes reports whether the contact was taken for something else.
func (k *Reclassified) Changes(c *Contact) bool {
	return k.Propose != "" && (k.Propose != c.Proposed || k.Rule != c.Rule) || k.Class != c.Class || k.Kind != c.Kind || k.Queue != c.Queue || k.Language != c.Language || k.Tier != c.Tier ||
		k.Demand.Key() != c.Demand.Key() || !slices.Equal(k.Preferred, c.Preferred) || k.Known != nil && !k.Known.SameWorth(c.Known)
}

func (s *State) applyContactsRevised(e *ContactsRevised) {
	for i := range e.Contacts {
		one := &e.Contacts[i]
		c := s.Contacts[one.Contact]
		if c == nil {
			continue
		}
		due := c.Due
		if c.State == Waiting && c.Proposed == "" {
			s.forgetKnown(c) // by whom it knew until now
		}
		c.Revise(one, e.Policy, s.At)
		s.shareContact(c)
		c.need = nil // it may be another promise's
		s.indexContact(c)
		if c.Due.Before(due) {
			s.timers.add(nextLook(c, s.At), timerForecast, c.ID)
		}
	}
	s.revisedSome(e)
}

// revisedSome takes what is done off what is left.
func (s *State) revisedSome(e *ContactsRevised) {
	r := s.Revision
	if r == nil || r.Policy != e.Policy {
		return
	}
	left := &r.Promises
	if e.Part == ReviseClasses {
		left = &r.Classes
	}
	done := (*left)[:min(e.Done, len(*left))]
	for _, id := range done {
		if c := s.Contacts[id]; c != nil && c.Open() && c.State == Sending {
			c.Unrevised = true
		}
	}
	*left = (*left)[len(done):]
	if len(r.Promises)+len(r.Classes) == 0 {
		s.Revision = nil
	}
}
