package e2e

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"testing"
	"time"

	"stagecoach/channels/email/emailfake"
	"stagecoach/channels/webchat/webchatfake"
)

const eva = "eva@far.test"

// way is one way in which a customer can be answered, as the composer lists them.
type way struct {
	ID        string `json:"id"`
	Channel   string `json:"channel"`
	Address   string `json:"address"`
	Public    bool   `json:"public"`
	Direct    bool   `json:"direct"`
	Preferred bool   `json:"preferred"`
	Not       string `json:"not"`
	Why       string `json:"why"`
	Quoted    string `json:"quoted"`
}

// composing is what the composer shows.
type composing struct {
	conversation
	Ways    []way  `json:"ways"`
	ReplyBy string `json:"reply_by"`
	Resend  string `json:"resend"`
}

// composer reads what an agent sees who writes an answer.
func (c *client) composer(t *testing.T, id string) (v composing) {
	t.Helper()
	c.must(t, "GET", "/api/conversations/"+id, nil, &v)
	return v
}

// by gives the preferred way.
func (v *composing) by() (w way) {
	for _, one := range v.Ways {
		if one.ID == v.ReplyBy {
			return one
		}
	}
	return way{}
}

// events gives what the timeline says happened.
func (v *composing) events() string {
	var all []string
	for _, it := range v.Items {
		if it.Kind == "event" || it.Kind == "evidence" {
			all = append(all, it.Detail)
		}
	}
	return strings.Join(all, "\n")
}

// visit has somebody whom nobody knows write in the chat.
func (w *wanderer) visit(text string) *webchatfake.Visitor {
	w.t.Helper()
	v := webchatfake.New(w.t.Context(), webchatfake.Config{URL: w.url + "/channels/webchat/acme", Title: "Boots", Wait: 200 * time.Millisecond})
	w.t.Cleanup(v.Close)
	v.Listen()
	if err := v.Come(); err != nil {
		w.t.Fatal(err)
	}
	if _, err := v.Say(text); err != nil {
		w.t.Fatal(err)
	}
	return v
}

// wantsMail has an agent take what a visitor has asked, and note that they want their
// answers by e-mail.
func (w *wanderer) wantsMail(anna *client, address string) card {
	w.t.Helper()
	held := anna.takeAny(w.t)
	anna.must(w.t, "POST", "/api/conversations/"+held.Conversation+"/prefer", map[string]any{"command_id": newUUID(), "channel": "email", "address": address}, nil)
	v := anna.composer(w.t, held.Conversation)
	if by := v.by(); by.Channel != "email" || by.Address != address || !by.Preferred || !strings.Contains(by.Why, "The customer wants it so, noted by Anna") {
		w.t.Fatalf("answered by %+v of %+v", by, v.Ways)
	}
	return held
}

// quote answers with the question quoted.
func (c *client) quote(t *testing.T, held card, text string) string {
	t.Helper()
	v := c.conversation(t, held.Conversation)
	var d done
	c.must(t, "POST", "/api/contacts/"+held.Contact+"/reply", map[string]any{"text": text, "covers": v.Covers, "quote": true}, &d)
	return d.Reply
}

// taken waits for the n-th mail that the server took.
func (w *wanderer) taken(n int) emailfake.Mail {
	w.t.Helper()
	eventually(w.t, patience, words("%d mails at the server", n), func() bool { return len(w.post.Taken()) >= n })
	return w.post.Taken()[n-1]
}

func header(t *testing.T, raw []byte, name string) string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(m.Header.Get(name), "<>")
}

// writesBack has a customer answer a mail of ours.
func (w *wanderer) writesBack(from, text string, to emailfake.Mail) {
	w.t.Helper()
	id := header(w.t, to.Raw, "Message-ID")
	l := letter{
		from: from, to: support, subject: "Re: " + header(w.t, to.Raw, "Subject"), text: text, id: newUUID() + "@far.test",
		header: []string{"In-Reply-To: <" + id + ">", "References: <" + id + ">"},
	}
	if err := w.post.Put(support, "INBOX", l.raw(), time.Now()); err != nil {
		w.t.Fatal(err)
	}
}

// report is how a customer's server says later that it could not deliver (RFC 3464).
func (w *wanderer) report(of emailfake.Mail, whom string) {
	w.t.Helper()
	id := header(w.t, of.Raw, "Message-ID")
	raw := strings.Join([]string{
		"From: MAILER-DAEMON@far.test", "To: " + support, "Subject: Undelivered Mail Returned to Sender", "Message-ID: <" + newUUID() + "@far.test>",
		"Date: " + time.Now().Format(time.RFC1123Z), "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
		`Content-Type: multipart/report; report-type=delivery-status; boundary="b"`, "",
		"--b", "Content-Type: text/plain", "", "This mail could not be delivered.", "",
		"--b", "Content-Type: message/delivery-status", "",
		"Reporting-MTA: dns; far.test", "", "Final-Recipient: rfc822; " + whom, "Action: failed", "Status: 5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 no such user", "",
		"--b", "Content-Type: text/rfc822-headers", "", "Message-ID: <" + id + ">", "From: " + support, "To: " + whom, "", "--b--", "",
	}, "\r\n")
	if err := w.post.Put(support, "INBOX", []byte(raw), time.Now()); err != nil {
		w.t.Fatal(err)
	}
}

