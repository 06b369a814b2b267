package email_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
	"stagecoach/channels/email/oauth"
	"stagecoach/contact"
)

// day is one at a provider of some manner.
type day struct {
	t     *testing.T
	p     *emailfake.Provider
	login *login
	cfg   email.Config
	src   *channeltest.Source
	a     *email.Adapter
	sent  []*contact.Reply
	// written counts the replies, sent or not.
	written int
}

func newDay(t *testing.T, m emailfake.Manner) *day {
	t.Helper()
	d := &day{t: t, src: source(t)}
	check := wantPassword(support, "LOGIN", "PLAIN")
	if m.Tokens {
		d.login = newLogin(t, time.Hour, oauth.App)
		check = d.login.server.Check
	}
	var err error
	if d.p, err = emailfake.StartProvider(m, check); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.p.Close() })
	d.cfg = email.Config{
		Account: "support", Address: support, FromName: "Acme", CopyToSent: true,
		Timeout: 20 * time.Second, PollInterval: 50 * time.Millisecond, IdleMaximum: 300 * time.Millisecond, SentPatience: 300 * time.Millisecond,
		IMAP: email.IMAP{Endpoint: endpoint(d.p.IMAP.Port(), email.NoTLS, "")},
		SMTP: email.SMTP{Endpoint: endpoint(d.p.SMTPPort(), email.NoTLS, "")},
	}
	if m.Tokens {
		d.cfg.IMAP.Password, d.cfg.SMTP.Password, d.cfg.Tokens = "", "", d.login.source
	}
	d.a = d.adapter()
	return d
}

func (d *day) adapter() *email.Adapter {
	d.t.Helper()
	a := adapter(d.t, d.cfg, failureLog(d.t))
	d.t.Cleanup(func() { _ = a.Close() })
	return a
}

// TestDaysAtProviders is a day at each provider that is known to differ.
func TestDaysAtProviders(t *testing.T) {
	for _, m := range emailfake.Manners() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			d := newDay(t, m)
			stop := receiving(t, d.a, d.src)
			connected(d.src)
			d.opens()
			d.receives()
			d.answers()
			d.staysInDoubt()
			d.isRefused()
			d.isSentAway()
			stop()
			d.isThrottled()
			d.checksCopies()
			d.tellsWrongSecrets()
		})
	}
}

// TestConformanceAtProviders runs the suite of every channel in front of them.
func TestConformanceAtProviders(t *testing.T) {
	for _, m := range emailfake.Manners() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			channeltest.Run(t, func(t *testing.T) channeltest.Harness {
				t.Helper()
				return newDay(t, m).harness()
			})
		})
	}
}

func (d *day) harness() channeltest.Harness {
	bad := d.cfg
	bad.IMAP.Password, bad.SMTP.Password = "wrong-"+password, "wrong-"+password
	if d.login != nil {
		bad.Tokens = badTokens{new(int)}
	}
	return channeltest.Harness{
		New: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			return adapter(t, d.cfg, log).Channel()
		},
		NewBadSecret: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			return adapter(t, bad, log).Channel()
		},
		Secrets: []string{password, "bad-token"},
		Put:     func(_ *testing.T, text string) { d.p.Arrive(mail(text)) },
		PutMalformed: func(*testing.T) []byte {
			d.p.Arrive(malformed())
			return malformed()
		},
		Marked: func(*testing.T, string) bool {
			return slices.ContainsFunc(d.p.IMAP.Mails("INBOX"), func(m emailfake.RogueMail) bool { return len(m.Flags) > 0 })
		},
		Covers: covers, Reply: reply,
		Received: func(_ *testing.T, text string) (n int) {
			for _, m := range d.p.Taken() {
				if strings.Contains(email.Explain(m.Raw).Text, text) {
					n++
				}
			}
			return n
		},
		Cut:  func(*testing.T) { d.p.Cut() },
		Down: func(*testing.T) { d.p.Down() },
		Up:   func(*testing.T) { d.p.Up() },
	}
}

