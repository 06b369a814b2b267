package email_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
	"stagecoach/channels/email/oauth"
)

// A link that was kept and is let in no more, as its token has ended, is replaced:
// the reply goes out by a new one at once.
func TestTokenEndsOnALinkThatWasKept(t *testing.T) {
	l := newLogin(t, time.Hour, oauth.App)
	var ended atomic.Bool
	s := startScript(t, &script{extensions: []string{"AUTH XOAUTH2"}, answer: func(link int, command string) string {
		switch {
		case strings.HasPrefix(command, "AUTH"):
			return "235 2.7.0 in"
		case ended.Load() && link == 1 && strings.HasPrefix(command, "MAIL"):
			return "530 5.7.57 Client not authenticated to send mail"
		}
		return ""
	}})
	a := s.adapter(t, func(cfg *email.Config) { cfg.Tokens = l.source })
	for i, id := range []string{"0199c0de-0000-7000-8000-000000000001", "0199c0de-0000-7000-8000-000000000002"} {
		ended.Store(i == 1)
		if _, err := a.Send(t.Context(), reply(id, "an answer")); err != nil {
			t.Errorf("reply %d: %v", i+1, err)
		}
	}
	if links, mails := s.counts(); links != 2 || mails != 2 {
		t.Errorf("%d links and %d mails, want 2 and 2", links, mails)
	}
}

// A server that hangs up with its refusal is asked once more with a new token, at
// the next link; then the person is told.
func TestServerHangsUpOnAToken(t *testing.T) {
	l := newLogin(t, time.Hour, oauth.App)
	s := startScript(t, &script{extensions: []string{"AUTH XOAUTH2"}, answer: func(_ int, command string) string {
		if strings.HasPrefix(command, "AUTH") {
			return "535 5.7.3 Authentication unsuccessful"
		}
		if command == "*" {
			return "cut"
		}
		return ""
	}})
	a := s.adapter(t, func(cfg *email.Config) { cfg.Tokens = l.source })
	first := channels.ReasonOf(a.Prepare(t.Context()))
	second := a.Prepare(t.Context())
	if first == channels.Auth || channels.ReasonOf(second) != channels.Auth || !strings.Contains(second.Error(), "refuses a token") {
		t.Errorf("it is told as %s, then %v", first, second)
	}
	before := l.server.Asked("client_credentials")
	_ = a.Prepare(t.Context())
	if n := l.server.Asked("client_credentials") - before; n != 0 {
		t.Errorf("%d more tokens were fetched for a server that takes none", n)
	}
}

// What Gmail and others ask after refusing a token is answered by an empty line.
func TestChallengeOfARefusedToken(t *testing.T) {
	asked := 0
	p, err := emailfake.StartProvider(emailfake.GmailTokens(), func(string, string, string) error { return errors.New("no") })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	cfg := email.Config{
		Account: "support", Address: support, Tokens: badTokens{&asked},
		SMTP: email.SMTP{Endpoint: endpoint(p.SMTPPort(), email.NoTLS, "")},
	}
	cfg.SMTP.Password = ""
	a := adapter(t, cfg, nil)
	t.Cleanup(func() { _ = a.Close() })
	err = a.Prepare(t.Context())
	if channels.ReasonOf(err) != channels.Auth || !strings.Contains(err.Error(), "status 401") || strings.Contains(err.Error(), "bad-token") {
		t.Errorf("it is told as %v", err)
	}
	if answers := p.Answers(); len(answers) != 2 || answers[0] != "" || answers[1] != "" {
		t.Errorf("the challenges were answered by %q, want two empty lines", answers)
	}
}
