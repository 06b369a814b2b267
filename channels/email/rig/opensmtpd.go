package rig

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// StartOpenSMTPD starts OpenSMTPD in front of the store, which must take mail by
// LMTP.
func StartOpenSMTPD(t testing.TB, s *Store) *Relay {
	t.Helper()
	v := s.programs[0].v
	r := newRelay(t, v, "OpenSMTPD")
	mkdir(t, filepath.Join(v.root, "var/lib/opensmtpd/empty"))
	spool := filepath.Join(v.root, "var/spool/smtpd")                                                           // built in
	if err := errors.Join(os.RemoveAll(spool), os.MkdirAll(spool, 0o711), os.Chmod(spool, 0o711)); err != nil { //nolint:gosec // it insists
		t.Fatal(err)
	}
	var logins, people strings.Builder
	for _, user := range s.users {
		fmt.Fprintf(&logins, "%s\t%s\n", user, passwordHash)
		fmt.Fprintf(&people, "%s\n", personPattern(user))
	}
	for _, domain := range domainsOf(s.users) {
		fmt.Fprintf(&people, "%s\n", personPattern("ghost@"+domain))
	}
	// Built with OpenSSL 3 it can't use keys of elliptic curves.
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	r.CA, _ = certificateOf(t, v.out("smtpd"), "127.0.0.1", private)
	if err := os.Chmod(v.out("smtpd/tls.key"), 0o600); err != nil {
		t.Fatal(err)
	}
	conf := v.write("smtpd.conf", fmt.Sprintf(`pki mx.rig.test cert "%[1]s"
pki mx.rig.test key "%[2]s"
table logins file:%[3]s
table domains { %[4]s }
table people file:%[5]s
smtp max-message-size "%[6]d"
smtp limit max-mails 10000
queue ttl 1h
listen on 127.0.0.1 port %[7]d hostname mx.rig.test tls pki mx.rig.test
listen on 127.0.0.1 port %[8]d hostname mx.rig.test tls-require pki mx.rig.test auth <logins>
action "store" relay host lmtp://127.0.0.1:%[9]d
match from any for domain <domains> rcpt-to regex <people> action "store"
match from any for any reject
`, v.in("smtpd/tls.pem"), v.in("smtpd/tls.key"), v.write("logins", logins.String(), 0o644), `"`+strings.Join(domainsOf(s.users), `", "`)+`"`,
		v.write("people", people.String(), 0o644), RelayLimit, r.SMTP, r.Submission, s.lmtp), 0o600)
	r.program = v.serve("/usr/sbin/smtpd", "-d", "-v", "-f", conf)
	r.Start()
	return r
}

// personPattern matches an address, with and without a token.
func personPattern(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	return "^" + local + "([+].*)?@" + strings.ReplaceAll(domain, ".", "[.]") + "$"
}
