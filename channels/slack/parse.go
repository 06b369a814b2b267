package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"stagecoach/channels"
	"stagecoach/contact"
)

// errNothing tells that an original has no message in it.
var errNothing = errors.New("there is no message in it")

// maxText bounds what is shown of one message; Slack cuts at 40,000 characters.
const maxText = 256 << 10

// Parse implements channels.Parser.
func (a *Adapter) Parse(in *channels.Inbound) (*contact.Message, error) {
	var env envelope
	if err := unmarshalLoosely(in.Raw, &env); err != nil {
		return nil, fmt.Errorf("reading the envelope: %w", channels.LastCause(err))
	}
	m, err := env.message()
	if err != nil {
		return nil, err
	}
	out := &contact.Message{
		Channel: contact.Slack, Account: in.Account, ReceivedAt: in.ReceivedAt,
		To: []contact.Address{}, CC: []contact.Address{}, ReplyTo: []contact.Address{},
		Attachments: []contact.Attachment{}, References: []string{}, Warnings: []string{},
	}
	if validID(env.Self) {
		out.To = append(out.To, contact.Address{Address: env.Team + "/" + env.Self})
	}
	env.who(out, m)
	out.MessageID = messageID(env.Team, env.Channel, m.TS)
	out.Thread = threadName(env.Team, env.Channel, env.ChannelType, m)
	if m.ThreadTS != "" && m.ThreadTS != m.TS && validTS(m.ThreadTS) {
		out.InReplyTo = messageID(env.Team, env.Channel, m.ThreadTS)
		out.References = append(out.References, out.InReplyTo)
	}
	if in.Kind == channels.Changed {
		env.change(out, m, in.ProviderID)
	}
	if !out.Withdrawn {
		env.text(out, m)
		env.files(out, m)
	}
	// Slack has checked who writes.
	out.Auth.Trust = contact.TrustProven
	out.Public = env.ChannelType == kindChannel
	if raw, err := json.Marshal(env.origin(m)); err == nil {
		out.Origin = raw
	}
	return out, nil
}

// message gives the message that an original is of; where it is one that was
// edited or deleted, that one.
func (e *envelope) message() (*message, error) {
	if e.Kind == kindBroken || len(e.Event) == 0 {
		return nil, errNothing
	}
	var m message
	if err := unmarshalLoosely(e.Event, &m); err != nil {
		return nil, fmt.Errorf("reading a message: %w", channels.LastCause(err))
	}
	switch m.Subtype {
	case "message_changed":
		if m.Message == nil {
			return nil, errNothing
		}
		gone := m.Message.Subtype == tombstone
		ts := m.Message.TS
		if gone && m.Previous != nil {
			m = *m.Previous
		} else {
			m = *m.Message
		}
		m.TS = ts
		if gone {
			m.Subtype = "message_deleted"
		}
	case "message_deleted":
		ts := firstOf(m.DeletedTS, previousTS(&m))
		if m.Previous != nil {
			m = *m.Previous
		}
		m.TS, m.Subtype = ts, "message_deleted"
	}
	if !validTS(m.TS) || !validID(e.Channel) {
		return nil, errNothing
	}
	if m.ThreadTS != "" && !validTS(m.ThreadTS) {
		m.ThreadTS = ""
	}
	return &m, nil
}

// who fills in from whom it is, and whom it names.
func (e *envelope) who(out *contact.Message, m *message) {
	out.From.Address = firstOf(senderOf(e.Team, m), e.Author)
	p := e.People[m.User]
	out.From.Name = firstOf(p.Name, shown(m.Username, 80))
	if out.From.Name == "" && m.User == "" && m.BotID != "" {
		out.From.Name = "app " + shown(m.BotID, 40)
	}
	if team := p.TeamName; team != "" {
		out.From.Name = strings.TrimSpace(out.From.Name + " (" + team + ")")
	}
	out.Language = p.Language
	for _, id := range mentioned(m.Text) {
		if id == e.Self || id == m.User {
			continue
		}
		other := e.People[id]
		out.CC = append(out.CC, contact.Address{Address: firstOf(other.Team, e.Team) + "/" + id, Name: other.Name})
	}
	if m.BotID != "" || m.Subtype == "bot_message" || p.Bot {
		out.Unanswerable = "bot"
	}
}

