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
	p := persona{Name: "You", Email: "you@lindenhof.example", Role: "supervisor", Languages: languages(), Password: secret()}
	for _, name := range []string{"billing", "technical"} {
		p.Skills = append(p.Skills, skill{name, 5})
	}
	return p
}

// public plays for somebody who looks on and may take part, until ctx ends.
func (p *play) public(ctx context.Context) error {
	you := guest()
	if err := p.lead.hire(ctx, []persona{you}); err != nil {
		return stopped(ctx, err)
	}
	fmt.Fprintf(p.opts.Err, "\n  The desk is at  %s\n  log in as       %s\n  with password   %s\n\n"+
		"  %d customers are writing; more come every few seconds. Ctrl-C ends it.\n\n", p.url, you.Email, you.Password, p.opts.Contacts)
	err := p.withShift(ctx, func(ctx context.Context) error {
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return p.wave(ctx, p.author.plan(p.opts.Contacts)) })
		g.Go(func() error { return p.stream(ctx, g) })
		return g.Wait()
	})
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
