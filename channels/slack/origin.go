package slack

import (
	"encoding/json"
	"strings"
)

// origin is what answers a message in the right place. It is kept with the message
// and copied to the reply.
type origin struct {
	V       int    `json:"v"`
	Team    string `json:"team"`
	Channel string `json:"channel"`
	Kind    string `json:"kind"`
	TS      string `json:"ts"`
	// Thread is the first message of the thread to answer in; "" where the answer
	// goes straight into a direct conversation.
	Thread string `json:"thread,omitempty"`
	User   string `json:"user,omitempty"`
}

const originVersion = 1

// readOrigin gives the origin of a reply, and false where it has none that we
// understand.
func readOrigin(raw json.RawMessage) (origin, bool) {
	var o origin
	if len(raw) == 0 || json.Unmarshal(raw, &o) != nil || o.V != originVersion || !validID(o.Channel) {
		return origin{}, false
	}
	if o.Thread != "" && !validTS(o.Thread) {
		return origin{}, false
	}
	return o, true
}

// messageID is how a message is called in all of Stagecoach.
func messageID(team, channel, ts string) string { return team + "/" + channel + "/" + ts }

// splitMessageID takes messageID back.
func splitMessageID(id string) (channel, ts string, ok bool) {
	parts := strings.Split(id, "/")
	if len(parts) != 3 {
		return "", "", false
	}
	ts, _, _ = strings.Cut(parts[2], "#")
	return parts[1], ts, validID(parts[1]) && validTS(ts)
}

// answerIn gives the thread in which a message is answered: its own, or the one
// that it begins. In a direct conversation nobody looks for threads that they
// didn't begin: what was said outside of one is answered there.
func answerIn(kind string, m *message) string {
	switch {
	case m.ThreadTS != "" && m.ThreadTS != m.TS: // the first one bears its own
		return m.ThreadTS
	case direct(kind):
		return ""
	default:
		return m.TS
	}
}

// threadName is what belongs together: a thread, or a whole direct conversation.
func threadName(team, channel, kind string, m *message) string {
	if in := answerIn(kind, m); in != "" {
		return messageID(team, channel, in)
	}
	return team + "/" + channel
}
