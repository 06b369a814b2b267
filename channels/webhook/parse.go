package webhook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"stagecoach/channels"
	"stagecoach/contact"
)

// The bounds of what is shown; the original has the rest.
const (
	maxText     = 1 << 20
	maxWarnings = 30
)

// envelope is an original with the files that were fetched for it.
type envelope struct {
	Files []fetched       `json:"files"`
	Event json.RawMessage `json:"event"`
}

// origin is what a reply needs of the message that it answers.
type origin struct {
	Schema       int    `json:"schema"`
	Conversation string `json:"conversation"`
	Message      string `json:"message"`
	To           Party  `json:"to"`
}

// Parse implements channels.Parser.
func (a *Adapter) Parse(in *channels.Inbound) (*contact.Message, error) {
	raw, files := in.Raw, []fetched(nil)
	switch in.Format {
	case FormatMessage:
	case FormatFiles:
		var e envelope
		if _, words := tooMuch(raw, maxDepth+1); words != "" {
			return nil, a.failure("parse", channels.Malformed, "", "the original is "+words, nil)
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, a.failure("parse", channels.Malformed, "", "the original is broken", err)
		}
		raw, files = e.Event, e.Files
	default:
		return nil, a.failure("parse", channels.Malformed, "", fmt.Sprintf("unknown format %q", in.Format), nil)
	}
	m, ignored, odd := decode(raw)
	if odd != nil {
		one := odd.mistakes[0]
		return nil, a.failure("parse", channels.Malformed, "", strings.TrimSpace(one.Location+" "+one.Message), nil)
	}
	p := &parsing{in: in, event: m, files: files, account: a.cfg.Account}
	if len(ignored) > 0 {
		p.warn("fields that are not known here: %s", strings.Join(ignored, ", "))
	}
	return p.message(a)
}

// parsing makes a contact.Message of an event.
type parsing struct {
	in       *channels.Inbound
	event    *Message
	files    []fetched
	account  string
	warnings []string
}

func (p *parsing) warn(format string, args ...any) {
	if len(p.warnings) < maxWarnings {
		p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
	}
}

func (p *parsing) message(a *Adapter) (*contact.Message, error) {
	e := p.event
	from, err := json.Marshal(p.origin())
	if err != nil {
		return nil, a.failure("parse", channels.Malformed, "", "its origin can't be written", err)
	}
	text := p.text()
	out := &contact.Message{
		Channel: contact.Webhook, Account: p.account, ReceivedAt: p.in.ReceivedAt,
		From:    contact.Address{Address: a.address(e.From.ID), Name: channels.Bounded(e.From.Name, 200)},
		To:      []contact.Address{},
		CC:      []contact.Address{},
		ReplyTo: []contact.Address{},
		Subject: channels.Bounded(e.Subject, maxNameRunes), Text: text, ReplyText: text,
		Attachments: p.attachments(),
		MessageID:   a.messageID(e.ID), References: []string{}, Thread: e.Conversation,
		Origin: from, Public: a.cfg.Public, Language: p.language(),
	}
	if e.To != nil {
		out.To = append(out.To, contact.Address{Address: p.account, Name: channels.Bounded(cmp.Or(e.To.Name, e.To.ID), 200)})
	}
	if e.InReplyTo != "" {
		out.InReplyTo = a.messageID(e.InReplyTo)
		out.References = append(out.References, out.InReplyTo)
	}
	if token, ours := strings.CutPrefix(e.Conversation, ourConversation); ours && tokenForm.MatchString(token) {
		out.Token = token
	}
	if changed := cmp.Or(e.Edits, e.Withdraws); changed != "" {
		out.Replaces, out.Withdrawn = a.messageID(changed), e.Withdraws != ""
	}
	p.headers(out)
	p.odd()
	out.Warnings = append([]string{}, p.warnings...)
	return out, nil
}

