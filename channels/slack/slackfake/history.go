package slackfake

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// page gives the bounds of the page that the cursor names, and the next cursor.
func (c *call) page(n, standard int) (bounds [2]int, next string) {
	limit := standard
	if asked, err := strconv.Atoi(c.args.Get("limit")); err == nil && asked > 0 {
		limit = asked
	}
	limit = min(limit, c.s.cfg.PageLimit)
	from := 0
	if raw, err := base64.StdEncoding.DecodeString(c.args.Get("cursor")); err == nil {
		if at, err := strconv.Atoi(strings.TrimPrefix(string(raw), "next:")); err == nil {
			from = min(at, n)
		}
	}
	to := min(n, from+limit)
	if to < n {
		next = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(to)))
	}
	return [2]int{from, to}, next
}

// history is https://docs.slack.dev/reference/methods/conversations.history: what
// was said outside of threads, the newest first.
func (c *call) history() {
	ch := c.conversation("channel", false)
	if ch == nil || !c.has(historyScope(ch.kind)) {
		return
	}
	var found []*msg
	for _, m := range ch.messages {
		if (m.thread == "" || m.thread == m.ts) && c.within(m.ts) {
			found = append(found, m)
		}
	}
	slices.Reverse(found)
	c.messages(ch, found)
}

// replies is https://docs.slack.dev/reference/methods/conversations.replies: a
// thread with its first message, the oldest first.
func (c *call) replies() {
	ch := c.conversation("channel", false)
	if ch == nil || !c.has(historyScope(ch.kind)) {
		return
	}
	root := c.args.Get("ts")
	parent := ch.find(root)
	if parent == nil {
		c.fail("thread_not_found")
		return
	}
	found := []*msg{parent}
	for _, m := range ch.messages {
		if m.thread == root && m.ts != root && c.within(m.ts) {
			found = append(found, m)
		}
	}
	c.messages(ch, found)
}

// within reports whether a ts lies between oldest and latest.
func (c *call) within(ts string) bool {
	inclusive := c.args.Get("inclusive") == "true" || c.args.Get("inclusive") == "1"
	if oldest := c.args.Get("oldest"); oldest != "" {
		if n := strings.Compare(ts, oldest); n < 0 || n == 0 && !inclusive {
			return false
		}
	}
	if latest := c.args.Get("latest"); latest != "" {
		if n := strings.Compare(ts, latest); n > 0 || n == 0 && !inclusive {
			return false
		}
	}
	return true
}

func (c *call) messages(ch *channel, found []*msg) {
	part, next := c.page(len(found), 100)
	all := c.args.Get("include_all_metadata") == "true" || c.args.Get("include_all_metadata") == "1"
	out := []any{}
	for _, m := range found[part[0]:part[1]] {
		out = append(out, c.s.object(ch, m, all))
	}
	c.answer(map[string]any{"messages": out, "has_more": next != "", "response_metadata": map[string]any{"next_cursor": next}})
}
