package journaltest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"stagecoach/journal"
)

// Open gives a real journal with an embedded engine in a directory of the
// test's own, closed when the test ends. Its writes aren't synced.
func Open(tb testing.TB) *journal.Journal {
	tb.Helper()
	return OpenAt(tb, journal.Config{Dir: tb.TempDir(), Unsynced: true})
}

// OpenAt opens a journal as configured and closes it when the test ends, unless
// the test has closed it before.
func OpenAt(tb testing.TB, cfg journal.Config) *journal.Journal {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	j, err := journal.Open(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatalf("opening journal: %v", err)
	}
	tb.Cleanup(func() {
		if err := j.Close(); err != nil {
			tb.Errorf("closing journal: %v", err)
		}
	})
	return j
}