// headers notes what policies may ask, in order of name.
func (p *parsing) headers(m *contact.Message) {
	for _, name := range slices.Sorted(maps.Keys(p.event.Headers)) {
		m.KeepHeader(name, strings.Join(strings.Fields(tidy(p.event.Headers[name])), " "))
		if !contact.KeepsHeader(name) {
			p.warn("the header %q is not one that policies can ask", channels.Bounded(name, 80))
		}
	}
}

// ahead is how far a sender's clock may be ahead without a word.
const ahead = 10 * time.Minute

// odd warns of what was passed over.
func (p *parsing) odd() {
	at := p.event.SentAt
	if at == nil || at.IsZero() {
		return
	}
	if ago := p.in.ReceivedAt.Sub(at.Time); ago > oldest || ago < -ahead {
		p.warn("its time of sending, %s, is not believed", at.UTC().Format("2006-01-02 15:04"))
	}
}

func (p *parsing) origin() origin {
	e := p.event
	return origin{
		Schema: Schema, Conversation: e.Conversation, Message: cmp.Or(e.Edits, e.Withdraws, e.ID),
		To: Party{ID: e.From.ID, Name: e.From.Name, Email: e.From.Email},
	}
}

// messageID gives the id of a message or reply within Stagecoach, where ids of
// several accounts meet.
func (a *Adapter) messageID(id string) string { return a.cfg.Account + "/" + id }

// ourConversation begins the id of a conversation that we have opened; the token
// follows, by which it is known again.
const ourConversation = "stagecoach-"

var tokenForm = regexp.MustCompile(`^[a-z2-7]{20,64}$`)

func (p *parsing) text() string {
	text := p.event.Text
	if strings.TrimSpace(text) == "" && p.event.HTML != "" {
		text = htmlToText(p.event.HTML)
		if text == "" {
			p.warn("its HTML holds no text that can be shown: look at the original")
		}
	}
	text = tidy(text)
	if len(text) > maxText {
		end := maxText
		for !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
		p.warn("the text is longer than what is shown: the original has all of it")
	}
	return text
}

var languageForm = regexp.MustCompile(`^[a-zA-Z]{2,3}([-_][a-zA-Z0-9]{1,8}){0,4}$`)

func (p *parsing) language() string {
	lang := strings.TrimSpace(p.event.Language)
	if lang == "" {
		return ""
	}
	if !languageForm.MatchString(lang) {
		p.warn("its language is none that is known")
		return ""
	}
	lang, _, _ = strings.Cut(strings.ReplaceAll(lang, "_", "-"), "-")
	return strings.ToLower(lang)
}

func (p *parsing) attachments() []contact.Attachment {
	out := []contact.Attachment{}
	found := map[int]fetched{}
	for _, f := range p.files {
		found[f.Index] = f
	}
	for i, file := range p.event.Attachments {
		f := fetched{Index: i, Name: file.Name, ContentType: file.ContentType}
		if file.URL == "" {
			f.Data, _ = fileBytes(file.Data) // decode has seen that it can be read
		} else if kept, ok := found[i]; ok {
			f = kept
		} else {
			f.Failed = "nothing was kept of it"
		}
		if f.Failed != "" {
			p.warn("%s", fileWarning(f))
			continue
		}
		out = append(out, contact.Attachment{
			Name: fileName(f.Name, i), ContentType: mediaType(f.ContentType), Size: int64(len(f.Data)), Data: f.Data,
		})
	}
	return out
}

// fileName gives a name without a path, for a file of any name.
func fileName(name string, i int) string {
	name = path.Base(strings.ReplaceAll(channels.Bounded(name, 200), `\`, "/"))
	if strings.Trim(name, "./ ") == "" {
		return fmt.Sprintf("attachment-%d", i+1)
	}
	return name
}

// mediaType gives a media type that can be shown.
func mediaType(given string) string {
	kind, _, err := mime.ParseMediaType(given)
	if err != nil || !strings.Contains(kind, "/") || len(kind) > 100 {
		return "application/octet-stream"
	}
	return kind
}

// tidy gives text with plain line ends and without control characters.
func tidy(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	return strings.TrimRight(s, " \t\n")
}

// compact writes JSON without escaping what is safe in it.
func compact(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
