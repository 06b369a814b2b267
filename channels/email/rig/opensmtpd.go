package rig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// StartOpenSMTPD starts OpenSMTPD in front of the store, which must take mail by
// LMTP. Debian 12's, built with OpenSSL 3, loses its private key at the first
// handshake, so it speaks in the clear and lets this machine in without a login.
func StartOpenSMTPD(t testing.TB, s *Store) *Relay {
	t.Helper()
	v := s.programs[0].v
	r := newRelay(t, v, "OpenSMTPD")
	mkdir(t, filepath.Join(v.root, "var/lib/opensmtpd/empty"))
	r.Plain = true
	spool := filepath.Join(v.root, "var/spool/smtpd") // built in
	if err := errors.Join(os.RemoveAll(spool), os.MkdirAll(spool, 0o711), os.Chmod(spool, 0o711)); err != nil {
		t.Fatal(err)
	}
	var people strings.Builder
	for _, user := range s.users {
		fmt.Fprintf(&people, "%s\n", personPattern(user))
	}
	for _, domain := range domainsOf(s.users) {
		fmt.Fprintf(&people, "%s\n", personPattern("ghost@"+domain))
	}
	conf := v.write("smtpd.conf", fmt.Sprintf(`table domains { %[1]s }
table people file:%[2]s
smtp max-message-size "%[3]d"
smtp limit max-mails 10000
queue ttl 1h
listen on 127.0.0.1 port %[4]d hostname mx.rig.test
listen on 127.0.0.1 port %[5]d hostname mx.rig.test
action "store" relay host lmtp://127.0.0.1:%[6]d
match from any for domain <domains> rcpt-to regex <people> action "store"
match from any for any reject
`, `"`+strings.Join(domainsOf(s.users), `", "`)+`"`,
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
