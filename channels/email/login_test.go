package email_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
	"stagecoach/channels/email/oauth"
)

func rogue(t *testing.T, cfg emailfake.RogueConfig) *emailfake.Rogue {
	t.Helper()
	r, err := emailfake.StartRogue(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// rogueBox configures one mailbox at a rogue, for receiving only.
func rogueBox(r *emailfake.Rogue) email.Config {
	return email.Config{
		Account: "support", Address: support, Timeout: 5 * time.Second, PollInterval: 20 * time.Millisecond,
		IMAP: email.IMAP{Endpoint: endpoint(r.Port(), email.NoTLS, "")},
	}
}

// wantPassword takes one user and password.
func wantPassword(user string, mechanisms ...string) func(mechanism, user, secret string) error {
	return func(mechanism, u, secret string) error {
		if u != user || secret != password {
			return errors.New("[AUTHENTICATIONFAILED] wrong")
		}
		if slices.Contains(mechanisms, mechanism) {
			return nil
		}
		return errors.New("[AUTHENTICATIONFAILED] not this way: " + mechanism)
	}
}

func TestLogInByWhatTheServerOffers(t *testing.T) {
	for name, c := range map[string]struct {
		caps  string
		by    string
		auth  email.AuthMode
		wrong string
	}{
		"the command only":         {"IMAP4rev1", "LOGIN", "", ""},
		"PLAIN":                    {"IMAP4rev1 AUTH=PLAIN", "PLAIN", "", ""},
		"PLAIN in one step":        {"IMAP4rev1 AUTH=PLAIN SASL-IR", "PLAIN", "", ""},
		"PLAIN, command disabled":  {"IMAP4rev1 AUTH=PLAIN LOGINDISABLED", "PLAIN", "", ""},
		"LOGIN, command disabled":  {"IMAP4rev1 AUTH=LOGIN LOGINDISABLED", "LOGIN", "", ""},
		"LOGIN as configured":      {"IMAP4rev1 AUTH=PLAIN AUTH=LOGIN", "LOGIN", email.LoginAuth, ""},
		"tokens only":              {"IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED", "", "", "(over TLS it might"},
		"PLAIN asked for, missing": {"IMAP4rev1 AUTH=LOGIN", "", email.PlainAuth, "no login by password"},
	} {
		t.Run(name, func(t *testing.T) {
			r := rogue(t, emailfake.RogueConfig{Caps: strings.Fields(c.caps), Login: wantPassword(support, c.by)})
			cfg := rogueBox(r)
			cfg.IMAP.Auth = c.auth
			_, err := adapter(t, cfg, nil).Check(t.Context())
			switch {
			case c.wrong == "" && err != nil:
				t.Errorf("logging in gives %v", err)
			case c.wrong != "" && (channels.ReasonOf(err) != channels.Auth || !strings.Contains(err.Error(), c.wrong)):
				t.Errorf("logging in gives %v, want %q", err, c.wrong)
			}
		})
	}
}

func TestPasswordWhereOnlyTokensAreTaken(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "AUTH=XOAUTH2", "LOGINDISABLED"}, TLS: true})
	cfg := rogueBox(r)
	cfg.IMAP.Endpoint = endpoint(r.Port(), email.ImplicitTLS, caFile(t, r.CertificatePEM()))
	_, err := adapter(t, cfg, nil).Check(t.Context())
	if channels.ReasonOf(err) != channels.Auth || !strings.Contains(err.Error(), `stagecoach mail login support`) {
		t.Errorf("Check gives %v, want what to do", err)
	}
}

// login is a mailbox that logs in by token at an OAuth server of the test.
type login struct {
	server *emailfake.OAuth
	cfg    oauth.Config
	source *oauth.Source
}

