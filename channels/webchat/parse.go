package webchat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"stagecoach/channels"
	"stagecoach/contact"
)

// format names the parser of our originals.
const format = "webchat+json"

const schemaVersion = 1

// envelope is the original of one message: what the visitor wrote, and the files.
type envelope struct {
	Schema int    `json:"schema"`
	Event  event  `json:"event"`
	Files  []file `json:"files,omitempty"`
}

// event is one message of a visitor's.
type event struct {
	// ID is the same for ever: the visitor as it was, and the browser's id.
	ID      string `json:"id"`
	Visitor string `json:"visitor"`
	Thread  string `json:"thread"`
	At      int64  `json:"at"`
	// User is who the shop's signature says that it is.
	User *user `json:"user,omitempty"`
	// Email is the address that was left for the answer, unproven.
	Email    string    `json:"email,omitempty"`
	Name     string    `json:"name,omitempty"`
	Page     page      `json:"page"`
	Language string    `json:"language,omitempty"`
	Text     string    `json:"text"`
	Files    []fileRef `json:"files,omitempty"`
}

type user struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// page is where the chat was open.
type page struct {
	URL   string `json:"url,omitempty"`
	Title string `json:"title,omitempty"`
}

// file is a file with its bytes.
type file struct {
	fileRef
	Data []byte `json:"data"`
}

// eventOf makes the event of a message. An address that the visitor left is told
// once in a thread.
func eventOf(v visitor, s saying, told bool) event {
	e := event{
		ID: v.ID + "/" + s.id, Visitor: v.ID, Thread: v.Thread, At: s.at.UnixMilli(),
		Page: s.page, Language: s.language, Text: s.text, Files: s.files,
	}
	if v.User != "" {
		e.User = &user{ID: v.User, Name: v.Name}
	} else {
		e.Name = v.Name
	}
	switch {
	case v.Proven && v.User != "":
		e.User.Email = v.Email
	case !told:
		e.Email = v.Email
	}
	return e
}

// origin is what an answer needs: the thread, and the visitor should that be gone.
type origin struct {
	V       int    `json:"v"`
	Thread  string `json:"thread"`
	Visitor string `json:"visitor"`
}

const originVersion = 1

// Bounds of an original that we read; the store's own are narrower.
const (
	maxOriginal = 64 << 20
	maxField    = 300
)

// Parse implements channels.Parser.
func (a *Adapter) Parse(in *channels.Inbound) (*contact.Message, error) {
	if in.Format != format {
		return nil, fmt.Errorf("reading a web chat message: format %q is not %s", in.Format, format)
	}
	if len(in.Raw) > maxOriginal {
		return nil, errors.New("reading a web chat message: too large")
	}
	var e envelope
	if err := json.NewDecoder(bytes.NewReader(in.Raw)).Decode(&e); err != nil {
		return nil, fmt.Errorf("reading a web chat message: %w", err)
	}
	if e.Schema != schemaVersion || e.Event.ID == "" || e.Event.Thread == "" || e.Event.Visitor == "" {
		return nil, fmt.Errorf("reading a web chat message: schema %d, or no id, thread or visitor", e.Schema)
	}
	ev := e.Event
	place, err := json.Marshal(origin{V: originVersion, Thread: ev.Thread, Visitor: ev.Visitor})
	if err != nil {
		return nil, fmt.Errorf("reading a web chat message: %w", err)
	}
	m := &contact.Message{
		Channel: in.Channel, Account: in.Account, ReceivedAt: in.ReceivedAt,
		From: contact.Address{Address: "visitor:" + ev.Visitor, Name: orName(clip(ev.Name, maxField), ev.Visitor)},
		To:   []contact.Address{{Address: in.Account}}, CC: []contact.Address{}, ReplyTo: []contact.Address{},
		MessageID: ev.ID, Thread: ev.Thread, References: []string{}, Origin: place,
		Subject: subject(ev.Page), ReplyText: clean(ev.Text, maxText), Language: language(ev.Language),
		Attachments: []contact.Attachment{}, Warnings: []string{},
	}
	m.Text = m.ReplyText
	if ev.User != nil && ev.User.ID != "" {
		m.From = contact.Address{Address: a.outside("user:" + clip(ev.User.ID, maxField)), Name: clip(ev.User.Name, maxField)}
		m.Auth.By, m.Auth.Trust = "webchat/"+in.Account, contact.TrustProven
		if a.cfg.ExternalIDs {
			m.VouchedID = clip(ev.User.ID, maxField)
		}
		if address := clip(ev.User.Email, maxField); address != "" {
			m.Vouched = []contact.Identity{{Channel: contact.Email, Address: address, Name: m.From.Name}}
		}
	}
	if address := clip(ev.Email, maxField); address != "" {
		m.Text = strings.TrimSpace(m.Text + "\n\nE-mail address left for the answer: " + address)
	}
	attach(m, e)
	return m, nil
}

