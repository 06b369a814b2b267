package channels_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

// script is a receiver that does one thing after the other.
type script struct {
	mu    sync.Mutex
	steps []func(ctx context.Context, src channels.Source) error
	calls []time.Time
}

// Receive implements channels.Receiver.
func (s *script) Receive(ctx context.Context, src channels.Source) error {
	s.mu.Lock()
	s.calls = append(s.calls, time.Now())
	step := func(ctx context.Context, _ channels.Source) error { <-ctx.Done(); return nil }
	if len(s.steps) > 0 {
		step, s.steps = s.steps[0], s.steps[1:]
	}
	s.mu.Unlock()
	return step(ctx, src)
}

func (s *script) tries() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Time(nil), s.calls...)
}

// nowhere is a source that keeps nothing.
type nowhere struct{}

func (nowhere) Deliver(context.Context, *channels.Inbound) error { return nil }
func (nowhere) Bookmark(context.Context, string) (channels.Bookmark, bool, error) {
	return channels.Bookmark{}, false, nil
}
func (nowhere) Advance(context.Context, channels.Bookmark) error { return nil }

func failWith(err error) func(context.Context, channels.Source) error {
	return func(context.Context, channels.Source) error { return err }
}

// run starts a runner over the steps inside a synctest bubble, and gives it with
// what ends it.
func run(t *testing.T, log *bytes.Buffer, steps ...func(context.Context, channels.Source) error) (*channels.Runner, *script, func()) {
	t.Helper()
	s := &script{steps: steps}
	r := channels.NewRunner(channels.Adapter{Channel: contact.Email, Account: "a", Receiver: s}, nowhere{},
		channels.RunnerConfig{}, slog.New(slog.NewTextHandler(log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return r, s, func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run ends with %v, want nil", err)
		}
	}
}

func TestRunnerTriesAgainWithBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong := &channels.Error{Channel: contact.Email, Account: "a", Op: "login", Reason: channels.Auth, Err: errors.New("wrong password")}
		var steps []func(context.Context, channels.Source) error
		for range 10 {
			steps = append(steps, failWith(wrong))
		}
		r, s, stop := run(t, &bytes.Buffer{}, steps...)
		defer stop()
		synctest.Wait()
		state := r.State()
		if state.Connected || state.Reason != channels.Auth || !strings.Contains(state.LastError, "wrong password") ||
			state.Failures != 1 || !state.NextTry.After(time.Now()) {
			t.Errorf("state after one failure is %+v", state)
		}
		<-time.After(10 * time.Minute) // of the bubble's clock
		calls := s.tries()
		if len(calls) != 11 {
			t.Fatalf("tried %d times, want 11", len(calls))
		}
		for i, want := range []int{1, 2, 4, 8, 16, 32, 60, 60, 60, 60} {
			got, least := calls[i+1].Sub(calls[i]), time.Duration(want)*time.Second
			if got < least || got > least*6/5+time.Second {
				t.Errorf("wait %d is %v, want %v and a fifth at most", i, got, least)
			}
		}
	})
}

func TestRunnerKnowsTheLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := time.Now()
		r, _, stop := run(t, &bytes.Buffer{}, failWith(errors.New("nobody there")),
			func(ctx context.Context, src channels.Source) error {
				channels.Connected(src, "email/a/INBOX")
				for _, b := range []channels.Bookmark{
					{Source: "email/a/INBOX", At: at.Add(2 * time.Second)},
					{Source: "email/a/Sent", At: at.Add(time.Second)},
					{Source: "email/a/INBOX#import=1h0m0s", At: at.Add(-time.Hour)},
				} {
					if err := src.Advance(ctx, b); err != nil {
						return err
					}
				}
				<-time.After(2 * time.Minute)
				return errors.New("cut")
			}, failWith(errors.New("still cut")))
		defer stop()
		<-time.After(5 * time.Second)
		state := r.State()
		if !state.Connected || state.LastError != "" || state.Failures != 0 || !state.ReadAt.Equal(at.Add(time.Second)) {
			t.Errorf("state of a good link is %+v", state)
		}
		if lag := state.Lag(at.Add(time.Minute)); lag != 59*time.Second {
			t.Errorf("lag is %v, want that of the slowest source, 59 s", lag)
		}
		<-time.After(2 * time.Minute)
		synctest.Wait()
		if state = r.State(); state.Connected || state.Failures == 0 || !strings.Contains(state.LastError, "cut") {
			t.Errorf("state of a lost link is %+v", state)
		}
	})
}

func TestRunnerSurvivesPanicAndHonoursRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		_, s, stop := run(t, &log,
			func(context.Context, channels.Source) error { panic("a bug") },
			failWith(&channels.Error{Reason: channels.RateLimited, RetryAfter: time.Hour, Err: errors.New("slow down")}))
		defer stop()
		<-time.After(59 * time.Minute)
		if n := len(s.tries()); n != 2 {
			t.Errorf("tried %d times within the hour that the provider asked for, want 2", n)
		}
		<-time.After(5 * time.Minute)
		synctest.Wait()
		if n := len(s.tries()); n != 3 || !strings.Contains(log.String(), "panic") {
			t.Errorf("tried %d times, log %s", n, log.String())
		}
	})
}
