package journal

import (
	"errors"
	"fmt"

	"stagecoach/router"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The errors that callers act on. Test them with errors.Is.
var (
	// ErrLocked means that another process holds the data directory.
	ErrLocked = errors.New("data directory is in use")
	// ErrDeposed means that somebody else has written to the log after the
	// sequence that the caller knew last: nothing of the caller's was written.
	ErrDeposed = router.ErrDeposed
	// ErrUnavailable means that the engine didn't answer in time. Whether the
	// write took place is unknown; writing again with the same id is safe.
	ErrUnavailable = errors.New("journal is unavailable")
	// ErrFull means that the engine refused a write for want of room.
	ErrFull = errors.New("journal is full")
	// ErrReserve means that the disk is down to the reserve that is kept for
	// replies: nothing new is taken in.
	ErrReserve = errors.New("disk is down to its reserve")
	// ErrNotFound means that nothing was ever stored under this name.
	ErrNotFound = errors.New("not found")
	// ErrErased means that it was there and has been securely deleted.
	ErrErased = errors.New("erased")
	// ErrTooLarge means that one value exceeds what a message can carry.
	ErrTooLarge = errors.New("too large")
	// ErrDamaged means that stored bytes don't match their checksum, or that
	// the log has a hole.
	ErrDamaged = errors.New("damaged")
	// ErrKeys means that the keys beside the data aren't the ones that it was
	// written with.
	ErrKeys = errors.New("keys don't belong to this data")
)

// The server's codes that matter here (nats-server, errors.json).
const (
	codeWrongLastSequence jetstream.ErrorCode = 10071
	codeWriteInProcess    jetstream.ErrorCode = 10164
	codeNoResources       jetstream.ErrorCode = 10023
	codeNoStorage         jetstream.ErrorCode = 10047
	codeMaxBytes          jetstream.ErrorCode = 10122
)

// codeOf gives the server's code of err, 0 if it has none.
func codeOf(err error) jetstream.ErrorCode {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		return api.ErrorCode
	}
	var js jetstream.JetStreamError
	if errors.As(err, &js) && js.APIError() != nil {
		return js.APIError().ErrorCode
	}
	return 0
}

// writeError wraps the error of a write with what it means to the caller.
func writeError(err error) error {
	if err == nil {
		return nil
	}
	switch code := codeOf(err); {
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case code == codeNoResources, code == codeNoStorage, code == codeMaxBytes:
		return fmt.Errorf("%w: %w", ErrFull, err)
	default:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
}

// isMissing reports whether err says that there is no such message.
func isMissing(err error) bool {
	return errors.Is(err, jetstream.ErrMsgNotFound)
}
