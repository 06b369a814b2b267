package journal_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"stagecoach/journal"
)

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestSlowReaderLosesNothing: whoever works on what they read, while much more
// is ready, is never sent more than they have room for.
func TestSlowReaderLosesNothing(t *testing.T) {
	t.Parallel()
	said := &lockedBuffer{}
	j, err := journal.Open(t.Context(), journal.Config{Dir: t.TempDir(), Unsynced: true}, slog.New(slog.NewTextHandler(said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}()
	const entries = 2_000
	data, seq := bytes.Repeat([]byte("x"), 100), uint64(0)
	work := bytes.Repeat([]byte("w"), 1<<20)
	for i := range entries {
		if seq, err = j.Log().Append(t.Context(), fmt.Sprint("commit-", i), seq, data); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	last, err := j.Log().Replay(t.Context(), 0, func(uint64, []byte) error {
		n++
		sha256.Sum256(work) // about a millisecond
		return nil
	})
	if err != nil || n != entries || last != seq {
		t.Errorf("read %d of %d, up to %d: %v", n, entries, last, err)
	}
	if s := said.String(); strings.Contains(s, "slow consumer") {
		t.Errorf("messages were dropped on their way:\n%s", s)
	}
}
