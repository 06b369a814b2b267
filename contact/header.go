package contact

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// The bounds of the fields of a header that are kept beside a message.
const (
	maxHeaders     = 64
	maxHeaderName  = 80
	maxHeaderValue = 1 << 10
)

// HeaderNames lists the fields of a header, in small letters, that a message keeps
// for policies to ask. Fields of anybody's own, which begin with X-, are kept too.
func HeaderNames() []string {
	return []string{
		"auto-submitted", "content-language", "delivered-to", "feedback-id", "importance", "list-id", "organization", "precedence", //nolint:misspell // its name
		"priority", "reply-to", "return-path", "sender", "sensitivity", "user-agent",
	}
}

// secretParts are what the name of a field has in it whose value is nobody's
// business: what opens something, or proves somebody.
func secretParts() []string {
	return []string{"auth", "token", "secret", "passw", "cookie", "key", "signature", "session", "credential"}
}

// KeepsHeader reports whether a field of that name, in any case, is kept.
func KeepsHeader(name string) bool {
	name = strings.ToLower(name)
	if slices.Contains(HeaderNames(), name) {
		return true
	}
	if len(name) > maxHeaderName || len(name) < len("x-")+1 || !strings.HasPrefix(name, "x-") {
		return false
	}
	return !slices.ContainsFunc(secretParts(), func(part string) bool { return strings.Contains(name, part) })
}

// KeepHeader notes a field of a message's header, if it is one that is kept, there
// is room, and there is none of that name yet.
func (m *Message) KeepHeader(name, value string) {
	name, value = strings.ToLower(name), strings.TrimSpace(value)
	if value == "" || m.Headers[name] != "" || !KeepsHeader(name) {
		return
	}
	if len(m.Headers) >= maxHeaders && strings.HasPrefix(name, "x-") {
		return // the others are few
	}
	if len(value) > maxHeaderValue {
		end := maxHeaderValue
		for end > 0 && !utf8.RuneStart(value[end]) {
			end--
		}
		value = value[:end]
	}
	if m.Headers == nil {
		m.Headers = map[string]string{}
	}
	m.Headers[name] = value
}
