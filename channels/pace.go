package channels

import (
	"context"
	"time"
)

// Pacer is a Sender whose account must not be used all the time: its provider
// limits how much it takes, or can't be reached just now. Whoever sends asks
// before each reply, so that what waits costs nothing.
type Pacer interface {
	// Pause gives how long to wait before the next reply is handed over. 0 means
	// now: the caller's turn is then counted.
	Pause(now time.Time) time.Duration
	// Unused gives back a turn that was counted, when nothing was handed over.
	Unused()
}

// Preparer is a Sender that can learn before the first reply whether, and what,
// its provider takes: a wrong password or a low limit is known before anybody
// has written something.
type Preparer interface {
	// Prepare connects and logs in, and leaves the link for the next reply. It
	// returns an *Error.
	Prepare(ctx context.Context) error
}
