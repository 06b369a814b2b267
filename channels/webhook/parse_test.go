package webhook_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/webhook"
	"stagecoach/contact"
)

var received = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

func parser(tb testing.TB, change func(*webhook.Config)) *webhook.Adapter {
	tb.Helper()
	cfg := webhook.Config{Account: "shop", Secrets: []webhook.Secret{inSecret}, Callback: webhook.Callback{URL: "https://shop.example/replies"}}
	if change != nil {
		change(&cfg)
	}
	a, err := webhook.New(cfg, discard())
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func parsed(tb testing.TB, a *webhook.Adapter, format, raw string) *contact.Message {
	tb.Helper()
	m, err := a.Parse(&channels.Inbound{Format: format, Raw: []byte(raw), ReceivedAt: received})
	if err != nil {
		tb.Fatalf("Parse: %v", err)
	}
	return m
}

// with gives a message with these further fields.
func with(fields string) string {
	return `{"schema":1,"id":"m-1","conversation":"order 4711","from":{"id":"cust-7","name":"Alice","email":"alice@cust.example"}` + fields + `}`
}

func TestParseAll(t *testing.T) {
	m := parsed(t, parser(t, nil), webhook.FormatMessage, with(`,"to":{"id":"shop-de","name":"Shop DE"},"subject":" Where\n is it? ",`+
		`"text":"Grüße 👨‍👩‍👧\r\nzwei\u0000","html":"<b>no</b>","language":"de-AT","sent_at":"2026-11-02T09:59:00Z","in_reply_to":"r-1",`+
		`"attachments":[{"name":"C:\\x\\bill.pdf","content_type":"application/pdf; x=y","data":"aGk="},{"data":"data:image/png;base64,aGk"},{"name":"empty"}],"more":[1,{"x":2}]`))
	want := &contact.Message{
		Channel: contact.Webhook, Account: "shop", ReceivedAt: received,
		From: contact.Address{Address: "shop:cust-7", Name: "Alice"}, To: []contact.Address{{Address: "shop", Name: "Shop DE"}},
		CC: []contact.Address{}, ReplyTo: []contact.Address{}, Subject: "Where is it?", Text: "Grüße 👨‍👩‍👧\nzwei", ReplyText: "Grüße 👨‍👩‍👧\nzwei",
		Attachments: []contact.Attachment{
			{Name: "bill.pdf", ContentType: "application/pdf", Size: 2, Data: []byte("hi")},
			{Name: "attachment-2", ContentType: "application/octet-stream", Size: 2, Data: []byte("hi")},
			{Name: "empty", ContentType: "application/octet-stream", Data: []byte{}},
		},
		MessageID: "shop/m-1", InReplyTo: "shop/r-1", References: []string{"shop/r-1"}, Thread: "order 4711",
		Origin:   json.RawMessage(`{"schema":1,"conversation":"order 4711","message":"m-1","to":{"id":"cust-7","name":"Alice","email":"alice@cust.example"}}`),
		Language: "de", Warnings: []string{"fields that are not known here: more"},
	}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("got\n%+v\nwant\n%+v", m, want)
	}
}

// What policies may ask of a message beside its words, and what is too much of it.
func TestParseHeaders(t *testing.T) {
	a := parser(t, nil)
	const head = `{"schema":1,"id":"1","conversation":"c","from":{"id":"p"},"text":"Hello","headers":`
	m := parsed(t, a, webhook.FormatMessage, head+`{"X-Order":" 4711\n b ","List-Id":"news","X-Api-Key":"hush","Colour":"red"}}`)
	if len(m.Headers) != 2 || m.Headers["x-order"] != "4711 b" || m.Headers["list-id"] != "news" {
		t.Errorf("the headers are %v", m.Headers)
	}
	if len(m.Warnings) != 2 || !strings.Contains(m.Warnings[0], `"Colour"`) || !strings.Contains(m.Warnings[1], `"X-Api-Key"`) {
		t.Errorf("the warnings are %q", m.Warnings)
	}
	var many strings.Builder
	for i := range 65 {
		fmt.Fprintf(&many, `,"X-%d":"1"`, i)
	}
	for _, wrong := range []string{"{" + many.String()[1:] + "}", `{"X-Order":4711}`, `["X-Order"]`} {
		if _, err := a.Parse(&channels.Inbound{Format: webhook.FormatMessage, Raw: []byte(head + wrong + "}"), ReceivedAt: received}); err == nil {
			t.Errorf("%.40s is read", wrong)
		}
	}
}

