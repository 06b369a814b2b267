package remote

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"stagecoach/channels"
)

// ProcessConfig says where the daemon is.
type ProcessConfig struct {
	// URL is that of the daemon's nats.listen: "tls://router.example.org:4222".
	URL string
	// Office is the business unit, "main" if left out.
	Office string
	// Secret is that of the account there.
	Secret channels.Secret
	// CAFile holds authorities to trust besides the system's.
	CAFile string
	// Program tells people what this is.
	Program string
	// Retry is how the adapter's link to its provider is made again.
	Retry channels.RunnerConfig
}

// Validate names everything that is wrong.
func (c ProcessConfig) Validate() error {
	var errs []error
	if err := checkURL(c.URL); err != nil {
		errs = append(errs, err)
	}
	if c.Office != "" && !officeForm.MatchString(c.Office) {
		errs = append(errs, fmt.Errorf("%q is no name for an office", c.Office))
	}
	if c.Secret == "" {
		errs = append(errs, errors.New("there is no secret to log in with"))
	}
	return errors.Join(errs...)
}

// Process serves one adapter of ours to a daemon elsewhere. Run may be called
// once.
type Process struct {
	cfg     ProcessConfig
	adapter channels.Adapter
	log     *slog.Logger
	id      string
	name    string
	prefix  string

	conn *nats.Conn
	// trouble says why there is no connection.
	trouble *teller
	// wake has hello said at once.
	wake chan struct{}

	mu sync.Mutex
	// run is the daemon's Receive that takes items, "" while none does; every
	// change of it closes changed.
	run       string
	changed   chan struct{}
	link      Link
	troubled  map[string]string
	notice    *Notice
	partBytes int
	every     time.Duration
	greeted   time.Time
	refused   string
}

// NewProcess makes the process's side of an account. It does no I/O.
func NewProcess(cfg ProcessConfig, adapter channels.Adapter, log *slog.Logger) (*Process, error) {
	name := Name(adapter.Channel, adapter.Account)
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring the adapter process of %s: %w", name, err)
	}
	if cfg.Office == "" {
		cfg.Office = "main"
	}
	return &Process{
		cfg: cfg, adapter: adapter, log: log.With("component", "process", "channel", string(adapter.Channel), "account", adapter.Account),
		id: randomID(), name: name, prefix: prefixOf(cfg.Office, adapter.Channel, adapter.Account),
		wake: make(chan struct{}, 1), changed: make(chan struct{}), troubled: map[string]string{},
		partBytes: partBytes, every: time.Second,
	}, nil
}

// ending is how long replies that are being handed over may take when the process
// ends, so that they aren't in doubt for nothing.
const ending = 700 * time.Millisecond

// Run serves until ctx ends. A lost or refused connection is made again for ever.
func (p *Process) Run(ctx context.Context) error {
	if err := p.connect(ctx); err != nil {
		return fmt.Errorf("serving %s: %w", p.name, err)
	}
	defer p.conn.Close()
	work := &worker{process: p, slots: make(chan struct{}, ordersAtOnce)}
	lasting, end := lingering(ctx, ending)
	defer end()
	sub, err := p.conn.Subscribe(p.prefix+verbOrder+p.id, func(m *nats.Msg) { work.take(lasting, m) })
	if err != nil {
		return fmt.Errorf("serving %s: %w", p.name, err)
	}
	var beside sync.WaitGroup
	beside.Go(func() { p.greet(ctx) })
	beside.Go(func() { p.receive(ctx) })
	<-ctx.Done()
	beside.Wait()
	_ = sub.Unsubscribe() // the connection is closed next
	work.flights.Wait()
	p.farewell(lasting)
	return nil
}

// lingering gives a context that ends a while after ctx does.
func lingering(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(while, cancel) })
	return out, func() {
		stop()
		cancel()
	}
}

// current gives the daemon's Receive, and what is closed when that changes.
func (p *Process) current() (run string, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run, p.changed
}

func (p *Process) setRun(run string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run != run {
		p.run = run
		close(p.changed)
		p.changed = make(chan struct{})
	}
}

// hurry has hello said at once.
func (p *Process) hurry() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// receive runs the adapter's receiver while the daemon takes items; another
// Receive there is another one here, which asks for its bookmarks anew.
func (p *Process) receive(ctx context.Context) {
	if p.adapter.Receiver == nil {
		return
	}
	watched := p.adapter
	watched.Receiver = &spy{p}
	for ctx.Err() == nil {
		run, changed := p.current()
		if run != "" {
			bound, cancel := context.WithCancel(ctx)
			var beside sync.WaitGroup
			beside.Go(func() {
				select {
				case <-changed:
				case <-bound.Done():
				}
				cancel()
			})
			if err := channels.NewRunner(watched, &source{p}, p.cfg.Retry, p.log).Run(bound); err != nil {
				p.log.WarnContext(ctx, "receiving has stopped", "err", err)
			}
			cancel()
			beside.Wait()
			continue
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// spy is the adapter's receiver, with an eye on how it ends.
type spy struct{ p *Process }

// Receive implements channels.Receiver.
func (s *spy) Receive(ctx context.Context, src channels.Source) error {
	err := s.p.adapter.Receiver.Receive(ctx, src)
	if ctx.Err() == nil {
		if err == nil {
			err = errors.New("the provider ended the link")
		}
		s.p.lost(err)
	}
	return err
}

// lost tells the daemon that the link to the provider is down.
func (p *Process) lost(err error) {
	p.mu.Lock()
	p.link.Lost++
	p.link.Why = failureOf(err, "receive")
	p.mu.Unlock()
	p.hurry()
}

// worker works on the daemon's orders.
type worker struct {
	process *Process
	slots   chan struct{}
	flights sync.WaitGroup
}

// ordersAtOnce is more than a daemon gives at a time.
const ordersAtOnce = 32
