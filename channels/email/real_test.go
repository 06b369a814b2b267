package email_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/email"
	"stagecoach/channels/email/rig"
	"stagecoach/contact"
)

const sales = "sales@acme.test"

// realMailbox configures one mailbox at the real servers, all over STARTTLS.
func realMailbox(d *rig.Dovecot, p *rig.Postfix, account, address string) email.Config {
	cfg := email.Config{
		Account: account, Address: address, FromName: "Acme", CopyToSent: true, Timeout: 5 * time.Second,
		IMAP: email.IMAP{Endpoint: email.Endpoint{
			Host: "127.0.0.1", Port: d.IMAP, TLS: email.StartTLS, CAFile: d.CA, Password: rig.Password,
		}},
	}
	if p != nil {
		cfg.SMTP.Endpoint = email.Endpoint{
			Host: "127.0.0.1", Port: p.Submission, TLS: email.StartTLS, CAFile: d.CA, Password: rig.Password,
		}
	}
	return cfg
}

// asCustomer sends a mail by Postfix's public port.
func asCustomer(t *testing.T, p *rig.Postfix, to string, raw []byte) {
	t.Helper()
	client, err := smtp.Dial(fmt.Sprintf("127.0.0.1:%d", p.SMTP))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.SendMail(alice, []string{to}, bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	if err := client.Quit(); err != nil {
		t.Fatal(err)
	}
}

// eventually polls for what a server in another process doesn't announce.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute for: %s", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func TestRealConformance(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, support, alice)
	p := rig.StartPostfix(t, d)
	number := 0
	channeltest.Run(t, func(t *testing.T) channeltest.Harness {
		t.Helper()
		number++ // sources of their own, as the mailbox is everybody's here
		cfg := realMailbox(d, p, "support", support)
		cfg.CopyToSent = false
		unique := fmt.Sprintf("(check %d) ", number)
		return channeltest.Harness{
			New: func(t *testing.T, log *slog.Logger) channels.Adapter {
				t.Helper()
				return adapter(t, cfg, log).Channel()
			},
			NewBadSecret: func(t *testing.T, log *slog.Logger) channels.Adapter {
				t.Helper()
				bad := cfg
				bad.IMAP.Password, bad.SMTP.Password = "wrong-"+rig.Password, "wrong-"+rig.Password
				return adapter(t, bad, log).Channel()
			},
			Secrets: []string{rig.Password},
			Put:     func(_ *testing.T, text string) { d.Put(support, mail(text)) },
			PutMalformed: func(*testing.T) []byte {
				d.Put(support, reallyMalformed())
				return bytes.ReplaceAll(reallyMalformed(), []byte("\n"), []byte("\r\n")) // as IMAP has it
			},
			Covers: covers,
			Reply:  func(id, text string) *contact.Reply { return reply(id, unique+text) },
			Received: func(t *testing.T, text string) (n int) {
				t.Helper()
				seen := func() (n int) {
					for _, raw := range d.Mails(alice, "INBOX") {
						if strings.Contains(email.Explain(raw).Text, unique+text) {
							n++
						}
					}
					return n
				}
				eventually(t, "the customer's mail", func() bool { return seen() > 0 })
				return seen()
			},
			Cut:  func(*testing.T) { d.Kill(); d.Start() },
			Down: func(*testing.T) { d.Kill() },
			Up:   func(*testing.T) { d.Start() },
		}
	})
}

// reallyMalformed has what no library passes on, but Dovecot does.
func reallyMalformed() []byte {
	return []byte("Subject: =?utf-8?b?broken\nfrom alice\nno colon here\n\xff\xfe: ?\nContent-Type: multipart/mixed\n\n--x\n" +
		"Content-Type: text/plain; charset=\"nonsense\n\nGr\xfc\xdfe\n--y\n\nrest")
}

