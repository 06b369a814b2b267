package email

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"stagecoach/channels"
)

// smtpVerdict is what an answer of an SMTP server means for us.
type smtpVerdict struct {
	reason channels.Reason
	// code is the enhanced one (RFC 3463) if there is one, else the basic one.
	code string
	// wait is the server's wish, or what experience says; 0 if neither.
	wait time.Duration
	// account is true when all replies of the account are concerned.
	account bool
}

// What servers write instead of a code that says it, or beside one that
// doesn't.
var (
	codeInWords = regexp.MustCompile(`(?:^|[\s#(\[-])([245])\.(\d{1,3})\.(\d{1,3})(?:[\s)\]:;,-]|$)`)
	rateWords   = regexp.MustCompile(`(?i)\brate\b|too many (messages|mails|emails|connections|sessions|concurrent|log-?in|auth)|too much mail|throttl|quota exceeded for (sending|your account)|` +
		`limit exceeded|exceeded (the|your|a) (.{0,30} )?(limit|quota)|exceeded (daily|hourly)|slow down|(daily|hourly|sending|submission|message|messaging) (limit|quota)|concurrent .{0,20}limit|server busy`)
	greyWords    = regexp.MustCompile(`(?i)gr[ea]y-?list|postgrey|first time|come back later|try again (in|later)|temporarily (deferred|rejected)|please (retry|try)|not yet authorized to deliver`)
	boxFullWords = regexp.MustCompile(`(?i)(mailbox|inbox|account|user|recipient|over|disk|storage).{0,24}\b(full|quota|exceeded|allocation|allotment)|over ?quota|quota exceeded|exceeded.{0,24}storage|insufficient (mailbox )?storage`)
	tooBigWords  = regexp.MustCompile(`(?i)(message|mail|size|data).{0,40}(too (large|big|long)|exceed|larger than|limit)|too (large|big) (message|mail)|exceeds.{0,24}size`)
	incomingRate = regexp.MustCompile(`(?i)(recipient|user|mailbox).{0,60}(receiving|receives?|getting).{0,40}(rate|too (many|quickly|fast|much))`)
	wrongWords   = regexp.MustCompile(`(?i)(invalid|wrong|incorrect|bad) (user ?name|user|login|password|credentials)|no such user`)
	authWords    = regexp.MustCompile(`(?i)authentication (is )?(required|needed|failed)|must (first )?(authenticate|issue a starttls)|not authenticated|log ?in first|credentials`)
	waitWords    = regexp.MustCompile(`(?i)\b(?:in|after|for|within|wait)\s+(\d{1,5})\s*(s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?)\b`)
	ownRateWords = regexp.MustCompile(`(?i)smtp relay limit|(sending|submission) (limit|quota)`)
	waitBackOff  = regexp.MustCompile(`(?i)\b(?:back-?off|retry)[^\d.]{0,20}\b(\d{1,9})\s*(milliseconds?|ms|s|sec|secs|seconds?|m|min|mins|minutes?)\b`)
	waitClock    = regexp.MustCompile(`(?i)\b(?:in|after|for|within|wait)\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\b`)
)

// The pauses that experience asks for where the server names none.
const (
	boxFullWait   = time.Hour
	rateWait      = 2 * time.Minute
	dayLimitWait  = time.Hour
	busyPeerWait  = 15 * time.Minute
	longestWished = 24 * time.Hour
)

// answerCode gives an answer's enhanced code as its parts; class 0 if it has
// none. Some servers put it into the middle of their words.
func answerCode(reply *smtp.SMTPError) (class, subject, detail int) {
	if c := reply.EnhancedCode; c[0] == 2 || c[0] == 4 || c[0] == 5 {
		return c[0], c[1], c[2]
	}
	for _, found := range codeInWords.FindAllStringSubmatch(reply.Message, -1) {
		if found[1] != strconv.Itoa(reply.Code/100) {
			continue // a version, an address
		}
		subject, _ = strconv.Atoi(found[2])
		detail, _ = strconv.Atoi(found[3])
		return reply.Code / 100, subject, detail
	}
	return 0, 0, 0
}

