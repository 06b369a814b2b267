package webhookfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Misbehaviour is what the system does otherwise than it should. The zero value
// behaves.
type Misbehaviour struct {
	// Status is answered to replies instead of taking them, with Header and Body;
	// Taken says that they are taken all the same.
	Status int
	Header map[string]string
	Body   string
	Taken  bool
	// Cut breaks the link instead of answering.
	Cut bool
	// Delay is how long an answer takes.
	Delay time.Duration
	// Endless answers with a body without end.
	Endless bool
	// Twice posts every message twice; ClockOff is how far our clock is off.
	Twice    bool
	ClockOff time.Duration
}

// Misbehave says how to behave from now on.
func (s *System) Misbehave(m Misbehaviour) {
	s.change(func() { s.mode = m })
	s.poke()
}

// incoming is a reply as schema/reply.json has it, a ping as schema/ping.json.
type incoming struct {
	Schema       int    `json:"schema"`
	Type         string `json:"type"`
	ID           string `json:"id"`
	Conversation string `json:"conversation"`
	InReplyTo    string `json:"in_reply_to"`
	To           struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Email string `json:"email"`
	} `json:"to"`
	FromName  string `json:"from_name"`
	Subject   string `json:"subject"`
	Text      string `json:"text"`
	HTML      string `json:"html"`
	Automatic bool   `json:"automatic"`
	Files     []struct {
		Name        string `json:"name"`
		ContentType string `json:"content_type"`
		Data        []byte `json:"data"`
	} `json:"attachments"`
	CreatedAt time.Time `json:"created_at"`
}

// ServeHTTP implements http.Handler: the callback, and files of messages.
func (s *System) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name, found := strings.CutPrefix(r.URL.Path, "/files/"); found {
		s.mu.Lock()
		f, ok := s.files[name]
		s.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", f.ContentType)
		_, _ = w.Write(f.Data)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 25<<20))
	if err != nil {
		http.Error(w, "too large, or broken off", http.StatusRequestEntityTooLarge)
		return
	}
	in, status, words := s.read(r, body)
	s.mu.Lock()
	mode := s.mode
	s.mu.Unlock()
	if status == 0 && (mode.Taken || mode.Status == 0 && !mode.Cut) {
		s.take(in)
	}
	if status == 0 && in.Type == "ping" && mode.Status == 0 && !mode.Cut {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.answer(w, r, in, status, words, mode)
}

// read checks a request as a good receiver does; status is 0 if it is well.
func (s *System) read(r *http.Request, body []byte) (in incoming, status int, words string) {
	fault := func(status int, format string, args ...any) (incoming, int, string) {
		words := fmt.Sprintf(format, args...)
		s.change(func() { s.faults = append(s.faults, words) })
		return in, status, words
	}
	switch {
	case r.URL.Path != "/replies":
		return fault(http.StatusNotFound, "nothing is at %s", r.URL.Path)
	case r.Method != http.MethodPost:
		return fault(http.StatusMethodNotAllowed, "method %s", r.Method)
	case r.Header.Get("Content-Type") != "application/json":
		return fault(http.StatusUnsupportedMediaType, "content type %q", r.Header.Get("Content-Type"))
	}
	if words := verify(s.check, r.Header, body, time.Now()); words != "" {
		return fault(http.StatusUnauthorized, "%s", words)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return fault(http.StatusBadRequest, "not as documented: %v", err)
	}
	switch {
	case in.Schema != 1, in.ID != r.Header.Get("Webhook-Id"), in.CreatedAt.IsZero():
		return fault(http.StatusUnprocessableEntity, "schema %d, id %q, webhook-id %q", in.Schema, in.ID, r.Header.Get("Webhook-Id"))
	case in.Type == "ping":
	case in.Type != "reply", in.Conversation == "", in.To.ID == "", in.Files == nil:
		return fault(http.StatusUnprocessableEntity, "type %q lacks conversation, to or attachments", in.Type)
	}
	return in, 0, ""
}

// take keeps a reply, each webhook-id once.
func (s *System) take(in incoming) {
	s.change(func() {
		if in.Type == "ping" {
			s.pings++
			return
		}
		s.posts++
		if s.known[in.ID] {
			return
		}
		s.known[in.ID] = true
		reply := Reply{
			ID: in.ID, Conversation: in.Conversation, InReplyTo: in.InReplyTo, To: in.To.ID, FromName: in.FromName,
			Subject: in.Subject, Text: in.Text, HTML: in.HTML, Automatic: in.Automatic,
		}
		for _, f := range in.Files {
			reply.Files = append(reply.Files, File{Name: f.Name, ContentType: f.ContentType, Data: f.Data})
		}
		s.replies = append(s.replies, reply)
	})
}

func (s *System) answer(w http.ResponseWriter, r *http.Request, in incoming, status int, words string, mode Misbehaviour) {
	if mode.Delay > 0 {
		select {
		case <-time.After(mode.Delay):
		case <-r.Context().Done():
		}
	}
	switch {
	case mode.Cut:
		panic(http.ErrAbortHandler)
	case status != 0:
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": words})
	case mode.Status != 0:
		for name, value := range mode.Header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(mode.Status)
		_, _ = io.WriteString(w, mode.Body)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"id": "r-" + in.ID, "status": "stored"})
	}
	if mode.Endless {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	}
}
