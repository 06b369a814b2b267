package mastodon

import (
	"encoding/json"
	"errors"
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

var anyAddress = regexp.MustCompile(`@?[^\s<>"'(),;:/]+@[^\s<>"'(),;:/]+`)

const longestWords = 300

func (a *Adapter) failure(op string, reason channels.Reason, code, text string, cause error) *channels.Error {
	text = strings.ReplaceAll(text, string(a.cfg.Token), "***")
	text = channels.Bounded(anyAddress.ReplaceAllString(text, "[address]"), longestWords)
	return &channels.Error{
		Channel: contact.Mastodon, Account: a.cfg.Account, Op: op, Reason: reason, Code: code,
		Err: channels.Plain(text, cause),
	}
}

// linkFailure gives an error of the link its words.
func (a *Adapter) linkFailure(op string, err error) *channels.Error {
	if done, ok := errors.AsType[*channels.Error](err); ok {
		return done
	}
	words, known := channels.LinkWords(err)
	switch {
	case !known:
		words = "no answer: " + channels.LastCause(err).Error()
	case channels.TimedOut(err):
		words = "no answer in " + a.cfg.Timeout.String()
	}
	return a.failure(op, channels.Unavailable, "", "server "+a.base.Host+": "+words, &lostError{err})
}

// lostError tells that the link failed, rather than what was asked for.
type lostError struct{ error }

func (e *lostError) Unwrap() error { return e.error }

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

// The pauses where the server names none.
const (
	refusedWait = time.Minute
	limitedWait = time.Minute
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
	wait := channels.RetryAfter(res.header, res.at)
	if reset := when(res.header.Get("X-RateLimit-Reset")); wait == 0 && !reset.IsZero() && res.code == http.StatusTooManyRequests {
		wait = channels.Wish(reset.Sub(channels.AnsweredAt(res.header, res.at)))
	}
	if wait == 0 && res.code == http.StatusTooManyRequests {
		wait = limitedWait
	}
	return wait
}
