package channels

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// LongestWish is the longest pause that a provider's word is believed for.
const LongestWish = 30 * time.Minute

// Plain is an error whose text is safe to show to people and to log, while
// errors.Is and errors.As still find its cause.
func Plain(text string, cause error) error { return &plainError{text: text, cause: cause} }

type plainError struct {
	text  string
	cause error
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.cause }

// Words gives an error's text without the frame of an *Error.
func Words(err error) string {
	if typed, ok := errors.AsType[*Error](err); ok {
		return fmt.Sprint(typed.Err)
	}
	return err.Error()
}

// Bounded makes one line of a text without control characters, of at most so many code points; what is cut
// is shown by an ellipsis.
func Bounded(text string, runes int) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "�"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if cut := []rune(text); len(cut) > runes {
		return string(cut[:runes]) + "…"
	}
	return text
}

// LastCause is the innermost error: those around it repeat addresses, requests
// and bodies. Of several joined ones it is the last.
func LastCause(err error) error {
	for {
		if next := errors.Unwrap(err); next != nil {
			err = next
			continue
		}
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok || len(joined.Unwrap()) == 0 {
			return err
		}
		several := joined.Unwrap()
		err = several[len(several)-1]
	}
}

// TimedOut reports whether an error is that of a deadline.
func TimedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// LinkWords says in words what is wrong with a link to a server, and what to do
// about it; known is false where it is no failure of the link that has words of
// its own. They name neither the request nor anybody's address.
func LinkWords(err error) (words string, known bool) {
	if words, known = tlsWords(err); known {
		return words, true
	}
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return "stopped", true
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such server name: is the server's address right?", true
	case errors.As(err, &dns):
		return "its name can't be looked up now", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused, nothing listens there", true
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no way leads there from this machine", true
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return "it broke off the connection", true
	case TimedOut(err):
		return "it doesn't answer in time", true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "it closed the connection", true
	default:
		return "", false
	}
}

// tlsWords says what is wrong with a server's TLS or its certificate.
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
		return "its certificate is not for " + name.Host + ": is the server's address right?", true
	case errors.As(err, &unknown):
		return "its certificate is signed by nobody whom this machine trusts: name its CA in ca_file if the server, or a proxy in between, is your own", true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired, or isn't valid yet", true
	case errors.As(err, &invalid):
		return "its certificate is invalid", true
	case errors.As(err, &notTLS), err != nil && strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "it doesn't speak TLS on this port: is it http?", true
	case errors.As(err, &alert):
		return "it refuses our TLS: " + strings.TrimPrefix(alert.Error(), "tls: "), true
	default:
		return "", false
	}
}

// RetryAfter gives how long a server wants to be left alone, 0 where it says
// nothing: Retry-After in seconds or as a date, which counts from the answer's
// Date, or else from at (RFC 9110 section 10.2.3). It is at most LongestWish.
func RetryAfter(header http.Header, at time.Time) time.Duration {
	after := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(after, 64); err == nil && !math.IsNaN(seconds) {
		return Wish(time.Duration(min(max(seconds, 0), LongestWish.Seconds()) * float64(time.Second)))
	}
	if until, err := http.ParseTime(after); err == nil {
		return Wish(until.Sub(AnsweredAt(header, at)))
	}
	return 0
}

// AnsweredAt is the time of an answer by the server's own clock, else at.
func AnsweredAt(header http.Header, at time.Time) time.Time {
	if said, err := http.ParseTime(header.Get("Date")); err == nil {
		return said
	}
	return at
}

// Wish bounds a pause that a provider asks for.
func Wish(wait time.Duration) time.Duration { return min(max(wait, 0), LongestWish) }
