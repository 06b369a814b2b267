package rig

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// eximUser is the user and group that Exim runs as in the tree.
const eximUser = 903

// StartExim starts Exim 4 in front of the store.
func StartExim(t testing.TB, s *Store) *Relay {
	t.Helper()
	v := s.programs[0].v
	r := newRelay(t, v, "Exim")
	for _, sub := range []string{"exim", "exim/spool", "exim/log"} {
		v.folder(sub, eximUser, eximUser)
	}
	v.write("tls-exim.key", read(t, v.key), 0o600)
	own(t, v.out("tls-exim.key"), eximUser)
	// Its own place: with another one Exim gives up root's rights.
	write(t, filepath.Join(v.root, "etc/exim4/exim4.conf"), r.eximConf(v, s), 0o644)
	r.program = v.serve("/usr/sbin/exim4", "-bdf", "-q3s")
	r.Start()
	return r
}

func (r *Relay) eximConf(v *vendors, s *Store) string {
	return fmt.Sprintf(`exim_user = %[1]d
exim_group = %[1]d
never_users =
trusted_users = root
primary_hostname = mx.rig.test
domainlist here = %[2]s
spool_directory = %[3]s/spool
log_file_path = %[3]s/log/%%slog
pid_file_path = %[3]s/pid
daemon_smtp_ports = %[4]d : %[5]d
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = %[6]s
tls_privatekey = %[7]s
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
message_size_limit = %[8]d
rfc1413_hosts =
host_lookup =
dns_ipv4_lookup =
smtp_accept_max = 100
smtp_accept_max_per_connection = 10000
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
acl_smtp_rcpt = rcpt
acl_smtp_data = data
keep_environment =
begin acl
rcpt:
  deny condition = ${if eq{$received_port}{%[5]d}}
       !authenticated = *
       message = authentication required
  defer local_parts = grey
       message = greylisted, please try again in 300 seconds
  accept authenticated = *
         condition = ${if !match_domain{$domain}{+here}}
  require domains = +here
          message = relay not permitted
  accept local_parts = ghost
  require verify = recipient
  accept
data:
  accept
begin routers
fails:
  driver = redirect
  local_parts = ghost
  data = :fail: no such person here
  allow_fail
  condition = ${if !eq{$sender_host_address}{}}
  no_verify
mailboxes:
  driver = accept
  domains = +here
  local_part_suffix = +*
  local_part_suffix_optional
  condition = ${lookup{${lc:$local_part}@${lc:$domain}}lsearch{%[9]s}{yes}{no}}
  transport = store
nowhere:
  driver = redirect
  domains = ! +here
  data = :fail: nothing leaves this machine
  allow_fail
begin transports
%[10]s
begin retry
* * F,1h,3s
begin rewrite
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_set_id = $auth2
  server_prompts = :
  server_condition = ${if and{{eq{$auth3}{%[11]s}}{eq{${lookup{$auth2}lsearch{%[9]s}{yes}{no}}}{yes}}}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_set_id = $auth1
  server_condition = ${if and{{eq{$auth2}{%[11]s}}{eq{${lookup{$auth1}lsearch{%[9]s}{yes}{no}}}{yes}}}}
`, eximUser, strings.Join(domainsOf(s.users), " : "), v.in("exim"), r.SMTP, r.Submission, v.in("tls.pem"), v.in("tls-exim.key"),
		RelayLimit, v.write("uids", s.uids(), 0o644), s.eximDelivery(v), Password)
}

// uids lists the users, each with the number that its files belong to.
func (s *Store) uids() string {
	var out strings.Builder
	for i, user := range s.users {
		uid := 8
		if s.mbox {
			uid = gnuFirst + i
		}
		fmt.Fprintf(&out, "%s: %d\n", user, uid)
	}
	return out.String()
}

// boxes lists the users, each with where its mail goes.
func (s *Store) boxes() string {
	var out strings.Builder
	for _, user := range s.users {
		fmt.Fprintf(&out, "%s: %s\n", user, s.maildir(user))
	}
	return out.String()
}

// eximDelivery is the transport to the store: LMTP, or its files.
func (s *Store) eximDelivery(v *vendors) string {
	delivery := fmt.Sprintf(`
store:
  driver = smtp
  protocol = lmtp
  hosts = 127.0.0.1
  port = %d
  allow_localhost
  hosts_override
`, s.lmtp)
	if s.maildir != nil {
		form := "maildir_format\n  create_directory"
		if s.mbox {
			form = "mbox_format"
		}
		if s.mbox {
			form = "no_use_lockfile\n  use_fcntl_lock\n  mode = 0660\n  no_mode_fail_narrower\n  no_check_owner"
		}
		delivery = fmt.Sprintf(`
store:
  driver = appendfile
  %s
  %s = %s
  user = ${lookup{${lc:$local_part}@${lc:$domain}}lsearch{%s}}
  group = mail
  delivery_date_add
  envelope_to_add
  return_path_add
`, form, map[bool]string{true: "file", false: "directory"}[s.mbox], "${lookup{${lc:$local_part}@${lc:$domain}}lsearch{"+v.write("boxes", s.boxes(), 0o644)+"}}", v.write("uids", s.uids(), 0o644))
	}
	return delivery
}
