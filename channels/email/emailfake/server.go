// Package emailfake is a mail provider in the process: real IMAP and SMTP over
// loopback, mailboxes in memory, and the misbehaviour that real providers show:
// links cut, answers withheld, recipients refused, folders renumbered. The demo
// and tests use it; nothing else does.
package emailfake

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
)

// Config says what the provider has. The zero value is one that works.
type Config struct {
	// Users gives each mailbox's password by its address.
	Users map[string]string
	// NoIdle makes the server one that must be polled, where TLS isn't begun by
	// STARTTLS.
	NoIdle bool
	// CertificateFor is the name or address in the certificate; 127.0.0.1 if
	// empty.
	CertificateFor string
	// Choke is what the server can't hand over: it cuts the link instead, where
	// TLS isn't begun by STARTTLS. "" chokes on nothing.
	Choke string
	// Accepted, if set, is called for each mail that SMTP takes, before the
	// sender is told so.
	Accepted func(Mail)
}

// Mail is one mail that the SMTP server took.
type Mail struct {
	From string
	To   []string
	Raw  []byte
	At   time.Time
}

// Server is the provider.
type Server struct {
	cfg  Config
	cert *certificate

	imap       *imapserver.Server
	smtp       *smtp.Server
	imapDoor   *door
	imapsDoor  *door
	smtpDoor   *door
	smtpsDoor  *door
	running    sync.WaitGroup
	mailboxes  *imapmemserver.Server
	mu         sync.Mutex
	users      map[string]*imapmemserver.User
	passwords  map[string]string
	taken      []Mail
	misbehave  Misbehaviour
	acceptance chan struct{} // closed and replaced at each mail taken
}

// Start opens the provider on free loopback ports.
func Start(cfg Config) (*Server, error) {
	cert, err := newCertificate(cfg.CertificateFor)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	s := &Server{
		cfg: cfg, cert: cert, mailboxes: imapmemserver.New(),
		users: map[string]*imapmemserver.User{}, passwords: map[string]string{}, acceptance: make(chan struct{}),
	}
	for address, password := range cfg.Users {
		if err := s.AddUser(address, password); err != nil {
			return nil, err
		}
	}
	s.imap = s.newIMAP()
	s.smtp = s.newSMTP()
	for _, one := range []struct {
		door  **door
		tls   bool
		serve func(*door) error
	}{
		{&s.imapDoor, false, func(d *door) error { return s.imap.Serve(d) }},
		{&s.imapsDoor, true, func(d *door) error { return s.imap.Serve(d) }},
		{&s.smtpDoor, false, func(d *door) error { return s.smtp.Serve(d) }},
		{&s.smtpsDoor, true, func(d *door) error { return s.smtp.Serve(d) }},
	} {
		d, err := openDoor(one.tls, cert)
		if err != nil {
			_ = s.Close()
			return nil, fmt.Errorf("opening a port: %w", err)
		}
		d.noIdle, d.choke = cfg.NoIdle, []byte(cfg.Choke)
		*one.door = d
		s.running.Go(func() { _ = one.serve(d) })
	}
	return s, nil
}

// Close ends the provider and waits until it has.
func (s *Server) Close() error {
	err := errors.Join(s.imap.Close(), ignoreClosed(s.smtp.Close()))
	for _, d := range s.doors() {
		d.shut()
	}
	s.running.Wait()
	return err
}

func ignoreClosed(err error) error {
	if errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *Server) doors() []*door {
	var out []*door
	for _, d := range []*door{s.imapDoor, s.imapsDoor, s.smtpDoor, s.smtpsDoor} {
		if d != nil {
			out = append(out, d)
		}
	}
	return out
}

// IMAPPort is the plain port, with STARTTLS.
func (s *Server) IMAPPort() int { return s.imapDoor.port() }

// IMAPSPort is the port that speaks TLS at once.
func (s *Server) IMAPSPort() int { return s.imapsDoor.port() }

// SMTPPort is the plain submission port, with STARTTLS.
func (s *Server) SMTPPort() int { return s.smtpDoor.port() }

// SMTPSPort is the submission port that speaks TLS at once.
func (s *Server) SMTPSPort() int { return s.smtpsDoor.port() }

// CertificatePEM is what a client must trust.
func (s *Server) CertificatePEM() []byte { return s.cert.pem }

// AddUser adds a mailbox with an INBOX and a folder Sent.
func (s *Server) AddUser(address, password string) error {
	user := imapmemserver.NewUser(address, password)
	for _, folder := range []string{"INBOX", "Sent"} {
		if err := user.Create(folder, nil); err != nil {
			return fmt.Errorf("making folder %q: %w", folder, err)
		}
	}
	s.mu.Lock()
	s.users[strings.ToLower(address)] = user
	s.passwords[strings.ToLower(address)] = password
	s.mu.Unlock()
	s.mailboxes.AddUser(user)
	return nil
}

func (s *Server) password(address string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passwords[strings.ToLower(address)]
}

func (s *Server) user(address string) *imapmemserver.User {
	address = strings.ToLower(address)
	if local, domain, found := strings.Cut(address, "@"); found {
		plain, _, _ := strings.Cut(local, "+")
		address = plain + "@" + domain
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[address]
}

// Put lays a mail into a folder, received at that time (now if zero).
func (s *Server) Put(address, folder string, raw []byte, at time.Time, flags ...imap.Flag) error {
	user := s.user(address)
	if user == nil {
		return fmt.Errorf("putting a mail: no mailbox %q", address)
	}
	_, err := user.Append(folder, literal(raw), &imap.AppendOptions{Time: at, Flags: flags})
	if err != nil {
		return fmt.Errorf("putting a mail into %q: %w", folder, err)
	}
	return nil
}

// Renumber gives a folder a new UIDVALIDITY and its mails new UIDs, as a
// restored or rebuilt mailbox has. Links are cut.
func (s *Server) Renumber(address, folder string) error {
	mails, err := s.stored(address, folder)
	if err != nil {
		return err
	}
	user := s.user(address)
	if err := errors.Join(user.Delete(folder), user.Create(folder, nil)); err != nil {
		return fmt.Errorf("renumbering %q: %w", folder, err)
	}
	for _, m := range mails {
		if err := s.Put(address, folder, m.raw, m.at, m.flags...); err != nil {
			return err
		}
	}
	s.Cut()
	return nil
}

// DeleteFolder takes a folder away.
func (s *Server) DeleteFolder(address, folder string) error { return s.user(address).Delete(folder) }

// CreateFolder makes an empty folder, under a number that none had before.
func (s *Server) CreateFolder(address, folder string) error {
	return s.user(address).Create(folder, nil)
}

// Cut breaks every link; new ones are taken.
func (s *Server) Cut() {
	for _, d := range s.doors() {
		d.cut()
	}
}

// Down breaks every link and takes no new ones until Up.
func (s *Server) Down() {
	for _, d := range s.doors() {
		d.setDown(true)
	}
	s.Cut()
}

// Up takes links again after Down.
func (s *Server) Up() {
	for _, d := range s.doors() {
		d.setDown(false)
	}
}

// Freeze makes every present link fall silent without being closed, as a lost
// route does. New links work.
func (s *Server) Freeze() {
	for _, d := range s.doors() {
		d.freeze()
	}
}

// Taken lists the mails that SMTP took, in order.
func (s *Server) Taken() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.taken...)
}

// Next gives a channel that closes when SMTP takes the next mail.
func (s *Server) Next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acceptance
}
