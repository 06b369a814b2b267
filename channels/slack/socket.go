package slack

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack/socketmode"

	"stagecoach/channels"
)

// Bounds of a socket.
const (
	maxFrame    = 8 << 20
	writeTime   = 10 * time.Second
	drainTime   = 20 * time.Second
	crowdedWait = 30 * time.Second
)

// socket is one web socket of Socket Mode.
// https://docs.slack.dev/apis/events-api/using-socket-mode
type socket struct {
	conn  *websocket.Conn
	write sync.Mutex
	// stands is closed at the first frame, replace when Slack wants another socket
	// in its place, ended when nothing more comes; then err is why.
	stands, replace, ended chan struct{}
	standing, replacing    sync.Once
	err                    error
}

// connect opens a socket, has its frames handled, and returns once it stands.
// https://docs.slack.dev/reference/methods/apps.connections.open
func (r *run) connect(ctx context.Context) (*socket, error) {
	a := r.a
	at, err := a.socketAddress(ctx, opConnect)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
	defer cancel()
	roots, err := a.cfg.roots()
	if err != nil {
		return nil, a.failure(opConnect, channels.Malformed, "", err.Error(), err)
	}
	dialer := websocket.Dialer{
		Proxy: http.ProxyFromEnvironment, HandshakeTimeout: a.cfg.Timeout,
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}
	conn, res, err := dialer.DialContext(limited, at, nil)
	if res != nil && res.Body != nil {
		_ = res.Body.Close()
	}
	if err != nil {
		return nil, a.dialFailure(res, err)
	}
	s := &socket{conn: conn, stands: make(chan struct{}), replace: make(chan struct{}), ended: make(chan struct{})}
	a.crowd.join()
	r.group.Go(func() error {
		defer a.crowd.leave()
		s.run(ctx, r)
		return nil
	})
	select {
	case <-s.stands:
		return s, nil
	case <-s.ended:
		return nil, r.lost(s.err)
	case <-limited.Done():
		_ = conn.Close()
		return nil, a.linkFailure(opConnect, limited.Err())
	}
}

const connectMethod = "apps.connections.open"

// socketAddress asks for the address of a socket. It is good for one connection.
func (a *Adapter) socketAddress(ctx context.Context, op string) (string, error) {
	var got struct {
		URL string `json:"url"`
	}
	if err := a.call(ctx, op, connectMethod, a.cfg.AppToken, struct{}{}, &got); err != nil {
		if typed, ok := errors.AsType[*channels.Error](err); ok && typed.Reason == channels.Auth {
			typed.Err = channels.Plain("app_token: "+channels.Words(typed), nil)
		}
		return "", err
	}
	u, err := url.Parse(got.URL)
	secure := err == nil && (u.Scheme == "wss" || u.Scheme == "ws" && a.base.Scheme == "http")
	if !secure || u.Host == "" {
		return "", a.failure(op, channels.Malformed, "", "server "+a.base.Host+" names no socket that can be used", nil)
	}
	return got.URL, nil
}

func (a *Adapter) dialFailure(res *http.Response, err error) *channels.Error {
	if res == nil {
		return a.linkFailure(opConnect, err)
	}
	answered := &answer{code: res.StatusCode, header: res.Header, at: time.Now()}
	return a.refusal(opConnect, "the web socket", answered)
}

// run reads until the socket or ctx ends.
func (s *socket) run(ctx context.Context, r *run) {
	defer close(s.ended)
	defer func() { _ = s.conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	defer stop()
	pinging := make(chan struct{})
	done := make(chan struct{})
	defer func() { close(done); <-pinging }()
	go func() {
		defer close(pinging)
		s.ping(done, r.a.silence/3)
	}()
	alive := func(string) error { return s.conn.SetReadDeadline(time.Now().Add(r.a.silence)) }
	s.conn.SetReadLimit(maxFrame)
	s.conn.SetPongHandler(alive)
	answer := s.conn.PingHandler()
	s.conn.SetPingHandler(func(said string) error {
		if err := alive(said); err != nil {
			return err
		}
		return answer(said)
	})
	for {
		if s.err = alive(""); s.err != nil {
			return
		}
		_, frame, err := s.conn.ReadMessage()
		if err != nil {
			s.err = err
			return
		}
		if s.err = r.frame(ctx, s, frame); s.err != nil {
			return
		}
	}
}

// ping asks from time to time whether anybody is there: a link that broke without
// a word is found by the silence.
func (s *socket) ping(done <-chan struct{}, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			if s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTime)) != nil {
				_ = s.conn.Close()
				return
			}
		}
	}
}

// ack tells Slack that an envelope is taken. What isn't told comes again.
func (s *socket) ack(envelope string) {
	s.write.Lock()
	defer s.write.Unlock()
	if s.conn.SetWriteDeadline(time.Now().Add(writeTime)) != nil ||
		s.conn.WriteJSON(socketmode.Response{EnvelopeID: envelope}) != nil {
		_ = s.conn.Close()
	}
}

