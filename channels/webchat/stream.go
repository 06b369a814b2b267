package webchat

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// sseEvent writes one event of a stream (WHATWG HTML section 9.2); n 0 has no id.
func sseEvent(name string, n int64, data []byte) []byte {
	var b strings.Builder
	if n > 0 {
		b.WriteString("id: " + itoa(n) + "\n")
	}
	b.WriteString("event: " + name + "\ndata: ")
	b.Write(data)
	b.WriteString("\n\n")
	return []byte(b.String())
}

// One write to a browser may take writeTime; more lines than streamBatch are read
// in several steps.
const (
	writeTime   = 30 * time.Second
	streamBatch = 100
)

// serveEvents streams what a visitor has yet to see, and then what comes.
func (u *run) serveEvents(w http.ResponseWriter, r *http.Request, v visitor) {
	after, err := afterOf(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, codeForm, "Not a number", "after: the number of the last message seen.")
		return
	}
	s := u.a.hub.join(v.ID, u.a.addressOf(r))
	if s == nil {
		refuseLater(w, 15*time.Second, http.StatusServiceUnavailable, codeAway, "Full", "Too many are connected. Come again in a moment.")
		return
	}
	defer u.leave(context.WithoutCancel(r.Context()), s)
	if v.Thread != "" {
		u.a.report(Activity{Visitor: v.address(), Thread: v.Thread, Presence: true})
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // for nginx, which would hold events back
	out := &streamWriter{w: w, c: http.NewResponseController(w)}
	hello, err := json.Marshal(u.session(r.Context(), v, ""))
	if err != nil {
		return
	}
	if out.write(sseEvent("hello", 0, hello)) != nil {
		return
	}
	after = min(after, v.Last)
	if r.URL.Query().Get("once") != "" { // another tab of the browser holds the stream
		_, _ = u.catchUp(r.Context(), out, s.visitor, after) // the browser may be gone
		return
	}
	u.feed(r.Context(), out, s, after)
}

// leave ends a stream, and tells when with it the visitor is there no more.
func (u *run) leave(ctx context.Context, s *stream) {
	if !u.a.hub.leave(s, u.a.now()) || u.a.cfg.Activity == nil || u.over() {
		return
	}
	if v, err := findVisitor(ctx, u.store.read, "WHERE v.id = ?", s.visitor); err == nil && v.Thread != "" {
		u.a.report(Activity{Visitor: v.address(), Thread: v.Thread, Presence: true})
	}
}

// over reports that Receive is to end.
func (u *run) over() bool {
	select {
	case <-u.ended:
		return true
	default:
		return false
	}
}

// feed writes until the browser goes or Receive ends.
func (u *run) feed(ctx context.Context, out *streamWriter, s *stream, after int64) {
	beat := time.NewTicker(u.a.cfg.Heartbeat)
	defer beat.Stop()
	told := u.a.outlook(ctx)
	for {
		var err error
		if after, err = u.catchUp(ctx, out, s.visitor, after); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-u.ended:
			return
		case <-s.gone:
			return
		case <-s.wake:
			continue
		case event := <-s.passing:
			err = out.write(event)
		case <-beat.C:
			if now := u.a.outlook(ctx); now != told {
				told = now
				err = out.write(outlookEvent(now))
			} else {
				err = out.write([]byte(": here\n\n"))
			}
		}
		if err != nil {
			return
		}
	}
}

// catchUp writes what the store has behind a number, and gives the last.
func (u *run) catchUp(ctx context.Context, out *streamWriter, visitorID string, after int64) (int64, error) {
	for {
		lines, err := linesAfter(ctx, u.store.read, visitorID, after, streamBatch)
		if err != nil || len(lines) == 0 {
			return after, err
		}
		var all []byte
		for _, l := range lines {
			data, err := encode(l)
			if err != nil {
				return after, err
			}
			all = append(all, sseEvent("message", l.N, data)...)
			after = l.N
		}
		if err := out.write(all); err != nil {
			return after, err
		}
		if len(lines) < streamBatch {
			return after, nil
		}
	}
}

func afterOf(r *http.Request) (int64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && n < 0 {
		err = fmt.Errorf("%d is below 0", n)
	}
	return n, err
}

// streamWriter writes to one browser, which must take it in time.
type streamWriter struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func (s *streamWriter) write(b []byte) error {
	_ = s.c.SetWriteDeadline(time.Now().Add(writeTime)) // where the server can
	if _, err := s.w.Write(b); err != nil {
		return err
	}
	if err := s.c.Flush(); err != nil {
		return err
	}
	return nil
}
