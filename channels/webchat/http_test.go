package webchat_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/webchat"
	"stagecoach/channels/webchat/webchatfake"
	"stagecoach/contact"
)

// rig is a chat that runs.
type rig struct {
	*front
	cfg     webchat.Config
	adapter *webchat.Adapter
	src     *channeltest.Source
	stop    func()
}

func newRig(tb testing.TB, change func(*webchat.Config)) *rig {
	tb.Helper()
	r := &rig{front: newFront(tb), cfg: config(tb.TempDir()), src: channeltest.NewSource(tb)}
	if change != nil {
		change(&r.cfg)
	}
	r.start(tb)
	return r
}

func (r *rig) start(tb testing.TB) {
	tb.Helper()
	r.adapter = adapter(tb, r.cfg, nil)
	r.stop = receivingTo(tb, r.adapter, r.src)
	r.serve(r.adapter)
}

// comer is a visitor who has opened the chat.
func (r *rig) comer(tb testing.TB, cfg webchatfake.Config) *webchatfake.Visitor {
	tb.Helper()
	v := visitorOf(tb, r.front, cfg)
	if err := v.Come(); err != nil {
		tb.Fatal(err)
	}
	return v
}

// said sends a message and gives it as the daemon understands it.
func (r *rig) said(tb testing.TB, v *webchatfake.Visitor, text string, files ...string) *contact.Message {
	tb.Helper()
	id, err := v.Say(text, files...)
	if err != nil {
		tb.Fatal(err)
	}
	for _, in := range r.src.Items() {
		if strings.HasSuffix(in.ProviderID, "/"+id) {
			m, err := r.adapter.Parse(in)
			if err != nil {
				tb.Fatal(err)
			}
			return m
		}
	}
	tb.Fatalf("%q was confirmed and is not delivered", text)
	return nil
}

func answer(id, text string, to *contact.Message) *contact.Reply {
	return &contact.Reply{
		ID: id, Kind: contact.Answer, Channel: contact.WebChat, Account: "acme", FromName: "Jo", Text: text,
		To: []contact.Address{to.Sender()}, Origin: to.Origin,
	}
}

func problem(t *testing.T, err error, status int, code string) {
	t.Helper()
	var p *webchatfake.RefusedError
	if !errors.As(err, &p) || p.Status != status || p.Code != code {
		t.Errorf("got %v, want %d %s", err, status, code)
	}
}

