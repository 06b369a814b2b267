package email_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/email"
	"stagecoach/channels/email/rig"
	"stagecoach/contact"
)

// maker is a pair of servers that others made, in front of which the channel
// must do all that it does with Dovecot and Postfix.
type maker struct {
	name  string
	store func(t testing.TB, users ...string) *rig.Store
	relay func(t testing.TB, s *rig.Store) *rig.Relay
	// sent is the folder that our copies go to.
	sent string
}

func makers() []maker {
	return []maker{
		{"courier and exim", rig.StartCourier, rig.StartExim, "INBOX.Sent"},
		{"cyrus and opensmtpd", func(tb testing.TB, users ...string) *rig.Store {
			tb.Helper()
			return rig.StartCyrus(tb, false, users...)
		}, rig.StartOpenSMTPD, "INBOX.Sent"},
		{"cyrus with unix names and haraka", func(tb testing.TB, users ...string) *rig.Store {
			tb.Helper()
			return rig.StartCyrus(tb, true, users...)
		}, rig.StartHaraka, "Verschickt"},
		{"mailutils and exim", rig.StartMailutils, rig.StartExim, "Sent"},
	}
}

// vendorMailbox configures a mailbox at other makers' servers: TLS from the
// first byte at the store where it can, STARTTLS at the relay.
func vendorMailbox(s *rig.Store, r *rig.Relay, account, address string) email.Config {
	cfg := email.Config{
		Account: account, Address: address, FromName: "Acme", CopyToSent: true, Timeout: 10 * time.Second,
		IdleMaximum: time.Second, PollInterval: 200 * time.Millisecond,
		IMAP: email.IMAP{Endpoint: email.Endpoint{
			Host: "127.0.0.1", Port: s.IMAP, TLS: email.StartTLS, CAFile: s.CA, Password: rig.Password,
		}},
	}
	if s.IMAPS > 0 {
		cfg.IMAP.Port, cfg.IMAP.TLS = s.IMAPS, email.ImplicitTLS
	}
	if r != nil {
		cfg.SMTP.Endpoint = email.Endpoint{
			Host: "127.0.0.1", Port: r.Submission, TLS: email.StartTLS, CAFile: r.CA, Password: rig.Password,
		}
		if r.Plain {
			cfg.SMTP.TLS, cfg.SMTP.CAFile, cfg.SMTP.Password = email.NoTLS, "", ""
		}
	}
	return cfg
}

// eachMaker runs a check against each pair of servers, newly made.
func eachMaker(t *testing.T, check func(t *testing.T, m maker, s *rig.Store, r *rig.Relay)) {
	t.Helper()
	for _, m := range makers() {
		t.Run(m.name, func(t *testing.T) {
			s := m.store(t, support, alice)
			r := m.relay(t, s)
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the relay's log:\n%s", tail(r.Log()))
				}
			})
			check(t, m, s, r)
		})
	}
}

// failureLog shows what the channel logs once a test has failed.
func failureLog(t *testing.T) *slog.Logger {
	t.Helper()
	var mu sync.Mutex
	var text bytes.Buffer
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		if t.Failed() {
			t.Logf("the channel's log:\n%s", tail(text.String()))
		}
	})
	return logTo(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return text.Write(p)
	}))
}

type writerFunc func(p []byte) (int, error)

// Write implements io.Writer.
func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func tail(s string) string { return s[max(0, len(s)-4000):] }

func TestVendorConformance(t *testing.T) {
	eachMaker(t, func(t *testing.T, _ maker, s *rig.Store, r *rig.Relay) {
		t.Helper()
		number := 0
		channeltest.Run(t, func(t *testing.T) channeltest.Harness {
			t.Helper()
			number++
			cfg := vendorMailbox(s, r, "support", support)
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
				Put:     func(_ *testing.T, text string) { s.Put(support, mail(text)) },
				Covers:  covers,
				Reply:   func(id, text string) *contact.Reply { return reply(id, unique+text) },
				Received: func(t *testing.T, text string) int {
					t.Helper()
					seen := func() int { return countText(s.Mails(alice, "INBOX"), unique+text) }
					eventually(t, "the customer's mail", func() bool { return seen() > 0 })
					return seen()
				},
				Cut:  func(*testing.T) { s.Kill(); s.Start() },
				Down: func(*testing.T) { s.Kill() },
				Up:   func(*testing.T) { s.Start() },
			}
		})
	})
}

