package email_test

import (
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
	"stagecoach/contact"
)

// Thunderbird gives Message-IDs of the form that ours have.
func TestAnAnswerWrittenInThunderbirdIsSeen(t *testing.T) {
	s := provider(t, emailfake.Config{})
	src := source(t)
	receiving(t, adapter(t, mailbox(s), nil), src)
	src.Until("the folder of sent mail to be watched", func() bool {
		_, ok := src.Bookmarks()["email/support/Sent"]
		return ok
	})
	put(t, s, "Sent", crlf("From: "+support, "To: "+alice, "Message-ID: <4b0fd0a5-6f0d-4c0e-9d3a-6f1f0f6f7d21@acme.test>",
		"User-Agent: Mozilla Thunderbird", "In-Reply-To: <q1@cust.test>", "", "written in Thunderbird"), time.Time{})
	src.UntilStored(1)
	if got := kinds(src); got["written in Thunderbird"] != channels.OwnCopy {
		t.Errorf("stored %v", got)
	}
}

// Our own reply that comes back to us is no customer's message; what we begin
// or pass on to ourselves is a message.
func TestOurOwnReplyInTheInbox(t *testing.T) {
	s := provider(t, emailfake.Config{})
	a := adapter(t, mailbox(s), nil)
	src := source(t)
	receiving(t, a, src)
	connected(src)
	begun := reply("0199aaaa-0000-7000-8000-000000000002", "begun by us")
	begun.Kind, begun.InReplyTo, begun.References = contact.Outbound, "", nil
	for _, r := range []*contact.Reply{reply(replyID, "came back"), begun} {
		raw, err := a.Compose(r)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, "INBOX", raw, time.Time{})
	}
	put(t, s, "INBOX", crlf("From: "+alice, "To: "+support, "Message-ID: <"+replyID+"@acme.test>",
		"X-Stagecoach-Reply: "+replyID, "In-Reply-To: <q1@cust.test>", "", "from somebody else"), time.Time{})
	src.UntilStored(3)
	got := kinds(src)
	if got["came back"] != channels.OwnCopy || got["begun by us"] != channels.Fresh || got["from somebody else"] != channels.Fresh {
		t.Errorf("stored %v", got)
	}
}

func TestWhomAnAnswerGoesTo(t *testing.T) {
	cfg := email.Config{
		Account: "support", Address: support, Aliases: []string{"help@acme.test"},
		SMTP: email.SMTP{Endpoint: endpoint(25, email.NoTLS, "")},
	}
	a := adapter(t, cfg, nil)
	for name, c := range map[string]struct {
		fields []string
		want   string
		auto   contact.AutoKind
	}{
		"reply-to":          {[]string{"Reply-To: b@cust.test"}, "b@cust.test", ""},
		"to ourselves":      {[]string{"Reply-To: Help@acme.test"}, alice, ""},
		"to our token":      {[]string{"Reply-To: support+sc-abcdefghijklmnopqrstuvwx@acme.test"}, alice, ""},
		"to both":           {[]string{"Reply-To: help@acme.test, b@cust.test"}, "b@cust.test", ""},
		"a list":            {[]string{"List-Id: <l.b.test>", "List-Post: <mailto:l@b.test>"}, alice, contact.AutoList},
		"an answer by list": {[]string{"List-Id: <l.b.test>", "In-Reply-To: <x@acme.test>"}, alice, ""},
		"our own group":     {[]string{"List-Id: <help.acme.test>", "List-Post: <https://groups.test>, <mailto:help@acme.test>"}, alice, ""},
	} {
		raw := crlf(append(append([]string{"From: " + alice}, c.fields...), "", "text")...)
		m, err := a.Parse(&channels.Inbound{Format: "rfc822", Raw: raw})
		if err != nil {
			t.Fatal(err)
		}
		if m.Sender().Address != c.want || m.Auto != c.auto {
			t.Errorf("%s: to %q, %q, want %q, %q", name, m.Sender().Address, m.Auto, c.want, c.auto)
		}
	}
}
