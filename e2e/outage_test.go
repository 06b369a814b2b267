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
)

// outages is a company whose servers fail, with a count of who has written.
type outages struct {
	*office
	anna *client
	next int
	all  []string
}

// TestChaosOutages takes the servers away under the daemon, one after the
// other. Everything goes on by itself once they are back: nothing is lost, and
// nobody is answered twice.
func TestChaosOutages(t *testing.T) {
	people := []string{support}
	for i := range 60 {
		people = append(people, customer(i))
	}
	o := &outages{office: newOffice(t, people...)}
	o.configure(support)
	o.start("")
	o.untilUp("email/support")
	o.open()
	o.anna = o.hire("Anna")
	for _, part := range []struct {
		name string
		do   func()
	}{
		{"the mailbox's server is gone for five seconds", o.imapGone},
		{"the mail server is gone while answers are queued", o.smtpGone},
		{"the mailbox's server hangs", o.imapHangs},
		{"the mail server hangs, and the account is changed meanwhile", o.smtpHangsInReload},
		{"the daemon is killed while the mail server hangs", o.killedWhileSMTPHangs},
	} {
		whole := o.t
		ok := t.Run(part.name, func(t *testing.T) {
			o.t = t
			part.do()
		})
		if o.t = whole; !ok {
			t.FailNow()
		}
	}
	o.inPerson()
	for _, address := range o.all {
		if n := len(o.inbox(address)); n != 1 {
			t.Errorf("%s got %d answers", address, n)
		}
	}
	o.untilCopied()
	if s := o.audit().Summary; s.Messages != len(o.all) || s.Contacts != len(o.all) || s.Replied != len(o.all) {
		t.Errorf("the ledger ends with %+v, want %d of each", s, len(o.all))
	}
	o.stop()
	o.audit()
}

// write has n further customers write.
func (o *outages) write(n int) []string {
	o.t.Helper()
	var who []string
	for range n {
		i := o.next
		o.next++
		if err := send(o.postfix, letter{from: customer(i), to: support, subject: fmt.Sprintf("Question %03d", i), text: "How?", id: mailID(i)}); err != nil {
			o.t.Fatal(err)
		}
		who = append(who, customer(i))
	}
	o.all = append(o.all, who...)
	return who
}

// untilAnswered waits until everybody has an answer and nothing is open.
func (o *outages) untilAnswered(limit time.Duration, who ...string) {
	o.t.Helper()
	begun := time.Now()
	var missing []string
	eventually(o.t, limit, func() string { return fmt.Sprintf("answers for %v", missing) }, func() bool {
		missing = nil
		for _, address := range who {
			if len(o.dovecot.Mails(address, "INBOX")) == 0 {
				missing = append(missing, address)
			}
		}
		return len(missing) == 0
	})
	o.untilClosed(limit)
	o.t.Logf("%d customers had their answers after %v", len(who), time.Since(begun).Round(time.Millisecond))
}

func (o *outages) untilClosed(limit time.Duration) {
	o.t.Helper()
	var s summary
	eventually(o.t, limit, func() string { return fmt.Sprintf("nothing to be open, is %+v", s) }, func() bool {
		o.boss.must(o.t, "GET", "/api/summary", nil, &s)
		return s.Open == 0 && s.Messages == len(o.all)
	})
}

// untilSaid waits until /readyz says of the mailbox what has these words.
func (o *outages) untilSaid(word string) {
	o.t.Helper()
	var why string
	eventually(o.t, 60*time.Second, func() string { return fmt.Sprintf("readyz to say %q, says %q", word, why) }, func() bool {
		r, err := o.readiness()
		why = r.Parts["email/support"]
		return err == nil && !r.Ready && strings.Contains(why, word)
	})
	o.t.Logf("readyz says: %s", why)
}

func (o *outages) imapGone() {
	stop := o.work(o.anna)
	defer stop()
	who := o.write(5)
	o.dovecot.Kill()
	gone := time.After(5 * time.Second) // the length of the outage
	who = append(who, o.write(5)...)    // these wait in Postfix
	o.untilSaid("imap")
	<-gone
	o.dovecot.Start()
	o.untilUp("email/support")
	o.untilAnswered(90*time.Second, who...)
}

func (o *outages) smtpGone() {
	who := o.write(5)
	held := o.hold(5)
	o.postfix.Stop()
	var replies sync.WaitGroup
	for _, c := range held {
		replies.Go(func() { o.reply(c) })
	}
	replies.Wait()
	o.untilSaid("replies can't be sent")
	o.untilReplies(5, "queued")
	o.postfix.Start()
	o.untilAnswered(90*time.Second, who...)
	o.untilUp("email/support")
}