func countText(mails [][]byte, text string) (n int) {
	for _, raw := range mails {
		if strings.Contains(email.Explain(raw).Text, text) {
			n++
		}
	}
	return n
}

func TestVendorRoundTrip(t *testing.T) {
	eachMaker(t, func(t *testing.T, m maker, s *rig.Store, r *rig.Relay) {
		t.Helper()
		a, src := adapter(t, vendorMailbox(s, r, "support", support), failureLog(t)), source(t)
		report, err := a.Check(t.Context())
		t.Logf("check says %v:\n%s", err, strings.Join(report.Lines, "\n"))
		if err != nil {
			t.Errorf("Check gives %v", err)
		}
		receiving(t, a, src)
		src.Until("the folders", func() bool { return len(src.Bookmarks()) == 2 })
		if err := r.Take(alice, support, mail("where is my parcel?")); err != nil {
			t.Fatal(err)
		}
		src.UntilStored(1)
		in := src.Items()[0]
		if old := time.Since(in.ReceivedAt); old > 5*time.Minute || old < -time.Second {
			t.Errorf("received at %v by INTERNALDATE, want about now", in.ReceivedAt)
		}
		question, err := a.Parse(in)
		if err != nil || question.Text != "where is my parcel?" || question.Auto != contact.AutoNone {
			t.Fatalf("understood as %+v, %v", question, err)
		}
		answer := reply(replyID, "It is on its way, grüße.")
		answer.InReplyTo, answer.References = question.MessageID, []string{question.MessageID}
		if answer.Raw, err = a.Compose(answer); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Send(t.Context(), answer); err != nil {
			t.Fatalf("sending gives %v", err)
		}
		eventually(t, "the reply in the customer's mailbox", func() bool { return len(s.Mails(alice, "INBOX")) == 1 })
		got := parse(t, s.Mails(alice, "INBOX")[0])
		if got.InReplyTo != question.MessageID || got.Text != "It is on its way, grüße." {
			t.Errorf("the customer got %+v", got)
		}
		eventually(t, "our copy in the folder of sent mail", func() bool { return len(s.Mails(support, m.sent)) == 1 })
		if copied := s.Mails(support, m.sent)[0]; !bytes.Contains(normal(copied), normal(answer.Raw)[len("From"):]) && countText([][]byte{copied}, "auf") == 0 {
			if string(normal(copied)) != string(normal(answer.Raw)) {
				t.Logf("the copy differs from what was sent:\n%s", copied)
			}
		}
		if delivered, known, err := adapter(t, vendorMailbox(s, r, "support", support), nil).Delivered(t.Context(), answer); !delivered || !known || err != nil {
			t.Errorf("another process finds the copy: %v, %v, %v", delivered, known, err)
		}
		vendorToken(t, r, src, answer, got.MessageID)
		vendorRefusals(t, a, s, r, src)
	})
}

// vendorToken has the customer answer to the token's address.
func vendorToken(t *testing.T, r *rig.Relay, src *channeltest.Source, answer *contact.Reply, id string) {
	t.Helper()
	token := email.TokenAddress(support, answer.Token)
	back := crlf("From: "+alice, "To: "+token, "Message-ID: <a2@cust.test>", "In-Reply-To: <"+id+">", "Subject: Re: x", "", "Thanks!", "")
	if err := r.Take(alice, token, back); err != nil {
		t.Fatal(err)
	}
	src.UntilStored(2)
	if got := parse(t, src.Items()[1].Raw); got.Token != answer.Token || got.InReplyTo != id {
		t.Errorf("the answer has token %q and in-reply-to %q", got.Token, got.InReplyTo)
	}
}

