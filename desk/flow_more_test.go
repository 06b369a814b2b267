package desk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// stored gives the bytes that would go to the provider.
func (r *rig) stored(reply router.Reply) string {
	r.tb.Helper()
	value, err := r.journal.Get(r.tb.Context(), reply.Ref)
	if err != nil {
		r.tb.Fatal(err)
	}
	var v contact.Reply
	if err := json.Unmarshal(value, &v); err != nil {
		r.tb.Fatal(err)
	}
	return string(v.Raw)
}

// browserless logs a program in.
func (r *rig) browserless(address, password string) *client {
	r.tb.Helper()
	c := &client{rig: r, http: r.server.Client()}
	var l view.Login
	c.post("/api/login", map[string]any{"email": address, "password": password}, &l)
	c.token, c.me = l.Token, l.Me
	return c
}

func lastReply(t *testing.T, c view.Conversation) view.Item {
	t.Helper()
	for _, item := range slices.Backward(c.Items) {
		if item.Kind == view.ItemReply {
			return item
		}
	}
	t.Fatal("there is no reply")
	return view.Item{}
}

func events(c view.Conversation) []string {
	var out []string
	for _, i := range c.Items {
		if i.Kind == view.ItemEvent {
			out = append(out, i.Detail)
		}
	}
	return out
}

func hasEvent(c view.Conversation, words string) bool {
	for _, e := range events(c) {
		if strings.Contains(e, words) {
			return true
		}
	}
	return false
}

// upload sends a file and gives what a reply names it by.
func (c *client) upload(name, kind string, data []byte) (int, view.Upload) {
	c.rig.tb.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreatePart(map[string][]string{
		"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`}, "Content-Type": {kind},
	})
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	_, _ = part.Write(data)
	_ = w.Close()
	req, err := http.NewRequestWithContext(c.rig.tb.Context(), http.MethodPost, c.rig.server.URL+"/api/attachments", &b)
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+c.token)
	status, body := c.do(req)
	var up view.Upload
	if status == http.StatusOK {
		if err := json.Unmarshal(body, &up); err != nil {
			c.rig.tb.Fatal(err)
		}
	}
	return status, up
}

func TestAttachmentsGoAndCome(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.rawMail([]byte("From: kim@customer.example\r\nTo: support@acme.example\r\nSubject: Scan\r\nMessage-ID: <scan@customer.example>\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee file.\r\n"+
		"--b\r\nContent-Type: text/html; name=\"x.html\"\r\nContent-Disposition: attachment; filename=\"../../x.html\"\r\n\r\n<script>alert(1)</script>\r\n--b--\r\n"),
		channels.Fresh)
	anna.take()
	c := anna.conversation(in.Conversation)
	if len(c.Items[0].Attachments) != 1 || c.Items[0].Attachments[0].Name != "x.html" {
		t.Fatalf("attachments %+v", c.Items[0].Attachments)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, r.server.URL+c.Items[0].Attachments[0].URL, nil)
	req.Header.Set("Authorization", "Bearer "+anna.token)
	resp, err := anna.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if d := resp.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") {
		t.Errorf("a customer's HTML file is served as %q", d)
	}
	if p := resp.Header.Get("Content-Security-Policy"); !strings.Contains(p, "sandbox") {
		t.Errorf("policy of a file: %q", p)
	}

	status, up := anna.upload("Grüße.txt", "text/plain", []byte("hello file"))
	if status != http.StatusOK || up.Name != "Grüße.txt" || up.Size != 10 {
		t.Fatalf("upload: %d, %+v", status, up)
	}
	if status, got := anna.call(http.MethodGet, up.URL, nil); status != http.StatusOK || string(got) != "hello file" {
		t.Errorf("the upload reads %d %q", status, got)
	}
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "Here.", "attachments": []string{up.ID}}, nil)
	if raw := r.stored(r.delivered()); !strings.Contains(raw, "aGVsbG8gZmlsZQ==") {
		t.Errorf("the mail lacks the file:\n%s", raw)
	}
	got := lastReply(t, anna.conversation(in.Conversation)).Attachments
	if len(got) != 1 || got[0].Name != "Grüße.txt" {
		t.Fatalf("the reply's files: %+v", got)
	}
	if status, body := anna.call(http.MethodGet, got[0].URL, nil); status != http.StatusOK || string(body) != "hello file" {
		t.Errorf("the sent file reads %d %q", status, body)
	}
	_, scan := anna.upload("scan.png", "image/png", []byte("a scan"))
	var letter view.Done
	anna.post("/api/enter", map[string]any{"channel": "letter", "name": "Kim", "text": "See the scan.", "attachments": []string{scan.ID}}, &letter)
	file := anna.conversation(letter.Conversation).Items[0].Attachments[0]
	if status, body := anna.call(http.MethodGet, file.URL, nil); status != http.StatusOK || string(body) != "a scan" {
		t.Errorf("the scan of a letter reads %d %q", status, body)
	}
	anna.refused(http.StatusUnprocessableEntity, "invalid", http.MethodPost, "/api/contacts/"+in.Contact+"/note", map[string]any{"text": "x", "attachments": []string{"bad"}})
}

