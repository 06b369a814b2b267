package oauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels/email/emailfake"
	"stagecoach/channels/email/oauth"
)

func config(t *testing.T, o *emailfake.OAuth, flow oauth.Flow) oauth.Config {
	t.Helper()
	return oauth.Config{
		Account: "support", User: "support@acme.test", ClientID: emailfake.ClientID, ClientSecret: emailfake.ClientSecret,
		AuthURL: o.URL + "/auth", TokenURL: o.URL + "/token", DeviceURL: o.URL + "/device",
		Scopes: []string{"mail"}, Flow: flow, File: filepath.Join(t.TempDir(), "logins", "support.json"),
	}
}

func server(t *testing.T, life time.Duration) *emailfake.OAuth {
	t.Helper()
	o := emailfake.StartOAuth(life)
	t.Cleanup(o.Close)
	return o
}

func source(cfg oauth.Config) *oauth.Source { return oauth.New(cfg, slog.New(slog.DiscardHandler)) }

// page waits for the address that a person is asked to open.
type page struct {
	mu    sync.Mutex
	text  strings.Builder
	found chan string
	once  sync.Once
}

var address = regexp.MustCompile(`(http://\S+/auth\?\S+)\n`)

// Write implements io.Writer.
func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Write(b)
	if m := address.FindStringSubmatch(p.text.String()); m != nil {
		p.once.Do(func() { p.found <- m[1] })
	}
	return len(b), nil
}

func TestLoginByBrowser(t *testing.T) {
	o := server(t, time.Hour)
	s := source(config(t, o, oauth.Browser))
	p := &page{found: make(chan string, 1)}
	ended := make(chan error, 1)
	go func() {
		to := <-p.found
		u, _ := url.Parse(to)
		// Somebody else's page calls first: it counts for nothing.
		resp, err := http.Get(u.Query().Get("redirect_uri") + "?code=forged&state=guessed")
		if err == nil {
			defer resp.Body.Close()
		}
		if err != nil || resp.StatusCode != http.StatusNotFound {
			ended <- errors.New("a forged answer was taken")
			return
		}
		second, err := http.Get(to)
		if err == nil {
			second.Body.Close()
		}
		ended <- err
	}()
	if err := s.Login(t.Context(), oauth.Terminal{Out: p}); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if token, err := s.Token(t.Context(), ""); err != nil || !strings.HasPrefix(token, "access-") {
		t.Errorf("Token gives %q, %v", token, err)
	}
}

// The browser is on another machine: its last address is pasted.
func TestLoginByPastedAddress(t *testing.T) {
	o := server(t, time.Hour)
	s := source(config(t, o, oauth.Browser))
	p := &page{found: make(chan string, 1)}
	in, typed := io.Pipe()
	defer typed.Close()
	go func() {
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := client.Get(<-p.found)
		if err != nil {
			return
		}
		defer resp.Body.Close()
		_, _ = io.WriteString(typed, "what?\n"+resp.Header.Get("Location")+"\n")
	}()
	if err := s.Login(t.Context(), oauth.Terminal{Out: p, In: in}); err != nil {
		t.Fatal(err)
	}
}

func TestLoginByApp(t *testing.T) {
	o := server(t, time.Hour)
	s := source(config(t, o, oauth.App))
	first, err := s.Token(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Token(t.Context(), ""); err != nil || again != first {
		t.Errorf("a good token isn't used again: %v", err)
	}
	if other, err := s.Token(t.Context(), first); err != nil || other == first {
		t.Errorf("a refused token is given again: %v", err)
	}
	o.Refuse("invalid_client")
	_, err = source(config(t, o, oauth.App)).Token(t.Context(), "")
	if _, ok := errors.AsType[*oauth.SetupError](err); !ok {
		t.Errorf("an unknown program gives %v", err)
	}
}

func loggedIn(t *testing.T, o *emailfake.OAuth, cfg oauth.Config) {
	t.Helper()
	p := &page{found: make(chan string, 1)}
	go func() {
		if resp, err := http.Get(<-p.found); err == nil {
			_ = resp.Body.Close()
		}
	}()
	cfg.Flow = oauth.Browser
	if err := source(cfg).Login(t.Context(), oauth.Terminal{Out: p}); err != nil {
		t.Fatal(err)
	}
}

// A refresh token works once: whoever shares the file must not use it twice.
func TestManyAskAtOnce(t *testing.T) {
	o := server(t, time.Hour)
	cfg := config(t, o, oauth.Device)
	loggedIn(t, o, cfg)
	first, err := source(cfg).Token(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	o.EndTokens()
	sources := []*oauth.Source{source(cfg), source(cfg), source(cfg)}
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			if _, err := sources[i%3].Token(t.Context(), first); err != nil {
				t.Errorf("Token gives %v", err)
			}
		})
	}
	wg.Wait()
	if n := o.Asked("refresh_token"); n != 1 {
		t.Errorf("the token was renewed %d times, want once", n)
	}
}