// frame handles what came over a socket.
func (r *run) frame(ctx context.Context, s *socket, raw []byte) error {
	var q socketmode.Request
	if unmarshalLoosely(raw, &q) != nil {
		// Nothing tells what to acknowledge. If it was an event it comes again.
		r.a.log.WarnContext(ctx, "an unreadable frame was skipped", "size", len(raw))
		return nil //nolint:nilerr // one frame that can't be read ends no socket
	}
	if q.Type == "disconnect" {
		return r.disconnect(s, q.Reason)
	}
	s.standing.Do(func() { close(s.stands) })
	ack := func() { s.ack(q.EnvelopeID) }
	switch {
	case q.EnvelopeID == "":
		if q.Type == "hello" {
			r.hello(ctx, q.NumConnections)
		}
		return nil
	case q.Type == socketmode.RequestTypeEventsAPI:
		return r.event(ctx, q.Payload, ack)
	case q.Type == socketmode.RequestTypeInteractive, q.Type == socketmode.RequestTypeSlashCommands:
		r.interact(ctx, Interaction{Kind: q.Type, Payload: q.Payload}, ack)
		return nil
	default:
		ack()
		return nil
	}
}

// disconnect handles Slack's wish to end a socket. It does so every few hours.
// https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect
func (r *run) disconnect(s *socket, reason string) error {
	switch reason {
	case "link_disabled":
		return r.a.failure(opConnect, channels.Auth, reason,
			"Socket Mode is switched off: switch it on under \"Socket Mode\" at https://api.slack.com/apps", nil)
	case "too_many_websockets":
		e := r.a.failure(opConnect, channels.Unavailable, reason,
			"the app has too many sockets open (Slack allows 10): is it connected from elsewhere as well?", nil)
		e.RetryAfter = crowdedWait
		return e
	default: // "warning", "refresh_requested"
		s.replacing.Do(func() { close(s.replace) })
		return nil
	}
}

// lost gives the end of a socket its words.
func (r *run) lost(err error) error {
	if typed, ok := errors.AsType[*channels.Error](err); ok {
		return typed
	}
	if err == nil || errors.Is(err, context.Canceled) {
		return r.a.failure(opConnect, channels.Unavailable, "", "the web socket was closed", err)
	}
	if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
		return r.a.failure(opConnect, channels.Unavailable, "", fmt.Sprintf("the web socket was closed (%d)", closed.Code), err)
	}
	if channels.TimedOut(err) {
		return r.a.failure(opConnect, channels.Unavailable, "", "nothing was heard over the web socket for "+r.a.silence.String(), err)
	}
	return r.a.failure(opConnect, channels.Unavailable, "", "the web socket broke: "+channels.LastCause(err).Error(), err)
}

// keep holds a socket until ctx ends or the link is lost. When Slack wants another
// one, it is opened while the old one still stands, so that nothing is missed.
func (r *run) keep(ctx context.Context, current *socket) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-current.ended:
			return r.lost(current.err)
		case <-current.replace:
		}
		r.hold()
		next, err := r.replace(ctx, current)
		if err != nil {
			return err
		}
		old := current
		select {
		case <-old.ended: // something may have been said between the two
			r.release(true)
		default:
			r.release(false)
			r.group.Go(func() error { old.drain(ctx); return nil })
		}
		current = next
	}
}

// replace opens another socket, again for as long as the old one stands.
func (r *run) replace(ctx context.Context, old *socket) (*socket, error) {
	for pause := time.Second; ; pause = min(2*pause, 10*time.Second) {
		next, err := r.connect(ctx)
		if err == nil {
			return next, nil
		}
		wait := pause
		if typed, ok := errors.AsType[*channels.Error](err); ok {
			wait = max(wait, typed.RetryAfter)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-old.ended:
			return nil, err
		case <-time.After(wait):
		}
	}
}

// drain leaves an old socket the time to say what it still has to say.
func (s *socket) drain(ctx context.Context) {
	select {
	case <-s.ended:
	case <-ctx.Done():
	case <-time.After(drainTime):
		_ = s.conn.Close()
	}
}

// interact hands over what somebody did with a button, a form or a command.
func (r *run) interact(ctx context.Context, i Interaction, ack func()) {
	if r.a.cfg.Interact == nil {
		ack()
		return
	}
	i.Payload = append(json.RawMessage(nil), i.Payload...)
	r.group.Go(func() error {
		limited, cancel := context.WithTimeout(ctx, interactTime)
		defer cancel()
		if err := r.a.cfg.Interact(limited, i); err != nil {
			r.a.log.WarnContext(ctx, "an interaction was not taken", "kind", i.Kind, "err", err)
			return nil
		}
		ack()
		return nil
	})
}

// interactTime leaves something of the 3 s after which Slack shows an error.
const interactTime = 2500 * time.Millisecond