// judge tells what an answer means: by the enhanced code first, then by the
// basic one, and by the words of those that are known to lie.
func judge(op string, reply *smtp.SMTPError) smtpVerdict {
	class, subject, detail := answerCode(reply)
	v := smtpVerdict{code: strconv.Itoa(reply.Code), wait: wishedWait(reply.Message)}
	if class > 0 {
		v.code = fmt.Sprintf("%d.%d.%d", class, subject, detail)
	}
	switch {
	case isAuthTrouble(op, reply, v.code), isSenderTrouble(reply, v.code):
		v.reason, v.account = channels.Auth, true
	case isBoxFull(reply, class, subject, detail):
		v.reason, v.wait = channels.Unavailable, max(v.wait, boxFullWait)
	case isTooBig(reply, subject, detail):
		v.reason, v.code = channels.Rejected, "5.3.4"
	case incomingRate.MatchString(reply.Message): // the customer's mailbox, not us
		v.reason, v.wait = channels.Unavailable, max(v.wait, busyPeerWait)
	case isRateLimit(reply, class, subject, detail):
		v.reason, v.account = channels.RateLimited, true
		if v.wait == 0 {
			v.wait = rateWait
			if subject == 4 && detail == 5 || subject == 7 && detail >= 700 || strings.Contains(strings.ToLower(reply.Message), "daily") {
				v.wait = dayLimitWait
			}
		}
	case op == opConnect: // it refuses us, not this reply
		v.reason, v.account = channels.Unavailable, true
	case permanent(reply, class, subject):
		v.reason, v.wait = channels.Rejected, 0
	default:
		v.reason = channels.Unavailable
		v.account = reply.Code == 421 && !greyWords.MatchString(reply.Message)
	}
	return v
}

// The steps that concern the account and not one reply.
const (
	opConnect = "connect"
	opLogin   = "login"
	opSend    = "send"
)

func isAuthTrouble(op string, reply *smtp.SMTPError, code string) bool {
	switch reply.Code {
	case 530, 534, 535, 538:
		return true
	}
	switch code {
	case "5.7.8", "5.7.139":
		return true
	}
	if op == opLogin && wrongWords.MatchString(reply.Message) {
		return true // with 454, whatever the reason, by servers built on go-smtp
	}
	return op == opLogin && reply.Code >= 500 || op == opSend && reply.Code >= 500 && authWords.MatchString(reply.Message)
}

// isSenderTrouble finds the word that this account may not send as it does, be it
// under this address or at all: that concerns all its replies, and people can mend
// it, so none of them fails for it.
func isSenderTrouble(reply *smtp.SMTPError, code string) bool {
	return reply.Code >= 500 && (code == "5.7.60" || code == "5.2.252" || senderWords.MatchString(reply.Message) || stoppedWords.MatchString(reply.Message))
}

// isBoxFull finds a mailbox that is full, which its owner may empty, however
// final the server sounds: 552 5.2.2, 554 5.2.2, 452 4.2.2, 422, "over quota".
func isBoxFull(reply *smtp.SMTPError, class, subject, detail int) bool {
	switch {
	case class > 0 && subject == 2 && detail == 2:
		return true
	case class > 0 && (subject != 0 || detail != 0) && (subject != 2 || detail != 0) && (subject != 3 || detail != 1):
		return false // it says something else
	case rateWords.MatchString(reply.Message) && reply.Code != 552:
		return false
	case reply.Code == 552 && tooBigWords.MatchString(reply.Message) && !boxFullWords.MatchString(reply.Message):
		return false
	case reply.Code == 552 || reply.Code == 422:
		return class == 0 || subject == 2 || boxFullWords.MatchString(reply.Message)
	}
	return boxFullWords.MatchString(reply.Message)
}

