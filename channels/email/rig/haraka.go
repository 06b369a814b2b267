package rig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// StartHaraka starts Haraka in front of the store, which must take mail by LMTP.
// It runs on this machine's node, from where scripts/vendors has put it.
func StartHaraka(t testing.TB, s *Store) *Relay {
	t.Helper()
	v := s.programs[0].v
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skipf("not here: node")
	}
	script := filepath.Join(filepath.Dir(v.root), "haraka/node_modules/haraka/bin/haraka")
	if _, err := os.Stat(script); err != nil {
		t.Skipf("not here: Haraka (%v)", err)
	}
	r := newRelay(t, v, "Haraka")
	file := func(name, text string) { v.write("haraka/"+name, text, 0o644) }
	var logins, people strings.Builder
	for _, user := range s.users {
		fmt.Fprintf(&logins, "%s = %s\n", user, Password)
		fmt.Fprintf(&people, "%s: true,\n", quote(user))
	}
	file("config/smtp.ini", fmt.Sprintf("listen=127.0.0.1:%d,127.0.0.1:%d\nnodes=0\n[headers]\nmax_lines=1000\n", r.SMTP, r.Submission))
	file("config/plugins", "tls\nauth/flat_file\nrig\nqueue/lmtp\n")
	file("config/auth_flat_file.ini", "[core]\nmethods=PLAIN,LOGIN\nconstrain_sender=true\n[users]\n"+logins.String())
	file("config/tls.ini", fmt.Sprintf("key=%s\ncert=%s\n", v.out("tls.key"), v.out("tls.pem")))
	file("config/lmtp.ini", fmt.Sprintf("host=127.0.0.1\nport=%d\n", s.lmtp))
	file("config/connection.ini", "[message]\nhelo=Haraka is at your service.\nclose=closing connection. Have a jolly good day.\n"+
		fmt.Sprintf("[max]\nbytes=%d\nmime_parts=1000\nline_length=512\ndata_line_length=992\n[headers]\nmax_lines=1000\nmax_received=100\n[uuid]\nbanner_chars=6\n[haproxy]\nhosts[]=\n[main]\n", RelayLimit))
	file("config/me", "mx.rig.test\n")
	file("config/host_list", strings.Join(domainsOf(s.users), "\n")+"\n")
	file("config/databytes", fmt.Sprintf("%d\n", RelayLimit))
	file("config/log.ini", "[main]\nlevel=INFO\n")
	file("config/outbound.ini", "received_header=Haraka\n")
	file("config/outbound.temp_fail_intervals", "5s,5s\n")
	v.folder("haraka/queue", 0, 0)
	file("plugins/rig.js", fmt.Sprintf(harakaPlugin, people.String(), r.Submission, s.lmtp))
	r.program = v.serve(node, script, "-c", v.out("haraka"))
	r.program.host = true
	r.program.env = []string{"PATH=/usr/bin:/bin", "HOME=" + v.out("haraka")}
	r.Start()
	return r
}

func quote(s string) string { return fmt.Sprintf("%q", s) }

// harakaPlugin says which recipients there are, as a site's own plugin does.
const harakaPlugin = `'use strict'
const people = {
%s}
exports.hook_rcpt = (next, connection, params) => {
    const rcpt = params[0]
    const address = (rcpt.user.replace(/\+.*$/, '') + '@' + rcpt.host).toLowerCase()
    if (connection.local.port === %d && !connection.relaying) return next(DENY, 'authentication required')
    if (rcpt.user === 'grey') return next(DENYSOFT, 'greylisted, please try again in 300 seconds')
    if (people[address] || rcpt.user === 'ghost') return next(OK)
    return next(DENY, 'no such person here')
}
exports.hook_get_mx = (next) => next(OK, { using_lmtp: true, priority: 0, exchange: '127.0.0.1', port: %d })
`
