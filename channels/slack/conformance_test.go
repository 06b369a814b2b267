package slack_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/slack"
	"stagecoach/channels/slack/slackfake"
	"stagecoach/contact"
)

const (
	botToken = "xoxb-1111-Zx81-not-for-logs"
	appToken = "xapp-1-A0-2222-Zx81-not-for-logs"
	alice    = "U0ALICE01"
)

// provider starts a fake with alice in it.
func provider(t *testing.T, cfg slackfake.Config) *slackfake.Server {
	t.Helper()
	cfg.BotToken, cfg.AppToken = botToken, appToken
	if cfg.AckTime == 0 {
		cfg.AckTime = 300 * time.Millisecond
	}
	s, err := slackfake.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.AddUser(slackfake.User{ID: alice, Name: "Alice"})
	return s
}

// config is that of our account at the fake.
func config(s *slackfake.Server) slack.Config {
	return slack.Config{Account: "support", BotToken: botToken, AppToken: appToken, API: s.URL()}
}

func adapter(t *testing.T, cfg slack.Config, log *slog.Logger) *slack.Adapter {
	t.Helper()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	a, err := slack.New(cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// covers reports whether a bookmark of a conversation covers a message in it.
func covers(b channels.Bookmark, position string) bool {
	var place struct {
		TS string `json:"ts"`
	}
	return json.Unmarshal([]byte(b.Position), &place) == nil && place.TS >= position
}

func TestConformance(t *testing.T) {
	for name, how := range map[string]struct {
		fake slackfake.Config
		mode slackfake.Delivery
	}{
		"events once":           {},
		"events twice, swapped": {mode: slackfake.Delivery{Double: true, Swap: true}},
		"small pages":           {fake: slackfake.Config{PageLimit: 3}},
		"no events at all":      {mode: slackfake.Delivery{Silent: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			channeltest.Run(t, func(t *testing.T) channeltest.Harness {
				t.Helper()
				s := provider(t, how.fake)
				s.Deliver(how.mode)
				h := harness(s, how.mode.Silent, how.mode.Swap)
				if how.fake.PageLimit > 0 {
					h.Failures = nil // they count calls
				}
				return h
			})
		})
	}
}

// harness puts alice before our account. Where no events are sent, each message
// cuts the link, and all comes by the histories.
func harness(s *slackfake.Server, silent, swaps bool) channeltest.Harness {
	cfg := config(s)
	where, question := s.Put(slackfake.Message{User: alice, Text: "how long does it take?", Quiet: true})
	marks := map[string]string{}
	h := channeltest.Harness{
		New: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			return adapter(t, cfg, log).Channel()
		},
		NewBadSecret: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			bad := cfg
			bad.BotToken = "xoxb-wrong-" + botToken
			return adapter(t, bad, log).Channel()
		},
		Secrets: []string{botToken, appToken, "ticket="},
		Put: func(t *testing.T, text string) {
			t.Helper()
			_, marks[text] = s.Put(slackfake.Message{User: alice, Text: text})
			if silent {
				s.Cut()
			}
		},
		Edit: func(t *testing.T, text, instead string) {
			t.Helper()
			if !silent {
				s.Edit(where, marks[text], instead)
				return
			}
			s.EditQuietly(where, marks[text], instead)
			s.Cut()
		},
		Unicode:  true,
		Shuffles: swaps,
		Marked: func(t *testing.T, text string) bool {
			t.Helper()
			return s.Acked(marks[text])
		},
		Covers: covers,
		Reply: func(id, text string) *contact.Reply {
			return reply(id, text, where, question)
		},
		Received: func(t *testing.T, text string) int {
			t.Helper()
			return s.Received(text)
		},
		OnceAcrossRestarts: true,
		Failures:           failures(s),
		Cut:                func(*testing.T) { s.Cut() },
		Down: func(t *testing.T) {
			t.Helper()
			s.Down()
			until(t, "the receiver to notice", func() bool { return s.Refused() > 3 })
		},
		Up: func(*testing.T) { s.Up() },
	}
	if !silent {
		h.Withdraw = func(t *testing.T, text string) {
			t.Helper()
			s.Delete(where, marks[text], false)
		}
		h.PutMalformed = func(t *testing.T) []byte {
			t.Helper()
			const event = `{"type":["message"],  "channel":7,"user":{"id":null},"text":"no \u0000 message","ts":1.5}`
			s.PutRaw(`{"type":"event_callback","event_id":"Ev0BROKEN","event":` + event + `}`)
			return []byte(event)
		}
	}
	return h
}

