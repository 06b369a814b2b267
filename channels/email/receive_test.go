package email_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
)

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

func sprint(v any) string { return fmt.Sprintf("%v %+v %#v %s", v, v, v, v) }

// receiving runs a receiver until the test ends or stop is called.
func receiving(t *testing.T, a *email.Adapter, src channels.Source) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	runner := channels.NewRunner(a.Channel(), src, channels.RunnerConfig{First: 10 * time.Millisecond, Longest: 100 * time.Millisecond}, logTo(io.Discard))
	go func() { done <- runner.Run(ctx) }()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			<-done
		}
	}
	t.Cleanup(stop)
	return stop
}

func source(t *testing.T) *channeltest.Source {
	t.Helper()
	s := channeltest.NewSource(t)
	s.Covers = covers
	return s
}

const inbox = "email/support/INBOX"

func connected(src *channeltest.Source) {
	src.Until("the link to stand", func() bool { return src.Connections() > 0 })
}

func put(t *testing.T, s *emailfake.Server, folder string, raw []byte, at time.Time, flags ...imap.Flag) {
	t.Helper()
	if err := s.Put(support, folder, raw, at, flags...); err != nil {
		t.Fatal(err)
	}
}

func kinds(src *channeltest.Source) map[string]channels.InboundKind {
	out := map[string]channels.InboundKind{}
	for _, in := range src.Items() {
		out[email.Explain(in.Raw).Text] = in.Kind
	}
	return out
}

func TestFolderRenumberedGivesNothingTwice(t *testing.T) {
	s := provider(t, emailfake.Config{})
	old := time.Now().Add(-48 * time.Hour)
	put(t, s, "INBOX", mail("old one"), old)
	src := source(t)
	receiving(t, adapter(t, mailbox(s), nil), src)
	connected(src)
	put(t, s, "INBOX", mail("new one"), time.Time{})
	src.UntilStored(1)
	if err := s.Renumber(support, "INBOX"); err != nil {
		t.Fatal(err)
	}
	put(t, s, "INBOX", mail("after it"), time.Time{})
	src.UntilStored(2)
	// The one from before was seen at two places, and counts as evidence there.
	mark := func() channels.Bookmark { return src.Bookmarks()[inbox] }
	src.Until("the bookmark to follow", func() bool { return !strings.HasPrefix(mark().Position, "1:") && mark().Seen == 3 })
	if got := kinds(src); len(got) != 2 || got["new one"] != channels.Fresh || got["after it"] != channels.Fresh {
		t.Errorf("stored %v, want the two new ones", got)
	}
}

// A folder that held nothing when the account was connected has nothing older: some
// servers number it anew with its first mail, and date mails by their headers.
func TestEmptyFolderRenumbered(t *testing.T) {
	s := provider(t, emailfake.Config{})
	src := source(t)
	stop := receiving(t, adapter(t, mailbox(s), nil), src)
	connected(src)
	stop()
	put(t, s, "INBOX", mail("by a clock that is slow"), time.Now().Add(-20*24*time.Hour))
	if err := s.Renumber(support, "INBOX"); err != nil {
		t.Fatal(err)
	}
	receiving(t, adapter(t, mailbox(s), nil), src)
	src.UntilStored(1)
}

// A folder that is emptied and then restored, each under a number of its own, still has
// what is older than the account's connection: nobody is answered after years.
func TestEmptiedFolderRestored(t *testing.T) {
	s := provider(t, emailfake.Config{})
	old := time.Now().Add(-20 * 24 * time.Hour)
	put(t, s, "INBOX", mail("old one"), old)
	src := source(t)
	was := ""
	again := func() {
		t.Helper()
		stop := receiving(t, adapter(t, mailbox(s), nil), src)
		src.Until("the folder to be read", func() bool { return src.Bookmarks()[inbox].Position != was })
		stop()
		was = src.Bookmarks()[inbox].Position
	}
	again()
	if err := s.DeleteFolder(support, "INBOX"); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateFolder(support, "INBOX"); err != nil {
		t.Fatal(err)
	}
	again()
	put(t, s, "INBOX", mail("old one"), old)
	if err := s.Renumber(support, "INBOX"); err != nil {
		t.Fatal(err)
	}
	again()
	receiving(t, adapter(t, mailbox(s), nil), src)
	put(t, s, "INBOX", mail("new one"), time.Time{})
	src.UntilStored(1)
	if got := kinds(src); len(got) != 1 || got["new one"] != channels.Fresh {
		t.Errorf("stored %v, want the new one alone", got)
	}
}

