package webhook

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"stagecoach/channels"
	"stagecoach/contact"
)

// MessageID gives the id by which an answer to the reply finds its conversation.
func (a *Adapter) MessageID(r *contact.Reply) string { return a.messageID(r.ID) }

// Compose implements channels.Composer: the very body that is posted. The same
// reply gives the same bytes.
func (a *Adapter) Compose(r *contact.Reply) ([]byte, error) {
	if err := a.composable(r); err != nil {
		return nil, a.failure("compose", channels.Malformed, "", err.Error(), nil)
	}
	to, from, err := a.recipient(r)
	if err != nil {
		return nil, a.failure("compose", channels.Malformed, "", err.Error(), nil)
	}
	out := Reply{
		Schema: Schema, Type: TypeReply, ID: r.ID,
		Conversation: cmp.Or(from.Conversation, conversationOf(r)), InReplyTo: from.Message, To: to,
		FromName: r.FromName, Subject: r.Subject, Text: r.Text, HTML: r.HTML,
		Automatic: r.Kind == contact.Acknowledgement, Attachments: []ReplyFile{}, CreatedAt: r.CreatedAt.UTC(),
	}
	for i, f := range r.Attachments {
		out.Attachments = append(out.Attachments, ReplyFile{
			Name: fileName(f.Name, i), ContentType: mediaType(f.ContentType), Data: append([]byte{}, f.Data...),
		})
	}
	raw, err := compact(out)
	if err != nil {
		return nil, a.failure("compose", channels.Malformed, "", "the reply can't be written as JSON", err)
	}
	return raw, nil
}

// composable says why a reply can't go by this channel.
func (a *Adapter) composable(r *contact.Reply) error {
	size := int64(0)
	for _, f := range r.Attachments {
		if f.Object != "" && len(f.Data) == 0 && f.Size > 0 {
			return errors.New("the bytes of an attachment are missing")
		}
		size += int64(len(f.Data))
	}
	limit := a.cfg.Callback.TextLimit
	switch {
	case !idForWebhook(r.ID):
		return errors.New("the reply's id is no id")
	case len(r.To) != 1 || len(r.CC) > 0:
		return errors.New("a reply on this channel goes to one person, without copies")
	case len(r.Attachments) > replyFiles:
		return fmt.Errorf("it has %d attachments, %d are possible", len(r.Attachments), replyFiles)
	case size > replyFileBytes:
		return fmt.Errorf("its attachments have %d MiB together, %d are possible", size>>20, replyFileBytes>>20)
	case limit > 0 && utf8.RuneCountInString(r.Text) > limit:
		return fmt.Errorf("its text has %d characters, %d are possible", utf8.RuneCountInString(r.Text), limit)
	}
	return nil
}

// idForWebhook reports whether an id may stand in webhook-id: the standard wants
// no full stop in it.
func idForWebhook(id string) bool {
	return id != "" && len(id) <= maxID && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '.' })
}

// recipient gives to whom a reply goes and what it answers: as the message that
// it answers says, unless somebody has written another address.
func (a *Adapter) recipient(r *contact.Reply) (Party, origin, error) {
	var from origin
	if len(r.Origin) > 0 {
		if err := json.Unmarshal(r.Origin, &from); err != nil {
			return Party{}, from, fmt.Errorf("the origin of the message that it answers is broken: %w", err)
		}
	}
	address := r.To[0].Address
	if from.To.ID != "" && strings.EqualFold(a.address(from.To.ID), address) {
		return from.To, from, nil
	}
	id, ours := a.partyID(address)
	if !ours || oddID(id) != "" {
		return Party{}, from, fmt.Errorf("want an address of this account, %s:ID", a.cfg.Account)
	}
	// Somebody else: what that person has not been part of is not theirs.
	return Party{ID: id, Name: r.To[0].Name}, origin{}, nil
}

// conversationOf names a conversation that we open.
func conversationOf(r *contact.Reply) string {
	if r.Token == "" {
		return ourConversation + cmp.Or(r.Conversation, r.ID)
	}
	return ourConversation + strings.ToLower(r.Token)
}

// replyOf reads what was composed, as far as Send needs it.
func replyOf(raw []byte) (Reply, error) {
	var out Reply
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, fmt.Errorf("reading what was composed: %w", err)
	}
	return out, nil
}

// words lists what of a reply must not be shown in an error.
func (r Reply) words() []string {
	out := []string{r.To.ID, r.To.Name, r.To.Email, r.Conversation}
	return slices.DeleteFunc(out, func(s string) bool { return len(s) < 3 })
}
