package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/configs"
	"stagecoach/contact"
)

// hears is a log that tests read while it is written.
type hears struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (h *hears) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *hears) count(words string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Count(h.text.String(), words)
}

// What can't be read is tried once by each build, and by nobody in a loop.
func TestQuarantineIsReadOnceByEachBuild(t *testing.T) {
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	dir := filepath.Join(t.TempDir(), "data")
	const tried = "an item could not be read"
	life := func(build string, do func(d *Daemon, log *hears)) {
		t.Helper()
		log := &hears{}
		ctx, cancel := context.WithCancel(t.Context())
		d, err := NewDaemon(ctx, cfg, Options{Dir: dir, Unsynced: true, Build: build}, slog.New(slog.NewTextHandler(log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx) }()
		until(t, "the router", func() bool { return d.engine.Metrics().Active.Load() })
		do(d, log)
		until(t, "the build to be noted", func() bool {
			noted, err := os.ReadFile(filepath.Join(dir, "read-by"))
			return err == nil && string(noted) == build
		})
		cancel()
		if err := errors.Join(<-ended, d.Close()); err != nil {
			t.Fatal(err)
		}
	}
	size := func(d *Daemon) int {
		items, err := d.ledger.Quarantined(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(items)
	}
	life("one", func(d *Daemon, log *hears) {
		_, _, err := d.journal.PutInbound(t.Context(), &channels.Inbound{
			Schema: channels.InboundSchema, Kind: channels.Fresh, Channel: contact.Email, Account: "support",
			Source: "email/support/INBOX", Position: "1:1", ProviderID: "poison", ReceivedAt: time.Now(),
			Format: "of next year", Raw: []byte("?"), Size: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		until(t, "the quarantine", func() bool { return size(d) == 1 })
		if n := log.count(tried); n != 1 {
			t.Errorf("it was tried %d times", n)
		}
	})
	for _, c := range []struct {
		build  string
		tries  int
		unsaid bool // the directory is of a build that didn't note itself
	}{{"one", 0, false}, {"two", 1, false}, {"two", 0, false}, {"three", 1, true}, {"three", 0, false}} {
		if c.unsaid {
			if err := os.Remove(filepath.Join(dir, "read-by")); err != nil {
				t.Fatal(err)
			}
		}
		life(c.build, func(d *Daemon, log *hears) {
			until(t, "the build to be noted", func() bool {
				noted, err := os.ReadFile(filepath.Join(dir, "read-by"))
				return err == nil && string(noted) == c.build
			})
			if n := log.count(tried); n != c.tries {
				t.Errorf("build %s tried it %d times, want %d", c.build, n, c.tries)
			}
			if n := size(d); n != 1 {
				t.Errorf("%d items are in quarantine", n)
			}
		})
	}
}

type panicking struct{}

// Parse implements channels.Parser.
func (panicking) Parse(*channels.Inbound) (*contact.Message, error) { panic("index out of range") }

func TestParserThatPanicsIsAnError(t *testing.T) {
	if _, err := parsed(panicking{}, &channels.Inbound{}); err == nil || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("got %v", err)
	}
}
