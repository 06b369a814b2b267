package rig

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Postfix is a running SMTP server in front of a Dovecot's mailboxes. Mail to
// elsewhere is refused: nothing leaves the machine.
type Postfix struct {
	// SMTP takes mail from anybody for the mailboxes; Submission (STARTTLS) and
	// SMTPS want a login.
	SMTP, Submission, SMTPS int

	t   testing.TB
	dir string
}

// StartPostfix starts one that ends with the test. ghost@ of each domain is
// taken and then bounced; other unknown names are refused.
func StartPostfix(t testing.TB, d *Dovecot) *Postfix {
	t.Helper()
	need(t, "postfix")
	ports := freePorts(t, 3)
	p := &Postfix{t: t, dir: folder(t), SMTP: cmp.Or(d.relay, ports[0]), Submission: ports[1], SMTPS: ports[2]}
	var recipients strings.Builder
	domains := map[string]bool{}
	for _, one := range d.users {
		fmt.Fprintf(&recipients, "%s ok\n", one)
		_, domain, _ := strings.Cut(one, "@")
		if !domains[domain] {
			fmt.Fprintf(&recipients, "ghost@%s ok\n", domain)
		}
		domains[domain] = true
	}
	names := []string{}
	for domain := range domains {
		names = append(names, domain)
	}
	for _, sub := range []string{"etc", "queue", "data"} {
		if err := os.MkdirAll(p.path(sub), 0o755); err != nil { // Postfix's user must get in
			t.Fatal(err)
		}
	}
	owner, err := user.Lookup("postfix")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(owner.Uid)
	if err := os.Chown(p.path("data"), uid, -1); err != nil {
		t.Fatal(err)
	}
	write(t, p.path("etc/rcpt"), recipients.String(), 0o644)
	write(t, p.path("etc/main.cf"), p.mainCF(d, strings.Join(names, " ")), 0o644)
	write(t, p.path("etc/master.cf"), p.masterCF(), 0o644)
	t.Cleanup(p.Stop)
	p.Start()
	return p
}

func (p *Postfix) path(name string) string { return filepath.Join(p.dir, name) }

// Start starts it again after Stop.
func (p *Postfix) Start() {
	p.t.Helper()
	run(p.t, p.dir, "postfix", "-c", p.path("etc"), "start")
	untilOpen(p.t, p.SMTP, p.path("log"))
	untilOpen(p.t, p.Submission, p.path("log"))
}

// Stop ends it; what it has queued stays.
func (p *Postfix) Stop() {
	text, err := os.ReadFile(p.path("queue/pid/master.pid"))
	if err != nil {
		return
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		p.t.Error(err)
		return
	}
	_ = exec.Command("postfix", "-c", p.path("etc"), "stop").Run() // also after the test's context ended
	untilGone(pid)
}

func (p *Postfix) mainCF(d *Dovecot, domains string) string {
	return fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.rig.test
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_transport = error:5.1.1 no local users here
default_transport = error:5.4.4 nothing leaves this machine
relay_transport = error:5.4.4 nothing leaves this machine
virtual_mailbox_domains = %[2]s
virtual_mailbox_maps = texthash:%[1]s/etc/rcpt
virtual_transport = lmtp:inet:127.0.0.1:%[3]d
recipient_delimiter = +
message_size_limit = 26214400
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_relay_restrictions = reject_unauth_destination
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:%[4]d
smtpd_tls_cert_file = %[5]s
smtpd_tls_key_file = %[6]s
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
disable_dns_lookups = yes
minimal_backoff_time = 5s
queue_run_delay = 5s
maximal_backoff_time = 20s
`, p.dir, domains, d.lmtp, d.sasl, d.CA, d.key)
}

func (p *Postfix) masterCF() string {
	const login = "-o smtpd_sasl_auth_enable=yes -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject " +
		"-o smtpd_relay_restrictions=reject_unauth_destination"
	return fmt.Sprintf(`127.0.0.1:%d  inet n - n - - smtpd
127.0.0.1:%d  inet n - n - - smtpd -o smtpd_tls_security_level=encrypt %s
127.0.0.1:%d  inet n - n - - smtpd -o smtpd_tls_wrappermode=yes %s
pickup  unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr    unix n - n 5 1 qmgr
tlsmgr  unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce  unix - - n - 0 bounce
defer   unix - - n - 0 bounce
showq   unix n - n - - showq
error   unix - - n - - error
retry   unix - - n - - error
lmtp    unix - - n - - lmtp
proxymap unix - - n - - proxymap
anvil   unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`, p.SMTP, p.Submission, login, p.SMTPS, login)
}

// Set changes a setting of the running server, from the next link on.
func (p *Postfix) Set(name, value string) {
	p.t.Helper()
	run(p.t, p.dir, "postconf", "-c", p.path("etc"), "-e", name+"="+value)
	p.Stop()
	p.Start()
}
