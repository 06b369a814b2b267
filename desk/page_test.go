package desk_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// hx are the headers of a form that a script sends.
func hx(from string) map[string]string {
	return map[string]string{"HX-Request": "true", "HX-Current-URL": from}
}

// Every page renders for who it is for, with something on it and with nothing.
func TestPagesRender(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	b := r.browser("boss@acme.example", "correct horse")
	pages := []string{
		"/", "/overview", "/review", "/search?q=hello", "/ledger", "/agents", "/saved", "/new", "/enter", "/quarantine",
		"/p/live?at=/", "/p/overview?queue=general",
	}
	for _, p := range pages {
		b.page(p)
	}
	boss.post("/api/presence", map[string]any{"presence": "available"}, nil)
	in := r.mail("Kim <kim@customer.example>", "Hello <script>alert(1)</script>", "It's \"me\" & <b>you</b>")
	for _, p := range append(pages, "/c/"+in.Conversation, "/p/c/"+in.Conversation, "/why/"+in.Contact) {
		if body := b.page(p); strings.Contains(body, "<script>alert") || strings.Contains(body, "<b>you</b>") {
			t.Errorf("%s shows a customer's markup as it is", p)
		}
	}
	if !strings.Contains(b.page("/"), "Hello &lt;script&gt;") {
		t.Error("the offer is not on the start page")
	}
	nobody := &client{rig: r, http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if status, _ := nobody.call(http.MethodGet, "/c/"+in.Conversation, nil); status != http.StatusSeeOther {
		t.Errorf("a page for nobody: %d", status)
	}
	if status, _, to := nobody.formWith(hx(r.server.URL+"/review"), "/next"); status != http.StatusUnauthorized || to != "/login?next=%2Freview" {
		t.Errorf("a form for nobody: %d to %q", status, to)
	}
	if status, body := b.call(http.MethodGet, "/c/nothing", nil); status != http.StatusNotFound || !strings.Contains(string(body), "no such conversation") {
		t.Errorf("a page that is not there: %d", status)
	}
}

// The forms of the pages do a day's work.
func TestFormsWork(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	boss.post("/api/presence", map[string]any{"presence": "available"}, nil)
	anna := boss.agent("Anna Arndt", nil)
	anna.post("/api/presence", map[string]any{"presence": "away"}, nil)
	b := r.browser("boss@acme.example", "correct horse")
	in := r.mail("Kim <kim@customer.example>", "One", "First.")
	c := "/c/" + in.Conversation
	step := func(status int, to, path string, pairs ...string) string {
		t.Helper()
		got, body, where := b.formWith(hx(r.server.URL+c), path, pairs...)
		if got != status || where != to {
			t.Fatalf("%s: %d to %q, want %d to %q: %.300s", path, got, where, status, to, body)
		}
		return body
	}
	step(http.StatusOK, c, "/offers/"+boss.desk().Offers[0].ID+"/accept")
	if body := step(http.StatusOK, "", "/next"); !strings.Contains(body, "Nothing waits") {
		t.Errorf("take next with nothing: %.200s", body)
	}
	step(http.StatusNoContent, "", c+"/draft", "contact", in.Contact, "to", "kim@customer.example, hal", "text", "Dear")
	if d := boss.conversation(in.Conversation).Draft; d == nil || len(d.To) != 2 || d.To[1].Address != "hal" {
		t.Errorf("the draft %+v", d)
	}
	step(http.StatusOK, "", c+"/note", "contact", in.Contact, "text", "A note.")
	if body := step(http.StatusUnprocessableEntity, "", c+"/reply", "contact", in.Contact, "to", "hal hal", "text", "x"); !strings.Contains(body, "list of addresses") {
		t.Errorf("a bad address: %.200s", body)
	}
	due := time.Now().Add(30 * time.Hour).UTC().Format("2006-01-02T15:04")
	step(http.StatusOK, "/", c+"/reply", "contact", in.Contact, "kind", "pledge", "due", "custom", "due_custom", due,
		"to", "Kim <kim@customer.example>", "cc", "lee@customer.example", "subject", "Re: One", "text", "Soon.", "quoted", "1")
	if raw := r.stored(r.delivered()); !strings.Contains(raw, "> First.") || !strings.Contains(raw, "lee@customer.example") {
		t.Errorf("the mail:\n%s", raw)
	}
	if page := b.page("/"); !strings.Contains(page, "It stays with you until") {
		t.Error("nothing says that it was sent")
	} else if strings.Contains(b.page("/"), "It stays with you until") {
		t.Error("it is said twice")
	}
	pledge := boss.desk().Mine[0].Contact
	step(http.StatusNotFound, "", c+"/take", "contact", "nothing")
	step(http.StatusOK, "", "/overview/pull", "contact", pledge, "reason", "They asked for Anna.")
	step(http.StatusOK, "", "/overview/move", "contact", pledge, "queue", "returns")
	step(http.StatusOK, "", "/overview/assign", "contact", pledge, "to", anna.me.ID)
	step(http.StatusOK, "/", c+"/transfer", "contact", pledge, "to", boss.me.ID)
	step(http.StatusOK, "/", c+"/dispose", "contact", pledge, "disposition", "no_reply_needed")
	step(http.StatusOK, c, c+"/reopen")
	step(http.StatusOK, c, c+"/take", "contact", boss.conversation(in.Conversation).Card.Contact)
	step(http.StatusOK, "", c+"/forward", "contact", pledge, "to", "depot@acme.example", "text", "Look.")
	step(http.StatusOK, "/saved", "/saved", "title", "Hi", "text", "Hello there")
	step(http.StatusOK, "/saved", "/signature", "text", "Berta")
	if v := boss.conversation(in.Conversation); v.Signature != "Berta" || len(v.SavedAnswers) != 1 {
		t.Errorf("composer: %q %v", v.Signature, v.SavedAnswers)
	}
	r.formNewAndEnter(b)
}

func (r *rig) formNewAndEnter(b *client) {
	r.tb.Helper()
	status, _, to := b.form("/new", "account", "email/support", "to", "new@customer.example", "subject", "Yours", "text", "Here.")
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "/c/") {
		r.tb.Errorf("new: %d to %q", status, to)
	}
	status, _, to = b.form("/enter", "channel", "letter", "name", "Frau Rot", "text", "A letter.", "received", "2026-01-02T15:04")
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "/c/") {
		r.tb.Errorf("enter: %d to %q", status, to)
	}
	if status, _, to := b.form("/logout"); status != http.StatusSeeOther || to != "/login" {
		r.tb.Errorf("logout: %d to %q", status, to)
	}
	if status, _ := b.call(http.MethodGet, "/", nil); status != http.StatusSeeOther {
		r.tb.Errorf("after the logout: %d", status)
	}
}

