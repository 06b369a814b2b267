package desk

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// beatEvery is how often an open page is told that the line is up, and how
// often its agent's heartbeat is renewed by it.
const beatEvery = 15 * time.Second

// events is the live line of a page (text/event-stream, HTML Living Standard
// section 9.2): names of what has changed, nothing more. Being connected is the
// agent's heartbeat.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	who := whoOf(r.Context())
	if !who.Known() {
		s.fail(w, r, notLoggedIn())
		return
	}
	line := &eventLine{w: w, out: http.NewResponseController(w)}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	sub := s.svc.hub.subscribe(who.ID)
	defer s.svc.hub.leave(sub)
	s.svc.Heartbeat(who)
	if line.send("beat") != nil {
		return
	}
	s.follow(r, who, sub, line)
}

// follow passes news on until the page goes, the session ends or the line
// breaks.
func (s *Server) follow(r *http.Request, who Who, sub *subscriber, line *eventLine) {
	ctx := r.Context()
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	calm := time.NewTimer(0)
	<-calm.C
	defer calm.Stop()
	var wake <-chan struct{} = sub.wake
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.svc.closing:
			return
		case <-sub.gone:
			return
		case <-beat.C:
			if who.Token != "" {
				if _, err := s.svc.Authenticate(ctx, who.Token); err != nil {
					return
				}
			}
			s.svc.Heartbeat(who)
			if line.send("beat") != nil {
				return
			}
		case <-wake:
			if line.send(sub.take()...) != nil {
				return
			}
			wake = nil
			calm.Reset(pace)
		case <-calm.C:
			wake = sub.wake
		}
	}
}

// eventLine writes events, each within its time.
type eventLine struct {
	w   http.ResponseWriter
	out *http.ResponseController
}

func (l *eventLine) send(names ...string) error {
	if len(names) == 0 {
		return nil
	}
	if err := l.out.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return fmt.Errorf("sending news: %w", err)
	}
	var b strings.Builder
	for _, n := range names {
		b.WriteString("event: " + n + "\ndata: {}\n\n")
	}
	if _, err := l.w.Write([]byte(b.String())); err != nil {
		return fmt.Errorf("sending news: %w", err)
	}
	if err := l.out.Flush(); err != nil {
		return fmt.Errorf("sending news: %w", err)
	}
	return nil
}

// Heartbeat says that an agent is there.
func (s *Service) Heartbeat(who Who) {
	if who.ID != Control {
		s.deps.Router.Heartbeat(who.ID)
	}
}
