package desk_test

import (
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// Two get a copy of a reply: one's server asks to come later, the other's mail
// comes back afterwards. The customer has the reply, and the contact stays as it
// is; who has not got it is told.
func TestCopiesThatDoNotArrive(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("Kim Kunde <kim@customer.example>", "Boiler 4711 is cold", "It doesn't work.")
	anna.take()
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{
		"reply_id": "0199aaaa-0000-7000-8000-000000000077", "kind": "answer", "covers": in.Message, "text": "Try again.",
		"to": []map[string]any{{"address": "kim@customer.example"}},
		"cc": []map[string]any{{"address": "bob@customer.example"}, {"address": "Cleo@customer.example"}},
	}, nil)
	reply := r.sent()
	do := func(cmd router.Command) router.Result {
		return must[router.Result](t)(r.engine.Do(t.Context(), router.Envelope{Actor: router.ActorSender, Command: cmd}))
	}
	attempt := do(router.Attempt{Reply: reply.ID, Life: "life"}).Attempt
	do(router.Partly{Reply: reply.ID, Attempt: attempt, Life: "life", Deferred: []int{1}, Reason: "unavailable", Code: "4.2.0", RetryAfter: time.Nanosecond})
	do(router.Outcome{Reply: reply.ID, Attempt: attempt, Life: "life", Delivered: true})
	r.delivered() // what remained of it

	r.rawMail([]byte("Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: support@acme.example\r\nSubject: Report\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nSee below.\r\n"+
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; cleo@customer.example\r\n"+
		"Action: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <"+reply.ID+"@acme.example>\r\n\r\n--b--\r\n"), channels.Fresh)
	v := anna.conversation(in.Conversation)
	if v.State != "resolved" || r.opened() != 1 {
		t.Errorf("the conversation is %s, %d contacts", v.State, r.opened())
	}
	if got := said(v, view.ItemEvidence); !strings.Contains(got, "a copy of it came back") || !strings.Contains(got, "cleo@customer.example") {
		t.Errorf("the desk doesn't say who has not got it: %s", got)
	}
	var rest *view.Item
	for i := range v.Items {
		if v.Items[i].Kind == view.ItemReply && strings.Contains(v.Items[i].Detail, "come later") {
			rest = &v.Items[i]
		}
	}
	if rest == nil || len(rest.To) != 1 || rest.To[0].Address != "bob@customer.example" || rest.State != "delivered" {
		t.Errorf("what went later is told as %+v", rest)
	}
}
