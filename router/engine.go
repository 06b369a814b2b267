package router

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
)

// Log is the one stream that holds every commit. Append writes only when the
// last message of the stream is prev; else it gives an error that is ErrDeposed.
// An append that an earlier try has made is a success.
type Log interface {
	Append(ctx context.Context, id string, prev uint64, commit []byte) (seq uint64, err error)
	// Replay gives every commit after the sequence, up to the last one there is
	// when it is called, whose sequence it returns.
	Replay(ctx context.Context, after uint64, fn func(seq uint64, commit []byte) error) (last uint64, err error)
}

// Snapshots keeps what a second fold has saved.
type Snapshots interface {
	LatestSnapshot(ctx context.Context) (n, seq uint64, data []byte, ok bool, err error)
	// SaveSnapshot reads data to its end; an error of data is its error.
	SaveSnapshot(ctx context.Context, n, seq uint64, data io.Reader) error
}

// Outbox takes references to replies that are to be sent. Doubled ones are
// harmless.
type Outbox interface {
	Enqueue(ctx context.Context, r Reply) error
}

// The errors of the engine.
var (
	// ErrDeposed means that another router has written to the log.
	ErrDeposed = errors.New("another router has taken over the log")
	// ErrNotActive means that this router is not, or no longer, the active one:
	// send the same command id again.
	ErrNotActive = errors.New("the router is not active: try again with the same command id")
)

// Config is what an engine needs to know.
type Config struct {
	Office string
	// Life is the random id of this run of the process.
	Life string
	// Rules gives the active policy; it is asked once a command.
	Rules func() Rules
	// Resume is called with the state that was made of the log, before anything is
	// decided on it: Rules must be those of its policy set from then on. It may be nil.
	Resume func(ctx context.Context, s *State)
	// Now is the wall clock.
	Now func() time.Time
	// Agent gives the id of an agent whom a policy names by their e-mail address; it
	// may be nil.
	Agent func(address string) (id string, known bool)
	// Heartbeat is how long an agent counts as there after the last sign; 0 for
	// as long as the policy says.
	Heartbeat time.Duration
}

// Engine is the loop around the core: the only I/O of this package. It gathers
// the commands that arrive while the previous append is in flight, decides them
// in order and appends them as one commit; nothing leaves it before that commit
// is durable.
type Engine struct {
	cfg       Config
	log       Log
	snapshots Snapshots
	outbox    Outbox
	logger    *slog.Logger

	requests chan *request
	hub      *hub
	presence *presence
	metrics  Metrics
	// terms counts how often the loop began anew.
	terms int
	// ended is closed when Run returns: nobody answers any more.
	ended chan struct{}
}

// NewEngine gives an engine that is started by Run.
func NewEngine(cfg Config, log Log, snapshots Snapshots, outbox Outbox, logger *slog.Logger) *Engine {
	return &Engine{
		cfg: cfg, log: log, snapshots: snapshots, outbox: outbox,
		logger:   logger.With("component", "router"),
		requests: make(chan *request, 4096),
		hub:      newHub(),
		presence: newPresence(),
		ended:    make(chan struct{}),
	}
}

// request is one thing that the loop is asked: a command, or a look at the
// state.
type request struct {
	env  Envelope
	view func(*State)
	done chan Answer
	// after must not be lost for this one to be decided; lost belongs to the loop.
	after *request
	lost  bool
}

// lose answers a request whose outcome nobody will know.
func (r *request) lose() {
	r.lost = true
	r.done <- Answer{Err: ErrNotActive}
}

// Answer is what the router says to a command. An error that is a *Refusal is a
// refusal; with any other the outcome is not known.
type Answer struct {
	Result Result
	Err    error
}

// Do decides a command and returns when its commit is durable. A refusal is a
// *Refusal; any other error means that the outcome is not known: send the same
// command id again.
func (e *Engine) Do(ctx context.Context, env Envelope) (Result, error) {
	a := e.ask(ctx, &request{env: env, done: make(chan Answer, 1)})
	return a.Result, a.Err
}

// DoAll decides commands in their order, each by itself, and returns when the
// commits of all are durable. They share commits: it costs little more than one.
// When the outcome of one is not known, that of those behind it isn't either, and
// if the log lost it, none behind it is decided.
func (e *Engine) DoAll(ctx context.Context, envs []Envelope) []Answer {
	answers := make([]Answer, len(envs))
	requests := make([]*request, 0, len(envs))
	var last *request
	var failed error
	for n, env := range envs {
		r := &request{env: env, done: make(chan Answer, 1), after: last}
		if failed == nil {
			failed = e.post(ctx, r)
		}
		if failed != nil {
			answers[n].Err = failed
			continue
		}
		requests, last = append(requests, r), r
	}
	for n, r := range requests {
		answers[n] = e.wait(ctx, r)
		if _, refused := errors.AsType[*Refusal](answers[n].Err); answers[n].Err != nil && !refused {
			for behind := range answers[n:] {
				answers[n+behind].Err = answers[n].Err
			}
			break
		}
	}
	return answers
}

