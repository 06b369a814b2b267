package main

import (
	"errors"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email/oauth"
)

func TestTroubleSaysWhatSinceWhenAndWhatToDo(t *testing.T) {
	at := time.Date(2026, 11, 1, 9, 30, 0, 0, time.UTC)
	failed := func(r channels.Reason, text string) string {
		return (&channels.Error{Channel: "email", Account: "support", Op: "connect", Reason: r, Err: errors.New(text)}).Error()
	}
	for _, c := range []struct {
		name, got, want string
	}{
		{"a dead server", readingTrouble(channels.State{
			Channel: "email", Account: "support", Since: at, Reason: channels.Unavailable,
			LastError: failed(channels.Unavailable, "imap server h:993: connection refused, nothing listens there"),
		}), "nothing is read since 2026-11-01 09:30 UTC: imap server h:993: connection refused, nothing listens there. " +
			"What waits there is read later, nothing is lost. Is the server up, and are host, port and tls right?"},
		{
			"a server that hangs", sendingTrouble("email/support", failed(channels.Unavailable, "smtp server h:465: it has stopped answering"), channels.Unavailable),
			"replies can't be sent: smtp server h:465: it has stopped answering. They are kept and go out later. It is tried again by itself; if it lasts, look after the server.",
		},
		{
			"a wrong certificate", sendingTrouble("email/support", failed(channels.Unavailable, "smtp server h:465: its certificate has expired"), channels.Unavailable),
			"replies can't be sent: smtp server h:465: its certificate has expired. They are kept and go out later. After a change of the configuration reload it (SIGHUP).",
		},
		{"a wrong password", readingTrouble(channels.State{
			Channel: "email", Account: "support", Since: at, Reason: channels.Auth, LastError: failed(channels.Auth, "login refused"),
		}), "nothing is read since 2026-11-01 09:30 UTC: login refused. " +
			"What waits there is read later, nothing is lost. Correct the user name or the password, then reload (SIGHUP)."},
		{
			"a login that ended", sendingTrouble("email/support", failed(channels.Auth, (&oauth.LoginError{Account: "support"}).Error()), channels.Auth),
			"replies can't be sent: nobody has logged in to this mailbox yet: run \"stagecoach mail login support\". They are kept and go out later.",
		},
		{"a link that stands", readingTrouble(channels.State{Connected: true, Since: at}), ""},
		{
			"sending", sendingTrouble("email/support", failed(channels.RateLimited, "too fast"), channels.RateLimited),
			"replies can't be sent: too fast. They are kept and go out later. The provider wants us to wait; nothing is to be done.",
		},
		{"an error that no adapter made", sendingTrouble("email/support", "EOF", channels.Unknown), "replies can't be sent: EOF. They are kept and go out later."},
		{"sending well", sendingTrouble("email/support", "", ""), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q\ninstead of %q", c.name, c.got, c.want)
		}
	}
}