// opens waits until the folder of sent mail is watched, and sees what somebody
// writes elsewhere.
func (d *day) opens() {
	d.t.Helper()
	if d.p.Sent == "" {
		return
	}
	d.src.Until("the folder of sent mail to be watched", func() bool {
		_, ok := d.src.Bookmarks()["email/support/"+d.p.Sent]
		return ok
	})
	d.p.IMAP.Put(d.p.Sent, mail("written elsewhere"), time.Time{})
	d.src.Until("what was written elsewhere", func() bool { return kinds(d.src)["written elsewhere"] == channels.OwnCopy })
}

func (d *day) until(text string) *channels.Inbound {
	d.t.Helper()
	var found *channels.Inbound
	d.src.Until(text, func() bool {
		for _, in := range d.src.Items() {
			if bytes.Contains(in.Raw, []byte(text)) {
				found = in
			}
		}
		return found != nil
	})
	return found
}

func (d *day) receives() {
	d.t.Helper()
	twice := mail("the same mail twice")
	d.p.Arrive(twice)
	d.p.Arrive(mail("a first question"))
	d.p.Arrive(twice)
	d.p.Arrive(mail("a second question"))
	d.until("a second question")
	n := 0
	for _, in := range d.src.Items() {
		if bytes.Contains(in.Raw, []byte("the same mail twice")) {
			n++
		}
	}
	if n != 1 {
		d.t.Errorf("a mail that came twice is stored %d times", n)
	}
}

func (d *day) reply(text string) *contact.Reply {
	d.t.Helper()
	d.written++
	r := reply(fmt.Sprintf("0199c0de-0000-7000-8000-%012d", d.written), text)
	r.CreatedAt = r.CreatedAt.Add(time.Duration(d.written) * time.Minute)
	raw, err := d.a.Compose(r)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Raw = raw
	return r
}

// send sends a reply that is taken.
func (d *day) send(text string) *contact.Reply {
	d.t.Helper()
	r := d.reply(text)
	if _, err := d.a.Send(d.t.Context(), r); err != nil {
		d.t.Fatalf("sending %q gives %v", text, err)
	}
	d.sent = append(d.sent, r)
	return r
}

// answers sends, and has the customer answer by what they got.
func (d *day) answers() {
	d.t.Helper()
	r := d.send("a first answer")
	taken := d.p.Taken()
	got := parse(d.t, taken[len(taken)-1].Raw)
	refs := "<" + strings.Join(append(got.References, got.MessageID), ">\r\n <") + ">"
	d.p.Arrive(crlf("From: "+alice, "To: "+support, "Message-ID: <back@cust.test>", "In-Reply-To: <"+got.MessageID+">", "References: "+refs, "", "thanks for it"))
	back := parse(d.t, d.until("thanks for it").Raw)
	if back.Token != r.Token {
		d.t.Errorf("the customer's answer bears the token %q, want %q", back.Token, r.Token)
	}
	d.send("a second answer")
}

// staysInDoubt loses the link after a mail was taken.
func (d *day) staysInDoubt() {
	d.t.Helper()
	d.p.AtStep(func(step, _ string) string { return map[string]string{".": "cut after taking"}[step] })
	r := d.reply("an answer in doubt")
	_, err := d.a.Send(d.t.Context(), r)
	d.p.AtStep(nil)
	if channels.ReasonOf(err) != channels.InDoubt {
		d.t.Fatalf("a link lost before the answer gives %v", err)
	}
	delivered, known, err := d.adapter().Delivered(d.t.Context(), r)
	if want := d.p.Saves != emailfake.SavesNothing; delivered != want || known != want || err != nil {
		d.t.Errorf("of a reply in doubt is known %v, %v, %v; want %v", delivered, known, err, want)
	}
	other := reply("0199c0de-0000-7000-8000-00000000ffff", "never sent")
	other.Token, other.CreatedAt = "", time.Now()
	if delivered, _, err := d.adapter().Delivered(d.t.Context(), other); delivered || err != nil {
		d.t.Errorf("a reply that was never sent is delivered %v, %v", delivered, err)
	}
}