// change makes it the change of an earlier message.
func (e *envelope) change(out *contact.Message, m *message, providerID string) {
	out.Replaces = out.MessageID
	_, how, _ := strings.Cut(providerID, "#")
	out.MessageID += "#" + firstOf(how, "changed")
	out.Withdrawn = m.Subtype == "message_deleted"
}

// text fills in the words: the message, then what was shared with it.
func (e *envelope) text(out *contact.Message, m *message) {
	name := func(id string) string { return firstOf(e.People[id].Name, e.Rooms[id]) }
	said := m.Text
	if len(said) > maxText {
		said = said[:maxText]
		out.Warnings = append(out.Warnings, "the message is longer than what is shown of it")
	}
	said = withEmoji(said, m.Blocks)
	if m.Subtype == "me_message" {
		said = "_" + said + "_"
	}
	out.ReplyText = strings.TrimSpace(plainText(withoutSelf(said, e.Self), name))
	parts := []string{strings.TrimSpace(plainText(said, name))}
	for _, shared := range m.Attachments[:min(len(m.Attachments), 20)] {
		parts = append(parts, e.shared(out, m, shared, name))
	}
	out.Text = strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "\n\n")
}

// shared gives the words of a message that was forwarded, or of what an app wrote.
// The preview of a link says nothing of the customer's.
func (e *envelope) shared(out *contact.Message, m *message, s attachment, name func(string) string) string {
	if !s.IsShare && m.BotID == "" {
		return ""
	}
	var lines []string
	for _, one := range []string{s.Pretext, s.Title, firstOf(s.Text, s.Fallback)} {
		if one = strings.TrimSpace(plainText(one[:min(len(one), maxText/20)], name)); one != "" {
			lines = append(lines, one)
		}
	}
	words := strings.Join(lines, "\n")
	if s.IsShare {
		if out.Forwarded == nil {
			out.Forwarded = &contact.Forwarded{From: contact.Address{Name: shown(s.AuthorName, 100)}}
		}
		return strings.TrimSpace("[" + firstOf(shown(s.AuthorName, 100), "Shared") + "]\n> " + strings.ReplaceAll(words, "\n", "\n> "))
	}
	return words
}

// withoutSelf takes the mention of us from the beginning.
func withoutSelf(text, self string) string {
	trimmed := strings.TrimLeft(text, " \n\t")
	if self == "" || !strings.HasPrefix(trimmed, "<@"+self) {
		return text
	}
	if _, rest, ok := strings.Cut(trimmed, ">"); ok {
		return strings.TrimLeft(rest, " ,:\n\t")
	}
	return text
}

// files adds the attachments, and lines for those that aren't there.
func (e *envelope) files(out *contact.Message, m *message) {
	var lines []string
	for i, f := range m.Files[:min(len(m.Files), 100)] {
		if i < len(e.Files) && e.Files[i].ID == f.ID && e.Files[i].Error == "" {
			got := e.Files[i]
			out.Attachments = append(out.Attachments, contact.Attachment{
				Name: cleanName(got.Name), ContentType: shown(got.Type, 100), Size: int64(len(got.Data)), Data: got.Data,
			})
			continue
		}
		why := "it was not fetched"
		if i < len(e.Files) && e.Files[i].Error != "" {
			why = e.Files[i].Error
		}
		label := cleanName(firstOf(f.Name, f.Title, f.ID))
		lines = append(lines, strings.TrimSpace("["+label+"] "+shown(f.Permalink, 500)))
		out.Warnings = append(out.Warnings, fmt.Sprintf("attachment %q is missing: %s", label, why))
	}
	for _, note := range e.Notes[:min(len(e.Notes), 20)] {
		out.Warnings = append(out.Warnings, shown(note, 200))
	}
	out.Text = strings.TrimSpace(out.Text + "\n\n" + strings.Join(lines, "\n"))
}

func (e *envelope) origin(m *message) origin {
	return origin{
		V: originVersion, Team: e.Team, Channel: e.Channel, Kind: e.ChannelType, TS: m.TS,
		Thread: answerIn(e.ChannelType, m), User: m.User,
	}
}
