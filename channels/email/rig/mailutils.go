package rig

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// gnuFirst is the number of the first mailbox user of Mailutils.
const gnuFirst = 1100

// StartMailutils starts GNU Mailutils' imap4d, which has mailboxes as single
// files, no UIDPLUS, no special folders, and little else.
func StartMailutils(t testing.TB, users ...string) *Store {
	t.Helper()
	v := enterVendors(t)
	s := &Store{Maker: "GNU Mailutils", t: t, users: users, IMAP: freePorts(t, 1)[0], StartTLS: true, Delim: "/", LateFlags: true, CA: v.cert}
	s.mbox = true
	s.maildir = func(user string) string { return v.in("spool/" + user) }
	var accounts strings.Builder
	accounts.WriteString(read(t, filepath.Join(v.root, "etc/passwd.base")))
	v.folder("spool", 8, 8)
	if err := os.Chmod(v.out("spool"), 0o777); err != nil { // each user's own process makes its file
		t.Fatal(err)
	}
	for i, user := range users {
		home := v.folder("home/"+user, gnuFirst+i, 8)
		fmt.Fprintf(&accounts, "%s:%s:%d:8::%s:/bin/sh\n", user, passwordHash, gnuFirst+i, home)
	}
	write(t, filepath.Join(v.root, "etc/passwd"), accounts.String(), 0o644)
	v.write("tls-gnu.key", read(t, v.key), 0o600)
	conf := v.write("imap4d.conf", fmt.Sprintf(`mode daemon;
tls { ssl-certificate-file %[2]s; ssl-key-file %[3]s; };
server 127.0.0.1:%[1]d { tls-mode ondemand; };
mailbox { mail-spool "%[4]s"; };
login-disabled no;
locking { type kernel; };
`, s.IMAP, v.in("tls.pem"), v.in("tls-gnu.key"), v.in("spool")), 0o644)
	p := v.serve("/usr/sbin/imap4d", "--foreground", "--config-file="+conf)
	s.programs = []*program{p}
	s.Start()
	return s
}
