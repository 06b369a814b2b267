package email_test

import (
	"strings"
	"testing"
	"time"

	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
)

// A mail that the server can't hand over is passed on without its text, and
// holds up nothing.
func TestAMailThatCannotBeFetchedHoldsUpNothing(t *testing.T) {
	s := provider(t, emailfake.Config{Choke: "damaged-on-disk"})
	cfg := mailbox(s)
	cfg.Patience = time.Millisecond
	src := source(t)
	receiving(t, adapter(t, cfg, nil), src)
	connected(src)
	put(t, s, "INBOX", mail("before it"), time.Time{})
	src.UntilStored(1)
	put(t, s, "INBOX", crlf("From: Bea <bea@cust.test>", "To: "+support, "Subject: Urgent", "Message-ID: <bad@cust.test>",
		"Content-Type: multipart/mixed; boundary=x", "", "--x", "", "damaged-on-disk"), time.Time{})
	put(t, s, "INBOX", mail("after it"), time.Time{})
	src.UntilStored(3)
	found := false
	for _, in := range src.Items() {
		e := email.Explain(in.Raw)
		if e.Subject != "Urgent" {
			continue
		}
		found = true
		if e.FromEmail != "bea@cust.test" || !strings.Contains(e.Text, "did not hand over") || in.Position != "1:2" {
			t.Errorf("the damaged mail at %s is from %q and says %q", in.Position, e.FromEmail, e.Text)
		}
	}
	if !found {
		t.Error("nobody hears of the damaged mail")
	}
	src.Until("the bookmark to pass it", func() bool {
		b := src.Bookmarks()[inbox]
		return strings.HasPrefix(b.Position, "1:3:") && b.Seen == 3
	})
}

// Not even the header can be had: somebody still hears that there is a mail.
func TestAMailOfWhichNothingCanBeFetched(t *testing.T) {
	s := provider(t, emailfake.Config{Choke: "damaged-on-disk"})
	cfg := mailbox(s)
	cfg.Patience = time.Millisecond
	src := source(t)
	receiving(t, adapter(t, cfg, nil), src)
	connected(src)
	put(t, s, "INBOX", mail("damaged-on-disk"), time.Time{})
	put(t, s, "INBOX", mail("after it"), time.Time{})
	src.UntilStored(2)
	if got := kinds(src); len(got) != 2 || got["after it"] == "" {
		t.Errorf("stored %v", got)
	}
}
