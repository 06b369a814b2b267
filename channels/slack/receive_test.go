package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/slack"
	"stagecoach/channels/slack/slackfake"
	"stagecoach/contact"
)

// scene is an account that receives from a fake.
type scene struct {
	*slackfake.Server
	t   *testing.T
	a   *slack.Adapter
	src *channeltest.Source
}

// watch makes a scene; change may change the account's configuration.
func watch(t *testing.T, s *slackfake.Server, change func(*slack.Config)) *scene {
	t.Helper()
	cfg := config(s)
	if change != nil {
		change(&cfg)
	}
	w := &scene{Server: s, t: t, a: adapter(t, cfg, nil), src: channeltest.NewSource(t)}
	w.src.Covers = covers
	return w
}

// run receives until stop is called.
func (w *scene) run() (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	before := w.src.Connections()
	runner := channels.NewRunner(w.a.Channel(), w.src, channels.RunnerConfig{First: 10 * time.Millisecond, Longest: 100 * time.Millisecond}, slog.New(slog.DiscardHandler))
	go func() { done <- runner.Run(ctx) }()
	var once atomic.Bool
	stop = func() {
		if once.CompareAndSwap(false, true) {
			cancel()
			<-done
		}
	}
	w.t.Cleanup(stop)
	w.src.Until("the link to stand", func() bool { return w.src.Connections() > before })
	return stop
}

// again is another process of the same account.
func (w *scene) again(change func(*slack.Config)) {
	cfg := config(w.Server)
	if change != nil {
		change(&cfg)
	}
	w.a = adapter(w.t, cfg, nil)
}

// texts gives what was stored, in its order.
func (w *scene) texts() []string {
	w.t.Helper()
	var out []string
	for _, in := range w.src.Items() {
		out = append(out, w.parse(in).Text)
	}
	return out
}

func (w *scene) parse(in *channels.Inbound) *contact.Message {
	w.t.Helper()
	m, err := w.a.Parse(in)
	if err != nil {
		w.t.Fatalf("%s: %v", in.Raw, err)
	}
	return m
}

// wants waits until a marker, put last by alice, is stored, and compares.
func (w *scene) wants(want ...string) {
	w.t.Helper()
	w.Put(slackfake.Message{User: alice, Text: "the end"})
	w.src.Until("the end", func() bool { return len(w.src.Items()) > len(want) && slices.Contains(w.texts(), "the end") })
	got := slices.DeleteFunc(w.texts(), func(s string) bool { return s == "the end" })
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Errorf("stored are %q, want %q", got, want)
	}
}

func ours(names ...string) func(*slack.Config) {
	return func(c *slack.Config) { c.Channels = names }
}

func TestWhatIsForUs(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	sales := s.AddChannel("sales", false, true)
	chat := s.AddChannel("chat", false, true)
	elsewhere := s.AddUser(slackfake.User{Name: "Grace", Team: "T0ELSE001", TeamName: "Elsewhere Ltd"})
	w := watch(t, s, ours("#sales"))
	_, old := s.Put(slackfake.Message{User: alice, Channel: chat, Text: "older than us"})
	w.run()

	s.Put(slackfake.Message{User: alice, Channel: sales, Text: "in our channel"})
	s.Put(slackfake.Message{User: alice, Channel: chat, Text: "among friends"})
	_, asked := s.Put(slackfake.Message{User: elsewhere, Channel: chat, Text: "<@" + slackfake.Self + "> what about it?"})
	s.Put(slackfake.Message{User: alice, Channel: chat, Text: "in a thread with us", Thread: asked})
	s.Put(slackfake.Message{User: alice, Channel: chat, Text: "in another thread", Thread: old})
	s.Put(slackfake.Message{Bot: "B0OTHER01", Channel: sales, Text: "by a program"})
	s.Put(slackfake.Message{User: slackfake.Self, Bot: slackfake.BotID, Channel: sales, Text: "by ourselves"})
	s.Put(slackfake.Message{User: "USLACKBOT", Text: "by Slack"})
	w.wants("in our channel", "@stagecoach what about it?", "in a thread with us")
	for _, in := range w.src.Items() {
		m := w.parse(in)
		if strings.Contains(m.Text, "what about it") && (m.From.Name != "Grace (Elsewhere Ltd)" || m.ReplyText != "what about it?" || m.From.Address != "T0ELSE001/"+elsewhere) {
			t.Errorf("the stranger's message is %+v", m)
		}
		if in.Sender == "" || in.Sender != m.From.Address {
			t.Errorf("sender %q, from %q", in.Sender, m.From.Address)
		}
	}
}

