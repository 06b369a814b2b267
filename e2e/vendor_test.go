package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/channels/email/rig"
)

// TestVendorDay runs the daemon in front of other makers' servers: mail comes
// in, is answered, the daemon and the servers are killed in between, and all adds
// up.
func TestVendorDay(t *testing.T) {
	cyrus := func(unixNames bool) func(testing.TB, ...string) *rig.Store {
		return func(t testing.TB, users ...string) *rig.Store {
			t.Helper()
			return rig.StartCyrus(t, unixNames, users...)
		}
	}
	for _, m := range []struct {
		name  string
		store func(testing.TB, ...string) *rig.Store
		relay func(testing.TB, *rig.Store) *rig.Relay
		sent  string
	}{
		{"courier and exim", rig.StartCourier, rig.StartExim, "INBOX.Sent"},
		{"cyrus and opensmtpd", cyrus(false), rig.StartOpenSMTPD, "INBOX.Sent"},
		{"cyrus with unix names and haraka", cyrus(true), rig.StartHaraka, "Verschickt"},
		{"mailutils and exim", rig.StartMailutils, rig.StartExim, "Sent"},
	} {
		t.Run(m.name, func(t *testing.T) { vendorDay(t, m.store, m.relay, m.sent) })
	}
}

func vendorDay(t *testing.T, store func(testing.TB, ...string) *rig.Store, relay func(testing.TB, *rig.Store) *rig.Relay, sent string) {
	t.Helper()
	people := []string{support}
	for i := range 6 {
		people = append(people, crowd(i))
	}
	s := store(t, people...)
	r := relay(t, s)
	t.Cleanup(func() {
		if t.Failed() {
			log := r.Log()
			t.Logf("%d mails at the store; the relay's log:\n%s", len(s.Mails(support, "INBOX")), log[max(0, len(log)-2000):])
		}
	})
	o := &office{daemon: newDaemon(t)}
	o.configureVendor(s, r)
	if code, out, errs := o.run("check", "--config", o.config, "--connect"); code != 0 {
		t.Errorf("check --connect ends with %d:\n%s%s", code, out, errs)
	}
	o.start("")
	o.untilUp("email/support")
	o.open()
	anna := o.hire("Anna")
	write := func(i int) {
		who := crowd(i)
		l := letter{from: who, to: support, subject: fmt.Sprintf("question %d", i), text: "Where is it?", id: fmt.Sprintf("v%d@cust.test", i)}
		if err := r.Take(who, support, l.raw()); err != nil {
			t.Fatal(err)
		}
	}
	stop := o.work(anna)
	write(0)
	vendorAnswered(t, s, 0)
	// A reply under way at a kill would be in doubt, which is for a person: the customer
	// has it before the relay's word is on record.
	untilTrue(t, "the first answer to be on record", func() bool { return o.audit().Summary.Open == 0 })
	stop()
	write(1)
	o.kill()
	write(2)
	o.start("")
	o.untilUp("email/support")
	stop = o.work(anna)
	write(3)
	for i := 1; i < 4; i++ {
		vendorAnswered(t, s, i)
	}
	untilTrue(t, "the first copies", func() bool { return len(s.Mails(support, sent)) == 4 })
	s.Kill()
	s.Start()
	r.Kill() // or it would wait before it tries the store again
	r.Start()
	write(4)
	write(5)
	vendorAnswered(t, s, 4)
	vendorAnswered(t, s, 5)
	untilTrue(t, "every copy in the folder of sent mail", func() bool { return len(s.Mails(support, sent)) == 6 })
	untilTrue(t, "nothing to be open", func() bool { return o.audit().Summary.Open == 0 })
	stop()
	for i := range 6 {
		if n := len(s.Mails(crowd(i), "INBOX")); n != 1 {
			t.Errorf("customer %d got %d replies, want 1", i, n)
		}
	}
}

func vendorAnswered(t *testing.T, s *rig.Store, i int) {
	t.Helper()
	untilTrue(t, fmt.Sprintf("customer %d to be answered", i), func() bool { return len(s.Mails(crowd(i), "INBOX")) > 0 })
}

// untilTrue polls for what servers in other processes don't announce.
func untilTrue(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// configureVendor writes the configuration of one mailbox at these servers.
func (o *office) configureVendor(s *rig.Store, r *rig.Relay) {
	o.t.Helper()
	secret := filepath.Join(filepath.Dir(o.config), "support.password")
	port, mode := s.IMAP, "starttls"
	if s.IMAPS > 0 {
		port, mode = s.IMAPS, "tls"
	}
	imap := fmt.Sprintf("{host: 127.0.0.1, port: %d, tls: %s, ca_file: %s, password_file: %s}", port, mode, s.CA, secret)
	smtp := fmt.Sprintf("{host: 127.0.0.1, port: %d, tls: starttls, ca_file: %s, password_file: %s}", r.Submission, r.CA, secret)
	if r.Plain {
		smtp = fmt.Sprintf("{host: 127.0.0.1, port: %d, tls: none}", r.Submission)
	}
	text := fmt.Sprintf("version: 1\nhttp:\n  listen: %s\nchannels:\n  email:\n    - name: support\n      address: %s\n      imap: %s\n      smtp: %s\n",
		strings.TrimPrefix(o.url, "http://"), support, imap, smtp)
	for path, text := range map[string]string{secret: rig.Password + "\n", o.config: text} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			o.t.Fatal(err)
		}
	}
}