// orName gives a name by which people tell those apart who have given none.
func orName(name, visitor string) string {
	if name != "" {
		return name
	}
	return "Visitor " + strings.ToUpper(visitor[:min(4, len(visitor))])
}

func attach(m *contact.Message, e envelope) {
	for i, f := range e.Files {
		if i == maxFiles {
			m.Warnings = append(m.Warnings, fmt.Sprintf("%d more files are left out", len(e.Files)-i))
			return
		}
		m.Attachments = append(m.Attachments, contact.Attachment{
			Name: fileName(f.Name), ContentType: clip(f.Type, maxField), Size: int64(len(f.Data)), Data: f.Data,
		})
		if f.Size != int64(len(f.Data)) {
			m.Warnings = append(m.Warnings, fmt.Sprintf("the file %q has %d bytes instead of %d", fileName(f.Name), len(f.Data), f.Size))
		}
	}
	if lost := len(e.Event.Files) - len(e.Files); lost > 0 {
		m.Warnings = append(m.Warnings, fmt.Sprintf("%d files are missing from the store", lost))
	}
}

// subject says where the chat was opened.
func subject(p page) string {
	title := clip(p.Title, 150)
	if title == "" {
		if u, err := url.Parse(p.URL); err == nil {
			title = clip(u.Host+strings.TrimSuffix(u.Path, "/"), 150)
		}
	}
	if title == "" {
		return "Chat"
	}
	return "Chat from " + title
}

// clean drops control characters but ends of lines and tabs, mends what is no
// UTF-8, and cuts at most code points.
func clean(s string, most int) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	n := 0
	s = strings.Map(func(r rune) rune {
		if n >= most || unicode.Is(unicode.Cc, r) && r != '\n' && r != '\t' || r == 0xfeff {
			return -1
		}
		n++
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.TrimSpace(s)
}

// clip makes one short line of s, without what turns the direction of the text
// around it.
func clip(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, clean(s, most))
	return strings.Join(strings.Fields(s), " ")
}

// fileName gives the last part of a name, "file" if nothing is left.
func fileName(s string) string {
	s = clip(path.Base(strings.ReplaceAll(s, `\`, "/")), 150)
	if strings.Trim(s, "./ ") == "" {
		return "file"
	}
	return s
}

// language gives the primary subtag of a language tag, "" for anything else.
func language(s string) string {
	primary, _, _ := strings.Cut(strings.ToLower(s), "-")
	if len(primary) < 2 || len(primary) > 3 || strings.Trim(primary, "abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return primary
}

// emailAddress gives s if mail can be sent to it.
func emailAddress(s string) (string, bool) {
	s = strings.TrimSpace(s)
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || !utf8.ValidString(s) {
		return "", false
	}
	_, domain, _ := strings.Cut(s, "@")
	return s, strings.Contains(domain, ".") && !strings.ContainsAny(s, " \"<>,;:\\()")
}

func millis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
