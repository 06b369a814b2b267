package email

import (
	"errors"
	"sync"
	"time"

	"stagecoach/channels"
)

// pace says when the account may hand over the next reply. It counts the turns
// of the last minute, and holds all replies back while the server limits the
// account or can't be reached; then one goes ahead to try.
type pace struct {
	perMinute int

	mu sync.Mutex
	// turns are those of the last minute, oldest first.
	turns []time.Time
	// heldUntil ends the hold; failures in a row make it longer.
	heldUntil time.Time
	failures  int
	limited   bool
	// trying is until when the one that went ahead is waited for.
	trying time.Time
}

// The times of a hold: the first after a failure of the link and after a limit,
// the longest, and how long one that tries is waited for.
const (
	firstHold   = 5 * time.Second
	longestHold = 5 * time.Minute
	limitHold   = time.Minute
	longestRest = time.Hour
	tryTime     = 10 * time.Second
	paceWindow  = time.Minute
)

// ask gives how long to wait, 0 for a turn now.
func (p *pace) ask(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := p.heldUntil.Sub(now); wait > 0 {
		return wait
	}
	if p.failures > 0 {
		if wait := p.trying.Sub(now); wait > 0 {
			return min(wait, time.Second)
		}
		p.trying = now.Add(tryTime)
	}
	if p.perMinute <= 0 {
		return 0
	}
	for len(p.turns) > 0 && now.Sub(p.turns[0]) >= paceWindow {
		p.turns = p.turns[1:]
	}
	if len(p.turns) >= p.perMinute {
		return max(p.turns[0].Add(paceWindow).Sub(now), time.Millisecond)
	}
	p.turns = append(p.turns, now)
	return 0
}

// unused takes back the turn that was counted last: nothing was made of it.
func (p *pace) unused() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trying = time.Time{}
	if n := len(p.turns); n > 0 {
		p.turns = p.turns[:n-1]
	}
}

// hold keeps the account still after a failure that concerns all its replies.
func (p *pace) hold(now time.Time, wished time.Duration, limited bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trying = time.Time{}
	if now.Before(p.heldUntil) && p.limited == limited {
		p.heldUntil = later(p.heldUntil, now.Add(wished)) // of the same burst
		return
	}
	first, longest := firstHold, longestHold
	if limited {
		first, longest = limitHold, longestRest
	}
	wait := min(first<<min(p.failures, 12), longest)
	p.failures, p.limited = p.failures+1, limited
	p.heldUntil = later(p.heldUntil, now.Add(max(wait, min(wished, longestWished))))
}

// clear ends the hold: a reply was taken. What only proves that the link is
// there ends no hold of a limit.
func (p *pace) clear(linkOnly bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if linkOnly && p.limited {
		return
	}
	p.heldUntil, p.trying, p.failures, p.limited = time.Time{}, time.Time{}, 0, false
}

// answered ends the wait for the one that went ahead: the server did answer,
// be it about that reply alone.
func (p *pace) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.limited {
		p.heldUntil, p.failures = time.Time{}, 0
	}
	p.trying = time.Time{}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Pause implements channels.Pacer.
func (a *Adapter) Pause(now time.Time) time.Duration { return a.pace.ask(now) }

// Unused implements channels.Pacer.
func (a *Adapter) Unused() { a.pace.unused() }

// accountError marks a failure that concerns every reply of the account.
type accountError struct{ cause error }

// Error implements error.
func (e *accountError) Error() string { return e.cause.Error() }

// Unwrap gives the cause.
func (e *accountError) Unwrap() error { return e.cause }

// noteFailure holds the account where the failure is the account's.
func (a *Adapter) noteFailure(err error) {
	var typed *channels.Error
	if !errors.As(err, &typed) {
		return
	}
	var ofAccount *accountError
	switch {
	case errors.As(err, &ofAccount), typed.Op == opConnect, typed.Op == opLogin:
		a.pace.hold(time.Now(), typed.RetryAfter, typed.Reason == channels.RateLimited)
	default:
		a.pace.answered()
	}
}
