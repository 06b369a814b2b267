package email

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"stagecoach/channels"
)

// smtpLink is one SMTP connection, greeted and logged in. One reply at a time
// has it.
type smtpLink struct {
	client *smtp.Client
	conn   *watchedConn
	unhook func() bool
	// timeout bounds each answer.
	timeout time.Duration
	// replies counts those that it was used for; open is true while a
	// transaction was begun and not ended, broken once it can't go on.
	replies int
	open    bool
	broken  bool
}

// watchedConn knows whether a write has failed: then the bytes of that write
// never left whole.
type watchedConn struct {
	*firstBytes
	writeFailed atomic.Bool
	slow        atomic.Bool
	// atMost, in nanoseconds, bounds what the client library would wait, 0 for as
	// long as it will.
	atMost atomic.Int64
}

// SetDeadline implements net.Conn.
func (c *watchedConn) SetDeadline(t time.Time) error {
	if limit := time.Duration(c.atMost.Load()); limit > 0 && (t.IsZero() || time.Until(t) > limit) {
		t = time.Now().Add(limit)
	}
	return c.firstBytes.SetDeadline(t)
}

// Write implements net.Conn.
func (c *watchedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil {
		c.writeFailed.Store(true)
	}
	return n, c.see(err)
}

// Read implements net.Conn.
func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.firstBytes.Read(p)
	return n, c.see(err)
}

func (c *watchedConn) see(err error) error {
	var timedOut net.Error
	if errors.As(err, &timedOut) && timedOut.Timeout() {
		c.slow.Store(true)
	}
	return err
}

func (l *smtpLink) tooSlow() bool { return l.conn.slow.Load() }

// bind ends the link with ctx.
func (l *smtpLink) bind(ctx context.Context) {
	l.unhook = context.AfterFunc(ctx, func() { _ = l.conn.Close() })
}

// fresh reports whether a link that was kept still answers, and ends what was
// left open on it.
func (l *smtpLink) fresh() bool {
	l.client.CommandTimeout = min(l.timeout, 5*time.Second)
	defer func() { l.client.CommandTimeout = l.timeout }()
	return l.reset() == nil
}

func (l *smtpLink) reset() error {
	if !l.open {
		return l.client.Noop()
	}
	l.open = false
	return l.client.Reset()
}

func (l *smtpLink) close() {
	if l.broken {
		l.drop()
		return
	}
	l.client.CommandTimeout = time.Second
	_ = l.client.Quit()
	l.drop()
}

// drop closes the link without a word.
func (l *smtpLink) drop() {
	l.unhook()
	_ = l.client.Close()
}

// dialSMTP connects, protects the link as configured, and logs in if there is a
// password. Its errors are *channels.Error.
func (a *Adapter) dialSMTP(ctx context.Context) (*smtpLink, error) {
	e := a.cfg.SMTP.Endpoint
	dialer := net.Dialer{Timeout: a.cfg.Timeout}
	tcp, err := dialer.DialContext(ctx, "tcp", e.address())
	if err != nil {
		return nil, a.smtpError(opConnect, nil, err)
	}
	link := &smtpLink{conn: &watchedConn{firstBytes: &firstBytes{Conn: tcp}}, timeout: a.cfg.Timeout}
	link.bind(ctx)
	if err := a.greetSMTP(ctx, link, e); err != nil {
		link.unhook()
		_ = tcp.Close()
		if found := e.wrongMode(ctx, link.conn.firstBytes, nil); found != nil {
			err = a.smtpError(opConnect, nil, found)
		}
		return nil, err
	}
	a.learnSize(link)
	return link, nil
}

func (a *Adapter) greetSMTP(ctx context.Context, link *smtpLink, e Endpoint) error {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if e.TLS != NoTLS {
		var err error
		if cfg, err = e.tlsConfig(); err != nil {
			return a.smtpError(opConnect, link, err)
		}
	}
	var conn net.Conn = link.conn
	if e.TLS == ImplicitTLS {
		secured := tls.Client(conn, cfg)
		hctx, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
		defer cancel()
		if err := secured.HandshakeContext(hctx); err != nil {
			return a.smtpError(opConnect, link, err)
		}
		conn = secured
	}
	var err error
	if e.TLS == StartTLS {
		// The library would wait five minutes for the greeting.
		link.conn.atMost.Store(int64(a.cfg.Timeout))
		link.client, err = smtp.NewClientStartTLS(conn, cfg)
		link.conn.atMost.Store(0)
	} else {
		link.client = smtp.NewClient(conn)
	}
	if err != nil {
		return a.smtpError(opConnect, link, err)
	}
	link.client.CommandTimeout = a.cfg.Timeout
	// A server may take its time over the whole mail (RFC 5321 section 4.5.3.2.6).
	link.client.SubmissionTimeout = max(10*a.cfg.Timeout, a.cfg.Timeout)
	if err := link.client.Hello(a.cfg.SMTP.HELO); err != nil {
		return a.smtpError(opConnect, link, err)
	}
	return a.loginSMTP(ctx, link, e)
}

// loginSMTP logs in, by the password or by a token; without either it doesn't.
func (a *Adapter) loginSMTP(ctx context.Context, link *smtpLink, e Endpoint) error {
	if e.Password == "" && a.cfg.Tokens == nil {
		return nil
	}
	err := a.logIn(ctx, e, offers{can: link.client.SupportsAuth, emptyLine: func() bool { return true }}, link.client.Auth)
	if _, done := errors.AsType[*channels.Error](err); done {
		return err
	}
	return a.smtpError(opLogin, link, err)
}