func TestParseOdd(t *testing.T) {
	a := parser(t, nil)
	for name, c := range map[string]struct {
		fields string
		ok     func(m *contact.Message) bool
	}{
		"html only": {`,"html":"<style>x{}</style><p>Hello,<br>where is <a href='https://shop.example/4711'>my order</a>?</p><ul><li>one<li>two &amp; three</ul><pre>a\n  b</pre>"`, func(m *contact.Message) bool {
			return m.Text == "Hello,\nwhere is my order <https://shop.example/4711>?\n\n- one\n- two & three\n\na\n  b" && m.HTML == ""
		}},
		"html that hides": {`,"html":"<p>seen</p><script>alert('x')"`, func(m *contact.Message) bool { return m.Text == "seen" }},
		"html of nothing": {`,"html":"<script>x</script>"`, func(m *contact.Message) bool { return m.Text == "" && len(m.Warnings) == 1 }},
		"edit": {`,"text":"better","edits":"m-0"`, func(m *contact.Message) bool {
			return m.Replaces == "shop/m-0" && !m.Withdrawn && strings.Contains(string(m.Origin), `"message":"m-0"`)
		}},
		"withdrawal":          {`,"withdraws":"m-0"`, func(m *contact.Message) bool { return m.Replaces == "shop/m-0" && m.Withdrawn && m.Text == "" }},
		"a language of none":  {`,"text":"x","language":"klingon!"`, func(m *contact.Message) bool { return m.Language == "" && len(m.Warnings) == 1 }},
		"language by _":       {`,"text":"x","language":"PT_br"`, func(m *contact.Message) bool { return m.Language == "pt" }},
		"file only":           {`,"attachments":[{"data":"AA=="}]`, func(m *contact.Message) bool { return m.Text == "" && len(m.Attachments) == 1 }},
		"url not fetched":     {`,"attachments":[{"url":"https://x.example/a"}]`, func(m *contact.Message) bool { return len(m.Attachments) == 0 && len(m.Warnings) == 1 }},
		"very long text":      {`,"text":"` + strings.Repeat("ü", 600_000) + `"`, func(m *contact.Message) bool { return len(m.Text) == 1<<20 && len(m.Warnings) == 1 }},
		"sent long ago":       {`,"text":"x","sent_at":1000`, func(m *contact.Message) bool { return len(m.Warnings) == 1 && m.ReceivedAt.Equal(received) }},
		"sent tomorrow":       {`,"text":"x","sent_at":"2026-11-03T10:00:00Z"`, func(m *contact.Message) bool { return len(m.Warnings) == 1 }},
		"milliseconds":        {`,"text":"x","sent_at":1793600000000`, func(m *contact.Message) bool { return len(m.Warnings) == 0 }},
		"numbers as sent_at":  {`,"text":"x","sent_at":1793600000.5`, func(m *contact.Message) bool { return len(m.Warnings) == 0 }},
		"null where optional": {`,"text":"x","to":null,"sent_at":null,"attachments":null,"subject":null`, func(m *contact.Message) bool { return len(m.Warnings) == 0 && len(m.To) == 0 }},
		"a token of ours":     {`,"text":"x","conversation":"stagecoach-abcdefghijklmnopqrstuvwxyz"`, func(m *contact.Message) bool { return m.Token == "abcdefghijklmnopqrstuvwxyz" }},
		"no token of ours":    {`,"text":"x","conversation":"stagecoach-x"`, func(m *contact.Message) bool { return m.Token == "" }},
		"base64 for the web":  {`,"attachments":[{"data":"-_-_\n-_-_"}]`, func(m *contact.Message) bool { return m.Attachments[0].Size == 6 }},
		"control characters":  {`,"text":"a\u001b[31m\u0007b\tc","subject":"x\u0000y"`, func(m *contact.Message) bool { return m.Text == "a[31mb\tc" && m.Subject == "x y" }},
	} {
		t.Run(name, func(t *testing.T) {
			if m := parsed(t, a, webhook.FormatMessage, with(c.fields)); !c.ok(m) {
				t.Errorf("got %.2000q with warnings %q, origin %s", m.Text, m.Warnings, m.Origin)
			}
		})
	}
}

