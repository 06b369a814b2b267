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
		_ = u.catchUp(r.Context(), out, s.visitor, &seen{after: after}) // the browser may be gone
		return
	}
	u.feed(r.Context(), out, s, &seen{after: after, thread: v.Thread})
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

// seen is how far one stream has come: the number of the last line; the thread in
// which the visitor may wait, "" once they were answered; and whether there was
// anything new.
type seen struct {
	after  int64
	thread string
	news   bool
}

// hearTime is after how long somebody who has just written is told how long they
// will wait: once the router has had their message.
const hearTime = 3 * time.Second

// feed writes until the browser goes or Receive ends.
func (u *run) feed(ctx context.Context, out *streamWriter, s *stream, at *seen) {
	beat := time.NewTicker(u.a.cfg.Heartbeat)
	defer beat.Stop()
	told := u.a.outlook(ctx, at.thread)
	var hear <-chan time.Time
	for {
		at.news = false
		err := u.catchUp(ctx, out, s.visitor, at)
		if err != nil {
			return
		}
		if at.news {
			hear = time.After(min(hearTime, u.a.cfg.Heartbeat))
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
		case <-hear:
			hear = nil
			told, err = u.tellOutlook(ctx, out, at.thread, told)
		case <-beat.C:
			told, err = u.tellOutlook(ctx, out, at.thread, told)
		}
		if err != nil {
			return
		}
	}
}

// tellOutlook tells what is to be expected where that has changed, else gives a
// sign of life.
func (u *run) tellOutlook(ctx context.Context, out *streamWriter, thread string, told outlookView) (outlookView, error) {
	now := u.a.outlook(ctx, thread)
	if now == told {
		return told, out.write([]byte(": here\n\n"))
	}
	return now, out.write(outlookEvent(now))
}

// catchUp writes what the store has behind what was seen.
func (u *run) catchUp(ctx context.Context, out *streamWriter, visitorID string, at *seen) error {
	for {
		lines, err := linesAfter(ctx, u.store.read, visitorID, at.after, streamBatch)
		if err != nil || len(lines) == 0 {
			return err
		}
		var all []byte
		for _, l := range lines {
			data, err := encode(l)
			if err != nil {
				return err
			}
			all = append(all, sseEvent("message", l.N, data)...)
			at.after, at.thread, at.news = l.N, "", true
			if l.From == fromVisitor {
				at.thread = l.Thread
			}
		}
		if err := out.write(all); err != nil {
			return err
		}
		if len(lines) < streamBatch {
			return nil
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
