package main

import (
	"log/slog"
	"testing"

	"stagecoach/channels"
	"stagecoach/contact"
)

// A stopped daemon's ledger knows no account, and an account may be taken out of
// the configuration: their mail stays readable.
func TestMailOfAnAccountThatIsNotConfigured(t *testing.T) {
	t.Parallel()
	in := &channels.Inbound{
		Channel: contact.Email, Account: "gone", Format: "rfc822",
		Raw: []byte("From: Ada <ada@customers.test>\r\nTo: sales@acme.test\r\nSubject: The meter\r\n\r\nIt ticks.\r\n"),
	}
	m, err := newLinks(nil, nil, "", "", slog.New(slog.DiscardHandler)).parse(in)
	if err != nil || m.Subject != "The meter" || m.From.Address != "ada@customers.test" {
		t.Fatalf("got %+v, %v", m, err)
	}
	in.Format = "smoke"
	if _, err := newLinks(nil, nil, "", "", slog.New(slog.DiscardHandler)).parse(in); err == nil {
		t.Error("a format that nobody knows was read")
	}
}
