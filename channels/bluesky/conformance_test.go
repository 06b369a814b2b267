package bluesky_test

import (
	"encoding/json"
	"log/slog"
	"slices"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/bluesky"
	"stagecoach/channels/bluesky/blueskyfake"
	"stagecoach/channels/channeltest"
	"stagecoach/contact"
)

const (
	password = "app-pass-Zx81-xyzw"
	alice    = "alice.test"
)

// provider starts a fake.
func provider(t *testing.T, cfg blueskyfake.Config) *blueskyfake.Server {
	t.Helper()
	cfg.Password = password
	s, err := blueskyfake.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// config is that of our account at the fake.
func config(s *blueskyfake.Server) bluesky.Config {
	return bluesky.Config{
		Account: "support", Server: s.URL(), Handle: s.Handle(), Password: password,
		PollInterval: 20 * time.Millisecond, MessageInterval: 20 * time.Millisecond, ListenInterval: 20 * time.Millisecond,
		WatchInterval: 20 * time.Millisecond,
	}
}

func adapter(t *testing.T, cfg bluesky.Config, log *slog.Logger) *bluesky.Adapter {
	t.Helper()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	a, err := bluesky.New(cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// covers reports whether a bookmark covers an item of its place.
func covers(b channels.Bookmark, position string) bool {
	var place struct {
		Seen []string `json:"s"`
	}
	if json.Unmarshal([]byte(b.Position), &place) != nil {
		return b.Position >= position // the log of direct messages
	}
	return slices.Contains(place.Seen, position)
}

func TestConformance(t *testing.T) {
	for name, how := range map[string]struct {
		fake     blueskyfake.Config
		messages bool
	}{
		"posts":                       {},
		"posts, pages of 7":           {fake: blueskyfake.Config{PageLimit: 7, NoMessages: true}},
		"direct messages":             {messages: true},
		"direct messages, pages of 7": {fake: blueskyfake.Config{PageLimit: 7}, messages: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			channeltest.Run(t, func(t *testing.T) channeltest.Harness {
				t.Helper()
				s := provider(t, how.fake)
				if how.messages {
					return messageHarness(s, how.fake.PageLimit > 0)
				}
				return postHarness(s)
			})
		})
	}
}

func commonHarness(s *blueskyfake.Server) channeltest.Harness {
	cfg := config(s)
	return channeltest.Harness{
		New: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			return adapter(t, cfg, log).Channel()
		},
		NewBadSecret: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			bad := cfg
			bad.Password = "wrong-" + password
			return adapter(t, bad, log).Channel()
		},
		Secrets: []string{password},
		Covers:  covers,
		Received: func(t *testing.T, text string) int {
			t.Helper()
			return s.Received(text)
		},
		OnceAcrossRestarts: true,
		Cut:                func(*testing.T) { s.Cut() },
		Down: func(t *testing.T) {
			t.Helper()
			s.Down()
			until(t, "the receiver to notice", func() bool { return s.Refused() > 8 })
		},
		Up: func(*testing.T) { s.Up() },
	}
}

func postHarness(s *blueskyfake.Server) channeltest.Harness {
	question := s.Put(blueskyfake.Post{Text: "how long does it take?", Quiet: true})
	h := commonHarness(s)
	h.Put = func(t *testing.T, text string) {
		t.Helper()
		s.Put(blueskyfake.Post{Text: text})
	}
	h.PutMalformed = func(t *testing.T) []byte {
		t.Helper()
		const raw = `{"uri":77.5,"reason":["mention"],"record":"no post \u0000 at all","author":null}`
		s.PutRaw(raw)
		return []byte(raw)
	}
	h.Reply = func(id, text string) *contact.Reply { return reply(id, text, question) }
	h.Failures = postFailures(s)
	return h
}

func messageHarness(s *blueskyfake.Server, paged bool) channeltest.Harness {
	convo := s.Convo(alice)
	h := commonHarness(s)
	h.Put = func(t *testing.T, text string) {
		t.Helper()
		s.PutMessage(alice, text)
	}
	h.PutMalformed = func(t *testing.T) []byte {
		t.Helper()
		const raw = `{"$type":"chat.bsky.convo.defs#logCreateMessage","convoId":77,"message":[7,"\u0000"]}`
		s.PutLog(raw)
		return []byte(raw)
	}
	h.Reply = func(id, text string) *contact.Reply { return messageReply(id, text, convo) }
	h.Failures = messageFailures(s)
	if paged {
		h.Failures = nil // how many pages are looked through differs
	}
	h.Down, h.Up = nil, nil // an outage of the chat alone leaves the link: see TestChatOutage
	return h
}

// reply answers a public post.
func reply(id, text string, question blueskyfake.Ref) *contact.Reply {
	return replyTo(id, text, map[string]any{"v": 1, "post": question, "root": question, "author": "did:plc:x"})
}

func messageReply(id, text, convo string) *contact.Reply {
	return replyTo(id, text, map[string]any{"v": 1, "convo": convo, "author": "did:plc:x"})
}

