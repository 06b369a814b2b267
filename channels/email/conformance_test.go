package email_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
	"stagecoach/contact"
)

const (
	support  = "support@acme.test"
	alice    = "alice@cust.test"
	password = "pw-Zx81-not-for-logs"
)

// provider starts a fake with our mailbox and a customer's.
func provider(t *testing.T, cfg emailfake.Config) *emailfake.Server {
	t.Helper()
	cfg.Users = map[string]string{support: password, alice: "alice-secret"}
	s, err := emailfake.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func endpoint(port int, mode email.TLSMode, ca string) email.Endpoint {
	return email.Endpoint{Host: "127.0.0.1", Port: port, TLS: mode, CAFile: ca, Username: support, Password: password}
}

// mailbox configures ours at the fake, in the clear.
func mailbox(s *emailfake.Server) email.Config {
	return email.Config{
		Account: "support", Address: support, FromName: "Acme",
		IMAP:    email.IMAP{Endpoint: endpoint(s.IMAPPort(), email.NoTLS, "")},
		SMTP:    email.SMTP{Endpoint: endpoint(s.SMTPPort(), email.NoTLS, "")},
		Timeout: 2 * time.Second, PollInterval: 50 * time.Millisecond,
	}
}

func adapter(t *testing.T, cfg email.Config, log *slog.Logger) *email.Adapter {
	t.Helper()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	a, err := email.New(cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// mail makes a customer's mail with this text in it.
func mail(text string) []byte {
	return fmt.Appendf(nil, "From: Alice <%s>\r\nTo: %s\r\nSubject: %s\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n"+
		"Message-ID: <%d.%x@cust.test>\r\n\r\n%s\r\n", alice, support, text, time.Now().UnixNano(), text, text)
}

func reply(id, text string) *contact.Reply {
	return &contact.Reply{
		ID: id, Kind: contact.Answer, Channel: contact.Email, Account: "support",
		CreatedAt: time.Date(2026, 11, 2, 11, 0, 0, 0, time.UTC), FromName: "Jo of Acme",
		To: []contact.Address{{Address: alice, Name: "Alice"}}, Subject: "Re: Your question", Text: text + "\n",
		InReplyTo: "q1@cust.test", References: []string{"q0@cust.test", "q1@cust.test"},
		Token: "abcdefghijklmnopqrstuvwx",
	}
}

func covers(b channels.Bookmark, position string) bool {
	var validity, last, v, uid uint32
	_, err := fmt.Sscanf(b.Position, "%d:%d", &validity, &last)
	_, err2 := fmt.Sscanf(position, "%d:%d", &v, &uid)
	return err == nil && err2 == nil && validity == v && uid <= last
}

func caFile(t *testing.T, pem []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// malformed is a mail with about everything wrong that the memory server passes
// on: it gives nothing of a mail whose header lines are broken.
func malformed() []byte {
	return []byte("Subject: =?utf-8?b?broken\r\nFrom: alice, <<@>\r\nContent-Type: multipart/mixed; boundary=\r\n" +
		"X-Odd: \xff\xfe: ?\r\n\r\n--x\r\nContent-Type: text/plain; charset=\"nonsense\r\n\r\nGr\xfc\xdfe\x00\r\n--y\r\n\r\nrest")
}

func TestConformance(t *testing.T) {
	for name, how := range map[string]struct {
		fake emailfake.Config
		mode email.TLSMode
	}{
		"idle and starttls": {mode: email.StartTLS},
		"polling and tls":   {fake: emailfake.Config{NoIdle: true}, mode: email.ImplicitTLS},
	} {
		t.Run(name, func(t *testing.T) {
			channeltest.Run(t, func(t *testing.T) channeltest.Harness {
				t.Helper()
				return harness(t, provider(t, how.fake), how.mode)
			})
		})
	}
}

func harness(t *testing.T, s *emailfake.Server, mode email.TLSMode) channeltest.Harness {
	t.Helper()
	cfg := mailbox(s)
	ca := caFile(t, s.CertificatePEM())
	cfg.IMAP.Endpoint, cfg.SMTP.Endpoint = endpoint(s.IMAPPort(), mode, ca), endpoint(s.SMTPPort(), mode, ca)
	if mode == email.ImplicitTLS {
		cfg.IMAP.Port, cfg.SMTP.Port = s.IMAPSPort(), s.SMTPSPort()
	}
	put := func(t *testing.T, raw []byte) {
		t.Helper()
		if err := s.Put(support, "INBOX", raw, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	return channeltest.Harness{
		New: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			return adapter(t, cfg, log).Channel()
		},
		NewBadSecret: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			bad := cfg
			bad.IMAP.Password, bad.SMTP.Password = "wrong-"+password, "wrong-"+password
			return adapter(t, bad, log).Channel()
		},
		Secrets: []string{password},
		Put: func(t *testing.T, text string) {
			t.Helper()
			put(t, mail(text))
		},
		PutMalformed: func(t *testing.T) []byte {
			t.Helper()
			put(t, malformed())
			return malformed()
		},
		Marked: func(t *testing.T, _ string) bool {
			t.Helper()
			flags, err := s.Flags(support, "INBOX")
			if err != nil {
				t.Fatal(err)
			}
			for _, set := range flags {
				if len(set) > 0 {
					return true
				}
			}
			return false
		},
		Covers: covers,
		Reply:  reply,
		Received: func(t *testing.T, text string) int {
			t.Helper()
			return received(t, s, text)
		},
		Failures: failures(s),
		Cut:      func(*testing.T) { s.Cut() },
		Down:     func(*testing.T) { s.Down() },
		Up:       func(*testing.T) { s.Up() },
	}
}

// received counts the customer's mails with text in their decoded words.
func received(t *testing.T, s *emailfake.Server, text string) int {
	t.Helper()
	mails, err := s.Folder(alice, "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, raw := range mails {
		if strings.Contains(email.Explain(raw).Text, text) {
			n++
		}
	}
	return n
}

func failures(s *emailfake.Server) []channeltest.Failure {
	rcpt := func(code int, enhanced [3]int, text string) emailfake.Misbehaviour {
		return emailfake.Misbehaviour{Recipient: func(to string) error {
			return emailfake.Refusal(code, enhanced, "<"+to+">: "+text)
		}}
	}
	data := func(code int, enhanced [3]int, text string) emailfake.Misbehaviour {
		return emailfake.Misbehaviour{Data: emailfake.Refusal(code, enhanced, text)}
	}
	out := []channeltest.Failure{}
	for _, f := range []struct {
		name string
		m    emailfake.Misbehaviour
		want channels.Reason
		sent bool
	}{
		{"no such user", rcpt(550, [3]int{5, 1, 1}, "User unknown"), channels.Rejected, false},
		{"mailbox full", rcpt(452, [3]int{4, 2, 2}, "Mailbox full"), channels.Unavailable, false},
		{"greylisted", rcpt(450, [3]int{4, 2, 0}, "Greylisted, try again in 300 seconds"), channels.Unavailable, false},
		{"too fast", rcpt(450, [3]int{4, 7, 1}, "Too many messages, slow down"), channels.RateLimited, false},
		{"daily limit", data(550, [3]int{5, 4, 5}, "Daily user sending limit exceeded"), channels.RateLimited, false},
		{"login wanted", emailfake.Misbehaviour{Mail: emailfake.Refusal(530, [3]int{5, 7, 0}, "Authentication required")}, channels.Auth, false},
		{"content refused", data(554, [3]int{5, 7, 1}, "Message looks like spam"), channels.Rejected, false},
		{"try later", data(451, [3]int{4, 3, 0}, "Local error in processing"), channels.Unavailable, false},
		{"shutting down", data(421, [3]int{4, 3, 2}, "Shutting down"), channels.Unavailable, false},
		{"link lost in the mail", emailfake.Misbehaviour{CutAtData: true}, channels.InDoubt, false},
		{"link lost before the answer", emailfake.Misbehaviour{CutAfterTaking: true}, channels.InDoubt, true},
	} {
		out = append(out, channeltest.Failure{
			Name: f.name, Want: f.want, WantSent: f.sent,
			Set:   func(*testing.T) { s.Misbehave(f.m) },
			Clear: func(*testing.T) { s.Misbehave(emailfake.Misbehaviour{}) },
		})
	}
	return append(out, channeltest.Failure{
		Name: "down", Want: channels.Unavailable,
		Set: func(*testing.T) { s.Down() }, Clear: func(*testing.T) { s.Up() },
	})
}

func containsAll(t *testing.T, raw []byte, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("lacks %q in:\n%s", want, raw)
		}
	}
}