// Ids that differ in capitals only are different people, although addresses are
// compared in lower case; and ids of two accounts have nothing to do with each
// other.
func TestPeopleStayApart(t *testing.T) {
	shop, forum := parser(t, nil), parser(t, func(c *webhook.Config) { c.Account = "forum" })
	seen := map[string]string{}
	for _, id := range []string{"abc", "ABC", "Abc", "abc~" + "b5d4045c", "ÄB", "äb", "abc~", "a:b", "a@b"} {
		for _, a := range []*webhook.Adapter{shop, forum} {
			raw, err := json.Marshal(map[string]any{"schema": 1, "id": "m", "conversation": "c", "from": map[string]string{"id": id}, "text": "x"})
			if err != nil {
				t.Fatal(err)
			}
			m := parsed(t, a, webhook.FormatMessage, string(raw))
			key := strings.ToLower(m.From.Address)
			if before, taken := seen[key]; taken {
				t.Errorf("%q and %q have the address %q", before, id, key)
			}
			seen[key] = id
			// A message of ours to that address finds the person again.
			r := reply("r-1", "hello")
			r.Origin, r.To = nil, []contact.Address{{Address: m.From.Address}}
			out, err := a.Compose(r)
			if err != nil || !strings.Contains(string(out), fmt.Sprintf(`"to":{"id":%q`, id)) {
				t.Errorf("to %q is composed %s, %v", m.From.Address, out, err)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	a := parser(t, nil)
	for _, in := range []*channels.Inbound{
		{Format: "rfc822", Raw: []byte("Subject: x")},
		{Format: webhook.FormatMessage},
		{Format: webhook.FormatMessage, Raw: []byte("{")},
		{Format: webhook.FormatFiles, Raw: []byte(with(`,"text":"x"`))},
		{Format: webhook.FormatFiles, Raw: []byte(`{"event":`)},
		{Format: webhook.FormatFiles, Raw: []byte(strings.Repeat("[", 1_000_000))},
		{Format: webhook.FormatMessage, Raw: []byte(strings.Repeat(`{"a":`, 1_000_000))},
	} {
		if m, err := a.Parse(in); err == nil || channels.ReasonOf(err) != channels.Malformed {
			t.Errorf("%.40q is parsed to %v, %v", in.Raw, m, err)
		}
	}
}

func TestParsePublic(t *testing.T) {
	a := parser(t, func(c *webhook.Config) { c.Public, c.Callback.TextLimit = true, 500 })
	if m := parsed(t, a, webhook.FormatMessage, with(`,"text":"x"`)); !m.Public {
		t.Error("a message of a public place isn't public")
	}
	if l := a.Limits(); !l.Public || l.TextRunes != 500 || l.CC {
		t.Errorf("limits are %+v", l)
	}
}

func FuzzParse(f *testing.F) {
	a := parser(f, nil)
	f.Add([]byte(with(`,"text":"x"`)), false)
	f.Add(hostileBody("m"), false)
	f.Add([]byte(with(`,"html":"<ul><li><pre></a><td>x","attachments":[{"data":"AA=="},{"url":"https://x.example/"}]`)), false)
	f.Add([]byte(`{"schema":1,"files":[{"index":0,"data":"AA=="},{"index":-5},{"index":9,"failed":"x"}],"event":`+with(`,"attachments":[{"url":"https://x.example/"}]`)+`}`), true)
	f.Add([]byte(`{"schema":1e0,"sent_at":{"a":[]}}`), false)
	f.Fuzz(func(t *testing.T, raw []byte, files bool) {
		in := &channels.Inbound{Format: webhook.FormatMessage, Raw: raw, ReceivedAt: received}
		if files {
			in.Format = webhook.FormatFiles
		}
		m, err := a.Parse(in)
		if err != nil {
			if channels.ReasonOf(err) != channels.Malformed {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		if m.Warnings == nil || m.MessageID == "" || m.From.Address == "" || m.Thread == "" {
			t.Fatalf("message lacks what it must have: %+v", m)
		}
		if strings.ContainsAny(m.Subject+m.From.Name, "\r\n\x00") || strings.ContainsAny(m.Text, "\r\x00") {
			t.Fatalf("control characters are left: %q %q %q", m.Subject, m.From.Name, m.Text)
		}
		for _, file := range m.Attachments {
			if file.Name == "" || strings.ContainsAny(file.Name, `/\`) || file.Size != int64(len(file.Data)) {
				t.Fatalf("attachment %q of %d bytes", file.Name, file.Size)
			}
		}
		if m.Replaces == "" { // a reply to it can always be composed, and goes to where it came from
			r := reply("r-1", "hello")
			r.Origin, r.To = m.Origin, []contact.Address{m.Sender()}
			if _, err := a.Compose(r); err != nil {
				t.Fatalf("no reply can be composed: %v", err)
			}
		}
	})
}

func TestComposeExactly(t *testing.T) {
	a := parser(t, nil)
	r := reply("0199-r", "Grüße <b> & \u2028 👋")
	r.HTML, r.Attachments = "<p>x</p>", []contact.Attachment{{Name: "../a.txt", ContentType: "text/plain", Data: []byte("hi")}}
	got, err := a.Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schema":1,"type":"reply","id":"0199-r","conversation":"order 4711","in_reply_to":"m-1","to":{"id":"cust-7","name":"Alice"},` +
		`"from_name":"Jo of Acme","subject":"Re: Your question","text":"Grüße <b> & \u2028 👋","html":"<p>x</p>","automatic":false,` +
		`"attachments":[{"name":"a.txt","content_type":"text/plain","data":"` + base64.StdEncoding.EncodeToString([]byte("hi")) + `"}],"created_at":"2026-11-02T11:00:00Z"}`
	if string(got) != want {
		t.Errorf("composed\n%s\nwant\n%s", got, want)
	}
	if id := a.MessageID(r); id != "shop/0199-r" {
		t.Errorf("an answer would be looked for under %q", id)
	}
}

func TestComposeToSomebodyElse(t *testing.T) {
	a := parser(t, nil)
	r := reply("r-1", "x")
	r.To, r.Token = []contact.Address{{Address: "shop:other"}}, "abcdefghijklmnopqrstuvwxyz"
	got, err := a.Compose(r)
	if err != nil || strings.Contains(string(got), "4711") || strings.Contains(string(got), "in_reply_to") ||
		!strings.Contains(string(got), `"conversation":"stagecoach-abcdefghijklmnopqrstuvwxyz"`) {
		t.Errorf("composed %s, %v: what one has written is nothing for another", got, err)
	}
}

func TestComposeRefuses(t *testing.T) {
	a := parser(t, func(c *webhook.Config) { c.Callback.TextLimit = 3 })
	for name, c := range map[string]struct {
		change func(*contact.Reply)
		words  string
	}{
		"long text":   {func(r *contact.Reply) { r.Text = "ÄÖÜß" }, "4 characters"},
		"copies":      {func(r *contact.Reply) { r.CC = r.To }, "without copies"},
		"nobody":      {func(r *contact.Reply) { r.To = nil }, "one person"},
		"an e-mail":   {func(r *contact.Reply) { r.To = []contact.Address{{Address: "a@b.example"}} }, "shop:ID"},
		"odd id":      {func(r *contact.Reply) { r.ID = "a.b" }, "id"},
		"odd origin":  {func(r *contact.Reply) { r.Origin = []byte("[]") }, "origin"},
		"large files": {func(r *contact.Reply) { r.Attachments = []contact.Attachment{{Data: make([]byte, 16<<20)}} }, "16 MiB"},
		"many files":  {func(r *contact.Reply) { r.Attachments = make([]contact.Attachment, 11) }, "11 attachments"},
		"lost file":   {func(r *contact.Reply) { r.Attachments = []contact.Attachment{{Object: "x", Size: 5}} }, "bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reply("r-1", "abc")
			c.change(r)
			_, err := a.Compose(r)
			if channels.ReasonOf(err) != channels.Malformed || !strings.Contains(fmt.Sprint(err), c.words) {
				t.Errorf("Compose gives %v, want words of %q", err, c.words)
			}
		})
	}
}
