package slack

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// taken is a message that was taken: its ts, and the first one of its thread where
// it isn't that itself.
type taken struct{ ts, thread string }

// takenInPlace is how many messages a bookmark remembers.
const takenInPlace = 20

// MarshalJSON implements json.Marshaler: "ts", or "ts/thread".
func (t taken) MarshalJSON() ([]byte, error) {
	return json.Marshal(strings.TrimSuffix(t.ts+"/"+t.thread, "/"))
}

// UnmarshalJSON implements json.Unmarshaler. What can't be read is none: how far it
// was read stays true without it.
func (t *taken) UnmarshalJSON(data []byte) error {
	var text string
	_ = json.Unmarshal(data, &text)
	ts, thread, _ := strings.Cut(text, "/")
	if validTS(ts) && (thread == "" || validTS(thread)) {
		t.ts, t.thread = ts, thread
	}
	return nil
}

// keep remembers a message that is stored, the newest last.
func (c *conv) keep(m *message) {
	if c.root {
		return
	}
	t := taken{ts: m.TS}
	if m.ThreadTS != m.TS && validTS(m.ThreadTS) {
		t.thread = m.ThreadTS
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	all := append(slices.DeleteFunc(slices.Clone(c.place.Taken), func(one taken) bool { return one.ts == t.ts }), t)
	slices.SortFunc(all, func(a, b taken) int { return compareTS(a.ts, b.ts) })
	c.place.Taken = all[max(0, len(all)-takenInPlace):]
}

// drop forgets a message that is deleted.
func (c *conv) drop(ts string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := len(c.place.Taken)
	c.place.Taken = slices.DeleteFunc(slices.Clone(c.place.Taken), func(t taken) bool { return t.ts == ts })
	c.changed = c.changed || len(c.place.Taken) < before
}

// took reports whether a message is remembered.
func (c *conv) took(ts string) bool {
	return len(c.lacking(func(t taken) bool { return t.ts == ts })) > 0
}

// lacking gives those remembered of which is says so.
func (c *conv) lacking(is func(taken) bool) []taken {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []taken
	for _, t := range c.place.Taken {
		if is(t) {
			out = append(out, t)
		}
	}
	return out
}

// earliestIn and latestIn give the answers in a thread that are remembered, "" if
// none is.
func (c *conv) earliestIn(thread string) string {
	if all := c.lacking(func(t taken) bool { return t.thread == thread }); len(all) > 0 {
		return all[0].ts
	}
	return ""
}

func (c *conv) latestIn(thread string) string {
	if all := c.lacking(func(t taken) bool { return t.thread == thread }); len(all) > 0 {
		return all[len(all)-1].ts
	}
	return ""
}

// latest gives the newest ts that is known, at least the mark.
func (c *conv) latest(mark string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.place.Taken {
		if compareTS(t.ts, mark) > 0 {
			mark = t.ts
		}
	}
	return mark
}

// threads gives those in which something may still be said.
func (c *conv) threads() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.place.Threads)
}

// follows reports whether a thread is one of them.
func (c *conv) follows(thread string) bool { return slices.Contains(c.threads(), thread) }

// hasPlace reports whether it was read before.
func (c *conv) hasPlace() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.place.TS != ""
}

// isCaught reports whether its history was read, isAwaited whether events wait for
// that, readAt when it was last known to be read.
func (c *conv) isCaught() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.caught
}

func (c *conv) isAwaited() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.held) > 0
}

func (c *conv) readAt() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mark.At
}
