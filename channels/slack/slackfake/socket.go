package slackfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Delivery is how events are handed over.
type Delivery struct {
	// Double sends each event twice, in envelopes of their own.
	Double bool
	// Swap holds every other event back and sends it after the next one.
	Swap bool
	// Silent sends none.
	Silent bool
}

// Deliver sets how events are handed over from now on.
func (s *Server) Deliver(mode Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode = mode
	if s.held != nil {
		held := s.held
		s.held = nil
		s.handOver(held)
	}
}

// delivery is an envelope on its way.
type delivery struct {
	id, kind, about string
	payload         json.RawMessage
	attempt         int
	due             time.Time
}

// socket writes what it is told in a goroutine of its own: an app that doesn't read
// holds nobody up.
type socket struct {
	conn *websocket.Conn
	out  chan []byte
	end  chan struct{}
}

func newSocket(conn *websocket.Conn) *socket {
	return &socket{conn: conn, out: make(chan []byte, 1<<15), end: make(chan struct{})}
}

func (k *socket) say(what any) {
	raw, err := json.Marshal(what)
	if err != nil {
		return
	}
	k.sayRaw(raw)
}

func (k *socket) sayRaw(raw []byte) {
	select {
	case k.out <- raw:
	default:
		_ = k.conn.Close()
	}
}

// hangUp closes the link once all that was said is written.
func (k *socket) hangUp() { k.sayRaw(nil) }

// talk writes until the socket ends, and asks from time to time whether anybody is
// there, as Slack does.
func (k *socket) talk() {
	ping := time.NewTicker(10 * time.Second)
	defer ping.Stop()
	defer func() { _ = k.conn.Close() }()
	for {
		var err error
		select {
		case <-k.end:
			return
		case <-ping.C:
			err = k.conn.WriteControl(websocket.PingMessage, []byte("Ping from applink-fake"), time.Now().Add(10*time.Second))
		case raw := <-k.out:
			if raw == nil {
				return
			}
			if err = k.conn.SetWriteDeadline(time.Now().Add(10 * time.Second)); err == nil {
				err = k.conn.WriteMessage(websocket.TextMessage, raw)
			}
		}
		if err != nil {
			return
		}
	}
}

// mostSockets is how many an app may have open.
// https://docs.slack.dev/apis/events-api/using-socket-mode#connections
const mostSockets = 10

// serveSocket takes a web socket with the ticket of apps.connections.open, which is
// good for one.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	valid := s.tickets[ticket]
	delete(s.tickets, ticket)
	s.mu.Unlock()
	if !valid {
		http.Error(w, "invalid ticket", http.StatusForbidden)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	k := newSocket(conn)
	var talking sync.WaitGroup
	talking.Go(k.talk)
	defer talking.Wait()
	defer close(k.end)
	s.mu.Lock()
	n := len(s.sockets) + 1
	if n > mostSockets || s.down {
		s.mu.Unlock()
		k.say(map[string]any{"type": "disconnect", "reason": "too_many_websockets"})
		k.hangUp()
		s.listen(k)
		return
	}
	s.sockets = append(s.sockets, k)
	s.opened++
	k.say(map[string]any{
		"type": "hello", "num_connections": n, "connection_info": map[string]any{"app_id": AppID},
		"debug_info": map[string]any{"host": "applink-fake", "approximate_connection_time": 18060},
	})
	s.mu.Unlock()
	s.listen(k)
}

// listen takes acknowledgements until the socket ends.
func (s *Server) listen(k *socket) {
	defer func() {
		_ = k.conn.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sockets = slices.DeleteFunc(s.sockets, func(other *socket) bool { return other == k })
	}()
	for {
		var said struct {
			EnvelopeID string `json:"envelope_id"`
		}
		if k.conn.ReadJSON(&said) != nil {
			return
		}
		s.mu.Lock()
		if about, sent := s.sent[said.EnvelopeID]; sent { // also where it was given up
			s.acked[about] = true
			delete(s.sent, said.EnvelopeID)
		}
		s.pending = slices.DeleteFunc(s.pending, func(d *delivery) bool { return d.id == said.EnvelopeID })
		s.mu.Unlock()
	}
}

