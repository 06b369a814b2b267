// Package channeltest is the suite that every adapter passes. A harness puts the
// adapter before its provider (a fake in the process, or the real one), and Run
// checks the promises of the contract in package channels.
package channeltest

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Harness is an adapter before a provider. What a channel can't do is nil, and
// its checks are left out.
type Harness struct {
	// New makes the adapter of the one account; each call is a new process.
	New func(t *testing.T, log *slog.Logger) channels.Adapter
	// NewBadSecret makes one whose secret is wrong.
	NewBadSecret func(t *testing.T, log *slog.Logger) channels.Adapter
	// Secrets must appear in no error and no line of the log.
	Secrets []string

	// Put makes a customer send a message with this text in it.
	Put func(t *testing.T, text string)
	// Pushes says that the provider hands items over itself, and again until they
	// are taken: then nothing is older than the connection.
	Pushes bool
	// Shuffles says that the provider itself hands items over in another order than
	// they were written in.
	Shuffles bool
	// PutMalformed makes the worst item that the provider passes on, and gives
	// bytes that the delivered original must contain.
	PutMalformed func(t *testing.T) []byte
	// Edit makes the customer change the text of what Put sent, Withdraw take it
	// back. The adapter tells both as Changed.
	Edit     func(t *testing.T, text, instead string)
	Withdraw func(t *testing.T, text string)
	// Unicode says that the text of Put is the whole text, kept to the last
	// grapheme, and that of Reply arrives so.
	Unicode bool
	// Marked reports whether the provider has been told by a mark of its own
	// (flag, acknowledgement) that the item with this text is safe.
	Marked func(t *testing.T, text string) bool
	// Covers reports whether a bookmark covers an item of its source.
	Covers func(b channels.Bookmark, position string) bool

	// Reply makes a reply of that id to the customer, as the daemon holds it
	// before Compose.
	Reply func(id, text string) *contact.Reply
	// Received counts how often customers got a message with this text.
	Received func(t *testing.T, text string) int
	// Failures are the provider's ways to refuse.
	Failures []Failure
	// OnceAcrossRestarts says that the provider refuses or recognises the same
	// Reply.ID from another process.
	OnceAcrossRestarts bool

	// Cut breaks every link at once; the provider takes new ones.
	Cut func(t *testing.T)
	// Down makes the provider unreachable, Up reachable again.
	Down, Up func(t *testing.T)
}

// Failure is one way of a provider to refuse a reply.
type Failure struct {
	Name string
	// Set makes the provider do it, Clear ends it.
	Set, Clear func(t *testing.T)
	// Want is the reason that Send must give. WantSent tells whether the
	// customer may have got it all the same.
	Want     channels.Reason
	WantSent bool
	// WantWait is the wish of the provider that the error must carry, 0 if none.
	WantWait time.Duration
}

// Run checks the promises that the adapter makes. make is called for each check,
// so that none sees another's provider.
func Run(t *testing.T, make func(t *testing.T) Harness) {
	t.Helper()
	for _, check := range []struct {
		name string
		run  func(t *testing.T, b *bench)
	}{
		{"delivers once", checkDelivers},
		{"nothing marked before Deliver returned", checkNoEarlyMark},
		{"order of one sender", checkOrder},
		{"redelivers after an error", checkRedelivers},
		{"nothing lost over a restart", checkRestart},
		{"nothing lost over a cut link", checkCut},
		{"an outage is caught up", checkOutage},
		{"stops within a second", checkStops},
		{"malformed item delivered whole", checkMalformed},
		{"edits and withdrawals are told", checkChanges},
		{"an edit behind a kill is told", checkEditBehindKill},
		{"text is kept to the last grapheme", checkUnicode},
		{"wrong secret is said without it", checkBadSecret},
		{"reply arrives as composed", checkSend},
		{"same reply twice", checkTwice},
		{"compose gives the same bytes", checkCompose},
		{"reasons of failures", checkFailures},
	} {
		t.Run(check.name, func(t *testing.T) {
			b := &bench{h: make(t), src: NewSource(t), log: &logBook{}}
			b.src.Covers = b.h.Covers
			check.run(t, b)
			b.noSecrets(t, "log", b.log.String())
		})
	}
}

// stopLimit is how long a receiver may take to end. It is a second by the
// contract; the rest is for machines that have much else to do. One that waits
// for its server's next word, which comes after minutes, is found all the same.
const stopLimit = 30 * time.Second

// bench is what one check works with.
type bench struct {
	h   Harness
	src *Source
	log *logBook
}

func (b *bench) adapter(t *testing.T) channels.Adapter {
	t.Helper()
	return b.h.New(t, slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

// receive runs the adapter's receiver as the daemon does until stop is called,
// which checks that it ends by itself.
func (b *bench) receive(t *testing.T, a channels.Adapter) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	before := b.src.Connections()
	runner := channels.NewRunner(a, b.src, channels.RunnerConfig{First: 20 * time.Millisecond, Longest: 200 * time.Millisecond},
		slog.New(slog.NewTextHandler(b.log, nil)))
	go func() { done <- runner.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Receive ended with %v, want nil after its context ended", err)
			}
		case <-time.After(stopLimit):
			t.Errorf("Receive didn't end within %v of its context", stopLimit)
			if err := <-done; err != nil {
				t.Errorf("and then with %v", err)
			}
		}
	})
	t.Cleanup(stop)
	b.src.Until("the link to stand", func() bool { return b.src.Connections() > before })
	return stop
}

func (b *bench) noSecrets(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range b.h.Secrets {
		if secret != "" && strings.Contains(text, secret) {
			t.Errorf("%s shows a secret", where)
		}
	}
}

// find gives the stored items whose original has text in it.
func (b *bench) find(text string) []*channels.Inbound {
	var out []*channels.Inbound
	for _, in := range b.src.Items() {
		if bytes.Contains(in.Raw, []byte(text)) {
			out = append(out, in)
		}
	}
	return out
}

// logBook keeps log lines to look through.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String gives all that was logged.
func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