func TestConversation(t *testing.T) {
	r := newRig(t, nil)
	v := r.comer(t, webchatfake.Config{Title: "Ski boots", Page: "https://shop.example/boots?token=secret#x", Language: "de-AT"})
	v.Listen()
	m := r.said(t, v, "Guten Tag\x00\r\nGrüße 👩‍👩‍👧")
	if m.ReplyText != "Guten Tag\nGrüße 👩‍👩‍👧" || m.Subject != "Chat from Ski boots" || m.Language != "de" || m.From.Address != "visitor:"+v.ID() || m.Auth.Trust != contact.TrustUnknown {
		t.Errorf("understood as %+v", m)
	}
	if raw := r.src.Items()[0].Raw; bytes.Contains(raw, []byte("secret")) {
		t.Errorf("the original has the page's query in it: %s", raw)
	}
	send(t, r.adapter, answer("r-1", "Hallo!", m))
	until(t, "the answer", func() bool { return len(v.Received()) == 1 })
	if got := v.Received()[0]; got.Text != "Hallo!" || got.Name != "Jo" || got.Thread != m.Thread || got.N != 2 {
		t.Errorf("the visitor sees %+v", got)
	}

	r.stop()
	r.serve(nil)
	send(t, r.adapter, answer("r-2", "while nobody could see it", m))
	r.start(t)
	again := r.said(t, v, "and on")
	if again.Thread != m.Thread {
		t.Error("a restart began another thread")
	}
	until(t, "all four", func() bool { return len(v.Lines()) == 4 })

	if err := v.Post("end", struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	if next := r.said(t, v, "something else"); next.Thread == m.Thread {
		t.Error("the ended thread goes on")
	}
	send(t, r.adapter, answer("r-3", "one more thing about the first", m))
	until(t, "it", func() bool { return len(v.Received()) == 3 })
	if got := v.Received()[2]; got.Thread != m.Thread {
		t.Errorf("the answer is in thread %s, want %s", got.Thread, m.Thread)
	}
}

func TestIdentity(t *testing.T) {
	r := newRig(t, nil)
	good := webchat.Identity{UserID: "c-7", Name: "Änne Ü.", Email: "anne@cust.test", Exp: time.Now().Add(time.Hour).Unix()}
	good.Sig = good.Sign("acme", shopSecret)
	for name, change := range map[string]func(*webchat.Identity){
		"another user":    func(i *webchat.Identity) { i.UserID = "c-8" },
		"another address": func(i *webchat.Identity) { i.Email = "x@cust.test" },
		"moved bound":     func(i *webchat.Identity) { i.UserID, i.Name = "c-7\nÄnne", " Ü." },
		"no signature":    func(i *webchat.Identity) { i.Sig = "" },
		"not hexadecimal": func(i *webchat.Identity) { i.Sig = "zz" },
		"another account": func(i *webchat.Identity) { i.Sig = i.Sign("other", shopSecret) },
		"another secret":  func(i *webchat.Identity) { i.Sig = i.Sign("acme", "x") },
		"nobody":          func(i *webchat.Identity) { i.UserID = ""; i.Sig = i.Sign("acme", shopSecret) },
	} {
		bad := good
		change(&bad)
		v := visitorOf(t, r.front, webchatfake.Config{Identity: bad})
		t.Run(name, func(t *testing.T) { problem(t, v.Session(), http.StatusForbidden, "identity_wrong") })
	}
	for name, exp := range map[string]time.Duration{"expired": -time.Second, "for ever": 400 * 24 * time.Hour} {
		old := good
		old.Exp = time.Now().Add(exp).Unix()
		old.Sig = old.Sign("acme", shopSecret)
		t.Run(name, func(t *testing.T) {
			problem(t, visitorOf(t, r.front, webchatfake.Config{Identity: old}).Session(), http.StatusForbidden, "identity_expired")
		})
	}
	m := r.said(t, r.comer(t, webchatfake.Config{Identity: good}), "from the laptop")
	if m.From.Address != "user:c-7" || m.From.Name != "Änne Ü." || m.Auth.Trust != contact.TrustProven {
		t.Errorf("understood as %+v", m)
	}
	phone := r.comer(t, webchatfake.Config{Identity: good})
	phone.Listen()
	until(t, "the laptop's words on the phone", func() bool { return len(phone.Lines()) == 1 })
	if on := r.said(t, phone, "from the phone"); on.Thread != m.Thread {
		t.Error("the phone began another thread")
	}
}

// TestLogin sees that what was written before the login comes along, and can be
// answered where it is now.
func TestLogin(t *testing.T) {
	r := newRig(t, nil)
	before := r.comer(t, webchatfake.Config{})
	first := r.said(t, before, "before the login")
	who := webchat.Identity{UserID: "c-9", Exp: time.Now().Add(time.Hour).Unix()}
	who.Sig = who.Sign("acme", shopSecret)
	elsewhere := r.comer(t, webchatfake.Config{Identity: who})
	r.said(t, elsewhere, "written on another day")

	v := visitorOf(t, r.front, webchatfake.Config{Identity: who})
	v.SetToken(before.Token())
	if err := v.Session(); err != nil {
		t.Fatal(err)
	}
	v.Listen()
	send(t, r.adapter, answer("r-1", "to what was asked before the login", first))
	until(t, "all three", func() bool { return len(v.Lines()) == 3 })
	problem(t, before.Post("read", map[string]int{"n": 1}, nil), http.StatusUnauthorized, "token_unknown")
}

func TestWhoMayAsk(t *testing.T) {
	r := newRig(t, func(c *webchat.Config) { c.Origins = append(c.Origins, "http://localhost:8080") })
	for origin, want := range map[string]int{
		shopOrigin: 204, "http://localhost:8080": 204, r.URL: 204,
		"https://shop.example.evil.test": 403, "http://shop.example": 403, "https://evil.test": 403, "null": 403,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, r.chat()+"/messages", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", "POST")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		allowed := resp.Header.Get("Access-Control-Allow-Origin")
		if resp.StatusCode != want || (want == 204) != (allowed == origin) || resp.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d, allows %q", origin, resp.StatusCode, allowed)
		}
	}
	stranger := visitorOf(t, r.front, webchatfake.Config{})
	for _, path := range []string{"messages", "typing", "read", "email", "end", "files"} {
		problem(t, stranger.Post(path, map[string]string{}, nil), http.StatusUnauthorized, "token_unknown")
	}
	stranger.SetToken("x")
	problem(t, stranger.Post("messages", map[string]string{}, nil), http.StatusUnauthorized, "token_unknown")
}

