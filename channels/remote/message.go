package remote

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Message is an item as an adapter in another language understood it. Ids are the
// adapter's own; a reply of ours is known as <reply id>.
type Message struct {
	From        contact.Address `json:"from" doc:"who wrote it; address is one form for one person, name as they show themselves"`
	Text        string          `json:"text" doc:"the words, as plain text"`
	ReplyText   string          `json:"reply_text,omitempty" doc:"the words without quotes and signature; text if left out"`
	Subject     string          `json:"subject,omitempty" doc:"where the channel has subjects"`
	ID          string          `json:"id,omitempty" doc:"its own id, by which later messages name it; the item's provider_id if left out"`
	Thread      string          `json:"thread,omitempty" doc:"the provider's id of the talk that it belongs to"`
	InReplyTo   string          `json:"in_reply_to,omitempty" doc:"the id of the message or reply that it answers"`
	Token       string          `json:"token,omitempty" doc:"the token of a reply that it gives back"`
	Attachments []Attachment    `json:"attachments,omitempty" doc:"files that came with it"`
	Origin      json.RawMessage `json:"origin,omitempty" doc:"what the adapter needs to answer it, in its own form; it comes back in the reply"`
	Replaces    string          `json:"replaces,omitempty" doc:"the id of a message that the customer has edited, or withdrawn; this item has an id of its own"`
	Withdrawn   bool            `json:"withdrawn,omitempty" doc:"the message that it replaces was taken back"`
	Public      bool            `json:"public,omitempty" doc:"anybody can read it"`
	Outreach    string          `json:"outreach,omitempty" doc:"what it was found by, where it was not addressed to us"`
	Language    string          `json:"language,omitempty" doc:"its language, such as de"`
}

// Attachment is a file that came with a message.
type Attachment struct {
	Name        string `json:"name" doc:"without a path"`
	ContentType string `json:"content_type,omitempty" doc:"its media type"`
	Data        []byte `json:"data" doc:"the bytes"`
}

// The bounds of what is shown; the original has the rest.
const (
	maxText   = 1 << 20
	maxName   = 200
	maxID     = 1000
	maxOrigin = 64 << 10
)

// readMessage decodes a message, and says what its adapter must mend.
func readMessage(raw []byte) (*Message, error) {
	var m Message
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("it is not the JSON that is asked for: %s", channels.Bounded(err.Error(), 200))
	}
	switch {
	case strings.TrimSpace(m.From.Address) == "" || len(m.From.Address) > maxID:
		return nil, errors.New("from.address must be given, and short")
	case m.Withdrawn && m.Replaces == "":
		return nil, errors.New("what is withdrawn must be named by replaces")
	case len(m.ID) > maxID || len(m.Thread) > maxID || len(m.InReplyTo) > maxID || len(m.Replaces) > maxID || len(m.Token) > maxID:
		return nil, errors.New("an id is too long")
	case len(m.Origin) > maxOrigin:
		return nil, errors.New("origin is too large")
	}
	return &m, nil
}

// ParseMessage reads an item of FormatMessage, also where its account is
// configured no more.
func ParseMessage(in *channels.Inbound) (*contact.Message, error) {
	m, err := readMessage(in.Raw)
	if err != nil {
		return nil, &channels.Error{Channel: in.Channel, Account: in.Account, Op: "parse", Reason: channels.Malformed, Err: err}
	}
	scoped := func(id string) string {
		if id == "" {
			return ""
		}
		return messageID(in.Account, id)
	}
	id := m.ID
	if id == "" {
		id = in.ProviderID
	}
	out := &contact.Message{
		Channel: in.Channel, Account: in.Account, ReceivedAt: in.ReceivedAt,
		From: contact.Address{Address: strings.TrimSpace(m.From.Address), Name: channels.Bounded(m.From.Name, maxName)},
		To:   []contact.Address{}, CC: []contact.Address{}, ReplyTo: []contact.Address{},
		Subject: channels.Bounded(m.Subject, maxID), Attachments: []contact.Attachment{}, Warnings: []string{},
		MessageID: scoped(id), InReplyTo: scoped(m.InReplyTo), References: []string{}, Token: m.Token, Thread: m.Thread,
		Origin: m.Origin, Replaces: scoped(m.Replaces), Withdrawn: m.Withdrawn, Public: m.Public,
		Outreach: channels.Bounded(m.Outreach, maxName), Language: language(m.Language),
	}
	if out.InReplyTo != "" {
		out.References = append(out.References, out.InReplyTo)
	}
	var cut bool
	if out.Text, cut = tidy(m.Text); cut {
		out.Warnings = append(out.Warnings, "the text is longer than what is shown: the original has all of it")
	}
	if out.ReplyText, _ = tidy(m.ReplyText); out.ReplyText == "" {
		out.ReplyText = out.Text
	}
	for i, f := range m.Attachments {
		out.Attachments = append(out.Attachments, contact.Attachment{
			Name: fileName(f.Name, i), ContentType: mediaType(f.ContentType), Size: int64(len(f.Data)), Data: f.Data,
		})
	}
	return out, nil
}

// messageID gives the id of a message or reply within Stagecoach, where ids of
// several accounts meet.
func messageID(account, id string) string { return account + "/" + id }

// archive reads messages whose account is configured no more.
type archive struct{}

// Archive gives a parser of FormatMessage for accounts that are configured no
// more.
func Archive() channels.Parser { return archive{} }

// Parse implements channels.Parser.
func (archive) Parse(in *channels.Inbound) (*contact.Message, error) { return ParseMessage(in) }

// Parse implements channels.Parser: by the parser of its format, which needs no
// secret and runs in the daemon.
func (a *Account) Parse(in *channels.Inbound) (*contact.Message, error) {
	p := a.parserFor(in.Format)
	if p == nil {
		return nil, a.failure("parse", channels.Malformed, fmt.Sprintf("the format %q is not known", channels.Bounded(in.Format, maxCode)))
	}
	return p.Parse(in)
}

func (a *Account) parserFor(format string) channels.Parser {
	switch {
	case format == FormatMessage:
		return archive{}
	case a.cfg.Parser == nil:
		return nil
	default:
		return a.cfg.Parser(format)
	}
}

// tidy gives text with plain line ends and without control characters, and
// whether it had to be cut.
func tidy(s string) (text string, cut bool) {
	s = strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n"), "\r", "\n")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	if len(s) > maxText {
		end := maxText
		for !utf8.RuneStart(s[end]) {
			end--
		}
		s, cut = s[:end], true
	}
	return strings.TrimRight(s, " \t\n"), cut
}

var languageForm = regexp.MustCompile(`^[a-zA-Z]{2,3}([-_][a-zA-Z0-9]{1,8}){0,4}$`)

func language(given string) string {
	if !languageForm.MatchString(given) {
		return ""
	}
	lang, _, _ := strings.Cut(strings.ReplaceAll(given, "_", "-"), "-")
	return strings.ToLower(lang)
}

// fileName gives a name without a path, for a file of any name.
func fileName(name string, i int) string {
	name = path.Base(strings.ReplaceAll(channels.Bounded(name, maxName), `\`, "/"))
	if strings.Trim(name, "./ ") == "" {
		return fmt.Sprintf("attachment-%d", i+1)
	}
	return name
}

// mediaType gives a media type that can be shown.
func mediaType(given string) string {
	kind, _, err := mime.ParseMediaType(given)
	if err != nil || !strings.Contains(kind, "/") || len(kind) > maxCode {
		return "application/octet-stream"
	}
	return kind
}