// vendorRefusals tries what the relay refuses, at once or by a bounce.
func vendorRefusals(t *testing.T, a *email.Adapter, s *rig.Store, r *rig.Relay, src *channeltest.Source) {
	t.Helper()
	for i, one := range []struct {
		to     string
		size   int
		reason channels.Reason
	}{
		{"nobody@cust.test", 0, channels.Rejected},
		{"grey@cust.test", 0, channels.Unavailable},
		{alice, rig.RelayLimit, channels.Malformed}, // said by SIZE, so found at composing
	} {
		if one.to == "grey@cust.test" && r.Maker == "OpenSMTPD" {
			continue // it has no way to ask for patience
		}
		bad := reply(fmt.Sprintf("0199c0de-0000-7000-8000-%012d", 100+i), "anybody?"+strings.Repeat("\nlong words", one.size/10))
		bad.To[0].Address = one.to
		_, err := a.Send(t.Context(), bad)
		if channels.ReasonOf(err) != one.reason || err != nil && strings.Contains(err.Error(), one.to) {
			t.Errorf("sending to %s gives %v, want %v without the address", one.to, err, one.reason)
		}
		t.Logf("%s: %v", one.to, err)
	}
	ghost := reply("0199c0de-0000-7000-8000-000000000009", "anybody?")
	ghost.To[0].Address = "ghost@cust.test"
	if _, err := a.Send(t.Context(), ghost); err != nil {
		t.Fatal(err)
	}
	src.UntilStored(3)
	raw := src.Items()[2].Raw
	t.Logf("the bounce:\n%s", raw)
	got := parse(t, raw)
	if got.Auto != contact.AutoBounce || got.Bounce == nil || !got.Bounce.Permanent ||
		got.Bounce.OriginalID != ghost.ID+"@acme.test" || got.Bounce.Recipient != "ghost@cust.test" {
		t.Errorf("the bounce is understood as %q %+v", got.Auto, got.Bounce)
	}
}

// TestVendorFolder watches a folder whose name is written as in other programs,
// kills the server, and makes the folder anew.
func TestVendorFolder(t *testing.T) {
	for _, m := range makers() {
		t.Run(m.name, func(t *testing.T) {
			s := m.store(t, support)
			place := s.Prefix + strings.ReplaceAll("Kunden/Größe", "/", s.Delim)
			make := func(c *imapclient.Client) error { return c.Create(place, nil).Wait() }
			s.As(support, make)
			cfg := vendorMailbox(s, nil, "support", support)
			cfg.IMAP.Folders, cfg.Import = []string{"Kunden/Größe"}, time.Hour
			src := source(t)
			receiving(t, adapter(t, cfg, failureLog(t)), src)
			connected(src)
			s.PutInto(support, place, mail("first"))
			src.UntilStored(1)
			s.Kill()
			s.Start()
			s.PutInto(support, place, mail("second"))
			src.UntilStored(2)
			all := s.Mails(support, place)
			if len(all) != 2 {
				t.Fatalf("%d mails in the folder, want 2", len(all))
			}
			s.Kill()
			s.Start()
			s.As(support, func(c *imapclient.Client) error { return c.Delete(place).Wait() })
			s.As(support, make)
			for _, raw := range all {
				s.PutInto(support, place, raw)
			}
			s.PutInto(support, place, mail("third"))
			src.UntilStored(3)
			if n := len(src.Items()); n != 3 {
				t.Errorf("stored %d after renumbering, want 3", n)
			}
		})
	}
}

// TestVendorAfterwards flags, marks and moves what is stored.
func TestVendorAfterwards(t *testing.T) {
	for _, m := range makers() {
		t.Run(m.name, func(t *testing.T) {
			s := m.store(t, support)
			for _, mode := range []email.AfterMode{email.FlagIt, email.MarkSeen, email.MoveAside} {
				if s.LateFlags && mode != email.MoveAside {
					continue
				}
				cfg := vendorMailbox(s, nil, "support", support)
				cfg.After = email.Afterwards{Mode: mode}
				if mode == email.MoveAside {
					cfg.After.Folder = "Erledigt/Ältere"
				}
				src := source(t)
				stop := receiving(t, adapter(t, cfg, failureLog(t)), src)
				connected(src)
				before := len(s.Mails(support, "INBOX"))
				s.Put(support, mail("for "+string(mode)))
				src.UntilStored(1)
				switch mode {
				case email.FlagIt:
					eventually(t, "the flag", func() bool { return s.Flagged(support, "\\Flagged") == before+1 })
				case email.MarkSeen:
					eventually(t, "the mark", func() bool { return s.Flagged(support, "\\Seen") >= 1 })
				default:
					place := s.Prefix + strings.ReplaceAll(cfg.After.Folder, "/", s.Delim)
					eventually(t, "the move", func() bool { return len(s.Mails(support, place)) == 1 })
				}
				stop()
			}
		})
	}
}
