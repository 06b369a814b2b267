package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// patience is how long to wait for another process on a busy machine.
const patience = 90 * time.Second

// said is what a conversation says to the agent.
type said struct {
	State      string `json:"state"`
	Stranger   string `json:"stranger"`
	StrangerOf string `json:"stranger_of"`
	Card       struct {
		Due   time.Time `json:"due"`
		Queue string    `json:"queue"`
	} `json:"card"`
	Items []struct {
		Kind     string   `json:"kind"`
		Detail   string   `json:"detail"`
		Warnings []string `json:"warnings"`
	} `json:"items"`
}

// words gives all that it says of items of a kind.
func (s said) words(kind string) string {
	var b strings.Builder
	for _, it := range s.Items {
		if it.Kind == kind {
			b.WriteString(it.Detail + " " + strings.Join(it.Warnings, " ") + "\n")
		}
	}
	return b.String()
}

func (c *client) said(t *testing.T, conversation string) said {
	t.Helper()
	var s said
	c.must(t, "GET", "/api/conversations/"+conversation, nil, &s)
	return s
}

// TestMachinesAndStrangers has a real mail server report a dead address, a
// machine answer for somebody who is away, and people write who are not whom
// they seem.
func TestMachinesAndStrangers(t *testing.T) {
	const alice, ghost = "alice@cust.test", "ghost@cust.test"
	o := newOffice(t, support, alice)
	o.configure(support)
	o.start("")
	o.untilUp("email/support")
	o.open()
	anna := o.hire("Anna")
	mail := func(from, subject, id string, head ...string) {
		t.Helper()
		if err := send(o.postfix, letter{from: from, to: support, subject: subject, text: "Text of " + id + ".", id: id, header: head}); err != nil {
			t.Fatal(err)
		}
	}

	// A dead address: Postfix takes the reply, and reports later.
	mail(ghost, "Nobody reads this mailbox", "g1@cust.test")
	dead := anna.take(t, "Nobody reads this mailbox")
	due := anna.said(t, dead.Card.Conversation).Card.Due
	anna.reply(t, dead.Card, "You will not read this.")
	var v said // which is open before the reply is delivered, too
	eventually(t, patience, words("the bounce to reopen the contact"), func() bool {
		v = anna.said(t, dead.Card.Conversation)
		return v.State == "open" && strings.Contains(v.words("evidence"), "came back")
	})
	if got := v.words("evidence"); !strings.Contains(got, "came back") || !strings.Contains(got, ghost) || !v.Card.Due.Equal(due) {
		t.Errorf("the desk says %q, due %v for %v", got, v.Card.Due, due)
	}
	held := anna.heldOr(t, dead.Card.Contact, "Nobody reads this mailbox")
	anna.must(t, "POST", "/api/contacts/"+held+"/dispose", map[string]any{"disposition": "no_reply_needed", "reason": "The address is dead."}, nil)

	// A machine answers for alice. Nothing goes out on it.
	mail(alice, "Boiler 4711 is cold", "a1@cust.test")
	asked := anna.take(t, "Boiler 4711 is cold")
	reply := anna.answer(t, asked.Card, "Try the switch.")
	ours := "<" + reply + "@acme.test>"
	mail(alice, "Automatic reply: Re: Boiler 4711 is cold", "auto@cust.test", "Auto-Submitted: auto-replied (vacation)", "In-Reply-To: "+ours, "Precedence: bulk")
	eventually(t, patience, words("the automatic answer to be seen"), func() bool {
		return strings.Contains(anna.said(t, asked.Card.Conversation).words("evidence"), "automatic answer")
	})
	if state := anna.said(t, asked.Card.Conversation).State; state != "resolved" {
		t.Errorf("after an automatic answer the conversation is %s", state)
	}

	// Somebody else answers in her conversation; somebody writes in her name.
	mail("mallory@evil.test", "Re: Boiler 4711 is cold", "s1@evil.test", "In-Reply-To: "+ours)
	stranger := anna.take(t, "Re: Boiler 4711 is cold")
	if v := anna.said(t, stranger.Card.Conversation); v.StrangerOf != asked.Card.Conversation || !strings.Contains(v.Stranger, "isn't part of the conversation") {
		t.Errorf("of the stranger the desk says %q, %q", v.Stranger, v.StrangerOf)
	}
	mail(alice, "Change my bank account", "f1@cust.test", "Authentication-Results: mx.acme.test; dkim=none; spf=fail smtp.mailfrom=cust.test; dmarc=fail header.from=cust.test", "In-Reply-To: "+ours)
	forged := anna.take(t, "Change my bank account")
	if v := anna.said(t, forged.Card.Conversation); forged.Card.Conversation == asked.Card.Conversation || !strings.Contains(v.Stranger, "Nothing proves") || !strings.Contains(v.words("message"), "probably forged") {
		t.Errorf("of the forged mail the desk says %q, %q", v.Stranger, v.words("message"))
	}

	// A newsletter is offered to nobody.
	mail("news@shop.test", "Offers of March", "n1@shop.test", "List-Id: <news.shop.test>", "List-Unsubscribe: <https://news.shop.test/u>")
	eventually(t, patience, words("the newsletter to stand in review"), func() bool {
		return slices.ContainsFunc(o.boss.contacts(t), func(c card) bool { return c.Subject == "Offers of March" && c.State == "waiting" })
	})

	if n := len(o.inbox(alice)); n != 1 {
		t.Errorf("alice has %d mails, want the one answer", n)
	}
	if a := o.audit(); !a.Summary.AddsUp {
		t.Errorf("it doesn't add up: %+v", a.Summary)
	}
}

// heldOr waits until the agent holds the contact again, which they take if it
// is offered anew.
func (c *client) heldOr(t *testing.T, contact, subject string) string {
	t.Helper()
	eventually(t, patience, words("the contact %q to come back", subject), func() bool {
		var d desk
		c.must(t, "GET", "/api/desk", nil, &d)
		for _, o := range d.Offers {
			if o.Card.Contact == contact && c.accept(t, o) {
				return true
			}
		}
		return slices.ContainsFunc(d.Mine, func(mine card) bool { return mine.Contact == contact })
	})
	return contact
}
