package email

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

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
	text = a.hideSecrets(text)
	text = anyAddress.ReplaceAllString(text, "[address]")
	return &plainError{text: strings.Join(strings.Fields(text), " "), cause: cause}
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
	reason := imapReason(op, refused)
	text := "the imap server said: " + refused.Text
	if op == "login" && reason == channels.Auth {
		text = a.refusedLogin(text)
	} else {
		text += remedy(refused.Text)
	}
	e := a.failure(op, reason, string(refused.Code), text, err)
	e.RetryAfter = imapWait(reason, refused.Text)
	return e
}

// refusedLogin says of a refused password what it may be, and what this server or
// this provider wants.
func (a *Adapter) refusedLogin(said string) string {
	text := "wrong user name or password, or login not allowed: " + said
	if do := remedy(said); do != "" {
		return text + do
	}
	if a.cfg.Hint != "" {
		text += " (" + a.cfg.Hint + ")"
	}
	return text
}

// The pauses where the server names none: a provider that has had enough of us
// wants more than a second's rest, and passwords aren't tried in a hurry, or the
// account is locked. However long it wishes, a mailbox is looked at again after
// awayAtMost: customers wait there, and what looks like a time in the words may
// be one of the day.
const (
	limitedWait = 2 * time.Minute
	refusedWait = time.Minute
	awayAtMost  = 15 * time.Minute
)

// imapWait gives how long to leave the server alone.
func imapWait(reason channels.Reason, text string) time.Duration {
	switch wished := wishedWait(text); {
	case wished > 0 && (reason == channels.RateLimited || reason == channels.Unavailable):
		return min(wished, awayAtMost)
	case reason == channels.RateLimited:
		return limitedWait
	case reason == channels.Auth:
		return refusedWait
	default:
		return 0
	}
}

// Codes that are in use and in no standard.
const (
	codeThrottled = "THROTTLED"
	codeAlert     = "ALERT"
)

// What servers write where they mean a limit, and where they mean trouble of
// their own. Both come with the answer to a login, too.
var (
	imapLimitWords   = regexp.MustCompile(`(?i)too many|throttl|limit (is )?(reached|exceeded)|(rate|connection|bandwidth|command).{0,30}(limit|exceeded)|exceeded (command|bandwidth)|slow down|lockdown in sector`)
	imapLoginWords   = regexp.MustCompile(`(?i)credential|password|authenticat|log-?in|user|account|sasl`)
	imapTroubleWords = regexp.MustCompile(`(?i)temporar|try again|unavailable|internal error|server error|timed? ?out|backend|not connected`)
)

func imapReason(op string, refused *imap.Error) channels.Reason {
	writes := op == "append" || op == "create folder" || op == "move"
	switch refused.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeServerBug:
		return channels.Unavailable
	case imap.ResponseCodeLimit, codeThrottled:
		return channels.RateLimited
	case imap.ResponseCodeOverQuota:
		// Of somebody who writes nothing, it is the quota of commands or bytes.
		if !writes {
			return channels.RateLimited
		}
		return channels.Rejected
	case imap.ResponseCodeAuthenticationFailed, imap.ResponseCodeAuthorizationFailed,
		imap.ResponseCodeExpired, imap.ResponseCodePrivacyRequired:
		return channels.Auth
	case imap.ResponseCodeContactAdmin:
		return channels.Unavailable
	case imap.ResponseCodeNonExistent, imap.ResponseCodeNoPerm, imap.ResponseCodeTryCreate:
		return channels.Rejected
	case codeAlert: // for a person to read: the words tell
	}
	switch {
	case imapLimitWords.MatchString(refused.Text):
		return channels.RateLimited
	case refused.Type == imap.StatusResponseTypeBye, imapTroubleWords.MatchString(refused.Text):
		return channels.Unavailable
	case op == "login" && refused.Type == imap.StatusResponseTypeBad && !imapLoginWords.MatchString(refused.Text):
		return channels.Unavailable // "Command Error. 12": no word of the login
	case op == "login":
		return channels.Auth
	default:
		return channels.Unknown
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 127 })
}
