package email_test

import (
	"strings"
	"testing"

	"stagecoach/channels/email"
)

// Who sends for somebody else is the sender; the name shows for whom.
func TestSentViaSomebody(t *testing.T) {
	for from, want := range map[string]string{
		"Jo <jo@cust.test> via Riders <riders@list.test>":         "riders@list.test",
		"Jo <jo@cust.test> on behalf of Ann <ann@cust.test>":      "ann@cust.test",
		"Jo <jo@cust.test> im Auftrag von Ann <ann@cust.test>":    "ann@cust.test",
		"\"Jo <jo@cust.test> via Riders\" <riders@list.test>":     "riders@list.test",
		"Jo <jo@cust.test> Viator <viator@cust.test>":             "jo@cust.test",
		"Jo <jo@cust.test> Ann <ann@cust.test>":                   "jo@cust.test",
		"Jo <jo@cust.test>, via Riders <riders@list.test>":        "jo@cust.test",
		"=?utf-8?q?Jo_via_Riders?= <riders@list.test>":            "riders@list.test",
		"Jo <jo@cust.test> via Riders <riders@list.test>, x@y.zz": "riders@list.test",
	} {
		got := email.Explain([]byte("From: " + from + "\r\nSubject: x\r\n\r\nhello\r\n"))
		if got.FromEmail != want {
			t.Errorf("%s is from %q, want %q", from, got.FromEmail, want)
		}
	}
	got := email.Explain([]byte("From: Jo <jo@cust.test> via Riders <riders@list.test>\r\n\r\nhello\r\n"))
	if !strings.Contains(strings.Join(got.Warnings, "\n"), "the sender's name shows jo@cust.test") {
		t.Errorf("nothing warns of the address in the name %q: %q", got.FromName, got.Warnings)
	}
}
