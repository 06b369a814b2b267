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
	// text is what they write to a customer.
	text func(c card) string
	// replies are the ids of what they wrote, by contact.
	replies map[string]string

	answered, unsure, refused atomic.Int64
}

func newWorker(c *client, text func(c card) string) *worker {
	return &worker{client: c, text: text, replies: map[string]string{}}
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
}

func (w *worker) reply(ctx context.Context, c card) {
	var v conversation
	if err := w.do(ctx, http.MethodGet, "/api/conversations/"+c.Conversation, nil, &v); err != nil {
		w.note(err)
		return
	}
	if w.replies[c.Contact] == "" {
		w.replies[c.Contact] = newUUID()
	}
	err := w.do(ctx, http.MethodPost, "/api/contacts/"+c.Contact+"/reply", map[string]any{
		"reply_id": w.replies[c.Contact], "text": w.text(c), "covers": v.Covers,
	}, nil)
	w.note(err)
	if err == nil {
		w.answered.Add(1)
	}
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
