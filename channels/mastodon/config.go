package mastodon

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"stagecoach/channels"
)

// Secret is an access token. Printed or logged it shows stars.
type Secret = channels.Secret

// ReplyVisibility is who may read an answer to a public question.
type ReplyVisibility string

// The choices. SameVisibility answers as it was asked; Unlisted keeps answers out
// of public timelines; Direct answers people alone. None is ever wider than the
// question, and a post that wasn't addressed to us is never answered directly.
const (
	SameVisibility ReplyVisibility = "same"
	Unlisted       ReplyVisibility = "unlisted"
	Direct         ReplyVisibility = "direct"
)

// Listen is what to look for in posts that aren't addressed to us.
type Listen struct {
	// Hashtags are followed through their timelines, without "#".
	Hashtags []string
	// Keywords are searched for among public posts.
	Keywords []string
}

// Config is one account on one server that speaks the Mastodon API.
type Config struct {
	// Account names it in Stagecoach: letters, digits, "-", "_".
	Account string
	// Server is where the API is: "https://social.example".
	Server string
	// Address is the account's own, "support@social.example". Its domain completes
	// the names of the server's own people.
	Address string
	// Token is an access token with the scopes read and write.
	Token Secret
	// CAFile holds the certificates (PEM) to trust instead of the system's.
	CAFile string
	// ReplyVisibility is SameVisibility if empty.
	ReplyVisibility ReplyVisibility
	// Listen opens outreach contacts; nothing is looked for if empty.
	Listen Listen
	// PollInterval is how often notifications are asked for, though nothing woke
	// us; 30 s if zero. ListenInterval is that of what Listen names; 2 min if zero.
	PollInterval   time.Duration
	ListenInterval time.Duration
	// WatchInterval is how often recent messages are looked at for edits and
	// deletions; 2 min if zero.
	WatchInterval time.Duration
	// NoStreaming leaves it at polling.
	NoStreaming bool
	// Timeout bounds each answer of the server; 30 s if zero.
	Timeout time.Duration
}

const accountLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

func (c Config) withDefaults() Config {
	c.Server = strings.TrimRight(c.Server, "/")
	c.Address = strings.ToLower(strings.TrimPrefix(c.Address, "@"))
	if c.ReplyVisibility == "" {
		c.ReplyVisibility = SameVisibility
	}
	c.Listen.Hashtags = slices.Clone(c.Listen.Hashtags)
	for i, tag := range c.Listen.Hashtags {
		c.Listen.Hashtags[i] = strings.TrimPrefix(tag, "#")
	}
	c.Listen.Hashtags = once(c.Listen.Hashtags)
	c.Listen.Keywords = once(c.Listen.Keywords)
	for _, d := range []struct {
		of       *time.Duration
		standard time.Duration
	}{
		{&c.PollInterval, 30 * time.Second},
		{&c.ListenInterval, 2 * time.Minute},
		{&c.WatchInterval, 2 * time.Minute},
		{&c.Timeout, 30 * time.Second},
	} {
		if *d.of <= 0 {
			*d.of = d.standard
		}
	}
	return c
}

// once leaves out what is there already, in whatever case.
func once(words []string) []string {
	var out []string
	for _, word := range words {
		if !slices.ContainsFunc(out, func(have string) bool { return strings.EqualFold(have, word) }) {
			out = append(out, word)
		}
	}
	return out
}

// Validate says everything that is wrong with the configuration at once, or nil.
func (c Config) Validate() error {
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if c.Account == "" || strings.Trim(c.Account, accountLetters) != "" {
		bad("account %q: want letters, digits, - and _", c.Account)
	}
	if u, err := url.Parse(c.Server); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") ||
		u.RawQuery != "" || u.User != nil {
		bad("server %q: want an address such as https://social.example", c.Server)
	}
	if !validAddress(strings.TrimPrefix(c.Address, "@")) {
		bad("address %q: want name@domain, as people mention it", c.Address)
	}
	if strings.TrimSpace(string(c.Token)) == "" {
		bad("token is missing")
	} else if strings.ContainsFunc(string(c.Token), func(r rune) bool { return r <= ' ' || r > '~' }) {
		bad("token: has characters that no access token has")
	}
	switch c.ReplyVisibility {
	case "", SameVisibility, Unlisted, Direct:
	default:
		bad("reply_visibility %q: want same, unlisted or direct", c.ReplyVisibility)
	}
	if _, err := c.roots(); err != nil {
		all = append(all, err)
	}
	for _, tag := range c.Listen.Hashtags {
		if !validTag(strings.TrimPrefix(tag, "#")) {
			bad("listen.hashtags %q: want one word of letters, digits and _", tag)
		}
	}
	for _, word := range c.Listen.Keywords {
		if n := len([]rune(strings.TrimSpace(word))); n < 3 || n > 100 {
			bad("listen.keywords %q: want 3 to 100 characters", word)
		}
	}
	return errors.Join(all...)
}

func validAddress(s string) bool {
	name, domain, ok := strings.Cut(s, "@")
	return ok && name != "" && domain != "" && !strings.ContainsAny(s, " /<>\"'") && !strings.Contains(domain, "@")
}

func validTag(tag string) bool {
	return tag != "" && len(tag) <= 200 && !strings.ContainsFunc(tag, func(r rune) bool {
		return r != '_' && r != '·' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
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

// domain is that of the account's own address.
func (c Config) domain() string {
	_, domain, _ := strings.Cut(c.Address, "@")
	return domain
}
