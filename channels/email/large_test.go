package email_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
)

func large(text string, size int) []byte {
	return append(mail(text), bytes.Repeat([]byte("0123456789 abcdefghij klmnopqrst uvwxyz 0123456789 abcdefgh\r\n"), size/60)...)
}

func TestLargeMailsArriveWhole(t *testing.T) {
	s := provider(t, emailfake.Config{})
	src := source(t)
	receiving(t, adapter(t, mailbox(s), nil), src)
	connected(src)
	var sent [][]byte
	for range 1 + 4/raceFactor {
		raw := large("a large one", 20<<20)
		sent = append(sent, raw)
		put(t, s, "INBOX", raw, time.Time{})
	}
	src.UntilStored(len(sent))
	for i, raw := range sent {
		found := false
		for _, in := range src.Items() {
			found = found || bytes.Equal(in.Raw, raw)
		}
		if !found {
			t.Errorf("mail %d didn't arrive whole", i)
		}
	}
}

func TestLinkLostInTheMiddleIsNoDoubt(t *testing.T) {
	s := provider(t, emailfake.Config{})
	s.Misbehave(emailfake.Misbehaviour{CutAtData: true})
	r := reply(replyID, "x")
	r.Raw = large("too long for any buffer", 25<<20)
	_, err := adapter(t, mailbox(s), nil).Send(t.Context(), r)
	if channels.ReasonOf(err) != channels.Unavailable {
		t.Errorf("Send gives %v, want unavailable: the end was never written", err)
	}
	if n := len(s.Taken()); n != 0 {
		t.Errorf("the server took %d mails", n)
	}
}

func TestTooLargeForTheServer(t *testing.T) {
	s := provider(t, emailfake.Config{})
	r := reply(replyID, "x")
	r.Raw = large("too large", 31<<20)
	if _, err := adapter(t, mailbox(s), nil).Send(t.Context(), r); channels.ReasonOf(err) != channels.Rejected {
		t.Errorf("Send gives %v, want rejected", err)
	}
}

// One sender's mails are stored in the order in which they came, whatever
// others do beside.
func TestOrderOfOneSender(t *testing.T) {
	s := provider(t, emailfake.Config{})
	src := source(t)
	stop := receiving(t, adapter(t, mailbox(s), nil), src)
	connected(src)
	stop()
	const n = 60
	for i := range n {
		from := []string{"a@cust.test", "b@cust.test", "c@cust.test"}[i%3]
		put(t, s, "INBOX", []byte(strings.Replace(string(mail("x")), alice, from, 1)), time.Time{})
	}
	slow := &slowSource{Source: src}
	receiving(t, adapter(t, mailbox(s), nil), slow)
	src.UntilStored(n)
	last := map[string]string{}
	for _, in := range src.Items() {
		from := email.Explain(in.Raw).FromEmail
		if position := in.Position; len(position) == len(last[from]) && position < last[from] {
			t.Errorf("%s: %s was stored after %s", from, position, last[from])
		}
		last[from] = in.Position
	}
	if slow.most < 2 {
		t.Errorf("at most %d were delivered at once, want several senders side by side", slow.most)
	}
}

// slowSource takes its time over some, so that order would be lost if it could.
type slowSource struct {
	channels.Source
	mu        sync.Mutex
	now, most int
}

// Deliver implements channels.Source.
func (s *slowSource) Deliver(ctx context.Context, in *channels.Inbound) error {
	s.mu.Lock()
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	<-time.After(time.Duration(len(in.Position)*int(in.Position[len(in.Position)-1])%7) * time.Millisecond)
	err := s.Source.Deliver(ctx, in)
	s.mu.Lock()
	s.now--
	s.mu.Unlock()
	return err
}

func BenchmarkExplain(b *testing.B) {
	raw := crlf("From: Alice <alice@cust.test>", "To: support@acme.test", "Subject: =?utf-8?q?=C3=9Cber?=", "Message-ID: <1@x>",
		`Content-Type: multipart/alternative; boundary="in"`, "", "--in", "Content-Type: text/plain; charset=utf-8", "",
		strings.Repeat("Some words of a customer.\r\n", 40), "--in", "Content-Type: text/html; charset=utf-8", "",
		"<html><body>"+strings.Repeat(`<p style="color:red">Some words <b>of a</b> customer.</p>`, 40)+"</body></html>", "--in--", "")
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		email.Explain(raw)
	}
}
