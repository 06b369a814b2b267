package mastodon

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
	// Server is where it came from, Address to whom: the account may be gone when
	// it's read again.
	Server  string `json:"server"`
	Address string `json:"address"`
	// FoundBy is the hashtag or keyword that a post was found by.
	FoundBy string `json:"found_by,omitempty"`
	// Status is the id of a post that is gone, Author who had written it.
	Status string `json:"status,omitempty"`
	Author string `json:"author,omitempty"`
	// Thread are the posts before it, the first one first.
	Thread []ancestor `json:"thread,omitempty"`
	Files  []file     `json:"files,omitempty"`
	// Notes are what went wrong in the fetching, for people.
	Notes []string `json:"notes,omitempty"`
	// Event is a notification, or a post.
	Event json.RawMessage `json:"event,omitempty"`
}

const envelopeSchema = 1

// The kinds of envelope.
const (
	kindNotification = "notification"
	kindPost         = "post"
	kindDeleted      = "deleted"
)

// ancestor is a post before the customer's in its thread. The last one's words
// are kept.
type ancestor struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	Acct    string `json:"acct"`
	Content string `json:"content,omitempty"`
}

// file is an attachment that was fetched, or why it couldn't be.
type file struct {
	ID    string `json:"id"`
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

// inbound makes the item that is delivered. The receipt is the server's, at most
// now.
func (a *Adapter) inbound(kind channels.InboundKind, source, position, providerID, sender string, at time.Time, e *envelope) (*channels.Inbound, error) {
	e.Server, e.Address = a.base.Host, a.cfg.Address
	raw, err := e.bytes()
	if err != nil {
		return nil, err
	}
	if now := time.Now(); at.IsZero() || at.After(now) {
		at = now
	}
	return &channels.Inbound{
		Schema: channels.InboundSchema, Kind: kind, Channel: contact.Mastodon, Account: a.cfg.Account,
		Source: source, Position: position, ProviderID: providerID, Sender: sender,
		ReceivedAt: at.UTC(), Format: Format, Raw: raw, Size: int64(len(raw)),
	}, nil
}

// providerID names a post for ever and on every server: its URI.
func (a *Adapter) providerID(s *status) string {
	switch {
	case s.URI != "":
		return s.URI
	case s.URL != "":
		return s.URL
	default:
		return a.messageID(s.ID)
	}
}
