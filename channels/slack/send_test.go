package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"stagecoach/channels"
	"stagecoach/channels/slack"
	"stagecoach/channels/slack/slackfake"
	"stagecoach/contact"
)

// composed is a reply as Send gets it, by an adapter that knows its scopes.
func composed(t *testing.T, a *slack.Adapter, r *contact.Reply) *contact.Reply {
	t.Helper()
	if err := a.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	raw, err := a.Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Raw = raw
	return r
}

// question is asked by alice in a channel of its own.
func question(s *slackfake.Server) (channel, ts string) {
	return s.Put(slackfake.Message{User: alice, Channel: s.AddChannel("sales", false, true), Text: "how long?"})
}

// answer answers it in its thread.
func answer(id, text, channel, ts string) *contact.Reply {
	r := reply(id, text, channel, ts)
	r.Origin = json.RawMessage(fmt.Sprintf(`{"v":1,"team":"T0COACHWK","channel":%q,"kind":"channel","ts":%q,"thread":%q,"user":%q}`, channel, ts, ts, alice))
	return r
}

func TestAnswerInTheThread(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	channel, ts := question(s)
	a := adapter(t, config(s), nil)
	got, err := a.Send(t.Context(), composed(t, a, answer("reply-1", "two <days> & *no* more @here <!channel>", channel, ts)))
	if err != nil {
		t.Fatal(err)
	}
	p := s.Posts()[0]
	if p.Thread != ts || p.Channel != channel || p.Username != "Anna" || p.Text != "two &lt;days&gt; &amp; *no* more @here &lt;!channel&gt;" {
		t.Errorf("posted is %+v", p)
	}
	if got.ProviderID != slackfake.TeamID+"/"+channel+"/"+p.TS {
		t.Errorf("the receipt is %+v", got)
	}
	var m struct {
		Type    string `json:"event_type"`
		Payload struct {
			Reply string `json:"reply_id"`
			Part  int    `json:"part"`
		} `json:"event_payload"`
	}
	if json.Unmarshal(p.Metadata, &m) != nil || m.Type != "stagecoach_reply" || m.Payload.Reply != "reply-1" || m.Payload.Part != 1 {
		t.Errorf("the metadata are %s", p.Metadata)
	}
}

func TestNameWithoutTheScope(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{Scopes: slices.DeleteFunc(slackfake.AllScopes(), func(s string) bool { return s == "chat:write.customize" })})
	channel, ts := question(s)
	a := adapter(t, config(s), nil)
	r := answer("reply-1", "soon", channel, ts)
	r.FromName = "Anna <*Desk*>"
	if _, err := a.Send(t.Context(), composed(t, a, r)); err != nil {
		t.Fatal(err)
	}
	if p := s.Posts()[0]; p.Text != "*Anna &lt;Desk&gt;:*\nsoon" || p.Username != "" {
		t.Errorf("posted is %+v", p)
	}
}

// long is a text of several parts.
func long() string {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "Sentence number %d goes on & on, for <some> time.", i)
		if i%9 == 8 {
			b.WriteString("\n\n")
		} else {
			b.WriteString(" ")
		}
	}
	return b.String()
}

func TestLongAnswersAreSplitOnce(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	channel, ts := question(s)
	a := adapter(t, config(s), nil)
	r := composed(t, a, answer("reply-1", long(), channel, ts))
	s.Misbehave(slackfake.Misbehaviour{Method: "chat.postMessage", Code: 429, Error: "ratelimited", Retry: "1", Skip: 2, Times: 1})
	if _, err := a.Send(t.Context(), r); channels.ReasonOf(err) != channels.RateLimited {
		t.Fatalf("Send gives %v, want it to be limited at the third part", err)
	}
	if n := len(s.Posts()); n != 2 {
		t.Fatalf("%d parts are posted, want 2", n)
	}
	// Another process goes on where that one was.
	a = adapter(t, config(s), nil)
	s.Misbehave(slackfake.Misbehaviour{Method: "chat.postMessage", Cut: true, After: true, Times: 1})
	if _, err := a.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range s.Posts() {
		if utf8.RuneCountInString(p.Text) > 4000 || p.Thread != ts {
			t.Errorf("a part of %d characters in thread %q", utf8.RuneCountInString(p.Text), p.Thread)
		}
		all = append(all, p.Text)
	}
	plain := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(strings.Join(all, " "))
	if got, want := strings.Fields(plain), strings.Fields(long()); !slices.Equal(got, want) {
		t.Errorf("%d words in %d parts arrived, want %d", len(got), len(all), len(want))
	}
}

