package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"stagecoach/channels"
	"stagecoach/router"
)

// heldWait is the longest pause of an item whose account is held, so that it is
// there soon once the account works again; lastTry is the age from which a reply
// is tried although its account is held, so that its time can run out and a
// person is told.
const (
	heldWait = 20 * time.Second
	lastTry  = 48 * time.Hour
)

// pause gives how long an item waits since its account can't be used now, 0 to
// go ahead.
func (s *sender) pause(ctx context.Context, reply string) time.Duration {
	pacer, ok := s.adapter.Sender.(channels.Pacer)
	if !ok {
		return 0
	}
	wait := pacer.Pause(time.Now())
	if wait <= 0 || s.tooOld(ctx, reply) {
		return 0
	}
	return min(wait, heldWait) + rand.N(time.Second) //nolint:gosec // so that not all come at once
}

// unused gives back the turn of an item that isn't sent after all.
func (s *sender) unused() {
	if pacer, ok := s.adapter.Sender.(channels.Pacer); ok {
		pacer.Unused()
	}
}

func (s *sender) tooOld(ctx context.Context, reply string) (old bool) {
	_ = s.engine.View(ctx, func(st *router.State) {
		r := st.Replies[reply]
		old = r != nil && st.At.Sub(r.QueuedAt) > lastTry
	})
	return old
}

// outcomeOf tells what a failure means: what can't get better by itself goes to
// a person at once, the rest is tried again, later and later.
func outcomeOf(err error, attempt int) router.Outcome {
	reason := channels.ReasonOf(err)
	out := router.Outcome{Reason: string(reason)}
	op := ""
	if e, ok := errors.AsType[*channels.Error](err); ok {
		out.Code, out.RetryAfter, op = e.Code, e.RetryAfter, e.Op
	}
	switch reason {
	case channels.InDoubt:
		out.InDoubt = true
	case channels.Rejected, channels.Malformed:
		out.Permanent = true
	case channels.Auth, channels.RateLimited, channels.Unavailable, channels.Unknown:
		out.RetryAfter = max(out.RetryAfter, pauseAfter(attempt, reason, op, out.Code))
	}
	return out
}

// pauseAfter gives the pause after a reply's attempt that failed for now. What
// hinders the whole account is tried again soon: the account itself is held
// meanwhile, and the reply goes as soon as it works.
func pauseAfter(attempt int, reason channels.Reason, op, code string) time.Duration {
	const second, minute = time.Second, time.Minute
	steps := []time.Duration{15 * second, 45 * second, 2 * minute, 5 * minute, 10 * minute, 20 * minute, 30 * minute, time.Hour}
	switch {
	case reason == channels.Auth, reason == channels.RateLimited, op == "connect", op == "login":
		steps = []time.Duration{10 * second, 15 * second, 20 * second}
	case strings.HasPrefix(code, "4.7."), code == "450", code == "451": // greylisting: a minute, five, or fifteen
		steps = []time.Duration{minute, 4 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, time.Hour}
	}
	pause := steps[min(max(attempt, 1), len(steps))-1]
	return pause + rand.N(pause/5) //nolint:gosec // jitter
}

// The pauses between two looks at an account that can't be used: a link is
// looked at often, a password that was refused seldom, as some providers lock an
// account for that.
const (
	linkLook  = time.Minute
	loginLook = 10 * time.Minute
)

// prepare connects before the first reply, so that what lacks is said before
// somebody has written one, and again while the account can't be used: the
// trouble is over when it works, not when the next reply goes.
func (s *sender) prepare(ctx context.Context, preparer channels.Preparer) {
	for failures := 0; ; {
		limited, cancel := context.WithTimeoutCause(ctx, sendLimit, errors.New("the provider did not answer within 5 minutes"))
		err := s.guarded(ctx, "login", func() error { return preparer.Prepare(limited) })
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			failures = 0
			s.works()
			select {
			case <-ctx.Done():
				return
			case <-s.troubled:
			}
		} else {
			failures++
			s.note(err)
			s.logger.WarnContext(ctx, "replies can't be sent now", "err", err, "failures", failures)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAfter(failures, channels.ReasonOf(err))):
		}
	}
}

// lookAfter gives the pause before the next look at an account.
func lookAfter(failures int, reason channels.Reason) time.Duration {
	if reason == channels.Auth {
		return min(5*time.Second<<min(2*failures, 10), loginLook)
	}
	return min(5*time.Second<<min(max(failures-1, 0), 10), linkLook)
}

// ofAccount reports whether a failure hinders every reply of the account.
func ofAccount(err error) bool {
	e, ok := errors.AsType[*channels.Error](err)
	if !ok {
		return channels.ReasonOf(err) == channels.Unknown
	}
	switch e.Reason {
	case channels.Auth, channels.RateLimited:
		return true
	case channels.Unavailable, channels.Unknown:
		return e.Op == "connect" || e.Op == "login"
	case channels.Rejected, channels.Malformed, channels.InDoubt:
	}
	return false
}

// note remembers what an attempt at the account came to.
func (s *sender) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.why = ""
		return
	}
	s.failed++
	if !ofAccount(err) {
		s.why = "" // the provider answers: it is this reply that has a problem
		return
	}
	s.why, s.reason = err.Error(), channels.ReasonOf(err)
	s.limited = s.reason == channels.RateLimited
	if !s.limited {
		select {
		case s.troubled <- struct{}{}:
		default:
		}
	}
}

// works notes that the account can be logged in to. A limit isn't over by that.
func (s *sender) works() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.limited {
		s.why = ""
	}
}
