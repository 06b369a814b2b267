package email_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
	"stagecoach/channels/email/oauth"
)

// The challenge that says why a token is refused is answered as each mechanism's
// own description has it: XOAUTH2's with an empty line
// (developers.google.com/workspace/gmail/imap/xoauth2-protocol), OAUTHBEARER's with
// one byte (RFC 7628, section 3.2.3). Under STARTTLS the library can't write an
// empty line.
func TestAnswerToARefusedToken(t *testing.T) {
	l := newLogin(t, time.Hour, oauth.App)
	for name, c := range map[string]struct {
		cap, want string
		mode      email.TLSMode
	}{
		"xoauth2":           {"AUTH=XOAUTH2", `""`, email.NoTLS},
		"xoauth2, tls":      {"AUTH=XOAUTH2", `""`, email.ImplicitTLS},
		"xoauth2, starttls": {"AUTH=XOAUTH2", `"\x01"`, email.StartTLS},
		"oauthbearer, tls":  {"AUTH=OAUTHBEARER", `"\x01"`, email.ImplicitTLS},
	} {
		t.Run(name, func(t *testing.T) {
			r := rogue(t, emailfake.RogueConfig{
				Caps: []string{"IMAP4rev1", c.cap, "STARTTLS"}, TLS: c.mode == email.ImplicitTLS,
				Login: func(string, string, string) error { return errors.New("[AUTHENTICATIONFAILED] no") },
			})
			cfg := rogueBox(r)
			cfg.IMAP.Endpoint = endpoint(r.Port(), c.mode, "")
			if c.mode != email.NoTLS {
				cfg.IMAP.CAFile = caFile(t, r.CertificatePEM())
			}
			cfg.Tokens = l.source
			_, err := adapter(t, cfg, nil).Check(t.Context())
			if channels.ReasonOf(err) != channels.Auth {
				t.Errorf("Check gives %v", err)
			}
			if said := r.Said(); !slices.Contains(said, "CHALLENGE answered with "+c.want) {
				t.Errorf("the challenge is answered otherwise: %q", said)
			}
		})
	}
}
