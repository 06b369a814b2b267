package mastodon

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

// What was being done, for the Op of an error.
const (
	opLogin  = "login"
	opFetch  = "fetch"
	opSend   = "send"
	opUpload = "upload"
	opLookUp = "look up"
	opCheck  = "check"
)

// plainError shows words that are safe to show, and keeps the cause for
// errors.Is.
type plainError struct {
	text  string
	cause error
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.cause }

var anyAddress = regexp.MustCompile(`@?[^\s<>"'(),;:/]+@[^\s<>"'(),;:/]+`)

const longestWords = 300

func (a *Adapter) failure(op string, reason channels.Reason, code, text string, cause error) *channels.Error {
	text = strings.ReplaceAll(text, string(a.cfg.Token), "***")
	text = strings.Join(strings.Fields(anyAddress.ReplaceAllString(text, "[address]")), " ")
	if cut := []rune(text); len(cut) > longestWords {
		text = string(cut[:longestWords]) + "…"
	}
	return &channels.Error{
		Channel: contact.Mastodon, Account: a.cfg.Account, Op: op, Reason: reason, Code: code,
		Err: &plainError{text: text, cause: cause},
	}
}

// linkFailure gives an error of the link its words.
func (a *Adapter) linkFailure(op string, err error) *channels.Error {
	if done, ok := errors.AsType[*channels.Error](err); ok {
		return done
	}
	words := "no answer: " + lastCause(err).Error()
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var expired x509.CertificateInvalidError
	var notTLS tls.RecordHeaderError
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		words = "stopped"
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		words = "no answer in " + a.cfg.Timeout.String()
	case errors.As(err, &unknown):
		words = "its certificate is signed by nobody whom this machine trusts: set ca_file if the server is your own"
	case errors.As(err, &name):
		words = "its certificate is for another name: is the server's address right?"
	case errors.As(err, &expired):
		words = "its certificate has expired or is invalid"
	case errors.As(err, &notTLS):
		words = "it doesn't speak TLS there: is the port right?"
	case errors.As(err, &dns) && dns.IsNotFound:
		words = "no such server name: is the server's address right?"
	}
	return a.failure(op, channels.Unavailable, "", "server "+a.base.Host+": "+words, err)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// lastCause is the innermost error: the others repeat addresses and bodies.
func lastCause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// refusal gives an answer other than 2xx its reason and its words.
func (a *Adapter) refusal(op string, res *answer) *channels.Error {
	said := res.said()
	reason := reasonOf(op, res.code, said)
	text := "server " + a.base.Host + " says " + strconv.Itoa(res.code)
	if said != "" {
		text += ": " + said
	}
	text += a.remedy(op, res.code, reason, said)
	e := a.failure(op, reason, strconv.Itoa(res.code), text, nil)
	if reason == channels.RateLimited || reason == channels.Unavailable {
		e.RetryAfter = res.wish()
	}
	if reason == channels.Auth {
		e.RetryAfter = refusedWait
	}
	return e
}

// The pauses where the server names none, and the longest that is believed.
const (
	refusedWait = time.Minute
	limitedWait = time.Minute
	longestWait = 30 * time.Minute
)

// accountWords are those of a 403 that speaks of the token or the account, not
// of one post.
var accountWords = regexp.MustCompile(`(?i)scope|confirmed e-?mail|pending approval|login is currently disabled|account is (suspended|disabled)|token`)

// reasonOf is the table of HTTP codes
// (https://docs.joinmastodon.org/client/intro/#responses, and each method's).
func reasonOf(op string, code int, said string) channels.Reason {
	writes := op == opSend || op == opUpload
	switch {
	case code == http.StatusUnauthorized:
		return channels.Auth
	case code == http.StatusUnprocessableEntity && strings.Contains(said, "requires an authenticated user"):
		return channels.Auth
	case code == http.StatusForbidden && (!writes || accountWords.MatchString(said)):
		return channels.Auth
	case code == http.StatusTooManyRequests:
		return channels.RateLimited
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusServiceUnavailable:
		return channels.Unavailable
	case code >= 500 && op == opSend:
		return channels.InDoubt // it may have been made before something failed
	case code >= 500:
		return channels.Unavailable
	case code >= 400 && writes:
		return channels.Rejected
	default: // redirected, or no such call: not what we are configured for
		return channels.Malformed
	}
}

func (a *Adapter) remedy(op string, code int, reason channels.Reason, said string) string {
	switch {
	case reason == channels.Auth && strings.Contains(strings.ToLower(said), "scope"):
		return " (the token lacks a scope: make one with read and write at " + a.cfg.Server + "/settings/applications)"
	case strings.Contains(said, "requires an authenticated user"):
		return " (the token is an application's, not an account's: copy \"Your access token\" from " + a.cfg.Server + "/settings/applications)"
	case code == http.StatusUnauthorized:
		return " (the token is wrong or was revoked: make a new one at " + a.cfg.Server + "/settings/applications)"
	case code >= 300 && code < 400:
		return " (the server has moved: set server to its new address)"
	case code == http.StatusNotFound && op == opLogin:
		return " (nothing there speaks the Mastodon API: is the server's address right?)"
	default:
		return ""
	}
}

// said gives the server's own words, "" where it has none.
func (res *answer) said() string {
	var body struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
	}
	if json.Unmarshal(res.body, &body) != nil {
		return ""
	}
	var words string
	if json.Unmarshal(body.Error, &words) != nil {
		words = ""
	}
	if body.Description != "" {
		words = body.Description
	}
	return words
}

// wish gives how long the server wants to be left alone: Retry-After (RFC 9110
// section 10.2.3), or X-RateLimit-Reset as Mastodon has it, a moment.
// (https://docs.joinmastodon.org/api/rate-limits/)
func (res *answer) wish() time.Duration {
	now := when2(res.header.Get("Date"))
	if now.IsZero() {
		now = res.at
	}
	wait := time.Duration(0)
	if after := res.header.Get("Retry-After"); after != "" {
		if n, err := strconv.Atoi(after); err == nil {
			wait = time.Duration(n) * time.Second
		} else if at := when2(after); !at.IsZero() {
			wait = at.Sub(now)
		}
	} else if reset := when(res.header.Get("X-RateLimit-Reset")); !reset.IsZero() && res.code == http.StatusTooManyRequests {
		wait = reset.Sub(now)
	}
	if wait <= 0 && res.code == http.StatusTooManyRequests {
		wait = limitedWait
	}
	return min(max(wait, 0), longestWait)
}

func when2(s string) time.Time {
	at, err := http.ParseTime(s)
	if err != nil {
		return time.Time{}
	}
	return at
}

// words gives an error's text without its frame.
func words(err error) string {
	if typed, ok := errors.AsType[*channels.Error](err); ok {
		return fmt.Sprint(typed.Err)
	}
	return err.Error()
}
