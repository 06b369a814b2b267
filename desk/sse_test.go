package desk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestBeatsAsThePolicyWaits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ within, want time.Duration }{
		{0, beatEvery},                             // nobody who has a presence
		{45 * time.Second, 15 * time.Second},       // as built in
		{time.Hour, beatEvery},                     // the page wants a word itself
		{8 * time.Second, 8 * time.Second / 3},     // a lost one does no harm
		{time.Millisecond, 100 * time.Millisecond}, // nor may it be a flood
	} {
		if got := beatFor(c.within); got != c.want {
			t.Errorf("within %s: every %s instead of %s", c.within, got, c.want)
		}
	}
}

// paper is a live line's other end: it keeps what was written.
type paper struct {
	http.ResponseWriter
	mu   sync.Mutex
	text strings.Builder
}

// Write implements http.ResponseWriter.
func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

// SetWriteDeadline and FlushError are what http.ResponseController looks for.
func (*paper) SetWriteDeadline(time.Time) error { return nil }
func (*paper) FlushError() error                { return nil }

// take gives the names since the last call.
func (p *paper) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for line := range strings.Lines(p.text.String()) {
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			names = append(names, strings.TrimSpace(name))
		}
	}
	p.text.Reset()
	return strings.Join(names, " ")
}

// What others do is told with a pause, what is one's own at once: a customer in
// the chat waits.
func TestOwnNewsDoNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		s := &Server{svc: &Service{hub: newHub(), closing: make(chan struct{})}}
		sub := s.svc.hub.subscribe("anna")
		p := &paper{}
		left := make(chan struct{})
		go func() {
			defer close(left)
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/events", nil)
			s.follow(r, Who{}, sub, &eventLine{w: p, out: http.NewResponseController(p)}, time.Hour)
		}()
		told := func(want string) {
			t.Helper()
			synctest.Wait()
			if got := p.take(); got != want {
				t.Errorf("told %q instead of %q", got, want)
			}
		}
		s.svc.hub.tell("", TopicOverview)
		told("overview")
		s.svc.hub.tell("", TopicWaiting)
		s.svc.hub.tell("ben", TopicDesk)
		told("")
		s.svc.hub.tell("anna", TopicOffer)
		told("offer waiting")
		s.svc.hub.tell("anna", TopicDesk)
		told("desk")
		s.svc.hub.tell("", TopicReview)
		told("")
		time.Sleep(pace)
		told("review")
		time.Sleep(2 * pace)
		s.svc.hub.tell("", TopicOverview)
		told("overview")
		end()
		<-left
	})
}
