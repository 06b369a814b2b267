package slack

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"stagecoach/channels"
)

// tombstone is the subtype of what Slack leaves of a message that is deleted with
// answers below it. Of others it leaves nothing: that they are gone is seen by their
// absence.
const tombstone = "tombstone"

// How old a message must be for its absence to tell something: a history may be a
// moment behind. Beyond oldAbsence Slack itself may have taken it away, by the
// workspace's rules or its plan; then something older must still be there.
const (
	youngAbsence = time.Minute
	oldAbsence   = 23 * time.Hour
)

// missing gives the messages taken earlier of which lacks says that they aren't
// there any more, where that tells something. first is the earliest that is there.
func (r *run) missing(c *conv, first string, lacks func(taken) bool) []taken {
	now := time.Now().Add(r.me.ahead)
	return c.lacking(func(t taken) bool {
		age := now.Sub(timeOf(t.ts))
		if age < r.a.young || age > oldAbsence && (first == "" || compareTS(first, t.ts) >= 0) {
			return false
		}
		return lacks(t)
	})
}

// deliverGone delivers that messages were deleted while we were away. Nothing tells
// when that was, nor always by whom.
func (r *run) deliverGone(ctx context.Context, c *conv, h *reading) error {
	gone := append(h.gone, r.missing(c, h.first, func(t taken) bool {
		if t.thread != "" {
			return false
		}
		deleted, shown := h.shown[t.ts]
		return shown && deleted || !shown && (h.whole || compareTS(t.ts, h.first) > 0)
	})...)
	for _, t := range gone {
		sure, err := r.isGone(ctx, c, t)
		if err != nil {
			return err
		}
		if sure {
			r.deliverAbsence(ctx, c, t, h)
		}
	}
	return nil
}

// isGone asks for one message by itself: a page may be short of some.
func (r *run) isGone(ctx context.Context, c *conv, t taken) (bool, error) {
	there := false
	look := func(m *message, _ json.RawMessage) bool {
		there = there || m.TS == t.ts && m.Subtype != tombstone
		return !there
	}
	query := url.Values{
		"channel": {c.id}, "inclusive": {"true"},
		"oldest": {beside(t.ts, -time.Microsecond)}, "latest": {beside(t.ts, time.Microsecond)},
	}
	method := "conversations.history"
	if t.thread != "" {
		method = "conversations.replies"
		query.Set("ts", t.thread)
	}
	_, err := r.a.messages(ctx, opFetch, method, query, mostPages, look)
	if codeOf(err) == "thread_not_found" {
		return true, nil
	}
	return !there && err == nil, err
}

// deliverAbsence delivers a deletion of which there is no event.
func (r *run) deliverAbsence(ctx context.Context, c *conv, t taken, h *reading) {
	m := &message{Type: "message", TS: t.ts, ThreadTS: t.thread}
	event, err := json.Marshal(map[string]any{
		"type": "message", "subtype": "message_deleted", "deleted_ts": t.ts,
		"previous_message": map[string]string{"ts": t.ts, "thread_ts": t.thread},
	})
	if err != nil {
		return // strings always can be written
	}
	// It lies nowhere in the history: at its end for the bookmark.
	gone := r.newTask(channels.Changed, c, m, messageID(r.me.team, c.id, t.ts)+deletedMark, c.latest(h.mark))
	gone.at = time.Now()
	gone.sender, _ = r.a.authors.Get(c.id + "/" + t.ts)
	gone.env.Author, gone.env.Kind, gone.env.Event = gone.sender, kindAbsent, event
	// An error is that of ctx: the run ends.
	_ = r.dispatch(ctx, gone, func() {})
}
