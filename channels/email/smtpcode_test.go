package email

import (
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"stagecoach/channels"
)

// TestJudge has answers as servers really give them, liars included.
func TestJudge(t *testing.T) {
	const (
		rejected    = channels.Rejected
		unavailable = channels.Unavailable
		limited     = channels.RateLimited
		auth        = channels.Auth
	)
	none := smtp.EnhancedCode{}
	for _, c := range []struct {
		code     int
		enhanced smtp.EnhancedCode
		text     string
		want     channels.Reason
		wantCode string
		atLeast  time.Duration
		account  bool
	}{
		// Nobody there.
		{550, smtp.EnhancedCode{5, 1, 1}, "<x>: Recipient address rejected: User unknown in virtual mailbox table", rejected, "5.1.1", 0, false},
		{550, none, "No such user here", rejected, "550", 0, false},
		{550, none, "#5.1.0 Address rejected.", rejected, "5.1.0", 0, false},
		{550, none, "Requested action not taken: mailbox unavailable (5.1.1)", rejected, "5.1.1", 0, false},
		{553, none, "sorry, that domain isn't in my list of allowed rcpthosts", rejected, "553", 0, false},
		{551, none, "User not local", rejected, "551", 0, false},
		{556, smtp.EnhancedCode{5, 1, 10}, "Domain does not accept mail (nullMX)", rejected, "5.1.10", 0, false},
		{450, smtp.EnhancedCode{5, 1, 1}, "user unknown", rejected, "5.1.1", 0, false},
		{450, smtp.EnhancedCode{4, 1, 1}, "Recipient address rejected: unverified address", unavailable, "4.1.1", 0, false},
		{550, smtp.EnhancedCode{5, 2, 1}, "The email account that you tried to reach is disabled", rejected, "5.2.1", 0, false},
		// Greylisting, in every dress.
		{450, smtp.EnhancedCode{4, 7, 1}, "<x>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/x.html", unavailable, "4.7.1", 0, false},
		{451, smtp.EnhancedCode{4, 7, 1}, "Greylisting in action, please come back in 00:04:32", unavailable, "4.7.1", 272 * time.Second, false},
		{451, smtp.EnhancedCode{4, 7, 1}, "Please try again later", unavailable, "4.7.1", 0, false},
		{421, none, "Greylisted, please try again in 300 seconds", unavailable, "421", 300 * time.Second, false},
		{450, none, "Greylisted for 5 minutes", unavailable, "450", 5 * time.Minute, false},
		{451, smtp.EnhancedCode{4, 7, 650}, "The mail server [1.2.3.4] has been temporarily rate limited due to IP reputation", limited, "4.7.650", time.Minute, true},
		{451, smtp.EnhancedCode{5, 7, 1}, "Greylisted, try again later", unavailable, "5.7.1", 0, false},
		// Too much from us.
		{421, smtp.EnhancedCode{4, 7, 28}, "Gmail has detected an unusual rate of unsolicited mail", limited, "4.7.28", time.Minute, true},
		{421, smtp.EnhancedCode{4, 7, 0}, "Try again later, closing connection.", unavailable, "4.7.0", 0, false},
		{550, smtp.EnhancedCode{5, 4, 5}, "Daily user sending limit exceeded.", limited, "5.4.5", time.Hour, true},
		{432, smtp.EnhancedCode{4, 3, 2}, "Concurrent connections limit exceeded", limited, "4.3.2", time.Second, true},
		{450, smtp.EnhancedCode{4, 7, 1}, "Error: too much mail from 192.0.2.1", limited, "4.7.1", time.Second, true},
		{454, none, "Throttling failure: Maximum sending rate exceeded.", limited, "454", time.Second, true},
		{454, none, "Throttling failure: Daily message quota exceeded.", limited, "454", time.Hour, true},
		{550, smtp.EnhancedCode{5, 1, 90}, "Your message can't be sent because you've reached your daily limit for message recipients", limited, "5.1.90", time.Hour, true},
		{550, smtp.EnhancedCode{5, 7, 705}, "Access denied, tenant has exceeded threshold", limited, "5.7.705", time.Hour, true},
		{421, none, "Too many concurrent SMTP connections; please try again later.", limited, "421", time.Second, true},
		{450, smtp.EnhancedCode{4, 2, 1}, "Peak SMTP relay limit exceeded for this customer. This is a temporary error.", limited, "4.2.1", time.Second, true},
		{421, smtp.EnhancedCode{4, 3, 2}, "The maximum number of concurrent server connections has exceeded a limit, closing transmission channel", limited, "4.3.2", time.Second, true},
		{554, smtp.EnhancedCode{5, 2, 0}, "STOREDRV.Submission.Exception:SubmissionQuotaExceededException; you exceeded the sending limit", limited, "5.2.0", time.Second, true},
		// Too much for them: not our account's fault.
		{450, smtp.EnhancedCode{4, 2, 1}, "The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.", unavailable, "4.2.1", 10 * time.Minute, false},
		{550, smtp.EnhancedCode{5, 2, 1}, "The user you are trying to contact is receiving mail too quickly", unavailable, "5.2.1", 10 * time.Minute, false},
		// Full mailboxes may be emptied; too large mails don't shrink.
		{552, smtp.EnhancedCode{5, 2, 2}, "<x> Quota exceeded (mailbox for user is full)", unavailable, "5.2.2", time.Hour, false},
		{452, smtp.EnhancedCode{4, 2, 2}, "The email account that you tried to reach is over quota.", unavailable, "4.2.2", time.Hour, false},
		{554, smtp.EnhancedCode{5, 2, 2}, "mailbox full", unavailable, "5.2.2", time.Hour, false},
		{552, none, "Requested mail action aborted: exceeded storage allocation", unavailable, "552", time.Hour, false},
		{422, none, "The recipient's mailbox has exceeded its storage limit", unavailable, "422", time.Hour, false},
		{550, none, "Mailbox quota exceeded", unavailable, "550", time.Hour, false},
		{452, smtp.EnhancedCode{4, 3, 1}, "Insufficient system storage", unavailable, "4.3.1", 0, false},
		{552, smtp.EnhancedCode{5, 3, 4}, "Message size exceeds fixed limit", rejected, "5.3.4", 0, false},
		{552, none, "Message size exceeds fixed maximum message size", rejected, "5.3.4", 0, false},
		{523, none, "the message is too large", rejected, "5.3.4", 0, false},
		{550, smtp.EnhancedCode{5, 2, 3}, "Message too large for this recipient", rejected, "5.3.4", 0, false},
		{552, smtp.EnhancedCode{5, 7, 0}, "This message was blocked because its content presents a potential security issue.", rejected, "5.7.0", 0, false},
		// Policy.
		{554, smtp.EnhancedCode{5, 7, 1}, "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", rejected, "5.7.1", 0, false},
		{550, smtp.EnhancedCode{5, 7, 26}, "Unauthenticated email from acme.test is not accepted due to domain's DMARC policy", rejected, "5.7.26", 0, false},
		{554, none, "Transaction failed", rejected, "554", 0, false},
		{550, smtp.EnhancedCode{5, 4, 1}, "Recipient address rejected: Access denied", rejected, "5.4.1", 0, false},
		{553, smtp.EnhancedCode{5, 6, 7}, "SMTPUTF8 is required", rejected, "5.6.7", 0, false},
		// Passing troubles of the server.
		{451, smtp.EnhancedCode{4, 3, 0}, "Temporary lookup failure", unavailable, "4.3.0", 0, false},
		{550, smtp.EnhancedCode{4, 4, 1}, "Connection timed out", unavailable, "4.4.1", 0, false},
		{421, smtp.EnhancedCode{4, 3, 2}, "Service shutting down", unavailable, "4.3.2", 0, true},
		{454, smtp.EnhancedCode{4, 7, 0}, "TLS not available due to local problem", unavailable, "4.7.0", 0, false},
		{503, smtp.EnhancedCode{5, 5, 1}, "Error: need MAIL command", unavailable, "5.5.1", 0, false},
		// Not let in.
		{530, smtp.EnhancedCode{5, 7, 0}, "Authentication Required", auth, "5.7.0", 0, true},
		{535, smtp.EnhancedCode{5, 7, 8}, "Username and Password not accepted", auth, "5.7.8", 0, true},
		{554, smtp.EnhancedCode{5, 7, 9}, "Message not accepted for policy reasons.", rejected, "5.7.9", 0, false},
		{534, smtp.EnhancedCode{5, 7, 9}, "Application-specific password required.", auth, "5.7.9", 0, true},
		// Let in, and not allowed to send so: a person mends it, and no reply fails.
		{554, smtp.EnhancedCode{5, 2, 252}, "SendAsDenied; me@acme.test not allowed to send as support@acme.test; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception with message Cannot submit message. 0.35250:0A00, 1.36674:0A00, 255.1750:quota", auth, "5.2.252", 0, true},
		{554, smtp.EnhancedCode{5, 2, 0}, "STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; mailbox", auth, "5.2.0", 0, true},
		{550, smtp.EnhancedCode{5, 7, 60}, "SMTP; Client does not have permissions to send as this sender", auth, "5.7.60", 0, true},
		{553, smtp.EnhancedCode{5, 7, 1}, "<support@acme.test>: Sender address rejected: not owned by user me@acme.test", auth, "5.7.1", 0, true},
		{550, none, "Requested action not taken: mailbox unavailable. Sender address is not allowed.", auth, "550", 0, true},
		{550, smtp.EnhancedCode{5, 7, 0}, "From address is not one of your addresses.", auth, "5.7.0", 0, true},
		{553, none, "Relaying disallowed as support@acme.test", auth, "553", 0, true},
		{550, smtp.EnhancedCode{5, 4, 6}, "Unusual sending activity detected. Please try after sometime", auth, "5.4.6", 0, true},
		{550, smtp.EnhancedCode{5, 1, 8}, "Access denied, bad outbound sender", auth, "5.1.8", 0, true},
		{554, smtp.EnhancedCode{5, 7, 1}, "<x>: Relay access denied", rejected, "5.7.1", 0, false},
		{550, smtp.EnhancedCode{5, 1, 8}, "<a@b.test>: Sender address rejected: Domain not found", rejected, "5.1.8", 0, false},
		{535, smtp.EnhancedCode{5, 7, 139}, "Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant", auth, "5.7.139", 0, true},
	} {
		got := judge(opSend, &smtp.SMTPError{Code: c.code, EnhancedCode: c.enhanced, Message: c.text})
		if got.reason != c.want || got.code != c.wantCode || got.wait < c.atLeast || got.account != c.account {
			t.Errorf("%d %v %q: %+v, want %s %s, account %v, at least %v", c.code, c.enhanced, c.text, got, c.want, c.wantCode, c.account, c.atLeast)
		}
	}
}