// isRefused has the provider refuse for reasons of its own, and takes each reply
// afterwards all the same.
func (d *day) isRefused() {
	d.t.Helper()
	for answer, reasons := range map[string][]channels.Reason{
		d.p.Busy:          {channels.RateLimited, channels.Unavailable},
		d.p.SenderRefused: {channels.Auth},
	} {
		if answer == "" {
			continue
		}
		at := "."
		if strings.HasPrefix(answer, "421") {
			at = "MAIL"
		}
		d.p.AtStep(func(step, _ string) string { return map[string]string{at: answer}[step] })
		r := d.reply("an answer that waits")
		_, err := d.a.Send(d.t.Context(), r)
		d.p.AtStep(nil)
		reason := channels.ReasonOf(err)
		if reason != reasons[0] && reason != reasons[len(reasons)-1] {
			d.t.Errorf("%q gives %v, want %v", answer, err, reasons)
		}
		if reason == channels.Auth && !strings.Contains(err.Error(), "what to do: ") {
			d.t.Errorf("%q is told as %v, without what to do", answer, err)
		}
		if d.a.Pause(time.Now()) == 0 {
			d.t.Errorf("after %q the next reply goes out at once", answer)
		}
		if _, err := d.a.Send(d.t.Context(), r); err != nil {
			d.t.Errorf("the reply that waited gives %v", err)
		}
		d.sent = append(d.sent, r)
		if wait := d.a.Pause(time.Now()); wait > 0 {
			d.t.Errorf("after it was taken the next reply waits %v", wait)
		}
	}
}

// isSentAway ends the sessions, and with tokens these, in the middle of the day.
func (d *day) isSentAway() {
	d.t.Helper()
	if d.login != nil {
		d.login.server.EndTokens()
	}
	d.p.IMAP.Bye(d.p.SessionEnd)
	d.p.Cut()
	d.p.Arrive(mail("after the session's end"))
	d.until("after the session's end")
	d.send("a last answer")
}

// isThrottled has the provider have had enough: it is left alone for as long as it
// wishes, and nothing is lost.
func (d *day) isThrottled() {
	d.t.Helper()
	d.p.Throttle(true)
	d.p.Arrive(mail("while we were throttled"))
	err := d.a.Receive(d.t.Context(), d.src)
	d.p.Throttle(false)
	var typed *channels.Error
	if !errors.As(err, &typed) || typed.Reason != channels.RateLimited && typed.Reason != channels.Unavailable {
		d.t.Fatalf("a provider that has had enough gives %v", err)
	}
	if strings.Contains(d.p.Throttled, "89117 milliseconds") && typed.RetryAfter != 89117*time.Millisecond {
		d.t.Errorf("%q is obeyed for %v", d.p.Throttled, typed.RetryAfter)
	}
	if typed.Reason == channels.RateLimited && typed.RetryAfter < 30*time.Second {
		d.t.Errorf("%q is obeyed for %v", d.p.Throttled, typed.RetryAfter)
	}
	stop := receiving(d.t, d.a, d.src)
	d.until("while we were throttled")
	d.send("an answer after it")
	eventually(d.t, "the copy of the last answer", func() bool { return d.copies()[d.sent[len(d.sent)-1].ID] > 0 })
	stop()
}

// copies counts those in the folder of sent mail, by reply.
func (d *day) copies() map[string]int {
	d.t.Helper()
	out := map[string]int{}
	place := d.p.Sent
	if place == "" {
		place = "Sent"
	}
	for _, m := range d.p.IMAP.Mails(place) {
		for _, r := range d.sent {
			if bytes.Contains(m.Raw, []byte(r.ID)) {
				out[r.ID]++
			}
		}
	}
	return out
}

