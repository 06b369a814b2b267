package bluesky

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
	opLogin   = "login"
	opFetch   = "fetch"
	opSend    = "send"
	opMessage = "send message"
	opUpload  = "upload"
	opLookUp  = "look up"
	opCheck   = "check"
)

// anyAddress is whatever names people or their posts.
var anyAddress = regexp.MustCompile(`at://[^\s"',;)]+|did:[a-z]+:[^\s"',;)]+|@[\w-]+(\.[\w-]+)+`)

const longestWords = 300

func (a *Adapter) failure(op string, reason channels.Reason, code, text string, cause error) *channels.Error {
	text = strings.ReplaceAll(text, string(a.cfg.Password), "***")
	if s := a.sessions.now.Load(); s != nil {
		text = strings.ReplaceAll(strings.ReplaceAll(text, s.access, "***"), s.refresh, "***")
	}
	return &channels.Error{
		Channel: contact.Bluesky, Account: a.cfg.Account, Op: op, Reason: reason, Code: code,
		Err: channels.Plain(text, cause),
	}
}

// plain takes whom it speaks of out of a server's words, and bounds them.
func plain(text string) string {
	return channels.Bounded(anyAddress.ReplaceAllString(strings.ToValidUTF8(text, ""), "[address]"), longestWords)
}

// linkFailure gives an error of the link its words.
func (a *Adapter) linkFailure(op string, err error) *channels.Error {
	if done, ok := errors.AsType[*channels.Error](err); ok {
		return done
	}
	words, known := channels.LinkWords(err)
	switch {
	case !known:
		words = "no answer: " + plain(channels.LastCause(err).Error())
	case channels.TimedOut(err):
		words = "no answer in " + a.cfg.Timeout.String()
	}
	return a.failure(op, channels.Unavailable, "", "the server: "+words, err)
}

// xrpcError is the body of a refusal (https://atproto.com/specs/xrpc#error-responses).
type xrpcError struct {
	Name    string `json:"error"`
	Message string `json:"message"`
}

func (res *answer) refusal() xrpcError {
	var e xrpcError
	if json.Unmarshal(res.body, &e) != nil {
		return xrpcError{}
	}
	return e
}

// tokenEnded tells that the token must be renewed: it has ended, or the server
// knows it no more, as after a restart with other keys.
func (res *answer) tokenEnded(chat bool) bool {
	if res.ok() {
		return false
	}
	switch said := res.refusal(); said.Name {
	case "ExpiredToken":
		return true
	case "InvalidToken", "AuthMissing", "AuthenticationRequired", "BadJwt":
		return !chat && !tokenLacksMessages(said)
	default:
		return false
	}
}

// refusal gives an answer other than 2xx its reason and its words.
func (a *Adapter) refusal(op string, res *answer) *channels.Error {
	said := res.refusal()
	reason := reasonOf(op, res.code, said)
	text := "server " + res.host + " says " + strconv.Itoa(res.code)
	if words := plain(strings.TrimSpace(said.Name + " " + said.Message)); words != "" {
		text += ": " + words
	}
	text += remedy(op, res.code, reason, said)
	code := strconv.Itoa(res.code)
	if said.Name != "" && len(said.Name) < 60 {
		code += " " + plain(said.Name)
	}
	e := a.failure(op, reason, code, text, nil)
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

// reasonOf is the table of error names and HTTP codes
// (https://atproto.com/specs/xrpc#summary-of-http-status-codes, and the errors of
// each lexicon). A name says more than a code, since servers use 400 for much.
func reasonOf(op string, code int, said xrpcError) channels.Reason {
	switch said.Name {
	case "ExpiredToken", "InvalidToken", "AuthenticationRequired", "AuthMissing", "AuthFactorTokenRequired", "BadJwt",
		"AccountTakedown", "AccountDeactivated", "AccountSuspended", "RepoDeactivated", "RepoTakendown", "RepoSuspended",
		"InsufficientScope", "ScopeMissing", "ScopeMissingError", "InvalidAppPassword":
		return channels.Auth
	case "RateLimitExceeded":
		return channels.RateLimited
	case "NotEnoughResources", "UpstreamFailure", "UpstreamTimeout":
		return unavailable(op)
	}
	writes := op == opSend || op == opMessage || op == opUpload
	switch {
	case code == http.StatusUnauthorized:
		return channels.Auth
	case code == http.StatusForbidden && !writes:
		return channels.Auth
	case code == http.StatusTooManyRequests:
		return channels.RateLimited
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusServiceUnavailable:
		return channels.Unavailable
	case code == http.StatusNotImplemented:
		return channels.Malformed
	case code >= 500:
		return unavailable(op)
	case code >= 400 && writes:
		return channels.Rejected
	default: // redirected, or no such call: not what we are configured for
		return channels.Malformed
	}
}

// unavailable is what a server's accident means: a post can be sent again without
// harm, and a direct message may have been taken.
func unavailable(op string) channels.Reason {
	if op == opMessage {
		return channels.InDoubt
	}
	return channels.Unavailable
}

func remedy(op string, code int, reason channels.Reason, said xrpcError) string {
	const where = "https://bsky.app/settings/app-passwords"
	switch {
	case tokenLacksMessages(said):
		return " (the app password doesn't allow direct messages: make one that does at " + where + ")"
	case said.Name == "AuthFactorTokenRequired":
		return " (this is the account's own password: make an app password at " + where + ")"
	case said.Name == "AccountTakedown", strings.Contains(said.Name, "Suspended"), strings.Contains(said.Name, "Deactivated"):
		return " (the account itself is closed or suspended: see to it in the Bluesky app)"
	case reason == channels.Auth && op == opLogin:
		return " (the handle or the app password is wrong, or the password was revoked: make a new one at " + where + ")"
	case code >= 300 && code < 400:
		return " (the server has moved: set server to its new address)"
	case code == http.StatusNotFound && op == opLogin, code == http.StatusNotImplemented && op == opLogin:
		return " (nothing there speaks the AT protocol: is the server's address right?)"
	default:
		return ""
	}
}

// tokenLacksMessages tells that an app password was made without access to direct
// messages (https://github.com/bluesky-social/social-app/pull/8954).
func tokenLacksMessages(said xrpcError) bool {
	return said.Name == "InvalidToken" && (strings.Contains(said.Message, "scope") || strings.Contains(said.Message, "method"))
}

// wish gives how long the server wants to be left alone: Retry-After (RFC 9110
// section 10.2.3), or ratelimit-reset, a Unix time
// (https://docs.bsky.app/docs/advanced-guides/rate-limits).
func (res *answer) wish() time.Duration {
	wait := channels.RetryAfter(res.header, res.at)
	if n, err := strconv.ParseInt(res.header.Get("RateLimit-Reset"), 10, 64); wait == 0 && err == nil && res.code == http.StatusTooManyRequests {
		wait = channels.Wish(time.Unix(n, 0).Sub(channels.AnsweredAt(res.header, res.at)))
	}
	if wait == 0 && res.code == http.StatusTooManyRequests {
		wait = limitedWait
	}
	return wait
}

// nameOf gives the protocol's name of an error, "" if it has none.
func nameOf(err error) string {
	typed, ok := errors.AsType[*channels.Error](err)
	if !ok {
		return ""
	}
	_, name, _ := strings.Cut(typed.Code, " ")
	return name
}
