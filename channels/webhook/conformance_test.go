package webhook_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/webhook"
	"stagecoach/channels/webhook/webhookfake"
	"stagecoach/contact"
)

const (
	inSecret  = "whsec_aW5jb21pbmctc2VjcmV0LW5vdC1mb3ItbG9ncy0x"
	outSecret = "whsec_b3V0Z29pbmctc2VjcmV0LW5vdC1mb3ItbG9ncy0y"
	badSecret = "whsec_c29tZWJvZHktZWxzZSdzLXNlY3JldC1ub3Qtb3Vycw=="
	gateKey   = "Bearer gate-key-not-for-logs"
)

// front is the daemon's HTTP server, which stays while adapters come and go.
type front struct {
	*httptest.Server
	mu  sync.Mutex
	now http.Handler
}

func newFront(t *testing.T) *front {
	t.Helper()
	f := &front{}
	f.Server = httptest.NewServer(http.StripPrefix("/channels/webhook/shop", f))
	t.Cleanup(f.Close)
	return f
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	now := f.now
	f.mu.Unlock()
	if now == nil {
		http.Error(w, "starting", http.StatusServiceUnavailable)
		return
	}
	now.ServeHTTP(w, r)
}

func (f *front) serve(h http.Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = h
}

func (f *front) target() string { return f.URL + "/channels/webhook/shop/messages" }

