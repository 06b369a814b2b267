package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"stagecoach/channels/email/emailfake"
)

// mailServer is where bench's mails lie: Dovecot itself where it is installed,
// else a server in this process.
type mailServer interface {
	name() string
	login() mailLogin
	// put lays mails into the inboxes in turn, all at the same moment.
	put(mails [][]byte) error
	close() error
}

// mailLogin is how to get at the mailbox.
type mailLogin struct {
	port     int
	tls      string
	caFile   string
	password string
}

func startMailServer(ctx context.Context, dir string) (_ mailServer, note string, err error) {
	d, err := startDovecot(ctx, dir)
	if err == nil {
		return d, "", nil
	}
	fake, fakeErr := startFake(dir)
	if fakeErr != nil {
		return nil, "", errors.Join(err, fakeErr)
	}
	return fake, fmt.Sprintf("ingest: no Dovecot here (%v): the mailbox is a server inside this process, whose CPU counts too.", err), nil
}

// fakeServer is a mailbox in memory.
type fakeServer struct {
	*emailfake.Server
	caFile string
}

const benchPassword = "bench-secret"

func startFake(dir string) (*fakeServer, error) {
	s, err := emailfake.Start(emailfake.Config{Users: map[string]string{benchAddress: benchPassword, secondAddress: benchPassword}})
	if err != nil {
		return nil, fmt.Errorf("starting a mail server: %w", err)
	}
	f := &fakeServer{s, filepath.Join(dir, "ca.pem")}
	if err := os.WriteFile(f.caFile, s.CertificatePEM(), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a mail server: %w", err), s.Close())
	}
	return f, nil
}

func (*fakeServer) name() string   { return "an in-process server" }
func (s *fakeServer) close() error { return s.Close() }

func (s *fakeServer) login() mailLogin {
	return mailLogin{port: s.IMAPSPort(), tls: "tls", caFile: s.caFile, password: benchPassword}
}

func (s *fakeServer) put(mails [][]byte) error {
	for i, raw := range mails {
		if err := s.Put(benchMailbox(i), "INBOX", raw, time.Now()); err != nil {
			return fmt.Errorf("putting a mail: %w", err)
		}
	}
	return nil
}

// dovecot is Debian's IMAP server on loopback, with two Maildirs.
type dovecot struct {
	dir      string
	imap     int
	uid, gid int
	count    int
}

func startDovecot(ctx context.Context, dir string) (*dovecot, error) {
	binary, err := exec.LookPath("dovecot")
	if err != nil {
		return nil, errors.New("it is not installed")
	}
	if os.Geteuid() != 0 {
		return nil, errors.New("starting it needs root")
	}
	d := &dovecot{dir: dir}
	if err := d.prepare(); err != nil {
		return nil, err
	}
	// The server outlives the command that starts it: no pipe may be left to it.
	out, err := os.Create(filepath.Join(dir, "output")) //nolint:gosec // in a folder of our own
	if err != nil {
		return nil, fmt.Errorf("starting it: %w", err)
	}
	cmd := exec.CommandContext(ctx, binary, "-c", filepath.Join(dir, "dovecot.conf")) //nolint:gosec // a server of this machine
	cmd.Stdout, cmd.Stderr = out, out
	if err := errors.Join(cmd.Run(), out.Close()); err != nil {
		said, _ := os.ReadFile(out.Name())
		return nil, fmt.Errorf("starting it: %w: %s", err, oneLine(string(said)))
	}
	for range 100 {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.address())
		if err == nil {
			_ = conn.Close() // it was only to see that the port is open
			return d, d.try()
		}
		pause(ctx, 50*time.Millisecond)
	}
	return nil, errors.Join(errors.New("it did not open its port"), d.close())
}

// try opens the mailbox once, and ends the server when that can't be done.
func (d *dovecot) try() error {
	c, err := dialMailbox(d.login(), &imapclient.Options{})
	if err != nil {
		return errors.Join(err, d.close())
	}
	return c.Close()
}

func (d *dovecot) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(d.imap)) }

