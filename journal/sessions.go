package journal

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Sessions are small values that end by themselves, under the hash of a token
// and the agent whose they are. The token itself is never stored.
type Sessions struct {
	j      *Journal
	prefix string
}

// Sessions gives the office's sessions.
func (j *Journal) Sessions() *Sessions {
	return &Sessions{j: j, prefix: "$KV.sessions_" + j.names.office + "."}
}

func (s *Sessions) subject(tokenHash, agent string) string {
	return s.prefix + token(tokenHash) + "." + token(agent)
}

// Put stores or renews a session. It ends after ttl, rounded up to a second.
func (s *Sessions) Put(ctx context.Context, agent, tokenHash string, value []byte, ttl time.Duration) error {
	if ttl <= 0 {
		return fmt.Errorf("storing session: no time to live")
	}
	ttl = (ttl + time.Second - 1).Truncate(time.Second)
	m := &nats.Msg{Subject: s.subject(tokenHash, agent), Data: value}
	if _, err := s.j.publish(ctx, m, jetstream.WithMsgTTL(ttl)); err != nil {
		return fmt.Errorf("storing session: %w", err)
	}
	return nil
}

// Get gives a session's agent and value, ErrNotFound when it has ended.
func (s *Sessions) Get(ctx context.Context, tokenHash string) (agent string, value []byte, err error) {
	ctx, cancel := s.j.bounded(ctx)
	defer cancel()
	m, err := s.stream().GetLastMsgForSubject(ctx, s.prefix+token(tokenHash)+".*")
	if isMissing(err) {
		return "", nil, fmt.Errorf("reading session: %w", ErrNotFound)
	}
	if err != nil {
		return "", nil, fmt.Errorf("reading session: %w: %w", ErrUnavailable, err)
	}
	return untoken(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:]), m.Data, nil
}

// Delete ends a session. Ending one that has ended is no error.
func (s *Sessions) Delete(ctx context.Context, tokenHash string) error {
	return s.purge(ctx, s.prefix+token(tokenHash)+".*")
}

// DeleteAll ends every session of an agent, as a new password does.
func (s *Sessions) DeleteAll(ctx context.Context, agent string) error {
	return s.purge(ctx, s.prefix+"*."+token(agent))
}

func (s *Sessions) purge(ctx context.Context, subject string) error {
	ctx, cancel := s.j.bounded(ctx)
	defer cancel()
	if err := s.stream().Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
		return fmt.Errorf("ending session: %w: %w", ErrUnavailable, err)
	}
	return nil
}

func (s *Sessions) stream() jetstream.Stream { return s.j.streams[s.j.names.sessions()] }