func newLogin(t *testing.T, life time.Duration, flow oauth.Flow) *login {
	t.Helper()
	o := emailfake.StartOAuth(life)
	t.Cleanup(o.Close)
	cfg := oauth.Config{
		Account: "support", User: support, ClientID: emailfake.ClientID, ClientSecret: emailfake.ClientSecret,
		AuthURL: o.URL + "/auth", TokenURL: o.URL + "/token", DeviceURL: o.URL + "/device", Scopes: []string{"mail"},
		Flow: flow, File: oauth.FileFor(t.TempDir(), "support"),
	}
	return &login{server: o, cfg: cfg, source: oauth.New(cfg, slog.New(slog.DiscardHandler))}
}

// byCode has a person log in by device code.
func (l *login) byCode(t *testing.T) {
	t.Helper()
	out := &watchedWriter{said: make(chan string, 1), want: regexp.MustCompile(`Enter the code\s+(\S+)`)}
	go func() {
		select {
		case code := <-out.said:
			l.server.Allow(code, true)
		case <-t.Context().Done():
		}
	}()
	if err := l.source.Login(t.Context(), oauth.Terminal{Out: out}); err != nil {
		t.Fatal(err)
	}
}

// watchedWriter tells what it finds in what is written.
type watchedWriter struct {
	mu   sync.Mutex
	text strings.Builder
	want *regexp.Regexp
	said chan string
	done bool
}

// Write implements io.Writer.
func (w *watchedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	if found := w.want.FindStringSubmatch(w.text.String()); found != nil && !w.done {
		w.done = true
		w.said <- found[1]
	}
	return len(p), nil
}

func TestLogInByToken(t *testing.T) {
	t.Parallel()
	l := newLogin(t, time.Hour, oauth.Device)
	l.byCode(t)
	for name, caps := range map[string]string{
		"XOAUTH2":                 "IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED",
		"XOAUTH2 in one step":     "IMAP4rev1 AUTH=XOAUTH2 SASL-IR",
		"OAUTHBEARER":             "IMAP4rev1 AUTH=OAUTHBEARER AUTH=PLAIN",
		"OAUTHBEARER in one step": "IMAP4rev1 AUTH=OAUTHBEARER SASL-IR",
	} {
		t.Run(name, func(t *testing.T) {
			r := rogue(t, emailfake.RogueConfig{Caps: strings.Fields(caps), Login: l.server.Check})
			cfg := rogueBox(r)
			cfg.IMAP.Password, cfg.Tokens = "", l.source
			if _, err := adapter(t, cfg, nil).Check(t.Context()); err != nil {
				t.Fatalf("logging in gives %v", err)
			}
			// Refused before its time: a new one is fetched at once.
			l.server.EndTokens()
			if _, err := adapter(t, cfg, nil).Check(t.Context()); err != nil {
				t.Errorf("with a token that was ended, logging in gives %v", err)
			}
		})
	}
	r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "AUTH=XOAUTH2"}, Login: func(string, string, string) error {
		return errors.New("[AUTHENTICATIONFAILED] this mailbox is switched off")
	}})
	cfg := rogueBox(r)
	cfg.Tokens = l.source
	_, err := adapter(t, cfg, nil).Check(t.Context())
	if channels.ReasonOf(err) != channels.Auth || !strings.Contains(err.Error(), "switched on for it? It said") || strings.Contains(err.Error(), "access-") {
		t.Errorf("a server that takes no token gives %v", err)
	}
}

func TestTokenEndsInTheMiddleOfASession(t *testing.T) {
	t.Parallel()
	l := newLogin(t, time.Hour, oauth.Device)
	l.byCode(t)
	r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "AUTH=XOAUTH2", "IDLE"}, Login: l.server.Check})
	cfg := rogueBox(r)
	cfg.Tokens = l.source
	src := source(t)
	receiving(t, adapter(t, cfg, nil), src)
	connected(src)
	r.Put("INBOX", mail("before"), time.Time{})
	src.UntilStored(1)
	l.server.EndTokens()
	r.Cut() // as servers do when a token has come to its end
	r.Put("INBOX", mail("after"), time.Time{})
	src.UntilStored(2)
	if n := l.server.Asked("refresh_token"); n != 1 {
		t.Errorf("the token was renewed %d times, want once for all links", n)
	}
}