func TestJudgeAtTheDoor(t *testing.T) {
	blocked := &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "no service for your address"}
	if v := judge(opConnect, blocked); v.reason != channels.Unavailable || !v.account {
		t.Errorf("a refusal of the link is %+v, want unavailable for the account", v)
	}
	if v := judge(opLogin, &smtp.SMTPError{Code: 550, Message: "no"}); v.reason != channels.Auth {
		t.Errorf("a refused login is %+v", v)
	}
	if v := judge(opLogin, &smtp.SMTPError{Code: 454, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "invalid username or password"}); v.reason != channels.Auth {
		t.Errorf("a wrong password by 454 is %+v", v)
	}
	if v := judge(opLogin, &smtp.SMTPError{Code: 454, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Too many login attempts, please try again later."}); v.reason != channels.RateLimited {
		t.Errorf("too many logins are %+v", v)
	}
	if v := judge(opLogin, &smtp.SMTPError{Code: 454, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Temporary authentication failure"}); v.reason != channels.Unavailable {
		t.Errorf("a login that fails for now is %+v", v)
	}
}

func TestWishedWait(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"Request is throttled. Suggested Backoff Time: 299961 milliseconds": 299961 * time.Millisecond,
		"backoff 30 s; retry, version 2.5 seconds":                          30 * time.Second,
		"try again in 300 seconds":                                          5 * time.Minute,
		"please wait 2 minutes":                                             2 * time.Minute,
		"retry after 1 h":                                                   time.Hour,
		"come back in 00:04:32":                                             272 * time.Second,
		"deferred for 01:30":                                                90 * time.Second,
		"in 99999 hours":                                                    longestWished,
		"wait 99:00:00":                                                     longestWished,
		"listed in 3 lists":                                                 0,
		"see http://a.test/in/5/mails":                                      0,
	} {
		if got := wishedWait(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// A mailbox in which customers wait is not left alone for a day because of what
// stands in a server's words.
func TestMailboxIsLookedAtAgainSoon(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"too many connections, wait 5 minutes":         5 * time.Minute,
		"temporarily unavailable, back after 22:30:00": awayAtMost,
		"too many logins, try again in 24 hours":       awayAtMost,
	} {
		for _, reason := range []channels.Reason{channels.RateLimited, channels.Unavailable} {
			if got := imapWait(reason, text); got != want {
				t.Errorf("%s, %q: %v, want %v", reason, text, got, want)
			}
		}
	}
}