func TestFilesOfAReply(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	channel, ts := question(s)
	a := adapter(t, config(s), nil)
	r := answer("reply-1", "here they are", channel, ts)
	r.Attachments = []contact.Attachment{
		{Name: "../invoice.pdf", ContentType: "application/pdf", Data: []byte("%PDF-1.7")},
		{Name: "photo.png", ContentType: "image/png", Data: []byte("\x89PNG")},
	}
	composed(t, a, r)
	s.Misbehave(slackfake.Misbehaviour{Method: "files.completeUploadExternal", Cut: true, After: true, Times: 1})
	if _, err := a.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for range 2 { // and by other processes
		if _, err := adapter(t, config(s), nil).Send(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	posts := s.Posts()
	if len(posts) != 2 || len(posts[0].Files) != 2 || posts[0].Thread != ts || posts[0].Files[0].Name != "invoice.pdf" ||
		!bytes.Equal(posts[0].Files[1].Data, []byte("\x89PNG")) || posts[1].Text != "here they are" {
		t.Errorf("posted are %+v", posts)
	}
}

func TestFilesThatCannotBeSentLeaveNothing(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	channel, ts := question(s)
	a := adapter(t, config(s), nil)
	r := answer("reply-1", "here it is", channel, ts)
	r.Attachments = []contact.Attachment{{Name: "virus.exe", Data: []byte("MZ")}}
	composed(t, a, r)
	s.Misbehave(slackfake.Misbehaviour{Method: "files.getUploadURLExternal", Error: "blocked_file_type"})
	if _, err := a.Send(t.Context(), r); channels.ReasonOf(err) != channels.Rejected {
		t.Errorf("Send gives %v", err)
	}
	if n := len(s.Posts()); n != 0 {
		t.Errorf("%d messages are posted", n)
	}
}

func TestFirstWordToSomebody(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	a := adapter(t, config(s), nil)
	r := &contact.Reply{
		ID: "reply-1", Kind: contact.Outbound, CreatedAt: time.Now(), Text: "your parcel has come", FromName: "Anna",
		To: []contact.Address{{Address: slackfake.TeamID + "/" + alice}}, Attachments: []contact.Attachment{{Name: "a.txt", Data: []byte("a")}},
	}
	composed(t, a, r)
	for range 2 {
		if _, err := adapter(t, config(s), nil).Send(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	posts := s.Posts()
	if len(posts) != 2 || posts[0].Channel != s.DM(alice) || posts[1].Channel != s.DM(alice) || posts[1].Thread != "" {
		t.Errorf("posted are %+v", posts)
	}
}

func TestInDoubtIsResolved(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	channel, ts := question(s)
	blind := slackfake.Misbehaviour{Method: "conversations.", Code: 503}
	for name, c := range map[string]struct {
		post      slackfake.Misbehaviour
		delivered bool
	}{
		"taken":     {slackfake.Misbehaviour{Method: "chat.postMessage", Cut: true, After: true}, true},
		"not taken": {slackfake.Misbehaviour{Method: "chat.postMessage", Cut: true}, false},
	} {
		a := adapter(t, config(s), nil)
		r := composed(t, a, answer(name, name, channel, ts))
		s.Misbehave(c.post, slackfake.Misbehaviour{Method: "conversations.", Times: 1, Delay: 1}, blind)
		if _, err := a.Send(t.Context(), r); channels.ReasonOf(err) != channels.InDoubt {
			t.Fatalf("%s: Send gives %v", name, err)
		}
		if _, known, err := a.Delivered(t.Context(), r); err == nil || known {
			t.Errorf("%s: it is known though nothing can be asked", name)
		}
		s.Misbehave()
		delivered, known, err := a.Delivered(t.Context(), r)
		if err != nil || delivered != c.delivered || known != c.delivered {
			t.Errorf("%s: at once it's %v, %v, %v", name, delivered, known, err)
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	a := adapter(t, config(s), nil)
	for name, change := range map[string]func(r *contact.Reply){
		"no text":       func(r *contact.Reply) { r.Text = " \n" },
		"nobody":        func(r *contact.Reply) { r.Origin, r.To = nil, nil },
		"odd origin":    func(r *contact.Reply) { r.Origin, r.To = json.RawMessage(`{"v":1,"channel":"x/../y"}`), nil },
		"much too long": func(r *contact.Reply) { r.Text = strings.Repeat("&", 60*4000) },
		"empty file":    func(r *contact.Reply) { r.Attachments = []contact.Attachment{{Name: "x"}} },
		"many files": func(r *contact.Reply) {
			r.Attachments = slices.Repeat([]contact.Attachment{{Name: "x", Data: []byte("x")}}, 11)
		},
	} {
		r := reply("reply-1", "text", "D0FAKE0001", "1.1")
		change(r)
		if raw, err := a.Compose(r); channels.ReasonOf(err) != channels.Malformed {
			t.Errorf("%s: composed is %s, %v", name, raw, err)
		}
	}
	if _, err := a.Send(t.Context(), &contact.Reply{ID: "x", Raw: []byte("{")}); channels.ReasonOf(err) != channels.Malformed {
		t.Errorf("Send gives %v", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	without := func(scope string) []string {
		return slices.DeleteFunc(slackfake.AllScopes(), func(s string) bool { return s == scope })
	}
	for name, c := range map[string]struct {
		fake   slackfake.Config
		change func(*slack.Config)
		want   channels.Reason
		says   string
	}{
		"all is well":     {says: "logged in to Coachworks as @stagecoach"},
		"no name":         {fake: slackfake.Config{Scopes: without("chat:write.customize")}, says: "first line"},
		"cannot write":    {fake: slackfake.Config{Scopes: without("chat:write")}, want: channels.Auth, says: "lacks the scope chat:write to answer"},
		"cannot hear":     {fake: slackfake.Config{Scopes: without("im:history")}, want: channels.Auth, says: "im:history"},
		"not invited":     {change: ours("sales", "#support"), want: channels.Rejected, says: "/invite @stagecoach"},
		"private channel": {fake: slackfake.Config{Scopes: without("groups:read")}, change: ours("board"), want: channels.Rejected, says: "a private one needs the scopes"},
		"wrong bot token": {change: func(c *slack.Config) { c.BotToken = "xoxb-0" }, want: channels.Auth, says: "invalid_auth"},
		"wrong app token": {change: func(c *slack.Config) { c.AppToken = "xapp-0" }, want: channels.Auth, says: "app_token"},
		"wrong server":    {change: func(c *slack.Config) { c.API = strings.Replace(c.API, "/api/", "/files-pri/", 1) }, want: channels.Malformed, says: "is the address right?"},
		"nobody there":    {change: func(c *slack.Config) { c.API = "http://127.0.0.1:1/api/" }, want: channels.Unavailable, says: "connection refused"},
	} {
		s := provider(t, c.fake)
		s.AddChannel("sales", false, true)
		s.AddChannel("support", true, false)
		s.AddChannel("board", true, true)
		cfg := config(s)
		if c.change != nil {
			c.change(&cfg)
		}
		report, err := adapter(t, cfg, nil).Check(t.Context())
		if (c.want == "") != (err == nil) || err != nil && channels.ReasonOf(err) != c.want {
			t.Errorf("%s: Check gives %v", name, err)
		}
		said := strings.Join(report.Lines, "\n")
		if !strings.Contains(said, c.says) || strings.Contains(said, string(cfg.BotToken)) || strings.Contains(said, string(cfg.AppToken)) {
			t.Errorf("%s: Check says\n%s", name, said)
		}
	}
}

// An app-level token gets its scopes elsewhere than a bot's.
func TestCheckOfTheAppToken(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	s.Misbehave(slackfake.Misbehaviour{Method: "apps.connections.open", Code: 200, Body: `{"ok":false,"error":"missing_scope","needed":"connections:write"}`})
	_, err := adapter(t, config(s), nil).Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "app_token: ") || !strings.Contains(err.Error(), `under "Basic Information"`) {
		t.Errorf("Check gives %v", err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	_, err := slack.New(slack.Config{Account: "a b", BotToken: "xoxp-1", AppToken: "xapp 1", API: "http://slack.test/", Channels: []string{"a b"}, CAFile: "/nowhere"}, nil)
	for _, want := range []string{`account "a b"`, "bot_token", "app_token", "https only", `channels "a b"`, "ca_file"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New doesn't say %q: %v", want, err)
		}
	}
	cfg := slack.Config{Account: "x", BotToken: botToken, AppToken: appToken}
	raw, err := json.Marshal(cfg.BotToken)
	if shown := fmt.Sprintf("%v %+v %#v %s", cfg, cfg, cfg, raw); err != nil || strings.Contains(shown, "Zx81") {
		t.Errorf("the tokens are shown: %s", shown)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	w := watch(t, provider(t, slackfake.Config{PageLimit: 2}), nil)
	stop := w.run()
	dm, _ := w.Put(slackfake.Message{User: alice, Text: "first"})
	source := "slack/support/" + dm
	w.src.Until("the bookmark", func() bool { _, ok := w.src.Bookmarks()[source]; return ok })
	stop()
	var want []string
	for i := range 5 {
		_, ts := w.Put(slackfake.Message{User: alice, Text: fmt.Sprint(i)})
		want = append(want, ts)
	}
	w.Put(slackfake.Message{User: slackfake.Self, Bot: slackfake.BotID, Channel: dm, Text: "our own"})
	var got []string
	err := w.a.List(t.Context(), w.src.Bookmarks()[source], func(position string, at time.Time) bool {
		got = append(got, position)
		return !at.IsZero()
	})
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("listed are %q, %v, want %q", got, err, want)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	channel, ts := question(s)
	a := adapter(t, config(s), nil)
	r := composed(t, a, answer("reply-1", "soon", channel, ts))
	s.Misbehave(slackfake.Misbehaviour{Method: "chat.postMessage", Code: 429, Error: "ratelimited", Retry: "40"})
	var typed *channels.Error
	if _, err := a.Send(t.Context(), r); !errors.As(err, &typed) || typed.RetryAfter != 40*time.Second {
		t.Errorf("Send gives %v", err)
	}
	if wait := a.Pause(time.Now()); wait < 30*time.Second || wait > 40*time.Second {
		t.Errorf("the account pauses for %v", wait)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Send(ctx, r); err == nil {
		t.Error("Send goes on after its context ended")
	}
}