// What a person must do is said in words, and done as soon as they have.
func TestLoginEnds(t *testing.T) {
	t.Parallel()
	l := newLogin(t, time.Hour, oauth.Device)
	r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "AUTH=XOAUTH2"}, Login: l.server.Check})
	cfg := rogueBox(r)
	cfg.Tokens = l.source
	a := adapter(t, cfg, nil)
	_, err := a.Check(t.Context())
	if channels.ReasonOf(err) != channels.Auth || !strings.Contains(err.Error(), `run "stagecoach mail login support"`) {
		t.Errorf("before anybody logged in, Check gives %v", err)
	}
	l.byCode(t)
	if _, err := a.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.server.EndTokens()
	l.server.EndLogins()
	_, err = a.Check(t.Context())
	if channels.ReasonOf(err) != channels.Auth || !strings.Contains(err.Error(), "invalid_grant") ||
		!strings.Contains(err.Error(), `run "stagecoach mail login support" to log in again`) || strings.Contains(err.Error(), "Trace") {
		t.Errorf("with an ended login, Check gives %v", err)
	}
	l.server.Refuse("unavailable")
	if _, err = a.Check(t.Context()); channels.ReasonOf(err) != channels.Unavailable {
		t.Errorf("with a provider that is down, Check gives %v", err)
	}
	l.server.Refuse("invalid_client")
	if _, err = a.Check(t.Context()); channels.ReasonOf(err) != channels.Auth || !strings.Contains(err.Error(), "client_id") {
		t.Errorf("with a program that isn't known, Check gives %v", err)
	}
	l.server.Refuse("")
	// Another process logs in; the daemon's adapter finds it.
	other := *l
	other.source = oauth.New(l.cfg, slog.New(slog.DiscardHandler))
	other.byCode(t)
	if _, err := a.Check(t.Context()); err != nil {
		t.Errorf("after logging in again, Check gives %v", err)
	}
}

func TestCertificatesAreVerified(t *testing.T) {
	t.Parallel()
	good := rogue(t, emailfake.RogueConfig{TLS: true})
	sum := sha256.Sum256(good.CertificateDER())
	pin := hex.EncodeToString(sum[:])
	expired := rogue(t, emailfake.RogueConfig{TLS: true, Expired: true})
	expiredSum := sha256.Sum256(expired.CertificateDER())
	named := rogue(t, emailfake.RogueConfig{TLS: true, CertificateFor: "mail.elsewhere.test"})
	start := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "STARTTLS"}})
	plain := rogue(t, emailfake.RogueConfig{})
	for name, c := range map[string]struct {
		r           *emailfake.Rogue
		mode        email.TLSMode
		ca          bool
		fingerprint string
		want        string
	}{
		"self-signed, trusted":   {good, email.ImplicitTLS, true, "", ""},
		"self-signed, pinned":    {good, email.ImplicitTLS, false, pin, ""},
		"expired, but pinned":    {expired, email.ImplicitTLS, false, strings.ToUpper(hex.EncodeToString(expiredSum[:])), ""},
		"starttls":               {start, email.StartTLS, true, "", ""},
		"self-signed":            {good, email.ImplicitTLS, false, "", "pin it by fingerprint: "},
		"self-signed, starttls":  {start, email.StartTLS, false, "", "signed by nobody we trust, it is self-signed"},
		"another one is pinned":  {expired, email.ImplicitTLS, false, pin, "is not the one that fingerprint names"},
		"expired":                {expired, email.ImplicitTLS, true, "", "has expired"},
		"for another name":       {named, email.ImplicitTLS, true, "", "is not for 127.0.0.1 but for mail.elsewhere.test: write"},
		"no starttls there":      {plain, email.StartTLS, true, "", "imap server"},
		"no tls there":           {plain, email.ImplicitTLS, true, "", "doesn't speak TLS from the first byte on this port: try starttls"},
		"tls where plain is set": {good, email.NoTLS, false, "", "write tls: tls"},
		"tls where starttls is":  {good, email.StartTLS, true, "", "write tls: tls"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := rogueBox(c.r)
			cfg.Timeout = 2 * time.Second
			cfg.IMAP.Endpoint = endpoint(c.r.Port(), c.mode, "")
			cfg.IMAP.Fingerprint = c.fingerprint
			if c.ca {
				cfg.IMAP.CAFile = caFile(t, c.r.CertificatePEM())
			}
			before := logins(c.r)
			_, err := adapter(t, cfg, nil).Check(t.Context())
			switch {
			case c.want == "" && err != nil:
				t.Errorf("Check gives %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || channels.ReasonOf(err) == channels.Auth):
				t.Errorf("Check gives %v, want %q", err, c.want)
			}
			if c.want != "" && logins(c.r) > before {
				t.Error("the password went to a server that isn't trusted")
			}
		})
	}
}

