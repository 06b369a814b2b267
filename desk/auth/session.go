package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrNoSession is returned for a token that opens nothing (any more).
var ErrNoSession = errors.New("not logged in")

// The life of a session: it ends when nobody used it for Idle, and after
// Longest in any case.
const (
	Idle    = 12 * time.Hour
	Longest = 14 * 24 * time.Hour
	renew   = 15 * time.Minute
	// invites is how long a one-time link can be used.
	invites = 72 * time.Hour
)

// Store keeps sessions, each under the hash of its token.
type Store interface {
	// Put stores a session of an agent until ttl has passed.
	Put(ctx context.Context, agent, tokenHash string, value []byte, ttl time.Duration) error
	// Get gives a session, or ErrNoSession.
	Get(ctx context.Context, tokenHash string) (agent string, value []byte, err error)
	// Delete ends a session; one that is not there is no error.
	Delete(ctx context.Context, tokenHash string) error
	// DeleteAll ends all sessions of an agent.
	DeleteAll(ctx context.Context, agent string) error
}

// Session is one login.
type Session struct {
	Agent   string    `json:"-"`
	Opened  time.Time `json:"opened"`
	Renewed time.Time `json:"renewed"`
	// Invites is true for a one-time link, which opens nothing but a new
	// password.
	Invites bool `json:"invites,omitempty"`
}

// Sessions opens, finds and ends sessions.
type Sessions struct {
	store Store
	now   func() time.Time
}

// NewSessions makes Sessions on a store.
func NewSessions(store Store) *Sessions { return &Sessions{store: store, now: time.Now} }

// Open starts a session and gives its token, which is stored nowhere.
func (s *Sessions) Open(ctx context.Context, agent string) (string, error) {
	return s.start(ctx, Session{Agent: agent}, Idle)
}

// Invite makes the token of a one-time link with which an agent chooses a
// password. CloseAll ends it.
func (s *Sessions) Invite(ctx context.Context, agent string) (string, error) {
	return s.start(ctx, Session{Agent: agent, Invites: true}, invites)
}

// Invited gives the agent of a one-time link.
func (s *Sessions) Invited(ctx context.Context, token string) (string, error) {
	found, err := s.read(ctx, token)
	if err != nil {
		return "", err
	}
	if !found.Invites || s.now().Sub(found.Opened) > invites {
		return "", ErrNoSession
	}
	return found.Agent, nil
}

func (s *Sessions) start(ctx context.Context, v Session, ttl time.Duration) (string, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return "", fmt.Errorf("making a token: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString(secret)
	v.Opened = s.now().UTC()
	v.Renewed = v.Opened
	if err := s.put(ctx, token, v, ttl); err != nil {
		return "", err
	}
	return token, nil
}

// Find gives the session of a token, and puts its end off.
func (s *Sessions) Find(ctx context.Context, token string) (Session, error) {
	found, err := s.read(ctx, token)
	if err != nil {
		return Session{}, err
	}
	now := s.now().UTC()
	if found.Invites || now.Sub(found.Renewed) > Idle || now.Sub(found.Opened) > Longest {
		return Session{}, ErrNoSession
	}
	if now.Sub(found.Renewed) > renew {
		found.Renewed = now
		if err := s.put(ctx, token, found, Idle); err != nil {
			return Session{}, err
		}
	}
	return found, nil
}

func (s *Sessions) read(ctx context.Context, token string) (Session, error) {
	key, ok := sessionKey(token)
	if !ok {
		return Session{}, ErrNoSession
	}
	agent, data, err := s.store.Get(ctx, key)
	if err != nil {
		return Session{}, fmt.Errorf("finding a session: %w", err)
	}
	var found Session
	if err := json.Unmarshal(data, &found); err != nil {
		return Session{}, fmt.Errorf("reading a session: %w", err)
	}
	found.Agent = agent
	return found, nil
}

// Close ends the session of a token.
func (s *Sessions) Close(ctx context.Context, token string) error {
	key, ok := sessionKey(token)
	if !ok {
		return nil
	}
	if err := s.store.Delete(ctx, key); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// CloseAll ends all sessions of an agent: after a new password or a removal.
func (s *Sessions) CloseAll(ctx context.Context, agent string) error {
	if err := s.store.DeleteAll(ctx, agent); err != nil {
		return fmt.Errorf("ending the sessions of %q: %w", agent, err)
	}
	return nil
}

func (s *Sessions) put(ctx context.Context, token string, v Session, ttl time.Duration) error {
	key, _ := sessionKey(token)
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing a session: %w", err)
	}
	if err := s.store.Put(ctx, v.Agent, key, data, ttl); err != nil {
		return fmt.Errorf("keeping a session: %w", err)
	}
	return nil
}

// sessionKey gives the hash under which a token's session lies: the store never
// sees the token.
func sessionKey(token string) (string, bool) {
	if len(token) != 43 {
		return "", false
	}
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:]), true
}
