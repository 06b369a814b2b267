// Package rig starts Debian's own mail servers on loopback for tests: Dovecot
// with mailboxes, and Postfix in front of them. All state is in a temporary
// folder; nothing leaves the machine.
//
// The tests that need them are skipped where they aren't installed, unless
// STAGECOACH_RIG=1 says that they must run. They need root, as the servers do,
// and the packages dovecot-core dovecot-imapd dovecot-lmtpd postfix.
package rig

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	random "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Env makes a missing server a failure when it is "1".
const Env = "STAGECOACH_RIG"

// Password is that of every mailbox.
const Password = "rig-Qy77-secret"

// need skips the test, or fails it where the servers must be there.
func need(t testing.TB, programs ...string) {
	t.Helper()
	missing := absent(programs)
	if os.Geteuid() != 0 {
		missing = append(missing, "root's rights")
	}
	conclude(t, missing)
}

// Need skips the test where one of the programs is missing, or fails it where
// all must be there.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	conclude(t, absent(programs))
}

func absent(programs []string) []string {
	missing := []string{}
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, program)
		}
	}
	return missing
}

func conclude(t testing.TB, missing []string) {
	t.Helper()
	switch {
	case len(missing) == 0:
	case os.Getenv(Env) == "1":
		t.Fatalf("%s=1 and these are missing: %s", Env, strings.Join(missing, ", "))
	default:
		t.Skipf("not here: %s", strings.Join(missing, ", "))
	}
}

// folder makes a temporary folder that the servers' own users can reach, which
// t.TempDir isn't.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "stagecoach-rig-") //nolint:usetesting // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // other users' servers must get in
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// freePorts finds ports that stay free while their server is down: such as the
// system gives to nobody by itself.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var out []int
	for range 1000 {
		port := 10000 + random.IntN(10000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		defer l.Close() //nolint:errcheck // only asked for its number
		if out = append(out, port); len(out) == n {
			return out
		}
	}
	t.Fatalf("%d of %d ports are free", len(out), n)
	return nil
}

func write(t testing.TB, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { // as in folder
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a program that may leave servers behind: they keep what it writes to,
// so that must be a file, or it would be waited for until they end.
func run(t testing.TB, dir, program string, args ...string) {
	t.Helper()
	out, err := os.Create(filepath.Join(dir, "started"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() //nolint:errcheck // only read below
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, said)
	}
}

// untilOpen waits for a server's port; servers don't tell when they are ready.
func untilOpen(t testing.TB, port int, log string) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); {
		conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	said, _ := os.ReadFile(log)
	t.Fatalf("port %d doesn't open\n%s", port, said)
}

// untilGone waits for a process that isn't our child.
func untilGone(pid int) {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		if syscall.Kill(pid, 0) != nil {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// certificate writes a self-signed one for the name, and gives its file and key.
func certificate(t testing.TB, dir, name string) (cert, key string) {
	t.Helper()
	return certificateUntil(t, dir, name, time.Now().Add(24*time.Hour))
}

// certificateUntil is certificate with the moment of its end.
func certificateUntil(t testing.TB, dir, name string, until time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: until.Add(-25 * time.Hour), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert = write(t, filepath.Join(dir, "tls.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), 0o644)
	key = write(t, filepath.Join(dir, "tls.key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})), 0o600)
	return cert, key
}
