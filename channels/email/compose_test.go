package email_test

import (
	"bytes"
	"mime"
	netmail "net/mail"
	"strings"
	"testing"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/contact"
)

const replyID = "0199c0de-0000-7000-8000-000000000001"

func sender(t *testing.T) *email.Adapter {
	t.Helper()
	return adapter(t, email.Config{
		Account: "support", Address: support, FromName: "Acme", Subaddress: true,
		SMTP: email.SMTP{Endpoint: email.Endpoint{Host: "127.0.0.1"}},
	}, nil)
}

func TestComposeHeaders(t *testing.T) {
	r := reply(replyID, "Grüße")
	r.CC = []contact.Address{{Address: "bob@cust.test", Name: "Bob, Builder"}}
	r.Subject = "Re: Über das\r\nBcc: evil@x.test"
	raw, err := sender(t).Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	decode := new(mime.WordDecoder).DecodeHeader
	for name, want := range map[string]string{
		"From":           `"Jo of Acme" <support@acme.test>`,
		"To":             `"Alice" <alice@cust.test>`,
		"Cc":             `"Bob, Builder" <bob@cust.test>`,
		"Reply-To":       `"Jo of Acme" <support+sc-abcdefghijklmnopqrstuvwx@acme.test>`,
		"Subject":        "Re: Über das Bcc: evil@x.test",
		"Message-Id":     "<" + replyID + "@acme.test>",
		"In-Reply-To":    "<q1@cust.test>",
		"References":     "<sc-abcdefghijklmnopqrstuvwx@acme.test> <q0@cust.test> <q1@cust.test>",
		"Date":           "Mon, 02 Nov 2026 11:00:00 +0000",
		"Bcc":            "",
		"Auto-Submitted": "",
		"User-Agent":     "",
	} {
		if got, err := decode(m.Header.Get(name)); err != nil || got != want {
			t.Errorf("%s: %q (%v), want %q", name, got, err, want)
		}
	}
	for line := range strings.Lines(string(raw)) {
		if len(line) > 1000 || !strings.HasSuffix(line, "\r\n") {
			t.Errorf("line of %d bytes, or without CRLF: %.80q", len(line), line)
		}
	}
	if e := email.Explain(raw); e.Text != "Grüße" {
		t.Errorf("text comes out as %q", e.Text)
	}
}

func TestComposeParts(t *testing.T) {
	r := reply(replyID, "plain words, boundary=0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab")
	r.HTML = `<p>rich words <img src="cid:logo1"></p>`
	r.Attachments = []contact.Attachment{
		{Name: "../../Rechnung März.pdf", ContentType: "application/pdf", Size: 3, Data: []byte("pdf")},
		{Name: "logo.png", ContentType: "image/png", Size: 3, Data: []byte("png"), ContentID: "logo1"},
		{Name: "evil\r\nX: y.txt", ContentType: "text/plain\r\nX: y", Size: 3, Data: []byte("txt")},
		{Name: "mail.eml", ContentType: "message/rfc822", Size: 3, Data: []byte("eml")},
	}
	a := sender(t)
	raw, err := a.Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.Compose(r)
	if err != nil || !bytes.Equal(raw, again) {
		t.Errorf("the same reply gives other bytes (%v)", err)
	}
	m := parse(t, raw)
	if m.Text != strings.TrimSpace(r.Text) || !strings.Contains(m.HTML, `cid:logo1`) || len(m.Warnings) != 0 {
		t.Errorf("text %q\nhtml %q\nwarnings %q\n%s", m.Text, m.HTML, m.Warnings, raw)
	}
	var got []string
	for _, file := range m.Attachments {
		got = append(got, file.Name+"="+string(file.Data)+"="+file.ContentID)
	}
	want := "logo.png=png=logo1|Rechnung März.pdf=pdf=|evil__X: y.txt=txt=|mail.eml=eml="
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("files are %s\nwant      %s", s, want)
	}
	if bytes.Contains(raw, []byte("\r\nX: y")) {
		t.Error("a file's name made a header")
	}
	if m.Subject != "Re: Your question" || m.MessageID != replyID+"@acme.test" {
		t.Errorf("subject %q, message id %q", m.Subject, m.MessageID)
	}
}

func TestComposeKinds(t *testing.T) {
	a := sender(t)
	r := reply(replyID, "We have your mail.")
	r.Kind = contact.Acknowledgement
	raw, err := a.Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	containsAll(t, raw, "Auto-Submitted: auto-replied\r\n")
	if m := parse(t, raw); m.Auto != contact.AutoReply {
		t.Errorf("an acknowledgement is understood as %q", m.Auto)
	}
	r.InReplyTo = ""
	if raw, err = a.Compose(r); err != nil {
		t.Fatal(err)
	}
	containsAll(t, raw, "Auto-Submitted: auto-generated\r\n", "X-Auto-Response-Suppress: All\r\n")
	if bytes.Contains(raw, []byte("List-Unsubscribe")) || bytes.Contains(raw, []byte("Precedence")) {
		t.Error("a mail to one person poses as a list's")
	}
	r = reply(replyID, "x")
	r.Token, r.FromName = "", ""
	raw, err = a.Compose(r)
	if err != nil || bytes.Contains(raw, []byte("\r\nReply-To:")) || !bytes.Contains(raw, []byte(`From: "Acme" <`)) {
		t.Errorf("without token and name (%v):\n%s", err, raw)
	}
}

func TestComposeRefuses(t *testing.T) {
	for name, spoil := range map[string]func(r *contact.Reply){
		"no recipient":    func(r *contact.Reply) { r.To = nil },
		"no address":      func(r *contact.Reply) { r.To[0].Address = "alice" },
		"two in one":      func(r *contact.Reply) { r.To[0].Address = "a@x.test,b@x.test" },
		"header in it":    func(r *contact.Reply) { r.CC = []contact.Address{{Address: "a@x.test\r\nBcc: b@x.test"}} },
		"file not loaded": func(r *contact.Reply) { r.Attachments = []contact.Attachment{{Name: "a", Size: 5, Object: "o1"}} },
	} {
		r := reply(replyID, "x")
		spoil(r)
		raw, err := sender(t).Compose(r)
		if channels.ReasonOf(err) != channels.Malformed {
			t.Errorf("%s: %v, want reason malformed\n%s", name, err, raw)
		} else if strings.Contains(err.Error(), "x.test") {
			t.Errorf("%s: the error shows an address: %v", name, err)
		}
	}
}

func TestSecretsAreHidden(t *testing.T) {
	cfg := email.Config{IMAP: email.IMAP{Endpoint: email.Endpoint{Password: "hush-hush"}}}
	var log bytes.Buffer
	logTo(&log).Info("x", "cfg", cfg, "password", cfg.IMAP.Password)
	for _, s := range []string{log.String(), sprint(cfg)} {
		if strings.Contains(s, "hush-hush") {
			t.Errorf("shows the password: %s", s)
		}
	}
}

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	_, err := email.New(email.Config{
		Account: "a b", Address: "nobody", Aliases: []string{"A <a@x.test>"},
		IMAP: email.IMAP{Endpoint: email.Endpoint{Host: "x", TLS: "ssl", Port: 70000}}, Import: -1,
		SMTP: email.SMTP{Endpoint: email.Endpoint{Host: "x", CAFile: "/does/not/exist"}},
	}, logTo(&bytes.Buffer{}))
	if err == nil {
		t.Fatal("no error")
	}
	containsAll(t, []byte(err.Error()), `"a b"`, `"nobody"`, `"A <a@x.test>"`, "imap.tls", "imap.port", "imap.password", "smtp.ca_file", "import")
}
