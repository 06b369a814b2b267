package email_test

import (
	"strings"
	"testing"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/channels/email/rig"
)

// Servers whose certificate has ended are told in plain words, by the check and by
// the channel, and get no password.
func TestRealExpiredCertificate(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecotWith(t, rig.Extras{Expired: true}, support)
	p := rig.StartPostfix(t, d)
	for _, mode := range []email.TLSMode{email.StartTLS, email.ImplicitTLS} {
		cfg := realMailbox(d, p, "support", support)
		if cfg.IMAP.TLS = mode; mode == email.ImplicitTLS {
			cfg.IMAP.Port = d.IMAPS
		}
		a := adapter(t, cfg, nil)
		t.Cleanup(func() { _ = a.Close() })
		report, err := a.Check(t.Context())
		_, sendErr := a.Send(t.Context(), numbered(1))
		for what, err := range map[string]error{"Check": err, "Receive": a.Receive(t.Context(), source(t)), "Send": sendErr} {
			if err == nil || !strings.Contains(err.Error(), "its certificate for 127.0.0.1 has expired on 2") ||
				!strings.Contains(err.Error(), "renew it at the server") || channels.ReasonOf(err) != channels.Unavailable {
				t.Errorf("%s by %s gives %v", what, mode, err)
			}
		}
		if lines := strings.Join(report.Lines, "\n"); strings.Count(lines, "has expired on") != 2 {
			t.Errorf("the check says:\n%s", lines)
		}
	}
}
