package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// LogStore is what a Log stands on: one stream of JetStream, or the model of it
// in journaltest. It reports plainly what happened; the Log draws the
// conclusions.
type LogStore interface {
	// Publish appends data under an id if the store's last sequence is prev.
	// It returns ErrWrongSequence or ErrWriteInProcess when it was refused;
	// after any other error it may have been written or not.
	Publish(ctx context.Context, id string, prev uint64, data []byte) (seq uint64, err error)
	// ID gives the id under which sequence seq was written, ErrNotFound if
	// there is no such sequence.
	ID(ctx context.Context, seq uint64) (string, error)
	// Last gives the last sequence, 0 for an empty store.
	Last(ctx context.Context) (uint64, error)
	// Read calls fn in order for every entry after the given sequence: up to
	// and including until, or without end when until is 0. It returns nil when
	// it has reached until, and otherwise fn's error or its own.
	Read(ctx context.Context, after, until uint64, fn func(seq uint64, data []byte) error) error
}

// The two refusals of a LogStore.
var (
	// ErrWrongSequence means that the store's last sequence isn't the expected
	// one (JetStream's 10071): another writer wrote, or an earlier attempt of
	// our own did.
	ErrWrongSequence = errors.New("wrong last sequence")
	// ErrWriteInProcess means that a cluster refused while another write was
	// under way (10164), sometimes for no reason.
	ErrWriteInProcess = errors.New("write in process")
)

// streamStore is the LogStore of JetStream.
type streamStore struct {
	js      jetstream.JetStream
	stream  jetstream.Stream
	subject string
	timeout time.Duration
}

var _ LogStore = (*streamStore)(nil)

// Publish implements LogStore.
func (s *streamStore) Publish(ctx context.Context, id string, prev uint64, data []byte) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	ack, err := s.js.PublishMsg(ctx, &nats.Msg{Subject: s.subject, Data: data},
		jetstream.WithMsgID(id), jetstream.WithExpectLastSequence(prev))
	switch {
	case err == nil:
		return ack.Sequence, nil
	case codeOf(err) == codeWrongLastSequence:
		return 0, fmt.Errorf("%w: %w", ErrWrongSequence, err)
	case codeOf(err) == codeWriteInProcess:
		return 0, fmt.Errorf("%w: %w", ErrWriteInProcess, err)
	default:
		return 0, err
	}
}

// ID implements LogStore.
func (s *streamStore) ID(ctx context.Context, seq uint64) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	m, err := s.stream.GetMsg(ctx, seq)
	if isMissing(err) {
		return "", fmt.Errorf("log sequence %d: %w", seq, ErrNotFound)
	}
	if err != nil {
		return "", err
	}
	return m.Header.Get(jetstream.MsgIDHeader), nil
}

// Last implements LogStore.
func (s *streamStore) Last(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	info, err := s.stream.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return info.State.LastSeq, nil
}
