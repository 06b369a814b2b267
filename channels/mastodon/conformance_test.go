package mastodon_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/mastodon"
	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/contact"
)

const (
	token = "tok-Zx81-not-for-logs"
	alice = "alice@cust.test"
)

// provider starts a fake.
func provider(t *testing.T, cfg mastodonfake.Config) *mastodonfake.Server {
	t.Helper()
	cfg.Token = token
	s, err := mastodonfake.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// config is that of our account at the fake.
func config(s *mastodonfake.Server) mastodon.Config {
	return mastodon.Config{
		Account: "support", Server: s.URL(), Address: s.Address(), Token: token,
		PollInterval: 20 * time.Millisecond, WatchInterval: 20 * time.Millisecond, ListenInterval: 20 * time.Millisecond,
	}
}

func adapter(t *testing.T, cfg mastodon.Config, log *slog.Logger) *mastodon.Adapter {
	t.Helper()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	a, err := mastodon.New(cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// covers reports whether a bookmark of notifications covers one of them.
func covers(b channels.Bookmark, position string) bool {
	var place struct {
		Seen []string `json:"s"`
	}
	return json.Unmarshal([]byte(b.Position), &place) == nil && slices.Contains(place.Seen, position)
}

func TestConformance(t *testing.T) {
	for name, how := range map[string]struct {
		fake     mastodonfake.Config
		noStream bool
	}{
		"mastodon":             {},
		"gotosocial":           {fake: mastodonfake.Config{Flavour: mastodonfake.GoToSocial, NoIdempotency: true}},
		"pleroma, small pages": {fake: mastodonfake.Config{Flavour: mastodonfake.Pleroma, PageLimit: 30}, noStream: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			channeltest.Run(t, func(t *testing.T) channeltest.Harness {
				t.Helper()
				s := provider(t, how.fake)
				cfg := config(s)
				cfg.NoStreaming = how.noStream
				return harness(s, cfg)
			})
		})
	}
}

func harness(s *mastodonfake.Server, cfg mastodon.Config) channeltest.Harness {
	question := s.Put(mastodonfake.Post{Text: "how long does it take?", Quiet: true})
	var ids sync.Map
	return channeltest.Harness{
		New: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			return adapter(t, cfg, log).Channel()
		},
		NewBadSecret: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			bad := cfg
			bad.Token = "wrong-" + token
			return adapter(t, bad, log).Channel()
		},
		Secrets: []string{token},
		Unicode: true,
		Put: func(t *testing.T, text string) {
			t.Helper()
			ids.Store(text, s.Put(mastodonfake.Post{Text: text}))
		},
		Edit: func(t *testing.T, text, instead string) {
			t.Helper()
			s.Edit(idOf(t, &ids, text), instead)
		},
		Withdraw: func(t *testing.T, text string) {
			t.Helper()
			s.Delete(idOf(t, &ids, text))
		},
		PutMalformed: func(t *testing.T) []byte {
			t.Helper()
			const raw = `{"id":77.5, "type":["mention"],  "status":"no post \u0000 at all","account":null}`
			s.PutRaw(raw)
			return []byte(raw)
		},
		Covers: covers,
		Reply: func(id, text string) *contact.Reply {
			return reply(id, text, question)
		},
		Received: func(t *testing.T, text string) int {
			t.Helper()
			return s.Received(text)
		},
		Failures:           failures(s),
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

func idOf(t *testing.T, ids *sync.Map, text string) string {
	t.Helper()
	id, ok := ids.Load(text)
	if !ok {
		t.Fatalf("nobody wrote %q", text)
	}
	return fmt.Sprint(id)
}

// reply answers a public post of alice's.
func reply(id, text, question string) *contact.Reply {
	origin, err := json.Marshal(map[string]any{"v": 1, "status": question, "visibility": "public", "author": alice})
	if err != nil {
		panic(err)
	}
	return &contact.Reply{
		ID: id, Kind: contact.Answer, Channel: contact.Mastodon, Account: "support", CreatedAt: time.Now().UTC(),
		To: []contact.Address{{Address: alice}}, Text: text, Origin: origin,
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

// failures is the table of codes of a post that is sent, and of broken links.
func failures(s *mastodonfake.Server) []channeltest.Failure {
	posting := func(code int, said string) []mastodonfake.Misbehaviour {
		return []mastodonfake.Misbehaviour{{Method: http.MethodPost, Path: "/api/v1/statuses", Code: code, Body: `{"error":"` + said + `"}`}}
	}
	// What is looked up before the post is answered, and nothing after it.
	blind := mastodonfake.Misbehaviour{Method: http.MethodGet, Path: "/statuses", Skip: 1, Code: http.StatusServiceUnavailable, RetryAfter: "1"}
	after := func(m mastodonfake.Misbehaviour) []mastodonfake.Misbehaviour {
		m.Method, m.Path = http.MethodPost, "/api/v1/statuses"
		return []mastodonfake.Misbehaviour{m, blind}
	}
	var out []channeltest.Failure
	for _, f := range []struct {
		name string
		how  []mastodonfake.Misbehaviour
		want channels.Reason
		sent bool
	}{
		{"too long", posting(422, "Validation failed: Text character limit of 500 exceeded"), channels.Rejected, false},
		{"post gone", posting(404, "Record not found"), channels.Rejected, false},
		{"not allowed", posting(403, "This action is not allowed"), channels.Rejected, false},
		{"scope lacks", posting(403, "This action is outside the authorized scopes"), channels.Auth, false},
		{"token revoked", posting(401, "The access token was revoked"), channels.Auth, false},
		{"bad request", posting(400, "unreadable"), channels.Rejected, false},
		{"moved", posting(301, ""), channels.Malformed, false},
		{"too fast", posting(429, "Too many requests"), channels.RateLimited, false},
		{"maintenance", posting(503, "There was a temporary problem serving your request, please try again"), channels.Unavailable, false},
		{"500 before the effect", after(mastodonfake.Misbehaviour{Code: 500}), channels.InDoubt, false},
		{"500 after the effect", after(mastodonfake.Misbehaviour{Code: 500, After: true}), channels.InDoubt, true},
		{"504 after the effect", after(mastodonfake.Misbehaviour{Code: 504, After: true, Body: "<html>"}), channels.InDoubt, true},
		{"link lost before the effect", after(mastodonfake.Misbehaviour{Cut: true}), channels.InDoubt, false},
		{"link lost before the answer", after(mastodonfake.Misbehaviour{Cut: true, After: true}), channels.InDoubt, true},
	} {
		out = append(out, channeltest.Failure{
			Name: f.name, Want: f.want, WantSent: f.sent,
			Set:   func(*testing.T) { s.Misbehave(f.how...) },
			Clear: func(*testing.T) { s.Misbehave() },
		})
	}
	for name, how := range map[string]mastodonfake.Misbehaviour{
		"too fast, said so":             {Code: 429, RetryAfter: "120"},
		"too fast, reset at":            {Code: 429, RateLimitReset: 2 * time.Minute},
		"maintenance, and for how long": {Code: 503, RetryAfter: "120"},
	} {
		how.Method, how.Path = http.MethodPost, "/api/v1/statuses"
		want := channels.RateLimited
		if how.Code == 503 {
			want = channels.Unavailable
		}
		out = append(out, channeltest.Failure{
			Name: name, Want: want, WantWait: 2 * time.Minute,
			Set: func(*testing.T) { s.Misbehave(how) }, Clear: func(*testing.T) { s.Misbehave() },
		})
	}
	return append(out, channeltest.Failure{
		Name: "down", Want: channels.Unavailable,
		Set: func(*testing.T) { s.Down() }, Clear: func(*testing.T) { s.Up() },
	})
}
