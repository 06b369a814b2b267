package desk

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// beatEvery is how often an open page is told that the line is up, and its
// agent's heartbeat renewed by it, at the latest; beatLeast bounds it below.
const (
	beatEvery = 15 * time.Second
	beatLeast = 100 * time.Millisecond
)

// beatFor gives how often an agent's heartbeat is renewed who counts as
// unreachable after within: a third of it, so that a lost or late one does no
// harm.
func beatFor(within time.Duration) time.Duration {
	if within <= 0 {
		return beatEvery
	}
	return min(beatEvery, max(within/3, beatLeast))
}

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
	every := beatFor(s.svc.Heartbeat(who))
	if line.send("beat") != nil {
		return
	}
	s.follow(r, who, sub, line, every)
}

// follow passes news on until the page goes, the session ends or the line
// breaks. The policy says how often the agent's heartbeat is due, and may change
// meanwhile. Between two rounds of news lies a pause, but what concerns the agent's
// own work is passed on at once, with all that came before it.
func (s *Server) follow(r *http.Request, who Who, sub *subscriber, line *eventLine, every time.Duration) {
	ctx := r.Context()
	beat := time.NewTicker(every)
	defer beat.Stop()
	calm := time.NewTimer(0)
	<-calm.C
	defer calm.Stop()
	resting := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.svc.closing:
			return
		case <-sub.gone:
			return
		case <-beat.C:
			if !s.mayStay(ctx, who) {
				return
			}
			if now := beatFor(s.svc.Heartbeat(who)); now != every {
				every = now
				beat.Reset(every)
			}
			if line.send("beat") != nil {
				return
			}
		case <-sub.wake:
			if resting && !sub.own() {
				continue
			}
			if line.send(sub.take()...) != nil {
				return
			}
			resting = true
			calm.Reset(pace)
		case <-calm.C:
			names := sub.take()
			if line.send(names...) != nil {
				return
			}
			if resting = len(names) > 0; resting {
				calm.Reset(pace)
			}
		}
	}
}

// mayStay reports whether the session, where there is one, goes on.
func (s *Server) mayStay(ctx context.Context, who Who) bool {
	if who.Token == "" {
		return true
	}
	_, err := s.svc.Authenticate(ctx, who.Token)
	return err == nil
}

// own reports whether something waits that concerns this agent's own work: nobody
// else is told of it.
func (s *subscriber) own() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending[TopicOffer] || s.pending[TopicDesk]
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

// Heartbeat says that an agent is there, and gives for how long that counts; 0
// for who is no agent.
func (s *Service) Heartbeat(who Who) time.Duration {
	if who.ID == Control {
		return 0
	}
	return s.deps.Router.Heartbeat(who.ID)
}
