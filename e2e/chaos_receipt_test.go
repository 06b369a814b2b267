//go:build chaos

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"stagecoach/fault"
)

// TestChaosReceipts kills the daemon at every point that a message and its
// automatic receipt pass. Nobody gets two receipts in an hour, however often the
// daemon dies and however much they write, and nobody's message is lost.
func TestChaosReceipts(t *testing.T) {
	points := []fault.Point{
		fault.ReceiptBeforeStore, fault.ReceiptAfterStore, fault.ReceiptAfterQueue,
		fault.OutboxBeforePublish, fault.OutboxAfterPublish, fault.SendBeforeAttempt, fault.SendAfterAttempt,
		fault.SendAfterProvider, fault.SendAfterOutcome, fault.SentBeforeAppend,
		fault.IntakeBeforeCommand, fault.IntakeAfterCommand, fault.LogBeforeAppend, fault.LogAfterAppend,
	}
	const each, matters = 2, 2 // customers who write at each point, and how often each does
	people := []string{support}
	for i := range each*len(points) + 1 {
		people = append(people, customer(i))
	}
	o := newOffice(t, people...)
	o.configure(support)
	o.sendReceipts()
	o.start("")
	o.untilUp("email/support")
	o.open()
	o.kill()

	written := 0
	write := func(who int) {
		for n := range matters {
			id := fmt.Sprintf("matter-%d-%d@cust.test", who, n)
			l := letter{from: customer(who), to: support, subject: fmt.Sprintf("Matter %d of %d", n, who), text: "Where is it?", id: id}
			if err := send(o.postfix, l); err != nil {
				t.Fatal(err)
			}
			written++
		}
	}
	for i, point := range points {
		o.start(string(point))
		for n := range each {
			write(i*each + n)
		}
		if !o.diedByFault(100 * time.Second) {
			t.Errorf("fault point %s was never reached", point)
		}
		o.kill()
	}
	o.start("")
	o.untilUp("email/support")
	write(each * len(points)) // nobody dies any more
	o.checkReceipts(people[1:], written)
}

// sendReceipts gives the office a policy by which everybody gets a receipt.
func (o *office) sendReceipts() {
	o.t.Helper()
	dir := filepath.Join(filepath.Dir(o.config), "policies")
	text, err := os.ReadFile(o.config)
	if err == nil {
		err = os.WriteFile(o.config, append(text, fmt.Sprintf("policies: %s\n", dir)...), 0o600)
	}
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "escalation.yaml"), []byte("version: 1\nacknowledgement: {send: always, every: 1h, budget: 3}\n"), 0o600)
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// checkReceipts waits until all is taken in and sent, and counts.
func (o *office) checkReceipts(customers []string, written int) {
	t := o.t
	last := customers[len(customers)-1]
	o.untilReceived(last, 1)
	var s summary
	eventually(t, patience, func() string { return fmt.Sprintf("%d messages, is %+v", written, s) }, func() bool {
		return o.boss.do(t.Context(), "GET", "/api/summary", nil, &s) == nil && s.Messages == written
	})
	got := func() (some int) {
		for _, who := range customers {
			some += min(1, len(o.dovecot.Mails(who, "INBOX")))
		}
		return some
	}
	eventually(t, patience, func() string { return fmt.Sprintf("most of %d to have a receipt, %d have", len(customers), got()) }, func() bool {
		return got() >= len(customers)/2
	})
	o.stop()
	eventually(t, patience, words("Postfix to deliver what it has taken"), func() bool { return len(o.postfix.Queued()) == 0 })
	for _, who := range customers {
		mails := o.inbox(who)
		if len(mails) > 1 {
			t.Errorf("%s got %d receipts: %s", who, len(mails), idsOf(mails))
		}
		for _, m := range mails {
			if m.Get("Auto-Submitted") != "auto-replied" {
				t.Errorf("%s got %q", who, m.Get("Subject"))
			}
		}
	}
	t.Logf("%d of %d customers have their receipt; the others' was on its way when the daemon died", got(), len(customers))
	if a := o.audit(); a.Summary.Messages != written || a.Summary.Quarantined != 0 {
		t.Errorf("the ledger ends with %+v, want %d messages", a.Summary, written)
	}
}
