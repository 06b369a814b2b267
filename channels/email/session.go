package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// session is one logged-in IMAP connection. It is used by one goroutine, and is
// cut when its context ends or an answer takes too long.
type session struct {
	client  *imapclient.Client
	conn    net.Conn
	begun   *firstBytes
	timeout time.Duration
	unhook  func() bool
	// watchdog cuts the connection when the server is silent for timeout.
	watchdog *time.Timer
	// news gets a word, never more than one, when the server announces mail.
	news    chan struct{}
	noIdle  bool
	tooSlow atomic.Bool
	// last is what the server said last, nil where it can't be known.
	last *lastWords
	// place is the folder that was opened last, readOnly how.
	place    string
	readOnly bool
}

// errTooSlow is what a slowError is.
var errTooSlow = errors.New("the server doesn't answer")

// slowError says that a server was silent for too long, or that it took the
// connection and then didn't begin.
type slowError struct {
	limit   time.Duration
	atFirst bool
	cause   error
}

// Error implements error.
func (e *slowError) Error() string {
	if e.atFirst {
		return fmt.Sprintf("it takes the connection and then says nothing (%v)", e.limit)
	}
	return fmt.Sprintf("it has stopped answering (not a word within %v)", e.limit)
}

// Is implements the interface of errors.Is.
func (*slowError) Is(target error) bool { return target == errTooSlow }

// Unwrap gives the cause.
func (e *slowError) Unwrap() error { return e.cause }

// login connects and logs in. Its errors are *channels.Error.
func (a *Adapter) login(ctx context.Context) (*session, error) {
	s, err := a.connect(ctx)
	if err != nil {
		return nil, a.imapError("connect", err)
	}
	if err := a.authenticate(ctx, s); err != nil {
		s.close()
		return nil, a.imapError("login", err)
	}
	if err := s.introduce(); err != nil {
		s.close()
		return nil, a.imapError("login", err)
	}
	return s, nil
}

func (a *Adapter) connect(ctx context.Context) (*session, error) {
	dialer := net.Dialer{Timeout: a.cfg.Timeout}
	conn, err := dialer.DialContext(ctx, "tcp", a.cfg.IMAP.address())
	if err != nil {
		return nil, err
	}
	begun := &firstBytes{Conn: conn}
	s := &session{conn: begun, begun: begun, timeout: a.cfg.Timeout, news: make(chan struct{}, 1)}
	s.unhook = context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = s.do(func() error { return s.greet(ctx, a.cfg.IMAP.Endpoint) })
	if err != nil {
		s.close()
		return nil, a.cfg.IMAP.wrongMode(ctx, begun, err)
	}
	return s, nil
}

// greet protects the connection as configured and reads the server's greeting.
func (s *session) greet(ctx context.Context, e Endpoint) error {
	options := &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		// Runs in the client's read loop: it may not wait for anything.
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages == nil {
				return
			}
			select {
			case s.news <- struct{}{}:
			default:
			}
		},
	}}
	if e.TLS == NoTLS {
		s.last = &lastWords{Conn: s.conn}
		s.client = imapclient.New(s.last, options)
		return s.client.WaitGreeting()
	}
	cfg, err := e.tlsConfig()
	if err != nil {
		return err
	}
	if e.TLS == StartTLS {
		options.TLSConfig = cfg
		s.client, err = imapclient.NewStartTLS(s.conn, options)
		return err
	}
	secured := tls.Client(s.conn, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		return err
	}
	s.last = &lastWords{Conn: secured}
	s.client = imapclient.New(s.last, options)
	return s.client.WaitGreeting()
}

