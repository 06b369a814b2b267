package contact

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// A message keeps what a policy may ask of its header, in bounds, and nothing
// that opens or proves something.
func TestKeepHeader(t *testing.T) {
	var m Message
	for i := range 100 {
		m.KeepHeader(fmt.Sprintf("X-Field-%d", i), "v")
	}
	if len(m.Headers) != 64 {
		t.Errorf("%d fields are kept, want 64", len(m.Headers))
	}
	m.KeepHeader("List-ID", " <news.shop.example> ")
	m.KeepHeader("list-id", "another")
	if got := m.Headers["list-id"]; got != "<news.shop.example>" {
		t.Errorf("List-Id is %q", got)
	}
	m = Message{}
	m.KeepHeader("X-Long", "a"+strings.Repeat("ü", 5_000))
	if got := m.Headers["x-long"]; len(got) > 1<<10 || len(got) < 1_000 || !utf8.ValidString(got) {
		t.Errorf("a long value is kept with %d bytes, valid: %v", len(got), utf8.ValidString(got))
	}
	for _, name := range []string{"X-Api-Key", "X-Auth-Token", "Authorization", "Received", "DKIM-Signature", "X-Google-DKIM-Signature", "x-", "X-" + strings.Repeat("a", 90)} {
		if m.KeepHeader(name, "v"); KeepsHeader(name) || m.Headers[strings.ToLower(name)] != "" {
			t.Errorf("%s is kept", name)
		}
	}
	if m.KeepHeader("X-Empty", " "); len(m.Headers) != 1 {
		t.Errorf("an empty field is kept: %v", m.Headers)
	}
}
