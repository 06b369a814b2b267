package desk_test

import (
	"fmt"
	"strings"
	"testing"

	"stagecoach/channels"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// opened gives how many contacts there ever were.
func (r *rig) opened() (n uint64) {
	r.tb.Helper()
	if err := r.engine.View(r.tb.Context(), func(s *router.State) { n = s.Totals.Opened }); err != nil {
		r.tb.Fatal(err)
	}
	return n
}

// answered has somebody write and an agent answer; it gives what the router made
// of the mail, and the reply.
func answered(r *rig, anna *client, subject string) (router.Result, router.Reply) {
	in := r.mail("Kim Kunde <kim@customer.example>", subject, "It doesn't work.")
	anna.take()
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{
		"reply_id": fmt.Sprintf("0199aaaa-0000-7000-8000-%012d", r.mails), "kind": "answer", "covers": in.Message, "text": "Try again.",
	}, nil)
	return in, r.delivered()
}

// said gives the words of all items of a kind, warnings included.
func said(c view.Conversation, kind view.ItemKind) string {
	var b strings.Builder
	for _, i := range c.Items {
		if i.Kind == kind {
			b.WriteString(i.Detail + " " + strings.Join(i.Warnings, " ") + "\n")
		}
	}
	return b.String()
}

// A report of a dead address reopens the contact with its clock and says why; a
// delay and an answer of a machine are shown and change nothing.
func TestReportsOnOurReply(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in, reply := answered(r, anna, "Boiler 4711 is cold")
	due := anna.conversation(in.Conversation).Card.Due
	id := reply.ID + "@acme.example"

	r.mail("Kim Kunde <kim@customer.example>", "Automatic reply: Re: Boiler 4711 is cold", "I am out of the office.", "Auto-Submitted: auto-replied", "In-Reply-To: <"+id+">")
	dsn := func(action, code string) []byte {
		return []byte("Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: support@acme.example\r\nSubject: Report\r\nMIME-Version: 1.0\r\n" +
			"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nSee below.\r\n" +
			"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; kim@customer.example\r\n" +
			"Action: " + action + "\r\nStatus: " + code + "\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <" + id + ">\r\n\r\n--b--\r\n")
	}
	r.rawMail(dsn("delayed", "4.4.1"), channels.Fresh)
	v := anna.conversation(in.Conversation)
	if v.State != "resolved" || r.opened() != 1 {
		t.Fatalf("after a delay and an automatic answer: %s, %d contacts", v.State, r.opened())
	}
	for _, want := range []string{"automatic answer", "delayed"} {
		if !strings.Contains(said(v, view.ItemEvidence), want) {
			t.Errorf("the desk doesn't say %q: %s", want, said(v, view.ItemEvidence))
		}
	}

	r.rawMail(dsn("failed", "5.1.1"), channels.Fresh)
	v = anna.conversation(in.Conversation)
	if v.State != "open" || !v.Card.Due.Equal(due) {
		t.Errorf("after the bounce: %s, due %v for %v", v.State, v.Card.Due, due)
	}
	if got := said(v, view.ItemEvidence); !strings.Contains(got, "no such mailbox") || !strings.Contains(got, "kim@customer.example") {
		t.Errorf("the desk doesn't say why: %s", got)
	}
	if !hasEvent(v, "Open again: the reply came back.") {
		t.Errorf("events %q", events(v))
	}
}

// Whoever quotes a conversation of others, or can't be who they say, stands
// apart from it, and the agent is told.
func TestStrangersStandApart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in, reply := answered(r, anna, "Boiler 4711 is cold")
	id := "In-Reply-To: <" + reply.ID + "@acme.example>"
	const results = "Authentication-Results: mx.acme.example; dmarc="
	for _, c := range []struct {
		name    string
		from    string
		head    []string
		subject string
		joins   bool
		words   string
	}{
		{"a forged new mail", "kim@customer.example", []string{results + "fail header.from=customer.example"}, "My account", false, "probably forged"},
		{"a stranger quotes", "mallory@evil.example", []string{id}, "Re: Boiler 4711 is cold", false, "isn't part of the conversation"},
		{"a forged answer", "kim@customer.example", []string{results + "fail header.from=customer.example", id}, "Re: Boiler 4711 is cold", false, "Nothing proves"},
		{"an answer to the VIP", "mallory@evil.example", []string{"Reply-To: kim@customer.example", id}, "Re: Boiler 4711 is cold", false, "Nothing proves"},
		{"the customer", "kim@customer.example", []string{results + "pass header.from=customer.example", id}, "Re: Boiler 4711 is cold", true, ""},
		{"the customer, no refs", "kim@customer.example", nil, "AW: Boiler 4711 is cold", true, ""},
	} {
		got := r.mail(c.from, c.subject, "Text of "+c.name, c.head...)
		v := anna.conversation(got.Conversation)
		if joined := got.Conversation == in.Conversation; joined != c.joins {
			t.Errorf("%s: joined is %v", c.name, joined)
			continue
		}
		if !strings.Contains(v.Stranger, c.words) || c.words == "" && v.Stranger != "" {
			t.Errorf("%s: the desk says %q", c.name, v.Stranger)
		}
		if c.joins {
			continue
		}
		if v.Customer.ID == anna.conversation(in.Conversation).Customer.ID {
			t.Errorf("%s: is the customer", c.name)
		}
		if want := map[bool]string{true: in.Conversation}[len(c.head) > 0 && c.head[len(c.head)-1] == id]; v.StrangerOf != want {
			t.Errorf("%s: quotes %q, want %q", c.name, v.StrangerOf, want)
		}
	}
}
