package slack

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"stagecoach/channels"
)

// history calls yield with the messages of a conversation, page by page, until it
// returns false, and reports whether there are more pages. https://docs.slack.dev/reference/methods/conversations.history
func (r *run) history(ctx context.Context, channel string, query url.Values, pages int, yield func(*message, json.RawMessage) bool) (more bool, err error) {
	query.Set("channel", channel)
	return r.a.messages(ctx, opFetch, "conversations.history", query, pages, yield)
}

// replies calls yield with the messages of a thread after a ts, its first one
// included. https://docs.slack.dev/reference/methods/conversations.replies
func (r *run) replies(ctx context.Context, channel, thread, oldest string, yield func(*message, json.RawMessage) bool) error {
	query := url.Values{"channel": {channel}, "ts": {thread}}
	if oldest != "" {
		query.Set("oldest", oldest)
		query.Set("inclusive", "true")
	}
	_, err := r.a.messages(ctx, opFetch, "conversations.replies", query, mostPages, func(m *message, raw json.RawMessage) bool {
		if oldest != "" && compareTS(m.TS, oldest) < 0 {
			return true
		}
		return yield(m, raw)
	})
	return err
}

// messages pages through a history, waiting as Slack wishes. A page that is larger
// than anybody wants is asked for again as several.
func (a *Adapter) messages(ctx context.Context, op, method string, query url.Values, pages int, yield func(*message, json.RawMessage) bool) (more bool, err error) {
	wanted, err := strconv.Atoi(query.Get("limit"))
	if err != nil {
		wanted = pageSize
	}
	limit := wanted
	for range pages {
		query.Set("limit", strconv.Itoa(limit))
		found, next, err := a.messagePage(ctx, op, method, query)
		if codeOf(err) == codeTooLarge && limit > 1 {
			limit = max(1, limit/8)
			continue
		}
		if err != nil {
			return false, err
		}
		for _, raw := range found {
			var m message
			if unmarshalLoosely(raw, &m) != nil || !validTS(m.TS) {
				continue // Slack has put something there that is no message
			}
			if !yield(&m, raw) {
				return true, ctx.Err()
			}
		}
		if next == "" || next == query.Get("cursor") {
			return false, nil
		}
		query.Set("cursor", next)
		limit = min(wanted, 2*limit)
	}
	if pages < mostPages {
		return true, nil
	}
	return true, a.failure(op, channels.Malformed, "endless", "server "+a.base.Host+": "+method+" has more pages than are read", nil)
}

func (a *Adapter) messagePage(ctx context.Context, op, method string, query url.Values) (found []json.RawMessage, next string, err error) {
	var got struct {
		page
		Messages []json.RawMessage `json:"messages"`
	}
	err = patiently(ctx, func() error {
		_, err := a.read(ctx, op, method, query, &got)
		return err
	})
	return got.Messages, got.Metadata.Cursor, err
}
