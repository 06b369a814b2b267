package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/contact"
	"stagecoach/demo/town"
)

// stalled is after how long without any change nobody waits any more.
const stalled = 30 * time.Second

// errStalled is returned when nothing has moved for too long.
var errStalled = fmt.Errorf("nothing has moved for %d s", int(stalled.Seconds()))

// headless plays the wanted number of contacts to their end and compares the
// ledger with what lies with the customers.
func (p *play) headless(ctx context.Context) error {
	played := p.withShift(ctx, func(ctx context.Context) error {
		next := p.author.plan(p.opts.Contacts)
		for len(next) > 0 {
			contacts, err := p.perform(ctx, next)
			if err != nil {
				return err
			}
			next = p.plain(max(p.opts.Contacts-contacts, 0))
		}
		return nil
	})
	p.opts.Bar.End()
	if played != nil && !errors.Is(played, errStalled) {
		if err := stopped(ctx, played); !errors.Is(err, ErrInterrupted) {
			return err
		}
		return fmt.Errorf("%w when %d of %d contacts had come to their end: the ledger was not compared with what customers have",
			ErrInterrupted, p.ended.Load(), p.opts.Contacts)
	}
	return p.conclude(ctx, played)
}

// withShift does something while the agents and their supervisor work.
func (p *play) withShift(ctx context.Context, do func(ctx context.Context) error) error {
	ctx, home := context.WithCancel(ctx)
	defer home()
	g, ctx := errgroup.WithContext(ctx)
	if err := p.begin(ctx, g); err != nil {
		home()
		return errors.Join(g.Wait(), err)
	}
	done := do(ctx)
	home()
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return done
}

// perform plays stories until all is settled, and gives the number of contacts
// that there are then.
func (p *play) perform(ctx context.Context, stories []story) (contacts int, err error) {
	g, ctx := errgroup.WithContext(ctx)
	over := make(chan struct{})
	g.Go(func() error {
		defer close(over)
		return p.wave(ctx, stories)
	})
	g.Go(func() error {
		contacts, err = p.watch(ctx, over)
		return err
	})
	return contacts, g.Wait()
}

// watch follows the ledger until the stories are over and everything that they
// led to is settled there, or nothing moves any more.
func (p *play) watch(ctx context.Context, over <-chan struct{}) (contacts int, err error) {
	last, moved := summary{}, time.Now()
	for wait(ctx, 250*time.Millisecond) {
		s, err := p.lead.summary(ctx)
		if err != nil {
			return 0, err
		}
		p.ended.Store(int64(s.ended()))
		p.opts.Bar.Show("contacts", min(s.ended(), p.opts.Contacts), p.opts.Contacts)
		if s.Seen != last.Seen || s.ended() != last.ended() || s.Contacts != last.Contacts {
			last, moved = s, time.Now()
		}
		select {
		case <-over:
			if done, err := p.done(ctx, &s); done || err != nil {
				return s.Contacts, err
			}
		default:
		}
		if time.Since(moved) > stalled {
			return s.Contacts, errStalled
		}
	}
	return 0, ctx.Err()
}

// done reports whether all is settled, copies of our own left out.
func (p *play) done(ctx context.Context, s *summary) (bool, error) {
	if !p.settled(s) {
		return false, nil
	}
	a, err := p.lead.audit(ctx)
	if err != nil {
		return false, err
	}
	a.Summary.Evidence -= a.ownCopies()
	return p.settled(&a.Summary), nil
}

// settled reports whether everything that customers sent has become what it
// should, and nothing is open.
func (p *play) settled(s *summary) bool {
	var sent posted
	for _, one := range p.sent() {
		sent.messages += one.messages
		sent.evidence += one.evidence
	}
	return s.Open == 0 && s.Messages+s.Quarantined >= sent.messages && s.Evidence >= sent.evidence
}

