package rig

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// StartCourier starts Courier IMAP with mailboxes for the users. Its folders lie
// below INBOX, parted by dots; it says nothing of which are special.
func StartCourier(t testing.TB, users ...string) *Store {
	t.Helper()
	v := enterVendors(t)
	ports := freePorts(t, 2)
	s := &Store{
		Maker: "Courier", t: t, users: users, IMAP: ports[0], IMAPS: ports[1], StartTLS: true,
		CA: v.cert, Prefix: "INBOX.", Delim: ".", maildir: func(user string) string { return v.in("mail/" + user + "/Maildir") },
	}
	var accounts strings.Builder
	for _, user := range users {
		v.folder("mail", 8, 8)
		home := v.folder("mail/"+user, 8, 8)
		for _, sub := range []string{"", "/cur", "/new", "/tmp"} {
			v.folder("mail/"+user+"/Maildir"+sub, 8, 8)
		}
		fmt.Fprintf(&accounts, "%s\tuid=8|gid=8|home=%s|mail=%s/Maildir|imappw=%s\n", user, home, home, passwordHash)
	}
	write(t, filepath.Join(v.root, "etc/courier/userdb"), accounts.String(), 0o600)
	v.run(nil, "/usr/sbin/makeuserdb")
	v.write("both.pem", read(t, v.key)+read(t, v.cert), 0o600)
	daemon := v.serve("/usr/lib/courier/courier-authlib/authdaemond")
	write(t, filepath.Join(v.root, "etc/courier/authdaemonrc"),
		"authmodulelist=\"authuserdb\"\nauthmodulelistorig=\"authuserdb\"\ndaemons=3\nauthdaemonvar=/run/courier/authdaemon\n", 0o644)
	mkdir(t, filepath.Join(v.root, "run/courier/authdaemon"))
	env := []string{
		"PATH=/usr/bin:/bin", "IMAP_STARTTLS=YES", "COURIERTLS=/usr/bin/couriertls", "TLS_CERTFILE=" + v.in("both.pem"), "TLS_VERIFYPEER=NONE",
		"IMAP_CAPABILITY=IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE",
		"IMAP_CAPABILITY_TLS=IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE AUTH=PLAIN",
		"IMAP_KEYWORDS=1", "IMAP_ACL=1", "IMAP_IDLE_TIMEOUT=1", "IMAP_ENHANCEDIDLE=0", "IMAP_USELOCKS=1",
		"IMAP_MAILBOX_SANITY_CHECK=1", "IMAP_TRASHFOLDERNAME=Trash", "IMAP_EMPTYTRASH=Trash:7", "MAILDIRPATH=Maildir",
	}
	tcpd := func(name string, port int, extra ...string) *program {
		args := []string{"-address=127.0.0.1", "-maxprocs=60", "-maxperip=60", "-nodnslookup", "-noidentlookup", fmt.Sprint(port)}
		args = append(append(args, extra...), "/usr/lib/courier/courier/imaplogin", "/usr/bin/imapd", "Maildir")
		p := v.serve("/usr/sbin/couriertcpd", args...)
		p.env, p.log = env, v.out("log-"+name)
		return p
	}
	secured := tcpd("imaps", s.IMAPS, "/usr/bin/couriertls", "-server", "-tcpd")
	secured.env = append(append([]string{}, env...), "IMAP_TLS=1")
	s.programs = []*program{daemon, secured, tcpd("imap", s.IMAP)}
	s.Start()
	return s
}
