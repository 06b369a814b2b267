package emailfake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Misbehaviour is what the SMTP server does wrong until told otherwise. The
// zero value is a server that does nothing wrong.
type Misbehaviour struct {
	// Mail, Recipient and Data are the answers to those steps, if set;
	// Recipient is asked for each address.
	Mail      error
	Recipient func(address string) error
	Data      error
	// CutAtData cuts the link in the middle of the mail; CutAfterTaking takes
	// the mail and cuts the link before it says so.
	CutAtData      bool
	CutAfterTaking bool
	// SaveSent puts a copy of what a user sends into the user's folder Sent, as
	// some providers do.
	SaveSent bool
}

// Refusal makes an answer of an SMTP server from its codes.
func Refusal(code int, enhanced [3]int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

// Misbehave makes the SMTP server do so from now on.
func (s *Server) Misbehave(m Misbehaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.misbehave = m
}

func (s *Server) behaviour() Misbehaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.misbehave
}

func (s *Server) newIMAP() *imapserver.Server {
	caps := imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapESearch: {}, imap.CapNamespace: {}}
	return imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return s.mailboxes.NewSession(), nil, nil
		},
		Caps: caps, TLSConfig: s.cert.config, InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
	})
}

func (s *Server) newSMTP() *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &submission{server: s, conn: c}, nil
	}))
	server.Domain = "mx.fake.test"
	server.TLSConfig = s.cert.config
	server.AllowInsecureAuth = true
	server.MaxMessageBytes = 30 << 20
	server.EnableSMTPUTF8 = true
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	server.ErrorLog = log.New(io.Discard, "", 0)
	return server
}

// submission is one SMTP session. Mail for a mailbox of ours lands in its INBOX;
// anybody may send to these, as at any mail exchanger. With a login, mail to
// elsewhere is taken too.
type submission struct {
	server *Server
	conn   *smtp.Conn
	user   string
	mail   Mail
}

var _ smtp.AuthSession = (*submission)(nil)

// AuthMechanisms implements smtp.AuthSession.
func (*submission) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession.
func (n *submission) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		user := n.server.user(username)
		if user == nil || user.Login(username, password) != nil {
			return smtp.ErrAuthFailed
		}
		n.user = username
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (n *submission) Mail(from string, _ *smtp.MailOptions) error {
	n.mail = Mail{From: from}
	return n.server.behaviour().Mail
}

// Rcpt implements smtp.Session.
func (n *submission) Rcpt(to string, _ *smtp.RcptOptions) error {
	if check := n.server.behaviour().Recipient; check != nil {
		if err := check(to); err != nil {
			return err
		}
	}
	if n.user == "" && n.server.user(to) == nil {
		return Refusal(550, [3]int{5, 7, 1}, "relaying denied")
	}
	n.mail.To = append(n.mail.To, to)
	return nil
}

// Data implements smtp.Session.
func (n *submission) Data(r io.Reader) error {
	m := n.server.behaviour()
	if m.CutAtData {
		_, _ = io.CopyN(io.Discard, r, 10)
		return n.cut()
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if m.Data != nil {
		return m.Data
	}
	n.mail.Raw, n.mail.At = raw, time.Now()
	if err := n.server.take(n.mail); err != nil {
		return err
	}
	if m.SaveSent && n.user != "" {
		_ = n.server.Put(n.user, "Sent", raw, time.Time{}, imap.FlagSeen)
	}
	if m.CutAfterTaking {
		return n.cut()
	}
	return nil
}

func (n *submission) cut() error {
	_ = n.conn.Conn().Close()
	return errors.New("link cut")
}

// Reset implements smtp.Session.
func (n *submission) Reset() { n.mail = Mail{} }

// Logout implements smtp.Session.
func (*submission) Logout() error { return nil }

// take delivers a mail to the mailboxes here and tells who waits.
func (s *Server) take(m Mail) error {
	for _, to := range m.To {
		if s.user(to) == nil {
			continue
		}
		raw := append(fmt.Appendf(nil, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", m.From, to), m.Raw...)
		if err := s.Put(to, "INBOX", raw, m.At); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.taken = append(s.taken, m)
	close(s.acceptance)
	s.acceptance = make(chan struct{})
	s.mu.Unlock()
	if s.cfg.Accepted != nil {
		s.cfg.Accepted(m)
	}
	return nil
}

// Send hands a customer's mail to the SMTP server.
func (s *Server) Send(from string, to []string, raw []byte) error {
	client, err := smtp.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(s.SMTPPort())))
	if err != nil {
		return fmt.Errorf("sending a mail: %w", err)
	}
	defer client.Close() //nolint:errcheck // Quit below is what counts
	if err := client.SendMail(from, to, bytes.NewReader(raw)); err != nil {
		return fmt.Errorf("sending a mail: %w", err)
	}
	return client.Quit()
}

// stored is one mail in a folder.
type stored struct {
	raw   []byte
	at    time.Time
	flags []imap.Flag
}

// Folder gives the mails in a folder, oldest first.
func (s *Server) Folder(address, folder string) ([][]byte, error) {
	mails, err := s.stored(address, folder)
	out := [][]byte{}
	for _, m := range mails {
		out = append(out, m.raw)
	}
	return out, err
}

// Flags gives the flags of each mail in a folder.
func (s *Server) Flags(address, folder string) ([][]imap.Flag, error) {
	mails, err := s.stored(address, folder)
	out := [][]imap.Flag{}
	for _, m := range mails {
		out = append(out, m.flags)
	}
	return out, err
}

func (s *Server) stored(address, folder string) ([]stored, error) {
	client, err := imapclient.DialInsecure(net.JoinHostPort("127.0.0.1", strconv.Itoa(s.IMAPPort())), nil)
	if err != nil {
		return nil, fmt.Errorf("looking into %q: %w", folder, err)
	}
	defer client.Close() //nolint:errcheck // only read from
	if err := client.Login(address, s.password(address)).Wait(); err != nil {
		return nil, fmt.Errorf("looking into %q: %w", folder, err)
	}
	selected, err := client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return nil, fmt.Errorf("looking into %q: %w", folder, err)
	}
	if selected.NumMessages == 0 {
		return nil, nil
	}
	all := imap.SeqSet{{Start: 1, Stop: 0}}
	found, err := client.Fetch(all, &imap.FetchOptions{
		Flags: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}},
	}).Collect()
	if err != nil {
		return nil, fmt.Errorf("looking into %q: %w", folder, err)
	}
	var out []stored
	for _, m := range found {
		out = append(out, stored{m.BodySection[0].Bytes, m.InternalDate, m.Flags})
	}
	return out, nil
}

// literal gives bytes as IMAP wants them for an APPEND.
func literal(raw []byte) imap.LiteralReader { return literalReader{bytes.NewReader(raw)} }

type literalReader struct{ *bytes.Reader }

// Size implements imap.LiteralReader.
func (l literalReader) Size() int64 { return l.Reader.Size() }