func replyTo(id, text string, origin map[string]any) *contact.Reply {
	raw, err := json.Marshal(origin)
	if err != nil {
		panic(err)
	}
	return &contact.Reply{
		ID: id, Kind: contact.Answer, Channel: contact.Bluesky, Account: "support",
		CreatedAt: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		To:        []contact.Address{{Address: "did:plc:x"}}, Text: text, Origin: raw,
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

type failure struct {
	name string
	how  blueskyfake.Misbehaviour
	want channels.Reason
	sent bool
	wait time.Duration
}

func failures(s *blueskyfake.Server, method, lookUp string, skip int, all []failure) []channeltest.Failure {
	var out []channeltest.Failure
	for _, f := range all {
		f.how.Method = method
		how := []blueskyfake.Misbehaviour{f.how}
		if f.how.After || f.how.Cut || f.how.Code >= 500 {
			// What is looked for after it can't be found out.
			how = append(how, blueskyfake.Misbehaviour{Method: lookUp, Skip: skip, Code: 503, Error: "NotEnoughResources", RetryAfter: "1"})
		}
		out = append(out, channeltest.Failure{
			Name: f.name, Want: f.want, WantSent: f.sent, WantWait: f.wait,
			Set: func(*testing.T) { s.Misbehave(how...) }, Clear: func(*testing.T) { s.Misbehave() },
		})
	}
	return append(out, channeltest.Failure{
		Name: "down", Want: channels.Unavailable,
		Set: func(*testing.T) { s.Down() }, Clear: func(*testing.T) { s.Up() },
	})
}

// refusals are those that posts and direct messages have in common.
func refusals() []failure {
	type how = blueskyfake.Misbehaviour
	return []failure{
		{"invalid", how{Code: 400, Error: "InvalidRequest", Message: "text must not be longer"}, channels.Rejected, false, 0},
		{"token invalid", how{Code: 400, Error: "InvalidToken", Message: "Token could not be verified"}, channels.Auth, false, 0},
		{"token ended again", how{Code: 400, Error: "ExpiredToken", Message: "Token has expired"}, channels.Auth, false, 0},
		{"not logged in", how{Code: 401, Error: "AuthenticationRequired", Message: "Authentication Required"}, channels.Auth, false, 0},
		{"taken down", how{Code: 400, Error: "AccountTakedown", Message: "Account has been taken down"}, channels.Auth, false, 0},
		{"deactivated", how{Code: 403, Error: "AccountDeactivated"}, channels.Auth, false, 0},
		{"scope lacks", how{Code: 403, Error: "ScopeMissingError"}, channels.Auth, false, 0},
		{"forbidden", how{Code: 403, Error: "Forbidden"}, channels.Rejected, false, 0},
		{"not found", how{Code: 404, Error: "NotFound"}, channels.Rejected, false, 0},
		{"too large", how{Code: 413, Error: "PayloadTooLarge"}, channels.Rejected, false, 0},
		{"too fast", how{Code: 429, Error: "RateLimitExceeded", RateLimitReset: 90 * time.Second}, channels.RateLimited, false, 90 * time.Second},
		{"too fast, wordless", how{Code: 429, Body: "slow down", RetryAfter: "7"}, channels.RateLimited, false, 7 * time.Second},
		{"moved", how{Code: 301, Body: "moved"}, channels.Malformed, false, 0},
		{"no such method", how{Code: 501, Error: "MethodNotImplemented"}, channels.Malformed, false, 0},
		{"maintenance", how{Code: 503, Error: "ServiceUnavailable"}, channels.Unavailable, false, 0},
	}
}

func postFailures(s *blueskyfake.Server) []channeltest.Failure {
	type how = blueskyfake.Misbehaviour
	return failures(s, "com.atproto.repo.putRecord", "com.atproto.repo.getRecord", 0, append(refusals(), []failure{
		// Sending a post again is harmless: nothing is in doubt.
		{"500 before the effect", how{Code: 500}, channels.Unavailable, false, 0},
		{"500 after the effect", how{Code: 500, After: true}, channels.Unavailable, true, 0},
		{"502 upstream", how{Code: 502, Error: "UpstreamFailure"}, channels.Unavailable, false, 0},
		{"504 after the effect", how{Code: 504, After: true, Body: "<html>"}, channels.Unavailable, true, 0},
		{"link lost before the effect", how{Cut: true}, channels.Unavailable, false, 0},
		{"link lost before the answer", how{Cut: true, After: true}, channels.Unavailable, true, 0},
		{"garbage after the effect", how{Code: 200, Body: "{\"uri\":", After: true}, channels.Unavailable, true, 0},
	}...))
}

func messageFailures(s *blueskyfake.Server) []channeltest.Failure {
	type how = blueskyfake.Misbehaviour
	return failures(s, "chat.bsky.convo.sendMessage", "chat.bsky.convo.getMessages", 1, append(refusals(), []failure{
		{"500 before the effect", how{Code: 500}, channels.InDoubt, false, 0},
		{"500 after the effect", how{Code: 500, After: true}, channels.InDoubt, true, 0},
		{"502 upstream", how{Code: 502, Error: "UpstreamFailure"}, channels.InDoubt, false, 0},
		{"504 after the effect", how{Code: 504, After: true, Body: "<html>"}, channels.InDoubt, true, 0},
		{"link lost before the effect", how{Cut: true}, channels.InDoubt, false, 0},
		{"link lost before the answer", how{Cut: true, After: true}, channels.InDoubt, true, 0},
		{"garbage after the effect", how{Code: 200, Body: "{\"id\":", After: true}, channels.InDoubt, true, 0},
	}...))
}
