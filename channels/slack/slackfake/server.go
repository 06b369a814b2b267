// Package slackfake is a Slack workspace over loopback, for tests and the
// demonstration: the Web API (https://docs.slack.dev/reference/methods) and Socket
// Mode (https://docs.slack.dev/apis/events-api/using-socket-mode). One app is
// installed in it. It is strict about tokens, scopes, membership and arguments,
// sends events again that aren't acknowledged, and misbehaves when it's told to.
package slackfake

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Config is what is played. The zero value is good.
type Config struct {
	// BotToken and AppToken are what must be shown; random ones if empty.
	BotToken, AppToken string
	// Scopes are the bot token's; AllScopes if nil.
	Scopes []string
	// Team is the workspace's name, "Coachworks" if empty.
	Team string
	// AckTime is how long an acknowledgement may take before an event is sent again;
	// 3 s if zero, as Slack has it.
	AckTime time.Duration
	// PageLimit is how much a page has at most, 999 if 0. Apps that are sold outside
	// Slack's marketplace get 15.
	PageLimit int
	// Address is where it listens, "127.0.0.1:0" if empty.
	Address string
}

// AllScopes are those of which the adapter makes use.
func AllScopes() []string {
	return []string{
		"app_mentions:read", "channels:history", "channels:read", "chat:write", "chat:write.customize", "files:read",
		"files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write", "mpim:history", "mpim:read",
		"team:read", "users:read",
	}
}

// The ids of the workspace, of the app in it, and of its bot user.
const (
	TeamID = "T0COACHWK"
	AppID  = "A0STAGECO"
	BotID  = "B0STAGECO"
	Self   = "U0STAGECO"
)

// Server is one running workspace.
type Server struct {
	cfg      Config
	listener net.Listener
	http     *http.Server
	done     chan struct{}
	stop     chan struct{}

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	down   bool
	refuse int
	wrong  []Misbehaviour
	calls  map[string]int

	users    map[string]*User
	channels map[string]*channel
	files    map[string]*File
	served   int
	tickets  map[string]bool
	lastTS   int64
	next     int

	sockets []*socket
	opened  int
	pending []*delivery
	mode    Delivery
	held    *delivery
	acked   map[string]bool
	// sent tells what envelopes are about that aren't acknowledged.
	sent map[string]string
}

// New starts a workspace.
func New(cfg Config) (*Server, error) {
	for _, token := range []struct {
		at     *string
		prefix string
	}{{&cfg.BotToken, "xoxb-"}, {&cfg.AppToken, "xapp-1-"}} {
		if *token.at == "" {
			secret := make([]byte, 16)
			if _, err := rand.Read(secret); err != nil {
				return nil, fmt.Errorf("making a token: %w", err)
			}
			*token.at = token.prefix + hex.EncodeToString(secret)
		}
	}
	if cfg.Scopes == nil {
		cfg.Scopes = AllScopes()
	}
	if cfg.AckTime <= 0 {
		cfg.AckTime = 3 * time.Second
	}
	if cfg.PageLimit == 0 {
		cfg.PageLimit = 999
	}
	cfg.Team = or(cfg.Team, "Coachworks")
	listener, err := net.Listen("tcp", or(cfg.Address, "127.0.0.1:0")) //nolint:noctx // it listens at once
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	s := &Server{
		cfg: cfg, listener: listener, done: make(chan struct{}), stop: make(chan struct{}),
		conns: map[net.Conn]struct{}{}, calls: map[string]int{}, users: map[string]*User{}, channels: map[string]*channel{},
		files: map[string]*File{}, tickets: map[string]bool{}, acked: map[string]bool{}, sent: map[string]string{},
	}
	s.AddUser(User{ID: Self, Name: "stagecoach", bot: true})
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 30 * time.Second, ConnState: s.track}
	var both sync.WaitGroup
	both.Go(func() { _ = s.http.Serve(listener) })
	both.Go(s.resend)
	go func() { both.Wait(); close(s.done) }()
	return s, nil
}

// URL is where the Web API is.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() + "/api/" }

// BotToken and AppToken are what must be shown.
func (s *Server) BotToken() string { return s.cfg.BotToken }

// AppToken is that of the app, for sockets.
func (s *Server) AppToken() string { return s.cfg.AppToken }

// Close ends it.
func (s *Server) Close() error {
	close(s.stop)
	s.Cut()
	err := s.http.Close()
	<-s.done
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing: %w", err)
	}
	return nil
}

func (s *Server) track(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		if s.down {
			s.refuse++
			_ = c.Close()
			return
		}
		s.conns[c] = struct{}{}
	case http.StateClosed, http.StateHijacked:
		delete(s.conns, c)
	case http.StateActive, http.StateIdle:
	}
}

// Cut breaks every connection and socket at once.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut()
}

func (s *Server) cut() {
	for c := range s.conns {
		_ = c.Close()
	}
	for _, socket := range s.sockets {
		_ = socket.conn.Close()
	}
	s.sockets = nil
}

// Down makes it unreachable, Up reachable again. Refused counts who tried.
func (s *Server) Down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down, s.refuse = true, 0
	s.cut()
}

// Up ends Down.
func (s *Server) Up() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = false
}

// Refused counts the connections refused since Down.
func (s *Server) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refuse
}

// Calls counts the calls of a method: "chat.postMessage".
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// Served counts the files that were fetched.
func (s *Server) Served() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served
}

// ts gives the next time of a message, later than all before. s.mu is held.
func (s *Server) ts() string {
	now := time.Now().UnixMicro()
	s.lastTS = max(now, s.lastTS+1)
	return fmt.Sprintf("%d.%06d", s.lastTS/1e6, s.lastTS%1e6)
}

// id makes an id of Slack's form. s.mu is held.
func (s *Server) id(kind string) string {
	s.next++
	return fmt.Sprintf("%s0FAKE%04d", kind, s.next)
}

func (s *Server) may(scope string) bool { return slices.Contains(s.cfg.Scopes, scope) }

func or(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