// spoil changes what is stored.
func spoil(t *testing.T, file string, change func(map[string]any)) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	change(all)
	if data, err = json.Marshal(all); err == nil {
		err = os.WriteFile(file, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestClocks(t *testing.T) {
	o := server(t, time.Hour)
	for name, c := range map[string]struct {
		obtained, expires time.Duration
		renewed           bool
	}{
		"good":                          {-time.Minute, 59 * time.Minute, false},
		"about to end":                  {-59 * time.Minute, time.Minute, true},
		"ended":                         {-2 * time.Hour, -time.Hour, true},
		"clock set back since":          {24 * time.Hour, 25 * time.Hour, true},
		"short-lived, still good":       {-time.Second, 20 * time.Second, false},
		"short-lived, but nearly ended": {-18 * time.Second, 2 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t, o, oauth.Device)
			loggedIn(t, o, cfg)
			before := o.Asked("refresh_token")
			spoil(t, cfg.File, func(all map[string]any) {
				all["obtained"], all["expires"] = time.Now().Add(c.obtained), time.Now().Add(c.expires)
			})
			if _, err := source(cfg).Token(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
			if renewed := o.Asked("refresh_token") > before; renewed != c.renewed {
				t.Errorf("renewed %v, want %v", renewed, c.renewed)
			}
		})
	}
}

func TestDamagedFile(t *testing.T) {
	o := server(t, time.Hour)
	cfg := config(t, o, oauth.Device)
	loggedIn(t, o, cfg)
	if err := os.WriteFile(cfg.File, []byte(`{"version":1,"access_token":"half`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := source(cfg).Token(t.Context(), "")
	if _, ok := errors.AsType[*oauth.LoginError](err); !ok || strings.Contains(err.Error(), "half") {
		t.Errorf("a damaged file gives %v", err)
	}
	loggedIn(t, o, cfg)
	if _, err := source(cfg).Token(t.Context(), ""); err != nil {
		t.Errorf("after logging in again: %v", err)
	}
	// Another program's login isn't this one's.
	cfg.ClientID = "other"
	_, err = source(cfg).Token(t.Context(), "")
	if _, ok := errors.AsType[*oauth.LoginError](err); !ok {
		t.Errorf("another client_id gives %v", err)
	}
}

func TestLoginIsRefused(t *testing.T) {
	o := server(t, time.Hour)
	cfg := config(t, o, oauth.Device)
	o.Refuse("access_denied")
	if err := source(cfg).Login(t.Context(), oauth.Terminal{Out: io.Discard}); err == nil || !strings.Contains(err.Error(), "did not allow") {
		t.Errorf("a person who says no gives %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := source(cfg).Login(ctx, oauth.Terminal{Out: io.Discard}); !errors.Is(err, context.Canceled) {
		t.Errorf("Ctrl-C gives %v", err)
	}
	if _, err := os.Stat(cfg.File); err == nil {
		t.Error("something was stored")
	}
}

// While the provider can't give a new token, the last one is used to its very end;
// a login that has ended is told at once.
func TestProviderIsDownNearTheEndOfAToken(t *testing.T) {
	o := server(t, time.Hour)
	cfg := config(t, o, oauth.Device)
	loggedIn(t, o, cfg)
	first, err := source(cfg).Token(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	spoil(t, cfg.File, func(all map[string]any) {
		all["obtained"], all["expires"] = time.Now().Add(-59*time.Minute), time.Now().Add(time.Minute)
	})
	o.Refuse("unavailable")
	if got, err := source(cfg).Token(t.Context(), ""); err != nil || got != first {
		t.Errorf("with a minute left, Token gives %v", err)
	}
	if _, err := source(cfg).Token(t.Context(), first); err == nil {
		t.Error("a refused token is given again")
	}
	o.Refuse("invalid_grant")
	_, err = source(cfg).Token(t.Context(), "")
	if _, ok := errors.AsType[*oauth.LoginError](err); !ok {
		t.Errorf("a login that has ended gives %v", err)
	}
	o.Refuse("")
	if got, err := source(cfg).Token(t.Context(), ""); err != nil || got == first {
		t.Errorf("once it is back, Token gives the same or %v", err)
	}
}

// What an administrator has to do is said.
func TestRefusalsAreTold(t *testing.T) {
	for name, c := range map[string]struct{ code, description, want string }{
		"consent":         {"invalid_grant", "AADSTS65001: The user or administrator has not consented to use the application. Trace ID: 1", "admin consent"},
		"another number":  {"invalid_grant", "AADSTS650011: Something else. Trace ID: 1", "stagecoach mail login"},
		"secret expired":  {"invalid_client", "AADSTS7000222: The provided client secret keys for app are expired. Trace ID: 1", "make a new one in Entra ID"},
		"testing":         {"invalid_grant", "Token has been expired or revoked.", "publish it"},
		"workspace":       {"admin_policy_enforced", "", "has to trust this program"},
		"deleted program": {"deleted_client", "The OAuth client was deleted.", "register it again"},
	} {
		t.Run(name, func(t *testing.T) {
			o := server(t, time.Hour)
			cfg := config(t, o, oauth.Device)
			loggedIn(t, o, cfg)
			spoil(t, cfg.File, func(all map[string]any) { all["expires"] = time.Now().Add(-time.Minute) })
			o.RefuseWith(c.code, c.description)
			_, err := source(cfg).Token(t.Context(), "")
			_, login := errors.AsType[*oauth.LoginError](err)
			_, setup := errors.AsType[*oauth.SetupError](err)
			if !login && !setup || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "Trace") {
				t.Errorf("it is told as %v, want %q", err, c.want)
			}
		})
	}
}
