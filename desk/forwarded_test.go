package desk_test

import (
	"strings"
	"testing"

	"stagecoach/contact"
)

const passedOn = "Can you help him?\r\n\r\n---------- Forwarded message ---------\r\nFrom: Bert Buyer <bert@buyer.example>\r\n" +
	"Date: Mon, Nov 2, 2026 at 10:00 AM\r\nSubject: Broken lamp\r\nTo: <petra@partner.example>\r\n\r\nThe lamp is broken."

// A partner passes a customer's mail on: the desk names its author, an answer
// goes to whom the agent chooses, and what the author writes then belongs there.
func TestWhoWroteWhatWasForwardedIsAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("petra@partner.example", "Fwd: Broken lamp", passedOn)
	anna.take()
	c := anna.conversation(in.Conversation)
	item := c.Items[0]
	want := contact.Forwarded{
		From: contact.Address{Address: "bert@buyer.example", Name: "Bert Buyer"}, Date: "Mon, Nov 2, 2026 at 10:00 AM", Subject: "Broken lamp",
	}
	if item.Forwarded == nil || *item.Forwarded != want {
		t.Fatalf("forwarded %+v, want %+v", item.Forwarded, want)
	}
	if len(c.ReplyTo) != 1 || c.ReplyTo[0].Address != "petra@partner.example" {
		t.Errorf("the composer starts with %v before anybody has chosen", c.ReplyTo)
	}
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{
		"kind": "ask", "text": "Which lamp is it?", "to": []map[string]string{{"address": "bert@buyer.example", "name": "Bert Buyer"}},
	}, nil)
	reply := r.delivered()
	raw := r.stored(reply)
	if !strings.Contains(raw, "bert@buyer.example") || strings.Contains(strings.Split(raw, "\r\n\r\n")[0], "petra@partner.example") {
		t.Errorf("the reply went elsewhere:\n%s", raw)
	}
	back := r.mail("bert@buyer.example", "Re: Broken lamp", "The blue one.", "In-Reply-To: <"+reply.ID+"@acme.example>")
	if back.Conversation != in.Conversation {
		t.Errorf("the author's answer opened %s, want %s", back.Conversation, in.Conversation)
	}
}

// Our own words, sent back to us, have no author to be answered instead.
func TestOurOwnForwardedWordsAreNotOffered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("petra@partner.example", "Fwd: Your order", strings.ReplaceAll(passedOn, "bert@buyer.example", "support@acme.example"))
	anna.take()
	if f := anna.conversation(in.Conversation).Items[0].Forwarded; f != nil {
		t.Errorf("offers to answer %+v", f)
	}
}
