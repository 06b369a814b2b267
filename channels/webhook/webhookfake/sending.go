package webhookfake

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
)

// post is one message on its way.
type post struct {
	id   string
	body []byte
}

// Put has a customer send a message, and gives its id. Messages of one
// conversation are posted in their order, each until it is stored or refused for
// good.
func (s *System) Put(m Message) string {
	if m.ID == "" {
		m.ID = uuid.NewString()
	}
	if m.Conversation == "" {
		m.Conversation = "of-" + m.From
	}
	s.PutBody(m.ID, m.Conversation, Body(m))
	return m.ID
}

// PutBody posts these very bytes as the message of that id.
func (s *System) PutBody(id, conversation string, body []byte) {
	s.change(func() { s.waiting[conversation] = append(s.waiting[conversation], post{id: id, body: body}) })
	s.poke()
}

// Body writes a message as schema/message.json has it.
func Body(m Message) []byte {
	out := map[string]any{
		"schema": 1, "id": m.ID, "conversation": m.Conversation,
		"from": party(m.From, m.Name, m.Email),
	}
	for name, value := range map[string]string{
		"subject": m.Subject, "text": m.Text, "html": m.HTML, "language": m.Language,
		"in_reply_to": m.InReplyTo, "edits": m.Edits, "withdraws": m.Withdraws,
	} {
		if value != "" {
			out[name] = value
		}
	}
	if !m.SentAt.IsZero() {
		out["sent_at"] = m.SentAt.UTC().Format(time.RFC3339Nano)
	}
	var files []map[string]string
	for _, f := range m.Files {
		one := map[string]string{"name": f.Name, "content_type": f.ContentType}
		if f.URL != "" {
			one["url"] = f.URL
		} else {
			one["data"] = base64.StdEncoding.EncodeToString(f.Data)
		}
		files = append(files, one)
	}
	if files != nil {
		out["attachments"] = files
	}
	body, err := json.Marshal(out)
	if err != nil { // strings can always be written
		return []byte("{}")
	}
	return body
}

func party(id, name, email string) map[string]string {
	out := map[string]string{"id": id}
	if name != "" {
		out["name"] = name
	}
	if email != "" {
		out["email"] = email
	}
	return out
}

func (s *System) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run starts a worker for each conversation that has something to post.
func (s *System) run(ctx context.Context) {
	var workers sync.WaitGroup
	defer workers.Wait()
	for {
		for _, conversation := range s.startable() {
			workers.Go(func() { s.work(ctx, conversation) })
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
	}
}

func (s *System) startable() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for conversation, waiting := range s.waiting {
		if len(waiting) > 0 && !s.busy[conversation] && s.target != "" {
			s.busy[conversation] = true
			out = append(out, conversation)
		}
	}
	return out
}

// work posts what a conversation has until nothing is left.
func (s *System) work(ctx context.Context, conversation string) {
	for ctx.Err() == nil {
		s.mu.Lock()
		if len(s.waiting[conversation]) == 0 {
			delete(s.waiting, conversation)
			delete(s.busy, conversation)
			s.mu.Unlock()
			return
		}
		next := s.waiting[conversation][0]
		s.mu.Unlock()
		if wait := s.once(ctx, next); wait > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
			continue
		}
		s.mu.Lock()
		s.waiting[conversation] = s.waiting[conversation][1:]
		s.mu.Unlock()
	}
}

// once posts a message once, and gives the wait before the next try, 0 when
// nothing more is to be done ("Deliverability and reliability").
func (s *System) once(ctx context.Context, p post) time.Duration {
	s.mu.Lock()
	target, mode := s.target, s.mode
	s.mu.Unlock()
	resp, answer, err := s.send(ctx, target, p, mode)
	if mode.Twice && err == nil {
		resp, answer, err = s.send(ctx, target, p, mode)
	}
	switch {
	case err != nil:
		return s.cfg.Retry
	case resp.StatusCode >= 200 && resp.StatusCode <= 299:
		s.change(func() { s.stored[p.id]++ })
		return 0
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusUnauthorized:
		after := resp.Header.Get("Retry-After")
		s.change(func() { s.lastWait = after })
		wait := s.cfg.Retry
		if n, err := strconv.Atoi(after); err == nil {
			wait = max(wait, min(time.Duration(n)*time.Second, s.cfg.LongestWait))
		}
		return wait
	default:
		s.change(func() {
			s.refused = append(s.refused, Refusal{ID: p.id, Status: resp.StatusCode, Answer: string(answer)})
		})
		return 0
	}
}

func (s *System) send(ctx context.Context, target string, p post, mode Misbehaviour) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(p.body))
	if err != nil {
		return nil, nil, err
	}
	stamp := strconv.FormatInt(time.Now().Add(mode.ClockOff).Unix(), 10)
	delivery := "msg_" + uuid.NewString()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Webhook-Id", delivery)
	req.Header.Set("Webhook-Timestamp", stamp)
	req.Header.Set("Webhook-Signature", signature(s.key, delivery, stamp, p.body))
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp, answer, err
}
