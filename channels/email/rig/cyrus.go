package rig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The user and group that Cyrus runs as in the tree.
const (
	cyrusUser  = 902
	cyrusGroup = 8
)

// StartCyrus starts Cyrus IMAP with mailboxes for the users, in its own name
// space: folders lie below INBOX, parted by dots. With unixNames they lie
// beside it, parted by slashes, and special folders are said to be so.
func StartCyrus(t testing.TB, unixNames bool, users ...string) *Store {
	t.Helper()
	v := enterVendors(t)
	ports := freePorts(t, 3)
	s := &Store{
		Maker: "Cyrus", t: t, users: users, IMAP: ports[0], IMAPS: ports[1], StartTLS: true,
		CA: v.cert, Prefix: "INBOX.", Delim: ".", lmtp: ports[2],
	}
	names, special := "no", ""
	if unixNames {
		names, s.Prefix, s.Delim = "yes", "", "/"
		special = "autocreate_inbox_folders: Verschickt\nxlist-sent: Verschickt\n"
	}
	for _, sub := range []string{"", "/db", "/spool", "/proc", "/lock", "/socket", "/sieve", "/ptclient", "/log", "/msg"} {
		v.folder("cyrus"+sub, cyrusUser, cyrusGroup)
	}
	for _, user := range users {
		v.saslUser(user)
	}
	own(t, v.out("sasldb2"), cyrusUser)
	v.write("tls-cyrus.key", read(t, v.key), 0o600)
	own(t, v.out("tls-cyrus.key"), cyrusUser)
	conf := v.write("imapd.conf", fmt.Sprintf(`configdirectory: %[1]s
proc_path: %[1]s/proc
mboxname_lockpath: %[1]s/lock
defaultpartition: default
partition-default: %[1]s/spool
altnamespace: %[2]s
unixhierarchysep: %[2]s
virtdomains: userid
defaultdomain: rig.test
servername: mx.rig.test
lmtp_downcase_rcpt: yes
autocreate_quota: 0
autocreate_post: 0
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: %[3]s
sasl_mech_list: PLAIN LOGIN
tls_server_cert: %[4]s
tls_server_key: %[5]s
idlesocket: %[1]s/socket/idle
notifysocket: %[1]s/socket/notify
lmtpsocket: %[1]s/socket/lmtp
sievedir: %[1]s/sieve
%[6]s`, v.in("cyrus"), names, v.in("sasldb2"), v.in("tls.pem"), v.in("tls-cyrus.key"), special), 0o644)
	services := v.write("cyrus.conf", fmt.Sprintf(`START {
	recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C %[1]s -r"
}
SERVICES {
	imap cmd="imapd -C %[1]s -U 30" listen="127.0.0.1:%[2]d" prefork=0 maxchild=60
	imaps cmd="imapd -C %[1]s -s -U 30" listen="127.0.0.1:%[3]d" prefork=0 maxchild=60
	lmtp cmd="lmtpd -C %[1]s -a" listen="127.0.0.1:%[4]d" prefork=0 maxchild=20
}
EVENTS {
	checkpoint cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C %[1]s -c" period=30
}
DAEMON {
	idled cmd="idled -C %[1]s"
}
`, conf, s.IMAP, s.IMAPS, s.lmtp), 0o644)
	master := v.serve("/usr/sbin/cyrmaster", "-C", conf, "-M", services, "-p", v.in("cyrus/master.pid"), "-D")
	master.env = []string{"PATH=/usr/lib/cyrus/bin:/usr/sbin:/usr/bin:/bin"}
	s.programs = []*program{master}
	s.Start()
	return s
}

// saslUser gives a user a password in the tree's database.
func (v *vendors) saslUser(address string) {
	v.t.Helper()
	local, domain, _ := strings.Cut(address, "@")
	cmd := exec.CommandContext(v.t.Context(), "/usr/sbin/saslpasswd2", "-p", "-c", "-f", v.in("sasldb2"), "-u", domain, local)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: v.root}
	cmd.Dir, cmd.Stdin = "/", strings.NewReader(Password)
	if said, err := cmd.CombinedOutput(); err != nil {
		v.t.Fatalf("giving a password: %v\n%s", err, said)
	}
}

func own(t testing.TB, path string, uid int) {
	t.Helper()
	if err := os.Chown(path, uid, -1); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func mkdir(t testing.TB, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Clean(path), 0o755); err != nil { // other users' servers must get in
		t.Fatal(err)
	}
}

// logOf gives what a server has written.
func logOf(p *program) string {
	said, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(said)
}
