package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
	"stagecoach/router/match/hall"
)

// What the office is like that decisions are measured in.
const (
	hallAgents = 10_000
	hallFew    = 10_000
	hallMany   = 1_000_000
	// hallRound is how many decisions are timed in a row, hallRounds how many such
	// rows, few and many waiting in turn.
	hallRound  = 20_000
	hallRounds = 5
)

// route measures decisions with a million waiting, beside the same with ten
// thousand; and how much of the way through the journal the matching is.
func (b *bench) route(ctx context.Context) error {
	b.bar.show("route: filling an office", 0, 0)
	few, many := hall.New(hallAgents, hallFew), hall.New(hallAgents, hallMany)
	var slow, fast []float64
	var ratios []float64
	var times []time.Duration
	allocations := uint64(0)
	for i := range hallRounds + 1 {
		b.bar.show("route: deciding", i, hallRounds+1)
		x, _, _, err := decideRound(ctx, few)
		if err != nil {
			return err
		}
		y, each, allocated, err := decideRound(ctx, many)
		if err != nil {
			return err
		}
		if i == 0 {
			continue // everybody is served for the first time
		}
		fast, slow, ratios = append(fast, x), append(slow, y), append(ratios, y/x)
		times, allocations = append(times, each...), allocations+allocated
	}
	slices.Sort(fast)
	slices.Sort(slow)
	slices.Sort(ratios)
	slices.Sort(times)
	b.add(figure{Name: "route_decisions", Value: 1 / slow[len(slow)/2], Unit: "1/s", Limit: 1 / fast[len(fast)/2]}, atLeast(50_000))
	b.add(figure{Name: "route_p99", Value: millis(times[len(times)*99/100]), Unit: "ms"}, atMost(1))
	b.add(figure{Name: "route_growth", Value: ratios[len(ratios)/2], Unit: "times"}, atMost(1.5))
	b.add(figure{Name: "route_allocations", Value: float64(allocations) / float64(len(times)), Unit: "1/decision"}, atMost(0.01))
	b.note("route: %d agents, 50 skills, %d waiting; raw limit and growth: the same with %d waiting, medians of %d runs in turn, one core.", hallAgents, hallMany, hallFew, hallRounds)
	return b.routeThroughJournal(ctx)
}

// decideRound gives the mean time of a decision in seconds, every time, and how
// often memory was allocated.
func decideRound(ctx context.Context, h *hall.Hall) (mean float64, each []time.Duration, allocated uint64, err error) {
	each = make([]time.Duration, 0, hallRound)
	took := time.Duration(0)
	const step = 1000
	served := 0
	var before, after runtime.MemStats
	for len(each) < hallRound {
		if ctx.Err() != nil {
			return 0, nil, 0, ctx.Err()
		}
		runtime.ReadMemStats(&before)
		for range step {
			at := time.Now()
			if h.Decide() {
				served++
			}
			d := time.Since(at)
			each, took = append(each, d), took+d
		}
		runtime.ReadMemStats(&after)
		allocated += after.Mallocs - before.Mallocs
		for range step {
			h.Arrive()
		}
	}
	// A few find nobody whom the agent who got free could serve.
	if served*100 < len(each)*99 {
		return 0, nil, 0, fmt.Errorf("only %d of %d decisions served somebody", served, len(each))
	}
	return took.Seconds() / float64(len(each)), each, allocated, nil
}

// timedRule measures the time that a rule takes, without what is done with its
// picks.
type timedRule struct {
	match.Rule
	spent, picks *atomic.Int64
}

// Match implements match.Rule.
func (r timedRule) Match(w *match.Waiting, p *match.Roster, now time.Time, offer func(*match.Pick) bool) time.Time {
	begin := time.Now()
	again := r.Rule.Match(w, p, now, func(p *match.Pick) bool {
		r.spent.Add(int64(time.Since(begin)))
		r.picks.Add(1)
		more := offer(p)
		begin = time.Now()
		return more
	})
	r.spent.Add(int64(time.Since(begin)))
	return again
}

// timedRules are rules whose matching is timed.
type timedRules struct {
	router.Rules
	spent, picks *atomic.Int64
}

// Matching implements router.Rules.
func (r timedRules) Matching() match.Rule { return timedRule{r.Rules.Matching(), r.spent, r.picks} }

// routeThroughJournal has contacts arrive and be offered by the engine, every
// commit synced.
func (b *bench) routeThroughJournal(ctx context.Context) (err error) {
	dir, err := b.folder("route")
	if err != nil {
		return err
	}
	set, err := policies.Default()
	if err != nil {
		return err
	}
	var spent, picks atomic.Int64
	rules := timedRules{router.RulesOf(set), &spent, &picks}
	c, err := b.coreWith(ctx, dir, false, set, func() router.Rules { return rules })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	const agents = 200
	for i := range agents {
		id := fmt.Sprintf("agent-%03d", i)
		for _, e := range []router.Envelope{
			{Actor: router.ActorRouter, Command: router.SetAgent{Agent: router.AgentProfile{ID: id, Role: contact.RoleAgent, Languages: []string{"de"}, Capacity: 1_000_000}}},
			{Actor: id, Command: router.SetPresence{Agent: id, Presence: contact.Available}},
		} {
			if _, err := c.engine.Do(ctx, e); err != nil {
				return fmt.Errorf("putting an agent to work: %w", err)
			}
		}
	}
	b.bar.show("route: through the journal", 0, 0)
	begin, cpu := time.Now(), ownCPU()
	spent.Store(0)
	picks.Store(0)
	seconds := time.Duration(b.cmd.Seconds * float64(time.Second))
	if err := c.pour(ctx, callers, 0, seconds, c.message); err != nil {
		return err
	}
	took, used, n := time.Since(begin), ownCPU()-cpu, picks.Load()
	if n == 0 {
		return errors.New("nothing was offered")
	}
	each := float64(spent.Load()) / float64(n) / 1e3
	b.add(figure{Name: "route_offered", Value: float64(n) / took.Seconds(), Unit: "contacts/s"}, goal{})
	b.add(figure{Name: "route_matching_share", Value: float64(spent.Load()) / float64(took), Unit: "of the time"}, atMost(0.5))
	b.note("route: a contact took %.0f us of the processor from command to offer, durable; %.1f us of that is matching, the rest deciding, encoding and the journal.", used.Seconds()*1e6/float64(n), each)
	return nil
}
