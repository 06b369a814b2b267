package webhook

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a message may hold; schema/message.json says the same.
const (
	maxID          = 200
	maxNameRunes   = 1000
	maxAttachments = 50
	maxURL         = 4000
)

// messageFields lists the fields of Message by their JSON names.
func messageFields() []string {
	var out []string
	for field := range reflect.TypeFor[Message]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}

// maxHeaders is how many headers a message may have.
const maxHeaders = 64

// mistakes says everything in which a message is not of the schema.
func (m *Message) mistakes() []mistake {
	var all []mistake
	bad := func(where, format string, args ...any) {
		all = append(all, mistake{Location: where, Message: fmt.Sprintf(format, args...)})
	}
	if m.Schema != Schema {
		bad("schema", "want %d, the version that this is written for", Schema)
	}
	switch m.Type {
	case "", TypeMessage:
	case TypePing:
		return all
	default:
		bad("type", "want %q or %q, or leave it out", TypeMessage, TypePing)
	}
	checkID := func(where, id string, needed bool) {
		if id == "" && !needed {
			return
		}
		if words := oddID(id); words != "" {
			bad(where, "%s", words)
		}
	}
	checkID("id", m.ID, true)
	checkID("conversation", m.Conversation, true)
	checkID("in_reply_to", m.InReplyTo, false)
	checkID("edits", m.Edits, false)
	checkID("withdraws", m.Withdraws, false)
	m.From.check("from", bad)
	if m.To != nil {
		m.To.check("to", bad)
	}
	if utf8.RuneCountInString(m.Subject) > maxNameRunes {
		bad("subject", "longer than %d characters", maxNameRunes)
	}
	if len(m.Headers) > maxHeaders {
		bad("headers", "%d of them, more than %d", len(m.Headers), maxHeaders)
	}
	if m.SentAt != nil && m.SentAt.odd {
		bad("sent_at", `want a time as RFC 3339 ("2026-11-02T10:00:00Z") or Unix seconds`)
	}
	switch {
	case m.Edits != "" && m.Withdraws != "":
		bad("withdraws", "edits and withdraws exclude each other")
	case m.Edits == m.ID && m.ID != "", m.Withdraws == m.ID && m.ID != "":
		bad("id", "an edit or a withdrawal needs an id of its own")
	case m.Withdraws == "" && strings.TrimSpace(m.Text) == "" && strings.TrimSpace(m.HTML) == "" && len(m.Attachments) == 0:
		bad("text", "the message is empty: want text, html or attachments")
	}
	m.checkFiles(bad)
	return all
}

func (p *Party) check(where string, bad func(where, format string, args ...any)) {
	if words := oddID(p.ID); words != "" {
		bad(where+".id", "%s", words)
	}
	if utf8.RuneCountInString(p.Name) > maxNameRunes {
		bad(where+".name", "longer than %d characters", maxNameRunes)
	}
	if len(p.Email) > maxNameRunes {
		bad(where+".email", "longer than %d characters", maxNameRunes)
	}
}

// oddID says what is wrong with an id, "" for a good one.
func oddID(id string) string {
	switch {
	case id == "":
		return "is missing"
	case utf8.RuneCountInString(id) > maxID:
		return fmt.Sprintf("longer than %d characters", maxID)
	case strings.TrimSpace(id) != id, strings.ContainsFunc(id, unicode.IsControl):
		return "want no spaces around it and no control characters"
	}
	return ""
}

func (m *Message) checkFiles(bad func(where, format string, args ...any)) {
	if len(m.Attachments) > maxAttachments {
		bad("attachments", "more than %d", maxAttachments)
		return
	}
	for i, f := range m.Attachments {
		where := fmt.Sprintf("attachments[%d]", i)
		switch {
		case f.Data != "" && f.URL != "":
			bad(where, "want data or url, not both")
		case f.Data == "" && f.URL == "" && f.Name == "":
			bad(where, "want data (base64) or url")
		case f.URL != "":
			if u, err := url.Parse(f.URL); len(f.URL) > maxURL || err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
				bad(where+".url", "want an http or https address without user and password")
			}
		default:
			if _, err := fileBytes(f.Data); err != nil {
				bad(where+".data", "want base64: %v", err)
			}
		}
	}
}

// fileBytes decodes base64 in either alphabet, with or without padding, also in
// lines, and as a data: URL.
func fileBytes(text string) ([]byte, error) {
	if strings.HasPrefix(text, "data:") {
		_, after, found := strings.Cut(text[:min(len(text), 300)], ";base64,")
		if found {
			text = text[len(text[:min(len(text), 300)])-len(after):]
		}
	}
	if strings.ContainsAny(text, "-_ \t\r\n") {
		text = strings.NewReplacer("-", "+", "_", "/", " ", "", "\t", "", "\r", "", "\n", "").Replace(text)
	}
	out, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, fmt.Errorf("not base64: %w", err)
	}
	return out, nil
}

// cut shortens text to n runes.
func cut(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i] + "…"
		}
		n--
	}
	return text
}
