package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"stagecoach/desk/view"
	"stagecoach/journal"
	"stagecoach/policies"
	"stagecoach/router"
)

// shadowShown is how many differences are listed.
const shadowShown = 100

// policyShadow tries a policy set beside the active one: it decides what every new
// contact is, where it stands, what it needs and when it is due, and counts where
// that is other. It acts on nothing. The log says which set is tried, so that it
// goes on after a restart, and counts on.
type policyShadow struct {
	*policyKeeper
	words  *words
	intake *router.Intake
	// names gives an agent's address, "" where it isn't known.
	names func(agent string) string

	mu  sync.Mutex
	set *policies.Set
	// seen is what came of it, nil while none is tried; kept is when that was last
	// stored, and changed whether there is more since.
	seen    *view.PolicyShadow
	kept    time.Time
	changed bool
	// rest is until when the router isn't asked who would be asked for a contact.
	rest time.Time
}

// How often what came of it is stored, and how much longer the router has rest from
// being asked for agents than it took.
const (
	shadowKept = 5 * time.Second
	shadowRest = 50
)

// shadowSetting is where what came of it is kept.
const shadowSetting = "policy-shadow"

// keepSeen stores what came of it, so that a restart counts on.
func (p *policyShadow) keepSeen(ctx context.Context, now time.Time) {
	p.mu.Lock()
	if p.seen == nil || !p.changed || now.Sub(p.kept) < shadowKept {
		p.mu.Unlock()
		return
	}
	p.kept, p.changed = now, false
	data, err := json.Marshal(p.seen)
	p.mu.Unlock()
	if err == nil {
		_, err = p.journal.Put(ctx, journal.KindSetting, shadowSetting, data)
	}
	if err != nil && ctx.Err() == nil {
		p.logger.WarnContext(ctx, "what came of the tried policy set was not stored", "err", err)
	}
}

// recallSeen gives what came of a set before a restart, nil for nothing.
func (p *policyShadow) recallSeen(ctx context.Context, version string) *view.PolicyShadow {
	data, err := p.journal.Get(ctx, string(journal.KindSetting)+"."+shadowSetting)
	if err != nil {
		return nil
	}
	var seen view.PolicyShadow
	if json.Unmarshal(data, &seen) != nil || seen.Version != version {
		return nil
	}
	return &seen
}

// Run looks at what is opened until ctx ends.
func (p *policyShadow) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		commits := p.engine.Watch(ctx)
		p.resume(ctx)
		for c := range commits {
			p.note(ctx, c)
			p.keepSeen(ctx, time.Now())
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	p.keepSeen(last, time.Now().Add(shadowKept))
	return nil
}

// resume takes up the set that the log says is tried.
func (p *policyShadow) resume(ctx context.Context) {
	var tried router.PolicyShadowed
	if err := p.engine.View(ctx, func(s *router.State) { tried = s.Policies.Shadow }); err == nil {
		p.begin(ctx, &tried, time.Now(), true)
	}
}

