package channels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"stagecoach/contact"
)

// Witness is what a Source may also be: one that wants to know when the link to
// the provider stands. Adapters call Connected below rather than use it.
type Witness interface {
	// Connected tells that the provider has answered and the account works.
	Connected(source string)
}

// Listener is what a Source may also be: one that wants to know what an adapter
// has to say to people beside its errors.
type Listener interface {
	// Troubled tells that one source of several can't be read though the link
	// stands, nil that it can again.
	Troubled(source string, err error)
	// Told tells what people should know of a source, though nothing is to be
	// done: that a folder was renumbered, say.
	Told(source, words string)
}

// Troubled tells src, if it cares, that one source of several is in trouble, or
// with nil that it isn't any more.
func Troubled(src Source, source string, err error) {
	if l, ok := src.(Listener); ok {
		l.Troubled(source, err)
	}
}

// Told tells src, if it cares, what people should know of a source.
func Told(src Source, source, words string) {
	if l, ok := src.(Listener); ok {
		l.Told(source, words)
	}
}

// Connected tells src, if it cares, that the link to source stands. Adapters
// call it once per run, after login.
func Connected(src Source, source string) {
	if w, ok := src.(Witness); ok {
		w.Connected(source)
	}
}

// State is how one account is doing, for /readyz, the metrics and the desk.
type State struct {
	Channel contact.Channel `json:"channel"`
	Account string          `json:"account"`
	// Connected reports that the link stands; Since is when that changed last.
	Connected bool      `json:"connected"`
	Since     time.Time `json:"since"`
	// LastError says in words why the link was lost or couldn't be made, ""
	// while all is well. Reason is its kind.
	LastError string `json:"last_error"`
	Reason    Reason `json:"reason"`
	// Failures counts tries in a row that failed; NextTry is when the next
	// one comes, zero while connected.
	Failures int       `json:"failures"`
	NextTry  time.Time `json:"next_try"`
	// ReadAt is when the source that lags most was last known to be read to
	// its end, zero before the first word of the provider.
	ReadAt time.Time `json:"read_at"`
	// Troubled says in words which of several sources can't be read though the
	// link stands, "" if none.
	Troubled string `json:"troubled"`
	// Notice is the last thing that the adapter told people, NoticedAt when.
	Notice    string    `json:"notice"`
	NoticedAt time.Time `json:"noticed_at"`
}

// Lag is how long ago the source was last known to be read, 0 if never.
func (s State) Lag(now time.Time) time.Duration {
	if s.ReadAt.IsZero() || now.Before(s.ReadAt) {
		return 0
	}
	return now.Sub(s.ReadAt)
}

// RunnerConfig says how a Runner waits between tries. The zero value is good.
type RunnerConfig struct {
	// First is the wait after the first failure; it doubles up to Longest.
	// 1 s and 60 s if zero.
	First   time.Duration
	Longest time.Duration
}

// Runner keeps the Receiver of one account running: it calls Receive again with
// back-off whenever it returns, whatever the reason, and keeps the state. One
// account's trouble never reaches another's.
type Runner struct {
	adapter Adapter
	src     Source
	cfg     RunnerConfig
	log     *slog.Logger

	mu    sync.Mutex
	state State
	read  map[string]time.Time
	// troubled holds the sources that can't be read, with the reason.
	troubled map[string]string
	// streak counts losses in a row, links that stood only briefly included, so
	// that a flapping link is not retried every second for ever.
	streak int
}

// NewRunner makes a Runner for the receiver of adapter, which delivers to src.
func NewRunner(adapter Adapter, src Source, cfg RunnerConfig, log *slog.Logger) *Runner {
	if cfg.First <= 0 {
		cfg.First = time.Second
	}
	if cfg.Longest < cfg.First {
		cfg.Longest = max(time.Minute, cfg.First)
	}
	return &Runner{
		adapter: adapter,
		src:     src,
		cfg:     cfg,
		log:     log.With("component", "channel", "channel", string(adapter.Channel), "account", adapter.Account),
		state:   State{Channel: adapter.Channel, Account: adapter.Account},
		read:    map[string]time.Time{}, troubled: map[string]string{},
	}
}

