package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels/email/emailfake"
	"stagecoach/channels/email/oauth"
)

// asks is a terminal at which somebody does what it says.
type asks struct {
	mu   sync.Mutex
	text bytes.Buffer
	once sync.Once
	want *regexp.Regexp
	does func(found string)
}

// Write implements io.Writer.
func (a *asks) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.text.Write(p)
	if m := a.want.FindStringSubmatch(a.text.String()); m != nil {
		a.once.Do(func() { go a.does(m[1]) })
	}
	return len(p), nil
}

func (a *asks) said() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.text.String()
}

func TestMailLogin(t *testing.T) {
	o := emailfake.StartOAuth(time.Hour)
	defer o.Close()
	r, err := emailfake.StartRogue(emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "AUTH=XOAUTH2", "LOGINDISABLED"}, Login: o.Check})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	dir := t.TempDir()
	secret := writeFile(t, filepath.Join(dir, "secret"), emailfake.ClientSecret)
	account := func(name, flow string) string {
		return fmt.Sprintf(`    - name: %s
      address: %s@acme.test
      oauth: {client_id: %s, client_secret_file: %s, flow: %s, auth_url: %s/auth, token_url: %s/token, device_url: %s/device}
      imap: {host: 127.0.0.1, port: %d, tls: none}
`, name, name, emailfake.ClientID, secret, flow, o.URL, o.URL, o.URL, r.Port())
	}
	file := writeFile(t, filepath.Join(dir, "office.yaml"), "version: 1\nchannels:\n  email:\n"+
		account("code", "device")+account("page", "browser")+account("app", "app")+
		fmt.Sprintf("    - {name: old, address: old@acme.test, imap: {host: 127.0.0.1, port: %d, tls: none, password_file: %s}}\n", r.Port(), secret))
	data := filepath.Join(dir, "data")
	login := func(name string, term *asks) int {
		t.Helper()
		return run(context.WithoutCancel(t.Context()), []string{"mail", "login", name, "--config", file, "--data", data}, std{in: strings.NewReader(""), out: term, err: term})
	}
	check := func() string {
		var out bytes.Buffer
		run(t.Context(), []string{"check", "--connect", "--config", file, "--data", data}, std{in: strings.NewReader(""), out: &out, err: &out})
		return out.String()
	}
	if said := check(); !strings.Contains(said, `run "stagecoach mail login code"`) {
		t.Errorf("before anybody logged in, check says\n%s", said)
	}
	for name, term := range map[string]*asks{
		"code": {want: regexp.MustCompile(`Enter the code\s+(\S+)`), does: func(code string) { o.Allow(code, true) }},
		"page": {want: regexp.MustCompile(`(http://\S+/auth\?\S+)\n`), does: func(page string) {
			if resp, err := http.Get(page); err == nil {
				_ = resp.Body.Close()
			}
		}},
		"app": {want: regexp.MustCompile(`(never)`)},
	} {
		if code := login(name, term); code != 0 || !strings.Contains(term.said(), oauth.FileFor(data, name)) || !strings.Contains(term.said(), "logged in, folder") {
			t.Errorf("mail login %s gives %d and says\n%s", name, code, term.said())
		}
	}
	if said := check(); strings.Count(said, "logged in, folder") != 3 || !strings.Contains(said, "only by token") && !strings.Contains(said, "over TLS it might") {
		t.Errorf("after logging in, check says\n%s", said)
	}
	for name, want := range map[string]string{"old": "logs in with a password", "nobody": "there is code, page, app, old"} {
		term := &asks{want: regexp.MustCompile(`(never)`)}
		if code := login(name, term); code != 1 || !strings.Contains(term.said(), want) {
			t.Errorf("mail login %s gives %d and says %s", name, code, term.said())
		}
	}
}
