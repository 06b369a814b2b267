package webchat

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"stagecoach/channels"
	"stagecoach/contact"
)

// letter is exactly what Send puts into the store and before the visitor.
type letter struct {
	Schema  int    `json:"schema"`
	Reply   string `json:"reply"`
	Thread  string `json:"thread,omitempty"`
	Visitor string `json:"visitor,omitempty"`
	// Address is whom it is for where it answers nothing.
	Address string       `json:"address,omitempty"`
	Name    string       `json:"name,omitempty"`
	Text    string       `json:"text"`
	Files   []letterFile `json:"files,omitempty"`
}

type letterFile struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// Compose implements channels.Composer.
func (a *Adapter) Compose(r *contact.Reply) ([]byte, error) {
	l := letter{Schema: schemaVersion, Reply: r.ID, Name: clip(r.FromName, maxField), Text: clean(r.Text, maxText)}
	place, answers := readOrigin(r.Origin)
	switch {
	case r.Kind == contact.Forward:
		return nil, a.failure("compose", channels.Malformed, "a conversation can't be forwarded into a web chat", nil)
	case answers:
		l.Thread, l.Visitor = place.Thread, place.Visitor
	case len(r.To) > 0:
		l.Address = a.inside(r.To[0].Address)
	default:
		return nil, a.failure("compose", channels.Malformed, "the reply says nobody whom it is for", nil)
	}
	if n := utf8.RuneCountInString(r.Text); n > maxText {
		return nil, a.failure("compose", channels.Malformed, fmt.Sprintf("the text has %d characters, %d are the most", n, maxText), nil)
	}
	var size int64
	for _, f := range r.Attachments {
		if f.Object != "" && len(f.Data) == 0 && f.Size > 0 {
			return nil, a.failure("compose", channels.Malformed, "the bytes of an attachment are missing", nil)
		}
		size += int64(len(f.Data))
		l.Files = append(l.Files, letterFile{Name: fileName(f.Name), Data: f.Data})
	}
	switch {
	case len(l.Files) > maxFiles:
		return nil, a.failure("compose", channels.Malformed, fmt.Sprintf("the reply has %d files, %d are the most", len(l.Files), maxFiles), nil)
	case size > maxReplyFiles:
		return nil, a.failure("compose", channels.Malformed, fmt.Sprintf("the files have %d bytes, %d are the most", size, maxReplyFiles), nil)
	case l.Text == "" && len(l.Files) == 0:
		return nil, a.failure("compose", channels.Malformed, "the reply is empty", nil)
	}
	raw, err := encode(l)
	if err != nil {
		return nil, a.failure("compose", channels.Malformed, "", err)
	}
	return raw, nil
}

func readOrigin(raw json.RawMessage) (origin, bool) {
	var o origin
	if len(raw) == 0 || json.Unmarshal(raw, &o) != nil || o.V != originVersion || o.Thread == "" {
		return origin{}, false
	}
	return o, true
}

func readLetter(raw []byte) (letter, error) {
	var l letter
	if err := json.Unmarshal(raw, &l); err != nil {
		return letter{}, fmt.Errorf("reading what was composed: %w", err)
	}
	if l.Schema != schemaVersion || l.Reply == "" {
		return letter{}, errors.New("reading what was composed: of another version, or without an id")
	}
	return l, nil
}
