package email_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
	"stagecoach/contact"
)

func numbered(i int) *contact.Reply {
	return reply(fmt.Sprintf("0199c0de-0000-7000-8000-%012d", i), "words")
}

func failed(t *testing.T, err error) *channels.Error {
	t.Helper()
	e, ok := errors.AsType[*channels.Error](err)
	if !ok {
		t.Fatalf("the error is %v, want a *channels.Error", err)
	}
	return e
}

func TestBurstGoesByOneLink(t *testing.T) {
	s := startScript(t, &script{answer: func(_ int, command string) string {
		if strings.Contains(command, "RCPT TO:<ghost@") {
			return "550 5.1.1 no such user"
		}
		return ""
	}})
	a := s.adapter(t, nil)
	for i := range 20 {
		r := numbered(i)
		if i == 7 {
			r.To[0].Address = "ghost@cust.test"
		}
		if _, err := a.Send(t.Context(), r); (err != nil) != (i == 7) {
			t.Fatalf("reply %d: %v", i, err)
		}
	}
	if links, mails := s.counts(); links != 1 || mails != 19 {
		t.Errorf("%d links carried %d mails, want 1 and 19", links, mails)
	}
	if len(s.said("RSET")) != 1 {
		t.Errorf("RSET was said %d times, want once: after the refusal", len(s.said("RSET")))
	}
	if err := a.Close(); err != nil || len(s.said("QUIT")) != 1 {
		t.Errorf("closing says QUIT %d times, %v", len(s.said("QUIT")), err)
	}
}

func TestDeadLinkIsReplaced(t *testing.T) {
	var mails atomic.Int32
	s := startScript(t, &script{answer: func(link int, command string) string {
		switch {
		case command == ".":
			mails.Add(1)
		case link == 1 && mails.Load() == 1 && command == "NOOP":
			return "cut"
		case link == 2 && mails.Load() == 2 && strings.HasPrefix(command, "MAIL"):
			return "421 4.4.2 idle for too long"
		}
		return ""
	}})
	a := s.adapter(t, nil)
	for i := range 3 {
		if _, err := a.Send(t.Context(), numbered(i)); err != nil {
			t.Fatalf("reply %d: %v", i, err)
		}
	}
	if links, mails := s.counts(); links != 3 || mails != 3 {
		t.Errorf("%d links carried %d mails, want 3 and 3", links, mails)
	}
}

func TestCutBeforeTheAnswerIsInDoubt(t *testing.T) {
	for _, kept := range []bool{false, true} {
		var doubt atomic.Bool
		s := startScript(t, &script{answer: func(_ int, command string) string {
			if doubt.Load() && command == "." {
				return "cut after taking"
			}
			return ""
		}})
		a := s.adapter(t, nil)
		if kept {
			if _, err := a.Send(t.Context(), numbered(1)); err != nil {
				t.Fatal(err)
			}
		}
		_, before := s.counts()
		doubt.Store(true)
		_, err := a.Send(t.Context(), numbered(2))
		if e := failed(t, err); e.Reason != channels.InDoubt {
			t.Errorf("kept link %v: %v, want in doubt", kept, err)
		}
		if _, mails := s.counts(); mails != before+1 {
			t.Errorf("kept link %v: the mail was handed over %d times", kept, mails-before)
		}
	}
}

func TestReportsAreAskedFor(t *testing.T) {
	s := startScript(t, &script{extensions: []string{"DSN", "SIZE 10000000", "8BITMIME"}})
	r := reply(replyID, "words")
	r.CC = []contact.Address{{Address: "bob@cust.test"}}
	if _, err := s.adapter(t, nil).Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	from := s.said("MAIL")[0]
	for _, want := range []string{"RET=HDRS", "ENVID=" + replyID, "SIZE=", "BODY=8BITMIME"} {
		if !strings.Contains(from, want) {
			t.Errorf("%q lacks %q", from, want)
		}
	}
	for i, to := range s.said("RCPT") {
		want := []string{alice, "bob@cust.test"}[i]
		if !strings.Contains(to, "NOTIFY=FAILURE,DELAY") || !strings.Contains(to, "ORCPT=RFC822;"+want) {
			t.Errorf("%q asks for no reports", to)
		}
	}
}

