package webhook

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"stagecoach/channels"
)

// Secret is a credential. Printed or logged it shows stars.
type Secret = channels.Secret

// Config is one connected system.
type Config struct {
	// Account names it in Stagecoach and in the address that it posts to:
	// letters, digits, "-", "_".
	Account string
	// Secrets verify what comes in: "whsec_" with base64 of 24 to 64 bytes
	// (HMAC), or "whpk_" with an Ed25519 public key. Several serve the change of
	// one. With none nothing is received.
	Secrets []Secret
	// Window is how far a request's time may be from ours; 5 min if zero, as the
	// standard has it.
	Window time.Duration
	// MaxBody is the largest request in bytes; 25 MiB if zero.
	MaxBody int64
	// PerSecond and Burst are how many messages are taken; 500 and at least
	// 1,000 if zero.
	PerSecond float64
	Burst     int
	// Public says that anybody can read what is written there (a forum).
	Public bool
	// AttachmentHosts are names or addresses, with a port or without, that files
	// may be fetched from though they are in a private network. Public ones need
	// not be named, nor that of the callback.
	AttachmentHosts []string
	// CAFile holds certificates (PEM) to trust beside the system's.
	CAFile string
	// Callback is where replies go; without a URL nothing is sent.
	Callback Callback
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// Callback is where replies are posted to.
type Callback struct {
	// URL is https, or http to this machine.
	URL string
	// Secrets sign replies, all of them (so that one can be changed without a
	// gap): "whsec_" or "whsk_" with an Ed25519 private key. Config.Secrets if
	// empty.
	Secrets []Secret
	// Headers are sent with each request, for gateways that want a key.
	Headers map[string]Secret
	// NotIdempotent says that the receiver doesn't know a webhook-id again. Then
	// a request whose answer is lost leaves the reply in doubt, for a person.
	NotIdempotent bool
	// PlainHTTP allows http to other machines.
	PlainHTTP bool
	// TextLimit is the longest text that it takes, in code points; 0 for any.
	TextLimit int
	// Timeout bounds one attempt; 30 s if zero (the standard advises 15 to 30).
	Timeout time.Duration
}

// parts are what New makes of a Config.
type parts struct {
	taken, given keyring
	roots        *x509.CertPool
}

func (c Config) withDefaults() Config {
	if c.Window <= 0 {
		c.Window = 5 * time.Minute
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 25 << 20
	}
	if c.PerSecond <= 0 {
		c.PerSecond = 500
	}
	if c.Burst <= 0 {
		c.Burst = max(1000, int(2*c.PerSecond))
	}
	if c.Callback.Timeout <= 0 {
		c.Callback.Timeout = 30 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate says everything that is wrong with the configuration at once, or nil.
func (c Config) Validate() error {
	_, err := c.parts()
	return err
}

const accountLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

func (c Config) parts() (parts, error) {
	var p parts
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if c.Account == "" || strings.Trim(c.Account, accountLetters) != "" {
		bad("account %q: want letters, digits, - and _", c.Account)
	}
	if len(c.Secrets) == 0 && c.Callback.URL == "" {
		bad("secrets and callback.url are both missing: nothing could be received or sent")
	}
	if c.Window < 0 || c.Window > 24*time.Hour {
		bad("window %v: want at most 24h", c.Window)
	}
	if c.MaxBody < 0 || c.MaxBody > 100<<20 {
		bad("max_body %d: want at most 100 MiB", c.MaxBody)
	}
	if c.PerSecond < 0 || c.Burst < 0 {
		bad("per_second and burst: want numbers above 0")
	}
	for _, host := range c.AttachmentHosts {
		if host == "" || strings.ContainsAny(host, "/ ") {
			bad("attachment_hosts %q: want a host name or an address", host)
		}
	}
	var err error
	if p.taken, err = newKeyring("secrets", c.Secrets, false); err != nil {
		all = append(all, err)
	}
	p.given, err = c.Callback.keys(c.Secrets)
	all = append(all, err, c.Callback.validate())
	if p.roots, err = rootsOf(c.CAFile); err != nil {
		all = append(all, err)
	}
	return p, errors.Join(all...)
}

// keys gives the keys that sign, those for both directions where there are no
// others.
func (c Callback) keys(both []Secret) (keyring, error) {
	switch {
	case c.URL == "":
		return nil, nil
	case len(c.Secrets) > 0:
		return newKeyring("callback.secrets", c.Secrets, true)
	case len(both) == 0:
		return nil, errors.New("callback.secrets is missing")
	default:
		ring, err := newKeyring("secrets", both, true)
		if err != nil {
			return nil, fmt.Errorf("callback.secrets is missing, and by secrets replies can't be signed: %w", err)
		}
		return ring, nil
	}
}

// ownHeaders are those that we set.
func ownHeaders() []string {
	return []string{"Content-Type", "Content-Length", "Host", "User-Agent", "Connection", "Transfer-Encoding", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}
}

func (c Callback) validate() error {
	if c.URL == "" {
		return nil
	}
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	u, err := url.Parse(c.URL)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http":
		bad("callback.url: want an address such as https://shop.example/replies")
	case u.User != nil:
		bad("callback.url: leave user and password out of it, and write callback.headers")
	case u.Scheme == "http" && !c.PlainHTTP && !thisMachine(u.Hostname()):
		bad("callback.url: want https, since anybody on the way can read http (or write plain_http: true)")
	case u.Fragment != "":
		bad("callback.url: leave out what comes after #")
	}
	for name, value := range c.Headers {
		switch {
		case !httpguts.ValidHeaderFieldName(name), !httpguts.ValidHeaderFieldValue(string(value)):
			bad("callback.headers %q: not a header", name)
		case slices.Contains(ownHeaders(), textproto.CanonicalMIMEHeaderKey(name)):
			bad("callback.headers %q: Stagecoach sets this one", name)
		}
	}
	if c.TextLimit < 0 || c.Timeout < 0 || c.Timeout > 5*time.Minute {
		bad("callback: want text_limit of 0 or more and a timeout of at most 5m")
	}
	return errors.Join(all...)
}

func thisMachine(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}

// rootsOf gives the certificates to trust, nil for the system's alone.
func rootsOf(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // nil is how crypto/tls names the system's
	}
	pem, err := os.ReadFile(file) //nolint:gosec // the supervisor's own configuration names it
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file %q: no certificate (PEM) in it", file)
	}
	return pool, nil
}

// hostOf gives the host of an address without its port.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
