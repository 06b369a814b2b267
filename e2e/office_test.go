package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/channels/email/rig"
)

// The addresses of the company under test.
const (
	support = "support@acme.test"
	sales   = "sales@acme.test"
	late    = "late@acme.test"
	broken  = "broken@acme.test"
)

// office is a company: its mail servers, its daemon and its supervisor.
type office struct {
	*daemon
	dovecot *rig.Dovecot
	postfix *rig.Postfix
	boss    *client
}

// newOffice starts the mail servers for these addresses and prepares a daemon,
// which isn't started yet.
func newOffice(t *testing.T, addresses ...string) *office {
	t.Helper()
	d := rig.StartDovecot(t, addresses...)
	return &office{dovecot: d, postfix: rig.StartPostfix(t, d), daemon: newDaemon(t)}
}

// configure writes the configuration with these mailboxes.
func (o *office) configure(addresses ...string) {
	o.t.Helper()
	dir := filepath.Dir(o.config)
	var text strings.Builder
	fmt.Fprintf(&text, "version: 1\nhttp:\n  listen: %s\nchannels:\n  email:\n", strings.TrimPrefix(o.url, "http://"))
	for _, address := range addresses {
		name, _, _ := strings.Cut(address, "@")
		password := rig.Password
		if address == broken {
			password = "not the password"
		}
		secret := filepath.Join(dir, name+".password")
		if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
			o.t.Fatal(err)
		}
		server := "{host: 127.0.0.1, port: %d, tls: starttls, ca_file: %s, password_file: %s}\n"
		fmt.Fprintf(&text, "    - name: %s\n      address: %s\n      from_name: Acme\n      subaddress: true\n", name, address)
		fmt.Fprintf(&text, "      imap: "+server, o.dovecot.IMAP, o.dovecot.CA, secret)
		fmt.Fprintf(&text, "      smtp: "+server, o.postfix.Submission, o.dovecot.CA, secret)
	}
	if err := os.WriteFile(o.config, []byte(text.String()), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// open makes the first account, as the set-up link does.
func (o *office) open() {
	o.t.Helper()
	token, err := os.ReadFile(filepath.Join(o.dir, "setup-token"))
	if err != nil {
		o.t.Fatal(err)
	}
	o.boss = &client{url: o.url}
	var in login
	o.boss.must(o.t, "POST", "/api/setup", map[string]any{
		"token": strings.TrimSpace(string(token)), "name": "Berta Boss", "email": "berta@acme.test", "password": password,
	}, &in)
	o.boss.token = in.Token
}

// hire adds an agent, who is logged in and available.
func (o *office) hire(name string) *client {
	o.t.Helper()
	address := strings.ToLower(name) + "@acme.test"
	o.boss.must(o.t, "POST", "/api/agents", map[string]any{"name": name, "email": address, "password": password}, nil)
	c := &client{url: o.url, name: name}
	var in login
	c.must(o.t, "POST", "/api/login", map[string]any{"email": address, "password": password}, &in)
	c.token = in.Token
	c.must(o.t, "POST", "/api/presence", map[string]any{"presence": "available"}, nil)
	return c
}

const password = "correct horse battery"