func TestBotsAreTakenWhereAsked(t *testing.T) {
	t.Parallel()
	w := watch(t, provider(t, slackfake.Config{}), func(c *slack.Config) { c.Bots = true })
	id := w.AddChannel("sales", true, true)
	w.run()
	w.Put(slackfake.Message{Bot: "B0OTHER01", Channel: id, Text: "hello <@" + slackfake.Self + ">"})
	w.Put(slackfake.Message{User: slackfake.Self, Bot: slackfake.BotID, Text: "by ourselves <@" + slackfake.Self + ">", Channel: id})
	w.wants("hello @stagecoach")
}

func TestAThreadThatBeganWithoutUs(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	chat := s.AddChannel("chat", false, true)
	_, root := s.Put(slackfake.Message{User: alice, Channel: chat, Text: "we two alone"})
	_, other := s.Put(slackfake.Message{User: alice, Channel: chat, Text: "with the desk"})
	s.Put(slackfake.Message{User: alice, Channel: chat, Text: "<@" + slackfake.Self + "> you too", Thread: other})
	w := watch(t, s, nil)
	w.run()
	s.Put(slackfake.Message{User: alice, Channel: chat, Text: "still alone", Thread: root})
	s.Put(slackfake.Message{User: alice, Channel: chat, Text: "are you there?", Thread: other})
	w.wants("are you there?")
}

func TestEditsAndDeletions(t *testing.T) {
	t.Parallel()
	w := watch(t, provider(t, slackfake.Config{}), nil)
	w.run()
	dm, ts := w.Put(slackfake.Message{User: alice, Text: "see https://a.test"})
	_, gone := w.Put(slackfake.Message{User: alice, Text: "my password"})
	w.src.UntilStored(2)
	w.Unfurl(dm, ts)
	w.Edit(dm, ts, "see  https://a.test ") // the same words
	w.Edit(dm, ts, "never mind")
	w.src.UntilStored(3)
	w.Delete(dm, gone, true)
	w.src.UntilStored(4)
	w.wants("see https://a.test", "my password", "never mind", "")
	var changes []*contact.Message
	for _, in := range w.src.Items() {
		if in.Kind == channels.Changed {
			changes = append(changes, w.parse(in))
		}
	}
	if len(changes) != 2 || changes[0].Text != "never mind" || !strings.HasSuffix(changes[0].Replaces, ts) || changes[0].Withdrawn {
		t.Fatalf("the changes are %+v", changes)
	}
	if !changes[1].Withdrawn || !strings.HasSuffix(changes[1].Replaces, gone) || changes[1].From.Address != slackfake.TeamID+"/"+alice {
		t.Errorf("the deletion is %+v", changes[1])
	}
}

func TestWhileAway(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{PageLimit: 4})
	sales := s.AddChannel("sales", false, true)
	chat := s.AddChannel("chat", true, true)
	bob := s.AddUser(slackfake.User{Name: "Bob"})
	w := watch(t, s, ours(sales))
	stop := w.run()
	dm, first := s.Put(slackfake.Message{User: alice, Text: "first"})
	_, thread := s.Put(slackfake.Message{User: alice, Channel: sales, Text: "a thread"})
	_, mention := s.Put(slackfake.Message{User: alice, Channel: chat, Text: "<@" + slackfake.Self + ">"})
	w.src.UntilStored(3)
	w.src.Until("three bookmarks", func() bool { return len(w.src.Bookmarks()) >= 4 })
	stop()

	want := []string{"first", "a thread", "@stagecoach", "first, after an edit", "an answer", "go on", "@stagecoach again", "from Bob"}
	for i := range 9 {
		s.Put(slackfake.Message{User: alice, Text: fmt.Sprintf("no %d", i)})
		want = append(want, fmt.Sprintf("no %d", i))
	}
	s.Edit(dm, first, "first, after an edit")
	s.Put(slackfake.Message{User: bob, Text: "from Bob"})
	s.Put(slackfake.Message{User: alice, Channel: sales, Text: "an answer", Thread: thread})
	s.Put(slackfake.Message{User: alice, Channel: chat, Text: "go on", Thread: mention})
	s.Put(slackfake.Message{User: alice, Channel: chat, Text: "<@" + slackfake.Self + "> again"})
	s.Put(slackfake.Message{User: alice, Channel: chat, Text: "not for us"})
	s.Misbehave(
		slackfake.Misbehaviour{Method: "conversations.history", Error: "ratelimited", Code: 429, Retry: "0", Times: 3},
		slackfake.Misbehaviour{Method: "users.info", Error: "ratelimited", Code: 429, Retry: "30"},
		slackfake.Misbehaviour{Method: "conversations.", Reverse: true, Double: true},
	)
	w.again(ours(sales))
	w.run()
	w.src.UntilStored(len(want))
	w.wants(want...)
}

