package bluesky

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

// envelope is the original as it is kept: what the server said, byte for byte in
// event, and what was fetched with it, so that reading it needs no network.
type envelope struct {
	Schema int    `json:"schema"`
	Kind   string `json:"kind"`
	// Handle is that of the account it came to, which may be gone when it's read
	// again.
	Handle string `json:"handle,omitempty"`
	// FoundBy is the hashtag or keyword that a post was found by.
	FoundBy string `json:"found_by,omitempty"`
	// View is the post as it is shown, with the addresses of its pictures, Parent
	// the one that it answers.
	View   json.RawMessage `json:"view,omitempty"`
	Parent json.RawMessage `json:"parent,omitempty"`
	// Sender is who wrote a direct message.
	Sender *person `json:"sender,omitempty"`
	Files  []file  `json:"files,omitempty"`
	// Notes are what went wrong in the fetching, for people.
	Notes []string `json:"notes,omitempty"`
	// Event is a notification, a post's view or an entry of the chat's log.
	Event json.RawMessage `json:"event,omitempty"`
}

const envelopeSchema = 1

// The kinds of envelope.
const (
	kindNotification = "notification"
	kindPost         = "post"
	kindMessage      = "message"
	kindDeleted      = "deleted"
	kindPostDeleted  = "post_deleted"
)

// person is a member of a talk.
type person struct {
	DID    string `json:"did"`
	Handle string `json:"handle"`
	Name   string `json:"name,omitempty"`
}

// file is a picture that was fetched, or why it couldn't be.
type file struct {
	URL   string `json:"url"`
	Name  string `json:"name"`
	Type  string `json:"type"`
	Data  []byte `json:"data,omitempty"`
	Error string `json:"error,omitempty"`
}

// bytes gives the envelope with the event as it came: encoding/json would
// compact it.
func (e *envelope) bytes() ([]byte, error) {
	event := e.Event
	head := *e
	head.Schema, head.Event = envelopeSchema, nil
	out, err := json.Marshal(head)
	if err != nil {
		return nil, fmt.Errorf("wrapping an original: %w", err)
	}
	if len(event) == 0 {
		return out, nil
	}
	var buf bytes.Buffer
	buf.Grow(len(out) + len(event) + 16)
	buf.Write(out[:len(out)-1])
	buf.WriteString(`,"event":`)
	buf.Write(event)
	buf.WriteByte('}')
	return buf.Bytes(), nil
}

// item is something to deliver: make fetches what belongs to it.
type item struct {
	kind     channels.InboundKind
	position string
	id       string
	sender   string
	at       time.Time
	env      *envelope
	// late tells that it stands below what the bookmark covers: a process before us
	// may have counted it.
	late bool
}

// inbound makes what is delivered of an item. The receipt is the server's, at most
// now.
func (a *Adapter) inbound(source string, it item) (*channels.Inbound, error) {
	it.env.Handle = a.cfg.Handle
	raw, err := it.env.bytes()
	if err != nil {
		return nil, err
	}
	at := it.at
	if now := time.Now(); at.IsZero() || at.After(now) {
		at = now
	}
	return &channels.Inbound{
		Schema: channels.InboundSchema, Kind: it.kind, Channel: contact.Bluesky, Account: a.cfg.Account,
		Source: source, Position: it.position, ProviderID: it.id, Sender: it.sender,
		ReceivedAt: at.UTC(), Format: Format, Raw: raw, Size: int64(len(raw)),
	}, nil
}
