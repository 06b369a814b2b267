package blueskyfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// PutMessage makes somebody send us a direct message, and gives its id.
func (s *Server) PutMessage(author, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.personOf(author)
	return s.say(s.convoWith(p), p, text).ID
}

// DeleteMessage takes a message out of our inbox.
func (s *Server) DeleteMessage(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.convos {
		for _, m := range c.messages {
			if m.ID == id && !m.Deleted {
				m.Deleted = true
				c.rev = s.rev()
				s.log(map[string]any{
					"$type": "chat.bsky.convo.defs#logDeleteMessage", "rev": c.rev, "convoId": c.id, "message": view(m),
				})
			}
		}
	}
}

// PutLog adds an entry of any form to the log.
func (s *Server) PutLog(raw string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs = append(s.logs, json.RawMessage(raw))
}

// Messages lists the direct messages that we sent.
func (s *Server) Messages() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, c := range s.convos {
		for _, m := range c.messages {
			if m.Sender == s.me().did {
				out = append(out, m.Text)
			}
		}
	}
	return out
}

// Talk is a direct message that we sent.
type Talk struct {
	// To is the handle of whom it went to.
	ID, To, Text string
}

// Talks lists the direct messages that we sent, the oldest first.
func (s *Server) Talks() []Talk {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Talk
	for _, c := range s.convos {
		for _, m := range c.messages {
			if m.Sender == s.me().did {
				out = append(out, Talk{ID: m.ID, To: c.with.handle, Text: m.Text})
			}
		}
	}
	slices.SortFunc(out, func(a, b Talk) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Convo is the id of the talk with somebody.
func (s *Server) Convo(handle string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.convoWith(s.personOf(handle)).id
}

func (s *Server) rev() string { return tid(s.now(), 0) }

func (s *Server) convoWith(p *person) *convo {
	id := "convo" + strings.TrimPrefix(p.did, "did:plc:")[:8]
	if c, ok := s.convos[id]; ok {
		return c
	}
	c := &convo{id: id, with: p, rev: s.rev()}
	s.convos[id] = c
	s.log(map[string]any{"$type": "chat.bsky.convo.defs#logBeginConvo", "rev": c.rev, "convoId": c.id})
	return c
}

func (s *Server) say(c *convo, p *person, text string) *message {
	at := s.now()
	c.rev = tid(at, 1)
	m := &message{ID: "msg" + c.rev, Rev: c.rev, Text: text, Sender: p.did, At: at}
	c.messages = append(c.messages, m)
	s.log(map[string]any{
		"$type": "chat.bsky.convo.defs#logCreateMessage", "rev": c.rev, "convoId": c.id, "message": view(m),
		"relatedProfiles": []any{s.profile(p)},
	})
	return m
}

func (s *Server) log(entry map[string]any) {
	raw, _ := json.Marshal(entry)
	s.logs = append(s.logs, raw)
}

func view(m *message) map[string]any {
	out := map[string]any{
		"$type": "chat.bsky.convo.defs#messageView", "id": m.ID, "rev": m.Rev, "text": m.Text,
		"sender": map[string]string{"did": m.Sender}, "sentAt": stamp(m.At),
	}
	if m.Deleted {
		out["$type"] = "chat.bsky.convo.defs#deletedMessageView"
		delete(out, "text")
	}
	return out
}

func (s *Server) convoView(c *convo) map[string]any {
	return map[string]any{
		"id": c.id, "rev": c.rev, "members": []any{s.profile(s.me()), s.profile(c.with)}, "muted": false,
		"unreadCount": 0, "status": "request", "kind": map[string]string{"$type": "chat.bsky.convo.defs#directConvo"},
	}
}

// chat answers for the chat service.
func (s *Server) chat(method string, r *http.Request) (any, *refused) {
	if s.cfg.NoMessages {
		return nil, &refused{http.StatusBadRequest, "InvalidToken", "Bad token method"}
	}
	if r.Header.Get("Atproto-Proxy") != "did:web:api.bsky.chat#bsky_chat" {
		return nil, &refused{http.StatusNotImplemented, "MethodNotImplemented", "Method Not Implemented"}
	}
	q := r.URL.Query()
	switch method {
	case "chat.bsky.convo.listConvos":
		var all []any
		for _, c := range s.convos {
			all = append(all, s.convoView(c))
		}
		return map[string]any{"convos": orEmpty(all)}, nil
	case "chat.bsky.convo.getLog":
		return s.logPage(q.Get("cursor")), nil
	case "chat.bsky.convo.getConvoForMembers":
		p := s.byDID(q.Get("members"))
		if p == nil {
			return nil, &refused{http.StatusBadRequest, "InvalidRequest", "unknown member"}
		}
		return map[string]any{"convo": s.convoView(s.convoWith(p))}, nil
	case "chat.bsky.convo.getConvo", "chat.bsky.convo.getMessages":
		c, ok := s.convos[q.Get("convoId")]
		if !ok {
			return nil, &refused{http.StatusBadRequest, "InvalidConvo", "Convo not found"}
		}
		if method == "chat.bsky.convo.getConvo" {
			return map[string]any{"convo": s.convoView(c)}, nil
		}
		return s.messagePage(c, q.Get("cursor"), q.Get("limit")), nil
	case "chat.bsky.convo.sendMessage":
		return s.sendMessage(r)
	default:
		return nil, &refused{http.StatusNotImplemented, "MethodNotImplemented", "Method Not Implemented"}
	}
}

func (s *Server) logPage(cursor string) any {
	var page []json.RawMessage
	last := cursor
	for _, raw := range s.logs {
		var e struct {
			Rev string `json:"rev"`
		}
		_ = json.Unmarshal(raw, &e)
		if e.Rev != "" && e.Rev <= cursor {
			continue
		}
		if page = append(page, raw); e.Rev != "" {
			last = e.Rev
		}
		if len(page) >= s.cfg.PageLimit {
			break
		}
	}
	return map[string]any{"logs": orEmpty(page), "cursor": last}
}

func (s *Server) messagePage(c *convo, cursor, limit string) any {
	n, err := strconv.Atoi(limit)
	if err != nil || n < 1 || n > 100 {
		n = 50
	}
	all := slices.Clone(c.messages)
	slices.Reverse(all)
	from, _ := strconv.Atoi(cursor)
	from = min(max(from, 0), len(all))
	to := min(from+min(n, s.cfg.PageLimit), len(all))
	var views []any
	for _, m := range all[from:to] {
		views = append(views, view(m))
	}
	out := map[string]any{"messages": orEmpty(views)}
	if to < len(all) {
		out["cursor"] = strconv.Itoa(to)
	}
	return out
}

func (s *Server) sendMessage(r *http.Request) (any, *refused) {
	var in struct {
		Convo   string `json:"convoId"`
		Message struct {
			Text   string  `json:"text"`
			Facets []facet `json:"facets"`
		} `json:"message"`
	}
	if bad := readBody(r, &in); bad != nil {
		return nil, bad
	}
	c, ok := s.convos[in.Convo]
	if !ok {
		return nil, &refused{http.StatusBadRequest, "InvalidConvo", "Convo not found"}
	}
	if err := checkText(in.Message.Text, in.Message.Facets, 1000, 10000); err != nil || in.Message.Text == "" {
		return nil, &refused{http.StatusBadRequest, "InvalidRequest", fmt.Sprintf("Invalid message: %v", err)}
	}
	if c.with.blocksUs {
		return nil, &refused{http.StatusBadRequest, "InvalidRequest", "block between recipient and sender"}
	}
	return view(s.say(c, s.me(), in.Message.Text)), nil
}

func orEmpty[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}
