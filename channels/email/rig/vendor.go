package rig

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// VendorEnv names the folder in which scripts/vendors has put other makers'
// servers. Without it their tests are skipped.
const VendorEnv = "STAGECOACH_VENDORS"

// passwordHash is Password as crypt(3) stores it.
const passwordHash = "$6$stagecoachrig$CvsdNsbTgp0rAs20RAFnfU5AGurXaiqNpSYn2bYl86XvzGfWlUox9.HavfmJlmHfrNvAAfD6W4kr3tyR4f.s.."

// vendors is the tree that other makers' servers run in, and a folder of this
// test's inside: they have paths built in, so each is shut up in the tree.
type vendors struct {
	t testing.TB
	// root is the tree from outside, inside the test's folder as its servers
	// see it.
	root, inside string
	cert, key    string
}

// enterVendors skips the test where the tree isn't there. One test at a time
// has it: the paths built in are the same for all.
func enterVendors(t testing.TB) *vendors {
	t.Helper()
	root := os.Getenv(VendorEnv)
	if root == "" {
		t.Skipf("other makers' servers run with make test-vendors: %s is not set", VendorEnv)
	}
	if os.Geteuid() != 0 {
		t.Skip("other makers' servers need root's rights")
	}
	if _, err := os.Stat(filepath.Join(root, "usr")); err != nil {
		t.Fatalf("%s=%s holds no servers: %v", VendorEnv, root, err)
	}
	lock, err := os.OpenFile(filepath.Join(root, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Close() })
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(root, "var/rig")
	if err := os.MkdirAll(base, 0o755); err != nil { // the servers' users must get in
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(base, "t") //nolint:usetesting // it must lie in the tree
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // as above
		t.Fatal(err)
	}
	v := &vendors{t: t, root: root, inside: "/var/rig/" + filepath.Base(dir)}
	v.cert, v.key = certificate(t, dir, "127.0.0.1")
	return v
}

// in is a path of the test's folder as the servers see it, out as the test does.
func (v *vendors) in(name string) string  { return filepath.Join(v.inside, name) }
func (v *vendors) out(name string) string { return filepath.Join(v.root, v.inside, name) }

// write writes a file of the test's folder, and gives its path inside.
func (v *vendors) write(name, text string, mode os.FileMode) string {
	v.t.Helper()
	write(v.t, v.out(name), text, mode)
	return v.in(name)
}

// folder makes a folder that belongs to a user of the tree.
func (v *vendors) folder(name string, uid, gid int) string {
	v.t.Helper()
	if err := os.MkdirAll(v.out(name), 0o755); err != nil { // as in enterVendors
		v.t.Fatal(err)
	}
	if err := os.Chown(v.out(name), uid, gid); err != nil {
		v.t.Fatal(err)
	}
	return v.in(name)
}

// run runs a program of the tree to its end.
func (v *vendors) run(stdin *os.File, program string, args ...string) string {
	v.t.Helper()
	cmd := exec.CommandContext(v.t.Context(), program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: v.root}
	cmd.Dir = "/"
	if stdin != nil {
		cmd.Stdin = stdin
	}
	said, err := cmd.CombinedOutput()
	if err != nil {
		v.t.Fatalf("%s %v: %v\n%s", program, args, err, said)
	}
	return string(said)
}

// program is a server that runs in front, with all that it starts as one group.
type program struct {
	v    *vendors
	path string
	args []string
	env  []string
	// host is true for a program of this machine's own.
	host bool
	log  string

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
}

// serve makes a program that is ended with the test. It is to be started.
func (v *vendors) serve(path string, args ...string) *program {
	p := &program{v: v, path: path, args: args, log: v.out("log-" + filepath.Base(path))}
	v.t.Cleanup(p.kill)
	return p
}

// start starts it; also again after kill.
func (p *program) start() {
	p.v.t.Helper()
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.v.t.Fatal(err)
	}
	defer out.Close()                      //nolint:errcheck // the program has its own
	cmd := exec.Command(p.path, p.args...) // ended by kill, which takes its children along
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = "/", p.env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if !p.host {
		cmd.SysProcAttr.Chroot = p.v.root
	}
	if err := cmd.Start(); err != nil {
		p.v.t.Fatalf("starting %s: %v", p.path, err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	p.mu.Lock()
	p.cmd, p.done = cmd, done
	p.mu.Unlock()
}

// kill ends it with all that it started, and waits until it is gone.
func (p *program) kill() {
	p.mu.Lock()
	cmd, done := p.cmd, p.done
	p.cmd = nil
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	<-done
	untilGroupGone(cmd.Process.Pid)
}

// untilGroupGone waits until no process of a group is left: a killed server's
// children hold its ports for a moment.
func untilGroupGone(group int) {
	pollUntil(func() bool { return errors.Is(syscall.Kill(-group, 0), syscall.ESRCH) })
}
