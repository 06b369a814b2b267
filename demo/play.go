package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/contact"
)

// play is one demonstration: everybody who takes part.
type play struct {
	opts    Options
	pace    pace
	post    *post
	quarter *quarter
	words   *vocabulary
	stage   *stage
	author  *author
	url     string
	// data is the daemon's data directory.
	data  string
	begun time.Time

	lead   *supervisor
	agents []*agent

	// ended counts contacts that have come to their end.
	ended atomic.Int64

	mu        sync.Mutex
	customers []player
}

// connected waits until the daemon has connected to the mailboxes: what is there
// before then opens no contact.
func (p *play) connected(ctx context.Context) error {
	api := newClient(p.url)
	defer api.close()
	var err error
	for until := time.Now().Add(connectTime); time.Now().Before(until); {
		var r readiness
		if err = api.once(ctx, http.MethodGet, "/readyz", nil, &r); err == nil {
			return nil
		}
		if !wait(ctx, 50*time.Millisecond) {
			return ctx.Err()
		}
	}
	return fmt.Errorf("the daemon is not ready after %d s: %w", int(connectTime.Seconds()), err)
}

// connectTime is how long connecting may take.
const connectTime = 30 * time.Second

// open has the supervisor set the desk up and hire the shift.
func (p *play) open(ctx context.Context, setup string) error {
	if err := p.connected(ctx); err != nil {
		return err
	}
	var err error
	if p.lead, err = newSupervisor(ctx, p.url, setup, secret(), p.stage, p.words, p.pace, p.opts.Seed); err != nil {
		return err
	}
	people := staff()
	for i := range people {
		people[i].Password = secret()
	}
	if err := p.lead.hire(ctx, people); err != nil {
		return err
	}
	for _, one := range people {
		p.agents = append(p.agents, newAgent(one, p.url, p.stage, p.words, p.pace, p.opts.Seed))
	}
	return nil
}

// begin lets the shift work in g, and returns once all can be given work.
func (p *play) begin(ctx context.Context, g *errgroup.Group) error {
	var here sync.WaitGroup
	for _, a := range p.agents {
		here.Add(1)
		g.Go(func() error {
			ready := sync.OnceFunc(here.Done)
			defer ready()
			return a.run(ctx, ready)
		})
	}
	g.Go(func() error { return p.lead.run(ctx) })
	g.Go(func() error { p.quarter.run(ctx); return nil })
	here.Wait()
	return ctx.Err()
}

// cast finds who plays a story.
func (p *play) cast(ctx context.Context, s story) (player, error) {
	if s.channel == contact.Email {
		return newCustomer(s, p.post, p.words, p.pace)
	}
	return newTalker(ctx, s, p.quarter, p.words, p.pace), nil
}

// admit lets a customer come; their story is played in g. over, if
// there is one, is told how many contacts fewer than at most it took.
func (p *play) admit(ctx context.Context, g *errgroup.Group, s story, over chan<- int) error {
	u, err := p.cast(ctx, s)
	if err != nil {
		return err
	}
	p.stage.enter(u.tale())
	if p.opts.Headless { // their mailboxes are looked into at the end
		p.mu.Lock()
		p.customers = append(p.customers, u)
		p.mu.Unlock()
	}
	g.Go(func() error {
		defer p.leave(u)
		if err := u.run(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("customer %s: %w", u.tale().name, err)
		}
		if over == nil {
			return nil
		}
		select {
		case over <- u.tale().kind.cost() - u.took():
		case <-ctx.Done():
		}
		return nil
	})
	return nil
}

// leave ends what a customer has open whose story is over, unless what lies with
// them is looked at in the end.
func (p *play) leave(u player) {
	if t, ok := u.(*talker); ok && !p.opts.Headless {
		t.place.leave()
	}
}

// gap draws the time to the next customer, who come by themselves (a Poisson
// process).
func gap(rng *rand.Rand, mean time.Duration) time.Duration {
	return min(time.Duration(rng.ExpFloat64()*float64(mean)), 4*mean)
}

// wave lets customers come with these stories, and returns once all are over.
// What a story needed less than it might have goes to a further customer.
func (p *play) wave(ctx context.Context, next []story) error {
	g, ctx := errgroup.WithContext(ctx)
	over := make(chan int, 2*len(next))
	rng := rand.New(rand.NewPCG(p.opts.Seed, 2)) //nolint:gosec // a demonstration, not a secret
	arrival := time.NewTimer(gap(rng, p.pace.arrival))
	defer arrival.Stop()
	for playing := 0; len(next)+playing > 0 && ctx.Err() == nil; {
		come := arrival.C
		if len(next) == 0 {
			come = nil
		}
		select {
		case <-ctx.Done():
		case left := <-over:
			playing--
			next = append(next, p.plain(left)...)
		case <-come:
			if err := p.admit(ctx, g, next[0], over); err != nil {
				return errors.Join(err, g.Wait())
			}
			next = next[1:]
			playing++
			arrival.Reset(gap(rng, p.pace.arrival))
		}
	}
	return g.Wait()
}

// plain writes n more stories of one contact each.
func (p *play) plain(n int) []story {
	out := make([]story, n)
	for i := range out {
		out[i] = p.author.write(lot{plain, contact.Email}, false)
	}
	return out
}
