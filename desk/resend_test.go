package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// failing sends an answer that is refused for good.
func (c *client) failing(in router.Result, text string, files ...view.Upload) router.Reply {
	c.rig.tb.Helper()
	ids := []string{}
	for _, f := range files {
		ids = append(ids, f.ID)
	}
	c.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": text, "quote": true, "attachments": ids}, nil)
	reply := c.rig.sent()
	c.rig.attempt(reply, router.Outcome{Permanent: true, Reason: "rejected", Code: "5.1.1"})
	poll(c.rig.tb, func() bool { return c.conversation(in.Conversation).Resend != "" })
	return reply
}

// What did not arrive is offered again with its words and its files, each a copy of its
// own; failed twice, the customer is told once; and of words that are gone nothing is
// offered, least of all those of another answer.
func TestOfferedAgainWithItsFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna := boss.agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Invoice", "Where is my invoice, please? I need it for my taxes.")
	anna.take()
	again := "/api/conversations/" + in.Conversation + "/resend-files"
	anna.refused(http.StatusConflict, router.RefusedEnded, http.MethodPost, again, nil)
	_, bill := anna.upload("invoice.pdf", "application/pdf", []byte("the invoice"))
	_, terms := anna.upload("terms.txt", "text/plain", []byte("the terms"))
	first := anna.failing(in, "Here it is.", bill, terms)
	const told = "We wrote this to you by e-mail, and it did not arrive:\n\nHere it is."
	if c := anna.conversation(in.Conversation); c.Resend != told || c.ResendFiles != 2 {
		t.Errorf("offered: %q with %d files, want %q with 2", c.Resend, c.ResendFiles, told)
	}
	boss.refused(http.StatusForbidden, router.RefusedNotYours, http.MethodPost, again, nil)
	var got view.ResentFiles
	anna.post(again, nil, &got)
	if len(got.Files) != 2 || len(got.Left) != 0 || got.Files[0].ID == bill.ID || got.Files[0].Name != "invoice.pdf" || got.Files[1].ContentType != "text/plain" {
		t.Fatalf("offered: %+v", got)
	}
	// The first answer goes, with its files, as by retention.
	files := r.words(first).Attachments
	r.gone(files[0].Object, "")
	var rest view.ResentFiles
	anna.post(again, nil, &rest)
	if len(rest.Files) != 1 || len(rest.Left) != 1 || !strings.Contains(rest.Left[0], "invoice.pdf is not there any more") {
		t.Errorf("of two files, one of which has gone, are offered %+v", rest)
	}
	second := anna.failing(in, told, got.Files...)
	if c := anna.conversation(in.Conversation); c.Resend != told || c.ResendFiles != 2 {
		t.Errorf("after the second failure: %q with %d files, want %q with 2", c.Resend, c.ResendFiles, told)
	}
	r.gone(files[1].Object, first.Ref)
	anna.post(again, nil, &got)
	if raw := r.words(second).Raw; len(got.Files) != 2 || !strings.Contains(string(raw), "dGhlIGludm9pY2U=") {
		t.Errorf("the second answer lost its files with the first: %+v\n%s", got, raw)
	}
	third := anna.failing(in, "Just look at the file.")
	r.gone("", third.Ref)
	if c := anna.conversation(in.Conversation); c.Resend != "" || c.ResendFiles != 0 {
		t.Errorf("of an answer whose words are gone are offered %q, %d files", c.Resend, c.ResendFiles)
	}
}

// What the customer doesn't allow any more is not offered again: it would go as an answer.
func TestUnwantedIsNotOfferedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	var done view.Done
	anna.post("/api/outbound", map[string]any{"to": []map[string]string{{"address": "kim@customer.example"}}, "subject": "Tents", "text": "Our tents are cheaper now."}, &done)
	refused := customers.Objected
	res := must[router.Result](t)(r.engine.Do(t.Context(), router.Envelope{Actor: router.ActorSender, Command: router.Attempt{Reply: r.sent().ID, Life: "life", Consent: &refused}}))
	if err := r.ledger.WaitFor(t.Context(), res.Commit); err != nil {
		t.Fatal(err)
	}
	anna.take()
	c := anna.conversation(done.Conversation)
	if it := lastReply(t, c); !strings.Contains(it.Detail, "doesn't allow messages of this kind any more") {
		t.Errorf("it is told as %q", it.Detail)
	}
	if c.Resend != "" || !c.Holder {
		t.Errorf("offered again: %q (to its holder: %t)", c.Resend, c.Holder)
	}
}

// gone erases an object, and what lies at a reference.
func (r *rig) gone(object, ref string) {
	r.tb.Helper()
	if object != "" {
		if err := r.journal.EraseObject(r.tb.Context(), object); err != nil {
			r.tb.Fatal(err)
		}
	}
	if ref != "" {
		if err := r.journal.Erase(r.tb.Context(), ref); err != nil {
			r.tb.Fatal(err)
		}
	}
}

// An answer of files alone is offered again too.
func TestFilesAloneAreOfferedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Rechnung", "Wo ist meine Rechnung? Ich brauche sie für die Steuer.")
	anna.take()
	_, bill := anna.upload("rechnung.pdf", "application/pdf", []byte("die Rechnung"))
	anna.failing(in, "", bill)
	if c := anna.conversation(in.Conversation); c.Resend != "Diese Nachricht haben wir Ihnen per E-Mail gesendet, sie ist aber nicht angekommen:" || c.ResendFiles != 1 {
		t.Errorf("offered: %q with %d files", c.Resend, c.ResendFiles)
	}
	if c := anna.conversation(in.Conversation); c.Limits.AttachmentBytes == 0 || c.Asked != contact.Email {
		t.Errorf("answered by %q within %+v", c.Asked, c.Limits)
	}
}
