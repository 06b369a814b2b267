package remote

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"stagecoach/channels"
	"stagecoach/contact"
)

// AccountConfig is an account whose adapter runs as a process of its own.
type AccountConfig struct {
	Channel contact.Channel
	// Account names it in Stagecoach: letters, digits, "-", "_".
	Account string
	// Secret is what the process logs in with.
	Secret channels.Secret
	// Address is the account's own on its channel; Aliases are its others. The
	// process may tell its address instead.
	Address string
	Aliases []string
	// Limits is what a reply can carry for as long as the process hasn't told.
	Limits contact.Limits
	// Parser reads the originals of adapters of ours, by their format; nil if
	// there are none.
	Parser func(format string) channels.Parser
}

// Validate names everything that is wrong.
func (c AccountConfig) Validate() error {
	var errs []error
	if !accountForm.MatchString(c.Account) {
		errs = append(errs, fmt.Errorf("the account's name %q must be of letters, digits, - and _", c.Account))
	}
	if c.Channel == "" || c.Channel.ByHand() || c.Channel == contact.WebChat {
		errs = append(errs, fmt.Errorf("the channel %q has no adapter that could run elsewhere", c.Channel))
	}
	if len(c.Secret) < MinSecret {
		errs = append(errs, fmt.Errorf("the secret has less than %d characters", MinSecret))
	}
	return errors.Join(errs...)
}

// MinSecret is the shortest secret of a login: it must not be guessed.
const MinSecret = 16

// Account is the daemon's side of one such account: an adapter whose parts speak
// to the process. Its methods may be called from several goroutines.
type Account struct {
	cfg AccountConfig
	log *slog.Logger

	mu sync.Mutex
	// gate is nil while the account isn't served.
	gate   *Gate
	prefix string
	// process is who is the adapter now, nil if nobody is.
	process *attached
	// hello is what a process said last, which outlives it: limits and address.
	hello *Hello
	// run is the Receive that takes items, nil if none does.
	run *run
	// loss is why the link is down, with the number of losses so far; told is the
	// last that a Receive has returned.
	loss   error
	losses int
	told   int
	// noProcess is since when no process is there.
	noProcess time.Time
	changed   chan struct{}
	uploads   map[string]*upload
	orders    map[string]*order
}

// attached is a process that has said hello.
type attached struct {
	hello Hello
	seen  time.Time
}

var (
	_ channels.Receiver      = (*Account)(nil)
	_ channels.Sender        = (*Account)(nil)
	_ channels.PartialSender = (*Account)(nil)
	_ channels.Parser        = (*Account)(nil)
	_ channels.Composer      = (*Account)(nil)
	_ channels.Resolver      = (*Account)(nil)
	_ channels.Checker       = (*Account)(nil)
	_ channels.Limited       = (*Account)(nil)
	_ channels.Pacer         = (*Account)(nil)
	_ channels.Preparer      = (*Account)(nil)
)

// NewAccount makes the daemon's side of an account. It does no I/O.
func NewAccount(cfg AccountConfig, log *slog.Logger) (*Account, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring the adapter of %s: %w", Name(cfg.Channel, cfg.Account), err)
	}
	return &Account{
		cfg: cfg, log: log.With("component", "remote", "channel", string(cfg.Channel), "account", cfg.Account),
		changed: make(chan struct{}), uploads: map[string]*upload{}, orders: map[string]*order{},
	}, nil
}

// Name is the account's name, which is also its login: "slack/team".
func (a *Account) Name() string { return Name(a.cfg.Channel, a.cfg.Account) }

// Channel gives the adapter as the daemon holds it.
func (a *Account) Channel() channels.Adapter {
	out := channels.Adapter{
		Channel: a.cfg.Channel, Account: a.cfg.Account, Address: a.cfg.Address, Aliases: a.cfg.Aliases,
		Receiver: a, Sender: a, Parser: a, Composer: a, Resolver: a, Checker: a, Limits: a.Limits(),
	}
	if a.cfg.Channel == contact.Email {
		out.Sender = mailAccount{a}
	}
	return out
}

// Limits implements channels.Limited: what the process has told last, else what
// is configured.
func (a *Account) Limits() contact.Limits {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.hello != nil && a.hello.Limits != nil {
		return *a.hello.Limits
	}
	return a.cfg.Limits
}

// Address is the account's own address: as configured, else as the process has told
// it, "" while nobody has.
func (a *Account) Address() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cfg.Address != "" || a.hello == nil {
		return strings.TrimPrefix(a.cfg.Address, "@")
	}
	return channels.Bounded(strings.TrimPrefix(a.hello.Address, "@"), maxName)
}

