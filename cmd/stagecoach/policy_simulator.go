package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"stagecoach/desk"
	"stagecoach/desk/view"
	"stagecoach/journal"
	"stagecoach/policies"
	"stagecoach/policies/replay"
	"stagecoach/router"
)

// policySimulator simulates policy sets on the traffic of the log. It reads the log's
// stream, never the router's state, so that the router does not notice.
type policySimulator struct {
	journal *journal.Journal
	// look shows the router's state for a moment: for which sets were active.
	look func(ctx context.Context, f func(*router.State)) error
	// fallback gives the set that decides where the log doesn't keep it.
	fallback func() *policies.Set
	// words and intake read again what customers wrote.
	words  *words
	intake *router.Intake
	// gentle is true where others work beside it: it takes a third of a core.
	gentle bool

	running sync.Mutex
	mu      sync.Mutex
	state   view.Simulating
}

var _ desk.Simulator = (*policySimulator)(nil)

const (
	// simulatedDays is how much of the log is simulated where nothing is said.
	simulatedDays = "7d"
	// simulatedSeeds is how many times.
	simulatedSeeds = 5
	// simulatedMost bounds the work: contacts times seeds.
	simulatedMost = 2_000_000
	// simulatedRead is of how many contacts the words are read again.
	simulatedRead = 20_000
)

// Simulating implements desk.Simulator.
func (p *policySimulator) Simulating() view.Simulating {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

func (p *policySimulator) note(now view.Simulating) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = now
}

// Simulate implements desk.Simulator.
func (p *policySimulator) Simulate(ctx context.Context, order desk.SimulationOrder, names func(string) string) (*replay.Report, error) {
	if !p.running.TryLock() {
		return nil, &router.Refusal{Code: router.RefusedBusy, Message: "another simulation is running: try again when it has ended"}
	}
	defer p.running.Unlock()
	defer p.note(view.Simulating{})
	run := &simulating{policySimulator: p, ctx: ctx, last: time.Now()}
	r, err := run.simulate(order, names)
	if errors.Is(err, replay.ErrTooMany) {
		return nil, invalidOrder("%s", err)
	}
	return r, err
}

func invalidOrder(format string, args ...any) error {
	return &router.Refusal{Code: router.RefusedInvalid, Message: fmt.Sprintf(format, args...)}
}

// simulating is one simulation.
type simulating struct {
	*policySimulator
	ctx context.Context //nolint:containedctx // it lives as long as one request
	// last is when it last rested.
	mu   sync.Mutex
	last time.Time
}

// step notes how far it is, and rests twice as long as it has worked where others work
// beside it.
func (s *simulating) step(what string, done, total int) {
	s.note(view.Simulating{Running: true, What: what, Done: done, Total: total})
	if !s.gentle {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	worked := time.Since(s.last)
	if worked < 5*time.Millisecond {
		return
	}
	t := time.NewTimer(2 * min(worked, time.Second))
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ctx.Done():
	}
	s.last = time.Now()
}

func (s *simulating) simulate(order desk.SimulationOrder, names func(string) string) (*replay.Report, error) {
	sim := &replay.Simulation{Seeds: order.Seeds, First: 1, Best: order.BestSkill, Workers: runtime.GOMAXPROCS(0), Names: names, Note: s.step}
	if s.gentle {
		sim.Workers = 1
	}
	if sim.Seeds == 0 {
		sim.Seeds = simulatedSeeds
	}
	if order.FirstSeed != nil {
		sim.First = *order.FirstSeed
	}
	for _, text := range order.Agents {
		c, err := replay.ParseChange(text)
		if err != nil {
			return nil, invalidOrder("%s", err)
		}
		sim.Staffing = append(sim.Staffing, c)
	}
	active, candidate, err := s.sets(order.PolicySource)
	if err != nil {
		return nil, err
	}
	sim.Active = &replay.Set{Set: active}
	if sim.History, err = s.history(order); err != nil {
		return nil, err
	}
	if n := len(sim.History.Turns); n*sim.Seeds > simulatedMost {
		return nil, invalidOrder("%d contacts with %d seeds are more than can be simulated: take %d seeds, or a shorter time", n, sim.Seeds, max(1, simulatedMost/n))
	}
	if candidate != nil {
		read := func(done, total int) { s.step("Classing", done, total) }
		if sim.Candidate, sim.Classified, err = replay.Classes(s.ctx, sim.History, active, candidate, s.class(candidate), simulatedRead, read); err != nil {
			return nil, err
		}
	}
	r, err := sim.Run(s.ctx)
	if unknown, ok := errors.AsType[*replay.StaffingError](err); ok {
		return nil, invalidOrder("%s", unknown)
	}
	return r, err
}