func TestManySocketsInTurn(t *testing.T) {
	t.Parallel()
	w := watch(t, provider(t, slackfake.Config{}), nil)
	w.run()
	var want []string
	for i, reason := range []string{"warning", "refresh_requested", "refresh_requested", "whatever is new"} {
		until(t, "a socket", func() bool { return w.Opened() > i })
		w.Put(slackfake.Message{User: alice, Text: fmt.Sprintf("before %d", i)})
		w.Disconnect(reason, i%2 == 1)
		w.Put(slackfake.Message{User: alice, Text: fmt.Sprintf("after %d", i)})
		want = append(want, fmt.Sprintf("before %d", i), fmt.Sprintf("after %d", i))
	}
	w.wants(want...)
}

func TestDisconnectionsThatEnd(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]struct {
		reason channels.Reason
		wait   time.Duration
		words  string
	}{
		"link_disabled":       {channels.Auth, 0, "Socket Mode is switched off"},
		"too_many_websockets": {channels.Unavailable, 30 * time.Second, "too many sockets"},
	} {
		w := watch(t, provider(t, slackfake.Config{}), nil)
		ended := make(chan error, 1)
		go func() { ended <- w.a.Receive(t.Context(), w.src) }()
		until(t, "a socket", func() bool { return w.Sockets() > 0 })
		w.Disconnect(reason, false)
		var typed *channels.Error
		if err := <-ended; !errors.As(err, &typed) || typed.Reason != want.reason || typed.RetryAfter != want.wait || !strings.Contains(err.Error(), want.words) {
			t.Errorf("%s: Receive ends with %v", reason, err)
		}
	}
}

func TestRateLimitedSocket(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	s.Misbehave(slackfake.Misbehaviour{Method: "apps.connections.open", Code: 429, Error: "ratelimited", Retry: "7"})
	err := watch(t, s, nil).a.Receive(t.Context(), channeltest.NewSource(t))
	var typed *channels.Error
	if !errors.As(err, &typed) || typed.Reason != channels.RateLimited || typed.RetryAfter != 7*time.Second {
		t.Errorf("Receive ends with %v", err)
	}
}

func TestHostileFrames(t *testing.T) {
	t.Parallel()
	w := watch(t, provider(t, slackfake.Config{}), nil)
	w.run()
	for _, frame := range []string{
		`{`, `[]`, `"x"`, `null`, `{"type":7}`, `{"type":"unheard_of"}`, `{"type":"events_api","payload":{}}`, "\x00", ``,
		`{"type":"events_api","envelope_id":5,"payload":"x"}`, `{"type":"hello"}`, strings.Repeat("[", 10000),
	} {
		w.Frame(frame)
	}
	for i, payload := range []string{
		`{"type":"event_callback","event":{"type":"reaction_added","item":{}}}`,
		`{"type":"event_callback","event":{"type":"message","subtype":"channel_join","channel":"D0FAKE0001","user":"U1","ts":"9999999999.000001"}}`,
		`{"type":"event_callback","event_id":"EvA","event":{"type":"message","channel":"../../etc","ts":"1.1"}}`,
		`{"type":"event_callback","event_id":"EvB","event":null}`,
		`"only words"`,
	} {
		w.PutRaw(payload)
		until(t, fmt.Sprintf("payload %d to be acknowledged", i), func() bool { return w.Acked(payload) })
	}
	w.Put(slackfake.Message{User: alice, Text: "a sane one"})
	w.src.UntilStored(4)
	broken := 0
	for _, in := range w.src.Items() {
		if _, err := w.a.Parse(in); err != nil {
			broken++
		}
	}
	if broken != 3 {
		t.Errorf("%d of %d items are broken, want 3", broken, len(w.src.Items()))
	}
}

