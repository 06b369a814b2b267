package remote_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/remote"
	"stagecoach/channels/slack"
)

const gateSecret = "gate-secret-of-tests-not-for-logs"

// gateOf opens a gate for these accounts until the test ends.
func gateOf(t *testing.T, cfg remote.GateConfig, accounts ...*remote.Account) *remote.Gate {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Silence == 0 {
		cfg.Silence = 30 * time.Second
	}
	cfg.Office = "main"
	g, err := remote.NewGate(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.Serve(accounts)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the gate ended with %v", err)
		}
	})
	select {
	case <-g.Serving():
	case <-time.After(time.Minute):
		t.Fatal("the gate doesn't serve")
	}
	return g
}

// account makes the daemon's side of one.
func account(t *testing.T, of channels.Adapter, secret channels.Secret, log *slog.Logger) *remote.Account {
	t.Helper()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	a, err := remote.NewAccount(remote.AccountConfig{
		Channel: of.Channel, Account: of.Account, Secret: secret, Address: "support@example.test",
		Parser: func(format string) channels.Parser {
			if format == slack.Format {
				return slack.Archive()
			}
			return nil
		},
	}, log)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// begin runs a process until stop is called or the test ends.
func begin(t *testing.T, cfg remote.ProcessConfig, of channels.Adapter, log *slog.Logger) (stop func()) {
	t.Helper()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if cfg.Secret == "" {
		cfg.Secret = gateSecret
	}
	cfg.Retry = channels.RunnerConfig{First: 20 * time.Millisecond, Longest: 200 * time.Millisecond}
	p, err := remote.NewProcess(cfg, of, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the process ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// attached waits until a process is the account's adapter, and ready.
func attached(t *testing.T, a *remote.Account) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := a.Prepare(ctx); err != nil && channels.ReasonOf(err) == channels.Unavailable {
		t.Fatal(err)
	}
}

// until polls for what nothing tells of.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// receive runs an account's receiver until the test ends, as the daemon does.
func receive(t *testing.T, a *remote.Account, src channels.Source) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_ = a.Receive(ctx, src)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// expired is a context that has ended.
func expired(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
