package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"stagecoach/desk/view"
	"stagecoach/policies"
	"stagecoach/router"
)

// shadowShown is how many differences are listed.
const shadowShown = 100

// policyShadow tries a policy set beside the active one: it decides what every new
// contact is, where it stands, what it needs and when it is due, and counts where
// that is other. It acts on nothing. The log says which set is tried, so that it
// goes on after a restart; what it counts begins anew then.
type policyShadow struct {
	*policyKeeper
	words  *words
	intake *router.Intake

	mu  sync.Mutex
	set *policies.Set
	// seen is what came of it, nil while none is tried.
	seen *view.PolicyShadow
}

// Run looks at what is opened until ctx ends.
func (p *policyShadow) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		commits := p.engine.Watch(ctx)
		p.resume(ctx)
		for c := range commits {
			p.note(ctx, c)
		}
	}
	return nil
}

// resume takes up the set that the log says is tried.
func (p *policyShadow) resume(ctx context.Context) {
	var tried router.PolicyShadowed
	if err := p.engine.View(ctx, func(s *router.State) { tried = s.Policies.Shadow }); err == nil {
		p.begin(ctx, &tried, time.Now())
	}
}

// begin tries a set, or none any more.
func (p *policyShadow) begin(ctx context.Context, e *router.PolicyShadowed, at time.Time) {
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
				p.begin(ctx, &ev, c.At)
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
	found, err := p.intake.Classify(set, c.Messages[0].Ref, in, c.Asked)
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
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.set != set {
		return
	}
	s := p.seen
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
