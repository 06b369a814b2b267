package mastodonfake

import (
	"net/http"
	"strings"
	"time"

	"stagecoach/channels/channeltest/faults"
)

// Misbehaviour is one way to go wrong, for the requests that it names.
type Misbehaviour struct {
	// Method and Path (a part of it) choose requests; all if empty.
	Method, Path string
	// Code and Body answer instead, with Retry-After if it isn't empty.
	Code       int
	Body       string
	RetryAfter string
	// RateLimitReset puts the end of the limit this far ahead, in Mastodon's header.
	RateLimitReset time.Duration
	// Cut breaks the link instead of answering.
	Cut bool
	// After lets the request have its effect before Code or Cut.
	After bool
	// Delay waits before anything else.
	Delay time.Duration
	// Shuffle, Double and Garbage spoil lists: out of order, each item twice, and
	// JSON that ends too soon.
	Shuffle, Double, Garbage bool
	// Skip leaves the first requests alone, Times ends it after so many; 0 means
	// never.
	Skip, Times int
}

// Misbehave sets how to go wrong from now on; nothing makes it well again.
func (s *Server) Misbehave(how ...Misbehaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = how
}

// wrongFor finds what is to go wrong with a request.
func (s *Server) wrongFor(r *http.Request) (Misbehaviour, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.wrong {
		m := &s.wrong[i]
		if (m.Method != "" && m.Method != r.Method) || !strings.Contains(r.URL.Path, m.Path) || !faults.Take(&m.Skip, &m.Times) {
			continue
		}
		return *m, true
	}
	return Misbehaviour{}, false
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls[r.Method+" "+r.URL.Path]++
	s.mu.Unlock()
	m, wrong := s.wrongFor(r)
	if !wrong {
		s.api(w, r)
		return
	}
	fault := faults.Fault{
		Delay: m.Delay, Cut: m.Cut, After: m.After, Shuffle: m.Shuffle, Double: m.Double, Garbage: m.Garbage,
	}
	if m.Code != 0 {
		fault.Answer = m.answer
	}
	fault.Serve(w, r, s.api)
}

// answer is what is said instead.
func (m Misbehaviour) answer(w http.ResponseWriter) {
	if m.RetryAfter != "" {
		w.Header().Set("Retry-After", m.RetryAfter)
	}
	if m.RateLimitReset != 0 {
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", time.Now().Add(m.RateLimitReset).UTC().Format("2006-01-02T15:04:05.000000Z"))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(m.Code)
	_, _ = w.Write([]byte(or(m.Body, `{"error":"`+http.StatusText(m.Code)+`"}`)))
}
