package rig

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Dovecot is a running IMAP server with Maildir mailboxes.
type Dovecot struct {
	// IMAP is the port with STARTTLS, IMAPS the one that speaks TLS at once.
	IMAP, IMAPS int
	// CA is the file of its certificate.
	CA string

	t          testing.TB
	dir        string
	lmtp, sasl int
	// relay is the port at which a Postfix in front is to take mail, 0 for any.
	relay int
	key   string
	users []string
	with  Extras
}

// StartDovecot starts one with these mailboxes, addresses of any domain, which
// ends with the test. Its certificate is for 127.0.0.1.
func StartDovecot(t testing.TB, users ...string) *Dovecot {
	t.Helper()
	return StartDovecotNamed(t, "127.0.0.1", users...)
}

// StartDovecotNamed is StartDovecot with a certificate for another name.
func StartDovecotNamed(t testing.TB, name string, users ...string) *Dovecot {
	t.Helper()
	return StartDovecotWith(t, Extras{Name: name}, users...)
}

// StartDovecotWith is StartDovecot with more in it.
func StartDovecotWith(t testing.TB, with Extras, users ...string) *Dovecot {
	t.Helper()
	need(t, "dovecot", "doveadm")
	ports := freePorts(t, 4)
	d := &Dovecot{t: t, dir: folder(t), IMAP: ports[0], IMAPS: ports[1], lmtp: ports[2], sasl: ports[3], users: users, with: with}
	if len(with.Sieve) > 0 {
		d.relay = freePorts(t, 1)[0]
	}
	until := time.Now().Add(24 * time.Hour)
	if with.Expired {
		until = time.Now().Add(-time.Minute)
	}
	d.CA, d.key = certificateUntil(t, d.dir, cmp.Or(with.Name, "127.0.0.1"), until)
	var passwords strings.Builder
	for _, one := range users {
		rule := "*:storage=1G"
		if slices.Contains(with.Full, one) {
			rule = "*:bytes=1"
		}
		fmt.Fprintf(&passwords, "%s:{PLAIN}%s::::::userdb_quota_rule=%s\n", one, Password, rule)
	}
	write(t, d.path("passwd"), passwords.String(), 0o644)
	for _, sub := range []string{"run", "state", "mail"} {
		if err := os.MkdirAll(d.path(sub), 0o755); err != nil { // Dovecot's users must get in
			t.Fatal(err)
		}
	}
	d.own(d.path("mail"))
	for user, script := range with.Sieve {
		d.own(write(t, d.home(user)+"/.dovecot.sieve", script, 0o644))
	}
	write(t, d.path("dovecot.conf"), d.config(), 0o644)
	t.Cleanup(d.Kill)
	d.Start()
	return d
}

func (d *Dovecot) path(name string) string { return filepath.Join(d.dir, name) }

// home is where all of a user lies.
func (d *Dovecot) home(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	return d.path(filepath.Join("mail", domain, local))
}

// own gives a path, and the folders below the servers' mail that lead there, to
// the user who holds the mail.
func (d *Dovecot) own(path string) {
	d.t.Helper()
	mail, err := user.Lookup("mail")
	if err != nil {
		d.t.Fatal(err)
	}
	uid, _ := strconv.Atoi(mail.Uid)
	gid, _ := strconv.Atoi(mail.Gid)
	for ; len(path) >= len(d.path("mail")); path = filepath.Dir(path) {
		if err := os.Chown(path, uid, gid); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *Dovecot) config() string {
	return fmt.Sprintf(`base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/log
protocols = imap lmtp
listen = 127.0.0.1
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_failure_delay = 0 secs
ssl = yes
ssl_cert = <%[2]s
ssl_key = <%[3]s
mail_location = maildir:%[1]s/mail/%%Ld/%%Ln/Maildir
first_valid_uid = 1
mail_max_userip_connections = 100
hostname = mx.rig.test
postmaster_address = postmaster@rig.test
recipient_delimiter = +
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%%Lu %[1]s/passwd
}
userdb {
  driver = passwd-file
  args = username_format=%%Lu %[1]s/passwd
  default_fields = uid=mail gid=mail home=%[1]s/mail/%%Ld/%%Ln
}
namespace inbox {
  inbox = yes
  mailbox Gesendet {
    special_use = \Sent
    auto = subscribe
  }
}
service imap-login {
  inet_listener imap {
    port = %[4]d
  }
  inet_listener imaps {
    port = %[5]d
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    port = %[6]d
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  inet_listener {
    port = %[7]d
  }
}
protocol lmtp {
  auth_username_format = %%Lu
%[8]s
}
%[9]s`, d.dir, d.CA, d.key, d.IMAP, d.IMAPS, d.lmtp, d.sasl, d.lmtpExtras(), d.extras())
}

// Start starts it again after Kill.
func (d *Dovecot) Start() {
	d.t.Helper()
	run(d.t, d.dir, "dovecot", "-c", d.path("dovecot.conf"))
	untilOpen(d.t, d.IMAP, d.path("log"))
	untilOpen(d.t, d.lmtp, d.path("log"))
}

func (d *Dovecot) pid() (int, error) {
	text, err := os.ReadFile(d.path("run/master.pid"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// Kill ends the server and cuts all its links at once. It lets processes leave
// their locks, which a SIGKILL would leave behind for minutes.
func (d *Dovecot) Kill() {
	pid, err := d.pid()
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		d.t.Error(err)
		return
	}
	_ = syscall.Kill(pid, syscall.SIGTERM)
	untilGone(pid)
	// The master led its group: no process of another test is in it.
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	_ = os.Remove(d.path("run/master.pid"))
}

// Signal sends a signal to the server and all its processes: SIGSTOP makes it
// hang, SIGCONT go on.
func (d *Dovecot) Signal(signal syscall.Signal) {
	d.t.Helper()
	pid, err := d.pid()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := syscall.Kill(-pid, signal); err != nil {
		d.t.Fatal(err)
	}
}

// Put lays a mail into a mailbox's inbox, as it is, by writing its file.
func (d *Dovecot) Put(address string, raw []byte) {
	d.t.Helper()
	local, domain, _ := strings.Cut(address, "@")
	cmd := exec.CommandContext(d.t.Context(), "doveadm", "-c", d.path("dovecot.conf"), "save", "-u", address, "-m", "INBOX")
	cmd.Stdin = strings.NewReader(string(raw))
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("putting a mail for %s of %s: %v\n%s", local, domain, err, out)
	}
}

// Mails gives what lies in a folder of a mailbox, as the files are, in no order.
func (d *Dovecot) Mails(address, folderName string) [][]byte {
	d.t.Helper()
	local, domain, _ := strings.Cut(address, "@")
	base := d.path(filepath.Join("mail", domain, local, "Maildir"))
	if folderName != "INBOX" {
		base = filepath.Join(base, "."+folderName)
	}
	out := [][]byte{}
	for _, sub := range []string{"new", "cur"} {
		files, err := filepath.Glob(filepath.Join(base, sub, "*"))
		if err != nil {
			d.t.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if errors.Is(err, os.ErrNotExist) {
				continue // moved from new to cur meanwhile
			}
			if err != nil {
				d.t.Fatal(err)
			}
			out = append(out, raw)
		}
	}
	return out
}
