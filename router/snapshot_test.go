package router

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// heldLog is a log of commits that are there.
type heldLog struct{ commits [][]byte }

func (l *heldLog) Append(context.Context, string, uint64, []byte) (uint64, error) {
	return 0, ErrDeposed
}

func (l *heldLog) Replay(_ context.Context, after uint64, fn func(uint64, []byte) error) (uint64, error) {
	for i := after; i < uint64(len(l.commits)); i++ {
		if err := fn(i+1, l.commits[i]); err != nil {
			return i, err
		}
	}
	return uint64(len(l.commits)), nil
}

// keptSnapshots keeps the last one.
type keptSnapshots struct {
	n, seq uint64
	data   []byte
	saved  int
}

func (k *keptSnapshots) LatestSnapshot(context.Context) (n, seq uint64, data []byte, ok bool, err error) {
	return k.n, k.seq, k.data, k.data != nil, nil
}

func (k *keptSnapshots) SaveSnapshot(_ context.Context, n, seq uint64, r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	k.n, k.seq, k.data = n, seq, data
	k.saved++
	return nil
}

// commits makes a log of so many commits with a bookmark each, whose position
// is so long.
func commits(t *testing.T, count, size int) [][]byte {
	t.Helper()
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	out := make([][]byte, count)
	for i := range out {
		n := uint64(i + 1)
		c := &Commit{Schema: CommitSchema, N: n, Epoch: 1, At: at, Entries: []Entry{{
			Kind: "advance", Actor: ActorIntake, Events: Events{SourceRead{
				Source: "email/a/INBOX", Channel: "email", Account: "a", Position: fmt.Sprint(n, strings.Repeat("x", size)), At: at, Since: at,
			}},
		}}}
		if i == 0 {
			c.Entries[0] = Entry{Kind: "begin", Actor: ActorRouter, Events: Events{Takeover{Life: "l"}}}
		}
		data, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		out[i] = data
	}
	return out
}

// A snapshot is saved after many commits, and after a few large ones: both make
// a start slow.
func TestSnapshotIsSavedWhenAStartWouldBeSlow(t *testing.T) {
	for name, one := range map[string]struct {
		count, size int
		saved       bool
	}{
		"few and small":  {snapshotEvery - 1, 1, false},
		"many and small": {snapshotEvery, 1, true},
		"few and large":  {20, snapshotBytes / 19, true},
	} {
		t.Run(name, func(t *testing.T) {
			log, snaps := &heldLog{commits(t, one.count, one.size)}, &keptSnapshots{}
			for range 2 { // the second time nothing has happened since
				if err := SaveSnapshot(t.Context(), "main", log, snaps, slog.New(slog.DiscardHandler)); err != nil {
					t.Fatal(err)
				}
			}
			if (snaps.saved == 1) != one.saved || snaps.saved > 1 {
				t.Fatalf("saved %d times", snaps.saved)
			}
			if !one.saved {
				return
			}
			state, seq, err := LoadSnapshot(t.Context(), "main", snaps, slog.New(slog.DiscardHandler))
			if err != nil || state.N != uint64(one.count) || seq != uint64(one.count) {
				t.Fatalf("restored %d at %d: %v", state.N, seq, err)
			}
		})
	}
}

// brokenSnapshots can't store anything.
type brokenSnapshots struct {
	keptSnapshots
	read int64
}

var errDisk = errors.New("no space left")

func (b *brokenSnapshots) SaveSnapshot(_ context.Context, _, _ uint64, r io.Reader) error {
	_, _ = io.CopyN(io.Discard, r, b.read)
	return errDisk
}

func TestSnapshotThatCannotBeStoredEndsItsWriter(t *testing.T) {
	log := &heldLog{commits(t, 20, snapshotBytes/19)}
	for _, read := range []int64{0, 1, 70_000} {
		err := SaveSnapshot(t.Context(), "main", log, &brokenSnapshots{read: read}, slog.New(slog.DiscardHandler))
		if !errors.Is(err, errDisk) {
			t.Errorf("after %d bytes: %v", read, err)
		}
	}
}

// failingWriter takes so many bytes.
type failingWriter struct{ left int }

func (f *failingWriter) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errDisk
	}
	return len(p), nil
}

func TestWriteSnapshotTellsOfAFailedWriter(t *testing.T) {
	s := NewState("main")
	for i := range 5000 {
		s.Index[fmt.Sprint("key", i)] = &IndexEntry{Message: strings.Repeat("m", 20)}
	}
	for _, room := range []int{0, 65 << 10, 300_000} {
		if err := s.WriteSnapshot(&failingWriter{room}); !errors.Is(err, errDisk) {
			t.Errorf("with room for %d bytes: %v", room, err)
		}
	}
}