func TestNotesAndDrafts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna, bert := boss.agent("Anna Arndt", nil), boss.agent("Bert Bauer", map[string]any{"skills": []map[string]any{{"name": "Billing", "level": 3}}})
	in := r.mail("kim@customer.example", "Hi", "There")
	holder := anna
	if len(anna.desk().Offers) == 0 {
		holder = bert
	}
	holder.take()
	holder.post("/api/contacts/"+in.Contact+"/note", map[string]any{"text": "VIP", "note_id": "0199aaaa-0000-7000-8000-00000000000a"}, nil)
	holder.want(http.StatusOK, http.MethodPut, "/api/contacts/"+in.Contact+"/draft", map[string]any{"text": "Dear"}, nil)
	holder.want(http.StatusOK, http.MethodPut, "/api/contacts/"+in.Contact+"/draft", map[string]any{"text": "Dear Kim"}, nil)
	c := boss.conversation(in.Conversation)
	if c.Draft == nil || c.Draft.Text != "Dear Kim" || !c.Card.HasDraft {
		t.Fatalf("the draft that a colleague sees: %+v", c.Draft)
	}
	var note view.Item
	for _, i := range c.Items {
		if i.Kind == view.ItemNote {
			note = i
		}
	}
	if note.Text != "VIP" || note.Author != holder.me.Name {
		t.Errorf("note %+v", note)
	}
	holder.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "Dear Kim, yes."}, nil)
	if c = boss.conversation(in.Conversation); c.Draft != nil || c.Card.HasDraft {
		t.Errorf("the draft is still there after sending: %+v", c.Draft)
	}
	if _, err := r.journal.Get(t.Context(), "draft."+in.Contact); err == nil {
		t.Error("the draft's words are still stored")
	}
}

func TestOutboundForwardAndEntered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	var out view.Done
	anna.post("/api/outbound", map[string]any{
		"reply_id": "0199aaaa-0000-7000-8000-0000000000aa", "to": []map[string]string{{"address": "new@customer.example"}},
		"subject": "Your order", "text": "It is ready.",
	}, &out)
	sent := r.delivered()
	if raw := r.stored(sent); !strings.Contains(raw, "Your order") || !strings.Contains(raw, "<sc-") {
		t.Errorf("the mail:\n%s", raw)
	}
	if v := anna.conversation(out.Conversation); v.State != "with_customer" || v.Card.Subject != "Your order" {
		t.Errorf("conversation %s %+v", v.State, v.Card)
	}
	back := r.mail("new@customer.example", "Re: Your order", "Thank you, when?", "In-Reply-To: <"+sent.ID+"@acme.example>")
	if back.Conversation != out.Conversation {
		t.Fatalf("the answer went to %s, want %s", back.Conversation, out.Conversation)
	}
	anna.take()
	anna.post("/api/forward", map[string]any{
		"conversation": out.Conversation, "to": []map[string]string{{"address": "depot@acme.example"}}, "text": "When?",
	}, nil)
	if raw := r.stored(r.delivered()); !strings.Contains(raw, "depot@acme.example") || !strings.Contains(raw, "> Thank you, when?") {
		t.Errorf("the forwarded mail:\n%s", raw)
	}
	if v := anna.conversation(out.Conversation); v.State != "open" {
		t.Errorf("forwarding ended the contact: %s", v.State)
	}

	var call view.Done
	anna.post("/api/enter", map[string]any{
		"command_id": "0199aaaa-0000-7000-8000-0000000000bb", "channel": "phone", "name": "Herr Grün", "address": "+49 30 1",
		"text": "Wants a call back.", "subject": "Call back",
	}, &call)
	v := anna.conversation(call.Conversation)
	if v.Card.CustomerName != "Herr Grün" || v.Card.Channel != contact.Phone || v.Card.Due.IsZero() {
		t.Errorf("the call: %+v", v.Card)
	}
	anna.post("/api/contacts/"+call.Contact+"/reply", map[string]any{"text": "I called him.", "given": true}, nil)
	if v = anna.conversation(call.Conversation); v.State != "resolved" || lastReply(t, v).State != "delivered" {
		t.Errorf("after the call back: %s", v.State)
	}
	anna.post("/api/enter", map[string]any{"channel": "visit", "name": "Frau Blau", "text": "Asked.", "answer": "Told."}, &call)
	if v = anna.conversation(call.Conversation); v.State != "resolved" || lastReply(t, v).Text != "Told." {
		t.Errorf("after the visit: %s, %+v", v.State, v.Items)
	}
}

func TestRepliedElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Hi", "There")
	copyOf := func(id string) []byte {
		return []byte("From: support@acme.example\r\nTo: kim@customer.example\r\nSubject: Re: Hi\r\nMessage-ID: <" + id + "@phone.example>\r\n" +
			"In-Reply-To: <m1@customer.example>\r\n\r\nFrom my phone.\r\n")
	}
	r.rawMail(copyOf("one"), channels.OwnCopy)
	r.rawMail(copyOf("two"), channels.OwnCopy)
	proposed := func() []view.Item {
		var out []view.Item
		for _, i := range anna.conversation(in.Conversation).Items {
			if i.Kind == view.ItemProposed {
				out = append(out, i)
			}
		}
		return out
	}
	items := proposed()
	if len(items) != 2 || !strings.Contains(items[0].Text, "From my phone.") {
		t.Fatalf("proposed: %+v", items)
	}
	anna.post("/api/replies/"+items[0].ID+"/confirm", map[string]any{"contact": in.Contact, "answer": false}, nil)
	items = proposed()
	if len(items) != 1 {
		t.Fatalf("after one was turned down: %+v", items)
	}
	anna.post("/api/replies/"+items[0].ID+"/confirm", map[string]any{"contact": in.Contact}, nil)
	if v := anna.conversation(in.Conversation); v.State != "resolved" || lastReply(t, v).State != "delivered" {
		t.Errorf("after the answer was confirmed: %s", v.State)
	}
	select {
	case reply := <-r.outbox: // a sender that tries is refused
		_, err := r.engine.Do(t.Context(), router.Envelope{Actor: router.ActorSender, Command: router.Attempt{Reply: reply.ID, Life: "life"}})
		if refusal := (*router.Refusal)(nil); !errors.As(err, &refusal) {
			t.Errorf("what had been sent elsewhere may be sent again: %v", err)
		}
	default:
	}
}

func TestFindingAndProving(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna := boss.agent("Anna Arndt", nil)
	in := r.mail("Kim <kim@customer.example>", "Zahnrad", "Das grüne Zahnrad fehlt.")
	anna.take()
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "Es kommt."}, nil)
	r.delivered()
	var s view.Search
	poll(t, func() bool {
		anna.get("/api/search?q=grune", &s)
		return len(s.Hits) == 1
	})
	if s.Hits[0].Conversation != in.Conversation || !strings.Contains(s.Hits[0].Snippet, "«grüne»") {
		t.Errorf("found %+v", s.Hits)
	}
	var l view.Ledger
	boss.get("/api/ledger?state=replied", &l)
	if len(l.Rows) != 1 || l.Rows[0].Contact != in.Contact || !l.Rows[0].Kept || l.Rows[0].CustomerName != "Kim" || !l.Totals.AddsUp {
		t.Errorf("ledger %+v", l)
	}
	for q, want := range map[string]int{"zahnrad": 1, "kim": 1, "zahnrad&state=open": 0, "nothing": 0} {
		l = view.Ledger{}
		if boss.get("/api/ledger?q="+q, &l); len(l.Rows) != want {
			t.Errorf("%d contacts by %q", len(l.Rows), q)
		}
	}
	var w view.Why
	anna.get("/api/contacts/"+in.Contact[:13]+"/why", &w)
	if w.End != "replied" || !strings.Contains(w.Text, "Anna Arndt") || len(w.Steps) < 4 {
		t.Errorf("why %+v", w)
	}
	var a struct {
		Gaps []any `json:"gaps"`
	}
	boss.get("/api/ledger/audit", &a)
	if a.Gaps == nil || len(a.Gaps) != 0 {
		t.Errorf("gaps %v", a.Gaps)
	}
}