func TestServerThatLiesAboutReports(t *testing.T) {
	for _, verb := range []string{"MAIL", "RCPT"} {
		s := startScript(t, &script{extensions: []string{"DSN"}, answer: func(_ int, command string) string {
			if strings.HasPrefix(command, verb) && (strings.Contains(command, "ENVID") || strings.Contains(command, "NOTIFY")) {
				return "555 5.5.4 Unsupported option"
			}
			return ""
		}})
		a := s.adapter(t, nil)
		for i := range 2 {
			if _, err := a.Send(t.Context(), numbered(i)); err != nil {
				t.Errorf("%s refuses the words: %v", verb, err)
			}
		}
		if n := len(s.said("MAIL")); n != 3 {
			t.Errorf("%s refuses the words: MAIL was said %d times, want 3: it learns", verb, n)
		}
	}
}

func TestAddressesBeyondASCII(t *testing.T) {
	for _, c := range []struct {
		to, want   string
		extensions []string
		code       string
	}{
		{to: "jo@grüße.test", want: "<jo@xn--gre-6ka8l.test>"},
		{to: "jörg@cust.test", code: "5.6.7"},
		{to: "jörg@grüße.test", extensions: []string{"SMTPUTF8", "8BITMIME"}, want: "<jörg@xn--gre-6ka8l.test>"},
	} {
		s := startScript(t, &script{extensions: c.extensions})
		r := reply(replyID, "words")
		r.To[0].Address = c.to
		_, err := s.adapter(t, nil).Send(t.Context(), r)
		if c.code != "" {
			e := failed(t, err)
			if e.Reason != channels.Rejected || e.Code != c.code || !strings.Contains(e.Error(), "SMTPUTF8") || strings.Contains(e.Error(), "jörg") {
				t.Errorf("%s: %v", c.to, err)
			}
			continue
		}
		if err != nil || !strings.Contains(strings.Join(s.said("RCPT"), "\n"), c.want) {
			t.Errorf("%s: %v, %q", c.to, err, s.said("RCPT"))
		}
		if utf8 := strings.Contains(s.said("MAIL")[0], "SMTPUTF8"); utf8 != (len(c.extensions) > 0) {
			t.Errorf("%s: %q", c.to, s.said("MAIL")[0])
		}
	}
	// A participant that can't be reached stops nothing.
	s := startScript(t, &script{})
	r := reply(replyID, "words")
	r.CC = []contact.Address{{Address: "jörg@cust.test"}}
	receipt, err := s.adapter(t, nil).Send(t.Context(), r)
	if err != nil || !slices.Equal(receipt.Refused, []string{"jörg@cust.test"}) {
		t.Errorf("%v refused, %v", receipt.Refused, err)
	}
}

func TestPartialRefusal(t *testing.T) {
	s := startScript(t, &script{answer: func(_ int, command string) string {
		if strings.Contains(command, "RCPT TO:<bob@") {
			return "550 5.1.1 no such user"
		}
		return ""
	}})
	a := s.adapter(t, nil)
	r := reply(replyID, "words")
	r.CC = []contact.Address{{Address: "bob@cust.test"}, {Address: "carl@cust.test"}}
	receipt, err := a.Send(t.Context(), r)
	if err != nil || !slices.Equal(receipt.Refused, []string{"bob@cust.test"}) {
		t.Fatalf("%v refused, %v", receipt.Refused, err)
	}
	again, err := a.Send(t.Context(), r)
	if _, mails := s.counts(); err != nil || mails != 1 || !slices.Equal(again.Refused, receipt.Refused) {
		t.Errorf("sent again: %d mails, %v, %v", mails, again, err)
	}
	// The customer is the one who counts.
	r = numbered(2)
	r.To[0].Address = "bob@cust.test"
	r.CC = []contact.Address{{Address: "carl@cust.test"}}
	if _, err := a.Send(t.Context(), r); channels.ReasonOf(err) != channels.Rejected {
		t.Errorf("the customer is refused: %v", err)
	}
	if _, mails := s.counts(); mails != 1 {
		t.Error("the copy went without the customer's")
	}
}

