package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// account loads a configuration with one account of these settings.
func account(t *testing.T, settings string) Email {
	t.Helper()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "office.yaml")
	text := "version: 1\nchannels:\n  email:\n    - {name: support, password_file: " + secret + ", " + settings + "}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(file)
	if err != nil {
		t.Fatalf("%s: %v", settings, err)
	}
	return cfg.Channels.Email[0]
}

func TestWhatIsKnownOfProviders(t *testing.T) {
	const login = ", oauth: {client_id: abc}"
	for settings, want := range map[string]struct {
		imap, smtp         int
		copies, subaddress bool
	}{
		"address: a@gmail.com, provider: gmail":                                                {993, 465, false, true},
		"address: a@example.org, provider: gmail":                                              {993, 465, false, false},
		"address: a@gmail.com, provider: gmail, subaddress: false":                             {993, 465, false, false},
		"address: a@gmail.com, provider: gmail, copy_to_sent: true":                            {993, 465, true, true},
		"address: a@gmail.com, provider: gmail, smtp: {host: relay.test}":                      {993, 465, true, true},
		"address: a@example.org, provider: microsoft365" + login:                               {993, 587, false, false},
		"address: a@outlook.com, provider: outlook" + login:                                    {993, 587, false, true},
		"address: a@icloud.com, provider: icloud":                                              {993, 587, true, true},
		"address: a@proton.me, provider: proton":                                               {1143, 1025, false, true},
		"address: a@gmx.de, provider: gmx":                                                     {993, 465, true, false},
		"address: a@freenet.de, provider: freenet":                                             {993, 465, true, false},
		"address: a@zohomail.eu, provider: zohoeu":                                             {993, 465, false, true},
		"address: a@x.test, imap: {host: m.test}, smtp: {host: m.test}":                        {993, 465, true, false},
		"address: a@x.test, imap: {host: imap.gmail.com}, smtp: {host: smtp.gmail.com}":        {993, 465, false, false},
		"address: a@x.test, imap: {host: m.test}, smtp: {host: smtp.office365.com, port: 587}": {993, 587, false, false},
		"address: a@x.test, imap: {host: 127.0.0.1}, smtp: {host: 127.0.0.1}":                  {993, 465, true, false},
	} {
		a := account(t, settings)
		if a.IMAP.Port != want.imap || a.SMTP.Port != want.smtp || a.CopyToSent != want.copies || a.Subaddress != want.subaddress {
			t.Errorf("%s: ports %d and %d, copies %v, subaddress %v; want %+v", settings, a.IMAP.Port, a.SMTP.Port, a.CopyToSent, a.Subaddress, want)
		}
	}
}

// Each provider can be configured by its name, and the documentation names it.
func TestProvidersAreNamed(t *testing.T) {
	doc, err := os.ReadFile("../docs/mailboxes.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range providers() {
		if !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/mailboxes.md doesn't name %s", name)
		}
		more := ""
		if p.tokensOnly {
			more = ", oauth: {client_id: abc}"
		}
		a := account(t, "address: a@example.org, provider: "+name+more)
		if a.IMAP.Host != p.imapHost || a.SMTP.Host != p.smtpHost {
			t.Errorf("%s: %s and %s", name, a.IMAP.Host, a.SMTP.Host)
		}
	}
}
