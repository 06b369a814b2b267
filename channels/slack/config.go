package slack

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"stagecoach/channels"
)

// Secret is a credential. Printed or logged it shows stars.
type Secret = channels.Secret

// Interaction is what somebody did with a button, a form, a shortcut or a slash
// command of the app.
type Interaction struct {
	// Kind is Slack's: "interactive" or "slash_commands".
	Kind    string
	Payload json.RawMessage
}

// Config is one workspace in which our app is installed.
type Config struct {
	// Account names it in Stagecoach: letters, digits, "-", "_".
	Account string
	// BotToken is the bot user's OAuth token ("xoxb-"), AppToken the app-level one
	// with the scope connections:write ("xapp-").
	BotToken Secret
	AppToken Secret
	// Channels are those in which every message is for us, by id ("C0123ABCD") or
	// by name. Elsewhere direct messages, mentions and the threads that follow are.
	Channels []string
	// Bots takes what other apps write as well. Our own is never taken.
	Bots bool
	// API is where the Web API is; https://slack.com/api/ if empty.
	API string
	// CAFile holds the certificates (PEM) to trust instead of the system's.
	CAFile string
	// Timeout bounds each answer of the server; 30 s if zero.
	Timeout time.Duration
	// Interact, if it isn't nil, gets what people do with buttons, forms and
	// commands, which is acknowledged once it returned nil. It has 2.5 s.
	Interact func(ctx context.Context, i Interaction) error
}

const (
	accountLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	standardAPI    = "https://slack.com/api/"
)

func (c Config) withDefaults() Config {
	if c.API == "" {
		c.API = standardAPI
	}
	c.API = strings.TrimRight(c.API, "/") + "/"
	c.Channels = slices.Clone(c.Channels)
	for i, name := range c.Channels {
		c.Channels[i] = strings.TrimPrefix(strings.TrimSpace(name), "#")
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	return c
}

// Validate says everything that is wrong with the configuration at once, or nil.
func (c Config) Validate() error {
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if c.Account == "" || strings.Trim(c.Account, accountLetters) != "" {
		bad("account %q: want letters, digits, - and _", c.Account)
	}
	for _, t := range []struct {
		name, prefix, kind string
		token              Secret
	}{
		{"bot_token", "xoxb-", "the bot user's OAuth token, found under \"OAuth & Permissions\"", c.BotToken},
		{"app_token", "xapp-", "the app-level token with connections:write, found under \"Basic Information\"", c.AppToken},
	} {
		switch {
		case t.token == "":
			bad("%s is missing: want %s", t.name, t.kind)
		case strings.ContainsFunc(string(t.token), func(r rune) bool { return r <= ' ' || r > '~' }):
			bad("%s: has characters that no token has", t.name)
		case !strings.HasPrefix(string(t.token), t.prefix):
			bad("%s: begins otherwise than %q: want %s", t.name, t.prefix, t.kind)
		}
	}
	if c.API != "" {
		u, err := url.Parse(c.API)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.User != nil {
			bad("api %q: want an address such as %s", c.API, standardAPI)
		} else if u.Scheme == "http" && !local(u.Hostname()) {
			bad("api %q: tokens go over https only", c.API)
		}
	}
	for _, name := range c.Channels {
		if bare := strings.TrimPrefix(strings.TrimSpace(name), "#"); bare == "" || len(bare) > 80 || strings.ContainsAny(bare, " ,/") {
			bad("channels %q: want a channel's id or name", name)
		}
	}
	if _, err := c.roots(); err != nil {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// local reports whether a host is this machine.
func local(host string) bool {
	return host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}

// roots gives the certificates to trust, nil for the system's.
func (c Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil //nolint:nilnil // no pool is what crypto/tls takes for the system's
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file %q: has no certificate in it", c.CAFile)
	}
	return pool, nil
}
