package rig

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// Relay is a running SMTP server of another maker than Postfix's, in front of a
// Store's mailboxes. Nothing leaves the machine. ghost@ of each domain is taken
// and then bounced, grey@ is asked to wait, big mails are refused.
type Relay struct {
	// Maker names it.
	Maker string
	// SMTP takes mail from anybody for the mailboxes; Submission (STARTTLS)
	// wants a login.
	SMTP, Submission int
	// Plain is true where Submission has neither TLS nor a login.
	Plain bool
	// CA is the file with the certificate that its clients must trust.
	CA string

	t       testing.TB
	program *program
}

// RelayLimit is the size of a mail, in bytes, that a Relay refuses.
const RelayLimit = 2 << 20

func newRelay(t testing.TB, v *vendors, maker string) *Relay {
	t.Helper()
	ports := freePorts(t, 2)
	return &Relay{Maker: maker, t: t, SMTP: ports[0], Submission: ports[1], CA: v.cert}
}

// Start starts it again after Kill.
func (r *Relay) Start() {
	r.t.Helper()
	r.program.start()
	untilOpen(r.t, r.SMTP, r.program.log)
	untilOpen(r.t, r.Submission, r.program.log)
}

// Kill ends it with all its processes; what it has queued stays.
func (r *Relay) Kill() { r.program.kill() }

// Log gives what it has written.
func (r *Relay) Log() string { return logOf(r.program) }

// Take hands it a mail as another server does.
func (r *Relay) Take(from, to string, raw []byte) error {
	client, err := smtp.Dial(fmt.Sprintf("127.0.0.1:%d", r.SMTP))
	if err != nil {
		return err
	}
	defer client.Close() //nolint:errcheck // Quit below is what counts
	if err := client.SendMail(from, []string{to}, bytes.NewReader(raw)); err != nil {
		return err
	}
	return client.Quit()
}

// domainsOf gives the domains of the users' addresses, each once.
func domainsOf(users []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, user := range users {
		if _, domain, _ := strings.Cut(user, "@"); !seen[domain] {
			seen[domain] = true
			out = append(out, domain)
		}
	}
	return out
}