func TestBadMessages(t *testing.T) {
	r := newRig(t, nil)
	v := r.comer(t, webchatfake.Config{})
	for name, body := range map[string]struct {
		in     any
		status int
	}{
		"nothing in it":   {map[string]any{"id": "12345678", "text": " \n\u0007"}, 422},
		"too long":        {map[string]any{"id": "12345678", "text": strings.Repeat("ä", 10_001)}, 422},
		"no id":           {map[string]any{"text": "x"}, 422},
		"odd id":          {map[string]any{"id": "../../12345678", "text": "x"}, 422},
		"another's file":  {map[string]any{"id": "12345678", "text": "x", "files": []string{"nope"}}, 422},
		"too many files":  {map[string]any{"id": "12345678", "text": "x", "files": make([]string, 11)}, 422},
		"not an object":   {[]int{1}, 400},
		"more than fits":  {map[string]any{"id": "12345678", "text": strings.Repeat("x", 200_000)}, 413},
		"wrong type of n": {map[string]any{"id": 5}, 400},
	} {
		t.Run(name, func(t *testing.T) { problem(t, v.Post("messages", body.in, nil), body.status, "wrong_form") })
	}
	if err := v.SayAs("same-id-0", "one"); err != nil {
		t.Fatal(err)
	}
	if err := v.SayAs("same-id-0", "one"); err != nil {
		t.Errorf("the same message again: %v", err)
	}
	problem(t, v.SayAs("same-id-0", "two"), http.StatusConflict, "id_taken")
	if n := len(r.src.Items()); n != 1 {
		t.Errorf("%d messages were delivered, want 1", n)
	}
}

func TestFiles(t *testing.T) {
	r := newRig(t, func(c *webchat.Config) { c.FileBytes = 1 << 20 })
	v, other := r.comer(t, webchatfake.Config{}), r.comer(t, webchatfake.Config{})
	page := []byte("<html><script>alert(1)</script>")
	f, err := v.Upload(`..\../evil"ü.html`, page)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Upload("big", make([]byte, 1<<20+1)); err == nil {
		t.Error("a file that is too large was taken")
	}
	if _, err := v.Upload("empty", nil); err == nil {
		t.Error("an empty file was taken")
	}
	m := r.said(t, v, "", f.ID)
	if len(m.Attachments) != 1 || !bytes.Equal(m.Attachments[0].Data, page) || m.Attachments[0].Name != `evil"ü.html` || m.Attachments[0].ContentType != "text/plain" {
		t.Errorf("attached: %+v", m.Attachments)
	}
	problem(t, v.SayAs("another-message", "again", f.ID), http.StatusUnprocessableEntity, "wrong_form")
	data, head, err := v.Download(f.ID)
	if err != nil || !bytes.Equal(data, page) {
		t.Fatalf("downloaded %q, %v", data, err)
	}
	if !strings.HasPrefix(head.Get("Content-Disposition"), "attachment") || head.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.Contains(head.Get("Content-Security-Policy"), "sandbox") || head.Get("Content-Type") != "text/plain" {
		t.Errorf("headers: %v", head)
	}
	_, _, err = other.Download(f.ID)
	problem(t, err, http.StatusNotFound, "not_found")
}

func TestTooManyBytes(t *testing.T) {
	r := newRig(t, nil)
	v := r.comer(t, webchatfake.Config{})
	var ids []string
	for range 2 {
		f, err := v.Upload("half", make([]byte, 16<<20))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, f.ID)
	}
	problem(t, v.SayAs("too-much-0", "both", ids...), http.StatusUnprocessableEntity, "wrong_form")
	if n := len(r.src.Items()); n != 0 {
		t.Errorf("%d messages were delivered, want none", n)
	}
}

