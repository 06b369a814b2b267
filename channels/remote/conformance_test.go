package remote_test

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/remote"
	"stagecoach/channels/slack"
	"stagecoach/channels/slack/slackfake"
	"stagecoach/contact"
)

const (
	botToken = "xoxb-1111-Zx81-not-for-logs"
	appToken = "xapp-1-A0-2222-Zx81-not-for-logs"
	alice    = "U0ALICE01"
)

// Our adapter of Slack keeps its promises also when it runs elsewhere.
func TestConformanceOfOurAdapter(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, slackHarness)
}

func slackHarness(t *testing.T) channeltest.Harness {
	t.Helper()
	s, err := slackfake.New(slackfake.Config{BotToken: botToken, AppToken: appToken, AckTime: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.AddUser(slackfake.User{ID: alice, Name: "Alice"})
	where, question := s.Put(slackfake.Message{User: alice, Text: "how long does it take?", Quiet: true})
	marks := map[string]string{}
	stopLast, written := func() {}, time.Now().UTC()
	make := func(t *testing.T, token slack.Secret, log *slog.Logger) channels.Adapter {
		t.Helper()
		stopLast()
		own, err := slack.New(slack.Config{Account: "support", BotToken: token, AppToken: appToken, API: s.URL()}, log)
		if err != nil {
			t.Fatal(err)
		}
		a := account(t, own.Channel(), gateSecret, log)
		g := gateOf(t, remote.GateConfig{}, a)
		stopLast = begin(t, remote.ProcessConfig{URL: g.URL()}, own.Channel(), log)
		attached(t, a)
		return a.Channel()
	}
	return channeltest.Harness{
		New: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			return make(t, botToken, log)
		},
		NewBadSecret: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			return make(t, "xoxb-wrong-"+botToken, log)
		},
		Secrets: []string{botToken, appToken, "ticket=", gateSecret},
		Put: func(t *testing.T, text string) {
			t.Helper()
			_, marks[text] = s.Put(slackfake.Message{User: alice, Text: text})
		},
		Edit: func(t *testing.T, text, instead string) {
			t.Helper()
			s.Edit(where, marks[text], instead)
		},
		Withdraw: func(t *testing.T, text string) {
			t.Helper()
			s.Delete(where, marks[text], false)
		},
		PutMalformed: func(t *testing.T) []byte {
			t.Helper()
			const event = `{"type":["message"],  "channel":7,"user":{"id":null},"text":"no \u0000 message","ts":1.5}`
			s.PutRaw(`{"type":"event_callback","event_id":"Ev0BROKEN","event":` + event + `}`)
			return []byte(event)
		},
		Unicode: true,
		Marked: func(t *testing.T, text string) bool {
			t.Helper()
			return s.Acked(marks[text])
		},
		Covers: func(b channels.Bookmark, position string) bool {
			var place struct {
				TS string `json:"ts"`
			}
			return json.Unmarshal([]byte(b.Position), &place) == nil && place.TS >= position
		},
		Reply: func(id, text string) *contact.Reply {
			origin, err := json.Marshal(map[string]any{"v": 1, "team": slackfake.TeamID, "channel": where, "kind": "im", "ts": question, "user": alice})
			if err != nil {
				t.Fatal(err)
			}
			return &contact.Reply{
				ID: id, Kind: contact.Answer, Channel: contact.Slack, Account: "support", CreatedAt: written, FromName: "Anna",
				To: []contact.Address{{Address: slackfake.TeamID + "/" + alice}}, Text: text, Origin: origin,
				Attachments: []contact.Attachment{},
			}
		},
		Received: func(t *testing.T, text string) int {
			t.Helper()
			return s.Received(text)
		},
		OnceAcrossRestarts: true,
		Failures:           slackFailures(s),
		Cut:                func(*testing.T) { s.Cut() },
		Down: func(t *testing.T) {
			t.Helper()
			s.Down()
			until(t, "the receiver to notice", func() bool { return s.Refused() > 3 })
		},
		Up: func(*testing.T) { s.Up() },
	}
}

// slackFailures is a row of each reason: the whole table is the channel's own.
func slackFailures(s *slackfake.Server) []channeltest.Failure {
	// What is looked up before the message is answered, and nothing after it.
	blind := slackfake.Misbehaviour{Method: "conversations.", Skip: 1, Code: 503, Retry: "1"}
	row := func(name string, want channels.Reason, sent bool, wait time.Duration, how ...slackfake.Misbehaviour) channeltest.Failure {
		how[0].Method = "chat.postMessage"
		return channeltest.Failure{
			Name: name, Want: want, WantSent: sent, WantWait: wait,
			Set: func(*testing.T) { s.Misbehave(how...) }, Clear: func(*testing.T) { s.Misbehave() },
		}
	}
	return []channeltest.Failure{
		row("a right lacks", channels.Auth, false, 0, slackfake.Misbehaviour{Error: "missing_scope"}),
		row("too fast", channels.RateLimited, false, 2*time.Second, slackfake.Misbehaviour{Code: 429, Retry: "2", Error: "ratelimited"}),
		row("for good", channels.Rejected, false, 0, slackfake.Misbehaviour{Error: "is_archived"}),
		row("not understood", channels.Malformed, false, 0, slackfake.Misbehaviour{Error: "invalid_arguments"}),
		row("maintenance", channels.Unavailable, false, 0, slackfake.Misbehaviour{Code: 503}),
		row("new error", channels.Unknown, false, 0, slackfake.Misbehaviour{Error: "the_moon_is_full"}),
		row("500 after the effect", channels.InDoubt, true, 0, slackfake.Misbehaviour{Code: 500, After: true}, blind),
		row("link lost before the answer", channels.InDoubt, true, 0, slackfake.Misbehaviour{Cut: true, After: true}, blind),
	}
}
