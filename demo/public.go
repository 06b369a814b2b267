package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"
)

// guest is the account for whoever looks on.
func guest() persona {
	p := persona{Name: "Guest", Email: "you@lindenhof.example", Role: "supervisor", Languages: languages(), Password: secret()}
	for _, name := range skills() {
		p.Skills = append(p.Skills, skill{name, 5})
	}
	return p
}

// welcome is what the one who looks on reads first.
const welcome = `
  The desk is at  %s
  log in as       %s
  with password   %s

  %d agents and %d customers are at work, by e-mail, Slack, web chat, Mastodon, Bluesky and an app's webhook,
  at providers made for the occasion; more write every few seconds.
  To try:
    - be a customer: the shop's page with its chat is at %s/chat/demo. Write there, and an agent answers, or
      you at the desk: open both side by side.
    - "I am available": an offer comes within half a minute. a accepts it, r writes, Ctrl+Enter sends;
      the customer may write back. Press ? for all keys.
    - Overview: who is on, what waits and until when. Assign a contact, pull one back.
    - Customers (in the menu "…"): look for Rosa Winter, who is on the shop's list. She asks in the chat, on Mastodon
      and by mail, half a minute from now: one person, with the proof, one open contact and one answer.
    - Review: what looks like spam ends only by a person's word.
    - Ledger: what became of everything; "why" tells how each contact was routed.
    - in a second terminal:  stagecoach ledger audit --data %s
  Ctrl-C ends it.

`

// public plays for somebody who looks on and may take part, until ctx ends.
func (p *play) public(ctx context.Context) error {
	you := guest()
	if err := p.lead.hire(ctx, []persona{you}); err != nil {
		return stopped(ctx, err)
	}
	fmt.Fprintf(p.opts.Err, welcome, p.url, you.Email, you.Password, len(p.agents), p.opts.Contacts, p.url, p.data)
	err := p.withShift(ctx, func(ctx context.Context) error {
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return p.wave(ctx, p.author.plan(p.opts.Contacts)) })
		g.Go(func() error { return p.stream(ctx, g) })
		g.Go(func() error { return p.wander(ctx) })
		g.Go(func() error { return p.tell(ctx) })
		return g.Wait()
	})
	p.opts.Bar.End()
	if ctx.Err() == nil || errors.Is(context.Cause(ctx), errEnded) {
		return stopped(ctx, err)
	}
	// The one who looked on has seen enough: the ledger is the last word.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	a, err := p.lead.audit(last)
	if err != nil {
		return fmt.Errorf("asking for the audit: %w", err)
	}
	r := newReport(&a.Summary, p.stage.counts(), p.opts.Seed, time.Since(p.begun))
	for _, g := range a.Gaps {
		r.problem("%s %s: %s", g.What, g.Where, g.Detail)
	}
	if err := r.Write(p.opts.Out, p.opts.JSON); err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		return fmt.Errorf("%w: %s", ErrFailed, r.Problems[0])
	}
	return nil
}

// stream lets a customer come now and then.
func (p *play) stream(ctx context.Context, g *errgroup.Group) error {
	rng := rand.New(rand.NewPCG(p.opts.Seed, 3)) //nolint:gosec // a demonstration, not a secret
	for wait(ctx, gap(rng, p.pace.gentle)) {
		if err := p.admit(ctx, g, p.author.write(p.author.draw(), true), nil); err != nil {
			return err
		}
	}
	return nil
}

// tell says once a second how things stand, for whoever looks at the terminal.
func (p *play) tell(ctx context.Context) error {
	for wait(ctx, time.Second) {
		s, err := p.lead.summary(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the play is over, that is all
			}
			return err
		}
		p.opts.Bar.Show(standing(&s), 0, 0)
	}
	return nil
}

// standing is the ledger in a line.
func standing(s *summary) string {
	words := fmt.Sprintf("  %d contacts: %d replied (%d in time), %d open, %d ended with a reason",
		s.Contacts, s.Replied, s.WithinPromise, s.Open, total(s.Disposed))
	if !s.AddsUp {
		words += "; the ledger does NOT add up"
	}
	return words
}
