package slack

import (
	"errors"
	"sync"
	"time"

	"stagecoach/channels"
)

// pace holds all replies of the account back while the server limits it or can't
// be reached, so that what waits costs nothing.
type pace struct {
	mu       sync.Mutex
	until    time.Time
	failures int
}

const (
	firstHold   = 2 * time.Second
	longestHold = 5 * time.Minute
)

// Pause implements channels.Pacer.
func (a *Adapter) Pause(now time.Time) time.Duration {
	a.pace.mu.Lock()
	defer a.pace.mu.Unlock()
	return max(0, a.pace.until.Sub(now))
}

// Unused implements channels.Pacer: turns aren't counted here.
func (a *Adapter) Unused() {}

// note holds the account where an error concerns all its replies.
func (p *pace) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var typed *channels.Error
	if !errors.As(err, &typed) || typed.Reason == channels.Rejected || typed.Reason == channels.Malformed {
		p.failures, p.until = 0, time.Time{}
		return
	}
	if typed.Reason == channels.InDoubt {
		return
	}
	wait := min(firstHold<<min(p.failures, 10), longestHold)
	p.failures++
	p.until = time.Now().Add(max(wait, typed.RetryAfter))
}
