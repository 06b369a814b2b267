package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"stagecoach/channels"
)

// checkURL reports what is no address of a daemon's gate, and one that would send
// the secret through the network in the clear.
func checkURL(given string) error {
	u, err := url.Parse(given)
	switch {
	case given == "":
		return errors.New("there is no address of the daemon: such as tls://router.example.org:4222")
	case err != nil || u.Hostname() == "" || u.Scheme != "nats" && u.Scheme != "tls":
		return fmt.Errorf("%q is not the address of a daemon: such as tls://router.example.org:4222", given)
	case u.User != nil:
		return errors.New("the address of the daemon must not hold a login: the secret stands in a file or a variable")
	case u.Scheme == "nats" && !loopback(u.Hostname()):
		return errors.New("the secret would cross the network in the clear: write tls:// instead of nats://")
	}
	return nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// The pauses between two tries to connect.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 10 * time.Second
	dialLimit    = 5 * time.Second
)

// connect makes the connection, or begins to try for ever.
func (p *Process) connect(ctx context.Context) error {
	p.trouble = newTeller(func(words string) {
		p.log.WarnContext(ctx, "the daemon can't be reached, it is tried again for ever", "url", p.cfg.URL, "why", words)
	})
	opts := []nats.Option{
		nats.Name("stagecoach adapter " + p.name), nats.UserInfo(p.name, string(p.cfg.Secret)), nats.CustomInboxPrefix(p.prefix + strings.TrimSuffix(verbReply, ".")),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(), nats.Timeout(dialLimit),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2), nats.NoEcho(), nats.IgnoreDiscoveredServers(),
		nats.CustomReconnectDelay(pause), nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { p.trouble.tell(err) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrAuthorization) {
				p.trouble.tell(err)
				return
			}
			p.log.WarnContext(ctx, "the connection to the daemon", "err", err)
		}),
		nats.DisconnectErrHandler(func(*nats.Conn, error) {
			p.setRun("")
			if ctx.Err() == nil {
				p.log.WarnContext(ctx, "the connection to the daemon is lost, it is made again")
			}
		}),
		nats.ConnectHandler(func(*nats.Conn) { p.connected(ctx) }),
		nats.ReconnectHandler(func(*nats.Conn) { p.connected(ctx) }),
	}
	secure, err := clientTLS(p.cfg)
	if err != nil {
		return err
	}
	if secure != nil {
		opts = append(opts, nats.Secure(secure))
	}
	p.conn, err = nats.Connect(p.cfg.URL, opts...)
	if err != nil {
		return channels.Plain(Words(err), err)
	}
	return nil
}

func (p *Process) connected(ctx context.Context) {
	p.trouble.tell(nil)
	p.log.InfoContext(ctx, "connected to the daemon", "url", p.cfg.URL)
	p.hurry()
}

// clientTLS gives what to trust; nil where the address asks for no TLS.
func clientTLS(cfg ProcessConfig) (*tls.Config, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "tls" {
		return nil, nil //nolint:nilnil // no TLS is no error
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname()}
	if cfg.CAFile == "" {
		return out, nil
	}
	data, err := os.ReadFile(cfg.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading the CA file: %w", err)
	}
	if out.RootCAs, err = x509.SystemCertPool(); err != nil {
		out.RootCAs = x509.NewCertPool()
	}
	if !out.RootCAs.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("the CA file %s holds no certificate in PEM form", cfg.CAFile)
	}
	return out, nil
}

// pause gives the wait before another try: growing, and never the same for many.
func pause(tries int) time.Duration {
	wait := min(firstPause<<min(max(tries-1, 0), 10), longestPause)
	return wait + rand.N(wait/2) //nolint:gosec // jitter
}

// teller tells an error once until it changes.
type teller struct {
	say  func(words string)
	last chan string
}

func newTeller(say func(words string)) *teller {
	t := &teller{say: say, last: make(chan string, 1)}
	t.last <- ""
	return t
}

func (t *teller) tell(err error) {
	words := ""
	if err != nil {
		words = Words(err)
	}
	if last := <-t.last; words != "" && words != last {
		t.say(words)
	}
	t.last <- words
}

// Words says in words why a daemon can't be reached.
func Words(err error) string {
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired):
		return "it refuses the login: is the account configured there under channels.remote, with this very secret?"
	case errors.Is(err, nats.ErrSecureConnRequired):
		return "it wants TLS: write tls:// instead of nats://"
	case errors.Is(err, nats.ErrSecureConnWanted):
		return "it has no TLS: give nats.tls there, or write nats:// if both are on one machine"
	case errors.Is(err, nats.ErrNoServers):
		return "nothing answers there: is nats.listen set, and the address right?"
	case errors.Is(err, nats.ErrNoResponders):
		return "nobody there knows this account"
	case errors.Is(err, nats.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return "it doesn't answer in time"
	case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrDisconnected), errors.Is(err, nats.ErrConnectionReconnecting):
		return "the connection is being made again"
	case strings.Contains(err.Error(), "nats: expected"), strings.Contains(err.Error(), "nats protocol error"), strings.Contains(err.Error(), "wrong port"):
		return "what answers there is no Stagecoach: is the port that of nats.listen, and not that of the desk?"
	}
	if words, known := channels.LinkWords(err); known {
		return strings.Replace(words, "in ca_file", "by --ca", 1)
	}
	return channels.Bounded(err.Error(), maxCode*2)
}

// Try connects once and sees whether the daemon answers for this account.
func (p *Process) Try(ctx context.Context) error {
	opts := []nats.Option{
		nats.Name("stagecoach adapter " + p.name + " check"), nats.UserInfo(p.name, string(p.cfg.Secret)),
		nats.CustomInboxPrefix(p.prefix + strings.TrimSuffix(verbReply, ".")), nats.Timeout(dialLimit), nats.NoReconnect(), nats.IgnoreDiscoveredServers(),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // what it refuses isn't answered
	}
	secure, err := clientTLS(p.cfg)
	if err != nil {
		return err
	}
	if secure != nil {
		opts = append(opts, nats.Secure(secure))
	}
	if p.conn, err = nats.Connect(p.cfg.URL, opts...); err != nil {
		return p.failure("connect", channels.Plain(Words(err), err))
	}
	defer p.conn.Close()
	var there There
	// It is refused, since no hello was said: that much the daemon has to say.
	return p.request(ctx, verbBookmark, greetLimit, Where{Schema: Schema, Process: p.id, Source: p.name + "/"}, &there)
}
