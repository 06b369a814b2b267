package mastodon_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"stagecoach/channels"
	"stagecoach/channels/mastodon"
	"stagecoach/channels/mastodon/mastodonfake"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fake   mastodonfake.Config
		change func(cfg *mastodon.Config)
		reason channels.Reason
		says   []string
	}{
		"all well": {
			change: func(cfg *mastodon.Config) {
				cfg.Listen = mastodon.Listen{Hashtags: []string{"acme"}, Keywords: []string{"acme shop"}}
			},
			says: []string{"logged in as @support@social.test", "500 characters", "may be written", "#acme", `"acme shop"`, "announces messages at once"},
		},
		"gotosocial":   {fake: mastodonfake.Config{Flavour: mastodonfake.GoToSocial}, says: []string{"gotosocial", "5000 characters", "announces messages at once"}},
		"pleroma":      {fake: mastodonfake.Config{Flavour: mastodonfake.Pleroma, NoStream: true}, says: []string{"pleroma", "5000 characters", "no stream answers"}},
		"drops":        {fake: mastodonfake.Config{Policy: map[string]string{"for_private_mentions": "drop"}}, says: []string{"WARNING", "for_private_mentions"}},
		"no streaming": {change: func(cfg *mastodon.Config) { cfg.NoStreaming = true }, says: []string{"may be written"}},
		"wrong token":  {change: func(cfg *mastodon.Config) { cfg.Token = "wrong" }, reason: channels.Auth, says: []string{"make a new one at http"}},
		"reads only":   {fake: mastodonfake.Config{Scopes: []string{"read"}}, reason: channels.Auth, says: []string{"lacks a scope"}},
		"no media":     {fake: mastodonfake.Config{Scopes: []string{"read", "write:statuses"}}, reason: channels.Auth, says: []string{"lacks a scope"}},
		"no notifications": {
			fake: mastodonfake.Config{Scopes: []string{"read:accounts", "read:statuses", "write"}}, reason: channels.Auth, says: []string{"lacks a scope"},
		},
		"another account": {
			change: func(cfg *mastodon.Config) { cfg.Address = "sales@social.test" }, reason: channels.Auth,
			says: []string{`belongs to the account "support"`, `"sales"`},
		},
		"another domain": {
			change: func(cfg *mastodon.Config) { cfg.Address = "support@www.social.test" }, says: []string{"WARNING", "name@social.test"},
		},
		"nobody there": {change: func(cfg *mastodon.Config) { cfg.Server = "http://127.0.0.1:1" }, reason: channels.Unavailable, says: []string{"nothing listens there"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := provider(t, c.fake)
			cfg := config(s)
			if c.change != nil {
				c.change(&cfg)
			}
			before := len(s.Posted())
			report, err := adapter(t, cfg, nil).Check(t.Context())
			if (c.reason == "") != (err == nil) || err != nil && channels.ReasonOf(err) != c.reason {
				t.Errorf("Check gives %v, want reason %q", err, c.reason)
			}
			said := strings.Join(report.Lines, "\n")
			for _, want := range c.says {
				if !strings.Contains(said, want) {
					t.Errorf("the report lacks %q:\n%s", want, said)
				}
			}
			if len(s.Posted()) != before || report.WouldOpen != -1 {
				t.Errorf("checking has posted, or counts %d", report.WouldOpen)
			}
		})
	}
}

func TestCheckOfOtherServers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		tls     bool
		reason  channels.Reason
		says    string
	}{
		"a web site":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>welcome</html>")) }, false, channels.Malformed, "something else than the Mastodon API"},
		"nothing there":  {http.NotFound, false, channels.Malformed, "nothing there speaks the Mastodon API"},
		"moved":          {http.RedirectHandler("https://elsewhere.test/", http.StatusMovedPermanently).ServeHTTP, false, channels.Malformed, "has moved"},
		"strange issuer": {http.NotFound, true, channels.Unavailable, "ca_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(c.handler)
			if c.tls {
				s.Close()
				s = httptest.NewUnstartedServer(c.handler)
				s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
				s.StartTLS()
			}
			defer s.Close()
			a := adapter(t, mastodon.Config{Account: "support", Server: s.URL, Address: "support@social.test", Token: token}, nil)
			report, err := a.Check(t.Context())
			if channels.ReasonOf(err) != c.reason || !strings.Contains(strings.Join(report.Lines, "\n"), c.says) {
				t.Errorf("Check gives %q, %v, want reason %s and %q", report.Lines, err, c.reason, c.says)
			}
		})
	}
}
