package journal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"stagecoach/journal"
	"stagecoach/journal/journaltest"
)

func TestLogConformanceEmbedded(t *testing.T) {
	journaltest.LogConformance(t, func(t *testing.T) func() *journal.Log {
		t.Helper()
		return journaltest.Open(t).Log
	})
}

func TestLogConformanceExternal(t *testing.T) {
	journaltest.LogConformance(t, func(t *testing.T) func() *journal.Log {
		t.Helper()
		url, _ := external(t)
		return journaltest.OpenAt(t, journal.Config{Dir: t.TempDir(), URL: url}).Log
	})
}

// The model and JetStream must agree on every outcome of any series of appends
// by two writers, stale, ahead, repeated and right ones alike.
func TestModelBehavesAsTheRealLog(t *testing.T) {
	j := journaltest.Open(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		real := j.Log()
		base, err := real.Last(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		model := journaltest.NewModel(nil).Open()
		seq := uint64(0) // brings the model to where the real log stands
		for seq < base {
			if seq, err = model.Append(t.Context(), fmt.Sprint("fill", seq), seq, nil); err != nil {
				rt.Fatal(err)
			}
		}
		for i := range rapid.IntRange(1, 12).Draw(rt, "appends") {
			prev := uint64(max(0, int(base)+rapid.IntRange(-2, 8).Draw(rt, "prev")))
			id := fmt.Sprintf("r%d-%d", run, rapid.IntRange(0, 6).Draw(rt, "id"))
			s1, e1 := real.Append(t.Context(), id, prev, []byte(fmt.Sprint(i)))
			s2, e2 := model.Append(t.Context(), id, prev, []byte(fmt.Sprint(i)))
			if s1 != s2 || kind(e1) != kind(e2) {
				rt.Fatalf("append %q after %d: real %d %v, model %d %v", id, prev, s1, e1, s2, e2)
			}
			l1, _ := real.Last(t.Context())
			l2, _ := model.Last(t.Context())
			if l1 != l2 {
				rt.Fatalf("real log ends at %d, model at %d", l1, l2)
			}
		}
	})
}

func kind(err error) string {
	for _, e := range []error{journal.ErrDeposed, journal.ErrUnavailable, journal.ErrFull} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	if err != nil {
		return "other"
	}
	return ""
}

func TestModelConformance(t *testing.T) {
	journaltest.LogConformance(t, func(*testing.T) func() *journal.Log { return journaltest.NewModel(nil).Open })
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name    string
		fates   []journaltest.Fate
		tries   int
		want    error
		commits int
	}{
		{"lost once", []journaltest.Fate{journaltest.Lose}, 2, nil, 1},
		{"lost for good", []journaltest.Fate{journaltest.Lose, journaltest.Lose}, 2, journal.ErrUnavailable, 0},
		{"answer lost", []journaltest.Fate{journaltest.LoseAck}, 1, nil, 1},
		{"refused for no reason", []journaltest.Fate{journaltest.Refuse, journaltest.Refuse}, 3, nil, 1},
		{"refused too often", []journaltest.Fate{journaltest.Refuse, journaltest.Refuse}, 2, journal.ErrUnavailable, 0},
		{"delayed, then tried again", []journaltest.Fate{journaltest.Delay}, 3, nil, 1},
		{"crash before", []journaltest.Fate{journaltest.CrashBefore}, 3, journaltest.ErrCrashed, 0},
		{"crash after", []journaltest.Fate{journaltest.CrashAfter}, 3, journaltest.ErrCrashed, 1},
		{"doubled", []journaltest.Fate{journaltest.Double}, 1, nil, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := journaltest.NewModel(journaltest.Listed(c.fates...))
			seq, err := m.OpenTrying(c.tries).Append(t.Context(), "c1", 0, []byte("x"))
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if err == nil && seq != 1 {
				t.Errorf("got sequence %d, want 1", seq)
			}
			if got := len(m.Commits()); got != c.commits {
				t.Errorf("%d commits are written, want %d", got, c.commits)
			}
		})
	}
}

