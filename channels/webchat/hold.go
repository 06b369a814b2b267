package webchat

import (
	"net/http"
	"sync"
	"time"
)

// holds are the requests that are being served, so that none of them, however
// slow its browser reads or writes, keeps Receive from ending.
type holds struct {
	mu    sync.Mutex
	ended bool
	open  map[*held]bool
}

// endGrace is what requests get to answer of themselves before their connections
// are cut.
const endGrace = 300 * time.Millisecond

// held is a response whose deadlines lie in the past once Receive ends. The
// http.ResponseController finds its methods.
type held struct {
	http.ResponseWriter
	of *holds
	c  *http.ResponseController
}

// take holds a response until release is called.
func (h *holds) take(w http.ResponseWriter) *held {
	one := &held{ResponseWriter: w, of: h, c: http.NewResponseController(w)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open == nil {
		h.open = map[*held]bool{}
	}
	h.open[one] = true
	return one
}

// release gives the connection back as it was: without deadlines.
func (o *held) release() {
	o.of.mu.Lock()
	defer o.of.mu.Unlock()
	delete(o.of.open, o)
	if !o.of.ended {
		_ = o.c.SetReadDeadline(time.Time{})  // where the server can
		_ = o.c.SetWriteDeadline(time.Time{}) // where the server can
	}
}

// cut ends all reading and writing of the requests that are being served.
func (h *holds) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	for one := range h.open {
		_ = one.c.SetReadDeadline(past())  // where the server can
		_ = one.c.SetWriteDeadline(past()) // where the server can
	}
}

func past() time.Time { return time.Unix(1, 0) }

// Unwrap gives the response to http.ResponseController.
func (o *held) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// SetReadDeadline implements what http.ResponseController looks for.
func (o *held) SetReadDeadline(at time.Time) error {
	o.of.mu.Lock()
	defer o.of.mu.Unlock()
	if o.of.ended {
		at = past()
	}
	return o.c.SetReadDeadline(at)
}

// SetWriteDeadline implements what http.ResponseController looks for.
func (o *held) SetWriteDeadline(at time.Time) error {
	o.of.mu.Lock()
	defer o.of.mu.Unlock()
	if o.of.ended {
		at = past()
	}
	return o.c.SetWriteDeadline(at)
}

func (h *holds) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.open)
}