func TestOlderMail(t *testing.T) {
	s := provider(t, emailfake.Config{})
	day := 24 * time.Hour
	ago := func(d time.Duration) time.Time { return time.Now().Add(-d) }
	put(t, s, "INBOX", mail("too old"), ago(40*day))
	put(t, s, "INBOX", mail("history"), ago(20*day))
	put(t, s, "INBOX", mail("answered by flag"), ago(4*day), imap.FlagAnswered)
	answered := mail("answered by mail")
	put(t, s, "INBOX", answered, ago(3*day))
	put(t, s, "INBOX", mail("unanswered"), ago(2*day))
	id := email.Explain(answered).MessageID
	put(t, s, "Sent", crlf("From: "+support, "To: "+alice, "Message-ID: <s1@acme.test>", "In-Reply-To: <"+id+">", "", "answer"), ago(3*day))

	cfg := mailbox(s)
	cfg.Import, cfg.OpenSince = 30*day, ago(5*day)
	a := adapter(t, cfg, nil)
	report, err := a.Check(t.Context())
	if err != nil || report.WouldOpen != 1 {
		t.Errorf("Check says %d contacts, %v, want 1\n%s", report.WouldOpen, err, strings.Join(report.Lines, "\n"))
	}
	src := source(t)
	stop := receiving(t, a, src)
	src.UntilStored(4)
	want := map[string]channels.InboundKind{
		"history": channels.History, "answered by flag": channels.History,
		"answered by mail": channels.History, "unanswered": channels.Fresh,
	}
	check := func() {
		t.Helper()
		if got := kinds(src); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("stored %v, want %v", got, want)
		}
	}
	check()
	loads := func() (n int) {
		for name, b := range src.Bookmarks() {
			if b.OneTime() && !b.At.IsZero() {
				n++
				if strings.Contains(name, "open_since") && b.Seen != 1 || strings.Contains(name, "import") && b.Seen != 0 {
					t.Errorf("%s counts %d", name, b.Seen)
				}
			}
		}
		return n
	}
	src.Until("both loads to be done", func() bool { return loads() == 2 })
	for _, in := range src.Items() {
		if time.Since(in.ReceivedAt) < day {
			t.Errorf("%s was received at %v, want its own time", in.ProviderID, in.ReceivedAt)
		}
	}

	// Loads happen once, also for a daemon that has forgotten all but the bookmarks.
	stop()
	src.Forget()
	receiving(t, adapter(t, cfg, nil), src)
	put(t, s, "INBOX", mail("fresh"), time.Time{})
	want = map[string]channels.InboundKind{"fresh": channels.Fresh}
	src.UntilStored(1)
	check()
}

func TestSentFolder(t *testing.T) {
	s := provider(t, emailfake.Config{})
	put(t, s, "Sent", mail("sent long ago"), time.Now().Add(-time.Hour))
	cfg := mailbox(s)
	cfg.CopyToSent = true
	a := adapter(t, cfg, nil)
	src := source(t)
	receiving(t, a, src)
	src.Until("the folder of sent mail to be watched", func() bool {
		_, ok := src.Bookmarks()["email/support/Sent"]
		return ok
	})
	r := reply(replyID, "our own answer")
	raw, err := a.Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Raw = raw
	if _, err := a.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	put(t, s, "Sent", mail("written elsewhere"), time.Time{})
	src.UntilStored(1)
	if got := kinds(src); len(got) != 1 || got["written elsewhere"] != channels.OwnCopy {
		t.Errorf("stored %v, want what was written elsewhere as own copy", got)
	}
	copies := func() (n int) {
		mails, err := s.Folder(support, "Sent")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mails {
			if string(m) == string(raw) {
				n++
			}
		}
		return n
	}
	src.Until("the copy to be there and read", func() bool {
		var v, last, before int
		_, _ = fmt.Sscanf(src.Bookmarks()["email/support/Sent"].Position, "%d:%d:%d", &v, &last, &before)
		return last >= 3
	})
	if n := copies(); n != 1 {
		t.Errorf("the folder of sent mail has %d copies, want 1", n)
	}
	if got := kinds(src); len(got) != 1 {
		t.Errorf("our own copy was delivered: %v", got)
	}
	for _, c := range []struct {
		id   string
		want bool
	}{{replyID, true}, {"0199c0de-0000-7000-8000-00000000ffff", false}} {
		// Another process, which has only the folder to look at.
		delivered, known, err := adapter(t, cfg, nil).Delivered(t.Context(), reply(c.id, ""))
		if err != nil || delivered != c.want || known != c.want {
			t.Errorf("Delivered(%s) = %v, %v, %v, want %v", c.id, delivered, known, err, c.want)
		}
	}
}

