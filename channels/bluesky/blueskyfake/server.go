// Package blueskyfake is a personal data server of the AT protocol, with the view
// of the network and the chat service behind it, over loopback, as the
// documentation and the lexicons have them (https://docs.bsky.app/docs/api,
// https://github.com/bluesky-social/atproto/tree/main/lexicons), for tests and the
// demonstration. It holds one account of ours and other people, is strict about
// tokens, record keys, records and marks in texts, and misbehaves when it's told.
package blueskyfake

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"stagecoach/channels/channeltest/faults"
)

// Config is what is played. The zero value is good.
type Config struct {
	// Handle is our account's, "support.test" if empty.
	Handle string
	// Password is the app password; a random one if empty.
	Password string
	// OwnPassword makes it the account's own password.
	OwnPassword bool
	// NoMessages makes it one that doesn't allow direct messages.
	NoMessages bool
	// AllowIncoming is who may write to the account: "all" if empty.
	AllowIncoming string
	// PageLimit is how many items a page has at most, 100 if 0.
	PageLimit int
	// TokenLife is how long a token lasts, 2 h if 0.
	TokenLife time.Duration
	// Logins is how many a handle has in 5 minutes, 30 if 0.
	Logins int
	// NoSearch leaves the search out.
	NoSearch bool
	// FollowsOnly shows notifications of those alone whom the account follows, who
	// are nobody, unless it's asked otherwise, as its owner has set it.
	FollowsOnly bool
	// Mentions is who may mention the account by its preferences: "all" or
	// "follows"; it has none if empty.
	Mentions string
	// Behind is how far the server's clock is behind.
	Behind time.Duration
	// Address is where it listens, "127.0.0.1:0" if empty.
	Address string
}

// Server is one running server.
type Server struct {
	*faults.Link
	cfg Config

	mu    sync.Mutex
	wrong []Misbehaviour
	calls map[string]int

	tokens  map[string]time.Time
	refresh map[string]bool
	serial  int
	logins  []time.Time

	people   map[string]*person
	posts    map[string]*post
	order    []string
	notes    []note
	blobs    map[string][]byte
	pictures map[string][]byte
	convos   map[string]*convo
	logs     []json.RawMessage
	clock    int64
	cdn      string
}

// New starts a server.
func New(cfg Config) (*Server, error) {
	cfg.Handle = or(cfg.Handle, "support.test")
	cfg.AllowIncoming = or(cfg.AllowIncoming, "all")
	if cfg.Password == "" {
		secret := make([]byte, 8)
		if _, err := rand.Read(secret); err != nil {
			return nil, fmt.Errorf("making a password: %w", err)
		}
		cfg.Password = hex.EncodeToString(secret)
	}
	cfg.PageLimit = positive(cfg.PageLimit, 100)
	cfg.Logins = positive(cfg.Logins, 30)
	if cfg.TokenLife == 0 {
		cfg.TokenLife = 2 * time.Hour
	}
	s := &Server{
		cfg: cfg, calls: map[string]int{},
		tokens: map[string]time.Time{}, refresh: map[string]bool{}, people: map[string]*person{}, posts: map[string]*post{},
		blobs: map[string][]byte{}, pictures: map[string][]byte{}, convos: map[string]*convo{},
	}
	s.personOf(cfg.Handle)
	var err error
	if s.Link, err = faults.Listen(cfg.Address); err != nil {
		return nil, err
	}
	s.Serve(http.HandlerFunc(s.serve))
	return s, nil
}

// Handle is our account's.
func (s *Server) Handle() string { return s.cfg.Handle }

// Password is what must be given.
func (s *Server) Password() string { return s.cfg.Password }

// Calls counts the requests of a method: "com.atproto.repo.putRecord".
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// ExpireTokens ends all access tokens; with sessions, those that renew them too.
func (s *Server) ExpireTokens(sessions bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token := range s.tokens {
		s.tokens[token] = time.Time{}
	}
	if sessions {
		s.refresh = map[string]bool{}
	}
}

// ForgetTokens makes it know none of the tokens that it gave.
func (s *Server) ForgetTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens, s.refresh = map[string]time.Time{}, map[string]bool{}
}

// PicturesAt says where pictures lie from now on, by the word of the server.
func (s *Server) PicturesAt(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cdn = url
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func positive(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}
