package email

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Secret is a password or token. Printed or logged it shows stars.
type Secret string

// String implements fmt.Stringer.
func (Secret) String() string { return "***" }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return "***" }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue("***") }

// MarshalJSON hides the secret in JSON too.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

// TLSMode is how a connection is protected.
type TLSMode string

// The modes. ImplicitTLS speaks TLS from the first byte, StartTLS upgrades and
// goes no further without. NoTLS sends the password in the clear, and is used
// only when it is written down.
const (
	ImplicitTLS TLSMode = "tls"
	StartTLS    TLSMode = "starttls"
	NoTLS       TLSMode = "none"
)

// Endpoint is one server and how to log in there.
type Endpoint struct {
	Host string
	// Port is the mode's usual one if 0.
	Port int
	// TLS is ImplicitTLS if empty.
	TLS TLSMode
	// CAFile holds the certificates (PEM) to trust instead of the system's.
	CAFile string
	// Fingerprint is the SHA-256 of the only certificate to trust, in hex with
	// or without colons, whatever name, age and issuer it has.
	Fingerprint string
	// Username is the account's address if empty. Without a password and
	// without tokens SMTP sends with no login.
	Username string
	Password Secret
	// Auth is how to log in, chosen by what the server offers if empty.
	Auth AuthMode

	// asPassword and asToken are the names for either kind of login.
	asPassword, asToken string
}

// IMAP is where mail is fetched.
type IMAP struct {
	Endpoint
	// Folder is watched; INBOX if empty. Folders, if given, are all that are
	// watched, the main one first; Folder is then left out.
	Folder  string
	Folders []string
	// SentFolder holds what was sent; found by its attribute or usual names if
	// empty.
	SentFolder string
}

// SMTP is where replies are handed over.
type SMTP struct {
	Endpoint
	// HELO is how we introduce ourselves; the address's domain if empty.
	HELO string
	// MaxPerMinute is how many mails the provider takes in a minute; no limit
	// if 0.
	MaxPerMinute int
}

// Config is one mailbox.
type Config struct {
	// Account names the mailbox in Stagecoach: letters, digits, "-", "_".
	Account string
	// Address is the mailbox's own address, Aliases its others.
	Address string
	Aliases []string
	// Subaddress says that mail to local+anything@domain reaches the mailbox (RFC
	// 5233): then answers are asked for at an address that carries the
	// conversation's token. Where it doesn't, they would come back to the customer.
	Subaddress bool
	// FromName is shown as the sender where a reply has no name of its own.
	FromName string
	// TrustedAuthserv are the names by which the receiving servers sign their
	// Authentication-Results (RFC 8601), those of servers below them included.
	// With none, a known provider's count, and what stands where a sender can't
	// have written it.
	TrustedAuthserv []string
	// Vouched is whose signatures on mails are known, nil if nobody's.
	Vouched *Vouched
	// IMAP and SMTP each may lack a host: then the account goes one way only.
	IMAP IMAP
	SMTP SMTP
	// Tokens gives the OAuth tokens to log in by, nil where the password is used.
	Tokens Tokens
	// Hint is added to what is said of a refused password: what this provider
	// wants, such as a password of its own for programs.
	Hint string
	// SharedMailbox is the mailbox to open that belongs to somebody else than
	// the user who logs in; "" opens the user's own. It is opened by the name at
	// login, as Exchange has it, or, with SharedByNamespace, as a folder below
	// other users' (RFC 2342).
	SharedMailbox     string
	SharedByNamespace bool
	// After says what becomes of a mail at the server once it is stored here.
	After Afterwards
	// DKIM signs replies.
	DKIM DKIM
	// Import loads mail of this long before the first connection, as history.
	Import time.Duration
	// OpenSince makes contacts of unanswered mail received since then, too.
	OpenSince time.Time
	// CopyToSent puts what we sent into the folder of sent mail. Leave it off
	// where the provider does so itself.
	CopyToSent bool
	// PollInterval is how often to look where the server knows no IDLE; 15 s
	// if zero.
	PollInterval time.Duration
	// IdleMaximum is how long to trust a silent IDLE before asking again: a
	// dead link is noticed after it and Timeout. 1 min if zero, at most 9 min.
	IdleMaximum time.Duration
	// Timeout bounds each answer of a server; 30 s if zero.
	Timeout time.Duration
	// SentPatience is how long to wait for the copy of a reply that the provider
	// makes itself, where it has made one before; 10 s if zero.
	SentPatience time.Duration
	// Patience is how long a mail that the server can't hand over may hold up
	// those behind it, before it is passed on without its text; 2 min if zero.
	Patience time.Duration
}