func system(t *testing.T, f *front) *webhookfake.System {
	t.Helper()
	s, err := webhookfake.New(t.Context(), webhookfake.Config{
		Secret: inSecret, CallbackSecret: outSecret, Retry: 20 * time.Millisecond, LongestWait: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if f != nil {
		s.Connect(f.target())
	}
	return s
}

func config(s *webhookfake.System) webhook.Config {
	return webhook.Config{
		Account: "shop", Secrets: []webhook.Secret{inSecret},
		Callback: webhook.Callback{
			URL: s.URL(), Secrets: []webhook.Secret{outSecret}, Headers: map[string]webhook.Secret{"Authorization": gateKey},
		},
	}
}

func adapter(t *testing.T, cfg webhook.Config, log *slog.Logger) *webhook.Adapter {
	t.Helper()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	a, err := webhook.New(cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func reply(id, text string) *contact.Reply {
	return &contact.Reply{
		ID: id, Kind: contact.Answer, Channel: contact.Webhook, Account: "shop",
		CreatedAt: time.Date(2026, 11, 2, 11, 0, 0, 0, time.UTC), FromName: "Jo of Acme",
		To: []contact.Address{{Address: "shop:cust-7", Name: "Alice"}}, Subject: "Re: Your question", Text: text,
		Origin: []byte(`{"schema":1,"conversation":"order 4711","message":"m-1","to":{"id":"cust-7","name":"Alice"}}`),
	}
}

func harness(t *testing.T, idempotent bool) channeltest.Harness {
	t.Helper()
	f := newFront(t)
	s := system(t, f)
	cfg := config(s)
	cfg.Callback.NotIdempotent = !idempotent
	var ids sync.Map
	return channeltest.Harness{
		New: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			a := adapter(t, cfg, log).Channel()
			f.serve(a.HTTP)
			return a
		},
		NewBadSecret: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			bad := cfg
			// What comes in can't tell a wrong secret before somebody signs by it.
			bad.Secrets = nil
			bad.Callback.Secrets = []webhook.Secret{badSecret}
			return adapter(t, bad, log).Channel()
		},
		Secrets: []string{
			strings.TrimPrefix(inSecret, "whsec_"), strings.TrimPrefix(outSecret, "whsec_"), strings.TrimPrefix(badSecret, "whsec_"),
			strings.TrimPrefix(gateKey, "Bearer "),
		},
		Pushes: true,
		Put: func(t *testing.T, text string) {
			t.Helper()
			ids.Store(text, s.Put(webhookfake.Message{From: "cust-" + text, Name: "Alice", Text: text}))
		},
		Edit: func(t *testing.T, text, instead string) {
			t.Helper()
			id, _ := ids.Load(text)
			s.Put(webhookfake.Message{From: "cust-" + text, Edits: id.(string), Text: instead})
		},
		Withdraw: func(t *testing.T, text string) {
			t.Helper()
			id, _ := ids.Load(text)
			s.Put(webhookfake.Message{From: "cust-" + text, Withdraws: id.(string)})
		},
		Unicode: true,
		PutMalformed: func(t *testing.T) []byte {
			t.Helper()
			odd := hostileBody("worst")
			s.PutBody("worst", "c", odd)
			return odd
		},
		Marked: func(t *testing.T, text string) bool {
			t.Helper()
			id, _ := ids.Load(text)
			return s.Stored(id.(string)) > 0
		},
		Reply: reply,
		Received: func(t *testing.T, text string) int {
			t.Helper()
			n := 0
			for _, r := range s.Received() {
				if r.Text == text {
					n++
				}
			}
			return n
		},
		Failures:           failures(s, idempotent),
		OnceAcrossRestarts: true,
		Cut:                func(*testing.T) { s.Cut() },
	}
}

// hostileBody is valid by the schema and as odd as that allows.
func hostileBody(id string) []byte {
	return fmt.Appendf(nil, "\xef\xbb\xbf \r\n{\"schema\":1,\"id\":%q,\"conversation\":\"c\\ud800\",\"from\":{\"id\":\"\u202eX\",\"name\":\"a\\u0000b\\r\\nBcc: x\"},"+
		"\"text\":\"\",\"html\":\"<p>Gr\\u00fc\\u00df<script>alert(1)</script><b>unclosed <!-- <a href=javascript:x>\",\"language\":\"%%%%\",\"sent_at\":-62135596800,"+
		"\"subject\":\"\\t\\n\",\"nested\":%s%s,\"attachments\":[{\"name\":\"../../etc/passwd\",\"content_type\":\"\\u0001\",\"data\":\"AA==\"},{\"name\":\"x\"}],"+
		"\"TEXT\":\"\"}\n", id, strings.Repeat("[", 60), strings.Repeat("]", 60))
}

func failures(s *webhookfake.System, idempotent bool) []channeltest.Failure {
	type mode = webhookfake.Misbehaviour
	unsure := channels.Unavailable
	if !idempotent {
		unsure = channels.InDoubt
	}
	waits := map[string]time.Duration{"too fast": 40 * time.Second, "closed for a while": 50 * time.Second}
	out := []channeltest.Failure{}
	for _, f := range []struct {
		name string
		mode mode
		want channels.Reason
		sent bool
	}{
		{"wrong signature", mode{Status: 401}, channels.Auth, false},
		{"forbidden, repeating our key", mode{Status: 403, Body: `{"error":"no right for ` + gateKey + ` of alice@cust.test"}`}, channels.Auth, false},
		{"gone", mode{Status: 410}, channels.Rejected, false},
		{"not as it wants it", mode{Status: 422, Body: `{"detail":"text is too long"}`}, channels.Rejected, false},
		{"conflict", mode{Status: 409}, channels.Rejected, false},
		{"too fast", mode{Status: 429, Header: map[string]string{"Retry-After": "40"}}, channels.RateLimited, false},
		{"nothing there", mode{Status: 404}, channels.Unknown, false},
		{"moved", mode{Status: 302, Header: map[string]string{"Location": s.URL()}}, channels.Unknown, false},
		{"closed for a while", mode{Status: 503, Header: map[string]string{"Retry-After": "50"}}, channels.Unavailable, false},
		{"broke down", mode{Status: 500}, unsure, false},
		{"broke down after taking it", mode{Status: 500, Taken: true}, unsure, true},
		{"link lost", mode{Cut: true}, unsure, false},
		{"link lost after taking it", mode{Cut: true, Taken: true}, unsure, true},
	} {
		out = append(out, channeltest.Failure{
			Name: f.name, Want: f.want, WantSent: f.sent, WantWait: waits[f.name],
			Set:   func(*testing.T) { s.Misbehave(f.mode) },
			Clear: func(*testing.T) { s.Misbehave(mode{}) },
		})
	}
	return out
}

func TestConformance(t *testing.T) {
	for name, idempotent := range map[string]bool{"idempotent": true, "not idempotent": false} {
		t.Run(name, func(t *testing.T) {
			channeltest.Run(t, func(t *testing.T) channeltest.Harness {
				t.Helper()
				return harness(t, idempotent)
			})
		})
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
