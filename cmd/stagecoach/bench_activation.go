package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router"
)

// activationRate is how many messages a second go on arriving while another policy
// set is activated.
const activationRate = 200

// activation measures how long another policy set takes until it decides, and until
// every promise is what it makes of it, while messages go on arriving, every commit
// synced.
func (b *bench) activation(ctx context.Context) (err error) {
	dir, err := b.filled(ctx, "activation", b.cmd.Waiting)
	if err != nil {
		return err
	}
	before, err := policies.Default()
	if err != nil {
		return err
	}
	after, err := shorterPromises(before)
	if err != nil {
		return err
	}
	b.bar.show("activation: starting", 0, 0)
	var active atomic.Pointer[policies.Set]
	active.Store(before)
	c, err := b.coreWith(ctx, dir, false, before, func() router.Rules { return router.RulesOf(active.Load()) })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.staff(ctx, 100); err != nil {
		return err
	}
	k := &policyKeeper{
		engine: c.engine, journal: c.journal, active: &active, logger: b.log,
		warn: func(context.Context, *policies.Set) {},
	}
	if err := k.activate(ctx, before, router.Activate{Reason: router.PolicyAtStart, Taken: before.Source}); err != nil {
		return err
	}
	if err := c.revisedAll(ctx, func(int) {}); err != nil {
		return err
	}
	return b.switched(ctx, c, k, after)
}

// shorterPromises is a set by which everything is due in half the time.
func shorterPromises(set *policies.Set) (*policies.Set, error) {
	files := maps.Clone(set.Files())
	was := files["sla.yaml"]
	files["sla.yaml"] = bytes.Replace(was, []byte("\n  first: 4h\n"), []byte("\n  first: 2h\n"), 1)
	if bytes.Equal(was, files["sla.yaml"]) {
		return nil, errors.New("the built-in promise is not 4 h any more")
	}
	return policies.LoadFiles("activation", files)
}

// switched activates a set under load and measures.
func (b *bench) switched(ctx context.Context, c *core, k *policyKeeper, set *policies.Set) error {
	loadCtx, end := context.WithCancel(ctx)
	defer end()
	loaded := make(chan error, 1)
	var quiet, busy []time.Duration
	var switching atomic.Bool
	go func() {
		loaded <- c.drip(loadCtx, activationRate, func(took time.Duration) {
			if switching.Load() {
				busy = append(busy, took)
			} else {
				quiet = append(quiet, took)
			}
		})
	}()
	b.bar.show("activation: messages as ever", 0, 0)
	if err := wait(ctx, time.Duration(b.cmd.Seconds*float64(time.Second))); err != nil {
		return err
	}
	switching.Store(true)
	begin := time.Now()
	if err := k.activate(ctx, set, router.Activate{Reason: router.PolicyDirectory, Taken: set.Source}); err != nil {
		return err
	}
	took := time.Since(begin)
	if err := c.revisedAll(ctx, func(left int) { b.bar.show("activation: promises anew", b.cmd.Waiting-left, b.cmd.Waiting) }); err != nil {
		return err
	}
	all := time.Since(begin)
	end()
	if err := <-loaded; err != nil {
		return err
	}
	if err := c.promised(ctx, set); err != nil {
		return err
	}
	if len(quiet) == 0 || len(busy) == 0 {
		return errors.New("nothing arrived meanwhile")
	}
	b.add(figure{Name: "activation", Value: millis(took), Unit: "ms"}, atMost(1000))
	b.add(figure{Name: "activation_promises", Value: all.Seconds(), Unit: "s"}, atMost(10))
	b.add(figure{Name: "activation_arrival_p95", Value: millis(p95(busy)), Unit: "ms", Limit: millis(p95(quiet))}, goal{})
	b.add(figure{Name: "activation_arrival_max", Value: millis(slices.Max(busy)), Unit: "ms", Limit: millis(slices.Max(quiet))}, atMost(1000))
	b.note("activation: %d waiting, 100 agents, %d messages a second arriving meanwhile; raw limit of arrivals: the same before it.", b.cmd.Waiting, activationRate)
	return nil
}

// staff puts agents to work who take nothing.
func (c *core) staff(ctx context.Context, agents int) error {
	for i := range agents {
		id := fmt.Sprintf("agent-%03d", i)
		for _, e := range []router.Envelope{
			{Actor: router.ActorRouter, Command: router.SetAgent{Agent: router.AgentProfile{ID: id, Role: contact.RoleAgent, Languages: []string{"de"}, Capacity: 100}}},
			{Actor: id, Command: router.SetPresence{Agent: id, Presence: contact.Available}},
		} {
			if _, err := c.engine.Do(ctx, e); err != nil {
				return fmt.Errorf("putting an agent to work: %w", err)
			}
		}
	}
	return nil
}

// drip has messages arrive at a rate until ctx ends, and tells how long each took
// to be durable.
func (c *core) drip(ctx context.Context, rate int, took func(time.Duration)) error {
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case at := <-tick.C:
			if _, err := c.engine.Do(ctx, router.Envelope{Actor: router.ActorIntake, Command: c.message(at.UTC())}); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return err
			}
			took(time.Since(at))
		}
	}
}

// revisedAll returns when no promise is left to be decided anew.
func (c *core) revisedAll(ctx context.Context, left func(int)) error {
	for {
		commits := c.engine.Watch(ctx)
		n := 0
		if err := c.engine.View(ctx, func(s *router.State) {
			if s.Revision != nil {
				n = len(s.Revision.Promises)
			}
		}); err != nil {
			return err
		}
		if left(n); n == 0 {
			return nil
		}
		for more := true; more; {
			commit, ok := <-commits
			more = ok && !begins(commit)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// promised fails unless every contact that waits has the promise that a set makes.
func (c *core) promised(ctx context.Context, set *policies.Set) error {
	wrong, example := 0, ""
	rules := router.RulesOf(set)
	if err := c.engine.View(ctx, func(s *router.State) {
		for id, one := range s.Contacts {
			if !one.Revisable() || one.Breached {
				continue
			}
			if r := router.RevisionOf(rules, one, nil, true); !r.Due.Equal(one.Due) {
				wrong, example = wrong+1, fmt.Sprintf("%s is due at %s, and should be at %s", id, one.Due, r.Due)
			}
		}
	}); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d contacts don't have the promise of the set that decides: %s", wrong, example)
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	rest(ctx, d)
	return ctx.Err()
}
