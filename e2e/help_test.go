package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"testing"
	"time"
)

// folder makes a temporary folder that the mail servers' users can reach too.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "stagecoach-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// freePort finds a port that stays free while its process is down: one that the
// system gives to nobody by itself.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(10000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		_ = l.Close()
		return port
	}
	t.Fatal("no port is free")
	return 0
}

// eventually polls for what another process doesn't announce, for as long as
// limit, and never less than patience.
func eventually(t *testing.T, limit time.Duration, what func() string, ok func() bool) {
	t.Helper()
	limit = max(limit, patience)
	for deadline := time.Now().Add(limit); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for: %s", limit, what())
		}
		<-time.After(25 * time.Millisecond)
	}
}

// words is a constant description for eventually.
func words(format string, args ...any) func() string {
	return func() string { return fmt.Sprintf(format, args...) }
}

// seed gives the seed of this run, and tells it.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(1)
	if s := os.Getenv("STAGECOACH_SEED"); s != "" {
		var err error
		if n, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("STAGECOACH_SEED: %v", err)
		}
	}
	t.Logf("seed %d (STAGECOACH_SEED)", n)
	return n
}

func (o *office) read(path string) string {
	o.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(data)
}

func (o *office) save(path, text string) {
	o.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
}