func TestProviderSavesSentItself(t *testing.T) {
	s := provider(t, emailfake.Config{})
	s.Misbehave(emailfake.Misbehaviour{SaveSent: true})
	cfg := mailbox(s)
	cfg.CopyToSent, cfg.SentPatience = true, 200*time.Millisecond // said by mistake
	a := adapter(t, cfg, nil)
	src := source(t)
	receiving(t, a, src)
	src.Until("the folder of sent mail to be watched", func() bool {
		_, ok := src.Bookmarks()["email/support/Sent"]
		return ok
	})
	send := func(i int) {
		t.Helper()
		r := reply(fmt.Sprintf("0199c0de-0000-7000-8000-%012d", i), "answer")
		r.Raw, _ = a.Compose(r)
		if _, err := a.Send(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		send(i)
	}
	// Copies are put there in order: with this one all have been looked at.
	s.Misbehave(emailfake.Misbehaviour{})
	send(3)
	src.Until("the last copy to be there and read", func() bool {
		var v, last, before int
		_, _ = fmt.Sscanf(src.Bookmarks()["email/support/Sent"].Position, "%d:%d:%d", &v, &last, &before)
		return last >= 4
	})
	if mails, err := s.Folder(support, "Sent"); err != nil || len(mails) != 4 {
		t.Errorf("the folder of sent mail has %d mails (%v), want 4", len(mails), err)
	}
}

func TestSilentLinkIsNoticed(t *testing.T) {
	s := provider(t, emailfake.Config{})
	cfg := mailbox(s)
	cfg.IdleMaximum, cfg.Timeout = 200*time.Millisecond, 300*time.Millisecond
	src := source(t)
	receiving(t, adapter(t, cfg, nil), src)
	connected(src)
	s.Freeze()
	put(t, s, "INBOX", mail("behind a dead link"), time.Time{})
	src.UntilStored(1)
	if src.Connections() < 2 {
		t.Error("the dead link delivered it")
	}
}

func TestReceiptIsTheProviders(t *testing.T) {
	s := provider(t, emailfake.Config{})
	src := source(t)
	receiving(t, adapter(t, mailbox(s), nil), src)
	connected(src)
	begun := time.Now()
	put(t, s, "INBOX", mail("from the future"), time.Now().Add(time.Hour))
	put(t, s, "INBOX", mail("moved here, years old"), time.Now().Add(-9000*time.Hour))
	src.UntilStored(2)
	for _, in := range src.Items() {
		if in.ReceivedAt.Before(begun.Add(-time.Minute)) || in.ReceivedAt.After(time.Now()) {
			t.Errorf("%s was received at %v, want between the connection and now", email.Explain(in.Raw).Text, in.ReceivedAt)
		}
	}
}

func TestSameMailSeenAgainIsOne(t *testing.T) {
	s := provider(t, emailfake.Config{})
	src := source(t)
	receiving(t, adapter(t, mailbox(s), nil), src)
	connected(src)
	first := mail("a mail")
	forged := []byte(strings.Replace(string(first), "a mail", "another mail", 2))
	noID := []byte("From: x@y.test\r\n\r\nwithout an id\r\n")
	for _, raw := range [][]byte{first, first, forged, noID, noID, []byte("From: x@y.test\r\n\r\nanother\r\n")} {
		put(t, s, "INBOX", raw, time.Time{})
	}
	src.Until("all to be seen", func() bool { return src.Bookmarks()[inbox].Seen == 6 })
	if n := len(src.Items()); n != 4 {
		t.Errorf("stored %d mails, want 4", n)
	}
}

func TestList(t *testing.T) {
	s := provider(t, emailfake.Config{})
	put(t, s, "INBOX", mail("old"), time.Now().Add(-time.Hour))
	a := adapter(t, mailbox(s), nil)
	src := source(t)
	stop := receiving(t, a, src)
	connected(src)
	first := src.Bookmarks()[inbox]
	for i := range 3 {
		put(t, s, "INBOX", mail(fmt.Sprint("item ", i)), time.Time{})
	}
	src.UntilStored(3)
	stop()
	seen := map[string]bool{}
	for _, in := range src.Items() {
		seen[in.Position] = true
	}
	var listed []string
	err := a.List(t.Context(), first, func(position string, received time.Time) bool {
		listed = append(listed, position)
		return !received.IsZero()
	})
	if err != nil || len(listed) != 3 || !seen[listed[0]] || !seen[listed[1]] || !seen[listed[2]] {
		t.Errorf("List gives %v, %v, want the positions of %v", listed, err, seen)
	}
}

func TestTroubleIsSaidInWords(t *testing.T) {
	s := provider(t, emailfake.Config{})
	other := provider(t, emailfake.Config{CertificateFor: "mail.elsewhere.test"})
	ca, otherCA := caFile(t, s.CertificatePEM()), caFile(t, other.CertificatePEM())
	for name, c := range map[string]struct {
		spoil func(*email.Config)
		want  string
		why   channels.Reason
	}{
		"wrong password": {func(c *email.Config) { c.IMAP.Password = "x" }, "wrong user name or password", channels.Auth},
		"smtp password":  {func(c *email.Config) { c.SMTP.Password = "x" }, "smtp 127.0.0.1:", channels.Auth},
		"unknown ca": {func(c *email.Config) {
			c.IMAP.Endpoint = endpoint(s.IMAPSPort(), email.ImplicitTLS, otherCA)
		}, "ca_file", channels.Unavailable},
		"wrong name": {func(c *email.Config) {
			c.IMAP.Endpoint = endpoint(other.IMAPPort(), email.StartTLS, otherCA)
		}, "certificate is not for 127.0.0.1", channels.Unavailable},
		"smtp wrong name": {func(c *email.Config) {
			c.SMTP.Endpoint = endpoint(other.SMTPPort(), email.StartTLS, otherCA)
		}, "certificate is not for 127.0.0.1", channels.Unavailable},
		"smtps wrong name": {func(c *email.Config) {
			c.SMTP.Endpoint = endpoint(other.SMTPSPort(), email.ImplicitTLS, otherCA)
		}, "certificate is not for 127.0.0.1", channels.Unavailable},
		"no tls there": {func(c *email.Config) {
			c.IMAP.Endpoint = endpoint(s.IMAPPort(), email.ImplicitTLS, ca)
		}, "doesn't speak TLS", channels.Unavailable},
		"folder missing": {func(c *email.Config) { c.IMAP.Folder = "Nowhere" }, `folder "Nowhere" can't be opened`, channels.Rejected},
		"nobody there":   {func(c *email.Config) { c.IMAP.Port = 1 }, "connection refused", channels.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := mailbox(s)
			c.spoil(&cfg)
			report, err := adapter(t, cfg, nil).Check(t.Context())
			said := strings.Join(report.Lines, "\n")
			if channels.ReasonOf(err) != c.why || !strings.Contains(said, c.want) {
				t.Errorf("Check gives %v (%s) and says\n%s\nwant %q", err, channels.ReasonOf(err), said, c.want)
			}
			if strings.Contains(said+err.Error(), password) {
				t.Error("the password is shown")
			}
		})
	}
	report, err := adapter(t, mailbox(s), nil).Check(t.Context())
	if err != nil || report.WouldOpen != -1 || len(report.Lines) != 3 {
		t.Errorf("a good account gives %+v, %v", report, err)
	}
}
