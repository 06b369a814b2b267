package slackfake

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Misbehaviour is one way to go wrong, for the calls that it names.
type Misbehaviour struct {
	// Method chooses calls by a part of the path: "chat.postMessage"; all if empty.
	Method string
	// Error answers 200 with this error; Code and Body answer that instead. Retry is
	// the header Retry-After.
	Error string
	Code  int
	Body  string
	Retry string
	// Cut breaks the link instead of answering.
	Cut bool
	// After lets the call have its effect before Error, Code or Cut.
	After bool
	// Delay waits before anything else.
	Delay time.Duration
	// Reverse and Double spoil pages: out of order, each message twice. Garbage ends
	// the JSON too soon, Huge makes the answer larger than anybody wants.
	Reverse, Double, Garbage, Huge bool
	// Skip leaves the first calls alone, Times ends it after so many; 0 means never.
	Skip, Times int
}

// Misbehave sets how to go wrong from now on; nothing makes it well again.
func (s *Server) Misbehave(how ...Misbehaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = how
}

// wrongFor finds what is to go wrong with a call.
func (s *Server) wrongFor(r *http.Request) (Misbehaviour, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[strings.TrimPrefix(r.URL.Path, "/api/")]++
	for i := range s.wrong {
		m := &s.wrong[i]
		if !strings.Contains(r.URL.Path, m.Method) || m.Times < 0 {
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
	m, wrong := s.wrongFor(r)
	if !wrong {
		s.route(w, r)
		return
	}
	if m.Delay > 0 {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(m.Delay):
		}
	}
	replaced := m.Code != 0 || m.Error != "" || m.Cut
	if !replaced && !m.Reverse && !m.Double && !m.Garbage && !m.Huge {
		s.route(w, r)
		return
	}
	recorded := httptest.NewRecorder()
	if !replaced || m.After {
		s.route(recorded, r)
	}
	switch {
	case m.Cut:
		panic(http.ErrAbortHandler)
	case replaced:
		if m.Retry != "" {
			w.Header().Set("Retry-After", m.Retry)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(max(m.Code, http.StatusOK))
		_, _ = w.Write([]byte(or(m.Body, `{"ok":false,"error":"`+m.Error+`"}`)))
	default:
		spoil(w, recorded, m)
	}
}

func spoil(w http.ResponseWriter, recorded *httptest.ResponseRecorder, m Misbehaviour) {
	body := recorded.Body.Bytes()
	var got map[string]json.RawMessage
	var list []json.RawMessage
	if json.Unmarshal(body, &got) == nil && json.Unmarshal(got["messages"], &list) == nil {
		if m.Double {
			list = append(list, list...)
		}
		if m.Reverse {
			slices.Reverse(list)
		}
		got["messages"], _ = json.Marshal(list)
		body, _ = json.Marshal(got)
	}
	if m.Garbage {
		body = body[:len(body)/2]
	}
	if m.Huge {
		body = append([]byte(`{"ok":true,"padding":"`), slices.Repeat([]byte("x"), 20<<20)...)
	}
	maps.Copy(w.Header(), recorded.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(recorded.Code)
	_, _ = w.Write(body)
}
