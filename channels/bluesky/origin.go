package bluesky

import "encoding/json"

// origin is what answers a message in the right place. It is kept with the
// message and copied to the reply.
type origin struct {
	V int `json:"v"`
	// Post is what is answered, Root the first post of its thread.
	Post ref `json:"post,omitzero"`
	Root ref `json:"root,omitzero"`
	// Convo is the talk that a direct message is of.
	Convo    string `json:"convo,omitempty"`
	Author   string `json:"author"`
	Handle   string `json:"handle,omitempty"`
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
	return o, o.Convo != "" || o.Post.URI != "" && o.Post.CID != ""
}
