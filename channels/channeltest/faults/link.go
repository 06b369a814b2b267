package faults

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Link is where a fake listens. Its connections can be cut, and it can be
// unreachable for a time.
type Link struct {
	listener net.Listener
	http     *http.Server
	done     chan struct{}

	mu      sync.Mutex
	conns   map[net.Conn]struct{}
	down    bool
	refused int
}

// Listen takes an address, "127.0.0.1:0" if empty. Nothing is answered before Serve.
func Listen(address string) (*Link, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	l := &Link{listener: listener, done: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	l.http = &http.Server{ReadHeaderTimeout: 30 * time.Second, ConnState: l.track}
	return l, nil
}

// Serve starts answering by h, until Close.
func (l *Link) Serve(h http.Handler) {
	l.http.Handler = h
	go func() {
		defer close(l.done)
		_ = l.http.Serve(l.listener)
	}()
}

// URL is where it listens.
func (l *Link) URL() string { return "http://" + l.listener.Addr().String() }

// Close ends what Serve has begun.
func (l *Link) Close() error {
	err := l.http.Close()
	<-l.done
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing: %w", err)
	}
	return nil
}

func (l *Link) track(c net.Conn, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch state {
	case http.StateNew:
		if l.down {
			l.refused++
			_ = c.Close()
			return
		}
		l.conns[c] = struct{}{}
	case http.StateClosed, http.StateHijacked:
		delete(l.conns, c)
	case http.StateActive, http.StateIdle:
	}
}

// Cut breaks every connection at once.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut()
}

func (l *Link) cut() {
	for c := range l.conns {
		_ = c.Close()
	}
}

// Down makes it unreachable, Up reachable again. Refused counts who tried.
func (l *Link) Down() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down, l.refused = true, 0
	l.cut()
}

// Up ends Down.
func (l *Link) Up() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}

// Refused counts the connections refused since Down.
func (l *Link) Refused() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}
