package desk_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/webchat"
	"stagecoach/channels/webchat/webchatfake"
	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// chatSource takes in what visitors write as the daemon does.
type chatSource struct {
	r    *rig
	came chan router.Result
}

func (s *chatSource) Deliver(ctx context.Context, in *channels.Inbound) error {
	res, err := s.r.Enter(ctx, router.ActorIntake, in)
	if err == nil {
		s.came <- res
	}
	return err
}

func (s *chatSource) Bookmark(context.Context, string) (channels.Bookmark, bool, error) {
	return channels.Bookmark{}, false, nil
}

func (s *chatSource) Advance(context.Context, channels.Bookmark) error { return nil }

// chatting adds a real web chat, with a visitor in it.
func (r *rig) chatting() (*webchat.Adapter, *webchatfake.Visitor, *chatSource) {
	r.tb.Helper()
	log := slog.New(slog.DiscardHandler)
	chat := must[*webchat.Adapter](r.tb)(webchat.New(webchat.Config{
		Account: "shop", Dir: r.tb.TempDir(), MailAfter: 20 * time.Millisecond,
		Mail: func(context.Context, string, string, string, string) error { return errors.New("the link broke") },
		Activity: func(a webchat.Activity) {
			r.svc.Stirred(contact.WebChat, "shop", a.Thread, a.Typing || a.Presence)
		},
	}, log))
	r.chat = chat.Channel()
	src := &chatSource{r: r, came: make(chan router.Result, 10)}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	runner := channels.NewRunner(r.chat, src, channels.RunnerConfig{First: 10 * time.Millisecond}, log)
	group.Go(func() { _ = runner.Run(ctx) }) // always nil
	front := httptest.NewServer(http.StripPrefix("/channels/webchat/shop", chat))
	v := webchatfake.New(ctx, webchatfake.Config{URL: front.URL + "/channels/webchat/shop"})
	r.tb.Cleanup(func() {
		v.Close()
		cancel()
		group.Wait()
		front.Close()
	})
	if err := v.Come(); err != nil {
		r.tb.Fatal(err)
	}
	return chat, v, src
}

// hears waits for an update of a page by its name.
func (c *client) hears(name string) <-chan struct{} {
	c.rig.tb.Helper()
	req := must[*http.Request](c.rig.tb)(http.NewRequestWithContext(c.rig.tb.Context(), http.MethodGet, c.rig.server.URL+"/api/events", nil))
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp := must[*http.Response](c.rig.tb)(c.http.Do(req)) //nolint:bodyclose // below
	c.rig.tb.Cleanup(func() { _ = resp.Body.Close() })
	out := make(chan struct{}, 100)
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() { // the first beat: the line stands
		c.rig.tb.Fatal("no live line")
	}
	go func() {
		for lines.Scan() {
			if lines.Text() == "event: "+name {
				out <- struct{}{}
			}
		}
	}()
	return out
}

func within[T any](tb testing.TB, what string, ch <-chan T) T {
	tb.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(60 * time.Second):
		tb.Fatalf("waited too long for %s", what)
		panic("not reached")
	}
}

