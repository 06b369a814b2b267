package mastodon

import (
	"encoding/json"
	"strings"
)

// origin is what answers a message in the right place, before the right eyes. It
// is kept with the message and copied to the reply.
type origin struct {
	V int `json:"v"`
	// Status is the server's id of the post.
	Status     string `json:"status"`
	Visibility string `json:"visibility"`
	Author     string `json:"author"`
	// Warning is the post's content warning.
	Warning  string `json:"warning,omitempty"`
	Language string `json:"language,omitempty"`
	// Outreach tells that the post wasn't addressed to us.
	Outreach bool `json:"outreach,omitempty"`
}

const originVersion = 1

// readOrigin gives the origin of a reply, and false where it has none that we
// understand.
func readOrigin(raw json.RawMessage) (origin, bool) {
	var o origin
	if len(raw) == 0 || json.Unmarshal(raw, &o) != nil || o.V != originVersion {
		return origin{}, false
	}
	return o, true
}

// messageID is how a post is called in all of Stagecoach: its server and its id
// there, since posts name the one that they answer by that id alone.
func (a *Adapter) messageID(id string) string { return messageID(a.base.Host, id) }

func messageID(host, id string) string {
	if id == "" {
		return ""
	}
	return host + "/" + id
}

// statusID takes messageID back, "" where it is another server's.
func (a *Adapter) statusID(messageID string) string {
	id, ok := strings.CutPrefix(messageID, a.base.Host+"/")
	if !ok {
		return ""
	}
	id, _, _ = strings.Cut(id, "#")
	return id
}

// visibilityFor chooses who may read the answer: never more than could read the
// question. Followers of the customer's aren't ours, so what only they could read
// is answered to the customer alone.
func (a *Adapter) visibilityFor(o origin) string {
	if o.Visibility != visPublic && o.Visibility != visUnlisted {
		return visDirect
	}
	wish := a.cfg.ReplyVisibility
	switch {
	case wish == Direct && !o.Outreach:
		return visDirect
	case wish == SameVisibility && o.Visibility == visPublic:
		return visPublic
	default:
		return visUnlisted
	}
}
