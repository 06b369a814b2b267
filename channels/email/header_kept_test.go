package email

import (
	"strings"
	"testing"
)

// What policies may ask of a header is kept: decoded, in one line, in bounds, and
// without the token that leads into a conversation.
func TestKeptHeaders(t *testing.T) {
	token := strings.Repeat("abcdefgh", 4)[:26]
	u := understand([]byte("From: kim@customer.test\r\nMessage-ID: <1@customer.test>\r\nList-ID: News\r\n <news.shop.example>\r\nX-Priority: 1\r\nx-priority: 5\r\n"+
		"X-Topic: =?utf-8?q?R=C3=BCckgabe?=\r\nX-Auth-Token: secret\r\nReceived: from a by b\r\nDelivered-To: support+sc-"+token+"@shop.example\r\n"+
		"X-Long: "+strings.Repeat("long ", 10_000)+"\r\n\r\nHello\r\n"), seals{})
	for name, want := range map[string]string{
		"list-id": "News <news.shop.example>", "x-priority": "1", "x-topic": "Rückgabe", "x-auth-token": "", "received": "", "delivered-to": "support@shop.example",
	} {
		if got := u.Headers[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if n := len(u.Headers["x-long"]); n == 0 || n > 1<<10 {
		t.Errorf("a long field is kept with %d bytes", n)
	}
}