func TestTooFast(t *testing.T) {
	r := newRig(t, func(c *webchat.Config) { c.PerVisitor = 0.01 })
	v := r.comer(t, webchatfake.Config{})
	if _, err := v.Say("one"); err != nil {
		t.Fatal(err)
	}
	err := v.Post("messages", map[string]string{"id": "12345678", "text": "two"}, nil)
	problem(t, err, http.StatusTooManyRequests, "too_fast")
	if p := (*webchatfake.RefusedError)(nil); errors.As(err, &p) && p.RetryAfter <= 0 {
		t.Error("it doesn't say when to come again")
	}
	if _, err := r.comer(t, webchatfake.Config{}).Say("another visitor"); err != nil {
		t.Error(err)
	}
}

func TestSendToNobody(t *testing.T) {
	r := newRig(t, nil)
	reply := answer("r-1", "hello?", &contact.Message{From: contact.Address{Address: "visitor:gone"}})
	raw, err := r.adapter.Compose(reply)
	if err != nil {
		t.Fatal(err)
	}
	reply.Raw = raw
	if _, err := r.adapter.Send(t.Context(), reply); channels.ReasonOf(err) != channels.Rejected {
		t.Errorf("got %v, want rejected", err)
	}
	if delivered, known, err := r.adapter.Delivered(t.Context(), reply); delivered || !known || err != nil {
		t.Errorf("looked up: %v %v %v", delivered, known, err)
	}
}

func TestErase(t *testing.T) {
	r := newRig(t, nil)
	v := r.comer(t, webchatfake.Config{})
	m := r.said(t, v, "forget me")
	for range 2 {
		if err := r.adapter.Erase(t.Context(), m.From.Address); err != nil {
			t.Fatal(err)
		}
	}
	problem(t, v.Post("typing", struct{}{}, nil), http.StatusUnauthorized, "token_unknown")
	var n int
	if err := database(t, r.cfg).QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM visitors)").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows are left, %v", n, err)
	}
}

// TestLostBookmark sees that nothing unconfirmed is lost when the daemon has
// forgotten how far it had read, and that what is long delivered isn't new again.
func TestLostBookmark(t *testing.T) {
	r := newRig(t, nil)
	v := r.comer(t, webchatfake.Config{})
	r.said(t, v, "long delivered")
	r.src.Until("the bookmark", func() bool { return strings.HasSuffix(r.src.Bookmarks()["webchat/acme/messages"].Position, ":1") })
	release := r.src.Hold()
	sent := make(chan error, 1)
	go func() {
		_, err := v.Say("not yet delivered")
		sent <- err
	}()
	r.src.Until("Deliver", func() bool { return asked(t, r) == 2 })
	r.stop()
	release()
	r.src = channeltest.NewSource(t)
	r.start(t)
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if items := r.src.Items(); len(items) != 1 || !bytes.Contains(items[0].Raw, []byte("not yet delivered")) {
		t.Errorf("%d items were delivered, want the one", len(items))
	}
}

