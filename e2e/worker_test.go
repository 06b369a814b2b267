package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// worker is an agent who accepts whatever is offered and answers it, and who
// tries again with the same ids when the daemon doesn't answer, as a careful
// program does.
type worker struct {
	*client
	// text is what they write to a customer, who has written what is in v; file is
	// what they attach, "" for nothing, nil where nothing ever is.
	text func(c card, v conversation) string
	file func(c card) (name string, data []byte)
	// replies are what they wrote, by contact: the same again is the same reply.
	replies map[string]map[string]any
	// chats are those that they have answered, and when: they say that each is
	// over, so that the next is offered to them at once.
	chats map[string]time.Time

	answered, unsure, refused atomic.Int64
}

func newWorker(c *client, text func(c card, v conversation) string) *worker {
	return &worker{client: c, text: text, replies: map[string]map[string]any{}, chats: map[string]time.Time{}}
}

// run works until ctx ends.
func (w *worker) run(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	beat := time.Time{}
	for {
		if time.Since(beat) > 10*time.Second && w.do(ctx, http.MethodPost, "/api/heartbeat", nil, nil) == nil {
			beat = time.Now()
		}
		w.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// round accepts what is offered and answers what is held.
func (w *worker) round(ctx context.Context) {
	var d desk
	if err := w.do(ctx, http.MethodGet, "/api/desk", nil, &d); err != nil {
		w.note(err)
		return
	}
	for _, o := range d.Offers {
		w.note(w.do(ctx, http.MethodPost, "/api/offers/"+o.ID+"/accept", map[string]any{"command_id": "accept-" + o.ID}, nil))
	}
	for _, c := range d.Mine {
		if c.State == "assigned" {
			w.reply(ctx, c)
		}
	}
	for id, since := range w.chats {
		if w.over(ctx, id) || time.Since(since) > time.Minute {
			delete(w.chats, id)
		}
	}
}

// over says that a chat is over, once its answer has been delivered, and reports
// whether it was said.
func (w *worker) over(ctx context.Context, conversationID string) bool {
	var v conversation
	if err := w.do(ctx, http.MethodGet, "/api/conversations/"+conversationID, nil, &v); err != nil {
		w.note(err)
		return false
	}
	if v.Engaged == nil {
		return false
	}
	err := w.do(ctx, http.MethodPost, "/api/conversations/"+conversationID+"/done", map[string]any{"command_id": newUUID()}, nil)
	w.note(err)
	return err == nil
}

func (w *worker) reply(ctx context.Context, c card) {
	var v conversation
	if err := w.do(ctx, http.MethodGet, "/api/conversations/"+c.Conversation, nil, &v); err != nil {
		w.note(err)
		return
	}
	if w.replies[c.Contact] == nil {
		body := map[string]any{"reply_id": newUUID(), "text": w.text(c, v), "covers": v.Covers}
		if err := w.attach(ctx, c, body); err != nil {
			w.note(err)
			return
		}
		w.replies[c.Contact] = body
	}
	err := w.do(ctx, http.MethodPost, "/api/contacts/"+c.Contact+"/reply", w.replies[c.Contact], nil)
	w.note(err)
	if err == nil {
		w.answered.Add(1)
		if c.Channel == "webchat" {
			w.chats[c.Conversation] = time.Now()
		}
	}
}

// attach uploads what goes with a reply.
func (w *worker) attach(ctx context.Context, c card, body map[string]any) error {
	if w.file == nil {
		return nil
	}
	name, data := w.file(c)
	if name == "" {
		return nil
	}
	id, err := w.upload(ctx, name, data)
	body["attachments"] = []string{id}
	return err
}

// note counts what did not work: a refusal is an answer, the rest is tried
// again.
func (w *worker) note(err error) {
	var r *refusal
	switch {
	case err == nil:
	case errors.As(err, &r) && r.Status < http.StatusInternalServerError:
		w.refused.Add(1)
	default:
		w.unsure.Add(1)
	}
}

// newUUID makes an id of version 4 (RFC 9562 section 5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