func (c Config) withDefaults() Config {
	c.IMAP.Endpoint = c.IMAP.withDefaults(c.Address, 993, 143)
	c.SMTP.Endpoint = c.SMTP.withDefaults(c.Address, 465, 587)
	c.IMAP.Endpoint = c.IMAP.named(c.SharedMailbox, c.SharedByNamespace, true)
	c.SMTP.Endpoint = c.SMTP.named(c.SharedMailbox, c.SharedByNamespace, false)
	if len(c.IMAP.Folders) == 0 {
		c.IMAP.Folders = []string{orDefault(c.IMAP.Folder, "INBOX")}
	}
	c.IMAP.Folders = slices.Clone(c.IMAP.Folders)
	for i, folder := range c.IMAP.Folders {
		c.IMAP.Folders[i] = inboxName(folder)
	}
	c.IMAP.Folder = c.IMAP.Folders[0]
	c.SMTP.HELO = orDefault(c.SMTP.HELO, domainOf(c.Address))
	if c.Patience <= 0 {
		c.Patience = 2 * time.Minute
	}
	if c.SentPatience <= 0 {
		c.SentPatience = 10 * time.Second
	}
	if c.PollInterval <= 0 {
		c.PollInterval = 15 * time.Second
	}
	if c.IdleMaximum <= 0 {
		c.IdleMaximum = time.Minute
	}
	c.IdleMaximum = min(c.IdleMaximum, 9*time.Minute)
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	return c
}

func (e Endpoint) withDefaults(username string, implicit, other int) Endpoint {
	e.Username = orDefault(e.Username, username)
	if e.TLS == "" {
		e.TLS = ImplicitTLS
	}
	if e.Port == 0 && e.TLS == ImplicitTLS {
		e.Port = implicit
	}
	if e.Port == 0 {
		e.Port = other
	}
	return e
}

// named fills in as whom to log in. A token says who logs in, so the name beside
// it says whose mailbox is opened; with a password, Exchange takes both in one.
func (e Endpoint) named(shared string, byNamespace, reads bool) Endpoint {
	e.asPassword, e.asToken = e.Username, e.Username
	if shared == "" || byNamespace {
		return e
	}
	e.asToken = shared
	if reads {
		e.asPassword = e.Username + `\` + shared
	}
	return e
}

// inboxName spells the one name that is the same in any case (RFC 3501, section
// 5.1) as everybody does.
func inboxName(folder string) string {
	if strings.EqualFold(folder, "INBOX") {
		return "INBOX"
	}
	return folder
}

// Validate says everything that is wrong with the configuration at once, or nil.
func (c Config) Validate() error {
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if c.Account == "" || strings.Trim(c.Account, accountLetters) != "" {
		bad("account %q: want letters, digits, - and _", c.Account)
	}
	for _, address := range append([]string{c.Address}, c.Aliases...) {
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			bad("address %q: want a plain e-mail address", address)
		}
	}
	if c.IMAP.Host == "" && c.SMTP.Host == "" {
		bad("imap.host and smtp.host are both missing")
	}
	if c.IMAP.Host != "" && c.IMAP.Password == "" && c.Tokens == nil {
		bad("imap.password is missing")
	}
	if err := c.After.validate(c.IMAP.Folders); err != nil {
		all = append(all, err)
	}
	all = append(all, c.IMAP.validate("imap"), c.SMTP.validate("smtp"))
	if c.Import < 0 {
		bad("import %v: want a time of the past as a positive duration", c.Import)
	}
	return errors.Join(all...)
}

const accountLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

func (e Endpoint) validate(name string) error {
	if e.Host == "" {
		return nil
	}
	var all []error
	switch e.TLS {
	case "", ImplicitTLS, StartTLS, NoTLS:
	default:
		all = append(all, fmt.Errorf("%s.tls %q: want tls, starttls or none", name, e.TLS))
	}
	switch e.Auth {
	case AutoAuth, PlainAuth, LoginAuth, OAuthBearerAuth, XOAuth2Auth:
	default:
		all = append(all, fmt.Errorf("%s.auth %q: want plain, login, oauthbearer or xoauth2", name, e.Auth))
	}
	if e.Port < 0 || e.Port > 65535 {
		all = append(all, fmt.Errorf("%s.port %d: want 1 to 65535", name, e.Port))
	}
	if e.TLS != NoTLS {
		if _, err := e.tlsConfig(); err != nil {
			all = append(all, fmt.Errorf("%s.%w", name, err))
		}
	}
	return errors.Join(all...)
}

func (e Endpoint) address() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func domainOf(address string) string {
	_, domain, _ := cutLast(address, "@")
	return strings.ToLower(domain)
}

func localOf(address string) string {
	local, _, _ := cutLast(address, "@")
	return local
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
