package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels/email/rig"
)

// away is the filter of somebody who is on holiday (RFC 5230).
const away = `require ["vacation"];
vacation :days 7 :addresses ["%[1]s"] :subject "I am on holiday" "Back in two weeks.";
`

// receipts makes the daemon acknowledge every mail, as often as it may.
func (o *office) receipts() {
	o.t.Helper()
	text := strings.Replace(o.read(o.config), "version: 1\n", "version: 1\npolicies: policies\n", 1)
	o.save(o.config, text)
	dir := filepath.Join(filepath.Dir(o.config), "policies")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		o.t.Fatal(err)
	}
	o.save(filepath.Join(dir, "escalation.yaml"), "version: 1\nacknowledgement: {send: always, every: 1m, budget: 3}\n")
}

// TestCustomersMailboxes has a customer's mailbox be full, another's answer by
// itself, and machines answer whatever they get. Each has what becomes of it at
// its contact, and all fall silent.
func TestCustomersMailboxes(t *testing.T) {
	const full, absent, rude, other, plain = "full@cust.test", "absent@cust.test", "rude@cust.test", "desk@other.test", "alice@cust.test"
	d := rig.StartDovecotWith(t, rig.Extras{
		Full: []string{full}, Sieve: map[string]string{absent: fmt.Sprintf(away, absent)},
	}, support, full, absent, rude, other, plain)
	p := rig.StartPostfix(t, d)
	o := &office{dovecot: d, postfix: p, daemon: newDaemon(t)}
	o.configure(support)
	o.receipts()
	o.start("")
	o.untilUp("email/support")
	o.open()
	anna := o.hire("Anna")
	for _, step := range []struct {
		name string
		do   func(t *testing.T, o *office, anna *client)
	}{
		{"a full mailbox", fullMailbox(full)},
		{"somebody on holiday", onHoliday(absent)},
		{"a machine that answers everything", rudeMachine(rude, plain)},
		{"another office with receipts", otherOffice(other)},
	} {
		whole := o.t
		ok := t.Run(step.name, func(t *testing.T) {
			o.t = t
			step.do(t, o, anna)
		})
		if o.t = whole; !ok {
			t.FailNow()
		}
	}
	holidays := slices.DeleteFunc(o.inbox(support), func(m got) bool { return m.Get("Subject") != "I am on holiday" })
	if len(holidays) != 1 {
		t.Errorf("%d automatic answers of somebody on holiday came, want the one", len(holidays))
	}
	if a := o.audit(); !a.Summary.AddsUp {
		t.Errorf("it doesn't add up: %+v", a.Summary)
	}
}

// write sends a mail to us.
func (o *office) write(from, subject, id string, header ...string) {
	o.t.Helper()
	l := letter{from: from, to: support, subject: subject, text: "Text of " + id + ".", id: id, header: header}
	if err := send(o.postfix, l); err != nil {
		o.t.Fatal(err)
	}
}

// post sends a reply and doesn't wait for what becomes of it.
func (c *client) post(t *testing.T, held card, text string) string {
	t.Helper()
	v := c.conversation(t, held.Conversation)
	var d done
	c.must(t, "POST", "/api/contacts/"+held.Contact+"/reply", map[string]any{"text": text, "covers": v.Covers}, &d)
	return d.Reply
}

func fullMailbox(full string) func(*testing.T, *office, *client) {
	return func(t *testing.T, o *office, anna *client) {
		o.write(full, "Is it ready?", "full1@cust.test")
		taken := anna.take(t, "Is it ready?")
		before := anna.said(t, taken.Card.Conversation)
		reply := anna.post(t, taken.Card, "It is ready.")
		var v said
		eventually(t, patience, func() string { return fmt.Sprintf("the reply to come back, is %+v", v) }, func() bool {
			back := slices.ContainsFunc(anna.conversation(t, taken.Card.Conversation).Items, func(it item) bool {
				return it.ID == reply && strings.Contains(it.Detail, "came back")
			})
			v = anna.said(t, taken.Card.Conversation) // as it is since
			return back && v.State == "open"
		})
		if got := v.words("evidence"); !strings.Contains(got, "came back") || !strings.Contains(got, "mailbox is full") {
			t.Errorf("the desk says of the reply that came back: %q in %+v", got, v)
		}
		if !v.Card.Due.Equal(before.Card.Due) {
			t.Errorf("due %v after the bounce, was %v", v.Card.Due, before.Card.Due)
		}
		if n := len(o.dovecot.Mails(full, "INBOX")); n != 0 {
			t.Errorf("%d mails in a full mailbox", n)
		}
		held := anna.heldOr(t, taken.Card.Contact, "Is it ready?")
		anna.must(t, "POST", "/api/contacts/"+held+"/dispose", map[string]any{"disposition": "no_reply_needed", "reason": "Told by phone."}, nil)
	}
}