func TestSizeIsKnownBefore(t *testing.T) {
	s := startScript(t, &script{extensions: []string{"SIZE 100000"}})
	a := s.adapter(t, nil)
	if n := a.Limits().AttachmentBytes; n != 18<<20 {
		t.Errorf("before the server is known %d bytes are allowed", n)
	}
	if err := a.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := a.Limits().AttachmentBytes
	if n < 40_000 || n > 73_000 {
		t.Errorf("%d bytes of files are allowed in a mail of 100000", n)
	}
	r := reply(replyID, "words")
	r.Attachments = []contact.Attachment{{Name: "a.bin", Size: n, Data: make([]byte, n)}}
	if _, err := a.Compose(r); err != nil {
		t.Errorf("what is allowed can't be composed: %v", err)
	}
	r.Attachments[0].Data = make([]byte, 100_000)
	_, err := a.Compose(r)
	if e := failed(t, err); e.Reason != channels.Malformed || !strings.Contains(e.Err.Error(), "the mail server takes at most 100 KB") {
		t.Errorf("too large a mail: %v", err)
	}
	r.Raw = make([]byte, 100_001) // composed before the limit was known
	if _, err := a.Send(t.Context(), r); failed(t, err).Code != "5.3.4" || !failed(t, err).Permanent() {
		t.Errorf("too large a mail is sent: %v", err)
	}
	if links, _ := s.counts(); links != 1 || len(s.said("MAIL")) != 0 {
		t.Errorf("%d links, %q", links, s.said("MAIL"))
	}
}

func TestLimitHoldsTheAccount(t *testing.T) {
	var limited atomic.Bool
	limited.Store(true)
	s := startScript(t, &script{answer: func(_ int, command string) string {
		if limited.Load() && strings.HasPrefix(command, "MAIL") {
			return "421 4.7.28 unusual rate of mail, try again in 20 minutes"
		}
		return ""
	}})
	a := s.adapter(t, nil)
	now := time.Now()
	if wait := a.Pause(now); wait != 0 {
		t.Fatalf("at first it waits %v", wait)
	}
	_, err := a.Send(t.Context(), numbered(1))
	if e := failed(t, err); e.Reason != channels.RateLimited || e.RetryAfter != 20*time.Minute {
		t.Errorf("%v after %v", err, e.RetryAfter)
	}
	if wait := a.Pause(now); wait < 19*time.Minute {
		t.Errorf("other replies wait %v, want what the server wished", wait)
	}
	if err := a.Prepare(t.Context()); err != nil || a.Pause(now) < 19*time.Minute {
		t.Errorf("a login (%v) ends the hold of a limit", err)
	}
	limited.Store(false)
	if _, err := a.Send(t.Context(), numbered(1)); err != nil || a.Pause(now) != 0 {
		t.Errorf("after a reply was taken (%v) it still waits", err)
	}
}

func TestGreylistingHoldsNobodyElse(t *testing.T) {
	s := startScript(t, &script{answer: func(_ int, command string) string {
		if strings.HasPrefix(command, "RCPT") {
			return "450 4.7.1 Greylisted, try again in 300 seconds"
		}
		return ""
	}})
	a := s.adapter(t, nil)
	_, err := a.Send(t.Context(), numbered(1))
	if e := failed(t, err); e.Reason != channels.Unavailable || e.RetryAfter != 5*time.Minute {
		t.Errorf("%v after %v", err, e.RetryAfter)
	}
	if wait := a.Pause(time.Now()); wait != 0 {
		t.Errorf("other replies wait %v", wait)
	}
}

func TestLinksOverTLSAreVerified(t *testing.T) {
	for _, c := range []struct {
		mode email.TLSMode
		want string
	}{
		{email.StartTLS, "its certificate is not for 127.0.0.1"},
		{email.ImplicitTLS, "its certificate is not for 127.0.0.1"},
	} {
		s := provider(t, wrongName())
		port := s.SMTPSPort()
		if c.mode == email.StartTLS {
			port = s.SMTPPort()
		}
		cfg := mailbox(s)
		cfg.SMTP.Endpoint = endpoint(port, c.mode, caFile(t, s.CertificatePEM()))
		_, err := adapter(t, cfg, nil).Send(t.Context(), numbered(1))
		if channels.ReasonOf(err) != channels.Unavailable || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.mode, err)
		}
		if n := len(s.Taken()); n != 0 {
			t.Errorf("%s: %d mails were sent", c.mode, n)
		}
	}
	// A server that offers no STARTTLS gets neither password nor mail.
	s := startScript(t, &script{extensions: []string{"AUTH PLAIN"}})
	a := s.adapter(t, func(cfg *email.Config) { cfg.SMTP.TLS, cfg.SMTP.Password = email.StartTLS, password })
	if _, err := a.Send(t.Context(), numbered(1)); channels.ReasonOf(err) != channels.Unavailable || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("no STARTTLS: %v", err)
	}
	if len(s.said("AUTH"))+len(s.said("MAIL")) != 0 {
		t.Error("it was used without TLS")
	}
}

func wrongName() emailfake.Config { return emailfake.Config{CertificateFor: "mail.elsewhere.test"} }