func (a *Account) failure(op string, reason channels.Reason, words string) *channels.Error {
	return &channels.Error{Channel: a.cfg.Channel, Account: a.cfg.Account, Op: op, Reason: reason, Err: errors.New(words)}
}

// absent says that no process is there.
func (a *Account) absent() *channels.Error {
	return a.failure("connect", channels.Unavailable, "no adapter process of this account is connected; what to do: start 'stagecoach adapter "+
		a.Name()+" --nats URL', or one of your own, and see what it says")
}

// change wakes whoever waits for the account; mu must be held.
func (a *Account) change() {
	close(a.changed)
	a.changed = make(chan struct{})
}

// service is an account at an open gate.
type service struct {
	account *Account
	subs    []*nats.Subscription
	cancel  context.CancelFunc
	flights *sync.WaitGroup
}

// requestsAtOnce is how many requests of one process are worked on at a time.
const requestsAtOnce = 64

// serve answers the account's requests until the service ends.
func (a *Account) serve(ctx context.Context, g *Gate) (*service, error) {
	prefix := prefixOf(g.cfg.Office, a.cfg.Channel, a.cfg.Account)
	a.mu.Lock()
	a.gate, a.prefix, a.noProcess = g, prefix, time.Now()
	a.change()
	a.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	s := &service{account: a, cancel: cancel, flights: &sync.WaitGroup{}}
	slots := make(chan struct{}, requestsAtOnce)
	for verb, answer := range a.answers() {
		if err := s.on(g.conn, prefix+verb, func(m *nats.Msg) {
			slots <- struct{}{}
			s.flights.Go(func() {
				defer func() { <-slots }()
				a.answer(ctx, m, answer)
			})
		}); err != nil {
			s.end()
			return nil, err
		}
	}
	// Hello isn't held up by what else is being worked on.
	for subject, take := range map[string]func(m *nats.Msg){
		prefix + verbHello: func(m *nats.Msg) { a.answer(ctx, m, a.greet) }, prefix + verbAnswer + "*": a.heard,
	} {
		if err := s.on(g.conn, subject, take); err != nil {
			s.end()
			return nil, err
		}
	}
	return s, g.conn.Flush()
}

func (s *service) on(conn *nats.Conn, subject string, take func(m *nats.Msg)) error {
	sub, err := conn.Subscribe(subject, take)
	if err == nil {
		s.subs = append(s.subs, sub)
	}
	return err
}

// end answers nothing more, and waits for what is being answered.
func (s *service) end() {
	for _, sub := range s.subs {
		_ = sub.Unsubscribe() // the connection may be closed
	}
	s.cancel()
	s.flights.Wait()
	a := s.account
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gate, a.process = nil, nil
	clear(a.uploads)
	a.change()
}

// lookAfter finds that a process is gone.
func (a *Account) lookAfter(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gate == nil {
		return
	}
	silence := a.gate.cfg.Silence
	for name, u := range a.uploads {
		if now.Sub(u.at) > 10*silence {
			delete(a.uploads, name)
		}
	}
	if p := a.process; p != nil && now.Sub(p.seen) > silence {
		a.detach(now, a.failure("connect", channels.Unavailable, "the adapter process of this account has fallen silent; what to do: see why it stopped, and start it again"))
	}
	// A process that was there a moment ago is given time to come back.
	if a.process == nil && a.loss == nil && now.Sub(a.noProcess) > silence/2 {
		a.lost(a.absent())
	}
}

// detach takes the process for gone; with nil it may come back before anybody is
// told. mu must be held.
func (a *Account) detach(now time.Time, why error) {
	a.process, a.noProcess = nil, now
	clear(a.uploads)
	if why != nil {
		a.lost(why)
	}
	a.change()
}

// lost notes that the link is down; mu must be held.
func (a *Account) lost(why error) {
	a.loss = why
	a.losses++
	a.change()
}

// attachedTo gives the process that is there now, and the gate to reach it by.
func (a *Account) attachedTo() (*Gate, *Hello) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gate == nil || a.process == nil {
		return nil, nil
	}
	hello := a.process.hello
	return a.gate, &hello
}

// untilAttached waits for a process.
func (a *Account) untilAttached(ctx context.Context) (*Hello, error) {
	for {
		a.mu.Lock()
		changed := a.changed
		a.mu.Unlock()
		if g, hello := a.attachedTo(); g != nil {
			return hello, nil
		}
		select {
		case <-ctx.Done():
			return nil, a.absent()
		case <-changed:
		}
	}
}
