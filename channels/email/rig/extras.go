package rig

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/emersion/go-imap/v2/imapclient"
)

// Extras are what a Dovecot has beside plain mailboxes.
type Extras struct {
	// Name is what the certificate is for; 127.0.0.1 if empty.
	Name string
	// Expired is true for a certificate that ended a minute ago.
	Expired bool
	// Full are the mailboxes that take no further mail (quota).
	Full []string
	// Sieve are the mailboxes' filters (RFC 5228), vacation included.
	Sieve map[string]string
	// Shared shows users each other's folders as "shared/USER@DOMAIN/FOLDER", as
	// far as Share lets them. Folders are parted by "/" then.
	Shared bool
}

// lmtpExtras is what the extras want of the delivery of mail.
func (d *Dovecot) lmtpExtras() string {
	plugins := ""
	if len(d.with.Full) > 0 {
		plugins += " quota"
	}
	if len(d.with.Sieve) > 0 {
		plugins += " sieve"
	}
	text := "  mail_plugins = $mail_plugins" + plugins
	if d.relay > 0 {
		text += fmt.Sprintf("\n  submission_host = 127.0.0.1:%d", d.relay)
	}
	return text
}

func (d *Dovecot) extras() string {
	text := ""
	if len(d.with.Full) > 0 {
		text += "plugin {\n  quota = maildir:User quota\n  quota_grace = 0\n}\n"
	}
	if d.with.Shared {
		text += fmt.Sprintf(`namespace inbox {
  separator = /
}
namespace shared {
  type = shared
  separator = /
  prefix = shared/%%%%u/
  location = maildir:%[1]s/mail/%%%%Ld/%%%%Ln/Maildir
  subscriptions = no
  list = children
}
plugin {
  acl = vfile
  acl_shared_dict = file:%[1]s/mail/shared-mailboxes
}
mail_plugins = acl
protocol imap {
  mail_plugins = acl imap_acl
}
`, d.dir)
	}
	return text
}

// Share lets a user do something with a folder of another's, by the rights of
// Dovecot's doveadm-acl: "lookup read" is read-only.
func (d *Dovecot) Share(owner, folderName, with string, rights ...string) {
	d.t.Helper()
	d.doveadm(append([]string{"acl", "set", "-u", owner, folderName, "user=" + with}, rights...)...)
}

// PutInto lays a mail into a folder.
func (d *Dovecot) PutInto(address, folderName string, raw []byte) {
	d.t.Helper()
	cmd := exec.CommandContext(d.t.Context(), "doveadm", "-c", d.path("dovecot.conf"), "save", "-u", address, "-m", folderName)
	cmd.Stdin = bytes.NewReader(raw)
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("putting a mail into %s: %v\n%s", folderName, err, out)
	}
}

// Login opens a mailbox as its owner's own program does. Its links are closed by
// whoever asks for them.
func (d *Dovecot) Login(address string) (*imapclient.Client, error) {
	pem, err := os.ReadFile(d.CA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client, err := imapclient.DialTLS(fmt.Sprintf("127.0.0.1:%d", d.IMAPS),
		&imapclient.Options{TLSConfig: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}})
	if err != nil {
		return nil, err
	}
	if err := client.Login(address, Password).Wait(); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

// Flags gives the flags of the mails in an inbox by their letters in Maildir: F
// flagged, S seen.
func (d *Dovecot) Flags(address string) (out []string) {
	d.t.Helper()
	files, err := filepath.Glob(filepath.Join(d.home(address), "Maildir/cur/*"))
	if err != nil {
		d.t.Fatal(err)
	}
	for _, file := range files {
		_, flags, _ := strings.Cut(filepath.Base(file), ":2,")
		out = append(out, flags)
	}
	return out
}

// doveadm runs one of the server's own commands.
func (d *Dovecot) doveadm(args ...string) {
	d.t.Helper()
	cmd := exec.CommandContext(d.t.Context(), "doveadm", append([]string{"-c", d.path("dovecot.conf")}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("doveadm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// Backup gives what puts a mailbox back to the state that it has now, as the
// restore of a backup does: with its numbers. The server must be down for both.
func (d *Dovecot) Backup(address string) (restore func()) {
	d.t.Helper()
	copied := filepath.Join(folder(d.t), "home")
	if err := os.CopyFS(copied, os.DirFS(d.home(address))); err != nil {
		d.t.Fatal(err)
	}
	return func() {
		d.t.Helper()
		if err := os.RemoveAll(d.home(address)); err != nil {
			d.t.Fatal(err)
		}
		if err := os.CopyFS(d.home(address), os.DirFS(copied)); err != nil {
			d.t.Fatal(err)
		}
		d.ownAll(d.home(address))
	}
}

func (d *Dovecot) ownAll(root string) {
	d.t.Helper()
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			d.own(path)
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// LoseNumbers takes away what Dovecot knows of a mailbox's numbers. A running one
// may know them by heart; started anew it gives others, with another UIDVALIDITY.
func (d *Dovecot) LoseNumbers(address string) {
	d.t.Helper()
	for _, pattern := range []string{"dovecot-uidlist", "dovecot-uidvalidity*", "dovecot.index*"} {
		found, err := filepath.Glob(filepath.Join(d.home(address), "Maildir", pattern))
		if err != nil {
			d.t.Fatal(err)
		}
		for _, path := range found {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				d.t.Fatal(err)
			}
		}
	}
}

// Fill lays n mails into an inbox at once, as a delivery agent does: as files.
func (d *Dovecot) Fill(address string, n int, mail func(i int) []byte) {
	d.t.Helper()
	local, domain, _ := strings.Cut(address, "@")
	base := d.path(filepath.Join("mail", domain, local, "Maildir"))
	for i := range n {
		name := fmt.Sprintf("%d.M%06dP1.rig", 1700000000+i, i)
		path := write(d.t, filepath.Join(base, "tmp", name), string(mail(i)), 0o600)
		d.own(path)
		if err := os.Rename(path, filepath.Join(base, "new", name)); err != nil {
			d.t.Fatal(err)
		}
	}
}