// sent gives what customers have sent, by channel.
func (p *play) sent() map[contact.Channel]posted {
	out := map[contact.Channel]posted{contact.Email: p.post.sent()}
	for _, channel := range town.Channels() {
		out[channel] = p.quarter.sent(channel)
	}
	return out
}

// goHome ends what customers have open.
func (p *play) goHome() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.customers {
		if u, ok := one.(*talker); ok {
			u.place.leave()
		}
	}
}

// conclude writes the report. It fails unless everything is as it should be.
func (p *play) conclude(ctx context.Context, played error) error {
	a, err := p.lead.audit(ctx)
	if err != nil {
		return stopped(ctx, fmt.Errorf("asking for the audit: %w", err))
	}
	r := newReport(&a.Summary, p.stage.counts(), p.opts.Seed, time.Since(p.begun))
	if played != nil {
		r.problem("%s", played)
		p.stillOpen(ctx, r)
	}
	for _, g := range a.Gaps {
		r.problem("%s %s: %s", g.What, g.Where, g.Detail)
	}
	got, err := p.lookIn()
	if err != nil {
		return err
	}
	r.Problems = append(append(r.Problems, got.Problems...), p.stage.noted()...)
	r.Customers.Wrote = got.Customers
	r.count(p.sent(), got.Answers, a.ownCopies())
	r.check(p.opts.Contacts)
	if err := r.Write(p.opts.Out, p.opts.JSON); err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		return fmt.Errorf("%w: %s", ErrFailed, r.Problems[0])
	}
	return nil
}

func (p *play) stillOpen(ctx context.Context, r *Report) {
	open, err := p.lead.open(ctx)
	if err != nil {
		return // the first problem is told already
	}
	for _, line := range open {
		r.problem("still open: %s", line)
	}
	for _, u := range p.customers {
		if st := u.tale(); u.waits() {
			r.problem("%s (%s by %s) waits for an answer", st.name, st.kind, st.channel)
		}
	}
}

func (r *Report) problem(format string, args ...any) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// count puts what was counted at the customers' in place of what the ledger says
// of the channels. The ledger adds up only if both say the same; of the mails that
// it has seen, ours are copies of our own.
func (r *Report) count(sent map[contact.Channel]posted, answers map[contact.Channel]int, ours int) {
	ledger := r.Channels
	r.OwnCopies = ours
	r.Channels, r.Customers.Answers = map[string]ChannelReport{}, 0
	for _, channel := range slices.Sorted(maps.Keys(sent)) {
		s := sent[channel]
		have, said := ledger[string(channel)], ChannelReport{Seen: s.messages + s.evidence, Replied: answers[channel]}
		r.Channels[string(channel)] = said
		r.Customers.Answers += said.Replied
		if channel == contact.Email {
			have.Seen -= ours
		}
		if have.Seen != said.Seen {
			r.AddsUp = false
			r.problem("customers sent %d messages and changes by %s, the ledger has seen %d", said.Seen, channel, have.Seen)
		}
		if have.Replied != said.Replied {
			r.AddsUp = false
			r.problem("the ledger has %d contacts replied to by %s, and %d replies lie with customers", have.Replied, channel, said.Replied)
		}
		r.sent += s.messages
	}
}

// check compares the ledger with what was asked for, what customers sent, and
// what lies with them.
func (r *Report) check(contacts int) {
	if !r.AddsUp {
		r.problem("the ledger does not add up")
	}
	if r.Open > 0 {
		r.problem("%d contacts are open", r.Open)
	}
	if r.Contacts < contacts {
		r.problem("there are %d contacts instead of %d", r.Contacts, contacts)
	}
	if n := r.Messages + r.Quarantined; n != r.sent {
		r.problem("customers sent %d messages, the ledger has %d", r.sent, n)
	}
	if r.Replied != r.Customers.Answers {
		r.problem("the ledger has %d contacts replied to, and %d replies lie with customers", r.Replied, r.Customers.Answers)
	}
}
