package remote

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"stagecoach/channels"
	"stagecoach/contact"
)

// composed is what Compose makes: the reply as the process gets it, with the
// bytes of its files beside it.
type composed struct {
	Schema int      `json:"schema"`
	Reply  Reply    `json:"reply"`
	Data   [][]byte `json:"data"`
}

// maxReply is how large a reply may be without its files: it goes in one message.
const maxReply = maxPayload - 64<<10

// Compose implements channels.Composer. What the provider gets is made by the
// process, which has the secrets that this may need.
func (a *Account) Compose(r *contact.Reply) ([]byte, error) {
	out := composed{Schema: Schema, Data: [][]byte{}, Reply: Reply{
		ID: r.ID, Kind: r.Kind, Conversation: r.Conversation, CreatedAt: r.CreatedAt.UTC(), FromName: r.FromName,
		To: orNone(r.To), CC: orNone(r.CC), Subject: r.Subject, Text: r.Text, HTML: r.HTML, Files: []File{},
		InReplyTo: r.InReplyTo, References: r.References, Origin: r.Origin, Token: r.Token,
	}}
	for _, f := range r.Attachments {
		if f.Object != "" && len(f.Data) == 0 && f.Size > 0 {
			return nil, a.failure("compose", channels.Malformed, "the bytes of an attachment are missing")
		}
		out.Reply.Files = append(out.Reply.Files, File{Name: f.Name, ContentType: f.ContentType, ContentID: f.ContentID, Size: int64(len(f.Data))})
		out.Data = append(out.Data, f.Data)
	}
	if strings.TrimSpace(r.Text) == "" && r.HTML == "" && len(r.Attachments) == 0 {
		return nil, a.failure("compose", channels.Malformed, "there is nothing to send")
	}
	alone, err := json.Marshal(out.Reply)
	if err != nil {
		return nil, a.failure("compose", channels.Malformed, "the reply can't be written as JSON")
	}
	if len(alone) > maxReply {
		return nil, a.failure("compose", channels.Malformed, fmt.Sprintf("the text is too long: with all that goes with it, it may have %d KB", maxReply>>10))
	}
	return json.Marshal(out)
}

// MessageID tells by which id an answer names a reply of ours.
func (a *Account) MessageID(r *contact.Reply) string {
	if a.cfg.Channel != contact.Email {
		return messageID(a.cfg.Account, r.ID)
	}
	_, domain, ok := strings.Cut(a.cfg.Address, "@")
	if !ok {
		return ""
	}
	return r.ID + "@" + strings.ToLower(domain)
}

func orNone(all []contact.Address) []contact.Address {
	if all == nil {
		return []contact.Address{}
	}
	return all
}

var errNotComposed = errors.New("the reply was not composed for an adapter of its own process")

// decompose takes Raw apart; a reply that was composed while the account was the
// daemon's own is put together anew of its words.
func (a *Account) decompose(r *contact.Reply) (*composed, error) {
	raw := r.Raw
	var out composed
	if json.Unmarshal(raw, &out) != nil || out.Schema != Schema || out.Reply.ID == "" || len(out.Data) != len(out.Reply.Files) {
		whole := *r
		for _, f := range whole.Attachments {
			if len(f.Data) == 0 && f.Size > 0 {
				return nil, errNotComposed
			}
		}
		raw, err := a.Compose(&whole)
		if err != nil {
			return nil, err
		}
		out = composed{}
		if err := json.Unmarshal(raw, &out); err != nil {
			return nil, errNotComposed
		}
	}
	out.Reply.Only = r.Only
	return &out, nil
}
