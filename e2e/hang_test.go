//go:build chaos

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"stagecoach/channels/email/rig"
)

// TestChaosServersHang stops the processes of one company's servers, which then
// hold every connection and say nothing. It is noticed and said in words, another
// mailbox at other servers goes on, and in the end everybody has one answer.
func TestChaosServersHang(t *testing.T) {
	const alice, bob = "alice@cust.test", "bob@cust.test"
	o := newOffice(t, support, alice)
	other := rig.StartDovecot(t, sales, bob)
	others := &office{daemon: o.daemon, dovecot: other, postfix: rig.StartPostfix(t, other)}
	others.configure(sales)
	_, account, _ := strings.Cut(o.read(o.config), "  email:\n")
	o.configure(support)
	o.save(o.config, o.read(o.config)+account)
	o.start("")
	o.untilUp("email/support", "email/sales")
	o.open()
	others.boss = o.boss
	anna := o.hire("Anna")
	beating := o.beat(anna)
	defer beating()
	round := 0
	goesOn := func() { // another company's customer has an answer meanwhile
		t.Helper()
		round++
		subject := fmt.Sprintf("Elsewhere %d", round)
		l := letter{from: bob, to: sales, subject: subject, text: "How?", id: fmt.Sprintf("bob%d@cust.test", round)}
		if err := send(others.postfix, l); err != nil {
			t.Fatal(err)
		}
		anna.answer(t, anna.take(t, subject).Card, "So.")
		others.untilReceived(bob, round)
	}
	goesOn()

	o.dovecot.Signal(syscall.SIGSTOP)
	t.Cleanup(func() { o.dovecot.Signal(syscall.SIGCONT) })
	if err := send(o.postfix, letter{from: alice, to: support, subject: "In the hang", text: "Hello?", id: "hang@cust.test"}); err != nil {
		t.Fatal(err)
	}
	goesOn()
	o.untilPart("email/support", "stopped answering")
	goesOn()
	o.dovecot.Signal(syscall.SIGCONT)
	o.untilUp("email/support")
	held := anna.take(t, "In the hang")

	o.postfix.Signal(syscall.SIGSTOP)
	reply := anna.post(t, held.Card, "Here we are.")
	o.untilPart("email/support", "stopped answering")
	goesOn()
	o.postfix.Signal(syscall.SIGCONT)
	ctx, stop := context.WithCancel(t.Context())
	var settling sync.WaitGroup
	settling.Go(func() { (&chaos{office: o}).settle(ctx) }) // in case that it is in doubt
	defer settling.Wait()
	defer stop()
	o.untilUp("email/support")
	eventually(t, patience, words("nothing to be open"), func() bool {
		var s summary
		o.boss.must(t, "GET", "/api/summary", nil, &s)
		return s.Open == 0 && s.AddsUp
	})
	if mails := o.inbox(alice); len(mails) != 1 || mails[0].id() != reply+"@acme.test" {
		t.Errorf("alice got %d answers", len(mails))
	}
	o.audit()
}

// beat keeps somebody present until it is told to stop.
func (o *office) beat(who *client) (stop func()) {
	ctx, cancel := context.WithCancel(o.t.Context())
	var beating sync.WaitGroup
	beating.Go(func() {
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			_ = who.do(ctx, http.MethodPost, "/api/heartbeat", nil, nil)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return func() {
		cancel()
		beating.Wait()
	}
}

// untilPart waits until /readyz says something of one mailbox.
func (o *office) untilPart(name, word string) {
	o.t.Helper()
	begun := time.Now()
	var why string
	eventually(o.t, 4*time.Minute, func() string { return fmt.Sprintf("readyz to say %q of %s, says %q", word, name, why) }, func() bool {
		r, err := o.readiness()
		why = r.Parts[name]
		return err == nil && !r.Ready && strings.Contains(why, word)
	})
	o.t.Logf("after %v readyz says: %s", time.Since(begun).Round(time.Second), why)
}