func TestHugeAnswers(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	s.DM(alice)
	s.Misbehave(slackfake.Misbehaviour{Method: "conversations.history", Huge: true}, slackfake.Misbehaviour{Method: "users.info", Garbage: true})
	w := watch(t, s, nil)
	w.run()
	w.wants()
}

func TestOrderOfOneSender(t *testing.T) {
	t.Parallel()
	w := watch(t, provider(t, slackfake.Config{}), nil)
	w.run()
	w.Put(slackfake.Message{User: alice, Text: "hello"})
	want := []string{"hello"}
	for i := range 50 {
		text := fmt.Sprintf("no %03d", i)
		m := slackfake.Message{User: alice, Text: text}
		if i%10 == 3 { // a file takes its time
			m.Files = []slackfake.File{{Name: "a.txt", Type: "text/plain", Data: []byte("x")}}
		}
		w.Put(m)
		want = append(want, text)
	}
	w.src.UntilStored(51)
	if got := w.texts(); !slices.Equal(got, want) {
		t.Errorf("the order is %q", got)
	}
	until(t, "the bookmark to count them", func() bool {
		return w.src.Bookmarks()["slack/support/"+w.DM(alice)].Seen == 51
	})
}

func TestInteractions(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	got := make(chan slack.Interaction, 10)
	var refuse atomic.Bool
	refuse.Store(true)
	w := watch(t, s, func(c *slack.Config) {
		c.Interact = func(_ context.Context, i slack.Interaction) error {
			if refuse.Swap(false) {
				return errors.New("not now")
			}
			got <- i
			return nil
		}
	})
	w.run()
	const refused, pressed = `{"type":"block_actions","n":1}`, `{"type":"block_actions","n":2}`
	s.Interact(refused)
	s.Interact(pressed)
	i := <-got
	if i.Kind != "interactive" || !json.Valid(i.Payload) {
		t.Errorf("the interaction is %+v", i)
	}
	until(t, "the acknowledgement", func() bool { return s.Acked(pressed) || s.Acked(refused) })
}

func TestFilesOfAMessage(t *testing.T) {
	t.Parallel()
	w := watch(t, provider(t, slackfake.Config{}), nil)
	w.run()
	w.Put(slackfake.Message{User: alice, Text: "look", Files: []slackfake.File{
		{Name: "a.png", Type: "image/png", Data: []byte("\x89PNG")},
		{Name: "b.txt", Type: "text/plain", External: "http://169.254.169.254/latest/meta-data"},
	}})
	w.src.UntilStored(1)
	m := w.parse(w.src.Items()[0])
	if len(m.Attachments) != 1 || string(m.Attachments[0].Data) != "\x89PNG" || m.Attachments[0].Name != "a.png" {
		t.Errorf("the attachments are %+v", m.Attachments)
	}
	if len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0], "another service") {
		t.Errorf("the warnings are %q", m.Warnings)
	}
}

func TestFilesWithoutTheScope(t *testing.T) {
	t.Parallel()
	scopes := slices.DeleteFunc(slackfake.AllScopes(), func(s string) bool { return s == "files:read" || s == "users:read" })
	w := watch(t, provider(t, slackfake.Config{Scopes: scopes}), nil)
	w.run()
	w.Put(slackfake.Message{User: alice, Text: "look", Files: []slackfake.File{{Name: "a.png", Type: "image/png", Data: []byte("\x89PNG")}}})
	w.src.UntilStored(1)
	m := w.parse(w.src.Items()[0])
	if len(m.Attachments) != 0 || len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0], "files:read") {
		t.Errorf("the message is %+v", m)
	}
}
