package mastodonfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/net/websocket"
)

// tell says an event to all who listen.
func (s *Server) tell(event, payload string) {
	said, err := json.Marshal(map[string]any{"stream": []string{"user"}, "event": event, "payload": payload})
	if err != nil {
		return
	}
	for stream := range s.streams {
		select {
		case stream <- event + "\n" + string(said):
		default: // who doesn't listen misses it, as it is
		}
	}
}

func (s *Server) subscribe() chan string {
	stream := make(chan string, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams[stream] = struct{}{}
	return stream
}

func (s *Server) leave(stream chan string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, stream)
}

// Listening counts those who listen to the stream.
func (s *Server) Listening() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}

// serveStream is https://docs.joinmastodon.org/methods/streaming/: events sent by
// the server on Mastodon, a web socket on the others.
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	no := s.allowed(r, "read:statuses")
	s.mu.Unlock()
	switch {
	case no != nil:
		writeJSON(w, no.code, map[string]string{"error": no.text})
	case s.cfg.NoStream:
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "Not Found"})
	case r.URL.Path == "/api/v1/streaming/user" && s.cfg.Flavour == Mastodon:
		s.events(w, r)
	case r.URL.Path == "/api/v1/streaming" && s.cfg.Flavour != Mastodon && r.URL.Query().Get("stream") == "user":
		websocket.Server{Handler: s.socket}.ServeHTTP(w, r)
	default:
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "Not Found"})
	}
}

func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w).Flush
	stream := s.subscribe()
	defer s.leave(stream)
	_, _ = fmt.Fprint(w, ":)\n")
	_ = flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case said, ok := <-stream:
			if !ok {
				return
			}
			event, payload, _ := strings.Cut(said, "\n")
			if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, payload); err != nil || flush() != nil {
				return
			}
		}
	}
}

func (s *Server) socket(conn *websocket.Conn) {
	stream := s.subscribe()
	defer s.leave(stream)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		var nothing []byte
		for websocket.Message.Receive(conn, &nothing) == nil {
			continue
		}
	}()
	defer func() { _ = conn.Close(); <-gone }()
	for {
		select {
		case <-gone:
			return
		case said, ok := <-stream:
			if !ok {
				return
			}
			_, message, _ := strings.Cut(said, "\n")
			if err := websocket.Message.Send(conn, message); err != nil {
				return
			}
		}
	}
}