// class classes contacts by what was written.
func (s *simulating) class(set *policies.Set) replay.Words {
	return func(ctx context.Context, t *replay.Turn) (router.Reclassified, bool) {
		in, err := s.words.Original(ctx, t.Messages[0].Ref)
		if err != nil {
			return router.Reclassified{}, false
		}
		found, err := s.intake.Classify(ctx, set, &router.Contact{Customer: t.Facts.Customer, Known: t.Facts.Known, Asked: t.Facts.Asked}, t.Messages[0].Ref, in)
		return found, err == nil
	}
}

// sets gives the active set, and the one that is meant; nil for none.
func (s *simulating) sets(src desk.PolicySource) (active, candidate *policies.Set, err error) {
	var act router.Activation
	var drafts []router.Draft
	var history []router.Activation
	if err := s.look(s.ctx, func(st *router.State) {
		act, _ = st.Activation()
		drafts = append(drafts, st.Policies.Drafts...)
		history = append(history, st.Policies.History...)
	}); err != nil {
		return nil, nil, fmt.Errorf("looking for the active policy set: %w", err)
	}
	active = s.fallback()
	if act.Set != "" && act.Version != active.Version {
		if active, err = recallSet(s.ctx, s.journal, act.Set); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case len(src.Files) > 0:
		if candidate, err = setOf("", src.Files); err != nil {
			return nil, nil, invalidOrder("%s", badEdit(err))
		}
	case src.Draft != "":
		for _, d := range drafts {
			if d.Draft == src.Draft {
				candidate, err = recallSet(s.ctx, s.journal, d.Set)
			}
		}
		if candidate == nil && err == nil {
			err = &router.Refusal{Code: router.RefusedNotFound, Message: "there is no such draft, or it was settled already"}
		}
	case src.Version != "":
		for _, a := range history {
			if strings.HasPrefix(a.Version, src.Version) && a.Set != "" {
				candidate, err = recallSet(s.ctx, s.journal, a.Set)
			}
		}
		if candidate == nil && err == nil {
			err = &router.Refusal{Code: router.RefusedNotFound, Message: "no policy set " + src.Version + " was active here: see the history"}
		}
	}
	return active, candidate, err
}

// history reads the part of the log that is meant.
func (s *simulating) history(order desk.SimulationOrder) (*replay.History, error) {
	log := s.journal.Log()
	last, err := log.Last(s.ctx)
	if err != nil {
		return nil, err
	}
	if last == 0 {
		return nil, invalidOrder("the log is empty: there is nothing to simulate yet")
	}
	var end time.Time
	var unread error
	const tail = 100 // the last of which one that can't be read is passed over
	if err := log.Store().Read(s.ctx, last-min(last, tail), last, func(_ uint64, data []byte) error {
		c, err := replay.Decode(data)
		if err != nil {
			unread = err
			return nil //nolint:nilerr // told where there is no other
		}
		end = c.At
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading the end of the log: %w", err)
	}
	if end.IsZero() {
		return nil, fmt.Errorf("reading the end of the log: %w", unread)
	}
	b, err := boundsOf(order.Since, order.Until, end)
	if err != nil {
		return nil, err
	}
	r := replay.NewReader(b)
	errOver := errors.New("over")
	_, err = log.Replay(s.ctx, 0, func(seq uint64, data []byte) error {
		if seq%64 == 0 {
			s.step("Reading the log", int(seq), int(last)) //nolint:gosec // counts of commits
		}
		if err := r.Read(data); err != nil {
			return err
		}
		if r.Ended() {
			return errOver
		}
		return nil
	})
	if err != nil && !errors.Is(err, errOver) {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	return r.History(), nil
}

// boundsOf says what part of the log is meant by words.
func boundsOf(since, until string, end time.Time) (replay.Bounds, error) {
	b := replay.Bounds{Until: end, End: end}
	if until != "" {
		at, err := timeOf("--until", until, end)
		if err != nil {
			return b, err
		}
		if at.Before(end) {
			b.Until = at
		}
	}
	if since == "" {
		since = simulatedDays
	}
	at, err := timeOf("--since", since, b.Until)
	if err != nil {
		return b, err
	}
	if !at.Before(b.Until) {
		return b, invalidOrder("--since %s is not before %s, where it ends", since, b.Until.Format(time.RFC3339))
	}
	b.From = at.UTC()
	return b, nil
}

// timeOf reads a time: a date, a time, or how long before the end.
func timeOf(flag, text string, end time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 10_000 {
			return end.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return end.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, invalidOrder("%s %q is no time: write 7d, 36h, 2026-11-23, 2026-11-23 09:00, or 2026-11-23T09:00:00Z", flag, text)
}
