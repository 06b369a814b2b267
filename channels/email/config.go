package email

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"os"
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
	// Username is the account's address if empty. Without a password SMTP
	// sends with no login.
	Username string
	Password Secret
}

// IMAP is where mail is fetched.
type IMAP struct {
	Endpoint
	// Folder is watched; INBOX if empty.
	Folder string
	// SentFolder holds what was sent; found by its attribute or usual names if
	// empty.
	SentFolder string
}

// SMTP is where replies are handed over.
type SMTP struct {
	Endpoint
	// HELO is how we introduce ourselves; the address's domain if empty.
	HELO string
}

// Config is one mailbox.
type Config struct {
	// Account names the mailbox in Stagecoach: letters, digits, "-", "_".
	Account string
	// Address is the mailbox's own address, Aliases its others.
	Address string
	Aliases []string
	// FromName is shown as the sender where a reply has no name of its own.
	FromName string
	// IMAP and SMTP each may lack a host: then the account goes one way only.
	IMAP IMAP
	SMTP SMTP
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
	// Patience is how long a mail that the server can't hand over may hold up
	// those behind it, before it is passed on without its text; 2 min if zero.
	Patience time.Duration
}

func (c Config) withDefaults() Config {
	c.IMAP.Endpoint = c.IMAP.withDefaults(c.Address, 993, 143)
	c.SMTP.Endpoint = c.SMTP.withDefaults(c.Address, 465, 587)
	c.IMAP.Folder = orDefault(c.IMAP.Folder, "INBOX")
	c.SMTP.HELO = orDefault(c.SMTP.HELO, domainOf(c.Address))
	if c.Patience <= 0 {
		c.Patience = 2 * time.Minute
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
	if c.IMAP.Host != "" && c.IMAP.Password == "" {
		bad("imap.password is missing")
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
	if e.Port < 0 || e.Port > 65535 {
		all = append(all, fmt.Errorf("%s.port %d: want 1 to 65535", name, e.Port))
	}
	if e.TLS != NoTLS {
		if _, err := e.tlsConfig(); err != nil {
			all = append(all, fmt.Errorf("%s.ca_file: %w", name, err))
		}
	}
	return errors.Join(all...)
}

func (e Endpoint) address() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// tlsConfig verifies the server's name, and its chain against CAFile if given.
func (e Endpoint) tlsConfig() (*tls.Config, error) {
	cfg := &tls.Config{ServerName: e.Host, MinVersion: tls.VersionTLS12}
	if e.CAFile == "" {
		return cfg, nil
	}
	pem, err := os.ReadFile(e.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading certificates: %w", err)
	}
	cfg.RootCAs = x509.NewCertPool()
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", e.CAFile)
	}
	return cfg, nil
}

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