// isTooBig finds a mail that this server will never take.
func isTooBig(reply *smtp.SMTPError, subject, detail int) bool {
	switch {
	case subject == 3 && detail == 4:
		return true
	case subject == 2 && detail == 3: // longer than the recipient may get
		return true
	}
	return reply.Code >= 500 && subject != 7 && (subject != 1 || detail == 0) && tooBigWords.MatchString(reply.Message) && !rateWords.MatchString(reply.Message)
}

// isRateLimit finds the word that we send too much, at once or in a day.
func isRateLimit(reply *smtp.SMTPError, class, subject, detail int) bool {
	switch {
	case class == 0:
	case subject == 7 && detail == 28, // Gmail, and RFC 7372's neighbours
		subject == 4 && detail == 5,                                 // Gmail: the day's quota
		subject == 3 && detail == 2 && reply.Code == 432,            // Exchange: concurrent submissions
		subject == 1 && detail == 90,                                // Exchange: the day's recipients
		subject == 7 && (detail == 232 || detail == 233),            // Exchange: the tenant's day
		subject == 7 && detail >= 705 && detail <= 750,              // Exchange: the tenant's threshold
		class == 4 && subject == 7 && detail >= 500 && detail < 700: // Exchange: server busy
		return true
	case subject == 2 && ownRateWords.MatchString(reply.Message): // Gmail's relay
		return true
	case subject == 1, subject == 2, subject == 6, class == 5 && subject == 7 && detail != 0 && detail != 1:
		return false // about the recipient or what is in the mail
	}
	if reply.Code == 421 && class == 4 && subject == 7 && !greyWords.MatchString(reply.Message) {
		return true
	}
	return rateWords.MatchString(reply.Message) && !greyListed(reply)
}

func greyListed(reply *smtp.SMTPError) bool {
	text := strings.ToLower(reply.Message)
	return reply.Code < 500 && (strings.Contains(text, "greylist") || strings.Contains(text, "graylist") || strings.Contains(text, "grey-list") || strings.Contains(text, "postgrey"))
}

// permanent reports whether trying again can't help. Where the classes of both
// codes differ the enhanced one counts, unless the server says that it ends the
// link, asks for another try in words, or got the order of commands wrong.
func permanent(reply *smtp.SMTPError, class, subject int) bool {
	switch {
	case reply.Code == 421, reply.Code == 503:
		return false
	case class == 5 && reply.Code < 500:
		return subject == 1 || !greyWords.MatchString(reply.Message)
	case class == 4:
		return false
	case class == 5:
		return true
	}
	return reply.Code >= 500
}

// wishedWait finds "try again in 300 seconds", "00:04:32" and "Suggested Backoff
// Time: 299961 milliseconds" in a server's words, 0 if none.
func wishedWait(text string) time.Duration {
	if found := waitBackOff.FindStringSubmatch(text); found != nil {
		return inUnits(found[1], found[2])
	}
	if found := waitClock.FindStringSubmatch(text); found != nil {
		a, _ := strconv.Atoi(found[1])
		b, _ := strconv.Atoi(found[2])
		if found[3] == "" {
			return time.Duration(a)*time.Minute + time.Duration(b)*time.Second
		}
		c, _ := strconv.Atoi(found[3])
		return min(time.Duration(a)*time.Hour+time.Duration(b)*time.Minute+time.Duration(c)*time.Second, longestWished)
	}
	found := waitWords.FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	return inUnits(found[1], found[2])
}

// inUnits reads a number and its unit, by that one's first letters.
func inUnits(number, unit string) time.Duration {
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	of := time.Second
	switch unit = strings.ToLower(unit); {
	case strings.HasPrefix(unit, "milli"), unit == "ms":
		of = time.Millisecond
	case unit[0] == 'm':
		of = time.Minute
	case unit[0] == 'h':
		of = time.Hour
	}
	return min(time.Duration(n)*of, longestWished)
}
