package channels

import (
	"errors"
	"sync"
	"time"
)

// Hold holds all replies of an account back while its provider limits it or can't
// be reached, so that what waits costs nothing. It does the work of a Pacer that
// counts no turns. The zero value holds nothing.
type Hold struct {
	mu       sync.Mutex
	until    time.Time
	failures int
}

const (
	firstHold   = 2 * time.Second
	longestHold = 5 * time.Minute
)

// Pause gives how long to wait before the next reply is handed over.
func (h *Hold) Pause(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(0, h.until.Sub(now))
}

// Note holds the account where an error concerns all its replies, the longer the
// more often; nil and what concerns one reply alone ends that.
func (h *Hold) Note(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var typed *Error
	if !errors.As(err, &typed) || typed.Permanent() {
		h.failures, h.until = 0, time.Time{}
		return
	}
	if typed.Reason == InDoubt {
		return
	}
	wait := min(firstHold<<min(h.failures, 10), longestHold)
	h.failures++
	h.until = time.Now().Add(max(wait, typed.RetryAfter))
}
