// Package mastodonfake is a server that speaks the Mastodon API over loopback, as
// its documentation has it (https://docs.joinmastodon.org/methods/), for tests and
// the demonstration. It holds one account of ours and other people, is strict
// about tokens, scopes, ids and lengths, and misbehaves when it's told to.
package mastodonfake

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"stagecoach/channels/channeltest/faults"
)

// Flavour is the software that is played.
type Flavour string

// The flavours. They differ in their ids, in what they know of the API and in how
// they stream.
const (
	Mastodon   Flavour = "mastodon"
	GoToSocial Flavour = "gotosocial"
	Pleroma    Flavour = "pleroma"
)

// Config is what is played. The zero value is good.
type Config struct {
	// Flavour is Mastodon if empty.
	Flavour Flavour
	// Domain is that of its people, "social.test" if empty.
	Domain string
	// Account is the name of our account, "support" if empty.
	Account string
	// Token is what must be shown; a random one if empty.
	Token string
	// Scopes are the token's; read and write if nil.
	Scopes []string
	// MaxCharacters is 500 or, but for Mastodon, 5000 if 0.
	MaxCharacters int
	// PageLimit is how many notifications a page has at most, 80 if 0.
	PageLimit int
	// NoIdempotency makes it ignore Idempotency-Key.
	NoIdempotency bool
	// ChokesOnKeys makes it fail on a key that it has seen, as some versions do
	// (https://github.com/mastodon/mastodon/issues/40399).
	ChokesOnKeys bool
	// NoLinks leaves out the Link headers, NoMinID min_id, as small servers do.
	NoLinks, NoMinID bool
	// NoStream leaves streaming out.
	NoStream bool
	// Policy is the account's filter of notifications, such as "for_new_accounts":
	// "drop".
	Policy map[string]string
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

	people   map[string]*person
	posts    []*post
	byID     map[string]*post
	notes    []*note
	media    map[string]*mediaFile
	keys     map[string]string
	statusID ids
	noteID   ids
	otherID  ids
	streams  map[chan string]struct{}
}

// New starts a server.
func New(cfg Config) (*Server, error) {
	if cfg.Flavour == "" {
		cfg.Flavour = Mastodon
	}
	cfg.Domain, cfg.Account = or(cfg.Domain, "social.test"), or(cfg.Account, "support")
	if cfg.Token == "" {
		secret := make([]byte, 16)
		if _, err := rand.Read(secret); err != nil {
			return nil, fmt.Errorf("making a token: %w", err)
		}
		cfg.Token = hex.EncodeToString(secret)
	}
	if cfg.Scopes == nil {
		cfg.Scopes = []string{"read", "write"}
	}
	if cfg.MaxCharacters == 0 {
		cfg.MaxCharacters = 5000
		if cfg.Flavour == Mastodon {
			cfg.MaxCharacters = 500
		}
	}
	if cfg.PageLimit == 0 {
		cfg.PageLimit = 80
	}
	s := &Server{
		cfg: cfg, calls: map[string]int{},
		people: map[string]*person{}, byID: map[string]*post{}, media: map[string]*mediaFile{}, keys: map[string]string{}, streams: map[chan string]struct{}{},
		statusID: ids{flavour: cfg.Flavour, next: 999999950, salt: "status", order: map[string]int{}},
		noteID:   ids{flavour: cfg.Flavour, next: 93, salt: "note", order: map[string]int{}},
		otherID:  ids{flavour: cfg.Flavour, next: 7000, salt: "other", order: map[string]int{}},
	}
	s.person(cfg.Account + "@" + cfg.Domain)
	var err error
	if s.Link, err = faults.Listen(cfg.Address); err != nil {
		return nil, err
	}
	s.Serve(http.HandlerFunc(s.serve))
	return s, nil
}

// Token is what must be shown.
func (s *Server) Token() string { return s.cfg.Token }

// Address is our account's.
func (s *Server) Address() string { return s.cfg.Account + "@" + s.cfg.Domain }

// Cut breaks every connection and stream at once.
func (s *Server) Cut() {
	s.endStreams()
	s.Link.Cut()
}

// Down makes it unreachable, until Up.
func (s *Server) Down() {
	s.endStreams()
	s.Link.Down()
}

func (s *Server) endStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for stream := range s.streams {
		close(stream)
		delete(s.streams, stream)
	}
}

// Calls counts the requests of a method and path: "POST /api/v1/statuses".
func (s *Server) Calls(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for call, times := range s.calls {
		if strings.HasPrefix(call, what) {
			n += times
		}
	}
	return n
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
