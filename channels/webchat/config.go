package webchat

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"stagecoach/channels"
)

// Secret is the key by which a shop signs who its customers are. Printed or
// logged it shows stars.
type Secret = channels.Secret

// Outlook is what a visitor may honestly expect.
type Outlook struct {
	// Known is false where nothing can be said; then nothing is.
	Known bool
	// Open reports whether somebody is there to answer.
	Open bool
	// Closed reports that nobody is expected to be: it is outside office hours.
	Closed bool
	// Answered is within what those who write now usually have an answer, Yours
	// within what whoever asks will, if they wait; 0 if unknown.
	Answered, Yours time.Duration
	// Opens is when somebody is expected again, zero if unknown or Open.
	Opens time.Time
}

// Activity is what a visitor does beside writing, for whoever shows it to agents.
// It is passing: nothing keeps it.
type Activity struct {
	// Visitor is the address as in contact.Message.From, Thread its thread.
	Visitor string
	Thread  string
	// Typing, Ended, Email, Presence (came or went) and Mailed tell which of these
	// it is. ReadUpTo, else, is the id of the last reply that was on the visitor's
	// screen.
	Typing, Ended, Email, Presence, Mailed bool
	ReadUpTo                               string
}

// Config is one web chat: one script tag's worth of web sites.
type Config struct {
	// Account names it in Stagecoach and in the address of its script: letters,
	// digits, "-", "_".
	Account string
	// Dir is where webchat-<account>.db is kept; it must exist.
	Dir string
	// Secrets sign the identity of logged-in customers, 32 characters at least,
	// several while one is changed for another; with none nobody is signed.
	Secrets []Secret
	// Users names whose numbers the signed user ids are: accounts that name the same
	// share them, those that don't have customers of their own under them. It may
	// be empty where there is one such account only.
	Users string
	// ExternalIDs says that the site's user_id is the id by which the company's list
	// of customers has them.
	ExternalIDs bool
	// Origins are the web sites that may embed the chat, such as
	// https://shop.example; http is for this machine alone. Pages of the desk's
	// own address need not be named.
	Origins []string
	// Title heads the panel; the account's name if empty.
	Title string
	// TrustedProxies are addresses or networks (10.0.0.0/8) whose
	// X-Forwarded-For is believed, beside this machine.
	TrustedProxies []string
	// PerAddress is how many requests a second one IP address may make, 50 if
	// zero; an office of many people has one. PerVisitor is how many messages a
	// second one visitor may write, 1 if zero. Bursts are ten and twenty times
	// as many.
	PerAddress, PerVisitor float64
	// Visitors is how many may be connected at once; 5,000 if zero.
	Visitors int
	// FileBytes is the largest file; 20 MiB if zero, which is also the most.
	FileBytes int64
	// Heartbeat is how often a silent stream is given a sign of life; 20 s if
	// zero, MaxHeartbeat at most: browsers give a stream up after 50 s of silence.
	Heartbeat time.Duration
	// MailAfter is how long a visitor may be away before a reply goes to the
	// address that they left; 60 s if zero.
	MailAfter time.Duration

	// Outlook tells how long answers take, and how long whoever wrote in a thread
	// ("" for nobody yet) still waits; nil says nothing. Each browser that is
	// connected asks again and again, so it must be quick.
	Outlook func(ctx context.Context, thread string) Outlook
	// Mail sends a reply to a visitor who is gone; nil sends none. A
	// *channels.Error other than in_doubt and unknown promises that nothing was
	// sent.
	Mail func(ctx context.Context, to, subject, text, replyID string) error
	// Full reports that the disk is down to what is kept for replies: nothing new
	// is taken then. Nil means never.
	Full func() bool
	// Activity is told what visitors do, from any goroutine, and must not wait; nil
	// tells nobody.
	Activity func(a Activity)
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// MaxFile is the most bytes of one file, MaxHeartbeat the longest silence of a
// stream.
const (
	MaxFile      = 20 << 20
	MaxHeartbeat = 30 * time.Second
)

func (c Config) withDefaults() Config {
	if c.Title == "" {
		c.Title = c.Account
	}
	if c.PerAddress <= 0 {
		c.PerAddress = 50
	}
	if c.PerVisitor <= 0 {
		c.PerVisitor = 1
	}
	if c.Visitors <= 0 {
		c.Visitors = 5000
	}
	if c.FileBytes <= 0 {
		c.FileBytes = MaxFile
	}
	if c.Heartbeat <= 0 {
		c.Heartbeat = 20 * time.Second
	}
	if c.MailAfter <= 0 {
		c.MailAfter = time.Minute
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

const accountLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// Validate says everything that is wrong with the configuration at once, or nil.
func (c Config) Validate() error {
	_, _, err := c.parts()
	return err
}

// parts gives the origins and the proxies as they are compared.
func (c Config) parts() (origins map[string]bool, proxies []netip.Prefix, err error) {
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if c.Account == "" || len(c.Account) > 64 || strings.Trim(c.Account, accountLetters) != "" {
		bad("account %q: want letters, digits, - and _, 64 at most", c.Account)
	}
	if len(c.Users) > 64 || strings.Trim(c.Users, accountLetters) != "" {
		bad("users %q: want letters, digits, - and _, 64 at most", c.Users)
	}
	if c.Dir == "" {
		bad("dir is missing: conversations must be kept somewhere")
	}
	for i, s := range c.Secrets {
		if len(s) < 32 {
			bad("secrets[%d]: want 32 characters at least, such as openssl rand -hex 32 gives", i)
		}
	}
	origins = map[string]bool{}
	for _, o := range c.Origins {
		clean, err := cleanOrigin(o)
		if err != nil {
			bad("origins %q: %w", o, err)
			continue
		}
		origins[clean] = true
	}
	for _, p := range c.TrustedProxies {
		prefix, err := network(p)
		if err != nil {
			bad("trusted_proxies %q: want an address or a network such as 10.0.0.0/8", p)
			continue
		}
		proxies = append(proxies, prefix)
	}
	if c.PerAddress < 0 || c.PerVisitor < 0 || c.Visitors < 0 {
		bad("per_address, per_visitor and visitors: want numbers above 0")
	}
	if c.FileBytes < 0 || c.FileBytes > MaxFile {
		bad("file_bytes %d: want at most %d (20 MiB)", c.FileBytes, MaxFile)
	}
	if c.MailAfter < 0 || c.Heartbeat < 0 || c.Heartbeat > MaxHeartbeat {
		bad("mail_after and heartbeat: want times above 0, a heartbeat of at most %v", MaxHeartbeat)
	}
	return origins, proxies, errors.Join(all...)
}

// cleanOrigin gives an origin as browsers write it (RFC 6454 section 6.2).
func cleanOrigin(s string) (string, error) {
	u, err := url.Parse(strings.TrimSuffix(s, "/"))
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http", u.User != nil:
		return "", errors.New("want an origin such as https://shop.example")
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("leave out what comes after the host, such as /path")
	case strings.Contains(u.Host, "*"):
		return "", errors.New("name each site, * is not understood")
	case u.Scheme == "http" && !thisMachine(u.Hostname()):
		return "", errors.New("want https, since anybody on the way can read http")
	}
	host := strings.ToLower(u.Host)
	if name, err := idna.Lookup.ToASCII(u.Hostname()); err == nil && name != u.Hostname() { // as browsers write it
		host = strings.Replace(u.Host, u.Hostname(), name, 1)
	}
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host, nil
}

func thisMachine(host string) bool {
	if strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func network(s string) (netip.Prefix, error) {
	if prefix, err := netip.ParsePrefix(s); err == nil {
		return prefix.Masked(), nil
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(ip, ip.BitLen()), nil
}
