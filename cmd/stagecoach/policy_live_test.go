package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/desk"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// mailFrom takes in a mail as the e-mail channel would.
func mailFrom(t *testing.T, d *Daemon, n int, subject string) string {
	t.Helper()
	return mailOf(t, d, n, n, subject)
}

// mailOf takes in the n-th mail, of a customer.
func mailOf(t *testing.T, d *Daemon, who, n int, subject string) string {
	t.Helper()
	raw := fmt.Sprintf("From: Customer %d <c%d@example.com>\r\nTo: support@example.org\r\nSubject: %s\r\nMessage-ID: <m%d@example.com>\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n\r\nHello, a word about %s.\r\n", who, who, subject, n, subject)
	in := &channels.Inbound{
		Channel: "email", Account: "support", Source: "email/support/INBOX", ProviderID: fmt.Sprintf("1:%d", n), Position: fmt.Sprint(n),
		Kind: channels.Fresh, Format: "rfc822", ReceivedAt: time.Now().UTC(), Raw: []byte(raw), Size: int64(len(raw)),
	}
	ref, _, err := d.journal.PutInbound(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	res, err := d.intake.Take(t.Context(), router.ActorIntake, ref, in)
	if err != nil {
		t.Fatal(err)
	}
	return res.Contact
}

// policyFiles writes a policy set.
func policyFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "set")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		writeFile(t, filepath.Join(dir, name), text)
	}
	return dir
}

// TestPolicyOnTheCommandLine: a set is previewed, tried, activated and rolled back on
// a running daemon; what waits is promised and classed anew.
func TestPolicyOnTheCommandLine(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	d, _ := serveAt(t, data)
	first := d.policy.Load().Version
	waiting := mailFrom(t, d, 1, "invoice")
	next := policyFiles(t, map[string]string{
		"sla.yaml":     sla("30m"),
		"classes.yaml": "version: 1\nclasses:\n  - name: bill\n    when: contact.text.contains(\"invoice\")\n    queue: billing\n    skills: [{name: accounts}]\n",
	})
	bad := policyFiles(t, map[string]string{"sla.yaml": "version: 1\ndefalt: {}\n"})
	refused(t, 1, "sla.yaml:2", "policy", "activate", bad, "--data", data)

	var p view.PolicyPreview
	decode(t, ok(t, "", "policy", "preview", next, "--data", data, "--json"), &p)
	if p.Open != 1 || p.Classes != 1 || p.Queues != 1 || p.Earlier != 1 || p.Told != 0 {
		t.Errorf("the preview is %+v", p)
	}
	ok(t, "", "policy", "shadow", next, "--data", data)
	o := &reloadedOffice{d: d}
	tried := mailFrom(t, d, 2, "invoice")
	until(t, "what is tried has looked at the mail", func() bool {
		return d.shadow.report() != nil && d.shadow.report().Contacts == 1
	})
	if text := ok(t, "", "policy", "status", "--data", data); !strings.Contains(text, "queue billing instead of general") || !strings.Contains(text, tried) {
		t.Errorf("the status is %s", text)
	}
	ok(t, "", "policy", "activate", next, "--data", data, "--because", "invoices to the accounts")
	o.until(t, "both are promised and classed anew", func(s *router.State) bool {
		for _, id := range []string{waiting, tried} {
			c := s.Contacts[id]
			if c.Queue != "billing" || c.Class != "bill" || c.Due.Sub(c.Start) != 30*time.Minute {
				return false
			}
		}
		return s.Revision == nil && s.Policies.Shadow.Version == ""
	})
	ok(t, "", "policy", "rollback", first[:8], "--data", data)
	if got := d.policy.Load().Version; got != first {
		t.Errorf("after the rollback %s decides, want %s", got, first)
	}
	text := ok(t, "", "policy", "history", "--data", data)
	if !strings.Contains(text, "invoices to the accounts") || !strings.Contains(text, "rolled back by the command line") {
		t.Errorf("the history is %s", text)
	}
	var status view.Policy
	decode(t, ok(t, "", "policy", "status", "--data", data, "--json"), &status)
	if status.Active.Version != first || len(status.History) != 3 || status.Active.By != desk.Control {
		t.Errorf("the status is %+v", status)
	}
}

// TestWhatIsAskedAgainAnswersTheSame: what a condition asks beside the words (header,
// attachments, hour, how often the customer was here) is the same when a contact is
// classed anew, days later and after another contact of theirs.
func TestWhatIsAskedAgainAnswersTheSame(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	d, _ := serveAt(t, data)
	at := time.Now().UTC().Add(-30 * time.Hour).Truncate(time.Second)
	const body = "--b\r\nContent-Type: text/plain\r\n\r\nPlease see the bill.\r\n--b\r\nContent-Type: application/pdf; name=bill.pdf\r\nContent-Disposition: attachment; filename=bill.pdf\r\n\r\n%PDF\r\n--b--\r\n"
	take := func(n int) string {
		raw := fmt.Sprintf("From: alice@example.com\r\nTo: Support <support@example.org>\r\nX-Priority: 1 (Highest)\r\nSubject: matter %d\r\n"+
			"Message-ID: <again%d@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n%s", n, n, body)
		in := &channels.Inbound{
			Channel: "email", Account: "support", Source: "email/support/INBOX", ProviderID: fmt.Sprintf("2:%d", n), Position: fmt.Sprint(n),
			Kind: channels.Fresh, Format: "rfc822", ReceivedAt: at.Add(time.Duration(n) * time.Hour), Raw: []byte(raw), Size: int64(len(raw)),
		}
		ref, _, err := d.journal.PutInbound(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		res, err := d.intake.Take(t.Context(), router.ActorIntake, ref, in)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.ledger.WaitFor(t.Context(), res.Commit); err != nil {
			t.Fatal(err)
		}
		return res.Contact
	}
	first, second := take(0), take(1)
	next := policyFiles(t, map[string]string{"classes.yaml": fmt.Sprintf(`version: 1
classes:
  - name: first
    when: >-
      customer.contacts == 0 && now.hour == %d && now.date == %q && contact.header("X-Priority").startsWith("1") &&
      contact.attached(["*.pdf"]) && "support@example.org" in contact.to
  - {name: later, when: 'customer.contacts == 1 && now.hour == %d && contact.attachments.exists(a, a.type == "application/pdf")'}
`, at.Hour(), at.Format(time.DateOnly), at.Add(time.Hour).Hour())})
	ok(t, "", "policy", "activate", next, "--data", data)
	o := &reloadedOffice{d: d}
	o.until(t, "both are classed anew", func(s *router.State) bool {
		return s.Revision == nil && s.Contacts[first].Class == "first" && s.Contacts[second].Class == "later"
	})
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
