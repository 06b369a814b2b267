package journal_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"stagecoach/channels"
	"stagecoach/journal"
	"stagecoach/journal/journaltest"
	"stagecoach/router"
)

// external starts a NATS server of its own on a free port of the loopback.
func external(t *testing.T) (url, dir string) {
	t.Helper()
	dir = t.TempDir()
	ns, err := server.NewServer(&server.Options{
		ServerName: "external", Host: "127.0.0.1", Port: -1, JetStream: true,
		StoreDir: dir, NoSigs: true, NoLog: true,
		JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 30,
	})
	if err != nil {
		t.Fatalf("external server: %v", err)
	}
	ns.Start()
	t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	if !ns.ReadyForConnections(60 * time.Second) {
		t.Fatal("external server isn't ready")
	}
	return ns.ClientURL(), dir
}

// engines opens a journal on the embedded engine and on an external one. store
// is the folder that holds the engine's files.
func engines() map[string]func(t *testing.T) (j *journal.Journal, store string) {
	return map[string]func(t *testing.T) (*journal.Journal, string){
		"embedded": func(t *testing.T) (*journal.Journal, string) {
			t.Helper()
			dir := t.TempDir()
			return journaltest.OpenAt(t, journal.Config{Dir: dir, Unsynced: true}), dir
		},
		"external": func(t *testing.T) (*journal.Journal, string) {
			t.Helper()
			url, store := external(t)
			return journaltest.OpenAt(t, journal.Config{Dir: t.TempDir(), URL: url}), store
		},
	}
}

// oneByOne makes a handler of a function that takes one item in.
func oneByOne(one func(ctx context.Context, ref string, in *channels.Inbound) error) journal.InboxHandler {
	return func(ctx context.Context, items []router.Stored) []error {
		failed := make([]error, len(items))
		for i, item := range items {
			failed[i] = one(ctx, item.Ref, item.Inbound)
		}
		return failed
	}
}

// holds reports in which file below dir the marker's bytes lie, "" if in none.
func holds(t *testing.T, dir string, marker []byte) string {
	t.Helper()
	found := ""
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // the engine has just removed it
			}
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, marker) {
			found = path
		}
		return nil
	})
	if err != nil {
		t.Fatalf("searching %q: %v", dir, err)
	}
	return found
}

// soon waits until check is true: for what the engine does by itself and tells
// nobody.
func soon(t *testing.T, what string, check func() bool) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !check() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("in vain waited for: %s", what)
		}
	}
}

// running starts fn and gives a function that ends and joins it.
func running(t *testing.T, fn func(ctx context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- fn(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("ended with %v, want nil", err)
			}
		case <-time.After(60 * time.Second):
			t.Error("didn't end within a minute")
		}
	}
	t.Cleanup(stop)
	return stop
}

func mail(id, raw string) *channels.Inbound {
	return &channels.Inbound{
		Schema: channels.InboundSchema, Kind: channels.Fresh, Channel: "email", Account: "support",
		Source: "email/support/INBOX", Position: "1:" + id, ProviderID: id,
		ReceivedAt: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Format: "rfc822",
		Raw: []byte(raw), Size: int64(len(raw)),
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