func asked(t *testing.T, r *rig) int {
	t.Helper()
	rows, err := database(t, r.cfg).QueryContext(t.Context(), "SELECT json_extract(event, '$.id') FROM messages")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	n := 0
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		n += min(1, r.src.Asked(id))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMailWhenGone(t *testing.T) {
	type letter struct{ to, text, reply string }
	var mu sync.Mutex
	var got []letter
	var fail error
	r := newRig(t, func(c *webchat.Config) {
		c.MailAfter = 50 * time.Millisecond
		c.Mail = func(_ context.Context, to, _, text, reply string) error {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, letter{to, text, reply})
			return fail
		}
	})
	mails := func() []letter {
		mu.Lock()
		defer mu.Unlock()
		return append([]letter(nil), got...)
	}
	v := r.comer(t, webchatfake.Config{})
	for _, bad := range []string{"jo", "jo@localhost", "a@b.c, d@e.f", "Jo <jo@cust.test>", "jo@cust.test\r\nBcc: x@y.z"} {
		problem(t, v.Post("email", map[string]string{"email": bad}, nil), http.StatusUnprocessableEntity, "wrong_form")
	}
	if err := v.Post("email", map[string]string{"email": "jo@cust.test"}, nil); err != nil {
		t.Fatal(err)
	}
	m := r.said(t, v, "have to go")
	if !strings.Contains(m.Text, "jo@cust.test") || m.ReplyText != "have to go" {
		t.Errorf("the agent sees %q, %q", m.Text, m.ReplyText)
	}
	if again := r.said(t, v, "really"); strings.Contains(again.Text, "jo@cust.test") {
		t.Errorf("the address is told again: %q", again.Text)
	}
	for range 2 {
		send(t, r.adapter, answer("r-1", "the answer", m))
	}
	until(t, "the mail", func() bool { return len(mails()) > 0 })
	mu.Lock()
	fail = errors.New("the link broke")
	mu.Unlock()
	send(t, r.adapter, answer("r-2", "the second", m))
	until(t, "the second try", func() bool { return len(mails()) == 2 })
	until(t, "its state", func() bool { return state(t, r, "r-2") == "unknown" })
	mu.Lock()
	fail = &channels.Error{Reason: channels.Unavailable, Err: errors.New("busy")}
	mu.Unlock()
	send(t, r.adapter, answer("r-3", "the third", m))
	until(t, "the third try", func() bool { return len(mails()) == 3 && state(t, r, "r-3") == "due" })
	if first := mails()[0]; first != (letter{"jo@cust.test", "the answer", "r-1"}) || state(t, r, "r-1") != "sent" {
		t.Errorf("mailed %+v", first)
	}

	// Who is there gets no mail.
	v.Listen()
	until(t, "the stream", v.Streaming)
	send(t, r.adapter, answer("r-4", "live", m))
	until(t, "all", func() bool { return len(v.Received()) == 4 })
	if err := v.Post("read", map[string]int64{"n": v.Lines()[5].N}, nil); err != nil {
		t.Fatal(err)
	}
	until(t, "that it was read", func() bool { return state(t, r, "r-4") == "seen" })
	if n := len(mails()); n != 3 {
		t.Errorf("%d mails, want 3", n)
	}
}

func state(t *testing.T, r *rig, reply string) string {
	t.Helper()
	var s string
	if err := database(t, r.cfg).QueryRowContext(t.Context(), "SELECT state FROM mails WHERE reply = ?", reply).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestWidgetSize holds the script to the size that was promised.
func TestWidgetSize(t *testing.T) {
	r := newRig(t, nil)
	for path, want := range map[string]string{"/chat.js": "text/javascript", "/demo": "text/html"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.chat()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), want) {
			t.Fatalf("%s: %d %s, %v", path, resp.StatusCode, resp.Header.Get("Content-Type"), err)
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write(body)
		_ = w.Close()
		if n := packed.Len(); n >= 30<<10 || bytes.Contains(body, []byte(`"STYLE"`)) {
			t.Errorf("%s has %d bytes compressed, or no style", path, n)
		}
	}
}

func TestActivity(t *testing.T) {
	acts := make(chan webchat.Activity, 20)
	r := newRig(t, func(c *webchat.Config) {
		c.Activity = func(a webchat.Activity) {
			if !a.Presence {
				acts <- a
			}
		}
	})
	v := r.comer(t, webchatfake.Config{})
	m := r.said(t, v, "hello")
	v.Listen()
	until(t, "the stream", v.Streaming)
	send(t, r.adapter, answer("r-1", "hello", m))
	if err := r.adapter.Typing(t.Context(), m.Thread, "Jo"); err != nil {
		t.Fatal(err)
	}
	until(t, "the sign", func() bool { return len(v.Typing()) == 1 })
	for _, step := range []struct {
		path string
		in   any
		ok   func(webchat.Activity) bool
	}{
		{"typing", struct{}{}, func(a webchat.Activity) bool { return a.Typing && a.Thread == m.Thread && a.Visitor == m.From.Address }},
		{"read", map[string]int{"n": 99}, func(a webchat.Activity) bool { return a.ReadUpTo == "r-1" }},
		{"email", map[string]string{"email": "jo@cust.test"}, func(a webchat.Activity) bool { return a.Email }},
		{"end", struct{}{}, func(a webchat.Activity) bool { return a.Ended }},
	} {
		if err := v.Post(step.path, step.in, nil); err != nil {
			t.Fatal(err)
		}
		if a := <-acts; !step.ok(a) {
			t.Errorf("%s was told as %+v", step.path, a)
		}
	}
}