func (d *day) checksCopies() {
	d.t.Helper()
	copies := d.copies()
	for i, r := range d.sent {
		if copies[r.ID] != 1 {
			d.t.Errorf("answer %d has %d copies among the sent, want 1", i+1, copies[r.ID])
		}
		n := 0
		for _, m := range d.p.Taken() {
			if bytes.Contains(m.Raw, []byte(r.ID)) {
				n++
			}
		}
		if n != 1 {
			d.t.Errorf("answer %d went out %d times", i+1, n)
		}
	}
	for _, in := range d.src.Items() {
		if in.Kind == channels.OwnCopy && !bytes.Contains(in.Raw, []byte("written elsewhere")) {
			d.t.Errorf("our own reply is taken for one that was written elsewhere:\n%s", in.Raw)
		}
	}
}

// badTokens are never taken.
type badTokens struct{ asked *int }

// Token implements email.Tokens.
func (b badTokens) Token(context.Context, string) (string, error) {
	*b.asked++
	return fmt.Sprintf("bad-token-%d", *b.asked), nil
}

func (d *day) tellsWrongSecrets() {
	d.t.Helper()
	asked := 0
	if d.login != nil {
		d.cfg.Tokens = badTokens{&asked}
	} else {
		d.cfg.IMAP.Password, d.cfg.SMTP.Password = "wrong-secret", "wrong-secret"
	}
	_, err := d.adapter().Check(d.t.Context())
	if channels.ReasonOf(err) != channels.Auth || strings.Contains(err.Error(), "wrong-secret") || strings.Contains(err.Error(), "bad-token") {
		d.t.Errorf("a wrong secret gives %v", err)
	}
	d.t.Logf("a wrong secret: %v", err)
	if _, err := d.adapter().Send(d.t.Context(), d.reply("by a wrong secret")); channels.ReasonOf(err) != channels.Auth {
		d.t.Errorf("sending by a wrong secret gives %v", err)
	}
}

// Where a MOVE cuts the link all is moved all the same, and once.
func TestMoveWhereItCutsTheLink(t *testing.T) {
	t.Parallel()
	d := newDay(t, emailfake.Gmail())
	d.cfg.After = email.Afterwards{Mode: email.MoveAside, Folder: "Erledigt"}
	d.a = d.adapter()
	receiving(t, d.a, d.src)
	connected(d.src)
	for i := range 3 {
		d.p.Arrive(mail(fmt.Sprintf("to be moved %d", i)))
		d.until(fmt.Sprintf("to be moved %d", i))
	}
	eventually(t, "all to be moved", func() bool { return len(d.p.IMAP.Mails("Erledigt")) == 3 && len(d.p.IMAP.Mails("INBOX")) == 0 })
	if n := len(d.src.Items()); n != 3 {
		t.Errorf("%d mails are stored, want 3", n)
	}
}

// A provider that puts its copy there late is noticed after the first mail.
func TestProviderSavesSentLate(t *testing.T) {
	t.Parallel()
	m := emailfake.ExchangeOnline()
	d := newDay(t, m)
	d.cfg.SentPatience = 30 * time.Second
	d.a = d.adapter()
	d.p.SaveLate(true)
	receiving(t, d.a, d.src)
	connected(d.src)
	for i := range 3 {
		r := d.send(fmt.Sprintf("answer %d", i))
		if i == 0 { // ours is quicker this once
			eventually(t, "our own copy", func() bool { return d.copies()[r.ID] == 1 })
		}
		d.p.SaveNow()
		eventually(t, "the provider's copy", func() bool { return d.copies()[r.ID] >= 1 })
	}
	d.p.SaveLate(false)
	last := d.send("the last answer")
	eventually(t, "the last copy", func() bool { return d.copies()[last.ID] >= 1 })
	copies := d.copies()
	for i, r := range d.sent {
		if want := 1; copies[r.ID] != want && i > 0 || copies[r.ID] > 2 {
			t.Errorf("answer %d has %d copies, want %d", i+1, copies[r.ID], want)
		}
	}
}
