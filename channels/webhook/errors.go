package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"syscall"

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

// failure makes the error of this account. Secrets and addresses are taken out
// of its words: servers repeat what they are told.
func (a *Adapter) failure(op string, reason channels.Reason, code, text string, cause error) *channels.Error {
	for _, s := range a.cfg.Secrets {
		text = hide(text, string(s))
	}
	for _, s := range a.cfg.Callback.Secrets {
		text = hide(text, string(s))
	}
	for _, s := range a.cfg.Callback.Headers {
		text = hide(text, string(s))
	}
	text = anyAddress.ReplaceAllString(text, "[address]")
	return &channels.Error{
		Channel: contact.Webhook, Account: a.cfg.Account, Op: op, Reason: reason, Code: code,
		Err: &plainError{text: oneLine(text, 600), cause: cause},
	}
}

// hide takes a secret out of a text, with its prefix, without it, and what
// follows "Bearer ".
func hide(text, secret string) string {
	parts := []string{secret}
	for _, prefix := range []string{prefixHMAC, prefixPrivate, prefixPublic} {
		parts = append(parts, strings.TrimPrefix(secret, prefix))
	}
	if _, token, found := strings.Cut(secret, " "); found {
		parts = append(parts, token)
	}
	for _, part := range parts {
		if len(part) >= 4 {
			text = strings.ReplaceAll(text, part, "***")
		}
	}
	return text
}

// linkWords says what is wrong with a link, and false for an error that isn't
// the link's.
func linkWords(err error) (string, bool) {
	if words, ok := tlsWords(err); ok {
		return words, true
	}
	var (
		dns      *net.DNSError
		timedOut interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "its name is unknown", true
	case errors.As(err, &dns):
		return "its name can't be looked up now", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused, nothing listens there", true
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no way leads there from this machine", true
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return "it broke off the connection", true
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timedOut) && timedOut.Timeout():
		return "it doesn't answer in time", true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "it closed the connection", true
	default:
		return "", false
	}
}

// tlsWords says what is wrong with a server's TLS or its certificate, and what
// to do about it.
func tlsWords(err error) (string, bool) {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		notTLS  tls.RecordHeaderError
		alert   tls.AlertError
	)
	switch {
	case errors.As(err, &name):
		return "its certificate is not for " + name.Host + ": write the name that it is for", true
	case errors.As(err, &unknown):
		return "its certificate is signed by nobody we trust: name its CA in ca_file", true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired, or isn't valid yet", true
	case errors.As(err, &invalid):
		return "its certificate is invalid", true
	case errors.As(err, &notTLS):
		return "it doesn't speak TLS on this port: is it http?", true
	case errors.As(err, &alert):
		return fmt.Sprintf("it refuses our TLS: %s", strings.TrimPrefix(alert.Error(), "tls: ")), true
	case err != nil && strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "it doesn't speak TLS on this port: is it http?", true
	default:
		return "", false
	}
}
