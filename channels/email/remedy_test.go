package email

import (
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"stagecoach/channels"
)

// What large providers answer to a login, with what it means for us and what a
// person is told.
func TestWhatRefusalsOfLoginsMean(t *testing.T) {
	for said, want := range map[string]struct {
		reason channels.Reason
		told   string
	}{
		"NO [ALERT] Application-specific password required: https://help.example/18 (Failure)":                  {channels.Auth, "app password"},
		"NO [ALERT] Please log in via your web browser: https://help.example/78 (Failure)":                      {channels.Auth, "with a browser"},
		"NO [ALERT] Your account is not enabled for IMAP use. Please visit your settings":                       {channels.Auth, "switch IMAP on"},
		"NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)":                                               {channels.Auth, "the hint"},
		"NO [ALERT] Too many simultaneous connections. (Failure)":                                               {channels.RateLimited, "watch fewer"},
		"NO [ALERT] Account exceeded command or bandwidth limits. (Failure)":                                    {channels.RateLimited, ""},
		"NO Lockdown in sector 4 (Failure)":                                                                     {channels.RateLimited, "with a browser"},
		"NO [UNAVAILABLE] Temporary System Error (Failure)":                                                     {channels.Unavailable, ""},
		"NO AUTHENTICATE failed.":                                                                               {channels.Auth, "the hint"},
		"NO LOGIN failed.":                                                                                      {channels.Auth, "the hint"},
		"BAD User is authenticated but not connected.":                                                          {channels.Unavailable, "full access"},
		"BAD Command Error. 12":                                                                                 {channels.Unavailable, ""},
		"NO LOGIN failed: LogonDenied-BasicAuthBlocked":                                                         {channels.Auth, "configure oauth"},
		"BAD Request is throttled. Suggested Backoff Time: 89117 milliseconds":                                  {channels.RateLimited, ""},
		"NO [LIMIT] LOGIN Rate limit hit.":                                                                      {channels.RateLimited, ""},
		"NO [AUTHENTICATIONFAILED] LOGIN Invalid credentials":                                                   {channels.Auth, "the hint"},
		"NO [UNAVAILABLE] LOGIN Server error - Please try again later":                                          {channels.Unavailable, ""},
		"NO [SERVERBUG] LOGIN Server error - Please try again later":                                            {channels.Unavailable, ""},
		"NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)": {channels.Unavailable, "watch fewer"},
		"NO SELECT Unsafe Login. Please contact us for help":                                                    {channels.Auth, "authorization code"},
		"NO [INUSE] mailbox locked":                                                                             {channels.Unavailable, ""},
	} {
		kind, text, _ := strings.Cut(said, " ")
		refused := &imap.Error{Type: imap.StatusResponseType(kind), Text: text}
		if code, rest, ok := strings.Cut(text, "] "); ok && code[0] == '[' {
			refused.Code, refused.Text = imap.ResponseCode(code[1:]), rest
		}
		a := &Adapter{cfg: Config{Account: "support", Hint: "the hint"}}
		err := a.imapError("login", refused)
		if got := channels.ReasonOf(err); got != want.reason {
			t.Errorf("%s: %s, want %s", said, got, want.reason)
		}
		if !strings.Contains(err.Error(), want.told) || want.told == "" && strings.Contains(err.Error(), doWords) {
			t.Errorf("%s is told as %v, want %q", said, err, want.told)
		}
	}
}
