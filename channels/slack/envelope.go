package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

// envelope is the original as it is kept: what Slack said, byte for byte in event,
// and what was fetched with it, so that reading it needs no network.
type envelope struct {
	Schema int `json:"schema"`
	// Kind tells what event is: an event of the socket, a message of a history,
	// which doesn't say where it was, or one made here.
	Kind string `json:"kind"`
	// Team and Self are our workspace and our own user.
	Team        string `json:"team"`
	Self        string `json:"self"`
	Channel     string `json:"channel,omitempty"`
	ChannelType string `json:"channel_type,omitempty"`
	// Author is who wrote the message that is gone, where the event doesn't say.
	Author string            `json:"author,omitempty"`
	People map[string]person `json:"people,omitempty"`
	// Rooms are the names of channels that the text has ids of.
	Rooms map[string]string `json:"rooms,omitempty"`
	Files []fetched         `json:"files,omitempty"`
	// Notes are what went wrong in the fetching, for people.
	Notes []string        `json:"notes,omitempty"`
	Event json.RawMessage `json:"event,omitempty"`
}

const envelopeSchema = 1

// The kinds of envelope.
const (
	kindEvent   = "event"
	kindHistory = "history"
	// kindAbsent is a deletion of which Slack says nothing: the message isn't there
	// any more.
	kindAbsent = "absent"
	// kindBroken is an event that can't be read.
	kindBroken = "broken"
)

// fetched is an attachment, or why it couldn't be had.
type fetched struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Type  string `json:"type"`
	Data  []byte `json:"data,omitempty"`
	Error string `json:"error,omitempty"`
}

// bytes gives the envelope with the event as it came: encoding/json would compact
// it.
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

// inbound makes the item that is delivered. The receipt is Slack's, at most now.
func (a *Adapter) inbound(t *task, e *envelope) (*channels.Inbound, error) {
	raw, err := e.bytes()
	if err != nil {
		return nil, err
	}
	at, now := t.at, time.Now()
	if at.IsZero() || at.After(now) {
		at = now
	}
	return &channels.Inbound{
		Schema: channels.InboundSchema, Kind: t.kind, Channel: contact.Slack, Account: a.cfg.Account,
		Source: t.conv.mark.Source, Position: t.position, ProviderID: t.id, Sender: t.sender,
		ReceivedAt: at.UTC(), Format: Format, Raw: raw, Size: int64(len(raw)),
	}, nil
}