// announce sends the events of a message: message, and app_mention where the app is
// named. Without the scope for it there is none. s.mu is held.
func (s *Server) announce(c *channel, m *msg) {
	if !c.member {
		return
	}
	event := s.object(c, m, true)
	event["channel"], event["channel_type"], event["event_ts"] = c.id, c.kind, m.ts
	named := c.kind != "im" && strings.Contains(m.text, "<@"+Self+">") && s.may("app_mentions:read")
	if named {
		mention := s.object(c, m, true)
		mention["type"], mention["channel"], mention["event_ts"] = "app_mention", c.id, m.ts
		delete(mention, "subtype")
		s.send(mention, m.ts)
	}
	if s.may(historyScope(c.kind)) {
		s.send(event, m.ts)
	}
}

func historyScope(kind string) string {
	return map[string]string{"im": "im:history", "mpim": "mpim:history", "group": "groups:history", "channel": "channels:history"}[kind]
}

// send puts an event on its way. s.mu is held.
func (s *Server) send(event map[string]any, about string) {
	if s.mode.Silent {
		return
	}
	times := 1
	if s.mode.Double {
		times = 2
	}
	s.next++
	payload, err := json.Marshal(map[string]any{
		"token": "legacy", "team_id": TeamID, "api_app_id": AppID, "type": "event_callback",
		"event_id": fmt.Sprintf("Ev0FAKE%06d", s.next), "event_time": time.Now().Unix(), "event": event,
		"authorizations": []any{map[string]any{"team_id": TeamID, "user_id": Self, "is_bot": true}},
	})
	if err != nil {
		return
	}
	for range times {
		s.put(&delivery{kind: "events_api", about: about, payload: payload})
	}
}

func (s *Server) put(d *delivery) {
	s.next++
	d.id = fmt.Sprintf("envelope-%06d", s.next)
	if s.mode.Swap && s.held == nil {
		s.held = d
		return
	}
	s.handOver(d)
	if held := s.held; held != nil {
		s.held = nil
		s.handOver(held)
	}
}

// PutRaw sends an events_api envelope with any payload.
func (s *Server) PutRaw(payload string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(&delivery{kind: "events_api", about: payload, payload: json.RawMessage(payload)})
}

// Interact sends an interactive envelope. Acked(payload) tells when it is taken.
func (s *Server) Interact(payload string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(&delivery{kind: "interactive", about: payload, payload: json.RawMessage(payload)})
}

// Acked reports whether an event about a message (by its ts) was acknowledged.
func (s *Server) Acked(about string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acked[about]
}

// handOver sends an envelope to one of the sockets, the newest last. s.mu is held.
func (s *Server) handOver(d *delivery) {
	if d.attempt == 0 {
		s.pending = append(s.pending, d)
		s.sent[d.id] = d.about
	}
	d.due = time.Now().Add(s.cfg.AckTime)
	if len(s.sockets) == 0 {
		return
	}
	k := s.sockets[d.attempt%len(s.sockets)]
	// The payload goes as it is: encoding/json would compact it.
	head := fmt.Sprintf(`{"type":%q,"envelope_id":%q,"accepts_response_payload":%v`, d.kind, d.id, d.kind != "events_api")
	if d.kind == "events_api" {
		reason := ""
		if d.attempt > 0 {
			reason = "timeout"
		}
		head += fmt.Sprintf(`,"retry_attempt":%d,"retry_reason":%q`, d.attempt, reason)
	}
	k.sayRaw([]byte(head + `,"payload":` + string(d.payload) + "}"))
}

// mostRetries is how often an event is sent again.
// https://docs.slack.dev/apis/events-api/#retries
const mostRetries = 3

// resend sends again what wasn't acknowledged in time.
func (s *Server) resend() {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		now := time.Now()
		s.pending = slices.DeleteFunc(s.pending, func(d *delivery) bool { return d.attempt >= mostRetries && now.After(d.due) })
		for _, d := range s.pending {
			if now.After(d.due) {
				d.attempt++
				s.handOver(d)
			}
		}
		s.mu.Unlock()
	}
}

// Disconnect has Slack ask for another socket in place of each ("warning",
// "refresh_requested"), or end Socket Mode ("link_disabled"). closing ends the old
// ones at once.
func (s *Server) Disconnect(reason string, closing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.sockets {
		k.say(map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "applink-fake"}})
		if closing {
			k.hangUp()
		}
	}
}

// Sockets counts those that are open.
func (s *Server) Sockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

// Opened counts the sockets that were ever open.
func (s *Server) Opened() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened
}

// Frame sends any bytes over every socket.
func (s *Server) Frame(raw string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.sockets {
		k.sayRaw([]byte(raw))
	}
}