// View calls look with the state on the router's goroutine: it must be quick,
// and copy what it needs. View returns when what it saw is durable.
func (e *Engine) View(ctx context.Context, look func(*State)) error {
	return e.ask(ctx, &request{view: look, done: make(chan Answer, 1)}).Err
}

func (e *Engine) ask(ctx context.Context, r *request) Answer {
	if err := e.post(ctx, r); err != nil {
		return Answer{Err: err}
	}
	return e.wait(ctx, r)
}

// post puts a request before the router.
func (e *Engine) post(ctx context.Context, r *request) error {
	select {
	case e.requests <- r:
		return nil
	case <-e.ended:
		return ErrNotActive
	case <-ctx.Done():
		return fmt.Errorf("asking the router: %w", context.Cause(ctx))
	}
}

// wait gives the answer to a request once there is one.
func (e *Engine) wait(ctx context.Context, r *request) Answer {
	select {
	case a := <-r.done:
		return a
	case <-e.ended:
		return Answer{Err: ErrNotActive}
	case <-ctx.Done():
		return Answer{Err: fmt.Errorf("waiting for the router: %w", context.Cause(ctx))}
	}
}

// Watch gives every durable commit from now on. The channel is closed when the
// reader is too slow, or ctx ends: then look anew and watch again.
func (e *Engine) Watch(ctx context.Context) <-chan *Commit { return e.hub.watch(ctx) }

// Ended is closed when Run has returned: nobody answers any more.
func (e *Engine) Ended() <-chan struct{} { return e.ended }

// heartbeat gives how long an agent counts as there after the last sign.
func (e *Engine) heartbeat() time.Duration {
	return cmp.Or(e.cfg.Heartbeat, e.cfg.Rules().Timing().Heartbeat, 45*time.Second)
}

// Heartbeat notes that an agent is there, and gives for how long that counts.
func (e *Engine) Heartbeat(agent string) time.Duration {
	e.presence.beat(agent, e.cfg.Now())
	return e.heartbeat()
}

// DraftSaved notes that a holder is at work on a contact.
func (e *Engine) DraftSaved(contactID string) { e.presence.draft(contactID, e.cfg.Now()) }

// Metrics gives the engine's counters.
func (e *Engine) Metrics() *Metrics { return &e.metrics }

// Run takes the log over and decides until ctx ends (nil) or another router has
// taken over (ErrDeposed). A failed append throws the state away and rebuilds.
// It is called once.
func (e *Engine) Run(ctx context.Context) error {
	defer close(e.ended)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.publish(ctx) })
	g.Go(func() error { return e.lead(ctx) })
	return g.Wait()
}

// firstWait is the first pause before the router starts anew from the log.
const firstWait = 20 * time.Millisecond

func (e *Engine) lead(ctx context.Context) error {
	defer e.failAll()
	wait := firstWait
	for {
		commits := e.metrics.Landed.Load()
		err := e.term(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrDeposed):
			return err
		}
		e.logger.ErrorContext(ctx, "the router starts anew from the log", "err", err)
		if e.metrics.Landed.Load() > commits+1 { // more than its takeover
			wait = firstWait
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = min(2*wait, 5*time.Second)
	}
}

// failAll answers what is still queued once the loop has ended.
func (e *Engine) failAll() {
	for {
		select {
		case r := <-e.requests:
			r.lose()
		default:
			return
		}
	}
}

// rebuild makes the state of the newest snapshot and the log after it.
func (e *Engine) rebuild(ctx context.Context) (*State, uint64, error) {
	state, seq, err := LoadSnapshot(ctx, e.cfg.Office, e.snapshots, e.logger)
	if err != nil {
		return nil, 0, err
	}
	last, err := e.log.Replay(ctx, seq, func(_ uint64, data []byte) error {
		Fold(state, data, e.logger)
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("replaying the log: %w", err)
	}
	return state, max(last, seq), nil
}

// Fold applies one commit of the log to the state. One that can't be read or
// does not follow is skipped and alarmed.
func Fold(state *State, data []byte, logger *slog.Logger) *Commit {
	c, err := DecodeCommit(data)
	if err == nil {
		err = state.ApplyCommit(c)
	}
	if err != nil {
		logger.Error("a commit of the log is skipped: run `stagecoach verify`", "err", err)
		return nil
	}
	return c
}

// LoadSnapshot gives the newest snapshot that can be read, or the empty state.
func LoadSnapshot(ctx context.Context, office string, snaps Snapshots, logger *slog.Logger) (*State, uint64, error) {
	if snaps == nil {
		return NewState(office), 0, nil
	}
	n, seq, data, ok, err := snaps.LatestSnapshot(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("reading the newest snapshot: %w", err)
	}
	if !ok {
		return NewState(office), 0, nil
	}
	state, err := RestoreState(data)
	if err != nil || state.N != n {
		logger.WarnContext(ctx, "a snapshot can't be used: replaying the whole log", "err", err)
		return NewState(office), 0, nil
	}
	return state, seq, nil
}
