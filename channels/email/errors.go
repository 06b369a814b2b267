package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"

	"github.com/emersion/go-imap/v2"

	"stagecoach/channels"
	"stagecoach/contact"
)

// plainError shows words that are safe to show, and keeps the cause for
// errors.Is.
type plainError struct {
	text  string
	cause error
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.cause }

var anyAddress = regexp.MustCompile(`[^\s<>"'(),;:]+@[^\s<>"'(),;:]+`)

// plain takes secrets and addresses out of an error's text: servers repeat what
// they are told.
func (a *Adapter) plain(text string, cause error) error {
	for _, e := range []Endpoint{a.cfg.IMAP.Endpoint, a.cfg.SMTP.Endpoint} {
		text = hide(text, string(e.Password))
		text = hide(text, base64.StdEncoding.EncodeToString([]byte(e.Password)))
		text = hide(text, base64.StdEncoding.EncodeToString([]byte("\x00"+e.Username+"\x00"+string(e.Password))))
	}
	text = anyAddress.ReplaceAllString(text, "[address]")
	return &plainError{text: strings.Join(strings.Fields(text), " "), cause: cause}
}

func hide(text, secret string) string {
	if secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, "***")
}

func (a *Adapter) failure(op string, reason channels.Reason, code string, text string, cause error) *channels.Error {
	return &channels.Error{
		Channel: contact.Email, Account: a.cfg.Account, Op: op, Reason: reason, Code: code,
		Err: a.plain(text, cause),
	}
}

// imapError gives any error of an IMAP exchange its reason and its words.
func (a *Adapter) imapError(op string, err error) error {
	var done *channels.Error
	if err == nil || errors.As(err, &done) {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return a.failure(op, channels.Unavailable, "", "stopped", err)
	}
	if words, ok := linkWords(a.cfg.IMAP.Endpoint, err); ok {
		return a.failure(op, channels.Unavailable, "", "imap server "+a.cfg.IMAP.address()+": "+words, err)
	}
	var refused *imap.Error
	if !errors.As(err, &refused) {
		return a.failure(op, channels.Unavailable, "", "imap server "+a.cfg.IMAP.address()+": "+err.Error(), err)
	}
	code := string(refused.Code)
	text := fmt.Sprintf("the imap server said: %s", refused.Text)
	return a.failure(op, imapReason(op, refused), code, text, err)
}

func imapReason(op string, refused *imap.Error) channels.Reason {
	switch refused.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeServerBug, imap.ResponseCodeContactAdmin:
		return channels.Unavailable
	case imap.ResponseCodeLimit:
		return channels.RateLimited
	case imap.ResponseCodeAuthenticationFailed, imap.ResponseCodeAuthorizationFailed,
		imap.ResponseCodeExpired, imap.ResponseCodePrivacyRequired:
		return channels.Auth
	case imap.ResponseCodeNonExistent, imap.ResponseCodeNoPerm, imap.ResponseCodeOverQuota:
		return channels.Rejected
	}
	switch {
	case refused.Type == imap.StatusResponseTypeBye:
		return channels.Unavailable
	case op == "login":
		return channels.Auth
	default:
		return channels.Unknown
	}
}

// linkWords says what is wrong with a link, and false for an error that isn't
// the link's.
func linkWords(e Endpoint, err error) (string, bool) {
	var (
		unknown  x509.UnknownAuthorityError
		name     x509.HostnameError
		invalid  x509.CertificateInvalidError
		notTLS   tls.RecordHeaderError
		dns      *net.DNSError
		op       *net.OpError
		timedOut interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &name):
		return fmt.Sprintf("its certificate is not for %s (%v)", e.Host, name), true
	case errors.As(err, &unknown):
		return "its certificate is signed by nobody we trust: name its CA in ca_file", true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not valid yet: " + invalid.Detail, true
	case errors.As(err, &invalid):
		return "its certificate is invalid: " + invalid.Error(), true
	case errors.As(err, &notTLS):
		return "it doesn't speak TLS on this port: try starttls", true
	case errors.Is(err, errTooSlow), errors.Is(err, context.DeadlineExceeded):
		return err.Error(), true
	case errors.As(err, &dns):
		return "its name is unknown: " + dns.Err, true
	case errors.As(err, &timedOut) && timedOut.Timeout():
		return errTooSlow.Error(), true
	case errors.As(err, &op):
		return fmt.Sprintf("%s: %v", op.Op, op.Err), true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "it closed the connection", true
	default:
		return "", false
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 127 })
}
