package email

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// linkWords says what is wrong with a link, and false for an error that isn't
// the link's.
func linkWords(e Endpoint, err error) (string, bool) {
	if words, ok := tlsWords(e, err); ok {
		return words, true
	}
	var (
		dns      *net.DNSError
		op       *net.OpError
		slow     *slowError
		timedOut interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &slow):
		return slow.Error(), true
	case errors.Is(err, errTooSlow):
		return "it has stopped answering", true
	case errors.As(err, &dns) && dns.IsNotFound:
		return "its name is unknown: " + dns.Err, true
	case errors.As(err, &dns):
		return "its name can't be looked up now: " + dns.Err, true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused, nothing listens there", true
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no way leads there from this machine", true
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return "it broke off the connection", true
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timedOut) && timedOut.Timeout():
		return "it doesn't answer", true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "it closed the connection", true
	case errors.As(err, &op):
		return fmt.Sprintf("%s: %v", op.Op, op.Err), true
	default:
		return "", false
	}
}

// tlsWords says what is wrong with a server's TLS or its certificate, and what
// to do about it.
func tlsWords(e Endpoint, err error) (string, bool) {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		notTLS  tls.RecordHeaderError
		alert   tls.AlertError
		pinned  *pinError
		mode    *modeError
	)
	switch {
	case errors.As(err, &mode):
		return mode.Error(), true
	case errors.As(err, &name):
		return fmt.Sprintf("its certificate is not for %s but for %s: write the name that it is for as host%s",
			e.Host, certifiedFor(name.Certificate), pinWords(name.Certificate)), true
	case errors.As(err, &pinned):
		return pinned.Error(), true
	case errors.As(err, &unknown):
		return fmt.Sprintf("its certificate for %s is signed by nobody we trust, %s: name its CA in ca_file%s",
			certifiedFor(unknown.Cert), signerOf(unknown.Cert), pinWords(unknown.Cert)), true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate for " + certifiedFor(invalid.Cert) + " " + ageWords(invalid.Cert, time.Now()), true
	case errors.As(err, &invalid):
		return "its certificate is invalid: " + invalid.Error(), true
	case errors.As(err, &notTLS) && e.TLS == StartTLS:
		return "it offers STARTTLS and then doesn't speak TLS", true
	case errors.As(err, &notTLS):
		return "it doesn't speak TLS from the first byte on this port: try starttls", true
	case errors.As(err, &alert):
		return "it refuses our TLS: " + strings.TrimPrefix(alert.Error(), "tls: "), true
	default:
		return "", false
	}
}

// namesShown is how many of a certificate's names are told.
const namesShown = 5

// certifiedFor lists whom a certificate is for.
func certifiedFor(cert *x509.Certificate) string {
	if cert == nil {
		return "nobody"
	}
	names := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 && cert.Subject.CommonName != "" {
		names = append(names, cert.Subject.CommonName)
	}
	if len(names) == 0 {
		return "no name at all"
	}
	if more := len(names) - namesShown; more > 0 {
		names = append(names[:namesShown], fmt.Sprintf("%d more", more))
	}
	return oneLine(strings.Join(names, ", "))
}

// signerOf says who has signed a certificate, by their own words.
func signerOf(cert *x509.Certificate) string {
	switch {
	case cert == nil || cert.Issuer.String() == cert.Subject.String():
		return "it is self-signed"
	case cert.Issuer.CommonName != "":
		return "by " + quoted(oneLine(cert.Issuer.CommonName))
	default:
		return "by " + quoted(oneLine(cert.Issuer.String()))
	}
}

func ageWords(cert *x509.Certificate, now time.Time) string {
	if cert != nil && now.Before(cert.NotBefore) {
		return fmt.Sprintf("is not valid before %s: is the clock of this machine right?", cert.NotBefore.UTC().Format(time.DateOnly))
	}
	if cert == nil {
		return "has expired: renew it at the server"
	}
	return fmt.Sprintf("has expired on %s: renew it at the server", cert.NotAfter.UTC().Format(time.DateOnly))
}

// pinWords tells how to trust one certificate, "" for none.
func pinWords(cert *x509.Certificate) string {
	if cert == nil {
		return ""
	}
	return ", or, once you know that this is your server's own, pin it by fingerprint: " + fingerprintOf(cert)
}

// modeError says that a port speaks TLS from the first byte and we don't.
type modeError struct{ cause error }

func (*modeError) Error() string {
	return "it speaks TLS from the first byte on this port: write tls: tls (implicit TLS) for it"
}

func (e *modeError) Unwrap() error { return e.cause }

// firstBytes remembers how the other side began.
type firstBytes struct {
	net.Conn
	known atomic.Bool
	mu    sync.Mutex
	begun []byte
}

// Read implements net.Conn.
func (f *firstBytes) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	if n > 0 && !f.known.Load() {
		f.mu.Lock()
		f.begun = append(f.begun, p[:min(n, 2)]...)
		f.known.Store(len(f.begun) > 1)
		f.mu.Unlock()
	}
	return n, err
}

// alerts reports whether the other side began with an alert of TLS (RFC 8446
// section 5.1), silent whether it didn't begin.
func (f *firstBytes) alerts() (alert, silent bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.HasPrefix(f.begun, []byte{0x15, 0x03}), len(f.begun) == 0
}

// probeLimit bounds the look at what a silent port speaks.
const probeLimit = 5 * time.Second

// wrongMode finds out whether a server that did not greet us speaks TLS from the
// first byte: it answers us with an alert, or waits for us to begin. Nothing is
// said to it but the beginning of TLS.
func (e Endpoint) wrongMode(ctx context.Context, begun *firstBytes, err error) error {
	alert, silent := begun.alerts()
	switch {
	case e.TLS == ImplicitTLS || ctx.Err() != nil || !alert && !silent:
		return err
	case alert:
		return &modeError{err}
	}
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{ServerName: e.Host, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}} //nolint:gosec // only asked whether it speaks TLS
	conn, failed := dialer.DialContext(ctx, "tcp", e.address())
	if failed != nil {
		return err
	}
	_ = conn.Close()
	return &modeError{err}
}
