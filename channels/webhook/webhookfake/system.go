// Package webhookfake is a connected system as the webhook channel sees it: it
// posts its customers' messages, tries again until they are stored, and takes
// replies at a callback. It speaks HTTP over loopback, and is written from
// Standard Webhooks 1.0.0
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
// and from schema/*.json alone: nothing of it is shared with the adapter, so that
// one checks the other. It is strict where a receiver should be, and can be made
// to misbehave.
package webhookfake

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Config is one system. Both secrets are "whsec_" and base64.
type Config struct {
	// Target is where messages are posted: …/channels/webhook/<account>/messages.
	// It may be given later by Connect.
	Target string
	// Secret signs messages, CallbackSecret verifies replies; Secret if empty.
	Secret, CallbackSecret string
	// Retry is how long to wait before a message is posted again; 1 s if zero. A
	// longer Retry-After is followed up to LongestWait, 30 s if zero.
	Retry, LongestWait time.Duration
}

// Message is what a customer wrote, as schema/message.json has it.
type Message struct {
	ID           string
	Conversation string
	From, Name   string
	Email        string
	Subject      string
	Text         string
	HTML         string
	Language     string
	SentAt       time.Time
	InReplyTo    string
	Edits        string
	Withdraws    string
	Files        []File
}

// File is a file of a message or of a reply.
type File struct {
	Name        string
	ContentType string
	Data        []byte
	// URL is where a message's file is, instead of Data.
	URL string
}

// Reply is what a customer got.
type Reply struct {
	ID           string
	Conversation string
	InReplyTo    string
	To           string
	FromName     string
	Subject      string
	Text         string
	HTML         string
	Automatic    bool
	Files        []File
}

// Refusal is a message that was refused for good.
type Refusal struct {
	ID     string
	Status int
	// Answer is the body of the refusal.
	Answer string
}

// System is one connected system.
type System struct {
	cfg    Config
	key    []byte
	check  []byte
	server *http.Server
	base   string
	client *http.Client
	end    context.CancelFunc
	ended  sync.WaitGroup

	mu       sync.Mutex
	changed  chan struct{}
	target   string
	waiting  map[string][]post
	busy     map[string]bool
	wake     chan struct{}
	links    map[net.Conn]bool
	stored   map[string]int
	refused  []Refusal
	lastWait string
	replies  []Reply
	known    map[string]bool
	posts    int
	pings    int
	faults   []string
	files    map[string]File
	mode     Misbehaviour
}

// New starts a system; it ends with ctx or by Close.
func New(ctx context.Context, cfg Config) (*System, error) {
	if cfg.Retry <= 0 {
		cfg.Retry = time.Second
	}
	if cfg.LongestWait <= 0 {
		cfg.LongestWait = 30 * time.Second
	}
	if cfg.CallbackSecret == "" {
		cfg.CallbackSecret = cfg.Secret
	}
	key, err := keyOf(cfg.Secret)
	check, err2 := keyOf(cfg.CallbackSecret)
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for replies: %w", err)
	}
	ctx, end := context.WithCancel(ctx)
	s := &System{
		cfg: cfg, key: key, check: check, base: "http://" + listener.Addr().String(), end: end, target: cfg.Target,
		changed: make(chan struct{}), waiting: map[string][]post{}, busy: map[string]bool{}, wake: make(chan struct{}, 1),
		links: map[net.Conn]bool{}, stored: map[string]int{}, known: map[string]bool{}, files: map[string]File{},
	}
	s.client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: s.dial}}
	s.server = &http.Server{
		Handler: s, ReadHeaderTimeout: 30 * time.Second,
		ConnState: func(c net.Conn, state http.ConnState) {
			s.link(c, state != http.StateClosed && state != http.StateHijacked)
		},
	}
	s.ended.Go(func() { _ = s.server.Serve(listener) })
	s.ended.Go(func() { s.run(ctx) })
	return s, nil
}

// URL is where replies are taken.
func (s *System) URL() string { return s.base + "/replies" }

// Connect says where messages are posted from now on.
func (s *System) Connect(target string) {
	s.change(func() { s.target = target })
	s.poke()
}

// Close ends the system and waits for what it was doing.
func (s *System) Close() {
	s.end()
	_ = s.server.Close()
	s.Cut()
	s.ended.Wait()
	s.client.CloseIdleConnections()
}

// Serve offers a file under an address of this system, and gives that.
func (s *System) Serve(f File) string {
	s.change(func() { s.files[f.Name] = f })
	return s.base + "/files/" + f.Name
}

// Cut breaks all links at once; new ones are made.
func (s *System) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.links {
		_ = c.Close()
	}
}

// Received lists the replies, each once, in the order of their coming.
func (s *System) Received() []Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Reply(nil), s.replies...)
}

// Posts counts what was posted to the callback, pings apart.
func (s *System) Posts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts
}

// Pings counts signed pings.
func (s *System) Pings() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pings
}

// Faults lists what was wrong with what was posted to the callback.
func (s *System) Faults() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.faults...)
}

// Stored gives how often the message was said to be stored.
func (s *System) Stored(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stored[id]
}

// Refused lists the messages that were refused for good.
func (s *System) Refused() []Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Refusal(nil), s.refused...)
}

// RetryAfter is the last Retry-After that was given with a refusal for now.
func (s *System) RetryAfter() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastWait
}

// Until waits until ok holds, asking at every change, or ctx ends.
func (s *System) Until(ctx context.Context, ok func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *System) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *System) link(c net.Conn, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if there {
		s.links[c] = true
	} else {
		delete(s.links, c)
	}
}

func (s *System) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	s.link(c, true)
	return &tracked{Conn: c, gone: func() { s.link(c, false) }}, nil
}

// tracked is a link that says when it is closed.
type tracked struct {
	net.Conn
	gone func()
}

// Close implements net.Conn.
func (t *tracked) Close() error {
	t.gone()
	return t.Conn.Close()
}