// reply answers a message of alice's.
func reply(id, text, channel, ts string) *contact.Reply {
	origin, err := json.Marshal(map[string]any{"v": 1, "team": slackfake.TeamID, "channel": channel, "kind": "im", "ts": ts, "user": alice})
	if err != nil {
		panic(err)
	}
	return &contact.Reply{
		ID: id, Kind: contact.Answer, Channel: contact.Slack, Account: "support", CreatedAt: time.Now().UTC(), FromName: "Anna",
		To: []contact.Address{{Address: slackfake.TeamID + "/" + alice}}, Text: text, Origin: origin,
	}
}

// until polls for what nothing tells of.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// failures is the table of what may become of a message that is sent.
func failures(s *slackfake.Server) []channeltest.Failure {
	posting := func(m slackfake.Misbehaviour) []slackfake.Misbehaviour {
		m.Method = "chat.postMessage"
		return []slackfake.Misbehaviour{m}
	}
	// What is looked up before the message is answered, and nothing after it.
	blind := slackfake.Misbehaviour{Method: "conversations.", Skip: 1, Code: 503, Retry: "1"}
	after := func(m slackfake.Misbehaviour) []slackfake.Misbehaviour { return append(posting(m), blind) }
	type row struct {
		name string
		how  []slackfake.Misbehaviour
		want channels.Reason
		sent bool
		wait time.Duration
	}
	rows := []row{
		{"moved", posting(slackfake.Misbehaviour{Code: 302}), channels.Malformed, false, 0},
		{"429", posting(slackfake.Misbehaviour{Code: 429, Retry: "20", Error: "ratelimited"}), channels.RateLimited, false, 20 * time.Second},
		{"maintenance", posting(slackfake.Misbehaviour{Code: 503}), channels.Unavailable, false, 0},
		{"new error", posting(slackfake.Misbehaviour{Error: "the_moon_is_full"}), channels.Unknown, false, 0},
		{"500 before the effect", after(slackfake.Misbehaviour{Code: 500}), channels.InDoubt, false, 0},
		{"500 after the effect", after(slackfake.Misbehaviour{Code: 500, After: true}), channels.InDoubt, true, 0},
		{"internal error after the effect", after(slackfake.Misbehaviour{Error: "internal_error", After: true}), channels.InDoubt, true, 0},
		{"504 after the effect", after(slackfake.Misbehaviour{Code: 504, After: true, Body: "<html>"}), channels.InDoubt, true, 0},
		{"garbage after the effect", after(slackfake.Misbehaviour{Garbage: true}), channels.InDoubt, true, 0},
		{"link lost before the effect", after(slackfake.Misbehaviour{Cut: true}), channels.InDoubt, false, 0},
		{"link lost before the answer", after(slackfake.Misbehaviour{Cut: true, After: true}), channels.InDoubt, true, 0},
	}
	for want, names := range map[channels.Reason]string{
		channels.Auth:        "invalid_auth token_revoked token_expired account_inactive missing_scope not_allowed_token_type",
		channels.RateLimited: "ratelimited rate_limited message_limit_exceeded",
		channels.Rejected:    "channel_not_found not_in_channel is_archived msg_too_long restricted_action no_text thread_not_found messages_tab_disabled",
		channels.Malformed:   "invalid_arguments invalid_json unknown_method deprecated_endpoint",
		channels.Unavailable: "service_unavailable request_timeout team_added_to_org",
	} {
		for name := range strings.FieldsSeq(names) {
			rows = append(rows, row{name, posting(slackfake.Misbehaviour{Error: name}), want, false, 0})
		}
	}
	out := []channeltest.Failure{{
		Name: "down", Want: channels.Unavailable,
		Set: func(*testing.T) { s.Down() }, Clear: func(*testing.T) { s.Up() },
	}}
	for _, f := range rows {
		out = append(out, channeltest.Failure{
			Name: f.name, Want: f.want, WantSent: f.sent, WantWait: f.wait,
			Set:   func(*testing.T) { s.Misbehave(f.how...) },
			Clear: func(*testing.T) { s.Misbehave() },
		})
	}
	return out
}
