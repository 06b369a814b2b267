package main

import (
	"context"
	"time"

	"stagecoach/router"
)

// policyReviser finds the classes of open contacts again after another policy set
// was activated, from what the customers wrote: in the background, a few at a time.
// The log says which are left, so a restart goes on where it ended.
type policyReviser struct {
	*policyKeeper
	words  *words
	intake *router.Intake
}

// reviseRest is how long it rests between two lots, so that it stays behind what
// arrives meanwhile.
const reviseRest = 2 * time.Millisecond

// Run finds classes again until ctx ends.
func (r *policyReviser) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		commits := r.engine.Watch(ctx)
		for more := true; more && ctx.Err() == nil; {
			more = r.next(ctx)
			rest(ctx, reviseRest)
		}
		for waits := true; waits; {
			c, ok := <-commits
			waits = ok && !begins(c)
		}
	}
	return nil
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// begins reports whether a commit makes something be found anew, or has come so far
// that it can be.
func begins(c *router.Commit) bool {
	for _, e := range c.Entries {
		for _, ev := range e.Events {
			switch ev := ev.(type) { //nolint:gochecksumtype // only those that concern it
			case router.PolicyActivated, router.ContactsRevised, router.Takeover, router.ReplyFailed:
				return true
			case router.ContactOpened:
				if ev.Behind {
					return true
				}
			}
		}
	}
	return false
}

// unclassified is a contact of which the class is to be found again.
type unclassified struct {
	contact string
	ref     string
	of      router.Contact
}

// next finds the next classes, and reports whether there may be more.
func (r *policyReviser) next(ctx context.Context) (more bool) {
	cmd := router.Reclassify{Contacts: map[string]router.Reclassified{}}
	var todo []unclassified
	if err := r.engine.View(ctx, func(s *router.State) {
		rev := s.Revision
		if rev == nil || len(rev.Promises) > 0 || len(rev.Classes) == 0 {
			return
		}
		cmd.Policy, cmd.First, cmd.Done = rev.Policy, rev.Classes[0], min(router.ReclassifyAtMost, len(rev.Classes))
		for _, id := range rev.Classes[:cmd.Done] {
			if c := s.Contacts[id]; c != nil && c.Open() && len(c.Messages) > 0 && c.Promise != router.PromisePledge {
				todo = append(todo, unclassified{contact: id, ref: c.Messages[0].Ref, of: router.Contact{Customer: c.Customer, Known: c.Known, Asked: c.Asked}})
			}
		}
	}); err != nil || cmd.Done == 0 {
		return false
	}
	set := r.active.Load()
	if set.Version != cmd.Policy {
		return true // in a moment it is
	}
	for _, one := range todo {
		in, err := r.words.Original(ctx, one.ref)
		if err != nil {
			continue // erased, or it can't be read: it stays what it is
		}
		if found, err := r.intake.Classify(ctx, set, &one.of, one.ref, in); err == nil {
			cmd.Contacts[one.contact] = found
		}
	}
	if _, err := r.engine.Do(ctx, router.Envelope{Actor: router.ActorRouter, Command: cmd}); err != nil && ctx.Err() == nil {
		r.logger.DebugContext(ctx, "classes were not found again: it is tried again", "err", err)
		rest(ctx, time.Second)
	}
	return true
}