func logins(r *emailfake.Rogue) (n int) {
	for _, said := range r.Said() {
		if said == "LOGIN" {
			n++
		}
	}
	return n
}

func TestSharedMailboxes(t *testing.T) {
	byName := rogue(t, emailfake.RogueConfig{Login: wantPassword(support+`\team@acme.test`, "LOGIN")})
	cfg := rogueBox(byName)
	cfg.SharedMailbox = "team@acme.test"
	if _, err := adapter(t, cfg, nil).Check(t.Context()); err != nil {
		t.Errorf("by name: %v", err)
	}
	byFolder := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "NAMESPACE"}, Delim: '.'})
	byFolder.AddFolder("user.team", "")
	byFolder.AddFolder("user.team.Web", "")
	cfg = rogueBox(byFolder)
	cfg.SharedMailbox, cfg.SharedByNamespace = "team", true
	cfg.IMAP.Folders = []string{"INBOX", "Web"}
	src := source(t)
	receiving(t, adapter(t, cfg, nil), src)
	src.Until("both folders to be watched", func() bool {
		marks := src.Bookmarks()
		return !marks["email/support/INBOX"].At.IsZero() && !marks["email/support/Web"].At.IsZero()
	})
	byFolder.Put("user.team", mail("to the team"), time.Time{})
	byFolder.Put("user.team.Web", mail("by the form"), time.Time{})
	src.UntilStored(2)
}

// Passwords for programs and such are told of where a password is refused.
func TestProviderHint(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{Login: func(string, string, string) error { return errors.New("[ALERT] Invalid credentials (Failure)") }})
	cfg := rogueBox(r)
	cfg.Hint = "take an app password"
	_, err := adapter(t, cfg, nil).Check(t.Context())
	if channels.ReasonOf(err) != channels.Auth || !strings.Contains(err.Error(), "take an app password") {
		t.Errorf("Check gives %v", err)
	}
	var typed *channels.Error
	if !errors.As(err, &typed) || typed.RetryAfter < 30*time.Second {
		t.Errorf("a refused password is tried again after %v", typed.RetryAfter)
	}
}

func TestStoredLoginIsPrivate(t *testing.T) {
	t.Parallel()
	l := newLogin(t, time.Hour, oauth.Device)
	l.byCode(t)
	info, err := os.Stat(l.cfg.File)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	files, err := os.ReadDir(filepath.Dir(l.cfg.File))
	if err != nil || len(files) != 2 { // with its lock
		t.Errorf("the folder holds %v, %v", files, err)
	}
	if _, err := oauth.New(l.cfg, logTo(io.Discard)).Token(context.WithoutCancel(t.Context()), ""); err != nil {
		t.Errorf("another process can't use it: %v", err)
	}
}