// authenticate logs in, unless the server has let us in by itself.
func (a *Adapter) authenticate(ctx context.Context, s *session) error {
	if s.client.State() != imap.ConnStateNotAuthenticated {
		return nil
	}
	var caps imap.CapSet
	if err := s.do(func() error { caps = s.client.Caps(); return nil }); err != nil {
		return err
	}
	o := offers{
		can:       func(mechanism string) bool { return caps.Has(imap.AuthCap(mechanism)) },
		command:   !caps.Has(imap.CapLoginDisabled),
		emptyLine: s.last.emptyLine,
		by: func(user, password string) error {
			return s.do(func() error { return s.client.Login(user, password).Wait() })
		},
	}
	return a.logIn(ctx, a.cfg.IMAP.Endpoint, o, func(client sasl.Client) error {
		return s.do(func() error { return s.client.Authenticate(client) })
	})
}

// introduce says who we are where that is asked for (RFC 2971): some providers
// open no folder for strangers.
func (s *session) introduce() error {
	var caps imap.CapSet
	err := s.do(func() (err error) {
		caps = s.client.Caps()
		if caps.Has(imap.CapID) {
			_, err = s.client.ID(&imap.IDData{Name: "stagecoach"}).Wait()
		}
		return err
	})
	if _, refused := errors.AsType[*imap.Error](err); refused {
		return nil // whoever doesn't want to know need not
	}
	return err
}

// do runs one exchange and cuts the connection when it takes too long without
// a touch.
func (s *session) do(exchange func() error) error {
	s.watchdog = time.AfterFunc(s.timeout, func() {
		s.tooSlow.Store(true)
		_ = s.conn.Close()
	})
	defer s.pause()
	err := exchange()
	var refused *imap.Error
	switch {
	case err == nil || errors.As(err, &refused):
		return err
	case s.tooSlow.Load():
		_, silent := s.begun.alerts()
		return &slowError{limit: s.timeout, atFirst: silent, cause: err}
	default:
		if bye := s.last.bye(); bye != nil {
			return bye
		}
		return err
	}
}

// touch gives the exchange its whole time again; pause stops the clock.
func (s *session) touch() { s.watchdog.Reset(s.timeout) }
func (s *session) pause() { s.watchdog.Stop() }

// waitForNews returns when mail is announced, after at most the given time, or
// when the link is lost.
func (s *session) waitForNews(ctx context.Context, idle, poll time.Duration) error {
	if s.noIdle || !s.client.Caps().Has(imap.CapIdle) {
		return s.poll(ctx, poll)
	}
	var cmd *imapclient.IdleCommand
	err := s.do(func() (err error) {
		cmd, err = s.client.Idle()
		return err
	})
	var refused *imap.Error
	if errors.As(err, &refused) {
		s.noIdle = true // it says that it can and then doesn't
		return s.poll(ctx, poll)
	}
	if err != nil {
		return err
	}
	timer := time.NewTimer(idle)
	defer timer.Stop()
	quiet := false
	select {
	case <-s.news:
	case <-timer.C:
		quiet = true
	case <-ctx.Done():
		return ctx.Err()
	case <-s.client.Closed():
	}
	err = s.do(func() error { return errors.Join(cmd.Close(), cmd.Wait()) })
	if err == nil && quiet {
		// Some notice new mail neither while they idle nor in a search.
		return s.do(func() error { return s.client.Noop().Wait() })
	}
	if errors.As(err, &refused) {
		s.noIdle = true
		return nil
	}
	return err
}

// poll waits and asks with NOOP, which also proves the link.
func (s *session) poll(ctx context.Context, every time.Duration) error {
	timer := time.NewTimer(every)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.client.Closed():
	}
	return s.do(func() error { return s.client.Noop().Wait() })
}

// logout ends the session politely.
func (s *session) logout() {
	s.timeout = min(s.timeout, 2*time.Second)
	_ = s.do(func() error { return s.client.Logout().Wait() })
	s.close()
}

// close cuts the connection and waits for the client's read loop to end.
func (s *session) close() {
	s.unhook()
	_ = s.conn.Close()
	if s.client != nil {
		<-s.client.Closed()
	}
}