// Run receives until ctx ends, and returns nil then.
func (r *Runner) Run(ctx context.Context) error {
	if r.adapter.Receiver == nil {
		<-ctx.Done()
		return nil
	}
	for {
		err := r.receive(ctx)
		if ctx.Err() != nil {
			r.lost(nil, 0)
			return nil //nolint:nilerr // the end of ctx is how receiving ends
		}
		if err == nil {
			err = errors.New("the provider ended the link")
		}
		wait := r.lost(err, r.pause())
		r.log.LogAttrs(ctx, slog.LevelWarn, "link lost",
			slog.String("reason", string(ReasonOf(err))), slog.Any("err", err), slog.Duration("retry_in", wait))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// State gives how the account is doing now.
func (r *Runner) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

func (r *Runner) receive(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			r.log.LogAttrs(ctx, slog.LevelError, "receiver panicked", slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("receiving: panic: %v", v)
		}
	}()
	return r.adapter.Receiver.Receive(ctx, &watchedSource{Source: r.src, runner: r})
}

// pause gives the wait after the failures so far, with a fifth of jitter so
// that many accounts of one provider don't come back at once.
func (r *Runner) pause() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait := r.cfg.First
	for range min(r.streak, 30) {
		wait = min(2*wait, r.cfg.Longest)
	}
	return wait + time.Duration(rand.Int64N(int64(wait)/5+1)) //nolint:gosec // jitter needs no secret
}

// lost notes that the link is down and why, and gives wait back, or the
// provider's own wish if that is longer.
func (r *Runner) lost(err error, wait time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.state.Connected && now.Sub(r.state.Since) >= r.cfg.Longest {
		r.streak = 0
	}
	if r.state.Connected || r.state.Since.IsZero() {
		r.state.Since = now
	}
	r.state.Connected = false
	if err == nil {
		return 0
	}
	r.streak++
	var typed *Error
	if errors.As(err, &typed) && typed.RetryAfter > wait {
		wait = typed.RetryAfter
	}
	r.state.LastError, r.state.Reason = err.Error(), ReasonOf(err)
	r.state.Failures++
	r.state.NextTry = now.Add(wait)
	return wait
}

func (r *Runner) connected() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.Connected {
		return
	}
	r.log.Info("link stands", "failures", r.state.Failures)
	r.state.Connected, r.state.Since = true, time.Now()
	r.state.LastError, r.state.Reason = "", ""
	r.state.Failures, r.state.NextTry = 0, time.Time{}
}

func (r *Runner) advanced(b Bookmark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b.OneTime() {
		return
	}
	r.read[b.Source] = b.At
	oldest := b.At
	for _, at := range r.read {
		if at.Before(oldest) {
			oldest = at
		}
	}
	r.state.ReadAt = oldest
}

func (r *Runner) hasTrouble(source string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.troubled, source)
	if err != nil {
		r.troubled[source] = err.Error()
	}
	var words []string
	for _, name := range slices.Sorted(maps.Keys(r.troubled)) {
		words = append(words, r.troubled[name])
	}
	r.state.Troubled = strings.Join(words, "; ")
}

func (r *Runner) told(words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Notice, r.state.NoticedAt = words, time.Now()
}

// watchedSource is the daemon's source, with an eye on what passes.
type watchedSource struct {
	Source
	runner *Runner
}

// Connected implements Witness, and tells the daemon's source too.
func (w *watchedSource) Connected(source string) {
	w.runner.connected()
	Connected(w.Source, source)
}

// Troubled implements Listener, and tells the daemon's source too.
func (w *watchedSource) Troubled(source string, err error) {
	w.runner.hasTrouble(source, err)
	Troubled(w.Source, source, err)
}

// Told implements Listener, and tells the daemon's source too.
func (w *watchedSource) Told(source, words string) {
	w.runner.told(words)
	Told(w.Source, source, words)
}

// DeliverAgain implements Recaller by asking the daemon's source.
func (w *watchedSource) DeliverAgain(ctx context.Context, in *Inbound) (before bool, err error) {
	return DeliverAgain(ctx, w.Source, in)
}

// Advance implements Source.
func (w *watchedSource) Advance(ctx context.Context, b Bookmark) error {
	if err := w.Source.Advance(ctx, b); err != nil {
		return err
	}
	w.runner.connected()
	w.runner.advanced(b)
	return nil
}