func (o *outages) imapHangs() {
	stop := o.work(o.anna)
	defer stop()
	o.dovecot.Signal(syscall.SIGSTOP)
	defer o.dovecot.Signal(syscall.SIGCONT)
	over := time.After(4 * time.Second) // the length of the outage
	who := o.write(5)
	<-over
	o.dovecot.Signal(syscall.SIGCONT)
	o.untilAnswered(90*time.Second, who...)
}

// smtpHangsInReload has replies on their way to a server that says nothing when
// the account's settings change: the account is swapped under them.
func (o *outages) smtpHangsInReload() {
	who := o.write(5)
	held := o.hold(5)
	o.postfix.Signal(syscall.SIGSTOP)
	for _, c := range held {
		o.reply(c)
	}
	o.untilReplies(1, "attempted")
	config := o.read(o.config)
	o.save(o.config, strings.Replace(config, "from_name: Acme", "from_name: Acme Ltd", 1))
	if err := o.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		o.t.Fatal(err)
	}
	eventually(o.t, 20*time.Second, words("the reload"), func() bool { return strings.Contains(o.lastWords(20), "channels reloaded") })
	o.postfix.Signal(syscall.SIGCONT)
	o.inPerson()
	o.untilAnswered(90*time.Second, who...)
}

func (o *outages) killedWhileSMTPHangs() {
	who := o.write(5)
	held := o.hold(5)
	o.postfix.Signal(syscall.SIGSTOP)
	for _, c := range held {
		o.reply(c)
	}
	o.untilReplies(1, "attempted")
	o.kill()
	o.start("")
	o.untilUp("email/support")
	o.postfix.Signal(syscall.SIGCONT)
	o.inPerson()
	o.untilAnswered(90*time.Second, who...)
}

// hold has Anna take the next n contacts.
func (o *outages) hold(n int) []card {
	o.t.Helper()
	var d desk
	eventually(o.t, patience, func() string { return fmt.Sprintf("%d contacts held, are %+v", n, d) }, func() bool {
		o.anna.must(o.t, "GET", "/api/desk", nil, &d)
		for _, one := range d.Offers {
			o.anna.must(o.t, "POST", "/api/offers/"+one.ID+"/accept", map[string]any{"command_id": "accept-" + one.ID}, nil)
		}
		return len(d.Mine) == n
	})
	return d.Mine
}

func (o *outages) reply(c card) {
	o.t.Helper()
	if err := o.anna.do(o.t.Context(), http.MethodPost, "/api/contacts/"+c.Contact+"/reply", map[string]any{"text": "Answer to " + c.Subject}, nil); err != nil {
		o.t.Errorf("replying to %s: %v", c.Subject, err)
	}
}

// untilReplies waits until at least n replies of open contacts are in a state.
func (o *outages) untilReplies(n int, state string) {
	o.t.Helper()
	count := 0
	eventually(o.t, 20*time.Second, func() string { return fmt.Sprintf("%d replies %s, are %d", n, state, count) }, func() bool {
		count = 0
		for _, c := range o.boss.contacts(o.t) {
			for _, it := range o.boss.conversation(o.t, c.Conversation).Items {
				if it.Kind == "reply" && it.State == state {
					count++
				}
			}
		}
		return count >= n
	})
}

// inPerson settles what is in doubt until nothing is.
func (o *outages) inPerson() {
	o.t.Helper()
	c := &chaos{office: o.office}
	ctx, stop := context.WithCancel(o.t.Context())
	var settling sync.WaitGroup
	settling.Go(func() { c.settle(ctx) })
	o.untilClosed(90 * time.Second)
	stop()
	settling.Wait()
	o.t.Logf("replies in doubt: %d had arrived, %d sent again", c.confirmed.Load(), c.again.Load())
}

// untilCopied waits until each reply lies once in the folder of sent mail.
func (o *outages) untilCopied() {
	o.t.Helper()
	c := &chaos{office: o.office}
	var copies map[string]int
	eventually(o.t, patience, func() string { return fmt.Sprintf("%d copies, are %v", len(o.all), copies) }, func() bool {
		copies = c.copies()
		return len(copies) == len(o.all)
	})
	for id, n := range copies {
		if n != 1 {
			o.t.Errorf("%d copies of %s in the folder of sent mail", n, id)
		}
	}
}
