package journaltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"stagecoach/journal"
)

// LogConformance checks what every log promises: the real one and the model
// both pass it. fresh makes an empty log and gives a way to open writers on it.
func LogConformance(t *testing.T, fresh func(t *testing.T) (open func() *journal.Log)) {
	t.Helper()
	for name, check := range map[string]func(t *testing.T, open func() *journal.Log){
		"appends in order":                      appendsInOrder,
		"a stale writer is deposed":             staleIsDeposed,
		"two writers on an empty log":           twoOnEmpty,
		"the same append again succeeds":        sameAgain,
		"the same append again, later":          sameAgainLater,
		"a writer ahead of the log is deposed":  aheadIsDeposed,
		"too large is refused":                  tooLarge,
		"replay stops at the end it knew":       replayStops,
		"replay stops at an error":              replayError,
		"replay at and after the end is empty":  replayEmpty,
		"following sees old and new, then ends": follows,
		"following stops at an error":           followError,
		"an ended context is unavailable":       endedContext,
	} {
		t.Run(name, func(t *testing.T) { check(t, fresh(t)) })
	}
}

func must(t *testing.T, l *journal.Log, id string, prev uint64) uint64 {
	t.Helper()
	seq, err := l.Append(t.Context(), id, prev, []byte("commit "+id))
	if err != nil {
		t.Fatalf("append %q after %d: %v", id, prev, err)
	}
	return seq
}

func all(t *testing.T, l *journal.Log, after uint64) []string {
	t.Helper()
	var got []string
	last, err := l.Replay(t.Context(), after, func(seq uint64, commit []byte) error {
		got = append(got, fmt.Sprintf("%d:%s", seq, commit))
		return nil
	})
	if err != nil {
		t.Fatalf("replay after %d: %v", after, err)
	}
	if want := after + uint64(len(got)); last != want {
		t.Errorf("replay after %d ended at %d, want %d", after, last, want)
	}
	return got
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func wantLog(t *testing.T, l *journal.Log, want ...string) {
	t.Helper()
	if got := all(t, l, 0); !slices.Equal(got, want) {
		t.Errorf("log holds %q, want %q", got, want)
	}
}

func appendsInOrder(t *testing.T, open func() *journal.Log) {
	l := open()
	if last, err := l.Last(t.Context()); err != nil || last != 0 {
		t.Fatalf("an empty log ends at %d, %v; want 0", last, err)
	}
	for i := range uint64(3) {
		if seq := must(t, l, fmt.Sprint("c", i), i); seq != i+1 {
			t.Errorf("append %d got sequence %d, want %d", i, seq, i+1)
		}
	}
	wantLog(t, open(), "1:commit c0", "2:commit c1", "3:commit c2")
}

func staleIsDeposed(t *testing.T, open func() *journal.Log) {
	a, b := open(), open()
	seq := must(t, a, "a1", must(t, a, "a0", 0))
	must(t, b, "b2", seq)
	_, err := a.Append(t.Context(), "a2", seq, []byte("stale"))
	wantErr(t, err, journal.ErrDeposed)
	_, err = a.Append(t.Context(), "a2", 0, []byte("stale"))
	wantErr(t, err, journal.ErrDeposed)
	wantLog(t, a, "1:commit a0", "2:commit a1", "3:commit b2")
	must(t, a, "a3", 3) // having read what the other wrote, it may write again
}

func twoOnEmpty(t *testing.T, open func() *journal.Log) {
	a, b := open(), open()
	must(t, a, "a", 0)
	_, err := b.Append(t.Context(), "b", 0, []byte("second"))
	wantErr(t, err, journal.ErrDeposed)
	wantLog(t, b, "1:commit a")
}

func sameAgain(t *testing.T, open func() *journal.Log) {
	l := open()
	first := must(t, l, "c", 0)
	if again := must(t, l, "c", 0); again != first {
		t.Errorf("the same append got sequence %d, then %d", first, again)
	}
	wantLog(t, l, "1:commit c")
}

func sameAgainLater(t *testing.T, open func() *journal.Log) {
	a, b := open(), open()
	first := must(t, a, "a", 0)
	must(t, b, "b", first)
	if again := must(t, a, "a", 0); again != first {
		t.Errorf("the same append got sequence %d, then %d", first, again)
	}
	wantLog(t, a, "1:commit a", "2:commit b")
}

func aheadIsDeposed(t *testing.T, open func() *journal.Log) {
	l := open()
	must(t, l, "a", 0)
	_, err := l.Append(t.Context(), "b", 7, []byte("ahead"))
	wantErr(t, err, journal.ErrDeposed)
}

func tooLarge(t *testing.T, open func() *journal.Log) {
	l := open()
	_, err := l.Append(t.Context(), "big", 0, make([]byte, journal.MaxCommit+1))
	wantErr(t, err, journal.ErrTooLarge)
	if _, err := l.Append(t.Context(), "fits", 0, make([]byte, journal.MaxCommit)); err != nil {
		t.Errorf("append of the largest commit: %v", err)
	}
}

func replayStops(t *testing.T, open func() *journal.Log) {
	l := open()
	must(t, l, "b", must(t, l, "a", 0))
	n := uint64(0)
	last, err := l.Replay(t.Context(), 0, func(seq uint64, _ []byte) error {
		n++
		if n > 2 {
			return errors.New("replay went past the end that it knew")
		}
		_, err := l.Append(t.Context(), fmt.Sprint("during", n), 1+n, []byte("x"))
		return err
	})
	if err != nil || last != 2 {
		t.Errorf("replay ended at %d, %v; want 2", last, err)
	}
}

func replayError(t *testing.T, open func() *journal.Log) {
	l := open()
	must(t, l, "b", must(t, l, "a", 0))
	stop := errors.New("stop")
	last, err := l.Replay(t.Context(), 0, func(seq uint64, _ []byte) error {
		if seq == 2 {
			return stop
		}
		return nil
	})
	wantErr(t, err, stop)
	if last != 1 {
		t.Errorf("replay ended at %d, want 1, the last that was taken", last)
	}
}

func replayEmpty(t *testing.T, open func() *journal.Log) {
	l := open()
	must(t, l, "a", 0)
	for _, after := range []uint64{1, 9} {
		last, err := l.Replay(t.Context(), after, func(uint64, []byte) error {
			return errors.New("nothing to replay")
		})
		if err != nil || last != after {
			t.Errorf("replay after %d gave %d, %v", after, last, err)
		}
	}
}

func follows(t *testing.T, open func() *journal.Log) {
	l := open()
	must(t, l, "a", 0)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen, ended := make(chan uint64, 10), make(chan error, 1)
	go func() {
		ended <- l.Follow(ctx, 0, func(seq uint64, _ []byte) error {
			seen <- seq
			return nil
		})
	}()
	for want := uint64(1); want <= 3; want++ {
		select {
		case got := <-seen:
			if got != want {
				t.Fatalf("followed %d, want %d", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("sequence %d didn't come", want)
		}
		must(t, l, fmt.Sprint("live", want), want)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("following ended with %v, want nil", err)
	}
}

func followError(t *testing.T, open func() *journal.Log) {
	l := open()
	must(t, l, "a", 0)
	stop := errors.New("stop")
	wantErr(t, l.Follow(t.Context(), 0, func(uint64, []byte) error { return stop }), stop)
}

func endedContext(t *testing.T, open func() *journal.Log) {
	l := open()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.Append(ctx, "a", 0, []byte("x"))
	wantErr(t, err, journal.ErrUnavailable)
	wantErr(t, err, context.Canceled)
}
