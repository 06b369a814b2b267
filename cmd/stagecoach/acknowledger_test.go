package main

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router"
)

// receiptOffice is a daemon that sends receipts, with one mailbox.
func receiptOffice(t *testing.T, accepted func(*emailfake.Server, emailfake.Mail), users ...string) (*Daemon, *emailfake.Server) {
	t.Helper()
	set, err := policies.LoadFiles("receipts", map[string][]byte{
		"escalation.yaml": []byte("version: 1\nacknowledgement: {send: always, every: 1m, budget: 3}\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	passwords := map[string]string{"support@acme.test": "pw"}
	for _, user := range users {
		passwords[user] = "pw"
	}
	var provider *emailfake.Server
	var known sync.WaitGroup
	known.Add(1)
	provider, err = emailfake.Start(emailfake.Config{Users: passwords, Accepted: func(m emailfake.Mail) {
		known.Wait()
		if accepted != nil {
			accepted(provider, m)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	known.Done()
	t.Cleanup(func() { _ = provider.Close() })
	dir := t.TempDir()
	ca := writeFile(t, filepath.Join(dir, "ca.pem"), string(provider.CertificatePEM()))
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	e := configs.Email{Name: "support", Address: "support@acme.test", CopyToSent: true}
	e.IMAP = configs.IMAP{Host: "127.0.0.1", Port: provider.IMAPSPort(), TLS: "tls", CAFile: ca, Username: e.Address, Password: configs.NewSecret("pw")}
	e.SMTP = configs.SMTP{Host: "127.0.0.1", Port: provider.SMTPSPort(), TLS: "tls", CAFile: ca, Username: e.Address, Password: configs.NewSecret("pw")}
	cfg.Channels.Email = []configs.Email{e}
	d := runDaemon(t, cfg, Options{Dir: filepath.Join(dir, "data"), Policy: set, Unsynced: true})
	until(t, "the mailbox is connected", func() bool {
		seen := false
		_ = d.engine.View(t.Context(), func(st *router.State) { seen = st.Sources["email/support/INBOX"] != nil })
		return seen
	})
	return d, provider
}

func write(t *testing.T, provider *emailfake.Server, from, id, more, text string) {
	t.Helper()
	raw := fmt.Sprintf("From: %s\r\nTo: support@acme.test\r\nSubject: Meine Bestellung\r\nMessage-ID: <%s@cust.test>\r\n%s\r\n%s\r\n", from, id, more, text)
	if err := provider.Send(from, []string{"support@acme.test"}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
}

func TestReceiptReachesTheCustomer(t *testing.T) {
	d, provider := receiptOffice(t, nil, "alice@cust.test", "robot@cust.test")
	write(t, provider, "robot@cust.test", "r1", "Precedence: bulk\r\n", "Guten Tag, wir haben Ihre Nachricht nicht bekommen.")
	write(t, provider, "alice@cust.test", "a1", "", "Guten Tag, wo bleibt meine Bestellung? Ich warte schon seit einer Woche auf das Paket und niemand antwortet mir.")
	inbox := func(who string) [][]byte {
		mails, err := provider.Folder(who, "INBOX")
		if err != nil {
			t.Fatal(err)
		}
		return mails
	}
	until(t, "the receipt is there", func() bool { return len(inbox("alice@cust.test")) == 1 })
	raw := string(inbox("alice@cust.test")[0])
	for _, want := range []string{"Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All", "In-Reply-To: <a1@cust.test>", "Subject: Re: Meine Bestellung", "References: "} {
		if !strings.Contains(raw, want) {
			t.Errorf("the receipt lacks %q:\n%s", want, raw)
		}
	}
	if strings.Contains(raw, "Precedence") {
		t.Error("it has a precedence")
	}
	if text := email.Explain([]byte(raw)).Text; !strings.Contains(text, "Vielen Dank für Ihre Nachricht") || strings.ContainsAny(text, "{}") {
		t.Errorf("it says %q", text)
	}
	// Its own copy is in the folder of sent mail, the contact waits for a person.
	until(t, "the copy is there", func() bool {
		mails, err := provider.Folder("support@acme.test", "Sent")
		return err == nil && len(mails) == 1
	})
	until(t, "both contacts are open and nothing is owed", func() bool {
		ok := false
		_ = d.engine.View(t.Context(), func(st *router.State) {
			ok = st.Totals.Open == 2 && st.Totals.Replied == 0 && len(st.OwedAcknowledgements()) == 0 && len(st.Unsent()) == 0
		})
		return ok
	})
	if n := len(inbox("robot@cust.test")); n != 0 {
		t.Errorf("who wrote in bulk got %d receipts", n)
	}
}

// TestTwoMachinesFallSilent has a robot with many addresses that answers each
// mail of ours at once and shows no mark of a machine.
func TestTwoMachinesFallSilent(t *testing.T) {
	users := []string{"info@robot.test", "support@robot.test", "sales@robot.test", "office@robot.test", "team@robot.test", "help@robot.test"}
	var mu sync.Mutex
	var answering sync.WaitGroup
	automatic, echoes := 0, 0
	answer := func(provider *emailfake.Server, m emailfake.Mail) {
		if m.From != "support@acme.test" {
			return
		}
		mu.Lock()
		automatic++
		echoes++
		n := echoes
		mu.Unlock()
		raw := fmt.Sprintf("From: %s\r\nTo: support@acme.test\r\nSubject: Ticket %d\r\nMessage-ID: <echo%d@robot.test>\r\n\r\nWe have received your message number %d.\r\n", m.To[0], n, n, n)
		answering.Go(func() { _ = provider.Send(m.To[0], []string{"support@acme.test"}, []byte(raw)) })
	}
	d, provider := receiptOffice(t, answer, users...)
	for i, user := range users {
		write(t, provider, user, fmt.Sprintf("q%d", i), "", fmt.Sprintf("Hello, this is our question number %d about the order.", i))
	}
	until(t, "all is taken in and quiet", func() bool {
		mu.Lock()
		want := uint64(len(users) + echoes)
		mu.Unlock()
		ok := false
		_ = d.engine.View(t.Context(), func(st *router.State) {
			src := st.Sources["email/support/INBOX"]
			ok = src != nil && src.Messages == want && len(st.OwedAcknowledgements()) == 0 && len(st.Unsent()) == 0
		})
		return ok
	})
	answering.Wait()
	mu.Lock()
	defer mu.Unlock()
	if automatic == 0 || automatic > 3 {
		t.Errorf("%d automatic mails went out, want 1 to 3", automatic)
	}
}

// A message that can't be read has its receipt tried later and later, and then
// given up with the reason.
func TestReceiptForWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	o := startSending(t)
	set, err := policies.LoadFiles("receipts", map[string][]byte{"escalation.yaml": []byte("version: 1\nacknowledgement: {send: always}\n")})
	if err != nil {
		t.Fatal(err)
	}
	o.rules.Store(set)
	ref, _, err := o.journal.PutInbound(t.Context(), &channels.Inbound{
		Kind: channels.Fresh, Channel: contact.Email, Account: "support", Source: "email/support/INBOX", Position: "1:1", ProviderID: "x",
		Sender: "alice@cust.test", ReceivedAt: time.Now(), Format: "rfc822", Raw: []byte("?"), Size: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.engine.Do(t.Context(), router.Envelope{Actor: router.ActorIntake, Command: router.Receive{
		Item: router.Item{Source: "email/support/INBOX", Channel: contact.Email, Account: "support", Ref: ref, ItemKey: "k", MessageKey: "m", Place: "p", ReceivedAt: time.Now()},
		Kind: router.KindFresh, Identity: "id:alice", Trust: contact.TrustProven, Correspondents: []string{"id:alice"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	a := &acknowledger{engine: o.engine, journal: o.journal, logger: slog.New(slog.DiscardHandler), zone: time.UTC}
	a.words = newWords(o.journal, func(*channels.Inbound) (*contact.Message, error) { return nil, errors.New("not readable now") })
	tries := map[string]*owedTry{}
	total := time.Duration(0)
	for i := range owedTries {
		wait := a.writeAll(t.Context(), tries)
		if last := i == owedTries-1; (wait == 0) != last || !last && wait != owedPause<<i {
			t.Fatalf("after failure %d it waits %v", i+1, wait)
		}
		total += wait
		for _, one := range tries {
			one.next = time.Now().Add(time.Hour)
			if again := a.writeAll(t.Context(), tries); again > time.Hour || again < time.Minute {
				t.Errorf("asked before its time it waits %v", again)
			}
			one.next = time.Time{}
		}
	}
	if total > time.Hour {
		t.Errorf("it is given up after %v", total)
	}
	_ = o.engine.View(t.Context(), func(st *router.State) {
		if n := len(st.OwedAcknowledgements()); n != 0 {
			t.Errorf("%d receipts are still owed", n)
		}
	})
	if wait := a.writeAll(t.Context(), tries); wait != 0 || len(tries) != 0 {
		t.Errorf("after all it waits %v, %d are remembered", wait, len(tries))
	}
}