// listen opens the live line and gives the names that come.
func (c *client) listen() <-chan string {
	c.rig.tb.Helper()
	ctx, cancel := context.WithCancel(c.rig.tb.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.rig.server.URL+"/api/events", nil)
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.http.Do(req) //nolint:bodyclose // closed at the end of the test
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		c.rig.tb.Fatalf("live line: %d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	names := make(chan string, 1000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(names)
		in := bufio.NewScanner(resp.Body)
		for in.Scan() {
			if name, ok := strings.CutPrefix(in.Text(), "event: "); ok {
				names <- name
			}
		}
	}()
	c.rig.tb.Cleanup(func() {
		cancel()
		<-done
		_ = resp.Body.Close()
	})
	return names
}

// hears waits for all of these names, in any order.
func hears(t *testing.T, who string, names <-chan string, want ...string) {
	t.Helper()
	missing := map[string]bool{}
	for _, w := range want {
		missing[w] = true
	}
	late := time.After(60 * time.Second)
	for len(missing) > 0 {
		select {
		case n, ok := <-names:
			if !ok {
				t.Fatalf("%s: the line ended", who)
			}
			delete(missing, n)
		case <-late:
			t.Fatalf("%s never heard %v", who, missing)
		}
	}
}

func TestLiveUpdates(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna := boss.agent("Anna Arndt", nil)
	bert := boss.agent("Bert Bauer", nil)
	bert.post("/api/presence", map[string]any{"presence": "away"}, nil)
	a, b, s := anna.listen(), bert.listen(), boss.listen()
	hears(t, "anna", a, "beat")
	hears(t, "bert", b, "beat")
	hears(t, "boss", s, "beat")
	in := r.mail("kim@customer.example", "Hi", "There")
	conversation := "conversation:" + in.Conversation
	hears(t, "anna", a, "offer", "desk", conversation)
	hears(t, "boss", s, "overview", conversation)
	hears(t, "bert", b, "waiting")
	anna.take()
	hears(t, "anna", a, "desk", conversation)
	// What a page fetches when it hears of it shows it already.
	if v := anna.conversation(in.Conversation); !hasEvent(v, "Anna Arndt took it.") {
		t.Errorf("the page is behind what it heard: %v", events(v))
	}
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "Yes."}, nil)
	r.delivered()
	hears(t, "bert", b, conversation)
	r.mail("robot@machine.example", "Away", "Away.", "Auto-Submitted: auto-replied")
	hears(t, "boss", s, "review")
	for len(b) > 0 {
		if n := <-b; n == "offer" {
			t.Error("bert, who is away, heard of an offer")
		}
	}
}