// prepare writes its configuration and its folders.
func (d *dovecot) prepare() error {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		return fmt.Errorf("finding a port: %w", err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	d.imap, _ = strconv.Atoi(port)
	if err := l.Close(); err != nil {
		return fmt.Errorf("finding a port: %w", err)
	}
	owner, err := user.Lookup("mail")
	if err != nil {
		return fmt.Errorf("finding the user mail: %w", err)
	}
	d.uid, _ = strconv.Atoi(owner.Uid)
	d.gid, _ = strconv.Atoi(owner.Gid)
	if err := os.Chmod(d.dir, 0o755); err != nil { //nolint:gosec // its users must get in
		return fmt.Errorf("making folders: %w", err)
	}
	folders := []string{"run", "state", "mail"}
	for i := range 2 {
		box := filepath.Join("mail", localPart(benchMailbox(i)))
		for _, sub := range []string{"", "Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp"} {
			folders = append(folders, filepath.Join(box, sub))
		}
	}
	for _, sub := range folders {
		path := filepath.Join(d.dir, sub)
		if err := os.MkdirAll(path, 0o755); err != nil { //nolint:gosec // its users must get in
			return fmt.Errorf("making folders: %w", err)
		}
		if strings.HasPrefix(sub, "mail") {
			if err := os.Chown(path, d.uid, d.gid); err != nil {
				return fmt.Errorf("making folders: %w", err)
			}
		}
	}
	return os.WriteFile(filepath.Join(d.dir, "dovecot.conf"), []byte(d.config()), 0o644) //nolint:gosec // its users must read it
}

func (d *dovecot) config() string {
	return fmt.Sprintf(`base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/log
protocols = imap
listen = 127.0.0.1
disable_plaintext_auth = no
ssl = no
mail_location = maildir:%[1]s/mail/%%Ln/Maildir
first_valid_uid = 1
mail_max_userip_connections = 100
passdb {
  driver = static
  args = password=%[2]s
}
userdb {
  driver = static
  args = uid=mail gid=mail home=%[1]s/mail/%%Ln
}
namespace inbox {
  inbox = yes
  mailbox Sent {
    special_use = \Sent
    auto = subscribe
  }
}
service imap-login {
  inet_listener imap {
    port = %[3]d
  }
  inet_listener imaps {
    port = 0
  }
}
`, d.dir, benchPassword, d.imap)
}

func (*dovecot) name() string { return "Dovecot" }

func (d *dovecot) login() mailLogin {
	return mailLogin{port: d.imap, tls: "none", password: benchPassword}
}

// put writes the files beside the inbox, and then moves all in at once, as
// delivery agents do with each.
func (d *dovecot) put(mails [][]byte) error {
	base := func(i int) string { return filepath.Join(d.dir, "mail", localPart(benchMailbox(i)), "Maildir") }
	names := make([]string, len(mails))
	for i, raw := range mails {
		d.count++
		names[i] = fmt.Sprintf("%d.M%06dP%d.bench", time.Now().Unix(), d.count, os.Getpid())
		path := filepath.Join(base(i), "tmp", names[i])
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			return fmt.Errorf("putting a mail: %w", err)
		}
		if err := os.Chown(path, d.uid, d.gid); err != nil {
			return fmt.Errorf("putting a mail: %w", err)
		}
	}
	for i, name := range names {
		if err := os.Rename(filepath.Join(base(i), "tmp", name), filepath.Join(base(i), "new", name)); err != nil {
			return fmt.Errorf("putting a mail: %w", err)
		}
	}
	return nil
}

func localPart(address string) string {
	local, _, _ := strings.Cut(address, "@")
	return local
}

// close ends the server and all its processes, and waits until they are gone.
func (d *dovecot) close() error {
	data, err := os.ReadFile(filepath.Join(d.dir, "run", "master.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stopping Dovecot: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return fmt.Errorf("stopping Dovecot: %w", err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stopping Dovecot: %w", err)
	}
	for range 100 {
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("stopping Dovecot: it goes on")
}
