package email_test

import (
	"strings"
	"testing"

	"stagecoach/channels"
	"stagecoach/channels/email"
)

// Who writes under the name that our own mail bears is shown with a warning, but
// not where it is our own mail, or another name.
func TestStrangerBearsOurName(t *testing.T) {
	cfg := email.Config{Account: "support", Address: support, FromName: "Acme  Support", IMAP: email.IMAP{Endpoint: endpoint(1, email.NoTLS, "")}}
	a := adapter(t, cfg, nil)
	for from, want := range map[string]bool{
		"acme support <x@evil.test>":    true,
		"Acme Support <x@evil.test>":    true,
		"Acme Support <hr@acme.test>":   false,
		"Acme Supporters <x@evil.test>": false,
		"x@evil.test":                   false,
	} {
		m, err := a.Parse(&channels.Inbound{Raw: crlf("From: "+from, "To: "+support, "Subject: x", "", "hello"), Format: "rfc822"})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(m.Warnings, "\n"), "shows our own, "); got != want {
			t.Errorf("%s: the warnings are %q", from, m.Warnings)
		}
	}
}
