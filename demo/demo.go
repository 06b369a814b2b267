package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Daemon is the running daemon that is shown.
type Daemon struct {
	// URL is where its desk and API are, Setup the token of the set-up link.
	URL, Setup string
	// Stop ends it and waits until it has; it gives why it ended.
	Stop func() error
	// Ended is closed when it has ended, by Stop or by itself.
	Ended <-chan struct{}
}

// Options is what to show, and where to.
type Options struct {
	// Headless runs Contacts contacts to their end; else it goes on until ctx
	// ends.
	Headless bool
	// Contacts is how many; 0 means 150, or 25 to begin with where somebody
	// looks on.
	Contacts int
	// Seed decides who does what.
	Seed uint64
	// JSON makes the report one JSON value.
	JSON bool
	// Listen is where the desk is served, "" for 127.0.0.1:8080, or any free
	// port when headless.
	Listen string
	// Out takes the report, Err words for people.
	Out, Err io.Writer
	// Bar shows how far it has come; nil for nobody who looks.
	Bar Bar
	// Start starts the daemon on a configuration file; it must be ready to
	// serve when Start returns.
	Start func(ctx context.Context, config string) (*Daemon, error)
}

func (o Options) withDefaults() Options {
	if o.Contacts == 0 {
		o.Contacts = 25
		if o.Headless {
			o.Contacts = 150
		}
	}
	if o.Bar == nil {
		o.Bar = unseen{}
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:8080"
		if o.Headless {
			o.Listen = "127.0.0.1:0"
		}
	}
	return o
}

// Bar shows on a terminal how far something is.
type Bar interface {
	// Show draws it; a total of 0 shows the words alone.
	Show(words string, done, total int)
	// End takes it away.
	End()
}

// unseen is a Bar that nobody sees.
type unseen struct{}

// Show implements Bar.
func (unseen) Show(string, int, int) {}

// End implements Bar.
func (unseen) End() {}

// MaxContacts bounds a demonstration: customers' mailboxes are in memory.
const MaxContacts = 20_000

// ErrFailed is returned when the demonstration came to its end and not
// everything is as it should be; the report says what.
var ErrFailed = errors.New("the demonstration did not come out even")

// ErrInterrupted is returned when the one who started it wanted no more before
// the end: nothing is known then but what the words say.
var ErrInterrupted = errors.New("interrupted")

// Run gives the demonstration. It fails unless everything that came was dealt
// with.
func Run(ctx context.Context, opts Options) (err error) {
	opts = opts.withDefaults()
	if opts.Contacts < 1 || opts.Contacts > MaxContacts {
		return fmt.Errorf("a demonstration has 1 to %d contacts, not %d", MaxContacts, opts.Contacts)
	}
	dir, err := os.MkdirTemp("", "stagecoach-demo-")
	if err != nil {
		return fmt.Errorf("making a directory for the demonstration: %w", err)
	}
	defer func() { err = leave(dir, err, opts.Err) }()
	p, err := newPost()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.server.Close()) }()
	q, err := newQuarter(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	pc := live()
	if opts.Headless {
		pc = fast()
	}
	config, err := furnish(dir, opts.Listen, pc, p, q.Town)
	if err != nil {
		return err
	}
	// The daemon outlives ctx until the last word is printed.
	d, err := opts.Start(context.WithoutCancel(ctx), config)
	if err != nil {
		return fmt.Errorf("starting the daemon: %w", err)
	}
	defer func() { err = errors.Join(err, d.Stop()) }()
	ctx, stop := watched(ctx, d)
	defer stop()
	q.Connect(d.URL)
	return show(ctx, opts, pc, p, q, d, filepath.Join(dir, "data"))
}

// leave removes the demonstration's directory, or keeps it for whoever wants to
// know why it did not come out even.
func leave(dir string, err error, w io.Writer) error {
	if errors.Is(err, ErrFailed) {
		fmt.Fprintf(w, "The data directory is kept: stagecoach ledger list --data %s\n", filepath.Join(dir, "data"))
		return err
	}
	return errors.Join(err, os.RemoveAll(dir))
}

// errEnded is why everything stops when the daemon does.
var errEnded = errors.New("the daemon has ended by itself")

// watched ends ctx when the daemon ends.
func watched(ctx context.Context, d *Daemon) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-d.Ended:
			cancel(errEnded)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-done
	}
}

func show(ctx context.Context, opts Options, pc pace, p *post, q *quarter, d *Daemon, data string) error {
	words, err := loadWords()
	if err != nil {
		return err
	}
	pl := &play{
		opts: opts, pace: pc, post: p, quarter: q, words: words, url: d.URL, data: data, stage: newStage(),
		author: newAuthor(words, opts.Seed), begun: time.Now(),
	}
	if err := pl.open(ctx, d.Setup); err != nil {
		if err = stopped(ctx, err); errors.Is(err, ErrInterrupted) {
			return fmt.Errorf("%w while mailboxes and agents were being set up", err)
		}
		return err
	}
	defer pl.lead.api.close()
	defer pl.goHome()
	if opts.Headless {
		return pl.headless(ctx)
	}
	return pl.public(ctx)
}

// stopped says why, where ctx knows better than err.
func stopped(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	if ctx.Err() != nil {
		return ErrInterrupted
	}
	return err
}

// secret makes a password.
func secret() string { return rand.Text()[:14] }
