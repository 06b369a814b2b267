package demo

import (
	"context"
	"errors"
	"log/slog"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/contact"
)

func postOf(t *testing.T) *post {
	t.Helper()
	p, err := newPost()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.server.Close() })
	return p
}

func TestALetterSaysWhatWasWritten(t *testing.T) {
	l := letter{
		id: "2@home.example", from: mail.Address{Name: "Zoë Weiß", Address: "zoe@home.example"},
		to: []mail.Address{{Name: company, Address: supportAddress}}, subject: "Größe 42?", text: "Guten Tag,\n\nist das Zelt größer?",
		inReplyTo: "1@home.example", references: []string{"0@home.example", "1@home.example"}, rich: true, photo: true,
	}
	raw, err := l.bytes()
	if err != nil {
		t.Fatal(err)
	}
	got, err := open(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got.id != l.id || got.inReplyTo != l.inReplyTo || !slices.Equal(got.references, l.references) {
		t.Errorf("ids: %+v", got)
	}
	if got.subject != l.subject || strings.ReplaceAll(got.text, "\r\n", "\n") != l.text || got.from != l.from || got.answerTo != l.from.Address {
		t.Errorf("read back: %+v", got)
	}
}

// parsed reads a mail by the code of the e-mail channel.
func parsed(t *testing.T, raw []byte) *contact.Message {
	t.Helper()
	a, err := email.New(email.Config{
		Account: "support", Address: supportAddress,
		IMAP: email.IMAP{Endpoint: email.Endpoint{Host: "127.0.0.1", Password: "x"}},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	m, err := a.Parse(&channels.Inbound{Format: "rfc822", Raw: raw})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMachinesAreRecognised(t *testing.T) {
	m := parsed(t, report("r1@home.example", supportAddress, "anna@home.example", "original@lindenhof.example"))
	if m.Auto != contact.AutoBounce || m.Bounce == nil || !m.Bounce.Permanent || m.Bounce.OriginalID != "original@lindenhof.example" {
		t.Errorf("a mail that came back is %q %+v", m.Auto, m.Bounce)
	}
	l := letter{
		id: "1@home.example", from: mail.Address{Address: "anna@home.example"}, to: []mail.Address{{Address: supportAddress}},
		subject: "x", text: "I am away.", more: []string{"Auto-Submitted", "auto-replied"},
	}
	raw, err := l.bytes()
	if err != nil {
		t.Fatal(err)
	}
	if m := parsed(t, raw); m.Auto != contact.AutoReply {
		t.Errorf("an automatic reply is %q", m.Auto)
	}
	u := customer{story: story{kind: garbled, address: "x@home.example"}, rng: newAuthor(vocabularyOf(t), 1).rng}
	if m := parsed(t, unreadable(u.rng, u.newID())); m.Sender().Address != "" {
		t.Errorf("the unreadable one has a sender: %q", m.Sender().Address)
	}
}

func TestMailGoesBothWays(t *testing.T) {
	p := postOf(t)
	box, err := p.moveIn("anna@home.example", false)
	if err != nil {
		t.Fatal(err)
	}
	write := func(from, to, id string) []byte {
		l := letter{id: id, from: mail.Address{Address: from}, to: []mail.Address{{Address: to}}, subject: "s", text: "t"}
		raw, err := l.bytes()
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	if err := p.send("anna@home.example", []string{supportAddress, billingAddress}, write("anna@home.example", supportAddress, "1@home.example"), false); err != nil {
		t.Fatal(err)
	}
	if got := p.sent(); got != (posted{messages: 1, evidence: 1}) {
		t.Errorf("counted %+v for one mail to two of our addresses", got)
	}
	if err := p.server.Send(supportAddress, []string{"anna@home.example"}, write(supportAddress, "anna@home.example", "2@lindenhof.example")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	in, err := box.next(ctx)
	if err != nil || in.id != "2@lindenhof.example" || in.sender != supportAddress {
		t.Fatalf("%+v, %v", in, err)
	}
	mails, err := p.mailbox("anna@home.example")
	if err != nil || len(mails) != 1 || mails[0].id != in.id {
		t.Fatalf("mailbox: %+v, %v", mails, err)
	}
	cancel()
	if _, err := box.next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting in vain: %v", err)
	}
}
