package bluesky

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"stagecoach/channels"
)

// Secret is an app password. Printed or logged it shows stars.
type Secret = channels.Secret

// Listen is what to look for in posts that aren't addressed to us.
type Listen struct {
	// Hashtags are searched for, without "#".
	Hashtags []string
	// Keywords are words or phrases that a post must have.
	Keywords []string
}

// Config is one account of the AT protocol.
type Config struct {
	// Account names it in Stagecoach: letters, digits, "-", "_".
	Account string
	// Handle is the account's own: "support.example.com".
	Handle string
	// Password is an app password, never the account's own.
	Password Secret
	// Server is the account's personal data server: "https://bsky.social". If
	// empty it is found from the handle.
	Server string
	// CAFile holds the certificates (PEM) to trust instead of the system's.
	CAFile string
	// Listen opens outreach contacts; nothing is looked for if empty.
	Listen Listen
	// NoMessages leaves direct messages alone. Otherwise they are read where the
	// app password allows it.
	NoMessages bool
	// PollInterval is how often notifications are asked for, MessageInterval
	// direct messages, ListenInterval what Listen names; 30 s, 10 s and 2 min if
	// zero.
	PollInterval    time.Duration
	MessageInterval time.Duration
	ListenInterval  time.Duration
	// LateInterval is how often it's looked for what stands behind what was read
	// already; 15 min if zero.
	LateInterval time.Duration
	// WatchInterval is how often it's looked for posts that were deleted; 2 min if
	// zero.
	WatchInterval time.Duration
	// Timeout bounds each answer of a server; 30 s if zero.
	Timeout time.Duration
	// Resolver finds the account's id by its handle, Directory what is known of
	// an id; https://public.api.bsky.app and https://plc.directory if empty. They
	// are asked where Server is empty.
	Resolver  string
	Directory string
	// ChatService is the service of direct messages, by its id;
	// did:web:api.bsky.chat#bsky_chat if empty.
	ChatService string
}

const accountLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

func (c Config) withDefaults() Config {
	c.Handle = strings.ToLower(strings.TrimPrefix(c.Handle, "@"))
	c.Listen.Hashtags = slices.Clone(c.Listen.Hashtags)
	for i, tag := range c.Listen.Hashtags {
		c.Listen.Hashtags[i] = strings.TrimPrefix(tag, "#")
	}
	for _, d := range []struct {
		of       *string
		standard string
	}{
		{&c.Server, ""},
		{&c.Resolver, "https://public.api.bsky.app"},
		{&c.Directory, "https://plc.directory"},
		{&c.ChatService, "did:web:api.bsky.chat#bsky_chat"},
	} {
		if *d.of = strings.TrimRight(*d.of, "/"); *d.of == "" {
			*d.of = d.standard
		}
	}
	for _, d := range []struct {
		of       *time.Duration
		standard time.Duration
	}{
		{&c.PollInterval, 30 * time.Second},
		{&c.MessageInterval, 10 * time.Second},
		{&c.ListenInterval, 2 * time.Minute},
		{&c.LateInterval, lateInterval},
		{&c.WatchInterval, 2 * time.Minute},
		{&c.Timeout, 30 * time.Second},
	} {
		if *d.of <= 0 {
			*d.of = d.standard
		}
	}
	return c
}

// handleForm is that of a handle (https://atproto.com/specs/handle).
var handleForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Validate says everything that is wrong with the configuration at once, or nil.
func (c Config) Validate() error {
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if c.Account == "" || strings.Trim(c.Account, accountLetters) != "" {
		bad("account %q: want letters, digits, - and _", c.Account)
	}
	handle := strings.ToLower(strings.TrimPrefix(c.Handle, "@"))
	if len(handle) > 253 || !handleForm.MatchString(handle) {
		bad("handle %q: want the account's whole name, such as support.bsky.social", c.Handle)
	}
	if strings.TrimSpace(string(c.Password)) == "" {
		bad("password is missing: make an app password at https://bsky.app/settings/app-passwords")
	} else if strings.ContainsFunc(string(c.Password), func(r rune) bool { return r <= ' ' || r > '~' }) {
		bad("password: has characters that no app password has")
	}
	for _, s := range []struct{ name, value string }{
		{"server", c.Server}, {"resolver", c.Resolver}, {"directory", c.Directory},
	} {
		if s.value != "" && !validServer(s.value) {
			bad("%s %q: want an address such as https://bsky.social", s.name, s.value)
		}
	}
	if s := c.ChatService; s != "" && (!strings.HasPrefix(s, "did:") || !strings.Contains(s, "#")) {
		bad("chat_service %q: want an id such as did:web:api.bsky.chat#bsky_chat", s)
	}
	if _, err := c.roots(); err != nil {
		all = append(all, err)
	}
	for _, tag := range c.Listen.Hashtags {
		if !validTag(strings.TrimPrefix(tag, "#")) {
			bad("listen.hashtags %q: want one word", tag)
		}
	}
	for _, word := range c.Listen.Keywords {
		if n := len([]rune(strings.TrimSpace(word))); n < 3 || n > 100 {
			bad("listen.keywords %q: want 3 to 100 characters", word)
		}
	}
	return errors.Join(all...)
}

func validServer(s string) bool {
	u, err := url.Parse(strings.TrimRight(s, "/"))
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") &&
		u.RawQuery == "" && u.User == nil && u.Fragment == ""
}

func validTag(tag string) bool {
	return tag != "" && len(tag) <= 200 && !strings.ContainsFunc(tag, func(r rune) bool {
		return r == '#' || unicode.IsSpace(r) || unicode.IsControl(r)
	})
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