// Both sides of a chat see each other writing, and the agent what was read, who
// has gone, and that a mail is in doubt; nothing of it is in the log.
func TestBothEndsOfAChat(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	chat, v, src := r.chatting()
	if _, err := v.Say("Is the tent waterproof?"); err != nil {
		t.Fatal(err)
	}
	in := within(t, "the message", src.came)
	if err := r.ledger.WaitFor(t.Context(), in.Commit); err != nil {
		t.Fatal(err)
	}
	anna.take()
	c := anna.conversation(in.Conversation)
	if c.Signature != "" || !strings.HasPrefix(c.Card.CustomerName, "Visitor ") {
		t.Errorf("a line of a chat is signed %q, to %q", c.Signature, c.Card.CustomerName)
	}
	if !c.Presence.Known || c.Presence.Here || !c.ShowsTyping || c.Presence.Address != "" {
		t.Errorf("before the visitor listens: %+v", c.Presence)
	}
	news := anna.hears("presence:" + in.Conversation)
	v.Listen()
	within(t, "word that they are there", news)
	if err := v.Post("typing", struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	within(t, "word that they write", news)
	browser := r.browser("anna.arndt@acme.example", "battery staple")
	if line := browser.page("/p/c/" + in.Conversation + "/presence"); !strings.Contains(line, "The customer is writing…") || !strings.Contains(line, "data-again") {
		t.Errorf("the page shows %s", line)
	}

	other := r.boss2()
	for _, who := range []*client{other, browser, browser} {
		if status, body, _ := who.form("/c/" + in.Conversation + "/typing"); status != http.StatusNoContent {
			t.Errorf("writing was answered by %d %s", status, body)
		}
	}
	poll(t, func() bool { return len(v.Typing()) > 0 })
	if got := v.Typing(); len(got) != 1 || got[0] != `{"name":"Anna Arndt"}` {
		t.Errorf("the visitor is shown %q", got)
	}

	answerChat(t, r, anna, chat, in, "0199aaaa-0000-7000-8000-000000000001")
	poll(t, func() bool { return len(v.Received()) == 1 })
	if it := replied(t, anna.conversation(in.Conversation)); !it.Read.IsZero() {
		t.Errorf("unread, and shown as %+v", it)
	}
	changed := anna.hears("conversation:" + in.Conversation)
	if err := v.Post("read", map[string]int{"n": 2}, nil); err != nil {
		t.Fatal(err)
	}
	within(t, "word that it was read", changed)
	if it := replied(t, anna.conversation(in.Conversation)); it.Read.IsZero() || it.Mailed != "" {
		t.Errorf("read, and shown as %+v", it)
	}
	if page := anna.browserPage(browser, in.Conversation); !strings.Contains(page, "Read "+replied(t, anna.conversation(in.Conversation)).Read.Format("15:04")) {
		t.Error("the page doesn't say when it was read")
	}
}

// Who has answered in a chat adds a line, which is a message of its own, until the
// customer writes again; nobody else does.
func TestFurtherLineInAChat(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna, bert := boss.agent("Anna Arndt", nil), boss.agent("Bert Braun", nil)
	chat, v, src := r.chatting()
	v.Listen()
	if _, err := v.Say("Is the tent waterproof?"); err != nil {
		t.Fatal(err)
	}
	in := within(t, "the message", src.came)
	if err := r.ledger.WaitFor(t.Context(), in.Commit); err != nil {
		t.Fatal(err)
	}
	anna.take()
	answerChat(t, r, anna, chat, in, "0199aaaa-0000-7000-8000-000000000001")
	line := map[string]any{"reply_id": "0199aaaa-0000-7000-8000-000000000002", "kind": "answer", "covers": in.Message, "text": "And light."}
	if c := anna.conversation(in.Conversation); !c.WritesOn || c.Card.State != "ended" {
		t.Errorf("after the answer: %+v, may write on: %t", c.Card, c.WritesOn)
	}
	if c := bert.conversation(in.Conversation); c.WritesOn {
		t.Error("a colleague may write on")
	}
	bert.want(http.StatusConflict, http.MethodPost, "/api/contacts/"+in.Contact+"/reply", map[string]any{
		"reply_id": "0199aaaa-0000-7000-8000-000000000003", "kind": "answer", "covers": in.Message, "text": "Me too.",
	}, nil)
	page := r.browser("anna.arndt@acme.example", "battery staple").page("/c/" + in.Conversation)
	for _, want := range []string{`name="stay"`, `id="pane-reply"`, "data-typing"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(page, "I owe more by") {
		t.Error("a further line can be a promise")
	}

	anna.post("/api/contacts/"+in.Contact+"/reply", line, nil)
	queued := r.sent()
	var words contact.Reply
	if err := json.Unmarshal(must[[]byte](t)(r.journal.Get(t.Context(), queued.Ref)), &words); err != nil {
		t.Fatal(err)
	}
	if words.Kind != contact.Outbound || words.Contact != "" || words.Conversation != in.Conversation {
		t.Errorf("queued as %+v", words)
	}
	if _, err := chat.Send(t.Context(), &words); err != nil {
		t.Fatal(err)
	}
	r.attempt(queued, router.Outcome{Delivered: true})
	poll(t, func() bool { return len(v.Received()) == 2 })

	if _, err := v.Say("And the price?"); err != nil {
		t.Fatal(err)
	}
	next := within(t, "the next message", src.came)
	if next.Conversation != in.Conversation || next.Contact == in.Contact {
		t.Errorf("the next message is %+v, after %+v", next, in)
	}
	if err := r.ledger.WaitFor(t.Context(), next.Commit); err != nil {
		t.Fatal(err)
	}
	if c := anna.conversation(in.Conversation); c.WritesOn || c.Card.State == "ended" {
		t.Errorf("after the next message: %+v, may write on: %t", c.Card, c.WritesOn)
	}
}

// A customer who has left an address goes: the agent sees the address, and of the
// reply that nobody knows whether it was mailed.
func TestMailOfAChatInDoubt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	chat, v, src := r.chatting()
	if err := v.Post("email", map[string]string{"email": "kim@cust.example"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Say("Is the tent waterproof?"); err != nil {
		t.Fatal(err)
	}
	in := within(t, "the message", src.came)
	if err := r.ledger.WaitFor(t.Context(), in.Commit); err != nil {
		t.Fatal(err)
	}
	anna.take()
	browser := r.browser("anna.arndt@acme.example", "battery staple")
	if page := anna.browserPage(browser, in.Conversation); !strings.Contains(page, "Answers are mailed to kim@cust.example") {
		t.Error("the page doesn't show the address that was left")
	}
	answerChat(t, r, anna, chat, in, "0199aaaa-0000-7000-8000-000000000002")
	poll(t, func() bool { return replied(t, anna.conversation(in.Conversation)).MailTrouble != "" })
	it := replied(t, anna.conversation(in.Conversation))
	if it.State != "delivered" || it.Mailed != "kim@cust.example" || !strings.Contains(it.MailTrouble, "Nobody knows") {
		t.Errorf("shown as %+v", it)
	}
	if page := anna.browserPage(browser, in.Conversation); !strings.Contains(page, "Nobody knows whether the mail to kim@cust.example") {
		t.Error("the page doesn't say that the mail is in doubt")
	}
}

// answerChat answers by the desk, and hands the reply over as the daemon does.
func answerChat(t *testing.T, r *rig, anna *client, chat *webchat.Adapter, in router.Result, id string) {
	t.Helper()
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{
		"reply_id": id, "kind": "answer", "covers": in.Message, "text": "It is.",
	}, nil)
	queued := r.sent()
	data := must[[]byte](t)(r.journal.Get(t.Context(), queued.Ref))
	var words contact.Reply
	if err := json.Unmarshal(data, &words); err != nil {
		t.Fatal(err)
	}
	if _, err := chat.Send(t.Context(), &words); err != nil {
		t.Fatal(err)
	}
	r.attempt(queued, router.Outcome{Delivered: true})
}

func replied(t *testing.T, c view.Conversation) view.Item {
	t.Helper()
	for _, it := range c.Items {
		if it.Kind == view.ItemReply && it.ReplyKind == contact.Answer {
			return it
		}
	}
	t.Fatal("no reply is shown")
	return view.Item{}
}

// boss2 is the supervisor in a browser.
func (r *rig) boss2() *client { return r.browser("boss@acme.example", "correct horse") }

func (c *client) browserPage(browser *client, conversation string) string {
	c.rig.tb.Helper()
	return browser.page("/c/" + conversation)
}