// begin tries a set, or none any more.
func (p *policyShadow) begin(ctx context.Context, e *router.PolicyShadowed, at time.Time, again bool) {
	p.mu.Lock()
	same := p.seen != nil && p.seen.Version == e.Version
	p.mu.Unlock()
	if same {
		return
	}
	var set *policies.Set
	var seen *view.PolicyShadow
	if e.Version != "" {
		var err error
		if set, err = p.recall(ctx, e.Set); err != nil {
			p.logger.ErrorContext(ctx, "the policy set can't be tried", "policy", e.Version, "err", err)
		} else {
			seen = &view.PolicyShadow{Version: e.Version, By: e.By, Since: at, Last: []view.PolicyDifference{}, Failures: []view.PolicyFailure{}}
			if before := p.recallSeen(ctx, e.Version); again && before != nil {
				seen = before
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set, p.seen = set, seen
}

// note looks at one commit.
func (p *policyShadow) note(ctx context.Context, c *router.Commit) {
	for _, e := range c.Entries {
		for _, ev := range e.Events {
			switch ev := ev.(type) { //nolint:gochecksumtype // only those that concern it
			case router.PolicyShadowed:
				p.begin(ctx, &ev, c.At, false)
			case router.PolicyActivated:
				p.resume(ctx) // it may decide now
			case router.ContactOpened:
				p.try(ctx, &ev.Contact, c.At)
			}
		}
	}
}

// try decides one contact by the set that is tried.
func (p *policyShadow) try(ctx context.Context, c *router.Contact, at time.Time) {
	p.mu.Lock()
	set := p.set
	p.mu.Unlock()
	if set == nil || len(c.Messages) == 0 || !c.Revisable() || c.Proposed != "" {
		return
	}
	in, err := p.words.Original(ctx, c.Messages[0].Ref)
	if err != nil {
		return
	}
	found, err := p.intake.Classify(ctx, set, c, c.Messages[0].Ref, in)
	if err != nil {
		return
	}
	found.Settle(c)
	r := router.RevisionOf(router.RulesOf(set), c, &found, true)
	what := otherClass(c, &found)
	if d := r.Due.Sub(c.Due); d > 0 {
		what = append(what, fmt.Sprintf("due %s later", d.Round(time.Second)))
	} else if d < 0 {
		what = append(what, fmt.Sprintf("due %s earlier", -d.Round(time.Second)))
	}
	was, is, asked := p.winners(ctx, c, set, &r)
	if asked && was != is {
		what = append(what, fmt.Sprintf("%s instead of %s would be asked first", p.nameOf(is), p.nameOf(was)))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.set != set {
		return
	}
	s := p.seen
	p.changed = true
	s.Compared += one(asked)
	s.Winners += one(asked && was != is)
	s.Contacts++
	s.Other += one(len(what) > 0)
	s.Classes += one(found.Class != c.Class || found.Kind != c.Kind)
	s.Queues += one(found.Queue != c.Queue)
	s.Demands += one(found.Demand.Key() != c.Demand.Key())
	s.Earlier += one(r.Due.Before(c.Due))
	s.Later += one(r.Due.After(c.Due))
	if len(what) > 0 {
		s.Last = append([]view.PolicyDifference{{Contact: c.ID, Conversation: c.Conversation, At: at, What: what}}, s.Last[:min(len(s.Last), shadowShown-1)]...)
	}
}

// winners asks the rule of either set whom it would ask first for a contact, unless
// the router is to have rest from it.
func (p *policyShadow) winners(ctx context.Context, c *router.Contact, set *policies.Set, r *router.Revised) (was, is string, asked bool) {
	if time.Now().Before(p.rest) {
		return "", "", false
	}
	active := p.active.Load()
	err := p.engine.View(ctx, func(s *router.State) {
		live := s.Contacts[c.ID]
		if live == nil || !live.Open() || s.Policy != active.Version {
			return
		}
		looked := time.Now()
		as := router.Revised{Due: c.Due, AtRiskAt: c.AtRiskAt, Traits: c.Traits, Entry: c.Entry, StepAt: c.StepAt}
		was = s.Suppose(c.Supposed(&as, c.EntryOf, s.At), router.RulesOf(active), s.At)
		is = s.Suppose(c.Supposed(r, set.Version, s.At), router.RulesOf(set), s.At)
		asked = true
		p.rest = time.Now().Add(shadowRest * time.Since(looked))
	})
	return was, is, asked && err == nil
}

func (p *policyShadow) nameOf(agent string) string {
	if agent == "" {
		return "nobody"
	}
	if name := p.names(agent); name != "" {
		return name
	}
	return agent
}

// report gives what came of it so far, nil while none is tried.
func (p *policyShadow) report() *view.PolicyShadow {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil {
		return nil
	}
	out := *p.seen
	out.Last, out.Failures = slices.Clone(out.Last), failuresOf(p.set)
	return &out
}
