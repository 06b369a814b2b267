package webchat_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/webchat"
	"stagecoach/contact"
)

// receiving runs the adapter as the daemon does, before a source in memory.
func receiving(tb testing.TB, a *webchat.Adapter) (stop func(), src *channeltest.Source) {
	tb.Helper()
	src = channeltest.NewSource(tb)
	return receivingTo(tb, a, src), src
}

func receivingTo(tb testing.TB, a *webchat.Adapter, src *channeltest.Source) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	runner := channels.NewRunner(a.Channel(), src, channels.RunnerConfig{First: 20 * time.Millisecond, Longest: 100 * time.Millisecond}, slog.New(slog.DiscardHandler))
	done := make(chan struct{})
	before := src.Connections()
	go func() {
		defer close(done)
		_ = runner.Run(ctx) // always nil
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	tb.Cleanup(stop)
	src.Until("the chat to stand", func() bool { return src.Connections() > before })
	return stop
}

// until waits for what a visitor sees.
func until(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(2 * time.Minute); !ok(); {
		if time.Now().After(end) {
			tb.Fatalf("waited too long for: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

type contextType = context.Context

func noMail(context.Context, string, string, string, string) error { return nil }

// send composes a reply and sends it.
func send(tb testing.TB, a *webchat.Adapter, r *contact.Reply) channels.Receipt {
	tb.Helper()
	raw, err := a.Compose(r)
	if err != nil {
		tb.Fatal(err)
	}
	r.Raw = raw
	receipt, err := a.Send(tb.Context(), r)
	if err != nil {
		tb.Fatal(err)
	}
	return receipt
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