func onHoliday(absent string) func(*testing.T, *office, *client) {
	return func(t *testing.T, o *office, anna *client) {
		var conversation string
		for i := range 2 {
			subject := fmt.Sprintf("Before my holiday %d", i)
			o.write(absent, subject, fmt.Sprintf("absent%d@cust.test", i))
			taken := anna.take(t, subject)
			reply := anna.answer(t, taken.Card, "Have a good time.")
			eventually(t, patience, words("the reply at the customer's"), func() bool {
				return slices.ContainsFunc(o.inbox(absent), func(m got) bool { return m.id() == reply+"@acme.test" })
			})
			if i > 0 {
				continue
			}
			conversation = taken.Card.Conversation
			eventually(t, patience, words("the automatic answer to be seen"), func() bool {
				return strings.Contains(anna.said(t, conversation).words("evidence"), "automatic answer")
			})
		}
		if v := anna.said(t, conversation); v.State != "resolved" {
			t.Errorf("the conversation is %s after an automatic answer", v.State)
		}
	}
}

// answerEverything answers what comes into a mailbox as a machine without
// manners does, until stop is called.
func (o *office) answerEverything(address string) (stop func() (answered int)) {
	quit, answered, ended := make(chan struct{}), 0, make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-quit:
				return
			case <-time.After(50 * time.Millisecond):
			}
			for _, m := range o.inbox(address)[answered:] {
				answered++
				l := letter{
					from: address, to: support, subject: "Re: " + m.Get("Subject"), text: "We have your mail and thank you for it.",
					id: fmt.Sprintf("rude-%d@cust.test", answered), header: []string{"In-Reply-To: " + m.Get("Message-ID")},
				}
				if err := send(o.postfix, l); err != nil {
					o.t.Error(err)
				}
			}
		}
	}()
	return sync.OnceValue(func() int {
		close(quit)
		<-ended
		return answered
	})
}

func rudeMachine(rude, plain string) func(*testing.T, *office, *client) {
	return func(t *testing.T, o *office, anna *client) {
		var before summary
		o.boss.must(t, "GET", "/api/summary", nil, &before)
		stop := o.answerEverything(rude)
		defer stop()
		o.write(rude, "We answer everything", "rude@cust.test")
		var s summary
		eventually(t, patience, func() string { return fmt.Sprintf("the machine's answer, is %+v after %+v", s, before) }, func() bool {
			o.boss.must(t, "GET", "/api/summary", nil, &s)
			return s.AddsUp && s.Seen >= before.Seen+2
		})
		// What comes after it is dealt with after it.
		o.write(plain, "A question of a person", "plain@cust.test")
		anna.answer(t, anna.take(t, "A question of a person").Card, "An answer.")
		o.untilReceived(plain, 2)
		if answered := stop(); answered != 1 {
			t.Errorf("the machine had %d mails of us, want the one receipt", answered)
		}
		o.boss.must(t, "GET", "/api/summary", nil, &s)
		if s.Seen != before.Seen+3 {
			t.Errorf("seen %d mails, want its two and the person's", s.Seen-before.Seen)
		}
	}
}

// otherOffice has two daemons with receipts write to each other.
func otherOffice(other string) func(*testing.T, *office, *client) {
	return func(t *testing.T, o *office, _ *client) {
		second := &office{dovecot: o.dovecot, postfix: o.postfix, daemon: newDaemon(t)}
		second.configure(other)
		second.receipts()
		second.start("")
		second.untilUp("email/desk")
		second.open()
		o.write(other, "From house to house", "house@other.test")
		receipts := o.untilReceived(other, 1)
		var s summary
		eventually(t, patience, func() string { return fmt.Sprintf("our receipt to be dealt with there, is %+v", s) }, func() bool {
			second.boss.must(t, "GET", "/api/summary", nil, &s)
			return s.AddsUp && s.Seen >= 1
		})
		if len(receipts) != 1 || !strings.HasPrefix(receipts[0].Get("Auto-Submitted"), "auto-") {
			t.Errorf("they had %d mails of us, the first marked %q", len(receipts), receipts[0].Get("Auto-Submitted"))
		}
		second.stop()
		if a := second.audit(); a.Summary.Seen != 1 {
			t.Errorf("they have seen %+v", a.Summary)
		}
		if n := len(o.inbox(other)); n != 1 {
			t.Errorf("they had %d mails of us", n)
		}
		for _, m := range o.inbox(support) {
			if strings.Contains(m.Get("From"), other) && m.id() != "house@other.test" {
				t.Errorf("they sent us %q", m.Get("Subject"))
			}
		}
	}
}