// TestChatAnsweredByMail has a visitor of the chat want their answer by e-mail: it goes
// there with what they had asked, what they write back joins, and when their address
// comes to nothing the chat has the answer after all, and everybody is told.
func TestChatAnsweredByMail(t *testing.T) {
	w := newWanderer(t)
	w.start("")
	w.untilUp("email/acme", "mastodon/acme", "webchat/acme")
	w.open()
	anna := w.hire("Anna")
	visitor := w.visit("Where are my boots? I need them on Saturday.")
	held := w.wantsMail(anna, eva)
	anna.untilDelivered(t, held.Conversation, anna.quote(t, held, "They come tomorrow."))
	first := w.taken(1)
	text, _ := lettersText(first.Raw)
	if len(first.To) != 1 || first.To[0] != eva || !strings.Contains(text, "They come tomorrow.") ||
		!strings.Contains(text, "You wrote to us on") || !strings.Contains(text, "> Where are my boots? I need them on Saturday.") {
		t.Errorf("to %v went:\n%s", first.To, text)
	}
	if len(visitor.Received()) != 0 {
		t.Errorf("the chat shows %+v", visitor.Received())
	}

	w.writesBack(eva, "Thank you, and the laces?", first)
	open := w.untilOpen(anna, 1, 1)[0]
	if open.Conversation != held.Conversation || open.Channel != "email" {
		t.Fatalf("what they wrote back is %+v", open)
	}
	second := anna.takeAny(t)
	// Their server refuses the address as we hand it over.
	w.post.Misbehave(emailfake.Misbehaviour{Recipient: func(string) error { return emailfake.Refusal(550, [3]int{5, 1, 1}, "no such user") }})
	failed := anna.quote(t, second, "The laces are in the parcel.")
	w.fellBack(anna, second, failed, "webchat")
	w.post.Misbehave(emailfake.Misbehaviour{})
	w.toldInTheChat(anna, second, visitor, "The laces are in the parcel.")
	if n := len(w.post.Taken()); n != 1 {
		t.Errorf("%d mails were taken", n)
	}
	w.untilOpen(anna, 0, 0)

	// Another one, which a report says later has not arrived.
	if _, err := visitor.Say("And how do I pay?"); err != nil {
		t.Fatal(err)
	}
	third := w.untilOpen(anna, 1, 1)[0] // the chat goes on with Anna
	v := anna.composer(t, third.Conversation)
	if by := v.by(); by.Channel != "email" || by.Address != eva {
		t.Errorf("the wish is forgotten: by %+v", by)
	}
	anna.untilDelivered(t, third.Conversation, anna.quote(t, third, "By card."))
	w.report(w.taken(2), eva)
	back := w.untilOpen(anna, 1, 1)[0]
	if back.Contact != third.Contact || back.State == "ended" {
		t.Errorf("after the report: %+v", back)
	}
	w.fellBack(anna, back, "", "webchat")
	anna.must(t, "POST", "/api/contacts/"+back.Contact+"/take", map[string]any{"command_id": newUUID()}, nil)
	w.toldInTheChat(anna, back, visitor, "By card.")
	w.untilOpen(anna, 0, 0)
	if a := w.audit(); len(a.Gaps) != 0 {
		t.Errorf("gaps: %+v", a.Gaps)
	}
}

// fellBack waits until a contact of which an answer did not arrive is answered another
// way, and its agent is told.
func (w *wanderer) fellBack(anna *client, held card, reply, channel string) {
	w.t.Helper()
	var v composing
	eventually(w.t, patience, func() string {
		all, _ := json.Marshal(v.Ways)
		return fmt.Sprintf("an answer by %s, is by %q, state %s, trouble %q, ways %s, events:\n%s", channel, v.ReplyBy, v.Card.State, v.Card.Trouble, all, v.events())
	}, func() bool {
		v = anna.composer(w.t, held.Conversation) // the ledger is a moment behind the router
		return v.Card.State != "sending" && v.by().Channel == channel && v.Card.Trouble != "" &&
			strings.Contains(v.events(), "The answer by e-mail did not arrive: the next one goes by")
	})
	if by := v.by(); by.Why != "The answer by e-mail did not arrive" {
		w.t.Errorf("why it goes by %s: %q", channel, by.Why)
	}
	for _, it := range v.Items {
		if it.ID == reply && it.State != "failed" {
			w.t.Errorf("the reply is %+v", it)
		}
	}
}

// toldInTheChat sends what did not arrive by the chat instead, and looks at what the
// customer reads there.
func (w *wanderer) toldInTheChat(anna *client, held card, visitor *webchatfake.Visitor, text string) {
	w.t.Helper()
	v := anna.composer(w.t, held.Conversation)
	again := v.Resend
	if !strings.Contains(again, text) || !strings.Contains(again, "by e-mail") {
		w.t.Fatalf("to send again: %q", again)
	}
	before := len(visitor.Received())
	anna.answer(w.t, held, again)
	eventually(w.t, patience, words("the answer in the chat"), func() bool { return len(visitor.Received()) > before })
	if got := visitor.Received()[before].Text; !strings.Contains(got, text) || !strings.Contains(got, "We wrote this to you by e-mail") {
		w.t.Errorf("the chat shows %q", got)
	}
}