func TestRealRoundTrip(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, support, sales, alice)
	p := rig.StartPostfix(t, d)
	first, second := adapter(t, realMailbox(d, p, "support", support), nil), adapter(t, realMailbox(d, p, "sales", sales), nil)
	src := source(t)
	receiving(t, first, src)
	receiving(t, second, src)
	src.Until("both links", func() bool { return src.Connections() == 2 && len(src.Bookmarks()) == 4 })

	question := mail("where is my parcel?")
	asCustomer(t, p, support, question)
	asCustomer(t, p, sales, mail("what does it cost?"))
	src.UntilStored(2)
	var in *channels.Inbound
	for _, one := range src.Items() {
		if one.Account == "support" {
			in = one
		}
	}
	m, err := first.Parse(in)
	if err != nil || m.Text != "where is my parcel?" || m.From.Address != alice || m.Auto != contact.AutoNone {
		t.Fatalf("understood as %+v, %v", m, err)
	}

	r := reply(replyID, "It is on its way.")
	r.InReplyTo, r.References = m.MessageID, append(m.References, m.MessageID)
	r.CC = []contact.Address{{Address: "nobody@cust.test"}}
	if r.Raw, err = first.Compose(r); err != nil {
		t.Fatal(err)
	}
	receipt, err := first.Send(t.Context(), r)
	if err != nil || receipt.ProviderID != replyID+"@acme.test" || len(receipt.Refused) != 1 {
		t.Fatalf("Send gives %+v, %v, want one refused", receipt, err)
	}
	var got contact.Message
	eventually(t, "the reply in the customer's mailbox", func() bool {
		for _, raw := range d.Mails(alice, "INBOX") {
			got = *parse(t, raw)
		}
		return got.MessageID != ""
	})
	if got.InReplyTo != m.MessageID || got.References[len(got.References)-1] != m.MessageID || got.Text != "It is on its way." {
		t.Errorf("the customer got %+v", got)
	}
	eventually(t, "our copy in the folder of sent mail", func() bool { return len(d.Mails(support, "Gesendet")) == 1 })
	if raw := d.Mails(support, "Gesendet")[0]; string(normal(raw)) != string(normal(r.Raw)) {
		t.Errorf("the copy differs from what was sent:\n%s\n---\n%s", raw, r.Raw)
	}

	// The customer answers to the token's address.
	token := email.TokenAddress(support, r.Token)
	answer := crlf("From: "+alice, "To: "+token, "Message-ID: <a2@cust.test>", "In-Reply-To: <"+got.MessageID+">", "", "Thanks!", "")
	asCustomer(t, p, token, answer)
	src.UntilStored(3)
	if m := parse(t, src.Items()[2].Raw); m.Token != r.Token || m.InReplyTo != got.MessageID {
		t.Errorf("the answer has token %q and in-reply-to %q", m.Token, m.InReplyTo)
	}

	// Nobody there: taken, then bounced to us.
	r = reply("0199c0de-0000-7000-8000-000000000002", "anybody?")
	r.To[0].Address = "ghost@cust.test"
	r.Raw, _ = first.Compose(r)
	if _, err := first.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	src.UntilStored(4)
	b := parse(t, src.Items()[3].Raw)
	if b.Auto != contact.AutoBounce || b.Bounce == nil || !b.Bounce.Permanent || b.Bounce.OriginalID != r.ID+"@acme.test" || b.Bounce.Recipient != "ghost@cust.test" {
		t.Errorf("the bounce is understood as %q %+v", b.Auto, b.Bounce)
	}
	r = reply("0199c0de-0000-7000-8000-000000000003", "anybody?")
	r.To[0].Address = "nobody@cust.test"
	r.Raw, _ = first.Compose(r)
	if _, err := first.Send(t.Context(), r); channels.ReasonOf(err) != channels.Rejected || strings.Contains(err.Error(), "nobody@") {
		t.Errorf("sending to nobody gives %v, want rejected without the address", err)
	}
	report, err := first.Check(t.Context())
	if err != nil {
		t.Errorf("Check gives %v\n%s", err, strings.Join(report.Lines, "\n"))
	}
}

func normal(raw []byte) []byte {
	return bytes.TrimSpace(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")))
}

func TestRealServerKilledInIdle(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, support)
	src := source(t)
	cfg := realMailbox(d, nil, "support", support)
	cfg.IdleMaximum, cfg.Timeout = 500*time.Millisecond, time.Second
	receiving(t, adapter(t, cfg, nil), src)
	connected(src)
	d.Put(support, mail("before"))
	src.UntilStored(1)
	d.Kill()
	d.Start()
	d.Put(support, mail("after"))
	src.UntilStored(2)

	// A server that hangs: nothing is closed, nothing answers.
	d.Signal(syscall.SIGSTOP)
	resumed := make(chan struct{})
	time.AfterFunc(3*time.Second, func() { d.Signal(syscall.SIGCONT); close(resumed) })
	<-resumed
	d.Put(support, mail("after the hang"))
	src.UntilStored(3)
	if n := len(src.Items()); n != 3 {
		t.Errorf("stored %d, want 3", n)
	}
}

func TestRealTrouble(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecotNamed(t, "mail.elsewhere.test", support)
	cfg := realMailbox(d, nil, "support", support)
	_, err := adapter(t, cfg, nil).Check(t.Context())
	if channels.ReasonOf(err) != channels.Unavailable || !strings.Contains(err.Error(), "certificate is not for 127.0.0.1") {
		t.Errorf("a wrong certificate gives %v", err)
	}
	good := rig.StartDovecot(t, support)
	cfg = realMailbox(good, nil, "support", support)
	cfg.IMAP.Password = "wrong"
	_, err = adapter(t, cfg, nil).Check(t.Context())
	if channels.ReasonOf(err) != channels.Auth {
		t.Errorf("a wrong password gives %v", err)
	}
}

func TestRealThroughput(t *testing.T) {
	d := rig.StartDovecot(t, support)
	src := source(t)
	stop := receiving(t, adapter(t, realMailbox(d, nil, "support", support), nil), src)
	connected(src)
	stop()
	const n = 2000
	d.Fill(support, n, func(i int) []byte {
		return fmt.Appendf(nil, "From: c%d@cust.test\nTo: %s\nMessage-ID: <%d@cust.test>\nSubject: s\n\n%s\n", i%50, support, i, strings.Repeat("words ", 300))
	})
	begun := time.Now()
	receiving(t, adapter(t, realMailbox(d, nil, "support", support), nil), src)
	src.UntilStored(n)
	took := time.Since(begun)
	t.Logf("%d mails in %v: %.0f/s", n, took, n/took.Seconds())
	if len(src.Items()) != n {
		t.Errorf("stored %d, want %d", len(src.Items()), n)
	}
}
