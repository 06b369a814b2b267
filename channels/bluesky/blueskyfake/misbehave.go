package blueskyfake

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
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
		if m.Method != "" && m.Method != method || m.Times < 0 {
			continue
		}
		if m.Skip > 0 {
			m.Skip--
			continue
		}
		if m.Times == 1 {
			m.Times = -1
		} else if m.Times > 1 {
			m.Times--
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
	if m.Delay > 0 {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(m.Delay):
		}
	}
	replaced := m.Code != 0 || m.Cut
	if !replaced && !m.Shuffle && !m.Double && !m.Garbage {
		s.api(w, r)
		return
	}
	recorded := httptest.NewRecorder()
	if !replaced || m.After {
		s.api(recorded, r)
	}
	switch {
	case m.Cut:
		panic(http.ErrAbortHandler)
	case m.Code != 0:
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
	default:
		spoil(w, recorded, m)
	}
}

func spoil(w http.ResponseWriter, recorded *httptest.ResponseRecorder, m Misbehaviour) {
	body := recorded.Body.Bytes()
	var all map[string]json.RawMessage
	if json.Unmarshal(body, &all) == nil {
		for name, raw := range all {
			var list []json.RawMessage
			if json.Unmarshal(raw, &list) != nil {
				continue
			}
			if m.Double {
				list = append(list, list...)
			}
			if m.Shuffle {
				rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] }) //nolint:gosec // disorder needs no secret
			}
			all[name], _ = json.Marshal(list)
		}
		body, _ = json.Marshal(all)
	}
	if m.Garbage {
		body = body[:len(body)/2]
	}
	maps.Copy(w.Header(), recorded.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(recorded.Code)
	_, _ = w.Write(body)
}