// A writer that appends, rebuilds after every error and goes on must end with
// each of its commits exactly once, doubled ones of the model aside, and never
// believe in one that isn't there.
func TestNothingAcknowledgedIsLostUnderAnyPlan(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		fates := rapid.SliceOfN(rapid.SampledFrom(journaltest.Fates()), 0, 60).Draw(rt, "fates")
		m := journaltest.NewModel(journaltest.Listed(fates...))
		tries := rapid.IntRange(1, 3).Draw(rt, "attempts")
		l, prev := m.OpenTrying(tries), uint64(0)
		acked := map[uint64]string{}
		for n := 0; n < 20; {
			data := fmt.Sprint("n", n)
			seq, err := l.Append(t.Context(), data, prev, []byte(data))
			if err == nil {
				acked[seq], prev = data, seq
				n++
				continue
			}
			if errors.Is(err, journaltest.ErrCrashed) {
				l = m.OpenTrying(tries)
			}
			if prev, n, err = rebuild(t.Context(), l); err != nil {
				rt.Fatalf("rebuild: %v", err)
			}
		}
		commits := m.Commits()
		for seq, want := range acked {
			if got := string(commits[seq-1]); got != want {
				rt.Errorf("sequence %d holds %q, acknowledged was %q", seq, got, want)
			}
		}
	})
}

// rebuild folds the log as the router does: a commit whose number isn't the
// last + 1 is skipped.
func rebuild(ctx context.Context, l *journal.Log) (prev uint64, n int, err error) {
	prev, err = l.Replay(ctx, 0, func(_ uint64, commit []byte) error {
		if string(commit) == fmt.Sprint("n", n) {
			n++
		}
		return nil
	})
	return prev, n, err
}

func TestSeededPlansRepeat(t *testing.T) {
	a, b := journaltest.Seeded(7, 3), journaltest.Seeded(7, 3)
	seen := map[journaltest.Fate]bool{}
	for i := range 1000 {
		f := a()
		if g := b(); f != g {
			t.Fatalf("attempt %d: %v and %v from one seed", i, f, g)
		}
		seen[f] = true
	}
	if len(seen) != len(journaltest.Fates()) {
		t.Errorf("only %d of %d fates came up", len(seen), len(journaltest.Fates()))
	}
}

// lossy stands between a Log and the real store and loses the first answer.
type lossy struct {
	journal.LogStore
	lost bool
}

func (s *lossy) Publish(ctx context.Context, id string, prev uint64, data []byte) (uint64, error) {
	seq, err := s.LogStore.Publish(ctx, id, prev, data)
	if !s.lost {
		s.lost = true
		return 0, context.DeadlineExceeded
	}
	return seq, err
}

func TestRealWriteWhoseAnswerWasLostIsSuccess(t *testing.T) {
	j := journaltest.Open(t)
	l := journal.NewLog(&lossy{LogStore: j.Log().Store()}, journal.LogConfig{Attempts: 3, Wait: -1}, discard())
	for i := range uint64(2) {
		if seq, err := l.Append(t.Context(), fmt.Sprint("c", i), i, []byte("x")); err != nil || seq != i+1 {
			t.Errorf("append %d: %d, %v", i, seq, err)
		}
	}
	if last, _ := l.Last(t.Context()); last != 2 {
		t.Errorf("the log ends at %d, want 2", last)
	}
}

func TestReplayOfManyPulls(t *testing.T) {
	j := journaltest.Open(t)
	const n = 1300
	for i := range uint64(n) {
		_, err := j.Log().Append(t.Context(), fmt.Sprint("c", i), i, []byte(fmt.Sprint(i)))
		ok(t, err)
	}
	want := uint64(300)
	last, err := j.Log().Replay(t.Context(), want, func(seq uint64, commit []byte) error {
		if want++; seq != want || string(commit) != fmt.Sprint(seq-1) {
			return fmt.Errorf("sequence %d holds %q, want %d", seq, commit, want)
		}
		return nil
	})
	if err != nil || last != n || want != n {
		t.Errorf("replay ended at %d (%d seen), %v; want %d", last, want, err, n)
	}
}
