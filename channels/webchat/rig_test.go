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
func receiving(t testing.TB, a *webchat.Adapter) (stop func(), src *channeltest.Source) {
	t.Helper()
	src = channeltest.NewSource(t)
	return receivingTo(t, a, src), src
}

func receivingTo(t testing.TB, a *webchat.Adapter, src *channeltest.Source) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
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
	t.Cleanup(stop)
	src.Until("the chat to stand", func() bool { return src.Connections() > before })
	return stop
}

// until waits for what a visitor sees.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("waited too long for: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

type contextType = context.Context

func noMail(context.Context, string, string, string, string) error { return nil }

// send composes a reply and sends it.
func send(t testing.TB, a *webchat.Adapter, r *contact.Reply) channels.Receipt {
	t.Helper()
	raw, err := a.Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Raw = raw
	receipt, err := a.Send(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}
