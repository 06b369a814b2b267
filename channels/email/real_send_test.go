package email_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email/rig"
	"stagecoach/contact"
)

// greyPolicy is a policy server for Postfix (SMTPD_POLICY_README) that defers
// until it is told that enough time has passed.
func greyPolicy(t *testing.T, passed *atomic.Bool) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				for in := bufio.NewScanner(conn); in.Scan(); {
					if in.Text() != "" {
						continue
					}
					action := "DEFER_IF_PERMIT 4.7.1 Greylisted, try again in 300 seconds"
					if passed.Load() {
						action = "DUNNO"
					}
					if _, err := fmt.Fprintf(conn, "action=%s\n\n", action); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close() })
	addr, _ := l.Addr().(*net.TCPAddr)
	return addr.Port
}

func TestRealGreylisting(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, support, alice)
	p := rig.StartPostfix(t, d)
	var passed atomic.Bool
	p.Set("smtpd_end_of_data_restrictions", fmt.Sprintf("check_policy_service inet:127.0.0.1:%d", greyPolicy(t, &passed)))
	a := adapter(t, realMailbox(d, p, "support", support), nil)
	t.Cleanup(func() { _ = a.Close() })
	r := numbered(1)
	_, err := a.Send(t.Context(), r)
	if e := failed(t, err); e.Reason != channels.Unavailable || e.Code != "4.7.1" || e.RetryAfter != 5*time.Minute {
		t.Errorf("greylisted: %v after %v", err, e.RetryAfter)
	}
	if wait := a.Pause(time.Now()); wait != 0 {
		t.Errorf("the account is held for %v", wait)
	}
	passed.Store(true)
	for i := 1; i <= 3; i++ { // the link is used again
		if _, err := a.Send(t.Context(), numbered(i)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "three mails", func() bool { return len(d.Mails(alice, "INBOX")) == 3 })
}

func TestRealSizeLimit(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, support, alice)
	p := rig.StartPostfix(t, d)
	p.Set("message_size_limit", "200000")
	a := adapter(t, realMailbox(d, p, "support", support), nil)
	t.Cleanup(func() { _ = a.Close() })
	r := numbered(1)
	r.Attachments = []contact.Attachment{{Name: "big.bin", Size: 300_000, Data: make([]byte, 300_000)}}
	raw, err := a.Compose(r)
	if err != nil {
		t.Fatalf("before the server is known: %v", err)
	}
	if err := a.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Compose(r); err == nil || !strings.Contains(err.Error(), "takes at most 200 KB") {
		t.Errorf("once it is known: %v", err)
	}
	r.Raw = raw
	if _, err := a.Send(t.Context(), r); failed(t, err).Code != "5.3.4" || channels.ReasonOf(err) != channels.Rejected {
		t.Errorf("sent all the same: %v", err)
	}
}

func TestRealWrongNameAtSMTP(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecotNamed(t, "mail.elsewhere.test", support)
	p := rig.StartPostfix(t, d)
	_, err := adapter(t, realMailbox(d, p, "support", support), nil).Send(t.Context(), numbered(1))
	if channels.ReasonOf(err) != channels.Unavailable || !strings.Contains(err.Error(), "certificate is not for 127.0.0.1") {
		t.Errorf("a wrong name gives %v", err)
	}
}

func TestRealReportNamesTheEnvelope(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, support, alice)
	p := rig.StartPostfix(t, d)
	a := adapter(t, realMailbox(d, p, "support", support), nil)
	t.Cleanup(func() { _ = a.Close() })
	r := numbered(7)
	r.To[0].Address = "ghost@cust.test"
	if _, err := a.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the report", func() bool { return len(d.Mails(support, "INBOX")) == 1 })
	raw := string(d.Mails(support, "INBOX")[0])
	if !strings.Contains(raw, "Original-Envelope-Id: "+r.ID) {
		t.Errorf("the report lacks our envelope id:\n%s", raw)
	}
	m := parse(t, []byte(raw))
	if m.Bounce == nil || !m.Bounce.Permanent || m.Bounce.OriginalID != r.ID+"@acme.test" {
		t.Errorf("it is understood as %+v", m.Bounce)
	}
}
