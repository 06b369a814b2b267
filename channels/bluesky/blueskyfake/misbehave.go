package blueskyfake

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"stagecoach/channels/channeltest/faults"
)

// Misbehaviour is one way to go wrong, for the requests that it names.
type Misbehaviour struct {
	// Method is the call's name; all if empty.
	Method string
	// Code, Error and Message answer instead, with Retry-After if it isn't empty,
	// and ratelimit-reset so far ahead if it isn't 0.
	Code           int
	Error, Message string
	RetryAfter     string
	RateLimitReset time.Duration
	// Body answers instead of Error and Message.
	Body string
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
func (s *Server) wrongFor(method string) (Misbehaviour, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[method]++
	for i := range s.wrong {
		m := &s.wrong[i]
		if m.Method != "" && m.Method != method || !faults.Take(&m.Skip, &m.Times) {
			continue
		}
		return *m, true
	}
	return Misbehaviour{}, false
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	m, wrong := s.wrongFor(strings.TrimPrefix(r.URL.Path, "/xrpc/"))
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
		w.Header().Set("RateLimit-Remaining", "0")
		w.Header().Set("RateLimit-Reset", strconv.FormatInt(time.Now().Add(m.RateLimitReset).Unix(), 10))
	}
	if m.Body != "" {
		w.WriteHeader(m.Code)
		_, _ = w.Write([]byte(m.Body))
		return
	}
	refuse(w, m.Code, or(m.Error, "InternalServerError"), or(m.Message, "Internal Server Error"))
}
