package channels

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stagecoach/contact"
)

// Reason says what kind of failure it was, so that the caller knows what to do.
type Reason string

// The reasons. Unknown means: retry, then a person.
const (
	Unknown     Reason = "unknown"
	Auth        Reason = "auth"
	RateLimited Reason = "rate_limited"
	Rejected    Reason = "rejected"
	Unavailable Reason = "unavailable"
	Malformed   Reason = "malformed"
	InDoubt     Reason = "in_doubt"
)

// Error is what every adapter returns. Its text is for people and carries no
// secret and no customer's address.
type Error struct {
	Channel contact.Channel
	Account string
	// Op is what was being done: "login", "fetch", "send".
	Op     string
	Reason Reason
	// Code is the provider's own code, such as "5.1.1" or "429", if any.
	Code string
	// RetryAfter is the provider's wish, 0 if it has none.
	RetryAfter time.Duration
	Err        error
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%s/%s: %s: %s: %v", e.Channel, e.Account, e.Op, e.Reason, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Permanent reports whether trying again can't help without a person.
func (e *Error) Permanent() bool {
	return e.Reason == Rejected || e.Reason == Malformed
}

// ReasonOf finds the reason of any error: Unavailable for a time-out, Unknown
// for what no adapter classified.
func ReasonOf(err error) Reason {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Reason
	case errors.Is(err, context.DeadlineExceeded):
		return Unavailable
	default:
		return Unknown
	}
}
